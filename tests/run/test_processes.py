"""Runs in real processes, that are killed, interrupted, ended, forked, or started together."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

import bqvision as bv
from bqvision import Outcome
from tests.cinema import PROMPT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cinema import Cinema, Oracle

PROGRAM = """
import json, sys
import bqvision as bv

dataset, options, prompt = sys.argv[1], json.loads(sys.argv[2]), sys.argv[3]
with bv.Client(project="local-project", connection="DEFAULT") as client:
    home = client.dataset(dataset)
    analysis = home.remote_model("gemini-vision").analyze(home.object_table("posters"), prompt=prompt, temperature=0.2)
    print("begun", flush=True)
    run = analysis.run("results", **options)
    print(json.dumps([run.report.asked, run.report.joined]), flush=True)
    for poster in run:
        print(poster.title, flush=True)
"""


class Processes:
    """Starts the program, each time in a process of its own, and ends what is left."""

    def __init__(self, cinema: Cinema) -> None:
        self.cinema = cinema
        self.started: list[subprocess.Popen[str]] = []

    def start(self, prompt: str = PROMPT, **options: object) -> subprocess.Popen[str]:
        """Start one run of the question."""
        server = self.cinema.server
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, self.cinema.folder.name, json.dumps(options), prompt],
            env={**os.environ, "BIGQUERY_EMULATOR_HOST": server.endpoint, "BQVISION_TOKEN": server.token},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.started.append(process)
        return process

    def finish(self, process: subprocess.Popen[str]) -> tuple[list[int], list[str]]:
        """Wait for the end of a run; return what it asked and joined, and the titles."""
        output, errors = process.communicate(timeout=90)
        assert process.returncode == 0, errors
        _, counts, *titles = output.splitlines()
        return json.loads(counts), titles


@pytest.fixture
def processes(cinema: Cinema) -> Iterator[Processes]:
    """Processes of this test."""
    made = Processes(cinema)
    yield made
    for process in made.started:
        process.kill()
        process.communicate()


def hang_films(cinema: Cinema, count: int) -> list[str]:
    """Hang so many posters, in an object table; return their titles."""
    titles = [f"Film {number}" for number in range(count)]
    for number, title in enumerate(titles):
        cinema.show(f"{number}.jpg", title, 1920)
    cinema.posters()
    return titles


def batches_of(cinema: Cinema) -> int:
    """How many batches have been sent, in this dataset."""
    jobs = cinema.client.bigquery.list_jobs()
    return sum(
        job.labels.get("bqvision") == "insert_batch" and f".{cinema.folder.name}." in job.query
        for job in jobs
    )


def test_a_run_killed_while_its_job_runs_is_joined_by_the_next(
    cinema: Cinema, oracle: Oracle, processes: Processes
) -> None:
    """After kill -9 the job goes on; the next run adopts it and pays nothing."""
    titles = hang_films(cinema, 3)
    oracle.gate.clear()
    oracle.entered.clear()
    try:
        first = processes.start()
        assert oracle.entered.wait(60)
        first.kill()
        first.wait(10)
        second = processes.start()
        assert second.stdout is not None
        assert second.stdout.readline() == "begun\n"
    finally:
        oracle.gate.set()
    output, errors = second.communicate(timeout=90)
    counts, *found = output.splitlines()
    assert found == titles, errors
    assert batches_of(cinema) == 1
    assert sum(json.loads(counts)) in (0, 3), "joined, or found in the ledger"
    assert cinema.calls() == {"0.jpg": 1, "1.jpg": 1, "2.jpg": 1}


def test_a_run_killed_between_batches_goes_on_behind_them(
    cinema: Cinema, oracle: Oracle, processes: Processes
) -> None:
    """What the first batches brought is kept, and each image has one call."""
    titles = hang_films(cinema, 6)
    seen = threading.Semaphore(0)
    oracle.watch = lambda uri: seen.release() if cinema.folder.name in uri else None
    first = processes.start(batch_size=1, max_concurrent_jobs=2)
    try:
        for _ in range(3):
            assert seen.acquire(timeout=60)
        first.kill()
        first.wait(10)
    finally:
        oracle.watch = None
    _, found = processes.finish(processes.start(batch_size=1))
    assert found == titles
    assert set(cinema.calls().values()) == {1}
    assert batches_of(cinema) == 6


def test_two_processes_at_once_share_the_work(cinema: Cinema, processes: Processes) -> None:
    """Of the same question in two processes each batch is one job, and both see all records."""
    titles = hang_films(cinema, 6)
    both = [processes.start(batch_size=2), processes.start(batch_size=2)]
    results = [processes.finish(process) for process in both]
    assert [found for _, found in results] == [titles, titles]
    assert batches_of(cinema) == 3
    assert set(cinema.calls().values()) == {1}
    assert sum(asked for (asked, _), _ in results) == 6


def test_two_processes_with_different_questions_keep_apart(cinema: Cinema, processes: Processes) -> None:
    """They write into one table at once, and neither loses or overwrites a row of the other."""
    titles = hang_films(cinema, 4)
    other = "Another question. Answer in JSON with two keys: title, year."
    both = [processes.start(batch_size=2), processes.start(prompt=other, batch_size=2)]
    assert [processes.finish(process)[1] for process in both] == [titles, titles]
    assert set(cinema.calls().values()) == {2}
    assert cinema.rows(
        "SELECT COUNT(*) AS rows_, COUNT(DISTINCT fingerprint) AS questions FROM DS.results"
    ) == [{"rows_": 8, "questions": 2}]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, -signal.SIGINT), (signal.SIGTERM, 143)])
def test_an_interrupted_run_names_its_jobs_and_leaves_them(
    cinema: Cinema, oracle: Oracle, processes: Processes, number: signal.Signals, code: int
) -> None:
    """Ctrl-C and SIGTERM: the jobs in flight go on and are named; the next run joins them."""
    titles = hang_films(cinema, 2)
    oracle.gate.clear()
    oracle.entered.clear()
    try:
        first = processes.start()
        assert oracle.entered.wait(60)
        first.send_signal(number)
        _, errors = first.communicate(timeout=60)
    finally:
        oracle.gate.set()
    assert first.returncode == code
    assert "Run it again to join them" in errors
    (job,) = set(re.findall(r"bqv_insert_batch_\w+", errors))
    assert cinema.client.bigquery.get_job(job).state in {"RUNNING", "DONE"}
    assert PROMPT[:30] not in errors
    assert processes.finish(processes.start())[1] == titles
    assert set(cinema.calls().values()) == {1}


def test_an_interrupted_run_can_cancel_its_jobs(cinema: Cinema, oracle: Oracle, processes: Processes) -> None:
    """With cancel_on_exit the job is cancelled and has ended; the next run asks anew, as another attempt."""
    titles = hang_films(cinema, 2)
    oracle.gate.clear()
    oracle.entered.clear()
    try:
        first = processes.start(cancel_on_exit=True)
        assert oracle.entered.wait(60)
        first.send_signal(signal.SIGTERM)
        _, errors = first.communicate(timeout=60)
    finally:
        oracle.gate.set()
    assert first.returncode == 143
    (job,) = re.findall(r"(bqv_insert_batch_\w+) is cancelled", errors)
    assert cinema.client.bigquery.get_job(job).error_result["reason"] == "stopped"
    assert processes.finish(processes.start())[1] == titles
    assert batches_of(cinema) == 2


def test_threads_share_a_client(cinema: Cinema) -> None:
    """Five runs of five questions at once on one client: each has its own answers, and none is paid for twice."""
    titles = hang_films(cinema, 3)
    posters = cinema.dataset.object_table("posters")
    found: dict[int, list[str | None]] = {}

    def ask(number: int) -> None:
        prompt = f"Question {number}. Answer in JSON with two keys: title, year."
        run = cinema.model.analyze(posters, prompt=prompt).run("results", batch_size=2)
        found[number] = [poster.title for poster in run]

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(90)
    assert found == dict.fromkeys(range(5), titles)
    assert set(cinema.calls().values()) == {5}


def test_a_forked_process_has_connections_of_its_own(cinema: Cinema) -> None:
    """A client that was used before a fork works in both processes at once, and they join each other."""
    titles = hang_films(cinema, 4)
    analysis = cinema.analysis_over("posters")
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            found = [poster.title for poster in analysis.run("results", batch_size=1)]
            os.write(writing, json.dumps(found).encode())
        finally:
            os._exit(0)
    os.close(writing)
    run = analysis.run("results", batch_size=1)
    with os.fdopen(reading) as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    assert json.loads(said) == titles
    assert [poster.title for poster in run] == titles
    assert dict(run.report.outcomes) == {Outcome.OK: 4}
    assert set(cinema.calls().values()) == {1}


def test_a_run_in_a_thread_is_not_touched_by_signals(cinema: Cinema) -> None:
    """Outside the main thread no handler is set, and a handler of the program's own is kept."""
    hang_films(cinema, 1)
    before = signal.getsignal(signal.SIGTERM)
    reports: list[bv.RunReport] = []
    analysis = cinema.analysis_over("posters")
    thread = threading.Thread(target=lambda: reports.append(analysis.run("results").report))
    thread.start()
    thread.join(60)
    assert len(reports) == 1
    assert signal.getsignal(signal.SIGTERM) is before
