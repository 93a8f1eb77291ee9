"""The rules of `bqvision.answers` and `bqvision.outcomes` as SQL: a model function's output to typed columns.

One query of steps, each of which adds columns to the one before and is read once, so that the model call at
its bottom is evaluated once. Names with a leading underscore are the steps' own; no record field has one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bqvision import answers, outcomes
from bqvision.sql.compose import SQL, Composable, Composed, Identifier, Literal
from bqvision.sql.values import pattern, values_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import LiteralString

    from bqvision.schema import R, RecordSchema

_READ: Final = SQL("""\
WITH _response AS (
  {source}
), _found AS (
  SELECT *, REGEXP_EXTRACT(REGEXP_REPLACE(text, {noise}, ' '), {object}) AS _object
  FROM _response
), _parsed AS (
  SELECT
    *,
    IF(
      REGEXP_CONTAINS(REGEXP_REPLACE(_object, {string}, '""'), {forbidden}),
      NULL,
      SAFE.PARSE_JSON(_object, wide_number_mode => 'round')
    ) AS _json
  FROM _found
), _values AS (
  SELECT
    *,
    CASE
      {rules}
    END AS outcome,
    {values}
  FROM _parsed
), _typed AS (
  SELECT
    *,
    {typed}
  FROM _values
)
SELECT
  {keep}, status, outcome,
  CASE
    WHEN status != '' THEN status
    WHEN outcome = 'OK' THEN NULLIF(ARRAY_TO_STRING([
      {wrong}
    ], '; '), '')
    ELSE CONCAT(
      CASE outcome {errors} END,
      COALESCE(CONCAT(' (finish reason ', finish_reason, ')'), '')
    )
  END AS error,
  text, finish_reason, input_tokens, output_tokens,
  {fields}
FROM _typed""")


def read_answers(source: Composable, schema: RecordSchema[R], *, keep: Sequence[LiteralString]) -> Composed:
    """Return the query that reads what a model function said.

    Args:
        source: A query of `bqvision.sql.outputs`, with the columns of `keep`, status ('' for success), text,
            finish_reason, input_tokens and output_tokens.
        schema: The record to read.
        keep: Columns of the source that pass through.

    Returns:
        A query with the columns of `keep`, then status, outcome, error, text, finish_reason, input_tokens,
        output_tokens, then the record's own.
    """
    read = values_of(schema.fields)
    return _READ.format(
        keep=SQL(", ").join(SQL(name) for name in keep),
        source=source,
        noise=Literal(answers.NOISE),
        object=pattern(answers.OBJECT),
        string=pattern(answers.STRING),
        forbidden=pattern(answers.FORBIDDEN),
        rules=SQL("\n").join(_rule(rule) for rule in outcomes.RULES),
        errors=SQL(" ").join(
            SQL("WHEN {} THEN {}").format(Literal(outcome.value), Literal(message))
            for outcome, message in outcomes.ERRORS.items()
        ),
        values=SQL(",\n").join(column for value in read for column in value.columns()),
        typed=SQL(",\n").join(column for value in read for column in value.typed_columns()),
        wrong=SQL(",\n").join(error for value in read for error in value.errors()),
        fields=SQL(",\n").join(
            _final(field.name, value.value()) for field, value in zip(schema.fields, read, strict=True)
        ),
    )


def _rule(rule: outcomes.Rule) -> Composed:
    column = _COLUMNS[rule.column]
    outcome = Literal(rule.outcome.value)
    if rule.pattern is None:
        return SQL("WHEN {} IS NULL THEN {}").format(column, outcome)
    if not rule.pattern:
        return SQL("WHEN {} IS NOT NULL THEN {}").format(column, outcome)
    return SQL("WHEN REGEXP_CONTAINS({}, {}) THEN {}").format(column, pattern(rule.pattern), outcome)


_COLUMNS: Final = {
    "status": SQL("status"),
    "finish_reason": SQL("finish_reason"),
    "object": SQL("_json"),
    "text": SQL("text"),
}


def _final(name: str, value: Composable) -> Composed:
    # A blocked or failed row may carry an answer all the same: it is kept as text, and not believed.
    return SQL("IF(outcome = 'OK', {}, NULL) AS {}").format(value, Identifier(name))
