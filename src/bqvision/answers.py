"""Reading an answer's text: find the JSON object in it and take the wanted fields.

The rules stand here once. Python applies them in this module, `bqvision.sql.answers` renders the same
patterns as SQL; so every pattern keeps to what Python's `re` and RE2 have in common. Possessive quantifiers,
which only `re` needs to stay linear, are taken out by `re2`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bqvision.schema import Field, FieldType

Value: TypeAlias = "str | int | float | bool"

MAX_DEPTH: Final = 8
"""Objects and arrays in the answer's object, one in another; deeper is no answer to a question of ours."""

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

TYPE_PATTERNS: Final[Mapping[FieldType, str]] = {
    "STRING": "",
    "INT64": r"^[+-]?(?:[0-9]{1,18}|[0-9]{1,15}\.0*)$",
    "FLOAT64": r"^[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?$",
    "BOOL": r"^(?:[tT][rR][uU][eE]|[fF][aA][lL][sS][eE])$",
}
"""What a value, as text, must look like to be of a type."""

INTEGER_PART: Final = r"^[+-]?[0-9]+"
FLOAT_LIMIT: Final = 1e308


def re2(pattern: str) -> str:
    """Return a pattern of this module as RE2 has it, for SQL."""
    return pattern.replace("*+", "*").replace("++", "+")


def compiled(pattern: str) -> re.Pattern[str]:
    """Return a pattern of this module as Python has it."""
    # RE2's `$` is the very end; Python's would let a line break follow.
    return re.compile(re.sub(r"\\x\{(\w{4})\}", r"\\u\1", pattern).replace("$", r"\Z"))


_NOISE, _STRING, _OBJECT, _FORBIDDEN, _NUMBER_AS_TEXT, _INTEGER_PART = map(
    compiled, (NOISE, STRING, OBJECT, FORBIDDEN, NUMBER_AS_TEXT, INTEGER_PART)
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
    are no value; a value of another type is none either, and `error` names its field, never the value.
    """
    found = _parse(text)
    given = found if found is not None else {}
    values = {item.name: _convert(given.get(item.name), item.type) for item in fields}
    wrong = [
        wrong_type(item)
        for item in fields
        if values[item.name] is None and given.get(item.name) is not None and _clean(given[item.name]) != ""
    ]
    return Answer(found is not None, values, "; ".join(wrong) if wrong else None)


def wrong_type(item: Field) -> str:
    """Return what a row's error says of a field with a value of another type."""
    return f"{item.name}: not {'an' if item.type == 'INT64' else 'a'} {item.type}"


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


def _clean(value: object) -> str | None:
    text = as_text(value)
    return None if text is None else _NOISE.sub(" ", text).strip(" ")


def _convert(value: object, kind: FieldType) -> Value | None:
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
