"""Load jobs that bring their data along: the client's job id kept, multipart bodies made readable."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, urlsplit

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bqvision.local.jobs import Job, JobTable, Result
from bqvision.local.protocol import ApiError, as_object
from bqvision.local.wire import ask, forwarded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request

    from bqvision.local.asgi import Answer
    from bqvision.local.emulator import Emulator

_ANY_TYPE: Final = re.compile(rb"(?im)^(content-type:\s*)\*/\*")
_METADATA: Final = re.compile(rb"\r?\n\r?\n(\{.*?\})\r?\n--", re.DOTALL)
_HEAD_BYTES: Final = 1_000_000


class UploadsApi:
    """Answers for multipart and resumable uploads."""

    def __init__(self, jobs: JobTable, emulator: Emulator) -> None:
        self._jobs = jobs
        self._emulator = emulator
        self._sessions: dict[str, Job] = {}

    def routes(self) -> Sequence[Route]:
        """Return the routes."""
        path = "/upload/bigquery/v2/projects/{project}/jobs"
        return [Route(path, self.upload, methods=["POST", "PUT"])]

    async def upload(self, request: Request) -> Response:
        """Take an upload, or a part of one."""
        body = await request.body()
        session = request.query_params.get("upload_id")
        if session is not None:
            return self._settle(self._sessions.get(session), await ask(self._emulator, request))
        if request.query_params.get("uploadType") == "multipart":
            head = _ANY_TYPE.sub(rb"\1application/octet-stream", body[:_HEAD_BYTES])
            job = self._job(request, _METADATA.search(head))
            return self._settle(job, await ask(self._emulator, request, head + body[_HEAD_BYTES:]))
        job = self._job(request, re.match(rb"\s*(\{.*\})\s*\Z", body, re.DOTALL))
        answer = await ask(self._emulator, request)
        location = dict(answer.headers).get(b"location", b"").decode()
        for identifier in parse_qs(urlsplit(location).query).get("upload_id", []):
            self._sessions[identifier] = job
        return forwarded(answer)

    def _job(self, request: Request, metadata: re.Match[bytes] | None) -> Job:
        try:
            body = as_object(json.loads(metadata[1])) if metadata is not None else {}
        except ValueError:
            raise ApiError("badRequest", "the upload's first part is no JSON object") from None
        reference, configuration = as_object(body.get("jobReference")), as_object(body.get("configuration"))
        return self._jobs.add(request.path_params["project"], reference, configuration)

    def _settle(self, job: Job | None, answer: Answer) -> Response:
        """Give the finished job its own id back."""
        if job is None or answer.status != 200:
            if job is not None and answer.status >= 400:
                self._jobs.delete(job)
            return forwarded(answer)
        try:
            job.finish(Result.from_resource(as_object(answer.json())))
        except ApiError as error:
            job.finish(error)
        return JSONResponse(job.resource())
