"""Where in a SELECT a scalar model call would be paid for, and then not give what BigQuery gives."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

from bqvision.local.statements.select_list import given_names, name_of
from bqvision.local.statements.tokens import Kind, Span, UnsupportedStatementError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from bqvision.local.statements.blocks import Block
    from bqvision.local.statements.layout import Layout
    from bqvision.local.statements.nodes import ModelCall

_ADVICE = "put it into a subquery of its own over one table"
_NO_VALUE_BEHIND = frozenset({"AS", "FROM", "JOIN", "TABLE"})
_AGGREGATES = re.compile(
    r"(?:ARRAY|STRING|ARRAY_CONCAT)_AGG|COUNT|COUNTIF|SUM|AVG|MIN|MAX|ANY_VALUE|MIN_BY|MAX_BY|GROUPING"
    r"|LOGICAL_(?:AND|OR)|BIT_(?:AND|OR|XOR)|APPROX_\w+|STDDEV\w*|VAR\w*|CORR|COVAR\w*"
)


def refused(layout: Layout, call: ModelCall, where: str, advice: str = _ADVICE) -> UnsupportedStatementError:
    """Returns the error that a call stands where it can't be run.

    Args:
        layout: The statement.
        call: The call.
        where: Where it stands.
        advice: What to do instead.
    """
    return UnsupportedStatementError(f"{call.function} {where}: {advice}", layout.sql, call.span.start)


def check_place(layout: Layout, block: Block, call: ModelCall) -> None:
    """Refuses a call by where it stands in a SELECT.

    Args:
        layout: The statement.
        block: The SELECT that it stands in.
        call: A call of a scalar function.

    Raises:
        UnsupportedStatementError: Its answers depend on more than one row of the input, or on a column that the
            SELECT itself makes.
    """
    index = layout.at(call.span.start)
    own = range(
        index, next(at for at in range(index, len(layout.tokens)) if layout.tokens[at].end == call.span.end)
    )
    if any(_aggregates(layout, own)):
        raise refused(layout, call, "with an aggregate function in its arguments")
    others = list(_aggregates(layout, block.indexes))
    if others and index not in block.where and not any(index in inside for inside in others):
        raise refused(layout, call, "beside an aggregate function")
    if index in block.order:
        made = set(given_names(block.items))
        used = {_name(layout, at) for at in own} & made
        if used:
            raise refused(layout, call, f"in ORDER BY, about {min(used)}, which the SELECT list gives")
    recursive = set(layout.recursive_tables(index))
    if any(layout.tokens[at].text in recursive and layout.operator(at - 1) != "." for at in block.indexes):
        raise refused(layout, call, "over the rows of a recursive table", "put it behind the recursion")


def check_rows(layout: Layout, block: Block, calls: Collection[ModelCall]) -> None:
    """Refuses a SELECT that names a whole row of its input, which has further columns once the calls are answered.

    Args:
        layout: The statement.
        block: The SELECT.
        calls: The calls in it that are asked next; their arguments are read before that.

    Raises:
        UnsupportedStatementError: It names one elsewhere.
    """
    alias = block.row
    if not alias:
        return
    outside = [*(call.span for call in calls), block.source.span if block.source is not None else Span(0, 0)]
    stars = {item.peek().start for item in block.items}
    for at in block.indexes:
        token = layout.tokens[at]
        if _name(layout, at) != alias or any(span.start <= token.start < span.end for span in outside):
            continue
        is_star = (
            layout.operator(at + 1) == "." and layout.operator(at + 2) == "*" and token.start not in stars
        )
        if is_star or _is_value(layout, at):
            reason = f"in a SELECT that names a whole row of {alias}"
            call = next(iter(calls))
            raise refused(
                layout,
                call,
                reason,
                f"name its columns; if {alias} is a column, give the table another alias",
            )


def _is_value(layout: Layout, index: int) -> bool:
    """Tells a name that is the whole of a value, and no alias, table, function, type or argument."""
    if layout.word(index - 1) in _NO_VALUE_BEHIND:
        return False
    after = layout.tokens[index + 1 : index + 2]
    return not after or (after[0].operator not in {".", "(", "=>"} and after[0].kind is not Kind.STRING)


def _name(layout: Layout, index: int) -> str:
    """Returns the name at an index, in lower case; '' if it is none, or the part of a dotted one."""
    return "" if layout.operator(index - 1) == "." else name_of(layout.tokens[index], layout.sql)


def _aggregates(layout: Layout, indexes: range) -> Iterator[range]:
    """Yields where aggregate functions are called in some tokens, but not in a subquery or over a window."""
    for at in indexes:
        if not _AGGREGATES.fullmatch(layout.word(at)) or layout.operator(at + 1) != "(":
            continue
        end = layout.closing(at + 1)
        scopes = itertools.takewhile(lambda scope: scope.start > indexes.start, layout.around(at))
        if layout.word(end + 1) != "OVER" and not any(
            layout.word(scope.start) in {"SELECT", "WITH"} for scope in scopes
        ):
            yield range(at, end)
