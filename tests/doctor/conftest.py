"""Local BigQueries in which something is missing, and a project of each test's own."""

from __future__ import annotations

import shlex
import uuid
from typing import TYPE_CHECKING, Self

import pytest

import bqvision as bv
from bqvision.local import (
    Access,
    InputRowError,
    LocalServer,
    PermanentRowError,
    RetryableRowError,
    VisionAnswer,
    VisionRequest,
    serve,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_ORDERS = {"permanent": PermanentRowError, "busy": RetryableRowError, "unreadable": InputRowError}


def model(request: VisionRequest) -> VisionAnswer:
    """Answer, or fail in the way and with the words that the image says."""
    kind, _, words = request.images[0].data.decode().partition(":")
    if kind in _ORDERS:
        raise _ORDERS[kind](words)
    return VisionAnswer('{"text": "METROPOLIS"}', 10, 5)


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder behind the bucket ``posters``."""
    return tmp_path_factory.mktemp("posters")


def _server(shelf: Path, access: Access | None) -> LocalServer:
    return serve(buckets={"posters": shelf}, model=model, access=access, workers=1)


@pytest.fixture(scope="session")
def open_server(shelf: Path) -> Iterator[LocalServer]:
    """A project in which everything is allowed."""
    with _server(shelf, None) as running:
        yield running


@pytest.fixture(scope="session")
def new_server(shelf: Path) -> Iterator[LocalServer]:
    """A project in which no connection's account has a role."""
    with _server(shelf, Access()) as running:
        yield running


@pytest.fixture
def open_project(open_server: LocalServer, shelf: Path) -> Iterator[Project]:
    """A test's part of the project in which everything is allowed, all set up."""
    with Project(open_server, shelf) as project:
        project.set_up()
        yield project


@pytest.fixture
def new_project(new_server: LocalServer, shelf: Path) -> Iterator[Project]:
    """A test's part of a new project: nothing is there, and nothing granted."""
    with Project(new_server, shelf) as project:
        yield project


class Project:
    """One test's dataset, connection and images, by names that no other test has."""

    def __init__(self, server: LocalServer, shelf: Path) -> None:
        self.server = server
        self.own = f"d{uuid.uuid4().hex[:8]}"
        self.folder = shelf / self.own
        self.folder.mkdir()
        self.client = server.client()
        self.connection = self.client.connection(self.own)
        self.dataset = self.client.dataset(self.own)
        self.images = self.dataset.object_table("posters")
        self.model = self.dataset.remote_model("gemini")
        self.uris = [f"gs://posters/{self.own}/*"]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def hang(self, name: str, says: str = "a film") -> None:
        """Store an image."""
        (self.folder / name).write_text(says)

    def set_up(self) -> None:
        """Make all that a first run needs."""
        self.connection.create()
        self.run(str(self.connection.grant_statements(buckets=["posters"])))
        self.dataset.create()
        self.hang("metropolis.jpg")
        self.images.create(uris=self.uris, connection=self.own)
        self.model.create(endpoint="gemini-2.5-flash", connection=self.own)

    def look(self, *, ask: bool = False) -> bv.Diagnosis:
        """Look at all of it."""
        return self.client.doctor(
            images=self.images, model=self.model, connection=self.own, bucket="posters", ask=ask
        )

    def check(self, name: str, *, ask: bool = False) -> bv.Check:
        """Look at all of it, and return one line."""
        return self.look(ask=ask)[name]

    def run(self, command: str | None) -> None:
        """Do what a line says: a statement, or what gcloud would do."""
        assert command is not None
        statement = ""
        for line in command.splitlines():
            if line.startswith("gcloud storage buckets add-iam-policy-binding "):
                words = shlex.split(line)
                flags = dict(word.removeprefix("--").split("=", 1) for word in words if word.startswith("--"))
                bucket = words[4].removeprefix("gs://")
                self.server.grant_bucket_role(bucket, flags["member"], flags["role"])
                continue
            statement += line + "\n"
            if line.endswith(";"):
                self.client.bigquery.query(statement).result()
                statement = ""
        assert not statement, "a line that is neither"
