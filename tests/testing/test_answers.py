"""What a client meets in the place of the true answer."""

from __future__ import annotations

import gzip
import http.client
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from bqvision.local import serve
from bqvision.testing import FaultPlan

from .conftest import Http, outcome

if TYPE_CHECKING:
    from collections.abc import Callable


def test_an_error_has_bigquerys_form(plan: FaultPlan, http_client: Http) -> None:
    """With a reason the error is BigQuery's own."""
    plan.answer("jobs.list", 503, reason="backendError", message="try again", retry_after=7)
    answer = http_client.send("GET", "/jobs")
    assert answer.status == 503
    assert answer.headers["retry-after"] == "7"
    assert answer.json["error"] == {
        "code": 503,
        "message": "try again",
        "status": "UNAVAILABLE",
        "errors": [{"message": "try again", "domain": "global", "reason": "backendError"}],
    }


def test_an_error_without_a_reason_has_no_list_of_errors(plan: FaultPlan, http_client: Http) -> None:
    """That is the form of errors that arise before BigQuery."""
    plan.answer("jobs.list", 599)
    answer = http_client.send("GET", "/jobs")
    assert answer.status == 599
    assert answer.json["error"].keys() == {"code", "message"}
    assert "retry-after" not in answer.headers


def test_an_error_can_be_a_front_ends_page(plan: FaultPlan, http_client: Http) -> None:
    """Not all that answers for BigQuery speaks JSON."""
    plan.answer("jobs.list", 502, html=True, retry_after="Wed, 21 Oct 2026 07:28:00 GMT")
    answer = http_client.send("GET", "/jobs")
    assert (answer.status, answer.headers["content-type"]) == (502, "text/html; charset=UTF-8")
    assert answer.headers["retry-after"].startswith("Wed")
    with pytest.raises(ValueError, match="Expecting value"):
        _ = answer.json


