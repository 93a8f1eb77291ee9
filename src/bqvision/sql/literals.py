"""Values as GoogleSQL literals."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Final

from bqvision.errors import InvalidInputError

__all__ = ["render", "utc"]

_INT64_MIN: Final = -(2**63)
_INT64_MAX: Final = 2**63 - 1
_ESCAPES: Final = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def render(value: object) -> str:
    """Return a value's literal.

    Args:
        value: A string, bool, 64-bit integer, finite float, datetime with a time zone, or list of strings.

    Raises:
        InvalidInputError: It has none.
    """
    match value:
        case str():
            return _quote(value)
        case bool():
            return "TRUE" if value else "FALSE"
        case int():
            if not _INT64_MIN <= value <= _INT64_MAX:
                raise InvalidInputError("an integer does not fit in 64 bits")
            return str(int(value))
        case float():
            if not math.isfinite(value):
                raise InvalidInputError("a number is infinite or not a number (NaN)")
            return repr(float(value))
        case datetime():
            return f"TIMESTAMP '{utc(value)}'"
        case list() | tuple():
            return f"[{', '.join(_quote(item) for item in value)}]"
        case _:
            raise InvalidInputError(f"a value of type {type(value).__name__} has no SQL literal here")


def _quote(value: object) -> str:
    if not isinstance(value, str):
        raise InvalidInputError(f"a {type(value).__name__} stands where a string belongs")
    return "'" + "".join(map(_escape, value)) + "'"


def _escape(char: str) -> str:
    # What does not show (controls, bidi marks, odd spaces) is written as its code, so that who reads the SQL
    # sees it. Everything else stands as itself.
    if char in _ESCAPES:
        return _ESCAPES[char]
    if char.isprintable():
        return char
    code = ord(char)
    if 0xD800 <= code <= 0xDFFF:
        raise InvalidInputError("a text holds half of a surrogate pair, so it is not valid Unicode")
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def utc(moment: datetime) -> str:
    """Return a moment as BigQuery writes it, in UTC; one without a time zone is refused."""
    if moment.utcoffset() is None:
        raise InvalidInputError(
            "a datetime has no time zone", next_step="Give one, as datetime.now(UTC) does."
        )
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(sep=' ', timespec='microseconds')}+00:00"
