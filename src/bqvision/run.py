"""A run: every image asked once, every row kept.

Three tables do it (their SQL is in `bqvision.sql`): the object table lists the images, the results table is the
ledger of what was answered, and the work table freezes what is asked now and cuts it into batches
(`bqvision.claims`). Each batch is one job that appends to the ledger as a whole, under an id that any process
computes alike (`bqvision.batches`). What had no answer for a passing reason is asked again in rounds
(`bqvision.rounds`), as far as the caller's limits allow (`bqvision.tally`).
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Generic, Unpack

from typing_extensions import override

from bqvision import _rest, claims
from bqvision._text import plural
from bqvision.errors import RunError
from bqvision.limits import Stop, StopReason
from bqvision.records import Outcome
from bqvision.report import RunReport
from bqvision.rounds import Rounds
from bqvision.schema import R
from bqvision.sql.datasets import TEMPORARY
from bqvision.sql.pending import UNANSWERED

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from bqvision.analysis import Analysis
    from bqvision.errors import PartialReadError
    from bqvision.limits import RunOptions
    from bqvision.plan import Plan, Planned

_log: Final = logging.getLogger("bqvision.run")

_UPDATES_AT_ONCE: Final = 4
_UPDATE_PAUSE_S: Final = 2.5
"""BigQuery takes five updates of a table's metadata in ten seconds: https://docs.cloud.google.com/bigquery/quotas."""


class AnalysisRun(Generic[R]):
    """A run that has ended: iterate over it for one record per image, streamed from the results table by URI.

    Each iteration reads the table again, so a run can be iterated over more than once.
    """

    def __init__(self, plan: Plan[R], report: RunReport) -> None:
        self._plan = plan
        self._formatted: dict[str, str | None] = {}
        self.report = report
        """What the run did, and how its images stand."""

    @property
    def formatted(self) -> Mapping[str, str | None]:
        """The tables that `format` has made of it: the full name, and when, as BigQuery's REST API writes it."""
        return dict(self._formatted)

    @property
    def analysis(self) -> Analysis[R]:
        """What was asked."""
        return self._plan.analysis

    @property
    def table(self) -> str:
        """The results table, as ``project.dataset.table``."""
        return self.report.table

    def __iter__(self) -> Iterator[R]:
        return self._plan.records()

    def resume(self, error: PartialReadError) -> Iterator[R]:
        """Go on with an iteration that broke off, from the row after the last that was delivered.

        No job is run: the result is read on, which BigQuery keeps for about a day.

        Args:
            error: What broke it off.

        Raises:
            PartialReadError: It broke off again; resume from this error then.
            ReadError: No further row could be read.
        """
        return self._plan.resumed(error)

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
        target = self.analysis.dataset.table_name(into)
        self._plan.execute(self._plan.format(target, replace=replace))
        made = self._plan.service.get_table(target) or {}
        self._formatted[str(target)] = _rest.text(made, "creationTime")
        return str(target)

    def retry_failed(
        self, *, outcomes: Collection[Outcome] | None = None, **options: Unpack[RunOptions]
    ) -> AnalysisRun[R]:
        """Ask again about the images with one of some outcomes, as `Analysis.retry_failed` does.

        Args:
            outcomes: Which. Default: those that never were answers.
            **options: See `bqvision.RunOptions`. Default of the batch size: that of this run.
        """
        analysis = self._plan.analysis
        options.setdefault("batch_size", self._plan.limits.batch_size)
        if self._plan.limits.uris is not None:
            options.setdefault("uris", self._plan.limits.uris)
        if outcomes is None:
            return analysis.retry_failed(self.table, **options)
        return analysis.retry_failed(self.table, outcomes=outcomes, **options)

    @override
    def __repr__(self) -> str:
        return f"AnalysisRun({self.table!r}, {dict(self.report.outcomes)!r})"


