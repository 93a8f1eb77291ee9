"""Statements on one batch of a work table: ask about it into the ledger, and count what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bqvision.records import Outcome
from bqvision.sql.answers import read_answers
from bqvision.sql.calls import call
from bqvision.sql.compose import SQL, Identifier, Literal, Parameter
from bqvision.sql.ledger import ledger_columns
from bqvision.sql.options import number
from bqvision.sql.outputs import read_output
from bqvision.sql.work import REFUSED_BATCH

if TYPE_CHECKING:
    from bqvision.schema import R, RecordSchema
    from bqvision.sql.arguments import Arguments
    from bqvision.sql.compose import Statement
    from bqvision.sql.names import ModelName, TableName

__all__ = ["count_outcomes", "insert_batch", "insert_refused"]

_MAX_BATCH: Final = 10**17
_KEEP: Final = ("uri", "generation", "object_table", "attempt")


def insert_refused(
    *, ledger: TableName, work: TableName, fingerprint: str, run_id: str, job_id: str
) -> Statement:
    """Write the images that are not asked about into the ledger; no model is called.

    Args:
        ledger: The ledger.
        work: The work table.
        fingerprint: What is asked.
        run_id: The claim.
        job_id: The job that this statement is sent as.

    Returns:
        The statement.
    """
    return (
        SQL("""\
INSERT INTO {ledger} (
  uri, generation, object_table, fingerprint, run_id, attempt, status, outcome, error, job_id, analysed_at
)
SELECT
  uri, generation, object_table, {fingerprint}, run_id, attempt,
  refusal, {outcome}, refusal, {job_id}, CURRENT_TIMESTAMP()
FROM {work}
WHERE batch = {refused} AND run_id = {run_id} AND NOT retired""")
        .format(
            ledger=ledger,
            fingerprint=Parameter("fingerprint", "STRING", fingerprint),
            run_id=Parameter("run_id", "STRING", run_id),
            outcome=Literal(Outcome.INPUT.value),
            job_id=Parameter("job_id", "STRING", job_id),
            work=work,
            refused=Literal(REFUSED_BATCH),
        )
        .statement("insert_refused")
    )


def insert_batch(
    *,
    ledger: TableName,
    work: TableName,
    batch: int,
    model: ModelName | None,
    arguments: Arguments,
    schema: RecordSchema[R],
    fingerprint: str,
    run_id: str,
    job_id: str,
) -> Statement:
    """Ask about every image of a batch and write each answer, or failure, into the ledger.

    The prompt is a query parameter, so that no message about the statement shows it. Without an output limit
    `RUN_MAX_OUTPUT_TOKENS` is asked for. If the work table is no longer the one that was claimed,
    or the claim is retired, nothing is asked.

    Args:
        ledger: The ledger.
        work: The work table.
        batch: The batch's number, from 0.
        model: The remote model, for the functions that take one.
        arguments: What to ask.
        schema: The record to read the answers into.
        fingerprint: What is asked, as it is known in the ledger.
        run_id: The claim.
        job_id: The job that this statement is sent as.

    Returns:
        The statement.

    Raises:
        InvalidInputError: The batch number is not legal, or there is a model and the function takes none.
    """
    number("batch", batch, 0, _MAX_BATCH, whole=True)
    run = Parameter("run_id", "STRING", run_id)
    calls = call(
        arguments,
        model=model,
        source=work,
        condition=SQL("batch = {} AND run_id = {} AND NOT retired").format(Literal(batch), run),
        keep=_KEEP,
        as_parameter=True,
    )
    output = read_output(
        calls,
        arguments.declared,
        keep=_KEEP,
        flattened=arguments.flatten_json_output is True,
        value=schema.fields[0].name,
    )
    limit = arguments.output_limit
    return (
        SQL("""\
INSERT INTO {ledger} (
  {columns}
)
SELECT
  uri, generation, object_table, {fingerprint}, {run_id}, attempt, status, outcome, error, text,
  finish_reason, input_tokens, output_tokens, {limit}, {job_id}, CURRENT_TIMESTAMP(),
  {fields}
FROM (
  {answers}
)""")
        .format(
            ledger=ledger,
            columns=SQL(", ").join(Identifier(column.name) for column in ledger_columns(schema)),
            fingerprint=Parameter("fingerprint", "STRING", fingerprint),
            run_id=run,
            limit=SQL("CAST(NULL AS INT64)") if limit is None else Literal(limit),
            job_id=Parameter("job_id", "STRING", job_id),
            fields=SQL(", ").join(Identifier(field.name) for field in schema.fields),
            answers=read_answers(output, schema, keep=_KEEP),
        )
        .statement("insert_batch")
    )


def count_outcomes(ledger: TableName, *, fingerprint: str, run_id: str, job_id: str) -> Statement:
    """Count what one job wrote.

    Args:
        ledger: The ledger.
        fingerprint: What was asked.
        run_id: The claim.
        job_id: The job.

    Returns:
        The statement; its columns are outcome, images, failed (rows with a status), input_tokens and output_tokens
        (NULL where none is known) and status (one of the outcome's status texts, or NULL).
    """
    return (
        SQL("""\
SELECT
  outcome,
  COUNT(*) AS images,
  COUNTIF(status != '') AS failed,
  SUM(input_tokens) AS input_tokens,
  SUM(output_tokens) AS output_tokens,
  MIN(NULLIF(status, '')) AS status
FROM {ledger}
WHERE fingerprint = {fingerprint} AND run_id = {run_id} AND job_id = {job_id}
GROUP BY outcome
ORDER BY outcome""")
        .format(
            ledger=ledger,
            fingerprint=Parameter("fingerprint", "STRING", fingerprint),
            run_id=Parameter("run_id", "STRING", run_id),
            # Not named job_id: that is what a statement calls the job that it runs as itself.
            job_id=Parameter("job", "STRING", job_id),
        )
        .statement("count_outcomes")
    )
