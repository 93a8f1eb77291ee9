"""The batches of one claim: some in flight at once, each one job, each counted when it is done."""

from __future__ import annotations

import logging
import signal
import threading
from collections import deque
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bqvision import _rest, claims
from bqvision._jobs import Slowing
from bqvision._text import plural
from bqvision.errors import (
    BqvisionError,
    IntegrityError,
    InvalidQueryError,
    JobFailedError,
    NotFoundError,
)
from bqvision.limits import Stop, StopReason

if TYPE_CHECKING:
    from types import FrameType

    from bqvision._jobs import FinishedJob, RunningJob
    from bqvision.claims import Batch, Claim
    from bqvision.plan import Plan
    from bqvision.schema import R
    from bqvision.tally import Tally

_log: Final = logging.getLogger("bqvision.run")

_DAY_S: Final = 86_400


@dataclass(frozen=True, slots=True)
class _Flight:
    """A batch whose job is under way."""

    batch: Batch
    job: RunningJob


@dataclass(frozen=True, slots=True)
class Asked:
    """How far a claim came."""

    done: bool
    """Whether all of it was asked about; if not, and the tally has no stop, its work table has gone."""
    beyond_first: bool
    """Whether a batch after the first was begun."""


def ask(plan: Plan[R], claim: Claim, tally: Tally, *, deadline: float, retry: bool) -> Asked:
    """Ask about the batches of a claim, until all are done or the tally says to stop.

    The first batch goes alone: what is wrong with all of them shows there, and with many images it is one image.

    Args:
        plan: The run.
        claim: The claim.
        tally: What is counted; its ``stop`` says why not all is done.
        deadline: When to begin nothing more, by the policy's clock.
        retry: Whether the claim takes up images that this run has asked about already.

    Returns:
        How far it came.

    Raises:
        JobError: A job did not do its work; others may go on, and are named in a note.
        ServiceError: BigQuery refused, or could not be reached.
    """
    return _Asking(plan, claim, tally, deadline=deadline, retry=retry).run()


class _GoneError(Exception):
    """The claim's images can not be found any more: another run has replaced or retired it."""


