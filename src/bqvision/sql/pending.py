"""Which images are still to be asked about: the object table held against the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bqvision.errors import InvalidInputError
from bqvision.records import Outcome
from bqvision.sql.compose import SQL, Literal, Parameter

if TYPE_CHECKING:
    from bqvision.sql.compose import Composable, Composed, Statement
    from bqvision.sql.images import Images
    from bqvision.sql.names import TableName

__all__ = ["UNANSWERED", "Scope", "count_wanted", "images", "survey"]

UNANSWERED: Final = frozenset({Outcome.RETRYABLE, Outcome.QUOTA, Outcome.PERMISSION})
"""The outcomes that never were answers; all others are final."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What one claim may ask about."""

    source: Images
    """The images."""
    ledger: Composable
    """The results table, or what stands for it."""
    fingerprint: str
    """What is asked."""
    new: bool = True
    """Whether images that were never asked about are among it."""
    again: frozenset[Outcome] = UNANSWERED
    """The outcomes of images that are asked about again."""
    usual_limit: int | None = None
    """The output limit, in tokens, that images are asked about with, if it is known."""
    larger_limit: int | None = None
    """The one that a TRUNCATED answer is asked for again with, if it had a smaller one."""
    runs: tuple[str, ...] = ()
    """The claims whose images are left out, or, of a retry, are all that it takes up."""
    retry: bool = False
    """Whether only images of `runs` are asked about again."""

    def __post_init__(self) -> None:
        if not (self.new or self.again or self.larger_limit is not None):
            raise InvalidInputError("no image can be asked about: neither new ones nor any outcome is wanted")


def images(scope: Scope, *, told: bool = False) -> Composed:
    """Return the query for every image once, in its newest generation.

    Its columns are uri, generation, ref, content_type, size, attempt (the number of the next attempt, from 1),
    refusal (why the model would not take the file, or NULL), output_limit (the limit that it is asked with if not
    the usual one, or NULL) and pending (whether it is in the scope).

    Args:
        scope: What is to be asked about.
        told: Whether there are also outcome (what became of the last attempt, or NULL) and files (how many are shown
            in one question).
    """
    # Overlapping URIs may list an object twice; it is paid for once.
    return SQL("""\
SELECT
  image.uri, image.generation, image.ref, image.content_type, image.size,
  COALESCE(done.attempt, 0) + 1 AS attempt,
  {refusal} AS refusal,
  {limit} AS output_limit,
  COALESCE({wanted}, FALSE) AS pending{told}
FROM {source} AS image
LEFT JOIN (
  SELECT uri, generation, attempt, outcome, run_id, output_limit
  FROM {ledger}
  WHERE fingerprint = {fingerprint}
  QUALIFY ROW_NUMBER() OVER (PARTITION BY uri, generation ORDER BY attempt DESC, analysed_at DESC) = 1
) AS done
ON done.uri = image.uri AND done.generation = image.generation
WHERE TRUE
QUALIFY ROW_NUMBER() OVER (PARTITION BY image.uri ORDER BY image.generation DESC) = 1""").format(
        refusal=scope.source.refusal,
        limit=_limit(scope),
        wanted=_wanted(scope),
        told=SQL(",\ndone.outcome, {} AS files").format(scope.source.files) if told else SQL(""),
        source=scope.source.relation,
        ledger=scope.ledger,
        fingerprint=Parameter("fingerprint", "STRING", scope.fingerprint),
    )


def survey(scope: Scope) -> Statement:
    """Count all images, those to be asked about, and those to be refused unasked.

    Args:
        scope: What is to be asked about.

    Returns:
        The statement; its one row has the columns images, pending and refused.
    """
    return (
        SQL("""\
SELECT
  COUNT(*) AS images,
  COUNTIF(pending AND refusal IS NULL) AS pending,
  COUNTIF(pending AND refusal IS NOT NULL) AS refused
FROM (
  {images}
)""")
        .format(images=images(scope))
        .statement("survey")
    )


def count_wanted(work: TableName, *, scope: Scope, run_id: str, batches: tuple[int, ...]) -> Statement:
    """Count the images of some batches of a work table, and those that are in a scope.

    Args:
        work: The work table.
        scope: What may be asked about.
        run_id: The claim.
        batches: The batches' numbers.

    Returns:
        The statement; its one row has the columns images and wanted.
    """
    return (
        SQL("""\
SELECT COUNT(*) AS images, COUNTIF(COALESCE(now.pending, FALSE)) AS wanted
FROM {work} AS image
LEFT JOIN (
  {images}
) AS now
ON now.uri = image.uri AND now.generation = image.generation
WHERE image.run_id = {run_id} AND image.batch IN UNNEST({batches})""")
        .format(
            work=work,
            images=images(scope),
            run_id=Parameter("run_id", "STRING", run_id),
            batches=Parameter("batches", "ARRAY<INT64>", batches),
        )
        .statement("count_wanted")
    )


def _limit(scope: Scope) -> Composable:
    """The limit to ask with: the larger one for what was cut; what was to be asked with it once keeps it."""
    arms: list[Composable] = []
    if scope.larger_limit is not None:
        arms.append(SQL("WHEN done.outcome = 'TRUNCATED' THEN {}").format(Literal(scope.larger_limit)))
    if scope.usual_limit is not None:
        arms.append(
            SQL("WHEN done.outcome IN UNNEST({}) AND done.output_limit > {} THEN done.output_limit").format(
                Literal(sorted(outcome.value for outcome in UNANSWERED)), Literal(scope.usual_limit)
            )
        )
    if not arms:
        return SQL("CAST(NULL AS INT64)")
    return SQL("CASE {} END").format(SQL(" ").join(arms))


def _wanted(scope: Scope) -> Composable:
    again: list[Composable] = []
    if scope.again:
        names = tuple(sorted(outcome.value for outcome in scope.again))
        again.append(SQL("done.outcome IN UNNEST({})").format(Parameter("again", "ARRAY<STRING>", names)))
    if scope.larger_limit is not None:
        again.append(
            SQL("(done.outcome = 'TRUNCATED' AND COALESCE(done.output_limit, 0) < {})").format(
                Literal(scope.larger_limit)
            )
        )
    wanted: list[Composable] = [SQL("done.uri IS NULL")] if scope.new else []
    if again:
        asked = SQL("({})").format(SQL(" OR ").join(again))
        if scope.runs or scope.retry:
            runs = Parameter("runs", "ARRAY<STRING>", scope.runs)
            which = SQL("IN") if scope.retry else SQL("NOT IN")
            asked = SQL("({} AND COALESCE(done.run_id, '') {} UNNEST({}))").format(asked, which, runs)
        wanted.append(asked)
    either = SQL(" OR ").join(wanted)
    unchanged = scope.source.unchanged
    return either if unchanged is None else SQL("({}) AND {}").format(either, unchanged)
