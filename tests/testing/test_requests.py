"""Which requests are struck, and whether they have their effect."""

from __future__ import annotations

import gzip
import http.client
import json
from typing import get_args

import pytest

from bqvision.local import LocalServer
from bqvision.testing import FaultPlan, Operation, Strike

from .conftest import Http, outcome

ERRORS: dict[str, type[Exception]] = {
    "reset": ConnectionResetError,
    "close": http.client.RemoteDisconnected,
    "stall": TimeoutError,
}
EVERY: tuple[tuple[Operation, str, str], ...] = (
    ("jobs.insert", "POST", "/jobs"),
    ("jobs.insert", "POST", "/upload/bigquery/v2/projects/p/jobs?uploadType=multipart"),
    ("jobs.list", "GET", "/jobs?maxResults=1"),
    ("jobs.get", "GET", "/jobs/j"),
    ("jobs.cancel", "POST", "/jobs/j/cancel"),
    ("jobs.delete", "DELETE", "/jobs/j/delete"),
    ("jobs.query", "POST", "/queries"),
    ("jobs.getQueryResults", "GET", "/queries/j"),
    ("datasets.insert", "POST", "/datasets"),
    ("datasets.list", "GET", "/datasets"),
    ("datasets.get", "GET", "/datasets/d"),
    ("datasets.patch", "PATCH", "/datasets/d"),
    ("datasets.update", "PUT", "/datasets/d"),
    ("datasets.delete", "DELETE", "/datasets/d"),
    ("tables.insert", "POST", "/datasets/d/tables"),
    ("tables.list", "GET", "/datasets/d/tables"),
    ("tables.get", "GET", "/datasets/d/tables/t"),
    ("tables.patch", "PATCH", "/datasets/d/tables/t"),
    ("tables.update", "PUT", "/datasets/d/tables/t"),
    ("tables.delete", "DELETE", "/datasets/d/tables/t"),
    ("tabledata.list", "GET", "/datasets/d/tables/t/data"),
    ("tabledata.insertAll", "POST", "/datasets/d/tables/t/insertAll"),
    ("models.list", "GET", "/datasets/d/models"),
    ("models.get", "GET", "/datasets/d/models/m"),
    ("models.patch", "PATCH", "/datasets/d/models/m"),
    ("models.delete", "DELETE", "/datasets/d/models/m"),
    ("connections.create", "POST", "/v1/projects/p/locations/us/connections"),
    ("connections.list", "GET", "/v1/projects/p/locations/us/connections"),
    ("connections.get", "GET", "/v1/projects/p/locations/us/connections/c"),
    ("connections.patch", "PATCH", "/v1/projects/p/locations/us/connections/c"),
    ("connections.delete", "DELETE", "/v1/projects/p/locations/us/connections/c"),
)


@pytest.mark.parametrize(("operation", "method", "path"), EVERY)
def test_every_method_can_be_struck(
    plan: FaultPlan, http_client: Http, operation: Operation, method: str, path: str
) -> None:
    """An operation's name means the requests that call that method, and no others."""
    plan.answer(operation, 418)
    assert http_client.send(method, path, {}).status == 418
    assert plan.struck == (Strike("answer", operation),)


def test_all_operations_are_in_the_test_above() -> None:
    """There is no name that strikes nothing."""
    assert {operation for operation, _, _ in EVERY} == set(get_args(Operation)) - {"*"}


@pytest.mark.parametrize("kind", ["answer", "reset", "close", "stall"])
@pytest.mark.parametrize("after", [False, True])
def test_a_request_has_its_effect_only_if_the_fault_strikes_after_it(
    plan: FaultPlan, http_client: Http, kind: str, after: bool
) -> None:
    """A job whose insertion is struck is there if its answer was lost, and is not if it never arrived."""
    match kind:
        case "answer":
            plan.answer("jobs.insert", 503, after=after)
        case "reset":
            plan.reset("jobs.insert", after=after)
        case "close":
            plan.close("jobs.insert", after=after)
        case _:
            plan.stall("jobs.insert", after=after)
    job = http_client.job()
    assert outcome(lambda: http_client.send("POST", "/jobs", job, timeout=1)) is ERRORS.get(kind)
    assert http_client.exists(job) is after


def test_a_lost_answer_is_a_reset_after_the_effect(plan: FaultPlan, http_client: Http) -> None:
    """`lose` is the classic: the job is there, and who made it doesn't know."""
    plan.lose("jobs.insert")
    job = http_client.job()
    with pytest.raises(ConnectionResetError):
        http_client.send("POST", "/jobs", job)
    assert http_client.exists(job)
    assert http_client.send("POST", "/jobs", job).status == 409


