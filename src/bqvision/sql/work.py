"""Statements on the work table: what a run still has to ask, cut into batches.

A run makes it, asks batch after batch of it into the ledger, and deletes it. Its name follows from the ledger
and from what is asked, and creating it is atomic, so two runs of the same share it and ask nothing twice.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from bqvision.records import Outcome
from bqvision.sql import clauses
from bqvision.sql.answers import read_answers
from bqvision.sql.arguments import RUN_MAX_OUTPUT_TOKENS
from bqvision.sql.compose import SQL, Identifier, Literal, Parameter
from bqvision.sql.ledger import ledger_columns
from bqvision.sql.names import TableName
from bqvision.sql.options import match, number
from bqvision.sql.refusals import refusal

if TYPE_CHECKING:
    from collections.abc import Collection

    from bqvision.schema import R, RecordSchema
    from bqvision.sql.arguments import GenerateTextArguments
    from bqvision.sql.compose import Composed, Statement
    from bqvision.sql.names import ModelName

__all__ = [
    "REFUSED_BATCH",
    "UNANSWERED",
    "count_batches",
    "create_work_table",
    "drop_work_table",
    "insert_batch",
    "insert_refused",
    "work_table_name",
]

REFUSED_BATCH: Final = -1
"""The batch number of images that are not asked about, since the model would refuse them."""

UNANSWERED: Final = (Outcome.RETRYABLE, Outcome.QUOTA, Outcome.PERMISSION)
"""The outcomes that never were answers; all others are final."""

_LIMIT: Final = SQL("  WHERE refusal IS NOT NULL OR place < {}\n")
_FINGERPRINT: Final = re.compile(r"[0-9a-z]{12,128}")
_MAX_HOURS: Final = 24 * 365


def work_table_name(ledger: TableName, fingerprint: str) -> TableName:
    """Return the name of the work table for what is asked into a ledger.

    Args:
        ledger: The ledger.
        fingerprint: What is asked, as a hash in hexadecimal.
    """
    match(_FINGERPRINT, "fingerprint", fingerprint, "a hash of lower-case letters and digits")
    return TableName(ledger.project, ledger.dataset, f"{ledger.table}__work_{fingerprint[:12]}")


def create_work_table(
    work: TableName,
    *,
    source: TableName,
    ledger: TableName,
    fingerprint: str,
    batch_size: int,
    again: Collection[Outcome] = UNANSWERED,
    only_failed: bool = False,
    max_images: int | None = None,
    expires_hours: int = 72,
    if_not_exists: bool = True,
) -> Statement:
    """Freeze what is still to be asked.

    These are the object table's images without a final row in the ledger for this generation and fingerprint.
    Columns: uri, generation, ref, content_type, size, attempt (the number of this attempt, from 1), refusal
    (why the image is not asked about, or NULL), batch (from 0, by URI; `REFUSED_BATCH` for refused images).

    Args:
        work: The table to create.
        source: The object table.
        ledger: The ledger.
        fingerprint: What is asked.
        batch_size: The most images in a batch.
        again: The outcomes of images that are asked about again.
        only_failed: Whether images that were never asked about are left out.
        max_images: Ask about so many images at most; refused ones don't count.
        expires_hours: When BigQuery deletes the table if nobody else does.
        if_not_exists: Whether a work table that exists is left as it is, and not an error.

    Returns:
        The statement.

    Raises:
        InvalidInputError: A number is not legal.
    """
    number("batch_size", batch_size, 1, 10_000_000, whole=True)
    number("expires_hours", expires_hours, 1, _MAX_HOURS, whole=True)
    if max_images is not None:
        number("max_images", max_images, 1, 10**12, whole=True)
    return (
        SQL("""\
{head}
CLUSTER BY batch
OPTIONS (
  expiration_timestamp = TIMESTAMP_ADD(CURRENT_TIMESTAMP(), INTERVAL {hours} HOUR)
)
AS (
  SELECT
    uri, generation, ref, content_type, size, attempt, refusal,
    IF(refusal IS NULL, DIV(place, {batch_size}), {refused}) AS batch
  FROM (
    SELECT *, ROW_NUMBER() OVER (PARTITION BY refusal IS NULL ORDER BY uri) - 1 AS place
    FROM (
      {pending}
    )
  )
{limit})""")
        .format(
            head=clauses.create("TABLE", work, replace=False, if_not_exists=if_not_exists),
            hours=Literal(expires_hours),
            batch_size=Literal(batch_size),
            refused=Literal(REFUSED_BATCH),
            pending=_pending(source, ledger, fingerprint, again, only_failed=only_failed),
            limit=SQL("") if max_images is None else _LIMIT.format(Literal(max_images)),
        )
        .statement("create_work_table")
    )


def _pending(
    source: TableName,
    ledger: TableName,
    fingerprint: str,
    again: Collection[Outcome],
    *,
    only_failed: bool,
) -> Composed:
    # Overlapping URIs may list an object twice; it is paid for once.
    return SQL("""\
SELECT
  image.uri, image.generation, image.ref, image.content_type, image.size,
  COALESCE(done.attempt, 0) + 1 AS attempt,
  {refusal} AS refusal