def test_a_damaged_answer_looks_as_the_network_would_leave_it(plan: FaultPlan, http_client: Http) -> None:
    """Each kind of damage is the one that its name says, done to the true answer."""
    truth = http_client.send("GET", "/datasets").body
    plan.cut("datasets.list")
    with pytest.raises(http.client.IncompleteRead) as cut:
        http_client.send("GET", "/datasets")
    assert (cut.value.partial, cut.value.expected) == (truth[: len(truth) // 2], -(-len(truth) // 2))
    plan.cut("datasets.list", reset=True)
    assert outcome(lambda: http_client.send("GET", "/datasets")) is ConnectionResetError
    plan.half_json("datasets.list")
    half = http_client.send("GET", "/datasets")
    assert (half.status, half.body) == (200, truth[: len(truth) // 2])
    plan.empty("datasets.list")
    empty = http_client.send("GET", "/datasets")
    assert (empty.status, empty.body) == (200, b"")
    plan.bad_gzip("datasets.list")
    squeezed = http_client.send("GET", "/datasets")
    assert squeezed.headers["content-encoding"] == "gzip"
    with pytest.raises(EOFError):
        gzip.decompress(squeezed.body)
    assert http_client.send("GET", "/datasets").body == truth


@pytest.mark.parametrize("kind", ["cut", "half_json", "empty", "bad_gzip", "rewrite"])
def test_a_damaged_answer_comes_after_the_effect(plan: FaultPlan, http_client: Http, kind: str) -> None:
    """An answer must be there to be damaged."""
    plans: dict[str, Callable[[], None]] = {
        "cut": lambda: plan.cut("jobs.insert"),
        "half_json": lambda: plan.half_json("jobs.insert"),
        "empty": lambda: plan.empty("jobs.insert"),
        "bad_gzip": lambda: plan.bad_gzip("jobs.insert"),
        "rewrite": lambda: plan.rewrite("jobs.insert", {"id": "another"}),
    }
    plans[kind]()
    job = http_client.job()
    outcome(lambda: http_client.send("POST", "/jobs", job))
    assert http_client.exists(job)


@pytest.mark.parametrize("after", [False, True])
def test_a_silence_can_end(plan: FaultPlan, http_client: Http, after: bool) -> None:
    """After it the true answer comes."""
    plan.stall("jobs.insert", seconds=0.3, after=after)
    begin = time.monotonic()
    job = http_client.job()
    assert (
        http_client.send("POST", "/jobs", job).json["jobReference"]["jobId"] == job["jobReference"]["jobId"]
    )
    assert time.monotonic() - begin >= 0.3
    assert http_client.exists(job)


def test_a_request_has_its_effect_though_its_client_has_left(plan: FaultPlan, http_client: Http) -> None:
    """A job can appear after the request for it was given up."""
    plan.stall("jobs.insert", seconds=1)
    job = http_client.job()
    with pytest.raises(TimeoutError):
        http_client.send("POST", "/jobs", job, timeout=0.1)
    assert not http_client.exists(job)
    end = time.monotonic() + 20
    while not http_client.exists(job):
        assert time.monotonic() < end


def test_a_silence_ends_with_the_server() -> None:
    """Who still waits then gets no answer either, and does not hold up the end."""
    plan = FaultPlan()
    plan.stall("jobs.list")
    with serve(buckets={}, faults=plan) as server, ThreadPoolExecutor() as threads:
        waiting = threads.submit(Http(server).send, "GET", "/jobs")
        while not plan.struck:
            assert not waiting.done()
        server.close()
        assert isinstance(waiting.exception(30), http.client.RemoteDisconnected)


def test_an_answer_can_lie(plan: FaultPlan, http_client: Http) -> None:
    """Keys of the true answer are replaced or taken away: a wrong row count, a page token that leads back."""
    job = http_client.job("SELECT * FROM UNNEST([1, 2, 3]) AS n ORDER BY n")
    http_client.send("POST", "/jobs", job)
    path = f"/queries/{job['jobReference']['jobId']}?maxResults=2"
    truth = http_client.send("GET", path).json
    plan.rewrite("jobs.getQueryResults", {"totalRows": "9", "pageToken": "0", "schema": None})
    lie = http_client.send("GET", path).json
    assert lie == {name: value for name, value in truth.items() if name != "schema"} | {
        "totalRows": "9",
        "pageToken": "0",
    }


def test_a_lie_about_nothing_is_an_answer(plan: FaultPlan, http_client: Http) -> None:
    """An answer that was empty gets the keys as well."""
    http_client.send("POST", "/datasets", {"datasetReference": {"datasetId": "fleeting"}})
    plan.rewrite("datasets.delete", {"kind": "surprise"})
    answer = http_client.send("DELETE", "/datasets/fleeting")
    assert answer.json == {"kind": "surprise"}


def test_a_connection_lives_on_after_an_error(plan: FaultPlan, http_client: Http) -> None:
    """An answer that is complete, whatever it says, leaves the connection in order."""
    plan.answer("jobs.list", 503)
    plan.half_json("jobs.list")
    connection = http_client.connect()
    try:
        bodies: list[Any] = [http_client.ask(connection, "GET", "/jobs").status for _ in range(3)]
    finally:
        connection.close()
    assert bodies == [503, 200, 200]


def test_other_connections_do_not_notice(plan: FaultPlan, http_client: Http) -> None:
    """A connection that breaks takes no other one with it."""
    connection = http_client.connect()
    try:
        assert http_client.ask(connection, "GET", "/jobs").status == 200
        plan.reset("jobs.get", times=3)
        plan.cut("jobs.get", times=3)
        plan.close("jobs.get", times=3)
        failed = [outcome(lambda: http_client.send("GET", "/jobs/none")) for _ in range(9)]
        assert None not in failed
        assert http_client.ask(connection, "GET", "/jobs").status == 200
    finally:
        connection.close()
