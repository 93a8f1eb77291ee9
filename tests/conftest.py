"""The local BigQuery that most tests talk to; areas that need another one make their own."""

from __future__ import annotations

import os
import uuid
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from bqvision.local import LocalServer, serve
from tests.cinema import Cinema, Oracle

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import bqvision as bv


# A busy machine is no failure, and a check of a commit gives the same answer twice; new examples are drawn elsewhere.
settings.register_profile("bqvision", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("bqvision")


@pytest.fixture(scope="session")
def oracle() -> Oracle:
    """The vision model."""
    return Oracle()


@pytest.fixture(scope="session")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder behind the bucket ``cinema``."""
    return tmp_path_factory.mktemp("cinema")


@pytest.fixture(scope="session")
def server(oracle: Oracle, bucket: Path) -> Iterator[LocalServer]:
    """The local BigQuery of these tests."""
    with serve(buckets={"cinema": bucket}, model=oracle, workers=4) as running:
        yield running


@pytest.fixture(scope="session")
def client(server: LocalServer) -> Iterator[bv.Client]:
    """Our client on it."""
    with server.client() as running:
        yield running


@pytest.fixture
def cinema(server: LocalServer, client: bv.Client, bucket: Path) -> Cinema:
    """A bucket and a dataset of the test's own."""
    folder = bucket / f"d{uuid.uuid4().hex[:8]}"
    folder.mkdir()
    return Cinema(folder, server, client)
