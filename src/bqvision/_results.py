"""The rows of a job that is done: all of them, each once, or an error that says how far it came."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bqvision._calls import About, retry_argument, translated
from bqvision._pages import pages
from bqvision._text import plural
from bqvision.errors import BqvisionError, IntegrityError, PartialReadError, ReadError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from google.cloud.bigquery.job import QueryJob

    from bqvision._retry import Calls


def read_rows(
    about: About,
    calls: Calls,
    get_job: Callable[[], QueryJob],
    *,
    page_size: int,
    start: int,
    timeout_s: float,
) -> Iterator[Mapping[str, object]]:
    """Read the result of a job.

    Args:
        about: The job.
        calls: The retry of every page.
        get_job: Gives the job, and a new object each time.
        page_size: The most rows in one page.
        start: The first row to read, from 0.
        timeout_s: Seconds that one request may take; google's client waits at least 120 for a page.

    Returns:
        The rows in BigQuery's order.

    Raises:
        ReadError: The rows could not be read, or not all, or contradict each other.
    """
    read = start
    try:
        with translated(about, calls):
            # A job object begins every result() with the page that it has kept, so this one is not shared.
            job = get_job()
            result = job.result(
                page_size=page_size,
                start_index=start if start > 0 else None,
                retry=retry_argument(calls),
                timeout=timeout_s,
                job_retry=None,
            )
        if result.path is None:  # nothing was said of rows, as is right for statements without a result
            if job.statement_type == "SELECT":
                raise about.error(
                    IntegrityError,
                    "BigQuery does not say how many rows the result has",
                    retryable=True,
                    next_step="Read the result again.",
                )
            return
        for page in pages(result, about, calls):
            for row in page:
                yield dict(row.items())
                read += 1
    except IntegrityError:
        raise
    except BqvisionError as error:
        raise _unreadable(about, error, read) from error
    if result.total_rows is not None and read != result.total_rows:
        raise about.error(
            IntegrityError,
            f"BigQuery announced {result.total_rows} rows and delivered {read}",
            next_step="Read the result again.",
        )


def _unreadable(about: About, error: BqvisionError, rows_read: int) -> ReadError:
    if rows_read == 0:
        return about.error(
            ReadError,
            f"the result could not be read: {error.message}",
            reason=error.reason,
            attempts=error.attempts,
            retryable=error.retryable,
            next_step=error.next_step,
        )
    partial = about.error(
        PartialReadError,
        f"{plural(rows_read, 'row')} read, the next could not be: {error.message}",
        reason=error.reason,
        attempts=error.attempts,
        retryable=error.retryable,
        next_step="Read on from that row; the job need not run again.",
    )
    partial.rows_read = rows_read
    return partial