def test_faults_strike_in_the_order_in_which_they_were_planned(plan: FaultPlan, http_client: Http) -> None:
    """Each request is offered to the faults in turn; those that are let pass are counted one by one."""
    plan.answer("jobs.list", 503, times=2)
    plan.answer("jobs.list", 500, skip=1)
    plan.answer("jobs.get", 404)
    statuses = [http_client.send("GET", "/jobs").status for _ in range(5)]
    assert statuses == [503, 503, 200, 500, 200]
    http_client.send("GET", "/jobs/none")
    assert [strike.target for strike in plan.struck] == ["jobs.list"] * 3 + ["jobs.get"]


def test_a_request_is_struck_once(plan: FaultPlan, http_client: Http) -> None:
    """The second of two faults that fit waits for the next request."""
    plan.answer("*", 500)
    plan.answer("jobs.list", 503)
    assert [http_client.send("GET", "/jobs").status for _ in range(3)] == [500, 503, 200]
    assert plan.struck == (Strike("answer", "jobs.list"), Strike("answer", "jobs.list"))


def test_a_fault_can_strike_always(plan: FaultPlan, http_client: Http) -> None:
    """With ``times=None`` it never ends, and counts as struck from the first time on."""
    plan.answer("jobs.list", 503, times=None)
    assert [fault.times for fault in plan.left] == [None]
    assert {http_client.send("GET", "/jobs").status for _ in range(5)} == {503}
    assert plan.left == ()


def test_a_fault_can_wait_for_certain_requests(plan: FaultPlan, http_client: Http) -> None:
    """What must match is looked for in the path, the query and the body."""
    plan.answer("datasets.get", 500, match="datasets/second$|datasets/second[?]")
    plan.answer("jobs.list", 501, match=r"pageToken=a b")
    plan.answer("jobs.insert", 502, match=r"SELECT \d+ AS wanted")
    assert http_client.send("GET", "/datasets/first").status == 404
    assert http_client.send("GET", "/datasets/second").status == 500
    assert http_client.send("GET", "/jobs?maxResults=1").status == 200
    assert http_client.send("GET", "/jobs?pageToken=a%20b").status == 501
    assert http_client.send("POST", "/jobs", http_client.job("SELECT 1 AS other")).status == 200
    squeezed = gzip.compress(json.dumps(http_client.job("SELECT 1 AS wanted")).encode())
    assert http_client.send("POST", "/jobs", squeezed, Content_Encoding="gzip").status == 502


def test_requests_beside_bigquerys_api_are_never_struck(
    plan: FaultPlan, http_client: Http, server: LocalServer
) -> None:
    """What the tests themselves ask of the server is answered whatever is planned."""
    plan.answer("*", 503, times=None)
    assert dict(server.model_calls).keys() >= set()
    assert http_client.send("GET", "/bqvision/model_calls").status == 200
    assert http_client.send("GET", "/datasets").status == 503


def test_a_request_without_the_token_is_refused_and_not_struck(plan: FaultPlan, http_client: Http) -> None:
    """A stranger neither uses up the faults nor reads or changes the plan."""
    plan.answer("jobs.list", 503)
    for method, path in [
        ("GET", "/jobs"),
        ("GET", "/bqvision/faults"),
        ("POST", "/bqvision/faults"),
        ("DELETE", "/bqvision/faults"),
    ]:
        assert http_client.send(method, path, Authorization="Bearer wrong").status == 403
    assert plan.struck == ()
    assert http_client.send("GET", "/jobs").status == 503


def test_a_request_that_did_not_arrive_whole_is_not_struck(plan: FaultPlan, http_client: Http) -> None:
    """A client that leaves in the middle of its request uses up nothing."""
    plan.answer("jobs.insert", 503)
    connection = http_client.connect()
    connection.putrequest("POST", f"{http_client.api}/jobs")
    for name, value in {**http_client.headers, "Content-Length": "100"}.items():
        connection.putheader(name, value)
    connection.endheaders(b'{"half":')
    connection.close()
    assert http_client.send("GET", "/jobs").status == 200
    assert plan.struck == ()
    assert http_client.send("POST", "/jobs", http_client.job()).status == 503


def test_googles_client_goes_through_it(plan: FaultPlan, server: LocalServer) -> None:
    """Google's own client retries what it knows, and adopts the job whose answer was lost."""
    plan.answer("jobs.insert", 503, reason="backendError")
    plan.lose("jobs.insert", match="SELECT 6")
    plan.reset("jobs.getQueryResults")
    with server.client() as client:
        job = client.bigquery.query("SELECT 6 * 7 AS answer")
        assert [row.answer for row in job.result()] == [42]
    assert [strike.kind for strike in plan.struck] == ["answer", "reset", "reset"]
