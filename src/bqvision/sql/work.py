"""Statements on the work table: the images that a run has claimed, cut into batches.

A run makes it, asks batch after batch of it into the ledger, and deletes it. Its name follows from the ledger
and from what is asked, and creating it is atomic, so two runs of the same share it and ask nothing twice.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bqvision.sql import clauses
from bqvision.sql.compose import SQL, Literal, Parameter
from bqvision.sql.names import TableName
from bqvision.sql.options import match, number
from bqvision.sql.pending import images

if TYPE_CHECKING:
    from bqvision.sql.compose import Composable, Composed, Statement
    from bqvision.sql.pending import Scope

__all__ = [
    "CANARY_BATCH",
    "REFUSED_BATCH",
    "WORK_COLUMNS",
    "Cut",
    "count_batches",
    "create_work_table",
    "drop_work_table",
    "extend_work_table",
    "retire_work_table",
    "work_table_name",
]

REFUSED_BATCH: Final = -1
"""The batch number of images that are not asked about, since the model would refuse them."""
CANARY_BATCH: Final = 0
"""The batch of one image that precedes all others, where there are more than a few images."""

WORK_COLUMNS: Final = frozenset({
    *("uri", "generation", "ref", "content_type", "size", "attempt", "refusal", "output_limit"),
    *("object_table", "billing_project", "run_id", "retired", "batch"),
})  # fmt: skip
"""The columns of a work table; `create_work_table` says what each holds."""

_FINGERPRINT: Final = re.compile(r"[0-9a-z]{12,128}")
_MAX_HOURS: Final = 24 * 365
_SHARD_IMAGES: Final = 1_000_000
"""What one worker sorts with ease. Each shard is numbered by itself, so that no worker has to sort all images."""
_SHARD_BATCHES: Final = 1_000_000
_LARGER: Final = 10**15
"""Batches that are asked with a larger output limit begin here."""
_CANARY_ABOVE: Final = 10
"""A run of so few images is one job."""
_HASH: Final = SQL("MOD(CAST(CONCAT('0x', SUBSTR(TO_HEX(MD5(uri)), 1, 12)) AS INT64), {})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """How pending images are cut into batches, chosen so that no step sorts more than a worker can hold."""

    batch_size: int
    shards: int = 1
    """Parts of the images, by a hash of the URI, that are numbered by themselves."""
    keep: int | None = None
    """The most images that are taken of each shard."""
    sample: tuple[int, int] | None = None
    """Only images whose hash modulo the first is below the second are looked at."""
    canary: bool = False
    """Whether the first image is a batch of its own."""

    @classmethod
    def of(cls, pending: int, *, batch_size: int, limit: int | None = None, canary: bool = True) -> Cut:
        """Choose the cut for a number of images.

        Args:
            pending: How many there are.
            batch_size: The most images in a batch.
            limit: How many to take at most.
            canary: Whether, of more than a few images, the first goes alone.

        Raises:
            InvalidInputError: A number is not legal.
        """
        number("batch_size", batch_size, 1, 10_000_000, whole=True)
        if limit is not None:
            number("max_images", limit, 1, 10**12, whole=True)
        taken = pending if limit is None else min(pending, limit)
        shards = max(1, -(-taken // _SHARD_IMAGES))
        sample = None
        if limit is not None and shards == 1 and pending > 4 * _SHARD_IMAGES:
            # A few images out of very many: twice as many as needed by their hash, then exactly so many.
            sample = (pending, 2 * limit + 1000)
        return cls(
            batch_size=batch_size,
            shards=shards,
            keep=None if limit is None else limit // shards,
            sample=sample,
            canary=canary and taken > _CANARY_ABOVE,
        )


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
    scope: Scope,
    cut: Cut,
    run_id: str,
    billing_project: str,
    expires_hours: int = 168,
) -> Statement:
    """Freeze what is still to be asked; that the table exists already is an error.

    Columns: uri, generation, ref, content_type, size, attempt (the number of this attempt, from 1), refusal
    (why the image is not asked about, or NULL), output_limit (the limit to ask with, or NULL for the usual one),
    object_table, billing_project, run_id, retired, batch.

    Args:
        work: The table to create.
        scope: What is to be asked about.
        cut: How it is cut into batches.
        run_id: Names this claim, and no other, in the work table and in the ledger.
        billing_project: Whose jobs ask about it; ids of jobs are known to one project only.
        expires_hours: When BigQuery deletes the table if nobody else does.

    Returns:
        The statement.

    Raises:
        InvalidInputError: A number is not legal.
    """
    pending: Composable = SQL("pending")
    if cut.sample is not None:
        modulus, below = cut.sample
        pending = SQL("pending AND {} < {}").format(_HASH.format(Literal(modulus)), Literal(below))
    larger = SQL("WHEN output_limit IS NOT NULL THEN {} + shard * {} + DIV(place, {})").format(
        Literal(_LARGER), Literal(_SHARD_BATCHES), Literal(cut.batch_size)
    )
    return (
        SQL("""\
{head}
CLUSTER BY batch
OPTIONS (
  {expiry}
)
AS (
  SELECT
    uri, generation, ref, content_type, size, attempt, refusal, output_limit,
    {source} AS object_table, {project} AS billing_project, {run_id} AS run_id, FALSE AS retired,
    CASE
      WHEN refusal IS NOT NULL THEN {refused}
      {larger}
      ELSE {first} + shard * {shard_batches} + DIV(place, {batch_size})
    END AS batch
  FROM (
    SELECT
      *,
      ROW_NUMBER() OVER (
        PARTITION BY refusal IS NULL, shard
        ORDER BY output_limit IS NOT NULL, attempt, uri
      ) - 1 AS place
    FROM (
      SELECT *, {shard} AS shard
      FROM (
        {images}
      )
      WHERE {pending}
    )
  )
{keep})""")
        .format(
            head=clauses.create("TABLE", work, replace=False, if_not_exists=False),
            expiry=_expiry(expires_hours),
            source=Literal(str(scope.source)),
            project=Literal(billing_project),
            run_id=Parameter("run_id", "STRING", run_id),
            refused=Literal(REFUSED_BATCH),
            larger=_CANARY.format(larger) if cut.canary else larger,
            shard_batches=Literal(_SHARD_BATCHES),
            batch_size=Literal(cut.batch_size),
            first=Literal(1 if cut.canary else 0),
            shard=SQL("0") if cut.shards == 1 else _HASH.format(Literal(cut.shards)),
            images=images(scope),
            pending=pending,
            keep=SQL("") if cut.keep is None else _KEEP.format(Literal(cut.keep)),
        )
        .statement("create_work_table")
    )


_CANARY: Final = SQL("WHEN shard = 0 AND place = 0 THEN 0\n{}")
_KEEP: Final = SQL("  WHERE refusal IS NOT NULL OR place < {}\n")


def _expiry(hours: int) -> Composed:
    number("expires_hours", hours, 1, _MAX_HOURS, whole=True)
    return SQL("expiration_timestamp = TIMESTAMP_ADD(CURRENT_TIMESTAMP(), INTERVAL {} HOUR)").format(
        Literal(hours)
    )


def extend_work_table(work: TableName, *, expires_hours: int = 168) -> Statement:
    """Put off the moment at which BigQuery deletes the table.

    Args:
        work: The work table.
        expires_hours: Hours from now.

    Returns:
        The statement.

    Raises:
        InvalidInputError: The number is not legal.
    """
    return (
        SQL("ALTER TABLE {}\nSET OPTIONS (\n  {}\n)")
        .format(work, _expiry(expires_hours))
        .statement("extend_work_table")
    )


def retire_work_table(work: TableName, *, run_id: str) -> Statement:
    """Let no job that begins from now on ask about anything of a claim.

    Args:
        work: The work table.
        run_id: The claim.

    Returns:
        The statement.
    """
    return (
        SQL("UPDATE {}\nSET retired = TRUE\nWHERE run_id = {} AND NOT retired")
        .format(work, Parameter("run_id", "STRING", run_id))
        .statement("retire_work_table")
    )


def count_batches(work: TableName, *, ledger: TableName, fingerprint: str) -> Statement:
    """Count the images of each batch, and say what of it is in the ledger already.

    Args:
        work: The work table.
        ledger: The ledger.
        fingerprint: What is asked.

    Returns:
        The statement; its columns are batch, run_id (the claim), billing_project, retired, output_limit (the limit to
        ask with, or NULL), images, job_id (the job that wrote the batch, or NULL), turned_away, retryable and cut (how
        many of its rows ended as PERMISSION or QUOTA, as RETRYABLE, as TRUNCATED) and overtaken (how many of the images
        another claim has asked about since, which must be none), by batch, `REFUSED_BATCH` first.
    """
    return (
        SQL("""\
