"""One SELECT of a statement, cut at its clauses, with the scalar model calls that stand in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bqvision.local.statements.conditions import conjuncts
from bqvision.local.statements.cursor import Cursor
from bqvision.local.statements.keywords import RESERVED
from bqvision.local.statements.literals import identifier
from bqvision.local.statements.placement import check_place, refused
from bqvision.local.statements.select_list import is_anonymous, star
from bqvision.local.statements.tokens import Kind, Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bqvision.local.statements.layout import Layout
    from bqvision.local.statements.nodes import ModelCall

_BEHIND = frozenset({"GROUP", "HAVING", "QUALIFY", "WINDOW", "ORDER", "LIMIT"})
_BEFORE_TABLES = frozenset({"FROM", "JOIN", "AS", "USING", "ALL", "DISTINCT"})
_NUMBERED = re.compile(r"f\d+_")
HIDDEN = "_bqvision_"
"""What the names of columns begin with that hold questions and answers."""


@dataclass(frozen=True, slots=True)
class Source:
    """What a FROM clause reads.

    Attributes:
        span: The whole of it, alias included.
        alias: The name of its rows, or None.
        element: Whether that is a name of one value for each row, as with UNNEST.
    """

    span: Span
    alias: str | None
    element: bool

    @property
    def columns(self) -> str:
        """What selects all that can be read of it."""
        if self.element:
            return "" if self.alias is None else f"{self.alias}, "
        return "*, "

    @property
    def naming(self) -> str:
        """What gives a table with these columns the same name."""
        return "" if self.alias is None or self.element else f" AS {self.alias}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One SELECT.

    Attributes:
        span: The whole of it.
        items: The items of its list.
        source: What it reads, or None.
        conjuncts: The terms of its WHERE that must all be true; none without WHERE.
        indexes: The indexes of its tokens.
        where: Those of its WHERE.
        order: Those of its ORDER BY.
        nested: Whether it stands in an expression, so that it may read columns of a query around it.
        values: Whether it is a SELECT AS STRUCT or AS VALUE.
    """

    span: Span
    items: tuple[Cursor, ...]
    source: Source | None
    conjuncts: tuple[Span, ...]
    indexes: range
    where: range
    order: range
    nested: bool
    values: bool

    @property
    def row(self) -> str:
        """The name of a whole row of what it reads, in lower case; '' if there is none."""
        source = self.source
        return (
            ""
            if source is None or source.alias is None or source.element
            else source.alias.strip("`").lower()
        )

    def stars(self, hidden: Sequence[str]) -> Iterator[tuple[Span, str]]:
        """Yields what keeps columns out of `*` and `alias.*`.

        Args:
            hidden: The names of the columns.
        """
        names = ", ".join(hidden)
        for item in self.items:
            after = star(item, self.row)
            if after is None:
                continue
            if item.peek(after).word == "EXCEPT" and item.peek(after + 1).operator == "(":
                end = item.peek(after + 1).end
                yield Span(end, end), f"{names}, "
            else:
                end = item.peek(after - 1).end
                yield Span(end, end), f" EXCEPT ({names})"

    def names(self, calls: Sequence[ModelCall]) -> Iterator[str]:
        """Yields what stands behind each call to name its column as BigQuery would.

        Args:
            calls: Calls in the block.
        """
        anonymous = [
            item.span
            for item in self.items
            if is_anonymous(item)
            or (item.peek().text.startswith(HIDDEN) and _NUMBERED.fullmatch(item.tokens[-1].text))
        ]
        for call in calls:
            is_item = call.span in anonymous and not self.values
            yield f" AS f{anonymous.index(call.span)}_" if is_item else ""


