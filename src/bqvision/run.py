"""A run: every image asked once, every row kept.

Three tables do it (their SQL is in `bqvision.sql.ledger` and `bqvision.sql.work`): the object table lists the
images, the results table is the ledger of what was answered, and the work table freezes what is asked now and cuts
it into batches. Each batch is one job that appends to the ledger as a whole, under an id that any process computes
alike.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic

from typing_extensions import override

from bqvision import _rest
from bqvision.errors import AlreadyExistsError, InvalidInputError, NotFoundError
from bqvision.records import Outcome
from bqvision.schema import R
from bqvision.sql.ledger import missing_columns
from bqvision.sql.work import REFUSED_BATCH

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from bqvision.plan import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """What a run did, and how its images stand now; ``print`` shows it."""

    table: str
    """The results table, as ``project.dataset.table``."""
    images: int
    """Images in the object table when the run began."""
    asked: int
    """Images that this run's jobs asked the model about, each with one model call."""
    refused: int
    """Images of a type or size that Gemini does not take, put down as INPUT without asking, free of charge."""
    outcomes: Mapping[Outcome, int]
    """How many images stand at each outcome, by their latest row; earlier runs of this analysis included."""
    input_tokens: int
    """Tokens that went into this run's calls, where BigQuery said."""
    output_tokens: int
    """Tokens that came out of this run's calls, where BigQuery said; thinking included."""
    jobs: tuple[str, ...]
    """The ids of the jobs that called the model."""
    seconds: float
    """How long the run took."""

    @property
    def failed(self) -> int:
        """How many images have no record that can be used."""
        return sum(count for outcome, count in self.outcomes.items() if outcome is not Outcome.OK)

    @override
    def __str__(self) -> str:
        counts = [f"{count} {outcome}" for outcome, count in self.outcomes.items()]
        before = max(0, self.images - self.asked - self.refused)
        return (
            f"{_plural(self.images, 'image')}: {', '.join(counts) if counts else 'no results'}\n"
            f"asked {self.asked:,} in {_plural(len(self.jobs), 'job')}"
            f" ({before:,} answered before, {self.refused:,} refused unasked)\n"
            f"{self.input_tokens:,} tokens in, {self.output_tokens:,} out, {self.seconds:.1f} s\n"
            f"results in {self.table}"
        )


class AnalysisRun(Generic[R]):
    """A run that has ended: iterate over it for one record per image, streamed from the results table by URI.

    Each iteration reads the table again, so a run can be iterated over more than once.
    """

    def __init__(self, plan: Plan[R], report: RunReport) -> None:
        self._plan = plan
        self.report = report
        """What the run did, and how its images stand."""

    @property
    def table(self) -> str:
        """The results table, as ``project.dataset.table``."""
        return self.report.table

    def __iter__(self) -> Iterator[R]:
        return self._plan.records()

    def format(self, into: str, *, replace: bool = True) -> str:
        """Make a table with one row per image and one typed column per field of the record, in BigQuery.

        Args:
            into: The table to make.
            replace: Whether a table of that name is replaced.

        Returns:
            The new table's full name.

        Raises:
            AlreadyExistsError: The name is taken, and is not to be replaced.
            ServiceError: BigQuery refused, or could not be reached.
        """
        return self._plan.analysis.format(self.table, into, replace=replace)

    def retry_failed(self, *, outcomes: Collection[Outcome] | None = None) -> AnalysisRun[R]:
        """Ask again about the images with one of some outcomes, as `Analysis.retry_failed` does.

        Args:
            outcomes: Which. Default: those that never were answers.
        """
        analysis = self._plan.analysis
        if outcomes is None:
            return analysis.retry_failed(self.table, batch_size=self._plan.batch_size)
        return analysis.retry_failed(self.table, outcomes=outcomes, batch_size=self._plan.batch_size)

    @override
    def __repr__(self) -> str:
        return f"AnalysisRun({self.table!r}, {dict(self.report.outcomes)!r})"


@dataclass(slots=True)
class _Tally:
    """What the work tables of one run came to."""

    asked: int = 0
    refused: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    jobs: list[str] = field(default_factory=list[str])


def carry_out(plan: Plan[R]) -> AnalysisRun[R]:
    """Carry out a plan: one work table after the other until none was left behind by another run.

    Args:
        plan: What to ask, and where the answers go.
    """
    started = time.monotonic()
    images = plan.analysis.images.count()
    _prepare_ledger(plan)
    tally = _Tally()
    while _work_through(plan, tally):
        pass
    standing = {Outcome(str(row["outcome"])): _count(row, "images") for row in plan.rows(plan.summary())}
    report = RunReport(
        table=str(plan.ledger),
        images=images,
        asked=tally.asked,
        refused=tally.refused,
        outcomes={outcome: standing[outcome] for outcome in Outcome if outcome in standing},
        input_tokens=tally.input_tokens,
        output_tokens=tally.output_tokens,
        jobs=tuple(tally.jobs),
        seconds=time.monotonic() - started,
    )
    return AnalysisRun(plan, report)


def _work_through(plan: Plan[R], tally: _Tally) -> bool:
    """Claim what is to be asked and ask it; return whether there may be more: the claim was another run's."""
    adopted = False
    try:
        plan.execute(plan.create_work())
    except AlreadyExistsError:
        # Another run of this analysis is at work, or one died: its jobs are joined or finished, not repeated.
        adopted = True
    claim = _claim(plan)
    if claim is None:
        return True
    run_id = hashlib.sha256(claim.encode()).hexdigest()[:16]
    try:
        batches = list(plan.rows(plan.count_batches(run_id=run_id)))
    except NotFoundError:
        return True
    if claim != _claim(plan):
        # Another run finished this work table in the meantime; what was counted may be the next one's.
        return True
    for row in batches:
        batch, images = _count(row, "batch"), _count(row, "images")
        # What the ledger has is not asked again, even if this version, or a new server, would give it another job.
        job_id = _rest.text(row, "job_id")
        if job_id is None:
            job_id = plan.execute(plan.batch(batch, run_id=run_id), key=claim, attempts=1).job_id
        if batch == REFUSED_BATCH:
            tally.refused += images
        else:
            tally.asked += images
            tally.jobs.append(job_id)
    for row in plan.rows(plan.summary(run_id=run_id)):
        tally.input_tokens += _count(row, "input_tokens")
        tally.output_tokens += _count(row, "output_tokens")
    # One job for all runs that share the table: a late one must not drop the next table of that name.
    plan.execute(plan.drop_work(), key=claim)
    return adopted


def _claim(plan: Plan[R]) -> str | None:
    """Name the work table that is there, alike in every process, and no other table that had or gets its name."""
    resource = plan.service.get_table(plan.work_table)
    return None if resource is None else f"{plan.work_table} {_rest.text(resource, 'creationTime')}"


def _prepare_ledger(plan: Plan[R]) -> None:
    """Make the results table, or make sure that the table there is one and has the record's columns."""
    resource = plan.service.get_table(plan.ledger)
    if resource is None:
        plan.execute(plan.create_ledger())
        return
    try:
        missing = missing_columns(_rest.columns(resource), schema=plan.analysis.schema)
    except InvalidInputError as error:
        error.resource = str(plan.ledger)
        raise
    for column in missing:
        plan.execute(plan.add_column(column))


def _count(row: Mapping[str, object], column: str) -> int:
    value = row[column]
    return value if isinstance(value, int) else 0


def _plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
