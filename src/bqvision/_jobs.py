"""The throat: everything that bqvision sends to BigQuery goes through one `Service`.

google's own repetitions are off (``job_retry=None``, our policy as ``retry=``), since they run a statement
again under a new job id, and a statement may be paid for. Here a statement has one id; an answer that was
lost, another process or a crash end in the same job, which is adopted. Only a job that BigQuery itself
reports as failed for a passing reason is run again, under the id of the next attempt.
"""

from __future__ import annotations

import math
import secrets
from functools import cached_property
from typing import TYPE_CHECKING, Final, Literal

from bqvision._calls import About
from bqvision._connections import ConnectionCalls
from bqvision._job_calls import JobCalls
from bqvision._job_config import job_stem
from bqvision._metadata import Metadata
from bqvision._propagation import Propagation
from bqvision._rest_calls import RestCalls
from bqvision._results import read_rows
from bqvision._running import FinishedJob, RunningJob
from bqvision.errors import BqvisionError, JobTimeoutError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bqvision._rest import JsonValue
    from bqvision._retry import RetryPolicy
    from bqvision.sql.compose import Statement

__all__ = ["FinishedJob", "RunningJob", "Service", "Slowing"]

_FIRST_POLL_S: Final = 0.02
_SLOWEST_POLL_S: Final = 10.0
_POLL_GROWTH: Final = 1.15
"""So a job's end is noticed late by a seventh of its time at most; half of it would show in every run."""
_PAGE_ROWS: Final = 5_000


class Slowing:
    """Pauses between looks at jobs, less and less often.

    Args:
        policy: How to wait.
    """

    def __init__(self, policy: RetryPolicy) -> None:
        self._policy = policy
        self._pause_s = _FIRST_POLL_S

    def pause(self, at_most_s: float = math.inf) -> None:
        """Wait a little longer than before.

        Args:
            at_most_s: Seconds to wait at most.
        """
        self._policy.sleep(min(self._pause_s, max(0.0, at_most_s)))
        self._pause_s = min(self._pause_s * _POLL_GROWTH, _SLOWEST_POLL_S)

    def restart(self) -> None:
        """Look often again."""
        self._pause_s = _FIRST_POLL_S


