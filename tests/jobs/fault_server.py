"""A small BigQuery over HTTP that misbehaves exactly as told, and keeps account of it.

Faults are queued per operation and strike in order, before or after the request has had its effect. Jobs follow
scripts. The ledgers (`FaultServer.jobs`, `FaultServer.requests`) say what really happened.
"""

from __future__ import annotations

import gzip
import json
import re
import socket
import struct
import threading
from collections import defaultdict, deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

OPERATIONS = (
    ("jobs.insert", "POST", r"/projects/(?P<project>[^/]+)/jobs"),
    ("jobs.get", "GET", r"/projects/(?P<project>[^/]+)/jobs/(?P<job>[^/]+)"),
    ("jobs.cancel", "POST", r"/projects/(?P<project>[^/]+)/jobs/(?P<job>[^/]+)/cancel"),
    ("jobs.getQueryResults", "GET", r"/projects/(?P<project>[^/]+)/queries/(?P<job>[^/]+)"),
    ("datasets.list", "GET", r"/projects/[^/]+/datasets"),
    ("datasets.get", "GET", r"/projects/[^/]+/(?P<resource>datasets/[^/]+)"),
    ("tables.list", "GET", r"/projects/[^/]+/(?P<resource>datasets/[^/]+)/tables"),
    ("tables.get", "GET", r"/projects/[^/]+/(?P<resource>datasets/[^/]+/tables/[^/]+)"),
    ("models.get", "GET", r"/projects/[^/]+/(?P<resource>datasets/[^/]+/models/[^/]+)"),
)


@dataclass(frozen=True)
class Fault:
    """One misbehaviour: an answer of its own, a damaged one, or none."""

    kind: str
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    after: bool = False
    """Whether the request has its effect first, so that only the answer is lost."""


RESET = Fault("reset")
CLOSE = Fault("close")
STALL = Fault("stall")
HALF_JSON = Fault("half json")
EMPTY = Fault("empty")
BAD_GZIP = Fault("bad gzip")
CUT = Fault("cut")
CUT_RESET = Fault("cut reset")


def after(fault: Fault) -> Fault:
    """The same fault, once the request has had its effect."""
    return Fault(fault.kind, fault.status, fault.body, fault.headers, after=True)


def html(status: int, **headers: str) -> Fault:
    """A front end's error page."""
    body = f"<html><title>Error {status} (Server Error)!!1</title></html>".encode()
    return Fault("answer", status, body, {"Content-Type": "text/html", **headers})


def error(status: int, reason: str | None, message: str = "scripted", **headers: str) -> Fault:
    """BigQuery's error form; without a reason its ``errors`` list is missing."""
    content: dict[str, Any] = {"code": status, "message": message}
    if reason is not None:
        content["errors"] = [{"reason": reason, "message": message, "domain": "global"}]
    return Fault("answer", status, json.dumps({"error": content}).encode(), headers)


@dataclass
class Script:
    """How one new job goes."""

    polls: int = 0
    """How many times jobs.get says RUNNING."""
    error: tuple[str, str] | None = None
    """Reason and message of its failure."""
    rows: list[list[Any]] = field(default_factory=list)
    total: int | None = None
    """What totalRows says; by default the truth."""
    tokens: dict[str, str] = field(default_factory=dict)
    """Page tokens to answer in place of the right ones."""


@dataclass
class StoredJob:
    """A job as the server has it."""

    resource: dict[str, Any]
    script: Script
    polls: int = 0

    def described(self) -> dict[str, Any]:
        """The REST resource in its present state."""
        done = self.polls >= self.script.polls
        status: dict[str, Any] = {"state": "DONE" if done else "RUNNING"}
        if done and self.script.error is not None:
            reason, message = self.script.error
            status["errorResult"] = {"reason": reason, "message": message}
            status["errors"] = [status["errorResult"]]
        query = {"totalBytesProcessed": "12", "statementType": "SELECT" if self.script.rows else "INSERT"}
        statistics: dict[str, Any] = {"creationTime": "1700000000000", "query": query}
        return {**self.resource, "status": status, "statistics": statistics}


@dataclass(frozen=True)
class Request:
    """One request that arrived."""

    operation: str
    query: dict[str, str]
    body: dict[str, Any]
    headers: dict[str, str]