FROM {source} AS image
LEFT JOIN (
  SELECT uri, generation, attempt, outcome
  FROM {ledger}
  WHERE fingerprint = {fingerprint}
  QUALIFY ROW_NUMBER() OVER (PARTITION BY uri, generation ORDER BY attempt DESC, analysed_at DESC) = 1
) AS done
ON done.uri = image.uri AND done.generation = image.generation
WHERE {never_asked}done.outcome IN UNNEST({again})
QUALIFY ROW_NUMBER() OVER (PARTITION BY image.uri ORDER BY image.generation DESC) = 1""").format(
        refusal=refusal(),
        never_asked=SQL("") if only_failed else SQL("done.uri IS NULL OR "),
        source=source,
        ledger=ledger,
        fingerprint=_fingerprint(fingerprint),
        again=Parameter("again", "ARRAY<STRING>", tuple(sorted(outcome.value for outcome in again))),
    )


def count_batches(work: TableName, *, ledger: TableName, run_id: str) -> Statement:
    """Count the images of each batch, and say which batches are in the ledger already.

    Args:
        work: The work table.
        ledger: The ledger.
        run_id: The run that the work table belongs to.

    Returns:
        The statement; its columns are batch, images and job_id (the job that wrote the batch, or NULL), by batch,
        `REFUSED_BATCH` first.
    """
    return (
        SQL("""\
SELECT image.batch, COUNT(*) AS images, MAX(done.job_id) AS job_id
FROM {work} AS image
LEFT JOIN {ledger} AS done
ON done.uri = image.uri AND done.run_id = {run_id}
GROUP BY image.batch
ORDER BY image.batch""")
        .format(work=work, ledger=ledger, run_id=Parameter("run_id", "STRING", run_id))
        .statement("count_batches")
    )


def insert_refused(
    *, ledger: TableName, work: TableName, fingerprint: str, run_id: str, job_id: str
) -> Statement:
    """Write the images that are not asked about into the ledger; no model is called.

    Args:
        ledger: The ledger.
        work: The work table.
        fingerprint: What is asked.
        run_id: The run.
        job_id: The job that this statement is sent as.

    Returns:
        The statement.
    """
    return (
        SQL("""\
INSERT INTO {ledger} (
  uri, generation, fingerprint, run_id, attempt, status, outcome, error, job_id, analysed_at
)
SELECT
  uri, generation, {fingerprint}, {run_id}, attempt,
  refusal, {outcome}, refusal, {job_id}, CURRENT_TIMESTAMP()
FROM {work}
WHERE batch = {refused}""")
        .format(
            ledger=ledger,
            fingerprint=_fingerprint(fingerprint),
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
    model: ModelName,
    arguments: GenerateTextArguments,
    schema: RecordSchema[R],
    fingerprint: str,
    run_id: str,
    job_id: str,
) -> Statement:
    """Ask about every image of a batch and write each answer, or failure, into the ledger.

    The prompt is a query parameter, so that no message about the statement shows it. Without an output limit
    `RUN_MAX_OUTPUT_TOKENS` is asked for.

    Args:
        ledger: The ledger.
        work: The work table.
        batch: The batch's number, from 0.
        model: The remote model.
        arguments: What to ask.
        schema: The record to read the answers into.
        fingerprint: What is asked, as it is known in the ledger.
        run_id: The run.
        job_id: The job that this statement is sent as.

    Returns:
        The statement.

    Raises:
        InvalidInputError: The batch number is not legal.
    """
    number("batch", batch, 0, 10**12, whole=True)
    flattened = arguments.flatten_json_output is True
    calls = SQL("""\
SELECT *
FROM ML.GENERATE_TEXT(
  MODEL {model},
  (
    SELECT uri, generation, attempt, ({prompt}, ref) AS prompt
    FROM {work}
    WHERE batch = {batch}
  ),
  STRUCT(
    {arguments}
  )
)""").format(
        model=model,
        prompt=Parameter("prompt", "STRING", arguments.prompt),
        work=work,
        batch=Literal(batch),
        arguments=arguments.fields(prompt=False, max_output_tokens=RUN_MAX_OUTPUT_TOKENS, flatten=False),
    )
    return (
        SQL("""\
INSERT INTO {ledger} (
  {columns}
)
SELECT
  uri, generation, {fingerprint}, {run_id}, attempt, status, outcome, error, text,
  finish_reason, input_tokens, output_tokens, {job_id}, CURRENT_TIMESTAMP(),
  {fields}
FROM (
  {answers}
)""")
        .format(
            ledger=ledger,
            columns=SQL(", ").join(Identifier(column.name) for column in ledger_columns(schema)),
            fingerprint=_fingerprint(fingerprint),
            run_id=Parameter("run_id", "STRING", run_id),
            job_id=Parameter("job_id", "STRING", job_id),
            fields=SQL(", ").join(Identifier(field.name) for field in schema.fields),
            answers=read_answers(calls, schema, keep=["uri", "generation", "attempt"], flattened=flattened),
        )
        .statement("insert_batch")
    )


def drop_work_table(work: TableName) -> Statement:
    """Delete the work table; a missing one is no error."""
    return clauses.drop("TABLE", work, if_exists=True).statement("drop_work_table")


def _fingerprint(fingerprint: str) -> Parameter:
    return Parameter("fingerprint", "STRING", fingerprint)
