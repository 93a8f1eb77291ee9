"""The job table: what BigQuery's jobs API knows about every job."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from bqvision.local.catalog import now_ms
from bqvision.local.protocol import JSON, ApiError, Object, as_object, as_text, duplicate, not_found

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

_CANCELLED = ApiError("stopped", "Job execution was cancelled: User requested cancellation")
_USER = "local@bqvision.invalid"
_KEPT_RESULTS = 1000
"""How many jobs' rows stay readable; the emulator keeps them in memory."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a job that worked leaves behind."""

    emulator_job: str | None = None
    """The emulator's job that holds the rows; None when there are none."""
    statistics: Object = field(default_factory=dict[str, JSON])
    destination: Object | None = None
    expired: bool = False
    """Whether there were rows that are no longer kept."""

    @classmethod
    def from_resource(cls, resource: Object) -> Result:
        """Read a finished job of the emulator.

        Raises:
            ApiError: The job failed.
        """
        error = as_object(as_object(resource.get("status")).get("errorResult"))
        if error:
            raise ApiError.from_proto(error)
        statistics = dict(as_object(resource.get("statistics")))
        for name in ("creationTime", "startTime", "endTime"):
            statistics.pop(name, None)
        query = as_object(as_object(resource.get("configuration")).get("query"))
        destination = query.get("destinationTable")
        return cls(
            emulator_job=as_text(as_object(resource.get("jobReference")).get("jobId")),
            statistics=statistics,
            destination=destination if isinstance(destination, dict) else None,
        )

    def telling(self, name: str, value: JSON) -> Result:
        """Return this result with one more statistic of its query."""
        query: Object = {**as_object(self.statistics.get("query")), name: value}
        return replace(self, statistics={**self.statistics, "query": query})


@dataclass(slots=True, eq=False)
class Job:
    """One job."""

    project: str
    job_id: str
    location: str
    configuration: Object
    located: bool = True
    """Whether the request said where; BigQuery otherwise runs a job where its datasets are."""
    created_ms: int = field(default_factory=now_ms)
    started_ms: int | None = None
    ended_ms: int | None = None
    error: ApiError | None = None
    result: Result = field(default_factory=Result)
    rows_done: int = 0
    rows_total: int | None = None
    task: asyncio.Task[None] | None = None
    late_error: ApiError | None = None
    """What it fails with when all is done that costs, and nothing is written."""

    @property
    def state(self) -> str:
        """PENDING, RUNNING or DONE."""
        if self.ended_ms is not None:
            return "DONE"
        return "PENDING" if self.started_ms is None else "RUNNING"

    @property
    def reference(self) -> Object:
        """The job's full name."""
        return {"projectId": self.project, "jobId": self.job_id, "location": self.location}

    def resource(self) -> Object:
        """Return the job as ``jobs.get`` has it."""
        status: Object = {"state": self.state}
        if self.error is not None:
            status |= {"errorResult": self.error.proto(), "errors": [self.error.proto()]}
        configuration: Object = {"jobType": "QUERY" if "query" in self.configuration else "UNKNOWN"}
        for kind in ("load", "copy", "extract"):
            if kind in self.configuration:
                configuration["jobType"] = kind.upper()
        configuration |= self.configuration
        if self.result.destination is not None:
            query: Object = {"destinationTable": self.result.destination}
            query |= as_object(configuration.get("query"))
            configuration["query"] = query
        return {
            "kind": "bigquery#job",
            "etag": f"{self.state}{self.ended_ms}",
            "id": f"{self.project}:{self.location}.{self.job_id}",
            "jobReference": self.reference,
            "configuration": configuration,
            "status": status,
            "statistics": self._statistics(),
            "user_email": _USER,
            "principal_subject": f"user:{_USER}",
        }

    def _statistics(self) -> Object:
        statistics: Object = {"creationTime": str(self.created_ms)}
        if self.started_ms is not None:
            statistics["startTime"] = str(self.started_ms)
        if self.ended_ms is not None:
            statistics["endTime"] = str(self.ended_ms)
        statistics |= self.result.statistics
        if self.rows_total is not None:
            elapsed = (now_ms() if self.ended_ms is None else self.ended_ms) - self.created_ms
            step: Object = {
                "elapsedMs": str(elapsed),
                "completedUnits": str(self.rows_done),
                "pendingUnits": str(self.rows_total - self.rows_done),
            }
            statistics["query"] = {**as_object(statistics.get("query")), "timeline": [step]}
        if "query" in self.configuration:
            statistics.setdefault("totalBytesProcessed", "0")
        return statistics

    def finish(self, outcome: Result | ApiError) -> None:
        """Set what came of the job."""
        if isinstance(outcome, ApiError):
            self.error = outcome
        else:
            self.result = outcome
        self.ended_ms = now_ms()

    def progress(self, done: int, total: int) -> None:
        """Note how many rows of how many a model has answered."""
        self.rows_done, self.rows_total = done, total

    def cancel(self) -> None:
        """Stop the job; one that has ended stays as it is."""
        if self.task is not None and self.ended_ms is None:
            self.task.cancel()

    async def wait(self, seconds: float) -> bool:
        """Wait for the end, no longer than this; say whether it came."""
        if self.task is not None and self.ended_ms is None and seconds > 0:
            await asyncio.wait({self.task}, timeout=seconds)
        return self.ended_ms is not None


