"""What type checkers must refuse: SQL text that is not a literal.

Pyright checks this file; an unnecessary ignore is an error there, so each line below must be refused.
"""

# pyright: strict, reportUnnecessaryTypeIgnoreComment=true
from __future__ import annotations

from bqvision.sql.compose import SQL, Composed, Literal


def compose(value: str) -> tuple[SQL, SQL, SQL, Composed, Composed]:
    """Try to make SQL of a value."""
    return (
        SQL(value),  # pyright: ignore[reportArgumentType]
        SQL(f"SELECT '{value}'"),  # pyright: ignore[reportArgumentType]
        SQL("SELECT {}".format(value)),  # pyright: ignore[reportArgumentType]  # noqa: UP032
        SQL("SELECT {}").format(value),  # type: ignore[arg-type]
        SQL("SELECT {}").format(Literal(value)),
    )
