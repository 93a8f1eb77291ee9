"""The requests about one job: start it or adopt the one that is there, look at it, cancel it."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

from bqvision._calls import About, retry_argument, translated
from bqvision._job_config import configuration, job_config, same_job
from bqvision.errors import (
    AlreadyExistsError,
    IdCollisionError,
    JobLostError,
    NotFoundError,
    PermissionDeniedError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from google.cloud import bigquery
    from google.cloud.bigquery.job import QueryJob

    from bqvision._retry import Calls, RetryPolicy
    from bqvision.sql.compose import Statement

_log: Final = logging.getLogger("bqvision.jobs")

_OTHER_EXISTS: Final = re.compile(r"already exists: (?!job\b)\w", re.IGNORECASE)
"""A conflict that is about a table or dataset, not about the job's id."""


@dataclass(frozen=True, slots=True)
class Submitted:
    """A job that was started, or was there already."""

    job: QueryJob
    joined: bool
    """Whether it was there before this call asked for it: another process, or an earlier one, started it."""


class JobCalls:
    """What one client asks about jobs.

    Args:
        bigquery: Gives google's client.
        project: Gives the project that is billed.
        policy: How often and how long requests are repeated.
        request_timeout_s: Seconds that one request may take.
    """

    def __init__(
        self,
        *,
        bigquery: Callable[[], bigquery.Client],
        project: Callable[[], str],
        policy: RetryPolicy,
        request_timeout_s: float,
    ) -> None:
        self._bigquery = bigquery
        self._project = project
        self._policy = policy
        self._request_timeout_s = request_timeout_s

    def submit(self, about: About, statement: Statement, labels: Mapping[str, str]) -> Submitted:
        """Start the job, or adopt the one that has its id.

        Args:
            about: The job.
            statement: What it runs.
            labels: Its labels.

        Raises:
            IdCollisionError: Its id belongs to a job with another statement.
            JobLostError: BigQuery refuses the id as taken, and does not know the job.
            ServiceError: BigQuery refused the statement, or could not be reached.
        """
        calls = self._policy.begin()
        try:
            with translated(about, calls):
                job = self._bigquery().query(
                    statement.sql,
                    job_config=job_config(statement, labels),
                    job_id=about.job_id,
                    location=about.location,
                    project=self._project(),
                    retry=retry_argument(calls),
                    timeout=self._request_timeout_s,
                    job_retry=None,
                )
        except AlreadyExistsError as conflict:
            if _OTHER_EXISTS.search(conflict.message):
                raise
        else:
            _log.debug("%s: job %s", about.statement, about.job_id)
            return Submitted(job, joined=False)
        # After a lost answer the job may be this call's own.
        return Submitted(self._adopt(about, statement), joined=calls.requests == 1)

    def _adopt(self, about: About, statement: Statement) -> QueryJob:
        # BigQuery may answer "not found" for a while after it has refused the id as taken.
        try:
            job = self.get(about, self._policy.begin(until_found=True))
        except NotFoundError as error:
            raise _lost(about, error) from error
        except PermissionDeniedError as error:
            error.next_step = (
                "The id belongs to a job of another account. Run it as that account, or with the permission "
                "bigquery.jobs.get on the project."
            )
            raise
        if not same_job(configuration(job), statement):
            raise about.error(
                IdCollisionError,
                "another statement has been run under this job id",
                next_step="Nothing was run. Run it again: it gets a job with another id.",
            )
        _log.debug("%s: job %s was there already", about.statement, about.job_id)
        return job

    def get(self, about: About, calls: Calls) -> QueryJob:
        """Return a job.

        Args:
            about: The job.
            calls: The retry of the request.

        Raises:
            NotFoundError: There is none.
            ServiceError: BigQuery refused, or could not be reached.
        """
        with translated(about, calls):
            job = self._bigquery().get_job(
                about.job_id or "",
                project=self._project(),
                location=about.location,
                retry=retry_argument(calls),
                timeout=self._request_timeout_s,
            )
        return cast("QueryJob", job)

    def reload(self, job: QueryJob, about: About) -> None:
        """Look at a job again.

        Args:
            job: The job.
            about: The same.

        Raises:
            JobLostError: BigQuery no longer knows it.
            ServiceError: BigQuery refused, or could not be reached; the job is left alone.
        """
        calls = self._policy.begin()
        try:
            with translated(about, calls):
                job.reload(retry=retry_argument(calls), timeout=self._request_timeout_s)
        except NotFoundError as error:
            raise _lost(about, error) from error

    def cancel(self, job: QueryJob, about: About) -> None:
        """Ask BigQuery to stop a job, which may take it a while.

        Args:
            job: The job.
            about: The same.

        Raises:
            ServiceError: BigQuery refused, or could not be reached.
        """
        calls = self._policy.begin()
        with translated(about, calls):
            job.cancel(retry=retry_argument(calls), timeout=self._request_timeout_s)


def _lost(about: About, error: NotFoundError) -> JobLostError:
    return about.error(
        JobLostError,
        "BigQuery does not know the job that it was given",
        reason=error.reason,
        attempts=error.attempts,
        next_step="Check the location: jobs are found only where they run. Nothing was run again.",
    )
