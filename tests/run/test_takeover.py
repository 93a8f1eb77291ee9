"""Runs that find the claim of another one, alive or dead, and do not want what that one wanted."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

import bqvision as bv
from bqvision import Outcome
from tests.cinema import PROMPT
from tests.run.test_claims import make_claim, work_table
from tests.run.test_processes import Processes, batches_of, hang_films, processes
from tests.run.test_rounds import ANSWER, Clock, analysis

if TYPE_CHECKING:
    from tests.cinema import Cinema, Oracle

__all__ = ["processes"]


def test_images_that_are_gone_are_not_asked_for_an_old_claim(cinema: Cinema) -> None:
    """A claim of images that the object table no longer has is given up; only what is there is asked about."""
    hang_films(cinema, 4)
    question = analysis(cinema, Clock())
    make_claim(cinema, work_table(cinema, question), run_id="old")
    for number in (1, 2, 3):
        (cinema.folder / f"{number}.jpg").unlink()
    report = question.run("results").report
    assert (report.images, report.asked, report.deleted) == (1, 1, 0)
    assert cinema.calls() == {"0.jpg": 1}


def test_a_replaced_image_is_not_asked_as_what_it_was(cinema: Cinema) -> None:
    """A claim of an older generation would bring a row that says "not found"; it is given up."""
    hang_films(cinema, 2)
    question = analysis(cinema, Clock())
    make_claim(cinema, work_table(cinema, question), run_id="old")
    cinema.show("1.jpg", "Another film", 1921)
    run = question.run("results")
    assert [poster.title for poster in run] == ["Film 0", "Another film"]
    assert cinema.rows("SELECT COUNT(*) AS rows_ FROM DS.results") == [{"rows_": 2}]


def test_a_retry_of_some_outcomes_asks_no_new_images_for_another_run(cinema: Cinema) -> None:
    """retry_failed pays for what its caller named, though a claim of all new images was left behind."""
    cinema.hang("blocked.jpg", fail="blocked")
    question = analysis(cinema, Clock())
    question.run("results")
    hang_films(cinema, 3)
    make_claim(cinema, work_table(cinema, question), run_id="old")
    report = question.retry_failed("results", outcomes={Outcome.BLOCKED}).report
    assert report.asked == 1
    assert cinema.calls() == {"blocked.jpg": 2}
    assert question.run("results").report.asked == 3


def test_two_running_processes_with_other_batch_sizes_pay_once(cinema: Cinema, processes: Processes) -> None:
    """The one with smaller batches retires the other's claim; both end with all records, each paid for once."""
    titles = hang_films(cinema, 12)
    both = [processes.start(batch_size=6), processes.start(batch_size=2)]
    assert [sorted(processes.finish(process)[1]) for process in both] == [sorted(titles)] * 2
    assert set(cinema.calls().values()) == {1}


def test_a_claim_with_a_job_in_flight_is_retired_when_that_has_ended(
    cinema: Cinema, oracle: Oracle, processes: Processes
) -> None:
    """What a killed run has in flight is waited for and kept; the rest is cut anew."""
    titles = hang_films(cinema, 5)
    oracle.gate.clear()
    oracle.entered.clear()
    try:
        first = processes.start(batch_size=4)
        assert oracle.entered.wait(60)
        first.kill()
        first.wait(10)
        clock = Clock()
        limited = analysis(cinema, clock, PROMPT, temperature=0.2)
        report = limited.run("results", batch_size=1, timeout=20).report
        assert report.stopped is not None
        assert report.stopped.reason is bv.StopReason.TIMEOUT
        assert "waiting for another run's claim" in str(report.stopped)
    finally:
        oracle.gate.set()
    run = limited.run("results", batch_size=1)
    assert [poster.title for poster in run] == titles
    assert set(cinema.calls().values()) == {1}
    assert batches_of(cinema) == 2


def test_a_claim_that_is_billed_to_another_project_is_left_alone(cinema: Cinema) -> None:
    """Job ids are known to one project only: two could not join each other's jobs, so the second run says so."""
    hang_films(cinema, 2)
    question = cinema.analysis()
    make_claim(cinema, work_table(cinema, question), run_id="theirs", project="their-project")
    with pytest.raises(bv.RunError, match="their-project has claimed these images") as raised:
        question.run("results")
    assert "Client(project='their-project')" in raised.value.next_step
    assert cinema.calls() == {}


def test_only_jobs_of_its_own_are_cancelled(cinema: Cinema, oracle: Oracle, processes: Processes) -> None:
    """A run that joined another's job leaves it alone when it is interrupted, whatever cancel_on_exit says."""
    titles = hang_films(cinema, 2)

    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    policy = bv.RetryPolicy(sleep=interrupt)
    dataset = cinema.client.with_options(retry=policy).dataset(cinema.folder.name)
    oracle.gate.clear()
    oracle.entered.clear()
    try:
        first = processes.start()
        assert oracle.entered.wait(60)
        with pytest.raises(KeyboardInterrupt) as interrupted:
            cinema.analysis_over("posters", dataset=dataset).run("results", cancel_on_exit=True)
    finally:
        oracle.gate.set()
    assert "Jobs that go on" in str(interrupted.value.__notes__)
    assert "bqv_insert_batch" in str(interrupted.value.__notes__)
    assert processes.finish(first)[1] == titles
    assert set(cinema.calls().values()) == {1}


