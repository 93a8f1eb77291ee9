"""The bench of the fault matrix: one local BigQuery that misbehaves as planned, and one case for each test."""

from __future__ import annotations

import json
import logging
import uuid
from typing import TYPE_CHECKING

import pytest

from bqvision.local import LocalServer, SimulatedBucket, VisionAnswer, VisionRequest, serve
from bqvision.testing import FaultPlan
from tests.faults.bench import Case, Ear
from tests.faults.invariants import check_all

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import bqvision as bv
    from tests.cinema import Oracle

GALLERY_IMAGES = 5_003
"""Two pages of records."""


@pytest.fixture(scope="session")
def shared_plan() -> FaultPlan:
    """The plan of this folder's server."""
    return FaultPlan()


@pytest.fixture(scope="session")
def heard() -> list[str]:
    """The prompts that the model ``gemini-echo`` was asked with."""
    return []


@pytest.fixture(scope="session")
def server(oracle: Oracle, bucket: Path, shared_plan: FaultPlan, heard: list[str]) -> Iterator[LocalServer]:
    """The local BigQuery of this folder."""

    def echo(request: VisionRequest) -> VisionAnswer:
        heard.append(request.prompt)
        return VisionAnswer(json.dumps({"title": "heard", "year": None}))

    with serve(
        buckets={"cinema": bucket, "gallery": SimulatedBucket(GALLERY_IMAGES)},
        model={"gemini-echo*": echo, "gemini-*": oracle},
        workers=4,
        faults=shared_plan,
    ) as running:
        yield running


@pytest.fixture(scope="session")
def client(server: LocalServer) -> Iterator[bv.Client]:
    """Our client on it."""
    with server.client() as running:
        yield running


@pytest.fixture
def ear(caplog: pytest.LogCaptureFixture) -> Iterator[Ear]:
    """What all loggers say while the test runs."""
    made = Ear()
    loggers = [logging.getLogger(), logging.getLogger("google")]
    for logger in loggers:
        caplog.set_level(logging.DEBUG, logger.name if logger.parent is not None else None)
        logger.addHandler(made)
    yield made
    for logger in loggers:
        logger.removeHandler(made)


@pytest.fixture
def case(server: LocalServer, shared_plan: FaultPlan, bucket: Path, ear: Ear) -> Iterator[Case]:
    """A case of its own dataset and posters; at its end all faults must have struck, and all invariants hold."""
    shared_plan.clear()
    folder = bucket / f"d{uuid.uuid4().hex[:8]}"
    folder.mkdir()
    made = Case(folder, server, shared_plan, ear)
    try:
        yield made
        check_all(made)
    finally:
        shared_plan.clear()
        made.close()
