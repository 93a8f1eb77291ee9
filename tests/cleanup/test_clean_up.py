"""What a run left is taken away, and nothing that is another's."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import bqvision as bv
from tests.run.test_claims import is_there, make_claim, work_table
from tests.run.test_rounds import Clock, analysis

if TYPE_CHECKING:
    from bqvision.testing import FaultPlan
    from tests.cinema import Cinema, Oracle


def asked(cinema: Cinema, *, clock: Clock | None = None) -> bv.AnalysisRun[bv.PosterResult]:
    """A run over two posters that has ended well."""
    for number in range(2):
        cinema.show(f"{number}.jpg", "Sunrise", 1927)
    return analysis(cinema, clock or Clock()).run("results")


def tables(cinema: Cinema) -> set[str]:
    """The names of the tables in the dataset, without the dataset's."""
    return {table.name.rsplit(".", 1)[1] for table in cinema.dataset.tables()}


def client_of(run: bv.AnalysisRun[bv.PosterResult]) -> bv.Client:
    """The client of a run, with the run's clock."""
    return run.analysis.dataset.client


def full(cinema: Cinema, *names: str) -> tuple[str, ...]:
    """Full names of tables."""
    return tuple(f"{cinema.dataset.name}.{name}" for name in names)


def test_a_run_that_ended_well_leaves_nothing_to_clean_up(cinema: Cinema) -> None:
    """Its work table is gone, and its results stay unless it is said otherwise."""
    run = asked(cinema)
    cleaned = client_of(run).clean_up(run)
    assert cleaned.missing == (work_table(cinema, run.analysis),)
    assert (cleaned.removed, dict(cleaned.left), cleaned.done) == ((), {}, True)
    assert tables(cinema) == {"posters", "results"}


def test_results_and_formatted_tables_go_when_it_is_said(cinema: Cinema) -> None:
    """A dry run tells the same and changes nothing; a second clean-up finds nothing more."""
    run = asked(cinema)
    run.format("films")
    run.format("more_films")
    client = client_of(run)
    told = client.clean_up(run, results=True, formatted=True, dry_run=True)
    assert told.removed == full(cinema, "films", "more_films", "results")
    assert "to be removed: " in str(told)
    assert tables(cinema) == {"posters", "results", "films", "more_films"}
    cleaned = client.clean_up(run, results=True, formatted=True)
    assert (cleaned.removed, cleaned.missing, cleaned.done) == (told.removed, told.missing, True)
    assert tables(cinema) == {"posters"}
    again = client.clean_up(run, results=True, formatted=True)
    assert (again.removed, set(again.missing)) == ((), {*cleaned.removed, *cleaned.missing})
    assert str(again).startswith("not there: ")
    assert cinema.model.exists()


def test_a_formatted_table_that_was_replaced_since_is_left_alone(cinema: Cinema) -> None:
    """It is somebody else's by now, whatever its name."""
    run = asked(cinema)
    run.format("films")
    cinema.rows("CREATE OR REPLACE TABLE DS.films AS SELECT 'mine' AS a")
    cleaned = client_of(run).clean_up(run, formatted=True)
    (films,) = full(cinema, "films")
    assert "replaced since" in cleaned.left[films]
    assert not cleaned.done
    assert f"left alone: {films}: " in str(cleaned)
    assert cinema.rows("SELECT a FROM DS.films") == [{"a": "mine"}]


def test_results_that_hold_other_answers_are_left_alone(cinema: Cinema) -> None:
    """Answers to another question in the same table were paid for by somebody."""
    run = asked(cinema)
    other = analysis(cinema, Clock(), "Another question? JSON with two keys: title, year.").run("results")
    for one in (run, other):
        cleaned = client_of(one).clean_up(one, results=True)
        assert dict(cleaned.left) == {run.table: "it holds 2 rows of other analyses"}
    assert "results" in tables(cinema)


