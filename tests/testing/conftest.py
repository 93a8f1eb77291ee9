"""One local BigQuery that misbehaves as planned, shared by the tests of this folder."""

from __future__ import annotations

import http.client
import json
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from bqvision.local import LocalServer, serve
from bqvision.testing import FaultPlan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    import bqvision as bv
    from tests.cinema import Oracle


@dataclass(frozen=True)
class Answer:
    """What a client got."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, read as JSON."""
        return json.loads(self.body)


class Http:
    """Sends requests with nothing in between that would try again."""

    def __init__(self, server: LocalServer) -> None:
        self._address = urlsplit(server.endpoint).netloc
        self.headers = {"Authorization": f"Bearer {server.token}"}
        self.api = f"/bigquery/v2/projects/{server.project}"

    def connect(self, timeout: float = 30) -> http.client.HTTPConnection:
        """Open a connection."""
        return http.client.HTTPConnection(self._address, timeout=timeout)

    def send(
        self, method: str, path: str, body: object = None, *, timeout: float = 30, **headers: str
    ) -> Answer:
        """Send one request on a connection of its own; the path is below the project's."""
        connection = self.connect(timeout)
        try:
            return self.ask(connection, method, path, body, **headers)
        finally:
            connection.close()

    def ask(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        body: object = None,
        **headers: str,
    ) -> Answer:
        """Send one request on a connection."""
        data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        where = path if path.startswith(("/bigquery", "/bqvision", "/upload", "/v1")) else f"{self.api}{path}"
        sent = {**self.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        connection.request(method, where, data, sent)
        response = connection.getresponse()
        with response:
            return Answer(response.status, dict(response.headers), response.read())

    def job(self, sql: str = "SELECT 1 AS n", statement: str = "", **query: object) -> dict[str, Any]:
        """Return what jobs.insert takes for a job with a new id."""
        return {
            "jobReference": {"jobId": f"j{uuid.uuid4().hex}"},
            "configuration": {
                "labels": {"bqvision": statement} if statement else {},
                "query": {"query": sql, "useLegacySql": False, **query},
            },
        }

    def exists(self, job: Mapping[str, Any]) -> bool:
        """Say whether there is such a job."""
        answer = self.send("GET", f"/jobs/{job['jobReference']['jobId']}")
        assert answer.status in {200, 404}
        return answer.status == 200

    def state(self, job: Mapping[str, Any]) -> Any:
        """Return a job's status."""
        return self.send("GET", f"/jobs/{job['jobReference']['jobId']}").json["status"]


def outcome(send: Callable[[], object]) -> type[BaseException] | None:
    """Return what kind of error a request ended with."""
    try:
        send()
    except (OSError, http.client.HTTPException) as error:
        return type(error)
    return None


@pytest.fixture(scope="session")
def shared_plan() -> FaultPlan:
    """The plan of this folder's server."""
    return FaultPlan()


@pytest.fixture(scope="session")
def server(oracle: Oracle, bucket: Path, shared_plan: FaultPlan) -> Iterator[LocalServer]:
    """The local BigQuery of this folder."""
    with serve(buckets={"cinema": bucket}, model=oracle, workers=4, faults=shared_plan) as running:
        yield running


@pytest.fixture(scope="session")
def client(server: LocalServer) -> Iterator[bv.Client]:
    """Our client on it."""
    with server.client() as running:
        yield running


@pytest.fixture
def plan(server: LocalServer, shared_plan: FaultPlan) -> Iterator[FaultPlan]:
    """The plan of the running server, empty; all that a test plans must strike."""
    shared_plan.clear()
    try:
        yield shared_plan
        shared_plan.verify()
    finally:
        shared_plan.clear()


@pytest.fixture
def http_client(server: LocalServer) -> Http:
    """What sends requests to it."""
    return Http(server)
