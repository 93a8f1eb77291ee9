"""Jobs of the local BigQuery: ids, states, cancelling, failing, paging; through google's client."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest
from google.api_core.exceptions import BadRequest, Conflict, GoogleAPICallError, NotFound
from google.cloud import bigquery

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bqvision.local import LocalServer

    from .conftest import Place, Script

ASK = (
    "SELECT uri, ml_generate_text_llm_result AS text FROM ML.GENERATE_TEXT(MODEL DS.model, TABLE DS.posters, "
    "STRUCT('what is it?' AS prompt, TRUE AS flatten_json_output))"
)


def post(server: LocalServer, path: str, body: Mapping[str, object]) -> tuple[int, dict[str, Any]]:
    """Send a request past the client, and return status and body of the answer."""
    request = urllib.request.Request(
        f"{server.endpoint}{path}",
        data=json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {server.token}", "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def test_a_repeated_job_id_is_a_conflict_and_runs_nothing(place: Place) -> None:
    """The second insert of a job id answers 409, and the job that is there can be fetched."""
    job_id = f"job_{place.name}"
    first = place.client.query(
        f"CREATE TABLE {place.dataset}.t AS SELECT 1 AS n", job_id=job_id, job_retry=None
    )
    first.result()
    with pytest.raises(Conflict) as caught:
        place.client.query(f"INSERT {place.dataset}.t SELECT 2", job_id=job_id, job_retry=None)
    assert caught.value.errors[0]["reason"] == "duplicate"
    assert [row.n for row in place.client.list_rows(f"{place.dataset}.t")] == [1]
    found = place.client.get_job(job_id)
    assert isinstance(found, bigquery.QueryJob)
    assert found.query == first.query


def test_the_same_id_in_another_location_is_another_job(place: Place) -> None:
    """Job ids are unique in a project and location, and jobs are found with theirs."""
    job_id = f"job_{place.name}"
    for location in ("US", "EU"):
        place.client.query("SELECT 1", job_id=job_id, location=location, job_retry=None).result()
    assert place.client.get_job(job_id, location="EU").location == "EU"
    with pytest.raises(NotFound):
        place.client.get_job(job_id, location="asia-east1")


def test_a_model_job_is_running_until_the_model_is_done(place: Place, script: Script) -> None:
    """A model job says RUNNING, reports rows and no results, and then DONE."""
    place.put("a.png", text="first")
    place.put("b.png", text="second", gate=place.name)
    place.posters()
    place.model()
    job = place.start(ASK)
    assert script.entered[place.name].wait(30)
    job.reload()
    assert job.state == "RUNNING"
    assert job.started is not None
    assert job.ended is None
    polled = place.client.get_job(job.job_id, location=job.location)
    assert polled.state == "RUNNING"
    script.gates[place.name].set()
    assert sorted(row.text for row in job.result(timeout=30)) == ["first", "second"]
    job.reload()
    assert job.state == "DONE"
    assert job.error_result is None
    assert job.timeline[0].completed_units == 2
    assert job.timeline[0].pending_units == 0


def test_results_of_a_running_job_are_not_complete(place: Place, script: Script) -> None:
    """A request for results answers jobComplete false within its timeout while the job runs."""
    place.put("a.png", text="x", gate=place.name)
    place.posters()
    place.model()
    job = place.start(ASK)
    assert script.entered[place.name].wait(30)
    request = urllib.request.Request(
        f"{place.server.endpoint}/bigquery/v2/projects/{place.server.project}/queries/{job.job_id}"
        "?timeoutMs=1&location=US",
        headers={"Authorization": f"Bearer {place.server.token}"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        body = json.load(answer)
    script.gates[place.name].set()
    assert body["jobComplete"] is False
    assert "rows" not in body
    assert job.result(timeout=30).total_rows == 1


def test_cancelling_stops_the_calls_that_have_not_begun(place: Place, script: Script) -> None:
    """A cancelled model job ends as stopped, and images that were waiting are never shown to the model."""
    for index in range(12):
        place.put(f"{index:02}.png", text="x", gate=place.name)
    place.posters()
    place.model()
    job = place.start(f"CREATE TABLE DS.answers AS {ASK}")
    assert script.entered[place.name].wait(30)
    job.cancel()
    with pytest.raises(GoogleAPICallError) as caught:
        job.result(timeout=30)
    script.gates[place.name].set()
    assert "cancelled" in str(caught.value)
    job.reload()
    assert job.state == "DONE"
    assert job.error_result["reason"] == "stopped"
    assert sum(place.server.model_calls[place.uri(f"{index:02}.png")] for index in range(12)) <= 4
    with pytest.raises(NotFound):
        place.client.get_table(f"{place.dataset}.answers")


def test_a_failed_statement_is_an_error_both_ways(place: Place) -> None:
    """jobs.insert ends as a failed job; jobs.query, which query_and_wait uses, answers with an HTTP error."""
    job = place.start("SELECT * FROM DS.nowhere")
    with pytest.raises(NotFound):
        job.result(timeout=10)
    assert job.error_result["reason"] == "notFound"
    with pytest.raises(NotFound):
        place.client.query_and_wait(f"SELECT * FROM {place.dataset}.nowhere")
    status, body = post(
        place.server,
        f"/bigquery/v2/projects/{place.server.project}/queries",
        {"query": "SELECT FROM WHERE", "useLegacySql": False},
    )
    assert status == 400
    assert body["error"]["errors"][0]["reason"] == "invalidQuery"


def test_query_and_wait_runs_models_too(place: Place) -> None:
    """jobs.query understands the gateway's statements as jobs.insert does."""
    place.put("a.png", text="seen")
    place.posters()
    place.model()
    rows = place.client.query_and_wait(ASK.replace("DS.", f"{place.dataset}."))
    assert [row.text for row in rows] == ["seen"]


