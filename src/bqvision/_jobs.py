"""The throat: everything that bqvision sends to BigQuery goes through one `Service`.

google's own repetitions are off (``job_retry=None``, our policy as ``retry=``), since they run a statement
again under a new job id, and a statement may be paid for. Here a statement has one id; an answer that was
lost, another process or a crash end in the same job, which is adopted. Only a job that BigQuery itself
reports as failed for a passing reason is run again, under the id of the next attempt.
"""

from __future__ import annotations

import logging
import math
import re
import secrets
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, cast

from bqvision._calls import About, prose_of, retry_argument, translated
from bqvision._google_errors import understand_job
from bqvision._job_config import configuration, job_config, job_stem, same_job, with_job_id
from bqvision._metadata import Metadata
from bqvision._results import read_rows
from bqvision.errors import (
    AlreadyExistsError,
    IdCollisionError,
    JobLostError,
    JobTimeoutError,
    NotFoundError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from google.cloud.bigquery.job import QueryJob

    from bqvision._retry import Calls
    from bqvision.sql.compose import Statement

_log: Final = logging.getLogger("bqvision.jobs")

_FIRST_POLL_S: Final = 0.02
_SLOWEST_POLL_S: Final = 10.0
_POLL_GROWTH: Final = 1.15
"""So a job's end is noticed late by a seventh of its time at most; half of it would show in every run."""
_PAGE_ROWS: Final = 5_000
_OTHER_EXISTS: Final = re.compile(r"already exists: (?!job\b)\w", re.IGNORECASE)
"""A conflict that is about a table or dataset, not about the job's id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedJob:
    """A job that did its work."""

    job_id: str
    location: str | None
    statement: str
    """The label of the statement that it ran."""
    attempt: int
    """Which attempt this was, from 0: the number at the end of the job id."""
    created: datetime | None
    started: datetime | None
    ended: datetime | None
    affected_rows: int | None
    """How many rows were inserted, updated or deleted; ``None`` if it was no such statement."""
    total_bytes_processed: int | None
    destination: str | None
    """``project.dataset.table`` that holds the result, if there is one."""
    statistics: Mapping[str, object] = field(repr=False)
    """BigQuery's ``statistics`` of the job, as its REST API describes them."""


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

        Args:
            statement: What to run. A parameter ``job_id`` gets the id of the job, whatever its value.
            key: Makes the job's id: the same statement with the same key is the same job, in any process.
                Jobs of it that had failed before this call are passed over. Default: a job of its own.
            attempts: How many jobs may fail for a passing reason in this call. 1 for statements that call a
                model: a job that failed may have paid for its calls.
            location: Where to run. Default: the service's location.
            timeout_s: Seconds to wait at most. Default: as long as it takes.
            labels: More labels for the job.

        Raises:
            JobTimeoutError: It took longer than ``timeout_s``; the job goes on.
            JobError: The job did not do its work.
            ServiceError: BigQuery refused the statement, or could not be reached.
            AuthError: Credentials are missing or were refused.
        """
        where = location if location is not None else self._location
        salt = key if key is not None else secrets.token_hex(16)
        stem = job_stem(statement, project=self._project(), location=where, key=salt)
        all_labels = {**self._labels, **(labels if labels is not None else {})}
        deadline = None if timeout_s is None else self._policy.clock() + timeout_s
        number = failed = 0
        while True:
            job_id = f"{stem}_a{number}"
            about = About(statement=statement.label, prose=prose_of(statement), job_id=job_id, location=where)
            try:
                job, was_over = self._submit(about, with_job_id(statement, job_id), all_labels)
                about = replace(about, location=job.location if job.location is not None else where)
                self._wait(job, about, deadline)
            except KeyboardInterrupt as interrupt:
                interrupt.add_note(f"The BigQuery job {job_id} at {about.location} goes on, if it was begun.")
                raise
            if not job.error_result:
                return _finished(job, statement, number)
            failure = understand_job(job.error_result)
            _log.debug("%s: job %s failed: %s", statement.label, job_id, failure.reason)
            if not was_over:
                failed += 1
                if failed >= attempts or not failure.meaning.rerun:
                    raise about.failed(failure)
                self._policy.sleep(self._policy.pause_s(failed))
            number += 1

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
            lambda: self._get_job(about, calls),
            page_size=page_size,
            start=start,
            timeout_s=self._request_timeout_s,
        )

    def _submit(self, about: About, statement: Statement, labels: Mapping[str, str]) -> tuple[QueryJob, bool]:
        """Start the job, or adopt it; also say whether it had failed before this call asked for it."""
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
            return job, False
        job = self._adopt(about, statement)
        # After a lost answer the job may be this call's own, even if it is over already.
        return job, calls.requests == 1 and bool(job.error_result)

    def _adopt(self, about: About, statement: Statement) -> QueryJob:
        # BigQuery may answer "not found" for a while after it has refused the id as taken.
        calls = self._policy.begin(until_found=True)
        try:
            job = self._get_job(about, calls)
        except NotFoundError as error:
            raise _lost(about, error) from error
        if not same_job(configuration(job), statement):
            raise about.error(
                IdCollisionError,
                "another statement has been run under this job id",
                next_step="Nothing was run. Run it again: it gets a job of its own.",
            )
        _log.debug("%s: job %s was there already", about.statement, about.job_id)
        return job

    def _wait(self, job: QueryJob, about: About, deadline: float | None) -> None:
        """Look at the job until it is done, less and less often."""
        pause_s = _FIRST_POLL_S
        policy = self._policy
        while job.state != "DONE":
            left_s = math.inf if deadline is None else deadline - policy.clock()
            if left_s <= 0:
                raise about.error(
                    JobTimeoutError,
                    "the job is not done within the time given, and goes on",
                    next_step="Wait for it, or cancel it, in the console or with `bq`; or allow more time.",
                )
            policy.sleep(min(pause_s, left_s))
            pause_s = min(pause_s * _POLL_GROWTH, _SLOWEST_POLL_S)
            calls = policy.begin()
            try:
                with translated(about, calls):
                    job.reload(retry=retry_argument(calls), timeout=self._request_timeout_s)
            except NotFoundError as error:
                raise _lost(about, error) from error

    def _get_job(self, about: About, calls: Calls) -> QueryJob:
        with translated(about, calls):
            job = self._bigquery().get_job(
                about.job_id or "",
                project=self._project(),
                location=about.location,
                retry=retry_argument(calls),
                timeout=self._request_timeout_s,
            )
        return cast("QueryJob", job)


def _lost(about: About, error: NotFoundError) -> JobLostError:
    return about.error(
        JobLostError,
        "BigQuery does not know the job that it was given",
        reason=error.reason,
        attempts=error.attempts,
        next_step="Check the location: jobs are found only where they run. Nothing was run again.",
    )


def _finished(job: QueryJob, statement: Statement, attempt: int) -> FinishedJob:
    table = job.destination
    return FinishedJob(
        job_id=str(job.job_id),
        location=job.location,
        statement=statement.label,
        attempt=attempt,
        created=job.created,
        started=job.started,
        ended=job.ended,
        affected_rows=job.num_dml_affected_rows,
        total_bytes_processed=job.total_bytes_processed,
        destination=None if table is None else f"{table.project}.{table.dataset_id}.{table.table_id}",
        # The client has no property for all of them.
        statistics=dict(job._properties.get("statistics") or {}),  # pyright: ignore[reportPrivateUsage]
    )
