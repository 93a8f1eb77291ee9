"""A model function's output as one form: what became of each row, in columns of their own.

The functions name their columns differently, and the response is the same in all: that of Gemini's
``generateContent``. `bqvision.outcomes` says where it holds what, and reads it in Python. A function that gives a
value gives it as if the model had said it in a JSON object, so that all answers are read alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bqvision import outcomes
from bqvision.outcomes import no_value
from bqvision.sql.compose import SQL, Composable, Composed, Identifier, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import LiteralString

    from bqvision.sql.functions import Function, Output

__all__ = ["read_output", "status_of"]

_TEXT_OF_PARTS: Final = SQL("""\
(
  SELECT STRING_AGG(JSON_VALUE(_part, '$.text'), '' ORDER BY _position)
  FROM UNNEST(JSON_QUERY_ARRAY(_said, {parts})) AS _part WITH OFFSET AS _position
  WHERE COALESCE(JSON_VALUE(_part, '$.thought'), '') != 'true'
)""")


def read_output(
    source: Composable,
    function: Function,
    *,
    output: Output | None = None,
    keep: Sequence[LiteralString],
    flattened: bool = False,
    value: str | None = None,
    has_status: bool = True,
) -> Composed:
    """Return the query for what became of each row.

    Args:
        source: A query or table expression with the columns of `keep` and of the function's output.
        function: The function.
        output: Where the source holds what, if it is not the function's call itself.
        keep: Columns of the source that pass through.
        flattened: Whether the source has the answer's text and not the whole response. Then finish reason and
            token counts are NULL.
        value: The record's field that the function's value is for, if it gives one.
        has_status: Whether the source has the function's column for the status; a table without it can be read too.

    Returns:
        A query with the columns of `keep`, then status ('' for success), text, finish_reason, input_tokens and
        output_tokens.
    """
    status = status_of(function) if output is None else _stored_status(output, has_status=has_status)
    output = function.output if output is None else output
    said = output.text if flattened else output.response
    columns: list[Composable] = [SQL("{} AS status").format(status)]
    if said is not None:
        columns.append(SQL("{} AS _said").format(SQL(said)))
    if output.value is not None and value is not None:
        columns.append(SQL("{} AS _value").format(_value(output.value, value)))
    read = dict(_UNKNOWN if flattened or output.response is None else _RESPONSE)
    if flattened:
        read["text"] = SQL("_said")
    if output.value is not None:
        # Where the value could not be had, what the model said instead is kept.
        read["text"] = (
            SQL("_value")
            if output.response is None
            else SQL("COALESCE(_value, {})").format(_RESPONSE["text"])
        )
    return SQL("""\
SELECT
  {keep}, status,
  {text} AS text,
  {finish_reason} AS finish_reason,
  {input_tokens} AS input_tokens,
  {output_tokens} AS output_tokens
FROM (
  SELECT {keep}, {columns}
  FROM (
    {source}
  )
)""").format(
        keep=SQL(", ").join(SQL(name) for name in keep),
        columns=SQL(", ").join(columns),
        source=source,
        **read,
    )


def status_of(function: Function) -> Composable:
    """Return the expression for the status of a row of a function's call, '' for success.

    Args:
        function: The function; of one without a status, a NULL is all that it says of a row that failed.
    """
    output = function.output
    if output.status is not None:
        return SQL("COALESCE({}, '')").format(SQL(output.status))
    return SQL("IF({} IS NULL, {}, '')").format(
        SQL(output.value or "answer"), Literal(no_value(function.name))
    )


def _stored_status(output: Output, *, has_status: bool) -> Composable:
    return SQL("COALESCE({}, '')").format(SQL(output.status or "status")) if has_status else SQL("''")


def _value(value: LiteralString, field: str) -> Composed:
    return SQL("IF({value} IS NULL, NULL, TO_JSON_STRING(STRUCT({value} AS {field})))").format(
        value=SQL(value), field=Identifier(field)
    )


def _first(paths: Sequence[str]) -> Composed:
    values = SQL(", ").join(SQL("JSON_VALUE(_said, {})").format(Literal(path)) for path in paths)
    return SQL("COALESCE({})").format(values)


def _tokens(paths: Sequence[str]) -> Composed:
    return SQL("SAFE_CAST(REGEXP_EXTRACT({}, {}) AS INT64)").format(_first(paths), Literal(outcomes.COUNT))


_RESPONSE: Final[dict[str, Composable]] = {
    "text": _TEXT_OF_PARTS.format(parts=Literal(outcomes.PARTS)),
    "finish_reason": _first(outcomes.FINISH_REASON),
    "input_tokens": _tokens(outcomes.INPUT_TOKENS),
    # Thinking is billed and limited like the answer itself; NULL + 0 would lose the one that is there.
    "output_tokens": SQL("""\
IF(
  COALESCE({answer}, {thinking}) IS NULL,
  NULL,
  COALESCE({answer}, 0) + COALESCE({thinking}, 0)
)""").format(answer=_tokens(outcomes.ANSWER_TOKENS), thinking=_tokens(outcomes.THINKING_TOKENS)),
}
_UNKNOWN: Final[dict[str, Composable]] = {
    "text": SQL("CAST(NULL AS STRING)"),
    "finish_reason": SQL("CAST(NULL AS STRING)"),
    "input_tokens": SQL("CAST(NULL AS INT64)"),
    "output_tokens": SQL("CAST(NULL AS INT64)"),
}