def carry_out(plan: Plan[R]) -> AnalysisRun[R]:
    """Carry out a plan.

    Args:
        plan: What to ask, and where the answers go.

    Raises:
        RunError: It stopped since something is wrong that every further image would meet.
    """
    clock = plan.service.policy.clock
    started = clock()
    _prepare_ledger(plan)
    if plan.planned is not None:
        plan = _limited(plan, plan.planned)
    rounds = Rounds(plan)
    try:
        rounds.carry_out()
    except RunError as ended:
        ended.report = _report(plan, rounds, seconds=clock() - started)
        raise
    report = _report(plan, rounds, seconds=clock() - started)
    stop = report.stopped
    if stop is None:
        return AnalysisRun(plan, report)
    if stop.failure:
        error = RunError(
            stop.message, resource=report.table, reason=str(stop.reason), next_step=stop.next_step
        )
        error.report = report
        raise error
    # The caller's own limits are no news; what was left undone in spite of them is.
    level = logging.WARNING if stop.reason in {StopReason.ROUNDS, StopReason.TIMEOUT} else logging.INFO
    _log.log(level, "%s: stopped: %s", report.table, stop)
    return AnalysisRun(plan, report)


def _limited(plan: Plan[R], planned: Planned) -> Plan[R]:
    """Let a run ask about no more images than were planned, with those that have been answered since then."""
    pending = claims.survey(plan, plan.scope()).pending
    room = max(0, planned.asked - max(0, planned.pending - pending))
    return plan if pending <= room else replace(plan, limits=replace(plan.limits, max_images=room))


def _report(plan: Plan[R], rounds: Rounds, *, seconds: float) -> RunReport:
    tally = rounds.tally
    standing = list(plan.rows(plan.summary()))
    present = {Outcome(str(row["outcome"])): _count(row) for row in standing if not row["deleted"]}
    stop = tally.stop
    open_ = sum(present.get(outcome, 0) for outcome in UNANSWERED)
    if stop is None and open_:
        # Another run has asked about them in the meantime, or they are not among what this one was to ask about.
        stop = Stop(
            StopReason.ROUNDS,
            f"{plural(open_, 'image')} without an answer may be asked again",
            "Run it again later.",
        )
    if stop is not None and stop.reason is StopReason.IMAGES and plan.planned is not None:
        stop = Stop(
            stop.reason,
            f"all that was planned is done, {plural(plan.planned.asked, 'image')}",
            "Plan again for the others.",
        )
    return RunReport(
        table=str(plan.ledger),
        images=rounds.images,
        asked=tally.asked,
        calls=tally.calls,
        joined=tally.joined,
        refused=tally.refused,
        deleted=sum(_count(row) for row in standing if row["deleted"]),
        outcomes={outcome: present[outcome] for outcome in Outcome if outcome in present},
        rounds=tally.rounds,
        input_tokens=tally.input_tokens,
        output_tokens=tally.output_tokens,
        jobs=tuple(tally.jobs),
        joined_jobs=tuple(tally.joined_jobs),
        running=tuple(tally.running),
        stopped=stop,
        seconds=seconds,
    )


def _is_temporary(plan: Plan[R]) -> bool:
    """Whether the results are in a dataset that is not to outlive what it was made for."""
    dataset = plan.service.get_dataset(plan.ledger.in_dataset) or {}
    return TEMPORARY.items() <= _rest.mapping(dataset, "labels").items()


def _count(row: Mapping[str, object]) -> int:
    return _rest.count(row, "images")


def _prepare_ledger(plan: Plan[R]) -> None:
    """Make the results table, or make sure that the table there is one and has all columns.

    A table of an earlier version, or of another record, gets the columns that it lacks; none is ever dropped.
    """
    resource = plan.service.get_table(plan.ledger)
    if resource is None:
        plan.execute(plan.create_ledger())
        resource = plan.service.get_table(plan.ledger) or {}
    if _rest.text(resource, "expirationTime") is not None and not _is_temporary(plan):
        # It has the dataset's default. With it the answers would vanish, and all be paid for again.
        plan.execute(plan.keep_ledger())
    for number, column in enumerate(plan.missing_columns(resource)):
        if number >= _UPDATES_AT_ONCE:
            plan.service.policy.sleep(_UPDATE_PAUSE_S)
        plan.execute(plan.add_column(column))
