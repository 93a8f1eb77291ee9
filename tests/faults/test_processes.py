"""Processes and threads that die or work together while the server misbehaves; more of them are in tests/run."""

from __future__ import annotations

import json
import threading
import time
from typing import TYPE_CHECKING

import pytest

import bqvision as bv
from bqvision import Outcome
from tests.faults.bench import BATCH, PROMPT, READ, Case
from tests.run.test_processes import Processes

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator


@pytest.fixture
def processes(case: Case) -> Iterator[Processes]:
    """Processes of this test."""
    made = Processes(case)
    yield made
    for process in made.started:
        process.kill()
        process.communicate()


def kill_when_struck(case: Case, process: subprocess.Popen[str], target: str) -> None:
    """End a process with kill -9 as soon as a fault has struck one of its requests."""
    end = time.monotonic() + 60
    while not case.struck(target):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
    process.kill()
    process.wait(10)


def test_a_run_killed_before_the_answer_to_its_insert(case: Case, processes: Processes) -> None:
    """P1: the job is there and its process never knew: the next run has the same id, and pays nothing."""
    case.films()
    case.plan.stall("jobs.insert", after=True, match=BATCH)
    kill_when_struck(case, processes.start(prompt=PROMPT), "jobs.insert")
    case.wait_for_jobs()
    run = case.ask()
    assert len(case.jobs()) == 1
    assert (run.report.asked, [poster.title for poster in run]) == (0, ["Film A", "Film B"])


def test_a_run_killed_in_the_middle_of_its_records(case: Case, processes: Processes) -> None:
    """P1: between two pages: nothing is open, and the next process reads all."""
    case.gallery()
    case.plan.stall("jobs.getQueryResults", match=rf"{READ}.*pageToken=")
    kill_when_struck(case, processes.start(prompt=PROMPT), "jobs.getQueryResults")
    assert case.jobs() == []


def test_two_processes_go_on_after_the_same_failure(case: Case, processes: Processes) -> None:
    """P2: the first attempt fails while both wait for it: both take the second, so there are two jobs in all."""
    case.films()
    case.plan.fail_job("insert_batch", reason="jobBackendError")
    case.plan.hold_job("insert_batch", seconds=1.5)
    both = [processes.start(prompt=PROMPT, job_attempts=2) for _ in range(2)]
    results = [processes.finish(process) for process in both]
    assert [titles for _, titles in results] == [["Film A", "Film B"]] * 2
    assert [job.job_id[-3:] for job in case.jobs()] == ["_a0", "_a1"]
    assert sum(asked for (asked, _), _ in results) == 2
    assert set(case.calls().values()) == {1}


def test_two_questions_at_once_whose_answers_get_lost(case: Case, processes: Processes) -> None:
    """P3: two processes write into one table while every first answer to their jobs is lost: no row gets lost."""
    case.films()
    case.plan.lose("jobs.insert", times=2, match=BATCH)
    both = [processes.start(prompt=prompt) for prompt in (PROMPT, "Another one. JSON: title, year.")]
    assert [processes.finish(process)[1] for process in both] == [["Film A", "Film B"]] * 2
    case.extra_calls = 1  # there are two questions
    assert len(case.jobs()) == 2
    assert case.rows("SELECT COUNT(*) AS n, COUNT(DISTINCT fingerprint) AS questions FROM DS.results") == [
        {"n": 4, "questions": 2}
    ]


def test_threads_share_a_client_while_the_server_fails(case: Case) -> None:
    """P4: three questions on one client, with lost answers, broken looks and broken pages: no cross-talk."""
    case.films()
    case.extra_calls = 3  # there are three other questions
    case.plan.lose("jobs.insert", times=2, match=BATCH)
    case.plan.answer("jobs.get", 503, reason="backendError", times=2, match=BATCH)
    case.plan.half_json("jobs.getQueryResults", times=3, match=READ)
    found: dict[int, list[str | None]] = {}

    def ask(number: int) -> None:
        run = case.ask(case.question(prompt=f"Question {number}? JSON: title, year."), f"results_{number}")
        found[number] = [poster.title for poster in run]

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert found == {number: ["Film A", "Film B"] for number in range(3)}
    assert len(case.jobs()) == 3
    assert set(case.calls().values()) == {3}


def test_a_clock_that_jumps_harms_no_run(case: Case) -> None:
    """P5: a wait that seems to take months, forward or back: the run is done all the same, and asks once."""

    def leap() -> None:
        if case.struck("jobs.get") == number and not leapt:
            leapt.append(number)
            case.clock.now += jumps[number]
            case.plan.release()

    case.clock.at = leap
    jumps = {1: 1e7, 2: -1e7}
    for number in jumps:
        leapt: list[int] = []
        analysis = case.films(f"{number}.jpg")
        case.plan.hold_job("insert_batch")
        case.plan.answer("jobs.get", 503, reason="backendError", match=BATCH)
        assert dict(case.ask(analysis).report.outcomes) == {Outcome.OK: number}
    case.elapsed.clear()  # what the clock says of it is no time that has passed
    assert bv.RetryPolicy().clock is time.monotonic, "by default nobody can set it"


def test_a_clock_that_jumps_back_ends_a_run_at_its_timeout(case: Case) -> None:
    """P5: the time given is over later then, but it is over."""
    analysis = case.films()
    case.plan.hold_job("insert_batch")

    def leap() -> None:
        if len(case.clock.waits) == 10:
            case.clock.now -= 4

    case.clock.at = leap
    run = case.ask(analysis, timeout=5)
    assert len(run.report.running) == 1
    assert json.dumps(run.report.running) in json.dumps([job.job_id for job in case.jobs()])