def test_what_another_run_took_up_in_the_wait_is_not_passed_over_in_silence(cinema: Cinema) -> None:
    """If another run's round left it RETRYABLE, this run ends, and says that there is something to do."""
    cinema.hang("a.jpg", text=ANSWER, busy="9")
    clock = Clock()
    question = analysis(cinema, clock)

    def cross() -> None:
        if clock.waits and not crossed:
            crossed.append(True)
            analysis(cinema, Clock()).run("results", max_rounds=1)

    crossed: list[bool] = []
    clock.at = cross
    report = question.run("results").report
    assert report.stopped is not None
    assert report.stopped.reason is bv.StopReason.ROUNDS
    assert dict(report.outcomes) == {Outcome.RETRYABLE: 1}


def test_a_results_table_is_kept_for_ever(cinema: Cinema) -> None:
    """In a dataset whose tables expire by default, the answers do not; else all would be paid for again."""
    cinema.show("a.jpg", "Sunrise", 1927)
    question = cinema.analysis()
    question.run("results")
    cinema.rows(
        "ALTER TABLE DS.results SET OPTIONS (expiration_timestamp = TIMESTAMP '2999-01-01 00:00:00 UTC')"
    )
    name = f"{cinema.folder.name}.results"
    assert cinema.client.bigquery.get_table(name).expires is not None
    question.run("results")
    assert cinema.client.bigquery.get_table(name).expires is None


def test_a_limit_that_is_used_up_leaves_refused_files_to_put_down(cinema: Cinema) -> None:
    """With no call left, a file that is no image is put down all the same, which is free."""
    cinema.show("a.jpg", "Sunrise", 1927)
    question = cinema.analysis()
    question.run("results")
    cinema.store("b.gif", b"GIF89a")
    cinema.show("c.jpg", "Greed", 1924)
    report = question.run("results", max_calls=1).report
    assert (report.calls, report.refused, report.stopped) == (1, 1, None)


def test_a_prompt_in_a_status_is_not_repeated(cinema: Cinema) -> None:
    """What a status quotes of the question is left out of errors and reports."""
    cinema.hang("a.jpg", fail="permanent", message=f"PERMISSION_DENIED: no access. The prompt was: {PROMPT}")
    with pytest.raises(bv.RunError, match="PERMISSION_DENIED: no access") as raised:
        cinema.analysis().run("results")
    assert "movie title and year" not in f"{raised.value} {raised.value.__dict__}"


def test_a_claim_that_is_done_is_no_reason_to_ask_or_to_pass_over(cinema: Cinema) -> None:
    """A run that died before it dropped its work table does not change what a retry of some outcomes pays for."""
    cinema.hang("blocked.jpg", fail="blocked")
    cinema.hang("busy.jpg", text=ANSWER, busy="5")
    question = cinema.analysis()
    question.run("results", max_rounds=1)
    make_claim(cinema, work_table(cinema, question), run_id="done", first="none")
    cinema.rows("UPDATE DS.results SET run_id = 'done' WHERE TRUE")
    report = question.retry_failed("results", outcomes={Outcome.BLOCKED}).report
    assert report.calls == 1
    assert cinema.calls() == {"blocked.jpg": 2, "busy.jpg": 1}


def test_a_results_table_that_was_deleted_under_a_claim_is_filled_again(
    cinema: Cinema, oracle: Oracle
) -> None:
    """Jobs that are done and whose rows are gone are said once; the run after that claims all anew."""
    hang_films(cinema, 2)
    question = cinema.analysis()
    table = work_table(cinema, question)

    class Killed(BaseException):
        """The process is gone."""

    def clock() -> float:
        jobs = cinema.client.bigquery.list_jobs(max_results=30)
        if any(
            job.labels.get("bqvision") == "count_outcomes" and cinema.folder.name in job.query for job in jobs
        ):
            raise Killed
        return 0.0

    dataset = cinema.client.with_options(retry=bv.RetryPolicy(clock=clock)).dataset(cinema.folder.name)
    with pytest.raises(Killed):
        cinema.analysis_over("posters", dataset=dataset).run("results")
    assert table in {str(one.name) for one in cinema.dataset.tables()}
    cinema.rows("DROP TABLE DS.results")
    with pytest.raises(bv.IntegrityError, match="0 rows for 2 images"):
        question.run("results")
    assert dict(question.run("results").report.outcomes) == {Outcome.OK: 2}


def test_two_object_tables_asked_at_once_do_not_get_in_each_others_way(cinema: Cinema) -> None:
    """Runs of one question over two tables take turns: neither gives up the claim that the other is working on."""
    for number in range(15):
        cinema.show(f"a{number:02}.jpg", f"A {number}", 1920)
        cinema.show(f"b{number:02}.jpg", f"B {number}", 1920)
    runs: dict[str, bv.AnalysisRun[bv.PosterResult]] = {}

    def ask(name: str) -> None:
        images = cinema.dataset.object_table(name).create(uris=[cinema.uri(f"{name}*")])
        runs[name] = cinema.model.analyze(images, prompt=PROMPT).run("results", batch_size=5)

    threads = [threading.Thread(target=ask, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(90)
    assert {name: len(list(run)) for name, run in runs.items()} == {"a": 15, "b": 15}
    assert set(cinema.calls().values()) == {1}
    assert batches_of(cinema) == 8
