"""The jobs API: jobs.insert, jobs.query, getQueryResults, get, list, cancel, delete."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bqvision.local.jobs import Job, JobTable, Result, start
from bqvision.local.protocol import JSON, ApiError, Object, as_object, as_text
from bqvision.local.wire import json_body

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request

    from bqvision.local.emulator import Emulator
    from bqvision.local.runner import Runner

_INSERT_SECONDS: Final = 0.25
"""How long jobs.insert waits for a quick job's end before it answers."""
_DEFAULT_WAIT_SECONDS: Final = 10.0
_MAX_WAIT_SECONDS: Final = 200.0
_PAGE: Final = 1000
_QUERY_FIELDS: Final = (
    "connectionProperties",
    "continuous",
    "createSession",
    "defaultDataset",
    "maximumBytesBilled",
    "parameterMode",
    "query",
    "queryParameters",
    "useLegacySql",
    "useQueryCache",
)


class JobsApi:
    """Answers for the jobs of the local BigQuery."""

    def __init__(self, jobs: JobTable, runner: Runner, emulator: Emulator) -> None:
        self._jobs = jobs
        self._runner = runner
        self._emulator = emulator

    def routes(self) -> Sequence[Route]:
        """Return the routes, below ``/bigquery/v2``."""
        project = "/bigquery/v2/projects/{project}"
        return [
            Route(f"{project}/jobs", self.insert, methods=["POST"]),
            Route(f"{project}/jobs", self.list, methods=["GET"]),
            Route(f"{project}/queries", self.query, methods=["POST"]),
            Route(f"{project}/queries/{{job}}", self.results, methods=["GET"]),
            Route(f"{project}/jobs/{{job}}", self.get, methods=["GET"]),
            Route(f"{project}/jobs/{{job}}/cancel", self.cancel, methods=["POST"]),
            Route(f"{project}/jobs/{{job}}/delete", self.delete, methods=["DELETE"]),
        ]

    async def insert(self, request: Request) -> Response:
        """jobs.insert."""
        body = await json_body(request)
        configuration = as_object(body.get("configuration"))
        project = request.path_params["project"]
        if "query" not in configuration:
            return await self._other(request, body)
        if configuration.get("dryRun") is True:
            return JSONResponse((await self._dry_run(project, configuration)).resource())
        job = self._jobs.add(project, as_object(body.get("jobReference")), configuration)
        await self._start(job)
        await job.wait(_INSERT_SECONDS)
        return JSONResponse(job.resource())

    async def query(self, request: Request) -> Response:
        """jobs.query."""
        body = await json_body(request)
        project = request.path_params["project"]
        configuration: Object = {"query": {key: body[key] for key in _QUERY_FIELDS if key in body}}
        for key in ("labels", "jobTimeoutMs"):
            if key in body:
                configuration[key] = body[key]
        if body.get("dryRun") is True:
            job = await self._dry_run(project, {**configuration, "dryRun": True})
            return JSONResponse(await self._rows(job, "bigquery#queryResponse", {}))
        request_id = as_text(body.get("requestId"))
        found = self._jobs.repeated(project, request_id)
        if found is not None:
            job = found
        else:
            job = self._jobs.add(project, {"location": body.get("location")}, configuration)
            self._jobs.remember(job, request_id)
            await self._start(job)
        await job.wait(_seconds(body.get("timeoutMs")))
        page = _page(body.get("maxResults"), 0)
        answer = await self._rows(job, "bigquery#queryResponse", page)
        return JSONResponse(answer)

    async def results(self, request: Request) -> Response:
        """jobs.getQueryResults."""
        job, params = self._job(request), request.query_params
        await job.wait(_seconds(params.get("timeoutMs")))
        page = _page(params.get("maxResults"), params.get("startIndex"), params.get("pageToken"))
        return JSONResponse(await self._rows(job, "bigquery#getQueryResultsResponse", page))

    async def get(self, request: Request) -> Response:
        """jobs.get."""
        return JSONResponse(self._job(request).resource())

    async def cancel(self, request: Request) -> Response:
        """jobs.cancel: the job stops soon after the answer, as on BigQuery."""
        job = self._job(request)
        job.cancel()
        await job.wait(_INSERT_SECONDS)
        return JSONResponse({"kind": "bigquery#jobCancelResponse", "job": job.resource()})

    async def delete(self, request: Request) -> Response:
        """jobs.delete."""
        job = self._job(request)
        if job.ended_ms is None:
            raise ApiError("invalid", f"Job {job.job_id} is still running")
        self._jobs.delete(job)
        if job.result.emulator_job is not None:
            await self._emulator.forget(job.result.emulator_job)
        return Response(status_code=204)

    async def list(self, request: Request) -> Response:
        """jobs.list."""
        params = request.query_params
        states = {state.upper() for state in params.getlist("stateFilter")}
        oldest, newest = params.get("minCreationTime"), params.get("maxCreationTime")
        jobs: list[Job] = []
        if not params.get("parentJobId"):
            jobs = [
                job
                for job in self._jobs.of(request.path_params["project"])
                if (not states or job.state in states)
                and (oldest is None or job.created_ms >= int(oldest))
                and (newest is None or job.created_ms <= int(newest))
            ]
        begin, size = int(params.get("pageToken") or 0), int(params.get("maxResults") or _PAGE)
        items: list[JSON] = []
        for job in jobs[begin : begin + size]:
            item = job.resource()
            item["state"] = job.state
            if job.error is not None:
                item["errorResult"] = job.error.proto()
            items.append(item)
        answer: Object = {"kind": "bigquery#jobList", "etag": str(len(jobs)), "jobs": items}
        if begin + size < len(jobs):
            answer["nextPageToken"] = str(begin + size)
        return JSONResponse(answer)

    async def _start(self, job: Job) -> None:
        start(job, self._runner.run)
        for outdated in self._jobs.outdated():
            await self._emulator.forget(outdated)

    def _job(self, request: Request) -> Job:
        params = request.path_params
        return self._jobs.find(params["project"], params["job"], request.query_params.get("location"))

    async def _rows(self, job: Job, kind: str, page: dict[str, str]) -> Object:
        """Return one page of a job's rows.

        Raises:
            ApiError: The job failed.
        """
        answer: Object = {
            "kind": kind,
            "jobReference": job.reference,
            "jobComplete": job.ended_ms is not None,
        }
        if job.ended_ms is None:
            return answer
        if job.error is not None:
            raise job.error.with_traceback(None)  # It is raised again at every poll.
        if job.result.expired:
            raise ApiError("notFound", f"Not found: the rows of job {job.job_id} are no longer kept")
        statistics = as_object(job.result.statistics.get("query"))
        for name in ("cacheHit", "numDmlAffectedRows", "statementType", "ddlOperationPerformed"):
            if name in statistics:
                answer[name] = statistics[name]
        answer |= {"totalRows": "0", "totalBytesProcessed": "0", "schema": {"fields": []}, "rows": []}
        if job.result.emulator_job is not None:
            query = "&".join(f"{key}={value}" for key, value in page.items())
            path = f"/{job.project}/queries/{job.result.emulator_job}"
            rows = await self._emulator.request("GET", path, query=query)
            for name in ("schema", "rows", "totalRows", "pageToken"):
                if name in rows:
                    answer[name] = rows[name]
        return answer

    async def _dry_run(self, project: str, configuration: Object) -> Job:
        job = Job(project, "", self._jobs.location, configuration)
        job.finish(await self._runner.dry_run(job))
        return job

    async def _other(self, request: Request, body: Object) -> Response:
        """Load, copy and extract jobs, which the emulator does whole before it answers."""
        project = request.path_params["project"]
        reference = as_object(body.get("jobReference"))
        job = self._jobs.add(project, reference, as_object(body.get("configuration")))

        async def work(job: Job) -> Result:
            return Result.from_resource(await self._emulator.run_job(job.project, job.configuration))

        start(job, work)
        await job.wait(_MAX_WAIT_SECONDS)
        return JSONResponse(job.resource())


def _seconds(milliseconds: JSON) -> float:
    if milliseconds is None or isinstance(milliseconds, (list, dict)):
        return _DEFAULT_WAIT_SECONDS
    return min(float(milliseconds) / 1000, _MAX_WAIT_SECONDS)


def _page(size: JSON, begin: JSON, token: str | None = None) -> dict[str, str]:
    page = {} if size is None else {"maxResults": str(json.loads(str(size)))}
    if begin is not None:
        page["startIndex"] = str(int(str(begin)))
    if token:
        page["pageToken"] = str(int(token))
    return page
