"""What the local BigQuery does first in a statement with model calls, and what the statement is after that.

Model calls are run one step at a time, innermost and first ones first: a step reads input rows, the model answers,
input and answers become a table, and the statement reads that table instead. So nothing but plain SQL is
left in the end, whatever calls were nested in what.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bqvision.local.statements.blocks import HIDDEN, Block, block_of
from bqvision.local.statements.layout import Layout
from bqvision.local.statements.nodes import QueryInput, TableInput
from bqvision.local.statements.placement import check_rows, refused
from bqvision.local.statements.select_list import name_of
from bqvision.local.statements.tokens import Span, UnsupportedStatementError, tokenize

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bqvision.local.statements.nodes import ModelCall, Query


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Calls that are run over the same rows.

    Attributes:
        calls: A call of a table function, or calls of scalar functions in one SELECT.
        columns: The column of the input that holds each scalar call's question, and that its answers shall get.
        source: The rows' table, or the query that gives them.
        nested: Whether the query may read columns of a query around it, and then fails.
        table_span: What the table with the answers takes the place of.
        table_words: What stands before and behind its name.
        replacements: What else is replaced.
    """

    calls: tuple[ModelCall, ...]
    columns: tuple[str, ...] = ()
    source: TableInput | QueryInput
    nested: bool = False
    table_span: Span
    table_words: tuple[str, str] = ("", "")
    replacements: Mapping[Span, str] = field(default_factory=dict, repr=False)

    def reading(self, table: str) -> Mapping[Span, str]:
        """Returns the replacements after which the statement reads the answers.

        Args:
            table: The name of the table with input and answers.
        """
        before, behind = self.table_words
        return {**self.replacements, self.table_span: f"{before}{table}{behind}"}


def next_step(query: Query) -> Step | None:
    """Returns what to run first; None when there is no call left.

    Args:
        query: A statement.

    Raises:
        UnsupportedStatementError: A call, of this step or a later one, stands where it can't be run.
    """
    if not query.model_calls:
        return None
    tokens = tokenize(query.sql)
    layout = Layout(query.sql, tuple(token for token in tokens if token.operator != ";"))
    kind = "" if query.target is None else query.target.kind
    if kind.endswith(("VIEW", "FUNCTION", "PROCEDURE")):
        call = query.model_calls[0]
        raise UnsupportedStatementError(f"{call.function} in {kind}", query.sql, call.span.start)
    blocks: dict[Span, tuple[Block, list[ModelCall]]] = {}
    tables: dict[Span, Step] = {}
    for call in query.model_calls:
        if call.source is not None:
            tables[call.span] = _table_step(layout, call, call.source)
        else:
            block = block_of(layout, call)
            blocks.setdefault(block.span, (block, []))[1].append(call)
    asked = {span: _asked(block, calls, query.model_calls) for span, (block, calls) in blocks.items()}
    for span, (block, _) in blocks.items():
        check_rows(layout, block, asked[span])
    # What stands in another, or before it, has its end before the other's.
    first = min((*tables, *blocks), key=lambda span: (span.end, -span.start))
    if first in tables:
        return tables[first]
    return _block_step(layout, blocks[first][0], asked[first], query.model_calls)


def _table_step(layout: Layout, call: ModelCall, source: TableInput | QueryInput) -> Step:
    place = layout.at(call.span.start)
    names = {token.text for token in layout.tokens if source.span.start <= token.start < source.span.end}
    if not names.isdisjoint(layout.recursive_tables(place)):
        raise refused(layout, call, "over the rows of a recursive table", "put it behind the recursion")
    if isinstance(source, QueryInput):
        source = QueryInput(_with_tables(layout, place, source.sql), source.span)
    elif len(source.path) == 1 and source.path[0].lower() in _tables_of_with(layout, place):
        text = layout.sql[source.span.start : source.span.end]
        source = QueryInput(_with_tables(layout, place, f"SELECT * FROM {text}"), source.span)
    return Step(calls=(call,), source=source, table_span=call.span)


def _asked(block: Block, calls: Sequence[ModelCall], every: Sequence[ModelCall]) -> tuple[ModelCall, ...]:
    """Returns the calls of a SELECT that are asked first."""
    innermost = [
        call for call in calls if not _holds(call.span, [other for other in every if other is not call])
    ]
    # Rows that WHERE drops are asked nothing else.
    filtering = [call for call in innermost if any(_within(call.span, term) for term in block.conjuncts)]
    return tuple(filtering or innermost or calls)


def _block_step(
    layout: Layout, block: Block, asked: tuple[ModelCall, ...], every: Sequence[ModelCall]
) -> Step:
    columns = _fresh(layout.sql, len(asked))
    done = [term for term in block.conjuncts if not _holds(term, every)]
    questions = ", ".join(
        f"{'' if call.question is None else call.question.sql} AS {name}"
        for call, name in zip(asked, columns, strict=True)
    )
    sql = layout.sql
    source = block.source
    query = f"SELECT {questions}"
    if source is not None:
        query = f"SELECT {source.columns}{questions} FROM {sql[source.span.start : source.span.end]}"
    if done:
        query += f" WHERE {' AND '.join(f'({sql[term.start : term.end]})' for term in done)}"
    replacements = dict.fromkeys(done, "TRUE")
    replacements |= block.stars(columns)
    for call, name, alias in zip(asked, columns, block.names(asked), strict=True):
        replacements[call.span] = name + alias
    if source is None:
        end = block.items[-1].span.end
        table_span, table_words = Span(end, end), (" FROM ", "")
    else:
        table_span, table_words = source.span, ("", source.naming)
    return Step(
        calls=asked,
        columns=columns,
        source=QueryInput(_with_tables(layout, block.indexes.start, query), block.span),
        nested=block.nested,
        table_span=table_span,
        table_words=table_words,
        replacements=replacements,
    )


def _with_tables(layout: Layout, place: int, query: str) -> str:
    """Puts the WITH clauses that a query can read in front of it."""
    for words, definitions in layout.tables_before(place):
        query = f"{words} {', '.join(definitions)} SELECT * FROM ({query})"
    return query


def _tables_of_with(layout: Layout, place: int) -> set[str]:
    """Returns, in lower case, the names of the tables that WITH defines before a place."""
    return {
        name_of(tokenize(definition)[0], definition)
        for _, definitions in layout.tables_before(place)
        for definition in definitions
    }


def _holds(span: Span, calls: Sequence[ModelCall]) -> bool:
    return any(_within(call.span, span) for call in calls)


def _within(inner: Span, outer: Span) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end


def _fresh(sql: str, count: int) -> tuple[str, ...]:
    """Returns names that a statement doesn't hold."""
    used = [int(number) for number in re.findall(rf"(?i){HIDDEN}(\d+)", sql)]
    return tuple(
        f"{HIDDEN}{number}" for number in range(1 + max(used, default=0), 1 + max(used, default=0) + count)
    )
