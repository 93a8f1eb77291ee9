"""The rules of `bqvision.answers` and `bqvision.outcomes` as SQL: a model function's output to typed columns.

One query of steps, each of which adds columns to the one before and is read once, so that the model call at
its bottom is evaluated once. Names with a leading underscore are the steps' own; no record field has one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bqvision import answers, outcomes
from bqvision.sql.compose import SQL, Composable, Composed, Identifier, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import LiteralString

    from bqvision.schema import Field, FieldType, R, RecordSchema

_READ: Final = SQL("""\
WITH _output AS (
  SELECT {keep}, COALESCE(ml_generate_text_status, '') AS status, {said} AS _said
  FROM (
    {source}
  )
), _response AS (
  SELECT
    {keep}, status,
    {text} AS text,
    {finish_reason} AS finish_reason,
    {input_tokens} AS input_tokens,
    {output_tokens} AS output_tokens
  FROM _output
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

_TEXT_OF_PARTS: Final = SQL("""\
(
  SELECT STRING_AGG(JSON_VALUE(_part, '$.text'), '' ORDER BY _position)
  FROM UNNEST(JSON_QUERY_ARRAY(_said, {parts})) AS _part WITH OFFSET AS _position
  WHERE COALESCE(JSON_VALUE(_part, '$.thought'), '') != 'true'
)""")

_TYPED: Final[dict[FieldType, SQL]] = {
    "STRING": SQL("""\
IF(STARTS_WITH({raw}, '"') OR REGEXP_CONTAINS({raw}, {number}), NULLIF({value}, ''), NULL)"""),
    "INT64": SQL("""\
IF(REGEXP_CONTAINS({value}, {pattern}), SAFE_CAST(REGEXP_EXTRACT({value}, {integer}) AS INT64), NULL)"""),
    "FLOAT64": SQL("""\
IF(
  REGEXP_CONTAINS({value}, {pattern}) AND ABS(SAFE_CAST({value} AS FLOAT64)) < {limit},
  SAFE_CAST({value} AS FLOAT64),
  NULL
)"""),
    "BOOL": SQL("IF(REGEXP_CONTAINS({value}, {pattern}), LOWER({value}) = 'true', NULL)"),
}


def read_answers(
    source: Composable, schema: RecordSchema[R], *, keep: Sequence[LiteralString], flattened: bool
) -> Composed:
    """Return the query that reads a model function's output.

    Args:
        source: A query or table expression with the columns of `keep`, `ml_generate_text_status`, and
            `ml_generate_text_result` (JSON) or, if flattened, `ml_generate_text_llm_result` (STRING).
        schema: The record to read.
        keep: Columns of the source that pass through.
        flattened: Whether the source has the answer's text and not the whole response. Then finish reason and
            token counts are NULL.

    Returns:
        A query with the columns of `keep`, then status ('' for success), outcome, error, text, finish_reason,
        input_tokens, output_tokens, then the record's own.
    """
    response = _FLATTENED if flattened else _RESPONSE
    return _READ.format(
        keep=SQL(", ").join(SQL(name) for name in keep),
        source=source,
        said=SQL("ml_generate_text_llm_result") if flattened else SQL("ml_generate_text_result"),
        **response,
        noise=Literal(answers.NOISE),
        object=_pattern(answers.OBJECT),
        string=_pattern(answers.STRING),
        forbidden=_pattern(answers.FORBIDDEN),
        rules=SQL("\n").join(_rule(rule) for rule in outcomes.RULES),
        errors=SQL(" ").join(
            SQL("WHEN {} THEN {}").format(Literal(outcome.value), Literal(message))
            for outcome, message in outcomes.ERRORS.items()
        ),
        values=SQL(",\n").join(_value(field) for field in schema.fields),
        typed=SQL(",\n").join(_typed(field) for field in schema.fields),
        wrong=SQL(",\n").join(_wrong(field) for field in schema.fields),
        fields=SQL(",\n").join(_final(field) for field in schema.fields),
    )


def _pattern(pattern: str) -> Literal:
    return Literal(answers.re2(pattern))


def _rule(rule: outcomes.Rule) -> Composed:
    column = _COLUMNS[rule.column]
    outcome = Literal(rule.outcome.value)
    if rule.pattern is None:
        return SQL("WHEN {} IS NULL THEN {}").format(column, outcome)
    if not rule.pattern:
        return SQL("WHEN {} IS NOT NULL THEN {}").format(column, outcome)
    return SQL("WHEN REGEXP_CONTAINS({}, {}) THEN {}").format(column, _pattern(rule.pattern), outcome)


_COLUMNS: Final = {
    "status": SQL("status"),
    "finish_reason": SQL("finish_reason"),
    "object": SQL("_json"),
    "text": SQL("text"),
}


def _raw_name(field: Field) -> Identifier:
    return Identifier(f"_raw_{field.name}")


def _value_name(field: Field) -> Identifier:
    return Identifier(f"_value_{field.name}")


def _value(field: Field) -> Composed:
    return SQL("""\
TO_JSON_STRING(_json.{name}) AS {raw},
TRIM(REGEXP_REPLACE(JSON_VALUE(_json, {path}), {noise}, ' '), ' ') AS {value}""").format(
        name=Identifier(field.name),
        path=Literal(f"$.{field.name}"),
        noise=Literal(answers.NOISE),
        raw=_raw_name(field),
        value=_value_name(field),
    )


def _typed(field: Field) -> Composed:
    known: dict[str, Composable] = {
        "raw": _raw_name(field),
        "value": _value_name(field),
        "pattern": _pattern(answers.TYPE_PATTERNS[field.type]),
        "number": _pattern(answers.NUMBER_AS_TEXT),
        "integer": _pattern(answers.INTEGER_PART),
        "limit": Literal(answers.FLOAT_LIMIT),
    }
    template = _TYPED[field.type]
    used = {name: part for name, part in known.items() if "{" + name + "}" in template.template}
    return SQL("{} AS {}").format(template.format(**used), Identifier(field.name))


def _wrong(field: Field) -> Composed:
    # JSON null and a blank string are no value, and no error.
    test = SQL("{typed} IS NULL AND {raw} != 'null' AND COALESCE({value}, '?') != ''").format(
        typed=Identifier(field.name), raw=_raw_name(field), value=_value_name(field)
    )
    return SQL("IF({}, {}, NULL)").format(test, Literal(answers.wrong_type(field)))


def _final(field: Field) -> Composed:
    # A blocked or failed row may carry an answer all the same: it is kept as text, and not believed.
    return SQL("IF(outcome = 'OK', {name}, NULL) AS {name}").format(name=Identifier(field.name))


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
_FLATTENED: Final[dict[str, Composable]] = {
    "text": SQL("_said"),
    "finish_reason": SQL("CAST(NULL AS STRING)"),
    "input_tokens": SQL("CAST(NULL AS INT64)"),
    "output_tokens": SQL("CAST(NULL AS INT64)"),
}
