"""A record class read as a schema: which fields to ask for, under which name and of which type."""

from __future__ import annotations

import re
from dataclasses import MISSING, dataclass, fields
from types import NoneType, UnionType
from typing import (
    TYPE_CHECKING,
    Annotated,
    Generic,
    Literal,
    TypeAlias,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from bqvision.errors import InvalidInputError
from bqvision.records import ImageResult

if TYPE_CHECKING:
    from collections.abc import Iterator

R = TypeVar("R", bound=ImageResult)

FieldType: TypeAlias = Literal["STRING", "INT64", "FLOAT64", "BOOL"]

LEDGER_COLUMNS = (
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
"""The results table's columns before the record's own, in order."""

_RESERVED = frozenset(LEDGER_COLUMNS) | {spec.name for spec in fields(ImageResult)}
# A leading underscore is left to BigQuery's pseudo-columns and to what our own statements compute.
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,299}")
_TYPES: dict[object, FieldType] = {str: "STRING", int: "INT64", float: "FLOAT64", bool: "BOOL"}


@dataclass(frozen=True, slots=True)
class Describe:
    """What a field means, said to the model: ``isbn: Annotated[str | None, Describe("13 digits")]``."""

    text: str


@dataclass(frozen=True, slots=True)
class Field:
    """One value to read from an answer: its name in the JSON object, in the table and in the record."""

    name: str
    type: FieldType
    description: str | None = None
    nullable: bool = True
    """Whether the record takes None; if not, the field's default stands for a value that isn't there."""


@dataclass(frozen=True, slots=True)
class RecordSchema(Generic[R]):
    """A record class and the fields that it adds to `ImageResult`, in order."""

    record: type[R]
    fields: tuple[Field, ...]


def schema_of(record: type[R]) -> RecordSchema[R]:
    """Read a record class as a schema.

    Args:
        record: A dataclass that extends `ImageResult` by at least one field of type str, int, float or bool,
            each of them optional (`str | None`) or with a default.

    Returns:
        The schema.

    Raises:
        InvalidInputError: The class or one of its fields can't be used; the message names it.
    """
    name = getattr(record, "__name__", repr(record))
    if not _extends_image_result(record):
        raise InvalidInputError(
            f"record {name} does not extend bqvision.ImageResult",
            next_step="Write it as a frozen, slotted, kw_only dataclass with ImageResult as its base.",
        )
    if "__dataclass_fields__" not in vars(record):
        raise InvalidInputError(
            f"record {name} is not a dataclass itself",
            next_step="Put @dataclass(frozen=True, slots=True, kw_only=True) above it.",
        )
    found = tuple(_own_fields(record))
    if not found:
        raise InvalidInputError(
            f"record {name} adds no field to ImageResult, so there is nothing to ask for",
            next_step="Add a field, for example: title: str | None = None",
        )
    seen: dict[str, str] = {}
    for item in found:
        other = seen.setdefault(item.name.lower(), item.name)
        if other != item.name:
            raise InvalidInputError(
                f"record {name}: {other!r} and {item.name!r} differ only in case, which BigQuery ignores",
                next_step="Rename one of them.",
            )
    return RecordSchema(record, found)


def _extends_image_result(record: object) -> bool:
    # The types promise it; this is for callers without a type checker.
    return isinstance(record, type) and issubclass(record, ImageResult)


def _own_fields(record: type[ImageResult]) -> Iterator[Field]:
    try:
        hints = get_type_hints(record, include_extras=True)
    except NameError as error:
        raise InvalidInputError(
            f"record {record.__name__}: an annotation names {error.name!r}, which does not exist at run time",
            next_step="Import the name outside of `if TYPE_CHECKING`, or define it at module level.",
        ) from error
    known = {spec.name: spec for spec in fields(ImageResult)}
    for spec in fields(record):
        if known.get(spec.name) is spec:
            continue
        where = f"record {record.__name__}, field {spec.name!r}"
        _check_name(spec.name, where)
        kind, nullable, description = _read_type(hints[spec.name], where)
        if not nullable and spec.default is MISSING and spec.default_factory is MISSING:
            raise InvalidInputError(
                f"{where}: an image without an answer has no value for it",
                next_step=f"Make it optional ({spec.name}: ... | None = None) or give it a default.",
            )
        yield Field(spec.name, kind, description, nullable)


def _check_name(name: str, where: str) -> None:
    if name.lower() in _RESERVED:
        raise InvalidInputError(
            f"{where}: the name is taken by a column of the results table", next_step="Rename it."
        )
    if not _NAME.fullmatch(name):
        raise InvalidInputError(
            f"{where}: not a column name; it takes ASCII letters, digits and _, a letter first, 300 at most",
            next_step="Rename it.",
        )


def _read_type(hint: object, where: str) -> tuple[FieldType, bool, str | None]:
    description = None
    if get_origin(hint) is Annotated:
        hint, *notes = get_args(hint)
        description = next((note.text for note in notes if isinstance(note, Describe)), None)
    options = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    wanted = [option for option in options if option is not NoneType]
    if len(wanted) != 1 or wanted[0] not in _TYPES:
        shown = hint.__name__ if isinstance(hint, type) else str(hint)
        raise InvalidInputError(
            f"{where}: type {shown} is not supported",
            next_step="Use str, int, float or bool, or one of them with `| None`.",
        )
    return _TYPES[wanted[0]], len(wanted) < len(options), description
