"""Expected values, read in the type of the record's field: from a CSV file's text, a table or a mapping."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final, Protocol, cast

from bqvision.field_types import Array, Choice, Struct

if TYPE_CHECKING:
    from bqvision.field_types import Field, FieldType, ScalarType

LIST_SEPARATOR: Final = "|"
"""What stands between the items of a list in one cell."""

_WHOLE: Final = re.compile(r"[+-]?[0-9]+(?:\.0*)?")
_TRUE: Final = frozenset({"true", "yes", "1"})
_FALSE: Final = frozenset({"false", "no", "0"})


class AnySchema(Protocol):
    """The schema of any record class."""

    @property
    def fields(self) -> tuple[Field, ...]:
        """The fields that its answers hold."""
        ...


def types_of(schema: AnySchema) -> dict[str, FieldType]:
    """Return the types of the fields that a record's answers hold, in order."""
    return {field.name: field.type for field in schema.fields}


def read_value(kind: FieldType, value: object) -> object:
    """Return a value in the type of a field; None if there is none.

    Args:
        kind: The field's type.
        value: What was given: a value of about that type, or its text. The items of a list have a ``|`` between
            them, and a nested record is written as JSON.

    Raises:
        ValueError: It is no value of that type; the message says which one is wanted.
    """
    value = value.strip() if isinstance(value, str) else value
    if value is None or value == "":
        return None
    match kind:
        case Array(item=item):
            items = value.split(LIST_SEPARATOR) if isinstance(value, str) else value
            if not isinstance(items, list | tuple):
                raise ValueError("a list")  # noqa: TRY004 - what is wanted, for whoever words the error
            read = [read_value(item, each) for each in cast("Sequence[object]", items)]
            return [each for each in read if each is not None] or None
        case Choice():
            return _one_of(kind, value)
        case Struct():
            return _nested(kind, value)
        case _:
            return _SCALARS[kind](value)


def _one_of(kind: Choice, value: object) -> object:
    if kind.enum is not None and isinstance(value, kind.enum):
        return value
    found = next((each for each in kind.values if each == value or str(each) == str(value)), None)
    if found is None and isinstance(value, str):
        found = kind.find(value)
    if found is None:
        raise ValueError(f"one of {', '.join(map(str, kind.values))}")
    return found if kind.enum is None else kind.enum(found)


def _nested(kind: Struct, value: object) -> dict[str, object]:
    name = kind.record.__name__
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            raise ValueError(f"a {name} as a JSON object") from None
    if not isinstance(value, Mapping):
        raise ValueError(f"a {name} as a mapping")  # noqa: TRY004
    given = cast("Mapping[str, object]", value)
    types: dict[str, FieldType] = {field.name: field.type for field in kind.fields}
    if unknown := sorted(map(str, given.keys() - types.keys())):
        raise ValueError(f"a {name}, which has no {', '.join(unknown)}")
    return {part: read_value(types[part], each) for part, each in given.items()}


def _text(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal | date):
        raise ValueError("a text")  # noqa: TRY004
    return str(value)


def _bool(value: object) -> bool:
    text = str(value).casefold()
    if text not in _TRUE | _FALSE:
        raise ValueError("true or false")
    return text in _TRUE


def _int(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    text = str(value)
    if isinstance(value, bool) or not _WHOLE.fullmatch(text):
        raise ValueError("a whole number")
    return int(text.partition(".")[0])


def _float(value: object) -> float:
    try:
        number = float(str(value))
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError("a number")
    return number


def _date(value: object) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise ValueError("a date such as 1927-01-10") from None


def _timestamp(value: object) -> datetime:
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        raise ValueError("a time such as 1927-01-10T20:15:00+00:00") from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


_SCALARS: Final[Mapping[ScalarType, Callable[[object], object]]] = {
    "STRING": _text,
    "INT64": _int,
    "FLOAT64": _float,
    "BOOL": _bool,
    "DATE": _date,
    "TIMESTAMP": _timestamp,
}
