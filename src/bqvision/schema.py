"""A record class read as a schema: what to ask for, and how its records are made from what is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, cast, overload

from bqvision.annotations import fields_of, is_pydantic_model
from bqvision.errors import InvalidInputError
from bqvision.field_types import LEDGER_COLUMNS, Array, Choice, Describe, Field, FieldType, Struct
from bqvision.records import Extracted, ImageResult, PydanticModel

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "LEDGER_COLUMNS",
    "Array",
    "Choice",
    "Describe",
    "Field",
    "FieldType",
    "P",
    "R",
    "RecordSchema",
    "Struct",
    "schema_of",
    "values_of",
]

R = TypeVar("R", bound=ImageResult)
P = TypeVar("P", bound=PydanticModel)


@dataclass(frozen=True, slots=True)
class RecordSchema(Generic[R]):
    """A record class and the fields that are asked for, in order."""

    record: type[R]
    fields: tuple[Field, ...]
    model: type[PydanticModel] | None = None
    """The Pydantic model that the fields are of, if the record is `Extracted`."""

    def build(self, values: Mapping[str, object] | None, *, error: str | None, **known: Any) -> R:
        """Make a record.

        A record class may check its values, and refuse them with a ValueError: then the record has none of them, and
        its error names those that were refused, where the class says so.

        Args:
            values: What was read, by field: JSON's own types, dates and times; None if there is no answer.
            error: What is wrong with the row, as far as is known.
            **known: The fields of `ImageResult`.
        """
        if values is None:
            return self.record(error=error, **known, **self._arguments({}))
        try:
            return self.record(error=error, **known, **self._arguments(values))
        except ValueError as refusal:
            name = (self.model or self.record).__name__
            return self.record(error=_join(error, _refused(refusal, name)), **known, **self._arguments({}))

    def _arguments(self, values: Mapping[str, object]) -> dict[str, Any]:
        if self.model is None:
            return _arguments(self.fields, values, structs=True)
        if not values:
            return {}
        # A model makes its own nested models.
        return {"value": self.model.model_validate(_arguments(self.fields, values, structs=False))}


@overload
def schema_of(record: type[R]) -> RecordSchema[R]: ...


@overload
def schema_of(record: type[P]) -> RecordSchema[Extracted[P]]: ...


def schema_of(record: type[Any]) -> RecordSchema[Any]:
    """Read a record class as a schema.

    Args:
        record: A dataclass that extends `ImageResult` by at least one field, each of them optional (`str | None`) or
            with a default; or a Pydantic model, for records of type `Extracted`. Fields are of type str, int, float,
            bool, date, datetime, an Enum or Literal of texts or of whole numbers, a frozen dataclass of such fields, or
            a list of any of these.

    Returns:
        The schema.

    Raises:
        InvalidInputError: The class or one of its fields can't be used; the message names it.
    """
    if is_pydantic_model(record):
        return RecordSchema(Extracted, fields_of(record), record)
    name = getattr(record, "__name__", repr(record))
    # The types promise it; this is for callers without a type checker.
    if not (isinstance(cast("object", record), type) and issubclass(record, ImageResult)):
        raise InvalidInputError(
            f"record {name} does not extend bqvision.ImageResult",
            next_step="Write it as a frozen, slotted, kw_only dataclass with ImageResult as its base, or as a model of"
            " Pydantic.",
        )
    if "__dataclass_fields__" not in vars(record):
        raise InvalidInputError(
            f"record {name} is not a dataclass itself",
            next_step="Put @dataclass(frozen=True, slots=True, kw_only=True) above it.",
        )
    return RecordSchema(record, fields_of(record))


def values_of(record: ImageResult) -> dict[str, object]:
    """Return the values that were asked for, by field; none of `Extracted` without a value."""
    if isinstance(record, Extracted):
        model: object = record.value
        return {name: getattr(model, name) for name in getattr(type(model), "model_fields", ())}
    known = {spec.name for spec in fields(ImageResult)}
    return {spec.name: getattr(record, spec.name) for spec in fields(record) if spec.name not in known}


def _arguments(
    wanted: tuple[Field, ...], values: Mapping[str, object], *, structs: bool
) -> dict[str, object]:
    # A field that takes no None has a default, and that stands for a value that isn't there.
    return {
        field.name: _made(field.type, values.get(field.name), structs=structs)
        for field in wanted
        if field.nullable or values.get(field.name) is not None
    }


def _made(kind: FieldType, value: object, *, structs: bool) -> object:
    match kind, value:
        case Choice(enum=enum), str() | int() if enum is not None:
            return enum(value)
        case Array(item=item, record=record), list():
            return record(_made(item, each, structs=structs) for each in cast("list[object]", value))
        case Struct(fields=wanted, record=record), dict():
            made = _arguments(wanted, cast("dict[str, object]", value), structs=structs)
            return record(**made) if structs else made
        case _:
            return value


class _Refusal(Protocol):
    """What a pydantic.ValidationError says."""

    def errors(self) -> Sequence[Mapping[str, object]]: ...


def _refused(refusal: ValueError, name: str) -> list[str]:
    """Return what an error says of a record class that refuses its values: names of fields, and never a value."""
    if not hasattr(refusal, "errors"):
        return [f"{name} refuses the values"]
    found = (_message(each, name) for each in cast("_Refusal", refusal).errors())
    return list(dict.fromkeys(found))


def _message(detail: Mapping[str, object], name: str) -> str:
    steps = cast("Sequence[object]", detail.get("loc", ()))
    path = ".".join(step for step in steps if isinstance(step, str))
    if not path:
        return f"{name} refuses the values"
    return f"{path}: no value" if detail.get("type") == "missing" else f"{path}: refused by {name}"


def _join(error: str | None, refused: list[str]) -> str:
    # What was read with the wrong type is missing for that reason, which is said already.
    parts = error.split("; ") if error else []
    said = {part.partition(":")[0] for part in parts}
    return "; ".join([*parts, *(part for part in refused if part.partition(":")[0] not in said)])