def test_results_that_another_question_is_being_asked_into_are_left_alone(cinema: Cinema) -> None:
    """Its work table says so, though no answer has come yet."""
    run = asked(cinema)
    other = analysis(cinema, Clock(), "Another question? JSON with two keys: title, year.")
    claim = work_table(cinema, other)
    make_claim(cinema, claim, run_id="theirs")
    cleaned = client_of(run).clean_up(run, results=True)
    assert claim in cleaned.left[run.table]
    assert {"results", claim.rsplit(".", 1)[1]} <= tables(cinema)


def test_the_work_table_of_a_run_that_was_cut_off_goes_after_a_silence(cinema: Cinema) -> None:
    """It is watched for ten seconds, retired, and dropped; a dry run does none of that."""
    clock = Clock()
    run = asked(cinema, clock=clock)
    cinema.rows("DELETE FROM DS.results WHERE TRUE")
    claim = work_table(cinema, run.analysis)
    make_claim(cinema, claim, run_id="dead")
    began = clock.now
    told = client_of(run).clean_up(run, dry_run=True)
    assert told.removed == (claim,)
    assert clock.now - began < 1
    assert cinema.rows(f"SELECT DISTINCT retired FROM `{claim}`") == [{"retired": False}]
    assert client_of(run).clean_up(run).removed == (claim,)
    assert clock.now - began >= 10
    assert not is_there(cinema, claim)
    assert sum(cinema.calls().values()) == 2


def test_a_claim_with_a_job_under_way_is_left_alone(cinema: Cinema, oracle: Oracle) -> None:
    """The run's results too; when the job has ended the same call takes all, and nothing more is asked."""
    for number in range(3):
        cinema.show(f"{number}.jpg", "Sunrise", 1927)
    clock = Clock()
    oracle.gate.clear()
    try:
        question = analysis(cinema, clock)
        run = question.run("results", batch_size=1, max_concurrent_jobs=1, timeout=5)
        (job,) = run.report.running
        claim = work_table(cinema, question)
        for dry_run in (True, False):
            cleaned = client_of(run).clean_up(run, results=True, wait=3, dry_run=dry_run)
            assert f"job {job} is under way" in cleaned.left[claim]
            assert "answers may come in" in cleaned.left[run.table]
            assert cleaned.removed == ()
        cinema.rows(f"UPDATE `{claim}` SET retired = TRUE WHERE TRUE")
        retired = client_of(run).clean_up(run)
        assert f"job {job} is under way" in retired.left[claim]
    finally:
        oracle.gate.set()
    cleaned = client_of(run).clean_up(run, results=True)
    assert cleaned.removed == (claim, run.table)
    assert sum(cinema.calls().values()) == 1


def test_a_claim_that_is_billed_to_another_project_is_left_alone(cinema: Cinema) -> None:
    """Its jobs can not be seen from here."""
    run = asked(cinema)
    cinema.rows("DELETE FROM DS.results WHERE TRUE")
    claim = work_table(cinema, run.analysis)
    make_claim(cinema, claim, run_id="theirs", project="their-project")
    cleaned = client_of(run).clean_up(run)
    assert "Client(project='their-project')" in cleaned.left[claim]
    assert is_there(cinema, claim)


def test_a_claim_whose_jobs_may_not_be_seen_is_left_alone(cinema: Cinema, faults: FaultPlan) -> None:
    """What can not be seen is not taken as ended."""
    run = asked(cinema)
    cinema.rows("DELETE FROM DS.results WHERE TRUE")
    claim = work_table(cinema, run.analysis)
    make_claim(cinema, claim, run_id="theirs")
    faults.answer("jobs.get", 403, reason="accessDenied", match="insert_batch", times=1)
    cleaned = client_of(run).clean_up(run)
    assert "can't be seen" in cleaned.left[claim]
    assert is_there(cinema, claim)


