"""The terms of a condition that must all be true."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bqvision.local.statements.layout import Layout
    from bqvision.local.statements.tokens import Span


def conjuncts(layout: Layout, clause: range) -> Iterator[Span]:
    """Yields the terms that AND joins; only one where OR joins them too, since AND binds closer.

    Args:
        layout: The statement.
        clause: The indexes of the condition's tokens.
    """
    ands: list[int] = []
    cases = betweens = 0
    for at in layout.level(clause):
        match layout.word(at):
            case "CASE":
                cases += 1
            case "END":
                cases -= 1
            case _ if cases:
                pass
            case "BETWEEN":
                betweens += 1
            case "AND" if betweens:
                betweens -= 1
            case "AND":
                ands.append(at)
            case "OR":
                yield layout.span(clause)
                return
            case _:
                pass
    for before, after in itertools.pairwise((clause.start - 1, *ands, clause.stop)):
        yield layout.span(range(before + 1, after))