def test_the_same_request_id_is_the_same_job(place: Place) -> None:
    """jobs.query with a request id that it has seen answers for the job that is there."""
    place.sql("CREATE TABLE DS.t (n INT64)")
    body = {
        "query": f"INSERT {place.dataset}.t VALUES (1)",
        "useLegacySql": False,
        "requestId": place.name,
    }
    path = f"/bigquery/v2/projects/{place.server.project}/queries"
    first, second = (post(place.server, path, body)[1]["jobReference"] for _ in range(2))
    assert first == second
    assert place.sql("SELECT COUNT(*) AS n FROM DS.t") == [{"n": 1}]


def test_results_come_in_pages(place: Place) -> None:
    """Rows are paged with tokens, by list_rows and by the job's own results."""
    job = place.start("CREATE TABLE DS.t AS SELECT n FROM UNNEST(GENERATE_ARRAY(1, 250)) AS n")
    job.result()
    assert job.num_dml_affected_rows is None
    assert job.statement_type == "CREATE_TABLE_AS_SELECT"
    job = place.start("SELECT n FROM DS.t ORDER BY n")
    pages = [len(list(page)) for page in job.result(page_size=100).pages]
    assert pages == [100, 100, 50]
    assert len(list(place.client.list_rows(f"{place.dataset}.t", page_size=90))) == 250


def test_statistics_come_with_the_job(place: Place) -> None:
    """Statement type and affected rows are told by jobs.get."""
    place.sql("CREATE TABLE DS.t AS SELECT 1 AS n")
    job = place.start("INSERT DS.t SELECT n + 1 FROM DS.t UNION ALL SELECT 9")
    job.result()
    fetched = place.client.get_job(job.job_id, location="US")
    assert isinstance(fetched, bigquery.QueryJob)
    assert fetched.statement_type == "INSERT"
    assert fetched.num_dml_affected_rows == 2
    assert fetched.created is not None
    assert fetched.ended is not None


def test_jobs_are_listed_newest_first_with_labels_and_errors(place: Place) -> None:
    """list_jobs shows labels, states and errors, and pages."""
    config = bigquery.QueryJobConfig(labels={"team": "film"})
    good = place.client.query("SELECT 1", job_config=config, job_retry=None)
    good.result()
    bad = place.start("SELECT 1 FROM DS.nowhere")
    with pytest.raises(NotFound):
        bad.result()
    jobs = list(place.client.list_jobs(max_results=2))
    assert [job.job_id for job in jobs] == [bad.job_id, good.job_id]
    assert jobs[0].error_result["reason"] == "notFound"
    assert jobs[1].labels == {"team": "film"}
    assert len(list(place.client.list_jobs(page_size=1, max_results=3))) == 3