def test_a_claim_that_another_run_makes_anew_meanwhile_is_left_alone(cinema: Cinema) -> None:
    """Another table of the same name, made while the first was watched, is not the one to remove."""
    clock = Clock()
    run = asked(cinema, clock=clock)
    cinema.rows("DELETE FROM DS.results WHERE TRUE")
    claim = work_table(cinema, run.analysis)
    make_claim(cinema, claim, run_id="dead")

    def make_anew() -> None:
        clock.at = None
        cinema.rows(f"DROP TABLE `{claim}`")
        make_claim(cinema, claim, run_id="alive")

    clock.at = make_anew
    cleaned = client_of(run).clean_up(run)
    assert "anew" in cleaned.left[claim]
    assert cinema.rows(f"SELECT DISTINCT run_id, retired FROM `{claim}`") == [
        {"run_id": "alive", "retired": False}
    ]


def test_a_work_table_whose_results_are_gone_goes_at_once(cinema: Cinema) -> None:
    """Without a results table no job of it can end well."""
    run = asked(cinema)
    claim = work_table(cinema, run.analysis)
    make_claim(cinema, claim, run_id="dead")
    cinema.rows("DROP TABLE DS.results")
    cleaned = client_of(run).clean_up(run, results=True)
    assert (cleaned.removed, cleaned.missing) == ((claim,), (run.table,))


def test_left_over_work_tables_are_found_and_cleaned_up(cinema: Cinema) -> None:
    """By name and by columns: a table of the user's with such a name is none, and is left alone."""
    clock = Clock()
    run = asked(cinema, clock=clock)
    cinema.rows("DELETE FROM DS.results WHERE TRUE")
    claim = work_table(cinema, run.analysis)
    make_claim(cinema, claim, run_id="dead")
    cinema.rows("CREATE TABLE DS.notes__work_0123456789ab AS SELECT 'mine' AS uri")
    (leftover,) = cinema.dataset.leftovers()
    assert (leftover.name, leftover.results) == (claim, run.table)
    assert leftover.created is not None
    client = client_of(run)
    assert client.clean_up(leftover, dry_run=True).removed == (claim,)
    assert client.clean_up(leftover).removed == (claim,)
    assert client.clean_up(leftover).missing == (claim,)
    assert not list(cinema.dataset.leftovers())
    assert "notes__work_0123456789ab" in tables(cinema)
    with pytest.raises(bv.InvalidInputError):
        client.clean_up(leftover, results=True)


def test_a_users_table_with_the_name_of_the_work_table_is_left_alone(cinema: Cinema) -> None:
    """Its columns are not a work table's."""
    run = asked(cinema)
    claim = work_table(cinema, run.analysis)
    cinema.rows(f"CREATE TABLE `{claim}` AS SELECT 'mine' AS uri, 1 AS batch")
    cleaned = client_of(run).clean_up(run)
    assert "columns" in cleaned.left[claim]
    assert is_there(cinema, claim)


def test_a_users_table_under_the_name_of_the_results_is_left_alone(cinema: Cinema) -> None:
    """Its columns are not those of the run, or it has one more."""
    run = asked(cinema)
    for statement in (
        "ALTER TABLE DS.results ADD COLUMN my_notes STRING",
        "CREATE OR REPLACE TABLE DS.results AS SELECT 'mine' AS a",
    ):
        cinema.rows(statement)
        cleaned = client_of(run).clean_up(run, results=True)
        assert "columns" in cleaned.left[run.table]
    assert cinema.rows("SELECT a FROM DS.results") == [{"a": "mine"}]


@pytest.mark.parametrize("skip", [1, 2])
def test_a_claim_that_is_replaced_between_two_looks_is_left_alone(
    cinema: Cinema, faults: FaultPlan, skip: int
) -> None:
    """Before it is retired, and before it is dropped, its time of creation is read once more."""
    run = asked(cinema)
    cinema.rows("DELETE FROM DS.results WHERE TRUE")
    claim = work_table(cinema, run.analysis)
    make_claim(cinema, claim, run_id="alive")
    faults.rewrite("tables.get", {"creationTime": "1"}, match="__work_", skip=skip)
    cleaned = client_of(run).clean_up(run)
    assert list(cleaned.left) == [claim]
    assert is_there(cinema, claim)
    assert cinema.rows(f"SELECT DISTINCT retired FROM `{claim}`") == [{"retired": skip == 2}]


