"""A local BigQuery of this folder's own, which misbehaves as planned."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bqvision.local import LocalServer, serve
from bqvision.testing import FaultPlan

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import bqvision as bv
    from tests.cinema import Oracle


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
def faults(shared_plan: FaultPlan) -> Iterator[FaultPlan]:
    """What goes wrong in one test; all of it must have happened at its end."""
    shared_plan.clear()
    try:
        yield shared_plan
        shared_plan.verify()
    finally:
        shared_plan.clear()