class FaultServer:
    """The server; a context manager."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.jobs: dict[str, StoredJob] = {}
        self.scripts: deque[Script] = deque()
        self.resources: dict[str, Any] = {}
        self.listings: dict[str, list[dict[str, Any]]] = {}
        self.tokens: set[str] | None = None
        """Accepted bearer tokens; None accepts all."""
        self._faults: dict[str, deque[Fault]] = defaultdict(deque)
        self._lock = threading.Lock()
        self._released = threading.Event()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._http.bench = self  # type: ignore[attr-defined]
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.005})
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._released.set()
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    def plan(self, operation: str, *faults: Fault) -> None:
        """Queue faults for the next requests of one operation."""
        self._faults[operation].extend(faults)

    @property
    def faults_left(self) -> dict[str, list[Fault]]:
        """What has been planned and has not struck."""
        return {operation: list(faults) for operation, faults in self._faults.items() if faults}

    def sent(self, operation: str) -> list[Request]:
        """The requests of one operation that arrived, in order."""
        return [request for request in self.requests if request.operation == operation]

    def answer(self, request: Request, names: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """Do what the request asks."""
        with self._lock:
            if request.operation == "jobs.insert":
                return self._insert(request.body)
            if request.operation in {"jobs.get", "jobs.getQueryResults"}:
                job = self.jobs.get(names["job"])
                if job is None:
                    return 404, _error_body(404, "notFound", f"Not found: Job {names['job']}")
                if request.operation == "jobs.getQueryResults":
                    return 200, _page(job, request.query)
                described = job.described()
                job.polls += 1
                return 200, described
            if request.operation.endswith(".list"):
                return self._list(request, names.get("resource", ""))
            resource = self.resources.get(names["resource"])
            if resource is None:
                return 404, _error_body(404, "notFound", f"Not found: {names['resource']}")
            return 200, resource

    def next_fault(self, operation: str) -> Fault | None:
        """Take the next fault of an operation."""
        with self._lock:
            faults = self._faults[operation]
            return faults.popleft() if faults else None

    def wait_released(self) -> None:
        """Stay silent until the server stops."""
        self._released.wait(10)

    def _insert(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        job_id = body["jobReference"]["jobId"]
        if job_id in self.jobs:
            return 409, _error_body(409, "duplicate", f"Already Exists: Job project:US.{job_id}")
        script = self.scripts.popleft() if self.scripts else Script()
        self.jobs[job_id] = StoredJob({**body, "id": job_id}, script)
        return 200, self.jobs[job_id].described()

    def _list(self, request: Request, parent: str) -> tuple[int, dict[str, Any]]:
        items = self.listings.get(parent)
        if items is None:
            return 404, _error_body(404, "notFound", f"Not found: {parent}")
        start = int(request.query.get("pageToken", "0"))
        answer: dict[str, Any] = {request.operation.removesuffix(".list"): items[start : start + 2]}
        if start + 2 < len(items):
            answer["nextPageToken"] = str(start + 2)
        return 200, answer


def _page(job: StoredJob, query: dict[str, str]) -> dict[str, Any]:
    rows = job.script.rows
    start = int(query.get("pageToken", query.get("startIndex", "0")))
    size = int(query.get("maxResults", "1000"))
    page: dict[str, Any] = {
        "jobReference": job.resource["jobReference"],
        "jobComplete": True,
        "schema": {"fields": [{"name": "n", "type": "INTEGER"}, {"name": "facts", "type": "JSON"}]},
        "totalRows": str(len(rows) if job.script.total is None else job.script.total),
        "rows": [{"f": [{"v": value} for value in row]} for row in rows[start : start + size]],
    }
    if start + size < len(rows):
        token = str(start + size)
        page["pageToken"] = job.script.tokens.get(token, token)
    return page


def _error_body(status: int, reason: str, message: str) -> dict[str, Any]:
    return {"error": {"code": status, "message": message, "errors": [{"reason": reason, "message": message}]}}


class _Handler(BaseHTTPRequestHandler):
    """Reads one request, lets its fault strike, answers, closes."""

    def _serve(self) -> None:
        bench: FaultServer = self.server.bench  # type: ignore[attr-defined]
        url = urlsplit(self.path)
        path = unquote(url.path).removeprefix("/bigquery/v2")
        found = next(
            (name, match.groupdict())
            for name, method, pattern in OPERATIONS
            if method == self.command and (match := re.fullmatch(pattern, path))
        )
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        request = Request(
            found[0],
            {name: values[-1] for name, values in parse_qs(url.query).items()},
            json.loads(body) if body else {},
            dict(self.headers),
        )
        bench.requests.append(request)
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if bench.tokens is not None and token not in bench.tokens:
            self._send(401, json.dumps(_error_body(401, "authError", "bad token")).encode(), {})
            return
        fault = bench.next_fault(request.operation)
        if fault is None:
            status, answer = bench.answer(request, found[1])
            self._send(status, json.dumps(answer).encode(), {})
            return
        damaged = fault.kind in {"half json", "empty", "bad gzip", "cut", "cut reset"}
        answer = bench.answer(request, found[1])[1] if fault.after or damaged else {}
        self._strike(fault, json.dumps(answer).encode(), bench)

    def _strike(self, fault: Fault, answer: bytes, bench: FaultServer) -> None:
        if fault.kind == "answer":
            self._send(fault.status, fault.body, fault.headers)
        elif fault.kind == "half json":
            self._send(200, answer[: len(answer) // 2], {})
        elif fault.kind == "empty":
            self._send(200, b"", {})
        elif fault.kind == "bad gzip":
            self._send(200, gzip.compress(answer)[:-20], {"Content-Encoding": "gzip"})
        elif fault.kind in {"cut", "cut reset"}:
            self._send(200, answer[: len(answer) // 2], {}, announced=len(answer))
        elif fault.kind == "stall":
            bench.wait_released()
        if fault.kind in {"reset", "cut reset"}:
            self.wfile.flush()
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.connection.close()

    def _send(self, status: int, body: bytes, headers: dict[str, str], announced: int | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body) if announced is None else announced))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = _serve  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Keep the tests' output clean."""