def test_a_lost_answer_and_a_passing_failure_are_no_error(cinema: Cinema, faults: FaultPlan) -> None:
    """A job that was started is adopted, one that failed in passing is run again."""
    run = asked(cinema)
    run.format("films")
    faults.lose("jobs.insert", match="DROP TABLE IF EXISTS .*films")
    faults.fail_job("drop_content", reason="backendError", match="results`")
    cleaned = client_of(run).clean_up(run, results=True, formatted=True)
    assert cleaned.removed == full(cinema, "films", "results")
    assert tables(cinema) == {"posters"}


def test_a_clean_up_without_permission_says_what_went_before_and_can_be_repeated(
    cinema: Cinema, faults: FaultPlan
) -> None:
    """Half-done, it goes on where it stopped."""
    run = asked(cinema)
    run.format("films")
    faults.answer("jobs.insert", 403, reason="accessDenied", match="DROP TABLE IF EXISTS .*results`")
    with pytest.raises(bv.PermissionDeniedError) as denied:
        client_of(run).clean_up(run, results=True, formatted=True)
    (note,) = denied.value.__notes__
    assert full(cinema, "films")[0] in note
    assert tables(cinema) == {"posters", "results"}
    cleaned = client_of(run).clean_up(run, results=True, formatted=True)
    assert cleaned.removed == full(cinema, "results")
    assert full(cinema, "films")[0] in cleaned.missing


def test_a_table_that_goes_in_the_middle_is_no_error(cinema: Cinema, faults: FaultPlan) -> None:
    """Somebody else may drop it between two looks."""
    run = asked(cinema)
    run.format("films")
    faults.answer("tables.get", 404, reason="notFound", match="/tables/films", skip=1)
    cleaned = client_of(run).clean_up(run, formatted=True)
    assert cleaned.removed == full(cinema, "films")


def test_a_dataset_that_is_gone_leaves_nothing_to_clean_up(cinema: Cinema) -> None:
    """All of its tables were not there."""
    run = asked(cinema)
    run.format("films")
    cinema.dataset.delete(contents=True)
    cleaned = client_of(run).clean_up(run, results=True, formatted=True)
    assert (cleaned.removed, len(cleaned.missing), cleaned.done) == ((), 3, True)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    claimed=st.booleans(),
    replaced=st.booleans(),
    shared=st.booleans(),
    results=st.booleans(),
    formatted=st.booleans(),
)
def test_no_table_goes_that_was_not_listed(
    cinema: Cinema, claimed: bool, replaced: bool, shared: bool, results: bool, formatted: bool
) -> None:
    """Whatever stands in the dataset, exactly what a dry run lists goes, and all the rest is as it was."""
    cinema.rows("DROP TABLE IF EXISTS DS.results")
    run = asked(cinema)
    claim = work_table(cinema, run.analysis)
    cinema.rows("CREATE OR REPLACE TABLE DS.results_backup AS SELECT 'mine' AS a")
    cinema.rows("CREATE OR REPLACE TABLE DS.results__work_00000000000x AS SELECT 'mine' AS a")
    run.format("films")
    if replaced:
        cinema.rows("CREATE OR REPLACE TABLE DS.films AS SELECT 'mine' AS a")
    if claimed:
        make_claim(cinema, claim, run_id=f"dead{time.monotonic_ns()}")
    if shared:
        cinema.rows("INSERT INTO DS.results (uri, fingerprint) VALUES ('gs://b/x', 'another')")
    before = {item.name: item for item in cinema.dataset.contents()}
    listed = client_of(run).clean_up(run, results=results, formatted=formatted, dry_run=True)
    cleaned = client_of(run).clean_up(run, results=results, formatted=formatted)
    after = {item.name: item for item in cinema.dataset.contents()}
    assert cleaned.removed == listed.removed
    assert dict(cleaned.left) == dict(listed.left)
    assert after == {name: item for name, item in before.items() if name not in listed.removed}
    assert (run.table in cleaned.removed) == (results and not shared)
    assert (full(cinema, "films")[0] in cleaned.removed) == (formatted and not replaced)
    assert (claim in cleaned.removed) == claimed
