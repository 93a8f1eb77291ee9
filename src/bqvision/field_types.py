"""What a field of a record can be: a small closed family of types, each with a column type in BigQuery."""

from __future__ import annotations

from dataclasses import dataclass
from string import ascii_lowercase, ascii_uppercase
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator
    from enum import Enum

    from bqvision._rest import JsonValue

__all__ = [
    "LEDGER_COLUMNS",
    "MAX_DEPTH",
    "Array",
    "Choice",
    "Describe",
    "Field",
    "FieldType",
    "Item",
    "ScalarType",
    "Struct",
    "column_type",
    "folded",
    "walk",
]

ScalarType: TypeAlias = Literal["STRING", "INT64", "FLOAT64", "BOOL", "DATE", "TIMESTAMP"]

LEDGER_COLUMNS: Final = (
    "uri",
    "generation",
    "object_table",
    "fingerprint",
    "run_id",
    "attempt",
    "status",
    "outcome",
    "error",
    "text",
    "finish_reason",
    "input_tokens",
    "output_tokens",
    "output_limit",
    "job_id",
    "analysed_at",
)
"""The results table's columns before the record's own, in order; no field of a record has such a name."""

MAX_DEPTH: Final = 8
"""Objects and arrays in the answer's object, one in another; deeper is no answer to a question of ours."""


@dataclass(frozen=True, slots=True)
class Describe:
    """What a field means, said to the model: ``isbn: Annotated[str | None, Describe("13 digits")]``."""

    text: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a closed set of texts or of whole numbers: a `Literal` or an `Enum`."""

    values: tuple[str, ...] | tuple[int, ...]
    enum: type[Enum] | None = None
    """The class of the record's values, if they are members of one."""

    @property
    def base(self) -> Literal["STRING", "INT64"]:
        """The type that its values are of."""
        return "STRING" if isinstance(self.values[0], str) else "INT64"

    def find(self, value: str | int) -> str | int | None:
        """Return the value that equals this one but for the case of ASCII letters."""
        wanted = folded(value) if isinstance(value, str) else value
        return next(
            (each for each in self.values if (folded(each) if isinstance(each, str) else each) == wanted),
            None,
        )


@dataclass(frozen=True, slots=True)
class Struct:
    """An object with fields of its own: a nested dataclass, or a model of a model."""

    fields: tuple[Field, ...]
    record: type


Item: TypeAlias = ScalarType | Choice | Struct
"""What a list can hold."""


@dataclass(frozen=True, slots=True)
class Array:
    """A list or tuple of any length."""

    item: Item
    description: str | None = None
    """What each of its items means."""
    record: type[list[object] | tuple[object, ...]] = list


FieldType: TypeAlias = Item | Array


@dataclass(frozen=True, slots=True)
class Field:
    """One value to read from an answer: its name in the JSON object, in the table and in the record."""

    name: str
    type: FieldType
    description: str | None = None
    nullable: bool = True
    """Whether the record takes None; if not, the field's default stands for a value that isn't there."""
    required: bool = False
    """Whether it takes neither None nor has a default: an object without a value for it is no value itself."""

    @property
    def column_type(self) -> str:
        """The type of its column in a table, as SQL text: ``ARRAY<STRUCT<name STRING, born DATE>>``."""
        return column_type(self.type)

    @property
    def signature(self) -> JsonValue:
        """What of it changes the question or the reading of the answer, as a JSON value."""
        known: list[JsonValue] = [self.name, _signature(self.type), self.description]
        return [*known, "REQUIRED"] if self.required else known


def column_type(kind: FieldType) -> str:
    """Return the type of a column that holds a type's values, as SQL text."""
    match kind:
        case Array(item=item):
            return f"ARRAY<{column_type(item)}>"
        case Struct(fields=fields):
            return f"STRUCT<{', '.join(f'{field.name} {column_type(field.type)}' for field in fields)}>"
        case Choice():
            return kind.base
        case _:
            return kind


def folded(text: str) -> str:
    """Return a text with its ASCII letters in lower case, which every reader does alike."""
    return text.translate(_FOLD)


_FOLD: Final = str.maketrans(ascii_uppercase, ascii_lowercase)


def walk(fields: tuple[Field, ...]) -> Iterator[Field]:
    """Return the fields and those nested in them, each before its own."""
    for field in fields:
        yield field
        kind = field.type.item if isinstance(field.type, Array) else field.type
        if isinstance(kind, Struct):
            yield from walk(kind.fields)


def _signature(kind: FieldType) -> JsonValue:
    match kind:
        case Array(item=item, description=description):
            return {"ARRAY": [_signature(item), description]}
        case Struct(fields=fields):
            return {"STRUCT": [field.signature for field in fields]}
        case Choice(values=values):
            return {kind.base: values}
        case _:
            return kind
