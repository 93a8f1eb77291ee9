"""A local BigQuery of the plans' own: what they count is not to be mixed up with what others do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bqvision.local import LocalServer, serve
from tests.cinema import Oracle

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import bqvision as bv


@pytest.fixture(scope="session")
def oracle() -> Oracle:
    """The vision model."""
    return Oracle()


@pytest.fixture(scope="session")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder behind the bucket ``cinema``."""
    return tmp_path_factory.mktemp("planned")


@pytest.fixture(scope="session")
def server(oracle: Oracle, bucket: Path) -> Iterator[LocalServer]:
    """The local BigQuery."""
    with serve(buckets={"cinema": bucket}, model=oracle, workers=4) as running:
        yield running


@pytest.fixture(scope="session")
def client(server: LocalServer) -> Iterator[bv.Client]:
    """Our client on it."""
    with server.client() as running:
        yield running