def block_of(layout: Layout, call: ModelCall) -> Block:
    """Returns the SELECT that a call stands in.

    Args:
        layout: The statement.
        call: A call of a scalar function.

    Raises:
        UnsupportedStatementError: There is none, or one that the local BigQuery can't run the call in.
    """
    index = layout.at(call.span.start)
    for scope in layout.around(index):
        top = list(layout.level(scope))
        start = max((at for at in top if at < index and layout.word(at) == "SELECT"), default=None)
        if start is not None:
            break
    else:
        raise refused(layout, call, "outside of a SELECT")
    end = next((at for at in top if at > index and _is_set_operator(layout, at)), scope.stop)
    behind_another = any(at < start and _is_set_operator(layout, at) for at in top)
    top = [at for at in top if start < at < end]
    if any(layout.operator(at) == "|>" for at in top):
        raise refused(layout, call, "in pipe syntax")
    clauses = _clauses(layout, top)
    if "GROUP" in clauses or "HAVING" in clauses:
        raise refused(layout, call, "in a SELECT with GROUP BY or HAVING")
    marks = sorted(clauses.values())
    list_end = clauses.get("FROM", marks[0] if marks else end)

    def clause(word: str) -> range:
        if word not in clauses:
            return range(0)
        return range(clauses[word] + 1, next((mark for mark in marks if mark > clauses[word]), end))

    if behind_another and index in clause("ORDER"):
        raise refused(layout, call, "in ORDER BY behind UNION, INTERSECT or EXCEPT")
    first, values = _modifiers(layout, start)
    items = Cursor(layout.sql, layout.tokens[first:list_end]).items()
    block = Block(
        span=layout.span(range(start, end)),
        items=tuple(item for item in items if item.tokens),  # A comma may stand behind the last one.
        source=_source(layout, call, clause("FROM")) if "FROM" in clauses else None,
        conjuncts=tuple(conjuncts(layout, clause("WHERE"))) if "WHERE" in clauses else (),
        indexes=range(start, end),
        where=clause("WHERE"),
        order=clause("ORDER"),
        nested=scope.start > 0 and not _is_table(layout, scope.start - 1),
        values=values,
    )
    check_place(layout, block, call)
    return block


def _is_set_operator(layout: Layout, index: int) -> bool:
    word = layout.word(index)
    return word in {"UNION", "INTERSECT"} or (
        word == "EXCEPT" and layout.word(index + 1) in {"ALL", "DISTINCT"}
    )


def _is_table(layout: Layout, opening: int) -> bool:
    """Tells a subquery that gives a table from one in an expression, by what stands before its bracket."""
    word, operator = layout.word(opening - 1), layout.operator(opening - 1)
    is_name = not operator and word not in RESERVED
    return word in _BEFORE_TABLES or operator in {"(", ")"} or is_name


def _clauses(layout: Layout, top: Sequence[int]) -> dict[str, int]:
    found: dict[str, int] = {}
    for at in top:
        word = layout.word(at)
        is_clause = word in _BEHIND or word == "WHERE"
        # `a IS DISTINCT FROM b` is a comparison.
        is_clause = is_clause or (word == "FROM" and layout.word(at - 1) != "DISTINCT")
        if is_clause:
            found.setdefault(word, at)
    return found


def _modifiers(layout: Layout, select: int) -> tuple[int, bool]:
    first = select + 1
    values = layout.word(first) == "AS"
    if values:
        first += 2
    return first + (layout.word(first) in {"ALL", "DISTINCT"}), values


def _source(layout: Layout, call: ModelCall, clause: range) -> Source:
    refusal = refused(layout, call, "in a SELECT over anything but one table or one subquery")
    cursor = Cursor(layout.sql, layout.tokens[clause.start : clause.stop])
    name: str | None = None
    element = cursor.peek().word == "UNNEST"
    if cursor.peek().operator == "(":
        if cursor.group().peek().word not in {"SELECT", "WITH"}:
            raise refusal
    elif element or (cursor.peek().word not in RESERVED and not cursor.at_end):
        name = None if element else identifier(cursor.path()[-1])
        if element:
            cursor.next()
        if cursor.peek().operator == "(":
            cursor.group()
            name = None
    else:
        raise refusal
    cursor.accept("AS")
    if cursor.peek().kind in {Kind.WORD, Kind.QUOTED} and cursor.peek().word not in RESERVED:
        name = cursor.next().text
    if not cursor.at_end:
        raise refusal
    return Source(layout.span(clause), name, element)
