"""Reading an answer's text: find the JSON object in it and take the wanted fields.

The rules stand here once. Python applies them in this module, `bqvision.sql.answers` renders the same
patterns as SQL; so every pattern keeps to what Python's `re` and RE2 have in common. Possessive quantifiers,
which only `re` needs to stay linear, are taken out by `re2`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Final, TypeAlias, cast

from bqvision.field_types import MAX_DEPTH, Array, Choice, Struct

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bqvision.field_types import Field, FieldType, ScalarType

Value: TypeAlias = "str | int | float | bool | date | datetime | list[Value] | dict[str, Value | None]"
"""What a field holds: JSON's own types, a date, or a datetime in UTC."""

_INVISIBLE = (
    (0x00, 0x1F), (0x7F, 0xA0), (0x61C, 0x61C), (0x1680, 0x1680), (0x2000, 0x200B), (0x200E, 0x200F),
    (0x2028, 0x202F), (0x205F, 0x205F), (0x2066, 0x2069), (0x3000, 0x3000), (0xFEFF, 0xFEFF),
)  # fmt: skip
# Control and bidi characters, and every kind of space: each becomes a plain space, in the answer and in its
# values. So a raw line break in a JSON string is no error, and no value changes how text around it is shown.
NOISE: Final = "[" + "".join(rf"\x{{{low:04X}}}-\x{{{high:04X}}}" for low, high in _INVISIBLE) + "]"

STRING: Final = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"'


def _nested(depth: int) -> str:
    inner = rf"|[\[{{]{_nested(depth - 1)}[\]}}]" if depth else ""
    return rf'(?:[^{{}}\[\]"]++|{STRING}{inner})*+'


# The object begins at the first brace that a quote or a closing brace follows, so braces in prose are passed
# over, and a cut object never yields an object inside of it. What stands after it is not looked at.
_PROSE = r'^[^{]*+(?:\{[{ ]*+[^{ "}][^{]*+)*+[{ ]*'
OBJECT: Final = rf"{_PROSE}(\{{ *(?:{STRING}{_nested(MAX_DEPTH)})?\}})"

# Seen outside of strings, these make an answer invalid: JSON parsers disagree on them.
FORBIDDEN: Final = r", *[}\]]|[nN][aA][nN]|[iI][nN][fF]|[0-9]{100}|[eE][+-]?[0-9]{3}"

NUMBER_AS_TEXT: Final = r"^-?(?:[0-9]{1,18}|[0-9]{1,15}\.[0-9]{1,4})$"
"""Numbers that everybody writes alike; a STRING field takes these besides strings."""

_DATE: Final = r"(?:[1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])-[0-9]{2}-[0-9]{2}"
_TIME: Final = r"(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,6})?)?"
_ZONE: Final = r"(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))"

TYPE_PATTERNS: Final[Mapping[ScalarType, str]] = {
    "STRING": "",
    "INT64": r"^[+-]?(?:[0-9]{1,18}|[0-9]{1,15}\.0*)$",
    "FLOAT64": r"^[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?$",
    "BOOL": r"^(?:[tT][rR][uU][eE]|[fF][aA][lL][sS][eE])$",
    "DATE": f"^{_DATE}$",
    "TIMESTAMP": f"^{_DATE}[T ]{_TIME}{_ZONE}?$",
}
"""What a value, as text, must look like to be of a type."""

INTEGER_PART: Final = r"^[+-]?[0-9]+"
FLOAT_LIMIT: Final = 1e308

# The parts of a TIMESTAMP that everybody reads alike once seconds and zone, 00 and UTC by default, are put in.
SECONDS: Final = r"^.{16}(:[0-9.]+)"
ZONE: Final = r"(Z|[+-][0-9:]{5})$"


def re2(pattern: str) -> str:
    """Return a pattern of this module as RE2 has it, for SQL."""
    return pattern.replace("*+", "*").replace("++", "+")


def compiled(pattern: str) -> re.Pattern[str]:
    """Return a pattern of this module as Python has it."""
    # RE2's `$` is the very end; Python's would let a line break follow.
    return re.compile(re.sub(r"\\x\{(\w{4})\}", r"\\u\1", pattern).replace("$", r"\Z"))


_NOISE, _STRING, _OBJECT, _FORBIDDEN, _NUMBER_AS_TEXT, _INTEGER_PART, _SECONDS, _ZONE_PART = map(
    compiled, (NOISE, STRING, OBJECT, FORBIDDEN, NUMBER_AS_TEXT, INTEGER_PART, SECONDS, ZONE)
)
_TYPES = {name: compiled(pattern) for name, pattern in TYPE_PATTERNS.items()}


@dataclass(frozen=True, slots=True)
class Answer:
    """What an answer's text holds of the wanted fields."""

    found: bool
    """Whether there is a valid JSON object in it."""
    values: Mapping[str, Value | None]
    """One per wanted field; None where the object has none, or one of another type."""
    error: str | None = None
    """The fields whose value was of another type; None if there are none."""


def find_object(text: str) -> str | None:
    """Return the JSON object that an answer holds, without fences and prose; it may still be invalid.

    Control characters and every kind of space come back as plain spaces.
    """
    match = _OBJECT.match(_NOISE.sub(" ", text))
    return match[1] if match else None


