"""Values that a statement states: literals, and what isn't one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from datetime import date, datetime, timedelta
    from decimal import Decimal

    from bqvision.local.statements.tokens import Span


@dataclass(frozen=True, slots=True)
class Interval:
    """An INTERVAL value.

    Attributes:
        months: Its year and month parts.
        duration: Its other parts.
    """

    months: int
    duration: timedelta


@dataclass(frozen=True, slots=True)
class JsonText:
    """A JSON value, as text.

    Attributes:
        text: The JSON text.
    """

    text: str


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression that only a query engine can evaluate.

    Attributes:
        sql: Its text.
        span: Where it stands in the statement.
    """

    sql: str = field(repr=False)
    span: Span


@dataclass(frozen=True, slots=True)
class Struct:
    """A STRUCT value.

    Attributes:
        names: The fields' names; None for a field without one.
        values: The fields' values.
    """

    names: tuple[str | None, ...]
    values: tuple[Value, ...]

    def get(self, name: str) -> Value:
        """Returns the first field of a name, in any case; None if there is none.

        Args:
            name: The field's name.
        """
        for candidate, value in zip(self.names, self.values, strict=True):
            if candidate is not None and candidate.lower() == name.lower():
                return value
        return None


Scalar: TypeAlias = "bool | int | float | Decimal | str | bytes | datetime | date"
Value: TypeAlias = "Scalar | Interval | JsonText | Struct | Expression | tuple[Value, ...] | None"