SELECT
  image.batch, image.run_id, image.billing_project, image.retired, image.output_limit,
  COUNT(*) AS images,
  MAX(IF(done.run_id = image.run_id, done.job_id, NULL)) AS job_id,
  COUNTIF(done.run_id = image.run_id AND done.outcome IN UNNEST(['PERMISSION', 'QUOTA'])) AS turned_away,
  COUNTIF(done.run_id = image.run_id AND done.outcome = 'RETRYABLE') AS retryable,
  COUNTIF(done.run_id = image.run_id AND done.outcome = 'TRUNCATED') AS cut,
  COUNTIF(done.run_id != image.run_id) AS overtaken
FROM {work} AS image
LEFT JOIN (
  SELECT uri, generation, attempt, run_id, job_id, outcome
  FROM {ledger}
  WHERE fingerprint = {fingerprint}
) AS done
ON done.uri = image.uri AND done.generation = image.generation AND done.attempt >= image.attempt
GROUP BY image.batch, image.run_id, image.billing_project, image.retired, image.output_limit
ORDER BY image.batch""")
        .format(work=work, ledger=ledger, fingerprint=Parameter("fingerprint", "STRING", fingerprint))
        .statement("count_batches")
    )


def drop_work_table(work: TableName) -> Statement:
    """Delete the work table; a missing one is no error."""
    return clauses.drop("TABLE", work, if_exists=True).statement("drop_work_table")
