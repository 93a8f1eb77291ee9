"""A local BigQuery where a connection's account has no role until one is granted, and two statements more fail then."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest

import bqvision as bv
from bqvision.local import Access, LocalServer, serve
from bqvision.testing import FaultPlan

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROPAGATION = 2


class Clock:
    """A clock that goes on by waiting only."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.waits: list[float] = []

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.waits.append(seconds)
        self.now += seconds

    def read(self) -> float:
        """The time."""
        return self.now


@pytest.fixture(scope="session")
def shared_plan() -> FaultPlan:
    """The plan of this folder's server."""
    return FaultPlan()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, shared_plan: FaultPlan) -> Iterator[LocalServer]:
    """The local BigQuery of this folder."""
    folder: Path = tmp_path_factory.mktemp("posters")
    (folder / "a.jpg").write_bytes(b"poster")
    access = Access(propagation=PROPAGATION)
    with serve(buckets={"posters": folder}, access=access, faults=shared_plan) as running:
        yield running


@pytest.fixture
def plan(shared_plan: FaultPlan) -> Iterator[FaultPlan]:
    """What goes wrong in this test; all of it must have struck at its end."""
    shared_plan.clear()
    yield shared_plan
    shared_plan.verify()
    shared_plan.clear()


@pytest.fixture
def clock() -> Clock:
    """The clock of the client."""
    return Clock()


@pytest.fixture
def client(server: LocalServer, clock: Clock) -> Iterator[bv.Client]:
    """A client whose waits take no time, and which has granted nothing yet."""
    with server.client(retry=bv.RetryPolicy(sleep=clock.sleep, clock=clock.read)) as running:
        yield running


@pytest.fixture
def name() -> str:
    """A connection's name that no other test has."""
    return f"c{uuid.uuid4().hex[:8]}"


@pytest.fixture
def connection(client: bv.Client, name: str) -> bv.Connection:
    """A connection that was just created."""
    return client.connection(name).create()


@pytest.fixture
def dataset(client: bv.Client, name: str) -> bv.Dataset:
    """A dataset of the test's own."""
    return client.dataset(f"d_{name}").create()
