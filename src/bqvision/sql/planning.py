"""What a run would do, counted before it is paid for: nothing is written, and the ledger need not be there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bqvision.sql.compose import SQL, Identifier, Literal, Parameter
from bqvision.sql.pending import images

if TYPE_CHECKING:
    from collections.abc import Collection

    from bqvision.sql.compose import Composable, Composed, Statement
    from bqvision.sql.names import TableName
    from bqvision.sql.pending import Scope

__all__ = ["ledger_as_it_is", "survey_plan"]

EXAMPLES: Final = 3
"""URIs that are named for each reason."""

_STRING: Final = SQL("CAST(NULL AS STRING) AS {}")
_INT64: Final = SQL("CAST(NULL AS INT64) AS {}")
_READ: Final = {
    "uri": _STRING,
    "generation": _INT64,
    "fingerprint": _STRING,
    "run_id": _STRING,
    "attempt": _INT64,
    "outcome": _STRING,
    "input_tokens": _INT64,
    "output_tokens": _INT64,
    "output_limit": _INT64,
    "analysed_at": SQL("CAST(NULL AS TIMESTAMP) AS {}"),
}
"""The columns of the ledger that are read."""


def ledger_as_it_is(ledger: TableName, *, missing: Collection[str] | None) -> Composable:
    """Return what stands for a ledger that is not made or mended before the run itself.

    Args:
        ledger: The table.
        missing: The columns that it lacks, being of an earlier version; None if there is no such table.
    """
    if missing is None:
        return _SELECT.format(SQL(",\n").join(_nulls(_READ)), SQL("LIMIT 0"))
    absent = _nulls(missing)
    if not absent:
        return ledger
    return _SELECT.format(SQL(",\n").join([SQL("*"), *absent]), SQL("FROM {}").format(ledger))


_SELECT: Final = SQL("""\
(
  SELECT
    {}
  {}
)""")


def _nulls(columns: Collection[str]) -> list[Composed]:
    return [null.format(Identifier(name)) for name, null in _READ.items() if name in columns]


def survey_plan(scope: Scope) -> Statement:
    """Count every image by what a run would do with it, and sum up what earlier calls of the same question took.

    Args:
        scope: What is to be asked about; its ledger is one of `ledger_as_it_is`.

    Returns:
        The statement. Its columns are planned_at (now), input_calls, input_tokens, output_calls and output_tokens
        (the calls with such a count, and the sum of it), alike in all rows; and, all NULL in the one row of an object
        table without images, pending, refusal, outcome, larger (whether it is asked with another output limit than
        the usual one), images, files, bytes and examples (the first URIs).
    """
    fingerprint = Parameter("fingerprint", "STRING", scope.fingerprint)
    # BigQuery wants an outer join to be on an equality of columns.
    return (
        SQL("""\
SELECT
  asked.planned_at, asked.input_calls, asked.input_tokens, asked.output_calls, asked.output_tokens,
  part.pending, part.refusal, part.outcome, part.larger, part.images, part.files, part.bytes, part.examples
FROM (
  SELECT
    {fingerprint} AS question,
    CURRENT_TIMESTAMP() AS planned_at,
    COUNT(input_tokens) AS input_calls,
    SUM(input_tokens) AS input_tokens,
    COUNT(output_tokens) AS output_calls,
    SUM(output_tokens) AS output_tokens
  FROM {ledger} AS called
  WHERE fingerprint = {fingerprint}
) AS asked
LEFT JOIN (
  SELECT
    {fingerprint} AS question, pending, refusal, outcome, output_limit IS NOT NULL AS larger,
    COUNT(*) AS images,
    SUM(files) AS files,
    SUM(size) AS bytes,
    ARRAY_AGG(uri ORDER BY uri LIMIT {examples}) AS examples
  FROM (
    {images}
  )
  GROUP BY pending, refusal, outcome, larger
) AS part
ON part.question = asked.question
ORDER BY part.pending, part.refusal, part.outcome, part.larger""")
        .format(
            fingerprint=fingerprint,
            ledger=scope.ledger,
            examples=Literal(EXAMPLES),
            images=images(scope, told=True),
        )
        .statement("survey_plan")
    )
