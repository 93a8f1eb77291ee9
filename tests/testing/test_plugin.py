"""The pytest fixture, as the tests of those who use bqvision have it."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytest_plugins = ["pytester"]

TESTS = """
import pytest
import bqvision as bv
from bqvision.local import VisionAnswer
from bqvision.testing import FaultPlan, LocalBigQuery

clients = []


def start(local_bigquery: LocalBigQuery, tmp_path, faults=None) -> bv.Client:
    client = local_bigquery(buckets={"posters": tmp_path}, model=lambda _: VisionAnswer("{}"), faults=faults)
    clients.append(client)
    return client


def test_plan_that_strikes(local_bigquery, tmp_path):
    plan = FaultPlan()
    plan.lose("jobs.insert")
    client = start(local_bigquery, tmp_path, plan)
    assert client.dataset("films").create(exists_ok=True).exists()


def test_all_are_closed():
    with pytest.raises(bv.LocalServerError):
        clients[0].model_calls


def test_plan_with_a_fault_left(local_bigquery, tmp_path):
    plan = FaultPlan()
    plan.answer("jobs.insert", 503)
    start(local_bigquery, tmp_path, plan)


def test_that_fails_by_itself(local_bigquery, tmp_path):
    plan = FaultPlan()
    plan.answer("jobs.insert", 503)
    start(local_bigquery, tmp_path, plan)
    assert 6 * 7 == 54
"""


def test_the_fixture_closes_and_verifies(pytester: pytest.Pytester) -> None:
    """Clients are closed behind the test, and what its plan left is an error if nothing else was wrong."""
    pytester.makepyfile(TESTS)
    result = pytester.runpytest_subprocess("-p", "no:bqemulator", "-p", "no:xdist", "-W", "error")
    result.assert_outcomes(passed=3, failed=1, errors=1)
    result.stdout.fnmatch_lines(
        [
            "*ERROR at teardown of test_plan_with_a_fault_left*",
            "*FaultsLeftError: planned faults are left:",
            "*answer jobs.insert 503: struck 0 of 1 times",
        ]
    )


def test_the_plugin_loads_nothing_before_it_is_used() -> None:
    """Pytest starts as fast with it as without."""
    code = (
        "import sys, bqvision.pytest_plugin; "
        "print(*{'google.cloud', 'bqvision.local', 'bqvision.client', 'bqvision.testing'} & sys.modules.keys())"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == ""