def test_an_unknown_job_is_not_found(place: Place) -> None:
    """jobs.get of an id that was never used answers 404."""
    with pytest.raises(NotFound):
        place.client.get_job("never_made", location="US")


def test_a_dry_run_does_nothing(place: Place) -> None:
    """Dry runs of plain and of model statements call no model and make no table."""
    place.put("a.png", text="x")
    place.posters()
    place.model()
    config = bigquery.QueryJobConfig(dry_run=True)
    for sql in (ASK, f"CREATE TABLE DS.t AS {ASK}", "SELECT 1 AS n"):
        job = place.client.query(sql.replace("DS.", f"{place.dataset}."), job_config=config, job_retry=None)
        assert job.total_bytes_processed == 0
    assert place.server.model_calls[place.uri("a.png")] == 0
    with pytest.raises(BadRequest):
        place.client.query("SELEC 1", job_config=config, job_retry=None)


def test_a_broken_model_fails_the_job_and_says_how(place: Place) -> None:
    """A vision model that raises no row error ends the job; the message names the exception."""
    place.put("a.png", bug="boom")
    place.posters()
    place.model()
    with pytest.raises(BadRequest, match="ZeroDivisionError: boom"):
        place.sql(ASK)


def test_load_jobs_keep_their_ids(place: Place) -> None:
    """Multipart uploads of JSON rows work, under the client's job id, once."""
    job_id = f"load_{place.name}"
    table = f"{place.dataset}.loaded"
    config = bigquery.LoadJobConfig(schema=[bigquery.SchemaField("n", "INTEGER")])
    job = place.client.load_table_from_json([{"n": 1}, {"n": 2}], table, job_id=job_id, job_config=config)
    job.result()
    assert job.job_id == job_id
    assert sorted(row.n for row in place.client.list_rows(table)) == [1, 2]
    assert place.client.get_job(job_id, location="US").state == "DONE"
    with pytest.raises(Conflict):
        place.client.load_table_from_json([{"n": 3}], table, job_id=job_id, job_config=config, num_retries=0)


def test_a_script_may_hold_the_gateways_statements(place: Place) -> None:
    """Several statements in one job run one after the other, and the last one's rows are the result."""
    place.put("a.png", text="seen")
    place.posters()
    rows = place.sql(
        "CREATE MODEL DS.model REMOTE WITH CONNECTION DEFAULT OPTIONS(ENDPOINT = 'scripted-1');"
        f"CREATE TABLE DS.answers AS {ASK}; SELECT text FROM DS.answers;"
    )
    assert rows == [{"text": "seen"}]


def test_a_job_stops_at_its_own_time_limit(place: Place, script: Script) -> None:
    """A model job with a jobTimeoutMs ends as stopped."""
    place.put("a.png", text="x", gate=place.name)
    place.posters()
    place.model()
    config = bigquery.QueryJobConfig(job_timeout_ms=300)
    job = place.client.query(ASK.replace("DS.", f"{place.dataset}."), job_config=config, job_retry=None)
    with pytest.raises(GoogleAPICallError, match="timed out"):
        job.result(timeout=30)
    script.gates[place.name].set()
    job.reload()
    assert job.error_result["reason"] == "stopped"


def test_a_destination_table_is_refused(place: Place) -> None:
    """What the emulator would silently ignore is an error."""
    config = bigquery.QueryJobConfig(destination=f"{place.server.project}.{place.dataset}.t")
    with pytest.raises(GoogleAPICallError, match="not supported by the local BigQuery"):
        place.client.query("SELECT 1 AS n", job_config=config, job_retry=None).result()


def test_a_name_is_taken_by_one_of_many(place: Place) -> None:
    """Of several jobs that create one object table at once, one wins and the others are told."""
    sql = (
        "CREATE EXTERNAL TABLE DS.posters WITH CONNECTION DEFAULT "
        f"OPTIONS(object_metadata = 'SIMPLE', uris = ['{place.uri()}'])"
    )
    jobs: list[bigquery.QueryJob] = []
    threads = [threading.Thread(target=lambda: jobs.append(place.start(sql))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    errors = [job.exception(timeout=30) for job in jobs]  # type: ignore[no-untyped-call]
    assert [type(error) for error in errors].count(Conflict) == 5
    assert errors.count(None) == 1
