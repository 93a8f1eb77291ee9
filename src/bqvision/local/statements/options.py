"""Reading OPTIONS(...) lists."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from bqvision.local.statements.constants import constant
from bqvision.local.statements.tokens import StatementError
from bqvision.local.statements.values import Expression, Interval, Struct

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bqvision.local.statements.cursor import Cursor
    from bqvision.local.statements.parameters import QueryParameter
    from bqvision.local.statements.values import Value


class Options:
    """An OPTIONS(...) list: its values, and readers that check their types.

    Args:
        cursor: Where the list may stand; moves past it.
        parameters: Query parameters by lower-cased name.

    Raises:
        StatementError: The list is wrong.
    """

    def __init__(self, cursor: Cursor, parameters: Mapping[str, QueryParameter]) -> None:
        self.values: dict[str, Value] = {}
        self._places: dict[str, int] = {}
        self._sql = cursor.sql
        if not cursor.accept("OPTIONS"):
            return
        for item in cursor.group().items():
            place = item.peek().start
            name = ".".join(item.path())
            item.expect_operator("=")
            key = name.lower()
            if key in self.values:
                raise StatementError(f"Duplicate option: {name}", self._sql, place)
            self.values[key] = constant(item, parameters)
            self._places[key] = place

    def wrong(self, name: str, wanted: str) -> StatementError:
        """Returns the error that an option has the wrong type.

        Args:
            name: The option.
            wanted: What it has to be.
        """
        return StatementError(f"Option {name} must be {wanted}", self._sql, self._places[name])

    def text(self, name: str) -> str | None:
        """Returns a string option, or None.

        Args:
            name: The option.
        """
        value = self.values.get(name)
        if value is not None and not isinstance(value, str):
            raise self.wrong(name, "a string")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """Returns an array of strings, empty if the option is not there.

        Args:
            name: The option.
        """
        value = self.values.get(name)
        if value is None:
            return ()
        if not isinstance(value, tuple):
            raise self.wrong(name, "an array of strings")
        texts = tuple(item for item in value if isinstance(item, str))
        if len(texts) != len(value):
            raise self.wrong(name, "an array of strings")
        return texts

    def labels(self) -> tuple[tuple[str, str], ...]:
        """Returns the labels' keys and values."""
        value = self.values.get("labels")
        if value is None:
            return ()
        pairs: list[tuple[str, str]] = []
        for item in value if isinstance(value, tuple) else (None,):
            match item:
                case Struct(values=(str(key), str(text))):
                    pairs.append((key, text))
                case _:
                    raise self.wrong("labels", "an array of pairs of strings")
        return tuple(pairs)

    def duration(self, name: str) -> timedelta | None:
        """Returns an INTERVAL option without months, or None.

        Args:
            name: The option.
        """
        value = self.values.get(name)
        if value is None:
            return None
        if not isinstance(value, Interval) or value.months:
            raise self.wrong(name, "an INTERVAL of days or less")
        return value.duration

    def number(self, name: str) -> float | None:
        """Returns a numeric option, or None.

        Args:
            name: The option.
        """
        value = self.values.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
            raise self.wrong(name, "a number")
        return float(value)

    def moment(self, name: str) -> datetime | Expression | None:
        """Returns a TIMESTAMP option, an expression if it has to be computed, or None.

        Args:
            name: The option.
        """
        value = self.values.get(name)
        if value is None or isinstance(value, datetime | Expression):
            return value
        raise self.wrong(name, "a TIMESTAMP")
