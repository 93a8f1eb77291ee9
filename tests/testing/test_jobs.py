"""Jobs that fail, are held, or report what is not true."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from google.api_core.exceptions import BadRequest, NotFound
from google.cloud import bigquery

from bqvision.testing import FaultPlan, Strike
from tests.cinema import Cinema

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .conftest import Http

ASK = (
    "SELECT uri, ml_generate_text_result AS answer, ml_generate_text_status AS status "
    "FROM ML.GENERATE_TEXT(MODEL `DS.gemini-vision`, TABLE DS.posters, STRUCT('Title?' AS prompt))"
)


@pytest.fixture
def hung(cinema: Cinema) -> Cinema:
    """A cinema with two posters, an object table over them, and a table for answers."""
    cinema.show("a.png", "A", 1951)
    cinema.show("b.png", "B", 1952)
    cinema.posters()
    cinema.rows("CREATE TABLE DS.answers (uri STRING, answer JSON, status STRING)")
    return cinema


def start(cinema: Cinema, sql: str, statement: str = "ask", **parameters: str) -> bigquery.QueryJob:
    """Start a job with google's own client, as a statement of ours; ``DS`` stands for the dataset."""
    given = [bigquery.ScalarQueryParameter(name, "STRING", value) for name, value in parameters.items()]
    config = bigquery.QueryJobConfig(labels={"bqvision": statement}, query_parameters=given)
    text = sql.replace("DS.", f"{cinema.folder.name}.")
    return cinema.client.bigquery.query(text, job_config=config, job_retry=None)


def ended(job: bigquery.QueryJob) -> bigquery.QueryJob:
    """Wait for a job's end, asking for nothing but its state."""
    end = time.monotonic() + 60
    while job.state != "DONE":
        assert time.monotonic() < end
        job.reload()
    return job


def gen_ai(job: bigquery.QueryJob) -> Mapping[str, Any]:
    """Return what a job's statistics tell of its model functions."""
    statistics: Mapping[str, Any] = job._properties["statistics"]["query"]["genAiStats"]
    return statistics


def test_a_job_fails_before_it_does_anything(plan: FaultPlan, hung: Cinema) -> None:
    """It ends DONE with the error; no image was shown to the model, and nothing was written."""
    plan.fail_job("ask", reason="jobBackendError", message="no luck today")
    job = ended(start(hung, f"INSERT INTO DS.answers {ASK}"))
    assert job.error_result == {"reason": "jobBackendError", "message": "no luck today"}
    assert hung.calls() == {}
    assert hung.rows("SELECT * FROM DS.answers") == []


def test_a_job_that_is_paid_for_fails_and_writes_no_row(plan: FaultPlan, hung: Cinema) -> None:
    """Every image was shown to the model, and nothing is left of it; the next job works."""
    plan.fail_job("ask", reason="internalError", paid=True)
    job = ended(start(hung, f"INSERT INTO DS.answers {ASK}"))
    assert job.error_result["reason"] == "internalError"
    assert hung.calls() == {"a.png": 1, "b.png": 1}
    assert hung.rows("SELECT * FROM DS.answers") == []
    assert ended(start(hung, f"INSERT INTO DS.answers {ASK}")).error_result is None
    assert len(hung.rows("SELECT * FROM DS.answers")) == 2


@pytest.mark.parametrize("paid", [False, True])
@pytest.mark.parametrize(
    ("sql", "made"),
    [
        ("CREATE TABLE DS.made AS SELECT 1 AS n", "made"),
        (f"CREATE TABLE DS.made AS {ASK}", "made"),
        ("CREATE EXTERNAL TABLE DS.made WITH CONNECTION DEFAULT OPTIONS(object_metadata = 'SIMPLE', "
         "uris = ['gs://cinema/*'])", "made"),
        ("CREATE TABLE DS.made AS SELECT 1 AS n; CREATE TABLE DS.more AS SELECT 2 AS n", "made"),
    ],
)  # fmt: skip
def test_a_failed_job_leaves_no_table(plan: FaultPlan, hung: Cinema, sql: str, made: str, paid: bool) -> None:
    """Whatever it was to make, and however late it fails."""
    plan.fail_job("ask", reason="invalid", paid=paid)
    job = ended(start(hung, sql))
    assert job.error_result["reason"] == "invalid"
    with pytest.raises(NotFound):
        hung.client.bigquery.get_table(f"{hung.folder.name}.{made}")


def test_a_failed_script_with_a_schema_statement_does_nothing(plan: FaultPlan, hung: Cinema) -> None:
    """What works without the emulator fails as well."""
    plan.fail_job(reason="invalid", paid=True)
    ended(start(hung, f"DROP SCHEMA {hung.folder.name} CASCADE"))
    assert hung.dataset.exists()


def test_only_jobs_of_the_statement_fail(plan: FaultPlan, hung: Cinema) -> None:
    """The label ``bqvision`` tells the statement; without one any query job fails, and others can be let pass."""
    plan.fail_job("insert_batch", reason="backendError", skip=1)
    plan.fail_job(reason="timeout", skip=3)
    ends = [
        ended(start(hung, "SELECT 1", statement)).error_result
        for statement in ("other", "insert_batch", "insert_batch", "other", "other", "other")
    ]
    assert [end and end["reason"] for end in ends] == [None, None, "backendError", None, "timeout", None]
    assert plan.struck == (Strike("fail_job", "insert_batch"), Strike("fail_job", "other"))