class _Asking:
    def __init__(self, plan: Plan[R], claim: Claim, tally: Tally, *, deadline: float, retry: bool) -> None:
        self._plan = plan
        self._claim = claim
        self._tally = tally
        self._deadline = deadline
        self._retry = retry
        self._waiting = deque(claim.waiting)
        self._begun = sum(not batch.refused and batch.job_id is not None for batch in claim.batches)
        self._extended = plan.service.policy.clock()
        self._flights: list[_Flight] = []
        self._alone = True
        self._gone = False

    def run(self) -> Asked:
        slowing = Slowing(self._plan.service.policy)
        with _sigterm_as_exit():
            try:
                while self._flights or (self._waiting and self._may_begin()):
                    self._begin()
                    if self._land():
                        slowing.restart()
                    elif self._timed_out():
                        break
                    elif self._flights:
                        slowing.pause(self._deadline - self._plan.service.policy.clock())
            except BaseException as error:
                self._explain(error)
                self._leave(error)
                raise
        self._tally.running += self._names()
        return Asked(done=not self._waiting and not self._flights, beyond_first=self._begun > 1)

    def _may_begin(self) -> bool:
        return self._tally.stop is None and not self._gone

    def _timed_out(self) -> bool:
        if self._plan.service.policy.clock() < self._deadline:
            return False
        self._tally.stop = self._tally.stop or Stop(
            StopReason.TIMEOUT,
            f"the timeout of {self._plan.limits.timeout:g} seconds is over"
            + (f"; what goes on: {', '.join(self._names())}" if self._flights else ""),
            "Everything paid for is kept: run it again to join the jobs in flight and go on.",
        )
        return True

    def _begin(self) -> None:
        """Begin as many batches as may be in flight."""
        most = self._plan.limits.max_concurrent_jobs
        while self._waiting and self._may_begin() and len(self._flights) < most and not self._timed_out():
            if self._alone and self._flights:
                return
            batch = self._waiting[0]
            if not batch.refused:
                in_flight = sum(flight.batch.images for flight in self._flights if not flight.batch.refused)
                admitted = self._tally.admits(batch, in_flight, retry=self._retry)
                if isinstance(admitted, Stop):
                    self._tally.stop = admitted
                    return
                if not admitted:
                    return
            self._send(batch)

    def _send(self, batch: Batch) -> None:
        flight = _Flight(batch, claims.job_of(self._plan, self._claim, batch))
        self._flights.append(flight)
        self._waiting.popleft()
        self._begun += not batch.refused
        with self._unless_gone(flight):
            self._keep_claim()
            flight.job.send()

    def _keep_claim(self) -> None:
        """Put off the end of the work table once a day, so that it does not vanish under a long run."""
        now = self._plan.service.policy.clock()
        if now - self._extended > _DAY_S:
            self._extended = now
            self._plan.execute(self._plan.extend_work())

    def _land(self) -> bool:
        """Count the batches that are done; say whether there was one."""
        landed = False
        for flight in tuple(self._flights):
            with self._unless_gone(flight):
                done = flight.job.look()
                if done is not None:
                    self._count(flight.batch, done)
                    self._flights.remove(flight)
                    landed = True
        return landed

    @contextmanager
    def _unless_gone(self, flight: _Flight) -> Generator[None]:
        """Take it that a work table that is no longer there ends the claim, and nothing worse."""
        try:
            yield
        except (NotFoundError, _GoneError) as error:
            if isinstance(error, NotFoundError) and claims.present(self._plan, self._claim):
                raise
            self._gone = True
            self._flights.remove(flight)
            self._waiting.append(flight.batch)

    def _count(self, batch: Batch, done: FinishedJob) -> None:
        tally, run_id = self._tally, self._claim.run_id or ""
        rows = list(self._plan.rows(self._plan.count_outcomes(run_id=run_id, job_id=done.job_id)))
        written = sum(_rest.count(row, "images") for row in rows)
        if written != batch.images:
            if written == 0 and not claims.stands(self._plan, self._claim):
                raise _GoneError
            raise IntegrityError(
                f"a job wrote {plural(written, 'row')} for {plural(batch.images, 'image')}",
                statement=done.statement,
                resource=str(self._plan.ledger),
                job_id=done.job_id,
                location=done.location,
                next_step="Run it again: what is missing is asked about, and nothing else.",
            )
        if batch.refused:
            tally.refused += batch.images
            return
        self._alone = False
        (tally.joined_jobs if done.joined else tally.jobs).append(done.job_id)
        failed = sum(_rest.count(row, "failed") for row in rows)
        if done.failed_rows is not None and done.failed_rows != failed:
            _log.warning(
                "job %s: BigQuery counts %d failed rows, the results table has %d",
                done.job_id,
                done.failed_rows,
                failed,
            )
        tally.add(batch, rows, joined=done.joined, retry=self._retry)
        _log.info(
            "%s: %s done, %d in flight, %d to begin",
            self._plan.ledger,
            done.job_id,
            len(self._flights) - 1,
            len(self._waiting),
        )

    def _names(self) -> list[str]:
        return [flight.job.about.job_id or "" for flight in self._flights]

    def _explain(self, error: BaseException) -> None:
        """Say what to do about a job that may have failed since all of its rows did, for want of a status."""
        function = self._plan.analysis.arguments.declared
        if function.output.status is None and isinstance(error, InvalidQueryError | JobFailedError):
            error.next_step = (
                f"If no row of a job has an answer, {function.name} fails the job, and the next run pays for its "
                "images again: ask with generate_bool, which says why, or leave images out with uris=."
            )

    def _leave(self, error: BaseException) -> None:
        """Say which jobs go on; or cancel them, if that is wanted and this is an interruption."""
        self._flights = [flight for flight in self._flights if not flight.job.done]
        if not self._flights:
            return
        interrupted = not isinstance(error, Exception)
        told = self._cancelled() if interrupted and self._plan.limits.cancel_on_exit else {}
        notes = [f"{name} {note}" for name, note in told.items()]
        left = [name for name in self._names() if name not in told]
        if left:
            where = self._flights[0].job.about.location
            notes.append(
                f"Jobs that go on at {where}, if they were begun: {', '.join(left)}. Run it again to join them."
            )
        for note in notes:
            error.add_note(note)
            if interrupted:
                _log.warning("%s", note)

    def _cancelled(self) -> dict[str, str]:
        """Cancel the jobs that this run began, all at once, then see them end; say of each what came of it."""
        asked: dict[str, RunningJob] = {}
        told: dict[str, str] = {}
        for name, flight in zip(self._names(), self._flights, strict=True):
            if not flight.job.joined:
                try:
                    if flight.job.cancel():
                        asked[name] = flight.job
                except BqvisionError as error:
                    told[name] = f"could not be cancelled: {error}"
        for name, job in asked.items():
            try:
                ended = job.ended()
            except BqvisionError:
                ended = False
            told[name] = "is cancelled." if ended else "was told to stop, and has not ended yet."
        return told


@contextmanager
def _sigterm_as_exit() -> Generator[None]:
    """Let SIGTERM end the run as an exception, so that the jobs in flight are named; a handler there is kept."""
    here = threading.current_thread() is threading.main_thread()
    if not here or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return

    def leave(number: int, _: FrameType | None) -> None:
        raise SystemExit(128 + number)

    signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
