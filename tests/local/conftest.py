"""One local BigQuery for the whole test run, with a vision model that does what the image's bytes say."""

from __future__ import annotations

import json
import os
import threading
import time
import uuid
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import pytest
from google.cloud import bigquery

from bqvision.local import (
    BlockedRowError,
    InputRowError,
    LocalServer,
    PermanentRowError,
    RetryableRowError,
    RowError,
    VisionAnswer,
    VisionRequest,
    serve,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_ERRORS: Mapping[str, type[RowError]] = {
    "retryable": RetryableRowError,
    "blocked": BlockedRowError,
    "input": InputRowError,
    "permanent": PermanentRowError,
}


class Script:
    """A vision model whose answer stands in the image: JSON like ``{"text": "..."}``."""

    def __init__(self) -> None:
        self.requests: list[VisionRequest] = []
        self.gates: defaultdict[str, threading.Event] = defaultdict(threading.Event)
        self.entered: defaultdict[str, threading.Event] = defaultdict(threading.Event)

    def __call__(self, request: VisionRequest) -> VisionAnswer:
        """Do what the first image says."""
        self.requests.append(request)
        order: dict[str, Any] = (
            json.loads(request.images[0].data) if request.images else {"text": request.prompt}
        )
        if "gate" in order:
            self.entered[order["gate"]].set()
            assert self.gates[order["gate"]].wait(30)
        if "error" in order:
            raise _ERRORS[order["error"]](order.get("message", ""))
        if "bug" in order:
            raise ZeroDivisionError(order["bug"])
        return VisionAnswer(
            order.get("text", "").replace("$PROMPT", request.prompt),
            input_tokens=order.get("input_tokens", 7),
            output_tokens=order.get("output_tokens", 3),
            finish_reason=order.get("finish_reason", "STOP"),
        )


class Place:
    """A folder in the served bucket and a dataset, for one test."""

    def __init__(self, root: Path, server: LocalServer, client: bigquery.Client) -> None:
        self.name = f"t{uuid.uuid4().hex[:10]}"
        self.folder = root / self.name
        self.folder.mkdir()
        self.server = server
        self.client = client
        self.dataset = self.name
        client.create_dataset(self.dataset)

    def put(self, name: str, data: bytes | None = None, **order: object) -> Path:
        """Store an object: bytes, or an order for the scripted model."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(json.dumps(order).encode() if data is None else data)
        return path

    def uri(self, name: str = "*") -> str:
        """Return the URI of an object of this test."""
        return f"gs://objects/{self.name}/{name}"

    def sql(self, sql: str, **parameters: str) -> list[dict[str, Any]]:
        """Run a statement; ``DS`` in it stands for the dataset. Return its rows."""
        job = self.start(sql, **parameters)
        return [dict(row) for row in job.result(timeout=60)]

    def start(self, sql: str, **parameters: str) -> bigquery.QueryJob:
        """Start a statement as a job."""
        given = [bigquery.ScalarQueryParameter(name, "STRING", text) for name, text in parameters.items()]
        config = bigquery.QueryJobConfig(query_parameters=given)
        return self.client.query(sql.replace("DS.", f"{self.dataset}."), job_config=config, job_retry=None)

    def posters(self, table: str = "posters", options: str = "") -> None:
        """Make an object table over this test's folder."""
        self.sql(
            f"CREATE OR REPLACE EXTERNAL TABLE DS.{table} WITH CONNECTION DEFAULT "
            f"OPTIONS(object_metadata = 'SIMPLE', uris = ['{self.uri()}']{options})"
        )

    def model(self, name: str = "model") -> None:
        """Make a remote model that the scripted one answers for."""
        self.sql(
            f"CREATE OR REPLACE MODEL `DS.{name}` REMOTE WITH CONNECTION DEFAULT "
            "OPTIONS(ENDPOINT = 'scripted-1')"
        )


def connect(server: LocalServer, **options: Any) -> bigquery.Client:
    """Return google's own client on a server."""
    return bigquery.Client(
        project=server.project,
        credentials=server.credentials,
        client_options={"api_endpoint": server.endpoint},
        **options,
    )


@pytest.fixture(scope="session")
def script() -> Script:
    """The scripted model of the session's server."""
    return Script()


@pytest.fixture(scope="session")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder behind the bucket ``objects``."""
    return tmp_path_factory.mktemp("objects")


@pytest.fixture(scope="session")
def server(script: Script, root: Path) -> Iterator[LocalServer]:
    """The session's server; how long it took to start is printed."""
    begin = time.perf_counter()
    with serve(buckets={"objects": root}, model={"scripted-*": script}, workers=4) as running:
        os.write(2, f"\nlocal BigQuery started in {time.perf_counter() - begin:.2f} s\n".encode())
        yield running


@pytest.fixture(scope="session")
def client(server: LocalServer) -> Iterator[bigquery.Client]:
    """Google's client on the session's server."""
    with connect(server) as running:
        yield running


@pytest.fixture
def place(root: Path, server: LocalServer, client: bigquery.Client) -> Place:
    """A folder and a dataset of the test's own."""
    return Place(root, server, client)