def test_a_job_can_be_told_by_its_text(plan: FaultPlan, hung: Cinema) -> None:
    """``match`` looks into the statement and its parameters; a job without a label is told by its id."""
    plan.fail_job(reason="invalid", match=r"SELECT\s+@word")
    plan.fail_job(reason="notFound", match="needle")
    assert ended(start(hung, "SELECT 'word'")).error_result is None
    assert ended(start(hung, "SELECT\n@word", word="hay")).error_result["reason"] == "invalid"
    unlabelled = hung.client.bigquery.query("SELECT 'needle'", job_retry=None)
    assert ended(unlabelled).error_result["reason"] == "notFound"
    assert plan.struck[-1] == Strike("fail_job", unlabelled.job_id)


def test_a_failed_job_says_so_at_every_request(plan: FaultPlan, hung: Cinema, http_client: Http) -> None:
    """jobs.get tells the error, getQueryResults and jobs.query answer with it."""
    plan.fail_job(reason="invalidQuery", message="not today", times=2)
    job = ended(start(hung, "SELECT 1"))
    with pytest.raises(BadRequest, match="not today"):
        job.result(retry=None)
    answer = http_client.send("POST", "/queries", {"query": "SELECT 1", "useLegacySql": False})
    assert (answer.status, answer.json["error"]["errors"][0]["reason"]) == (400, "invalidQuery")


def test_a_dry_run_is_no_job(plan: FaultPlan, hung: Cinema) -> None:
    """It uses up no fault."""
    plan.fail_job(reason="invalid")
    config = bigquery.QueryJobConfig(dry_run=True)
    assert hung.client.bigquery.query("SELECT 1", job_config=config).error_result is None
    assert plan.struck == ()
    assert ended(start(hung, "SELECT 1")).error_result is not None


def test_a_held_job_runs_until_it_is_released(plan: FaultPlan, hung: Cinema) -> None:
    """It has done nothing so far, and then does all."""
    plan.hold_job("ask")
    job = start(hung, f"INSERT INTO DS.answers {ASK}")
    assert job.state == "RUNNING"
    assert plan.struck == (Strike("hold_job", "ask"),)
    assert hung.calls() == {}
    plan.release()
    assert ended(job).error_result is None
    assert len(hung.rows("SELECT * FROM DS.answers")) == 2


def test_a_held_job_can_be_cancelled(plan: FaultPlan, hung: Cinema) -> None:
    """It ends as stopped, and does nothing."""
    plan.hold_job()
    job = start(hung, f"INSERT INTO DS.answers {ASK}")
    job.reload()
    assert job.state == "RUNNING"
    job.cancel()
    assert ended(job).error_result["reason"] == "stopped"
    assert hung.calls() == {}


def test_a_held_job_goes_on_by_itself(plan: FaultPlan, hung: Cinema) -> None:
    """When its time is over."""
    plan.hold_job(seconds=1)
    begin = time.monotonic()
    job = start(hung, "SELECT 1")
    assert job.state == "RUNNING"
    assert ended(job).error_result is None
    assert time.monotonic() - begin >= 1


def test_a_held_job_ends_at_its_own_time_limit(plan: FaultPlan, hung: Cinema) -> None:
    """BigQuery's limit for a job counts while it is held."""
    plan.hold_job()
    config = bigquery.QueryJobConfig(job_timeout_ms=300)
    job = hung.client.bigquery.query("SELECT 1", job_config=config, job_retry=None)
    assert ended(job).error_result["reason"] == "stopped"


def test_a_job_can_be_held_and_fail(plan: FaultPlan, hung: Cinema) -> None:
    """It runs for a while, and then ends with the error."""
    plan.fail_job(reason="backendError")
    plan.hold_job()
    job = start(hung, "SELECT 1")
    assert job.state == "RUNNING"
    plan.release()
    assert ended(job).error_result["reason"] == "backendError"


def test_clearing_the_plan_releases_the_held_jobs(plan: FaultPlan, hung: Cinema) -> None:
    """A plan that is emptied holds nothing up."""
    plan.hold_job()
    job = start(hung, "SELECT 1")
    plan.clear()
    assert ended(job).error_result is None


def test_a_job_tells_how_many_rows_failed(plan: FaultPlan, hung: Cinema) -> None:
    """The truth is the number of rows that have a status, as REST writes whole numbers: as text."""
    plan.row(hung.uri("a.png"), status="INVALID_ARGUMENT: " + "x" * 200)
    job = ended(start(hung, ASK))
    assert gen_ai(job) == {
        "functionStats": [
            {
                "functionName": "ML.GENERATE_TEXT",
                "numProcessedRows": "2",
                "errorStats": {
                    "numFailedRows": "1",
                    "errors": [("INVALID_ARGUMENT: " + "x" * 200)[:100]],
                },
            }
        ]
    }


def test_a_job_can_tell_a_wrong_number_of_failed_rows(plan: FaultPlan, hung: Cinema) -> None:
    """Only a job that called a model tells any number."""
    plan.failed_rows(7, statement="ask")
    assert "genAiStats" not in ended(start(hung, "SELECT 1"))._properties["statistics"]["query"]
    assert gen_ai(ended(start(hung, ASK)))["functionStats"][0]["errorStats"]["numFailedRows"] == "7"
    assert gen_ai(ended(start(hung, ASK)))["functionStats"][0]["errorStats"]["numFailedRows"] == "0"
    assert plan.struck == (Strike("failed_rows", "ask"),)
