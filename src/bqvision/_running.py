"""One statement on its way: a job, and the next attempt at it where that is allowed."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, cast

from bqvision import _rest
from bqvision._calls import About, prose_of
from bqvision._google_errors import understand_job
from bqvision._job_config import with_job_id
from bqvision.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from google.cloud.bigquery.job import QueryJob

    from bqvision._job_calls import JobCalls
    from bqvision._retry import RetryPolicy
    from bqvision.sql.compose import Statement

_log: Final = logging.getLogger("bqvision.jobs")

_CANCEL_LOOKS: Final = 60
_CANCEL_PAUSE_S: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedJob:
    """A job that did its work."""

    job_id: str
    location: str | None
    statement: str
    """The label of the statement that it ran."""
    attempt: int = 0
    """Which attempt this was, from 0: the number at the end of the job id."""
    joined: bool = False
    """Whether another process, or an earlier one, had started it."""
    created: datetime | None = None
    started: datetime | None = None
    ended: datetime | None = None
    affected_rows: int | None = None
    """How many rows were inserted, updated or deleted; ``None`` if it was no such statement."""
    total_bytes_processed: int | None = None
    destination: str | None = None
    """``project.dataset.table`` that holds the result, if there is one."""
    statistics: Mapping[str, object] = field(default_factory=dict[str, object], repr=False)
    """BigQuery's ``statistics`` of the job, as its REST API describes them."""

    @property
    def failed_rows(self) -> int | None:
        """How many rows a model function failed on, by BigQuery's own count; ``None`` where it does not say.

        Source: ``GenAiStats`` in https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/Job.
        """
        stats = _rest.mapping(_rest.mapping(self.statistics, "query"), "genAiStats")
        functions = stats.get("functionStats")
        if not isinstance(functions, list):
            return None
        errors = [
            _rest.mapping(function, "errorStats")
            for function in cast("list[Mapping[str, object]]", functions)
        ]
        return sum(_rest.integer(one, "numFailedRows") or 0 for one in errors)


class RunningJob:
    """A statement that was sent, until its job has done its work.

    Args:
        calls: The requests about jobs.
        policy: How to pause before another attempt.
        statement: What to run.
        stem: The job id without the attempt.
        attempts: How many jobs may fail for a passing reason.
        location: Where to run.
        labels: The job's labels.
    """

    def __init__(
        self,
        calls: JobCalls,
        policy: RetryPolicy,
        statement: Statement,
        *,
        stem: str,
        attempts: int,
        location: str | None,
        labels: Mapping[str, str],
    ) -> None:
        self._calls = calls
        self._policy = policy
        self._statement = statement
        self._stem = stem
        self._attempts = attempts
        self._labels = labels
        self._number = self._failed = 0
        self._about = self._about_attempt(location)
        self._location = location
        self._job: QueryJob | None = None
        self._joined = self._over = self._fresh = False

    @property
    def about(self) -> About:
        """The statement, the job's id and where it runs."""
        return self._about

    def send(self) -> None:
        """Start the job, or adopt it.

        Raises:
            IdCollisionError: Its id belongs to a job with another statement.
            ServiceError: BigQuery refused the statement, or could not be reached.
        """
        self._about = self._about_attempt(self._location)
        job_id = self._about.job_id or ""
        submitted = self._calls.submit(self._about, with_job_id(self._statement, job_id), self._labels)
        self._job, self._joined, self._fresh = submitted.job, submitted.joined, True
        self._over = submitted.joined and bool(submitted.job.error_result)
        if submitted.job.location is not None:
            self._about = replace(self._about, location=submitted.job.location)

    def look(self) -> FinishedJob | None:
        """Look whether the job is done; if it failed for a passing reason, start the next attempt.

        Jobs that had failed before this call asked for them are passed over, and cost no attempt.

        Returns:
            The job, once it has done its work.

        Raises:
            JobError: It did not do its work.
            ServiceError: BigQuery could not be asked; the job goes on.
        """
        if self._job is None:
            self.send()
        while True:
            job = cast("QueryJob", self._job)
            if job.state != "DONE" and not self._fresh:
                self._calls.reload(job, self._about)
            self._fresh = False
            if job.state != "DONE":
                return None
            if not job.error_result:
                return self._finished(job)
            failure = understand_job(job.error_result, project=job.project)
            _log.debug("%s: job %s failed: %s", self._statement.label, self._about.job_id, failure.reason)
            if not self._over:
                self._failed += 1
                if self._failed >= self._attempts or not failure.meaning.rerun:
                    raise self._about.failed(failure)
                self._policy.sleep(self._policy.pause_s(self._failed))
            self._number += 1
            self.send()

    @property
    def joined(self) -> bool:
        """Whether another process, or an earlier one, had started the job."""
        return self._joined

    def in_flight(self) -> bool:
        """Look whether a job of this statement is under way, and start none.

        Raises:
            ServiceError: BigQuery refused, or could not be reached.
        """
        while True:
            try:
                job = self._calls.get(self._about, self._policy.begin())
            except NotFoundError:
                return False
            if job.state != "DONE":
                return True
            if not job.error_result:
                return False
            self._number += 1
            self._about = self._about_attempt(self._location)

    def cancel(self) -> bool:
        """Ask BigQuery once to stop the job, which may take it a while; return whether it is its own.

        Raises:
            ServiceError: BigQuery refused, or could not be reached.
        """
        if self._job is None:  # the request that starts it was cut off
            try:
                job = self._calls.get(self._about, self._policy.begin())
            except NotFoundError:
                return False
            if any(job.labels.get(key) != value for key, value in self._labels.items()):
                return False  # somebody else's, that it was about to join
            self._job = job
        self._calls.cancel(self._job, self._about)
        return True

    @property
    def done(self) -> bool:
        """Whether the job had ended when it was looked at last."""
        return self._job is not None and self._job.state == "DONE"

    def ended(self) -> bool:
        """Look at a job that was cancelled until it has ended; return whether it has, within half a minute.

        Raises:
            ServiceError: BigQuery could not be asked.
        """
        job = cast("QueryJob", self._job)
        for _ in range(_CANCEL_LOOKS):
            if job.state == "DONE":
                break
            self._policy.sleep(_CANCEL_PAUSE_S)
            self._calls.reload(job, self._about)
        return bool(job.state == "DONE")

    def _about_attempt(self, location: str | None) -> About:
        statement = self._statement
        return About(
            statement=statement.label,
            prose=prose_of(statement),
            job_id=f"{self._stem}_a{self._number}",
            location=location,
        )

    def _finished(self, job: QueryJob) -> FinishedJob:
        table = job.destination
        return FinishedJob(
            job_id=str(job.job_id),
            location=job.location,
            statement=self._statement.label,
            attempt=self._number,
            joined=self._joined,
            created=job.created,
            started=job.started,
            ended=job.ended,
            affected_rows=job.num_dml_affected_rows,
            total_bytes_processed=job.total_bytes_processed,
            destination=None if table is None else f"{table.project}.{table.dataset_id}.{table.table_id}",
            # The client has no property for all of them.
            statistics=dict(job._properties.get("statistics") or {}),  # pyright: ignore[reportPrivateUsage]
        )