class JobTable:
    """All jobs since the start, newest last.

    Args:
        location: The location of jobs that name none.
    """

    def __init__(self, location: str) -> None:
        self.location = location
        self._jobs: dict[tuple[str, str], dict[str, Job]] = {}
        self._requests: dict[tuple[str, str], Job] = {}

    def add(self, project: str, reference: Object, configuration: Object) -> Job:
        """Make a job.

        Raises:
            ApiError: The id is taken in this project and location.
        """
        given = as_text(reference.get("jobId"))
        job_id = given if given else f"job_{uuid.uuid4().hex[:24]}"
        wanted = as_text(reference.get("location"))
        job = Job(project, job_id, wanted if wanted else self.location, configuration, located=bool(wanted))
        places = self._jobs.setdefault((project, job_id), {})
        if job.location.upper() in places:
            raise duplicate("Job", f"{project}:{job.location}.{job_id}")
        places[job.location.upper()] = job
        return job

    def find(self, project: str, job_id: str, location: str | None = None) -> Job:
        """Return a job.

        Raises:
            ApiError: There is none, or none in this location.
        """
        places = self._jobs.get((project, job_id), {})
        job = next(iter(places.values()), None) if location is None else places.get(location.upper())
        if job is None:
            raise not_found("Job", f"{project}:{job_id}", location)
        return job

    def delete(self, job: Job) -> None:
        """Forget a job."""
        self._jobs.get((job.project, job.job_id), {}).pop(job.location.upper(), None)

    def of(self, project: str) -> Iterator[Job]:
        """Yield a project's jobs, newest first."""
        jobs = [
            job for (owner, _), places in self._jobs.items() if owner == project for job in places.values()
        ]
        return reversed(jobs)

    def outdated(self) -> Iterator[str]:
        """Yield the emulator's jobs whose rows have been kept long enough, each once."""
        finished = [
            job
            for places in self._jobs.values()
            for job in places.values()
            if job.ended_ms is not None and job.result.emulator_job is not None
        ]
        for job in finished[:-_KEPT_RESULTS]:
            yield str(job.result.emulator_job)
            job.result = replace(job.result, emulator_job=None, expired=True)

    def repeated(self, project: str, request_id: str) -> Job | None:
        """Return the job that a request made whose answer may have been lost."""
        return self._requests.get((project, request_id)) if request_id else None

    def remember(self, job: Job, request_id: str) -> None:
        """Keep a request's id with its job."""
        if request_id:
            self._requests[job.project, request_id] = job


def _limit_seconds(job: Job) -> float | None:
    limit = str(job.configuration.get("jobTimeoutMs"))
    return int(limit) / 1000 if limit.isdecimal() else None


def start(job: Job, work: Callable[[Job], Awaitable[Result]]) -> None:
    """Run a job's work in the background and keep what comes of it."""

    async def run() -> None:
        job.started_ms = now_ms()
        try:
            async with asyncio.timeout(_limit_seconds(job)):
                job.finish(await work(job))
        except asyncio.CancelledError:
            job.finish(_CANCELLED)
        except TimeoutError:
            job.finish(ApiError("stopped", "Job execution was cancelled: Job timed out"))
        except ApiError as error:
            job.finish(error)
        except Exception as error:  # A fault of ours must end the job, not hang its caller.
            text = f"the local BigQuery broke down: {type(error).__name__}: {error}"
            job.finish(ApiError("invalid", text))
            raise

    def settle(task: asyncio.Task[None]) -> None:
        if task.cancelled():  # Before its first step, so that `run` could not say so.
            job.finish(_CANCELLED)
        elif (error := task.exception()) is not None:
            task.get_loop().call_exception_handler({"message": "a job broke down", "exception": error})

    job.task = asyncio.create_task(run())
    job.task.add_done_callback(settle)
