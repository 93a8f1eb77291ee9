"""What the arguments of a plan's methods may be."""

from __future__ import annotations

import json
import re
from math import isfinite
from typing import TYPE_CHECKING

from bqvision.errors import InvalidInputError
from bqvision.testing.operations import OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bqvision._rest import JsonValue


def check_operation(operation: str) -> None:
    """Refuse what is no method of BigQuery's REST API."""
    if operation not in OPERATIONS:
        raise InvalidInputError(
            f"{operation!r} is no operation",
            next_step=f"There are {', '.join(OPERATIONS)}.",
        )


def check_count(name: str, count: object, least: int, *, none: bool = False) -> None:
    """Refuse what is no whole number from a least one on."""
    if none and count is None:
        return
    if not isinstance(count, int) or isinstance(count, bool) or count < least:
        raise InvalidInputError(
            f"{name} must be a whole number from {least} on{', or None' if none else ''}, and is {count!r}"
        )


def check_seconds(seconds: object) -> None:
    """Refuse what is no time to wait."""
    if seconds is None:
        return
    if (
        not isinstance(seconds, int | float)
        or isinstance(seconds, bool)
        or not isfinite(seconds)
        or seconds <= 0
    ):
        raise InvalidInputError(f"seconds must be a number above 0, or None, and is {seconds!r}")


def check_status(status: object) -> None:
    """Refuse what is no HTTP status of an error."""
    check_count("status", status, 400)
    if not isinstance(status, int) or status > 599:
        raise InvalidInputError(f"an error's HTTP status goes from 400 to 599, and is {status!r}")


def check_text(name: str, text: object) -> None:
    """Refuse what is no text, or an empty one."""
    if not isinstance(text, str) or not text:
        raise InvalidInputError(f"{name} must be a text that is not empty")


def check_match(match: object) -> None:
    """Refuse what is no regular expression."""
    if match is None:
        return
    check_text("match", match)
    try:
        re.compile(str(match))
    except re.error as error:
        raise InvalidInputError(f"match is no regular expression: {error}") from None


def check_json(changes: Mapping[str, JsonValue]) -> None:
    """Refuse what JSON can not hold, and changes that change nothing."""
    try:
        text = json.dumps(changes)
    except (TypeError, ValueError):
        raise InvalidInputError("the changes hold what JSON can not") from None
    if not text.startswith('{"'):
        raise InvalidInputError("the changes must be an object with at least one key")
