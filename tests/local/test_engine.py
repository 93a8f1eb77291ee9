"""The database under the local BigQuery: large data goes to the disk, and what can't is done all the same."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import duckdb
import pytest
from bqemulator.config import PersistenceMode, Settings

from bqvision.local.engine import Engine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ROWS = 3_000_000


@pytest.fixture
def spilled(tmp_path: Path) -> Path:
    """Where the engine puts what has no place in memory; a folder with a quote in its name."""
    return tmp_path / "it's here"


@pytest.fixture
def engine(spilled: Path) -> Iterator[Engine]:
    """A started engine with little memory."""
    engine = Engine(Settings(persistence_mode=PersistenceMode.EPHEMERAL), spilled, memory="60MB")
    asyncio.run(engine.start())
    engine.execute("SET threads = 1")
    yield engine
    asyncio.run(engine.stop())


def limit(engine: Engine) -> str:
    """The memory limit that applies."""
    return str(engine.fetch_arrow("SELECT current_setting('memory_limit') AS value")["value"][0])


def test_tables_larger_than_the_memory_are_on_the_disk(engine: Engine, spilled: Path) -> None:
    """A table that doesn't fit is made and read, and the limit stays."""
    before = limit(engine)
    engine.fetch_arrow(f"CREATE TABLE t AS SELECT range AS n, md5(range::VARCHAR) AS text FROM range({ROWS})")
    assert list(spilled.iterdir())
    assert engine.fetch_arrow("SELECT COUNT(DISTINCT n % 7) AS n FROM t")["n"][0].as_py() == 7
    assert limit(engine) == before


def test_work_that_needs_more_memory_lifts_the_limit(engine: Engine) -> None:
    """A statement whose work can't go to the disk is run again with all the memory there is."""
    before = limit(engine)
    whole = f"SELECT len(list(range ORDER BY hash(range))) AS n FROM range({ROWS})"
    assert engine.fetch_arrow(whole)["n"][0].as_py() == ROWS
    assert limit(engine) != before


def test_work_that_never_fits_fails(engine: Engine) -> None:
    """With the limit lifted, running out of memory is the statement's failure."""
    engine.fetch_arrow(f"SELECT len(list(range ORDER BY hash(range))) AS n FROM range({ROWS})")
    engine.execute("SET memory_limit = '60MB'")
    with pytest.raises(duckdb.OutOfMemoryException):
        engine.fetch_arrow(f"SELECT len(list(range ORDER BY hash(range))) AS n FROM range({ROWS})")