def read_fields(text: str | None, fields: Sequence[Field]) -> Answer:
    """Take the wanted fields from an answer.

    Any text is read, none raises. The first of two equal keys counts. A missing key, null and a blank string
    are no value, and in a list they are left out. A value of another type is none either, nor is a list with such
    an item, or an object without a value for a field that it can't do without; `error` names what was wrong, never
    the value. The letters of a closed set are compared without regard to case.
    """
    found = _parse(text)
    given = found if found is not None else {}
    wrong: set[str] = set()
    values = {
        item.name: _read(item.type, given.get(item.name), item.name, wrong_type(item.name, item.type), wrong)
        for item in fields
    }
    said = [message for item in fields for message in messages(item) if message in wrong]
    return Answer(found is not None, values, "; ".join(said) if said else None)


def messages(field: Field, path: str = "") -> Iterator[str]:
    """Return all that a row's error can say of a field, in order: of itself, then of the fields in it."""
    name = path + field.name
    yield wrong_type(name, field.type)
    kind = field.type.item if isinstance(field.type, Array) else field.type
    if isinstance(kind, Struct):
        for inner in kind.fields:
            yield from messages(inner, f"{name}.")
            if inner.required:
                yield no_value(f"{name}.{inner.name}")


def wrong_type(name: str, kind: FieldType) -> str:
    """Return what a row's error says of a field with a value of another type."""
    match kind:
        case Choice(values=(_,)):
            return f"{name}: not its one value"
        case Choice(values=values):
            return f"{name}: not one of its {len(values)} values"
        case Struct():
            return f"{name}: not a STRUCT"
        case Array(item=Choice(values=values)):
            return f"{name}: not an ARRAY of its {len(values)} values"
        case Array(item=Struct()):
            return f"{name}: not an ARRAY<STRUCT>"
        case Array(item=item):
            return f"{name}: not an ARRAY<{item}>"
        case _:
            return f"{name}: not {'an' if kind == 'INT64' else 'a'} {kind}"


def no_value(name: str) -> str:
    """Return what a row's error says of an object that lacks a field that it can't do without."""
    return f"{name}: no value"


def _parse(text: str | None) -> dict[str, object] | None:
    found = None if text is None else find_object(text)
    if found is None or _FORBIDDEN.search(_STRING.sub('""', found)):
        return None
    try:
        parsed: dict[str, object] = json.loads(found, object_pairs_hook=lambda pairs: dict(reversed(pairs)))
        # A lone surrogate passes Python's parser and no other.
        json.dumps(parsed, ensure_ascii=False).encode()
    except ValueError:
        return None
    return parsed


def as_text(value: object) -> str | None:
    """Return a JSON scalar as text, as JSON_VALUE writes it; None for null, an object or an array."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case _:
            return None


def plain(text: str) -> str:
    """Return a text as it is read from an answer: every kind of space and control is a blank, none at its ends."""
    return _NOISE.sub(" ", text).strip(" ")


def _clean(value: object) -> str | None:
    text = as_text(value)
    return None if text is None else plain(text)


def _absent(given: object) -> bool:
    return given is None or (isinstance(given, str) and not _clean(given))


def _read(kind: FieldType, given: object, path: str, message: str, wrong: set[str]) -> Value | None:
    """Return a value of a type; None if there is none, and then `wrong` gets the message unless it is just missing."""
    if _absent(given):
        return None
    value: Value | None = None
    match kind, given:
        case Array(item=item), list():
            items = [_read(item, each, path, message, wrong) for each in _items(given)]
            # An item without a value has said why.
            return None if any(each is None for each in items) else cast("list[Value]", items)
        case Struct(fields=fields), dict():
            return _read_object(fields, cast("dict[str, object]", given), path, wrong)
        case ((Array() | Struct()), _):
            pass
        case Choice(), _:
            base = _convert(given, kind.base)
            value = kind.find(base) if isinstance(base, str | int) else None
        case _:
            value = _convert(given, kind)
    if value is None:
        wrong.add(message)
    return value


def _items(given: object) -> list[object]:
    return [each for each in cast("list[object]", given) if not _absent(each)]


def _read_object(
    fields: Sequence[Field], given: Mapping[str, object], path: str, wrong: set[str]
) -> dict[str, Value | None] | None:
    values: dict[str, Value | None] = {}
    for field in fields:
        name, held = f"{path}.{field.name}", given.get(field.name)
        values[field.name] = _read(field.type, held, name, wrong_type(name, field.type), wrong)
        if field.required and _absent(held):
            wrong.add(no_value(name))
    return None if any(field.required and values[field.name] is None for field in fields) else values


def _convert(value: object, kind: ScalarType) -> str | int | float | date | datetime | None:
    text = _clean(value)
    if not text or not _TYPES[kind].search(text):
        return None
    match kind:
        case "STRING":
            return text if isinstance(value, str) or _NUMBER_AS_TEXT.search(text) else None
        case "INT64":
            digits = _INTEGER_PART.match(text)
            return int(digits[0]) if digits else None
        case "FLOAT64":
            number = float(text)
            return number if abs(number) < FLOAT_LIMIT else None
        case "BOOL":
            return text.lower() == "true"
        case "DATE":
            return _date(text)
        case "TIMESTAMP":
            return _timestamp(text)


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _timestamp(text: str) -> datetime | None:
    seconds, zone = _SECONDS.match(text), _ZONE_PART.search(text)
    try:
        moment = datetime.fromisoformat(
            f"{text[:16]}{seconds[1] if seconds else ':00'}{zone[1] if zone else 'Z'}"
        )
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