class Service(Metadata):
    """The one way to BigQuery of one client; threads may share it.

    Args:
        bigquery: Gives google's client, and makes it at the first call.
        project: Gives the project that is billed.
        location: Where jobs run unless told otherwise.
        policy: How often and how long requests are repeated; also the clock, and how to wait for a job.
        labels: Labels for every job.
        request_timeout_s: Seconds that one request may take.
    """

    @property
    def policy(self) -> RetryPolicy:
        """How often and how long requests are repeated; also the clock, and how to wait."""
        return self._policy

    @property
    def project(self) -> str:
        """The project that is billed, and that knows the ids of its jobs."""
        return self._project()

    @property
    def connections(self) -> ConnectionCalls:
        """What is asked of the Connection API."""
        return ConnectionCalls(
            bigquery=self._bigquery, policy=self._policy, request_timeout_s=self._request_timeout_s
        )

    @cached_property
    def propagation(self) -> Propagation:
        """What was granted through this service, and may not be seen everywhere yet."""
        return Propagation(self._policy)

    def call_rest(
        self,
        method: Literal["GET", "POST"],
        path: str,
        host: str,
        body: Mapping[str, JsonValue] | None = None,
    ) -> Mapping[str, object]:
        """Send a request to another of Google's APIs; see `bqvision._rest_calls.RestCalls.call`."""
        calls = RestCalls(
            bigquery=self._bigquery, policy=self._policy, request_timeout_s=self._request_timeout_s
        )
        return calls.call(method, path, host, body)

    @property
    def _calls(self) -> JobCalls:
        return JobCalls(
            bigquery=self._bigquery,
            project=self._project,
            policy=self._policy,
            request_timeout_s=self._request_timeout_s,
        )

    def begin(
        self,
        statement: Statement,
        *,
        key: str | None = None,
        attempts: int = 3,
        location: str | None = None,
        labels: Mapping[str, str] | None = None,
    ) -> RunningJob:
        """Return a statement's job, not sent yet.

        Args:
            statement: What to run. A parameter ``job_id`` gets the id of the job, whatever its value.
            key: Makes the job's id: the same label with the same key is the same job, in any process.
                Jobs of it that had failed before this call are passed over. Default: a job of its own.
            attempts: How many jobs may fail for a passing reason in this call. 1 for statements that call a
                model: a job that failed may have paid for its calls.
            location: Where to run. Default: the service's location.
            labels: More labels for the job.
        """
        where = location if location is not None else self._location
        salt = key if key is not None else secrets.token_hex(16)
        return RunningJob(
            self._calls,
            self._policy,
            statement,
            stem=job_stem(statement.label, project=self._project(), location=where, key=salt),
            attempts=attempts,
            location=where,
            labels={**self._labels, **(labels if labels is not None else {})},
        )

    def execute(
        self,
        statement: Statement,
        *,
        key: str | None = None,
        attempts: int = 3,
        location: str | None = None,
        timeout_s: float | None = None,
        labels: Mapping[str, str] | None = None,
    ) -> FinishedJob:
        """Run a statement as one job, or adopt the job that runs it already, and wait for it.

        Free statements that need a role which was granted through this service are run again until it is seen; see
        `bqvision._propagation`.

        Args:
            statement: See `begin`.
            key: See `begin`.
            attempts: See `begin`.
            location: See `begin`.
            timeout_s: Seconds to wait at most. Default: as long as it takes.
            labels: See `begin`.

        Raises:
            JobTimeoutError: It took longer than ``timeout_s``; the job goes on.
            JobError: The job did not do its work.
            ServiceError: BigQuery refused the statement, or could not be reached.
            AuthError: Credentials are missing or were refused.
        """
        while True:
            try:
                return self._execute(statement, key, attempts, location, timeout_s, labels)
            except BqvisionError as error:
                if not self.propagation.again(statement.label, error):
                    raise

    def _execute(
        self,
        statement: Statement,
        key: str | None,
        attempts: int,
        location: str | None,
        timeout_s: float | None,
        labels: Mapping[str, str] | None,
    ) -> FinishedJob:
        running = self.begin(statement, key=key, attempts=attempts, location=location, labels=labels)
        clock = self._policy.clock
        deadline = math.inf if timeout_s is None else clock() + timeout_s
        slowing = Slowing(self._policy)
        try:
            while (done := running.look()) is None:
                left_s = deadline - clock() if timeout_s is not None else math.inf
                if left_s <= 0:
                    raise running.about.error(
                        JobTimeoutError,
                        "the job is not done within the time given, and goes on",
                        next_step="Wait for it, or cancel it, in the console or with `bq`; or allow more time.",
                    )
                slowing.pause(left_s)
        except KeyboardInterrupt as interrupt:
            about = running.about
            interrupt.add_note(
                f"The BigQuery job {about.job_id} at {about.location} goes on, if it was begun."
            )
            raise
        return done

    def rows(
        self, job: FinishedJob, *, page_size: int = _PAGE_ROWS, start: int = 0
    ) -> Iterator[Mapping[str, object]]:
        """Read the result of a job, page by page.

        Args:
            job: The job.
            page_size: The most rows in one page.
            start: The first row to read, from 0; to go on after a `PartialReadError`, its ``rows_read`` more.

        Returns:
            The rows in BigQuery's order, each as column name to plain Python value.

        Raises:
            PartialReadError: Rows were delivered and then a page could not be read.
            ReadError: No row could be read.
            IntegrityError: The pages contradict each other.
        """
        about = About(
            statement=job.statement, resource=job.destination, job_id=job.job_id, location=job.location
        )
        calls = self._policy.begin()
        return read_rows(
            about,
            calls,
            lambda: self._calls.get(about, calls),
            page_size=page_size,
            start=start,
            timeout_s=self._request_timeout_s,
        )
