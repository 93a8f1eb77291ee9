"""X3: random schedules, a hundred in every check, thousands in `nox -s schedules`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from bqvision.local import serve
from bqvision.testing import FaultPlan
from tests.schedules.machine import Schedules, Script, World

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLES = int(os.environ.get("BQVISION_SCHEDULES", "120"))
SHARES = 2
"""Parts that may run at once, each with a server of its own."""


@pytest.fixture
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A local BigQuery with a plan of faults that is empty yet."""
    bucket = tmp_path_factory.mktemp("schedules")
    plan = FaultPlan()
    with serve(buckets={"schedules": bucket}, model=Script(), workers=2, faults=plan) as server:
        yield World(server, bucket, plan)


@pytest.mark.parametrize("share", range(SHARES))
def test_no_schedule_loses_a_row_or_pays_twice(world: World, share: int) -> None:
    """X3: whatever fails, dies or crosses, in any order: each row asked once, each image recorded, nothing lost."""

    class Machine(Schedules):
        pass

    Machine.world = world
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=EXAMPLES // SHARES,
            stateful_step_count=8,
            deadline=None,
            derandomize=False,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
