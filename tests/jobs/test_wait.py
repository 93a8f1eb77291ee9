"""Waiting for jobs: a dead one is seen at once, a live one is never abandoned for a passing fault."""

from __future__ import annotations

import pytest

from bqvision.errors import (
    BqvisionError,
    InvalidQueryError,
    JobCancelledError,
    JobFailedError,
    JobLostError,
    JobTimeoutError,
    PermissionDeniedError,
    QuotaError,
)

from .conftest import ASK, Bench
from .fault_server import EMPTY, HALF_JSON, RESET, Fault, Script, error, html


@pytest.mark.parametrize("reason", ["backendError", "jobInternalError", "jobRateLimitExceeded"])
def test_a_dead_paid_job_is_seen_within_a_poll_and_not_run_again(bench: Bench, reason: str) -> None:
    """W1: the error comes after seconds, not after ten minutes, says it is retryable, and cost one job."""
    bench.server.scripts.append(Script(polls=3, error=(reason, "it broke")))
    with bench.raises(JobFailedError) as caught:
        bench.service.execute(ASK, attempts=1)
    assert caught.value.retryable
    assert caught.value.reason == reason
    assert caught.value.job_id == bench.inserts[0]
    assert len(bench.server.jobs) == 1
    assert sum(bench.clock.slept) < 1
    assert not bench.server.sent("jobs.getQueryResults")


def test_a_free_statement_gets_another_attempt_under_the_next_id(bench: Bench) -> None:
    """W1: attempts advance only after BigQuery itself reported the failure."""
    bench.server.scripts.append(Script(error=("backendError", "it broke")))
    job = bench.service.execute(ASK)
    first, second = bench.inserts
    assert (first[-3:], second[-3:]) == ("_a0", "_a1")
    assert first[:-3] == second[:-3]
    assert (job.job_id, job.attempt) == (second, 1)


def test_attempts_are_used_up(bench: Bench) -> None:
    """W1: no more jobs than allowed."""
    bench.server.scripts.extend(Script(error=("backendError", "it broke")) for _ in range(3))
    with bench.raises(JobFailedError):
        bench.service.execute(ASK, attempts=3)
    assert [job_id[-3:] for job_id in bench.inserts] == ["_a0", "_a1", "_a2"]


def test_a_later_call_passes_over_the_jobs_that_had_failed(bench: Bench) -> None:
    """P2: with the same key it goes on at the next attempt, as any other process would."""
    bench.server.scripts.append(Script(error=("backendError", "it broke")))
    with bench.raises(JobFailedError):
        bench.service.execute(ASK, key="work", attempts=1)
    job = bench.serve().execute(ASK, key="work", attempts=1)
    assert job.attempt == 1
    assert len(bench.server.jobs) == 2


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("quotaExceeded", QuotaError),
        ("resourcesExceeded", JobFailedError),
        ("invalidQuery", InvalidQueryError),
        ("stopped", JobCancelledError),
        ("neverHeardOf", JobFailedError),
    ],
)
def test_a_job_that_can_not_succeed_is_not_run_again(
    bench: Bench, reason: str, kind: type[BqvisionError]
) -> None:
    """W2: one job, and the error that the reason stands for."""
    bench.server.scripts.append(Script(polls=1, error=(reason, "no")))
    with bench.raises(kind) as caught:
        bench.service.execute(ASK)
    assert not caught.value.retryable
    assert len(bench.server.jobs) == 1


@pytest.mark.parametrize(
    "fault",
    [error(503, "backendError"), RESET, HALF_JSON, EMPTY, html(504)],
    ids=lambda fault: f"{fault.kind}{fault.status}",
)
def test_a_passing_fault_while_waiting_is_survived(bench: Bench, fault: Fault) -> None:
    """W3: the same job is looked at again."""
    bench.server.scripts.append(Script(polls=3))
    bench.server.plan("jobs.get", fault)
    job = bench.service.execute(ASK)
    assert list(bench.server.jobs) == [job.job_id]


def test_a_refusal_while_waiting_leaves_the_job_running_and_names_it(bench: Bench) -> None:
    """W3: nothing is cancelled; the error says which job goes on."""
    bench.server.scripts.append(Script(polls=5))
    bench.server.plan("jobs.get", error(403, "accessDenied"))
    with bench.raises(PermissionDeniedError) as caught:
        bench.service.execute(ASK)
    assert caught.value.job_id == bench.inserts[0]
    assert not bench.server.sent("jobs.cancel")


def test_waiting_has_a_limit_and_the_job_goes_on(bench: Bench) -> None:
    """W4: the error names the job, which is not cancelled, and a later call joins it."""
    bench.server.scripts.append(Script(polls=60))
    with bench.raises(JobTimeoutError) as caught:
        bench.service.execute(ASK, key="work", timeout_s=30)
    assert caught.value.job_id == bench.inserts[0]
    assert sum(bench.clock.slept) == pytest.approx(30)
    assert not bench.server.sent("jobs.cancel")
    job = bench.service.execute(ASK, key="work")
    assert job.job_id == bench.inserts[0]
    assert len(bench.server.jobs) == 1


def test_an_interrupt_names_the_job_that_goes_on(bench: Bench) -> None:
    """W4: Ctrl-C cancels nothing."""
    bench.server.scripts.append(Script(polls=5))

    def interrupted(_seconds: float) -> None:
        raise KeyboardInterrupt

    service = bench.serve(policy=bench.limited(sleep=interrupted))  # type: ignore[arg-type]
    with pytest.raises(KeyboardInterrupt) as caught:
        service.execute(ASK)
    assert bench.inserts[0] in caught.value.__notes__[0]
    assert not bench.server.sent("jobs.cancel")


def test_a_job_that_vanishes_is_reported_and_not_run_again(bench: Bench) -> None:
    """W5: never a second id for work that may have been paid for."""
    bench.server.scripts.append(Script(polls=5))
    bench.server.plan("jobs.get", error(404, "notFound"))
    with bench.raises(JobLostError):
        bench.service.execute(ASK)
    assert len(bench.inserts) == 1


def test_waits_grow_and_are_bounded(bench: Bench) -> None:
    """No look comes late by much of the job's time so far, nor by more than ten seconds."""
    bench.server.scripts.append(Script(polls=60))
    bench.service.execute(ASK)
    slept = bench.clock.slept
    assert slept[0] < 0.1
    assert slept == sorted(slept)
    assert all(pause <= 0.03 + sum(slept[:at]) * 0.15 for at, pause in enumerate(slept))
    assert max(slept) == 10
