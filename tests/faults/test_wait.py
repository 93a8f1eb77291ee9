"""Jobs that fail, vanish, take too long or can not be looked at: known soon, and paid for once."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

import bqvision as bv
from bqvision import StopReason
from tests.faults.bench import BATCH, Case

if TYPE_CHECKING:
    from collections.abc import Callable

_SLOWEST_LOOK_S = 10.0


def test_a_batch_that_fails_for_a_passing_reason_is_not_run_again_unasked(case: Case) -> None:
    """W1: it may have been paid for: one job, seen at the next look, and an error that says it can be tried again."""
    analysis = case.films()
    for number, reason in enumerate(("backendError", "jobInternalError", "jobRateLimitExceeded"), 1):
        case.plan.fail_job("insert_batch", reason=reason, message=case.leaky("the job broke"))
        begin = case.clock.now
        error = case.fails(bv.JobFailedError, analysis)
        assert (error.reason, error.retryable) == (reason, True)
        assert case.clock.now - begin <= _SLOWEST_LOOK_S
        assert [job.job_id[-3:] for job in case.jobs()] == [f"_a{attempt}" for attempt in range(number)]
    assert case.calls() == {}


def test_a_batch_is_run_again_if_the_caller_says_so(case: Case) -> None:
    """W1: with job_attempts=2 a failed job that was paid for is followed by one more, and by no third."""
    analysis = case.films()
    case.extra_calls = 1
    case.plan.fail_job("insert_batch", reason="jobBackendError", paid=True)
    run = case.ask(analysis, job_attempts=2)
    assert [job.job_id[-3:] for job in case.jobs()] == ["_a0", "_a1"]
    assert run.report.jobs == (case.jobs()[1].job_id,)
    assert set(case.calls().values()) == {2}


def test_a_statement_that_costs_nothing_is_run_again(case: Case) -> None:
    """W1: the same reasons, for statements that call no model: the next attempt does it."""
    case.films()
    free = {
        "create_object_table": "backendError",
        "create_work_table": "jobInternalError",
        "survey": "jobRateLimitExceeded",
    }
    for label, reason in free.items():
        case.plan.fail_job(label, reason=reason, message=case.leaky("the job broke"))
    case.posters()
    case.ask()
    for label in ("create_object_table", "create_work_table"):
        ids = [job.job_id for job in case.jobs(label)]
        assert ids[-1] == ids[-2].removesuffix("_a0") + "_a1"
    assert case.struck("survey") == 1


def test_a_batch_that_fails_for_a_lasting_reason_is_told_and_left(case: Case) -> None:
    """W2: used-up quota, too little of a resource, a wrong statement, a stop: no second job, even if allowed."""
    analysis = case.films()
    failures: list[tuple[str, type[bv.BqvisionError]]] = [
        ("quotaExceeded", bv.QuotaError),
        ("resourcesExceeded", bv.JobFailedError),
        ("invalidQuery", bv.InvalidQueryError),
        ("stopped", bv.JobCancelledError),
    ]
    for number, (reason, kind) in enumerate(failures, 1):
        case.plan.fail_job("insert_batch", reason=reason, message=case.leaky("no"))
        error = case.fails(kind, analysis, job_attempts=3)
        assert (error.reason, error.retryable) == (reason, False)
        assert len(case.jobs()) == number
    assert case.calls() == {}


def test_looks_that_fail_for_the_moment_are_repeated(case: Case) -> None:
    """W3: 503, RST, half JSON, an empty answer and 504 while the job runs: it goes on, and its end is seen."""
    analysis = case.films()
    case.forbid("jobs.cancel")
    case.hold_until("jobs.get", 5)
    case.plan.answer("jobs.get", 503, reason="backendError", message=case.leaky("wait"), match=BATCH)
    case.plan.reset("jobs.get", match=BATCH)
    case.plan.half_json("jobs.get", match=BATCH)
    case.plan.empty("jobs.get", match=BATCH)
    case.plan.answer("jobs.get", 504, match=BATCH)
    run = case.ask(analysis)
    assert run.report.jobs == (case.jobs()[0].job_id,)


def test_a_look_that_is_refused_leaves_the_job_alone(case: Case) -> None:
    """W3: 403 in the middle: an error that names the job, which runs on and is not cancelled; the next run joins it."""
    analysis = case.films()
    case.forbid("jobs.cancel")
    case.plan.hold_job("insert_batch")
    case.plan.answer("jobs.get", 403, reason="accessDenied", message=case.leaky("No"), match=BATCH)
    error = case.fails(bv.PermissionDeniedError, analysis)
    (job,) = case.jobs()
    assert (job.job_id, job.state) == (error.job_id, "RUNNING")
    assert any(job.job_id in note for note in error.__notes__)


def test_a_run_whose_time_is_over_leaves_its_job(case: Case) -> None:
    """W4: the job goes on, is named and not cancelled; the next run joins it."""
    analysis = case.films()
    case.forbid("jobs.cancel")
    case.plan.hold_job("insert_batch")
    run = case.ask(analysis, timeout=5)
    (job,) = case.jobs()
    assert job.state == "RUNNING"
    assert run.report.stopped is not None
    assert run.report.stopped.reason is StopReason.TIMEOUT
    assert run.report.running == (job.job_id,)
    assert job.job_id in str(run.report)


def interrupt() -> None:
    """What Ctrl-C does."""
    raise KeyboardInterrupt


def terminate() -> None:
    """What a scheduler does."""
    signal.raise_signal(signal.SIGTERM)


@pytest.mark.parametrize(("act", "kind"), [(interrupt, KeyboardInterrupt), (terminate, SystemExit)])
def test_an_interrupted_run_keeps_its_job_or_cancels_it_once(
    case: Case, act: Callable[[], None], kind: type[BaseException]
) -> None:
    """W4: Ctrl-C and SIGTERM leave the job and name it; with cancel_on_exit one request stops it for sure."""
    case.films()

    def when_it_runs() -> None:
        if case.struck("insert_batch") > len(done):
            done.append("")
            act()

    done: list[str] = []
    case.plan.hold_job("insert_batch", times=2)
    case.clock.at = when_it_runs
    with pytest.raises(kind) as kept:
        case.ask()
    (job,) = case.jobs()
    assert job.state == "RUNNING"
    assert any(job.job_id in note and "Run it again" in note for note in kept.value.__notes__)
    assert "jobs.cancel" not in case.ear.requests
    job.cancel()
    case.wait_for_jobs()
    case.ear.requests.clear()
    with pytest.raises(kind) as cancelled:
        case.ask(cancel_on_exit=True)
    assert case.ear.requests.count("jobs.cancel") == 1
    last = case.jobs()[-1]
    assert any(f"{last.job_id} is cancelled" in note for note in cancelled.value.__notes__)
    assert (last.state, last.error_result["reason"]) == ("DONE", "stopped")


def test_a_job_that_vanishes_is_not_run_again(case: Case) -> None:
    """W5: BigQuery no longer knows it: a clear error, no second job; what it did after all is found by the next run."""
    analysis = case.films()
    case.plan.hold_job("insert_batch")
    case.plan.answer("jobs.get", 404, reason="notFound", message="Not found: Job", match=BATCH)
    error = case.fails(bv.JobLostError, analysis)
    assert [job.job_id for job in case.jobs()] == [error.job_id]
    assert "location" in error.next_step


def test_a_job_that_never_begins_does_not_hold_a_run_for_ever(case: Case) -> None:
    """W5: PENDING beyond the time given: the run ends and names it, and nothing is run again."""
    analysis = case.films()
    pending = {"status": {"state": "PENDING"}}
    case.plan.hold_job("insert_batch")
    case.plan.rewrite("jobs.insert", pending, match=BATCH)
    case.plan.rewrite("jobs.get", pending, times=None, match=BATCH)
    run = case.ask(analysis, timeout=30)
    assert run.report.running == tuple(job.job_id for job in case.jobs())
    assert len(case.jobs()) == 1
    assert max(case.clock.waits) <= _SLOWEST_LOOK_S


def test_a_job_that_is_stopped_at_its_own_limit_is_told_so(case: Case) -> None:
    """W5: BigQuery ends it as stopped; it is not run again by itself."""
    analysis = case.films()
    case.plan.fail_job(
        "insert_batch", reason="stopped", message="Job execution was cancelled: Job timed out", paid=True
    )
    case.extra_calls = 1
    error = case.fails(bv.JobCancelledError, analysis)
    assert "timed out" in str(error)
    assert len(case.jobs()) == 1
