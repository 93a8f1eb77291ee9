"""Clauses that several statements share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bqvision.errors import InvalidInputError
from bqvision.sql.compose import SQL, Composable, Composed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import LiteralString

__all__ = ["create", "drop", "lines", "options", "where"]


def lines(*parts: Composable | None) -> Composed:
    """Return the parts one under the other, without those that are None."""
    return SQL("\n").join(part for part in parts if part is not None)


def create(kind: LiteralString, name: Composable, *, replace: bool, if_not_exists: bool) -> Composed:
    """Return ``CREATE kind name``, with OR REPLACE or IF NOT EXISTS, which exclude each other.

    Raises:
        InvalidInputError: Both are wanted.
    """
    if replace and if_not_exists:
        raise InvalidInputError(
            "something that exists can not be both replaced and kept",
            next_step="Choose replace=True, or that it may exist, but not both.",
        )
    head = SQL("CREATE OR REPLACE") if replace else SQL("CREATE")
    guard = SQL(" IF NOT EXISTS") if if_not_exists else SQL("")
    return SQL("{head} {kind}{guard} {name}").format(head=head, kind=SQL(kind), guard=guard, name=name)


def drop(kind: LiteralString, name: Composable, *, if_exists: bool) -> Composed:
    """Return ``DROP kind name``, with IF EXISTS if wanted."""
    guard = SQL(" IF EXISTS") if if_exists else SQL("")
    return SQL("DROP {kind}{guard} {name}").format(kind=SQL(kind), guard=guard, name=name)


def options(assignments: Sequence[Composable]) -> Composed | None:
    """Return ``OPTIONS (...)`` with one assignment on each line, or None if there are none."""
    if not assignments:
        return None
    return SQL("OPTIONS (\n  {}\n)").format(SQL(",\n").join(assignments))


def where(conditions: Sequence[Composable]) -> Composed | None:
    """Return ``WHERE ...`` with one condition on each line, or None if there are none."""
    if not conditions:
        return None
    return SQL("WHERE {}").format(SQL("\n  AND ").join(conditions))
