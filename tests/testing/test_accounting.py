"""What struck and what is left: before the start, while the server runs, and when it is closed."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import bqvision as bv
from bqvision.errors import InvalidInputError, LocalServerError
from bqvision.local import VisionAnswer, VisionRequest, serve
from bqvision.testing import FaultPlan, FaultsLeftError, Strike

from .conftest import Http

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cinema import Cinema


def test_a_plan_without_a_server_has_all_before_it() -> None:
    """Nothing has struck, and everything is left, in the order in which it was planned."""
    plan = FaultPlan()
    assert (plan.struck, plan.left) == ((), ())
    plan.verify()
    plan.lose("jobs.insert", times=2)
    plan.row("gs://posters/*", status="INTERNAL: x")
    assert [str(fault) for fault in plan.left] == ["reset jobs.insert after x2", "row gs://posters/*"]
    plan.release()
    plan.clear()
    assert plan.left == ()


def test_a_plan_says_what_is_left() -> None:
    """In words that name each fault, and how often it struck."""
    plan = FaultPlan()
    plan.answer("jobs.get", 503, reason="backendError", times=3, skip=1)
    plan.fail_job(reason="internalError", times=None)
    with pytest.raises(FaultsLeftError) as caught:
        plan.verify()
    assert str(caught.value).splitlines() == [
        "planned faults are left:",
        "  answer jobs.get 503 backendError x3 skip 1: struck 0 of 3 times",
        "  fail_job internalError always: never struck",
    ]
    assert caught.value.left == plan.left
    assert isinstance(caught.value, AssertionError)


def test_a_plan_shows_no_texts() -> None:
    """What it answers with or looks for may hold a prompt, and a repr ends up in logs."""
    plan = FaultPlan()
    plan.answer("jobs.insert", 400, message="secret", match="secret", retry_after="secret")
    plan.rewrite("jobs.get", {"secret": "secret"})
    plan.fail_job("ask", reason="invalid", message="secret", match="secret")
    plan.row("gs://b/a.png", text="secret")
    plan.row("gs://b/a.png", status="secret")
    shown = f"{plan!r} {plan} {plan.left!r} {[str(fault) for fault in plan.left]}"
    assert "secret" not in shown
    assert repr(plan) == (
        "<FaultPlan answer jobs.insert 400, rewrite jobs.get, fail_job ask invalid, row gs://b/a.png, "
        "row gs://b/a.png>"
    )


def test_an_account_outlives_its_server(tmp_path: Path) -> None:
    """It is taken when the server is closed; the plan then takes no more faults, and has no other server."""
    plan = FaultPlan()
    plan.answer("datasets.list", 403, reason="accessDenied")
    with bv.Client.local(buckets={}, faults=plan) as client:
        with pytest.raises(bv.PermissionDeniedError):
            list(client.datasets())
        plan.answer("datasets.list", 403, reason="accessDenied", times=2)
        with pytest.raises(bv.PermissionDeniedError):
            list(client.datasets())
        with pytest.raises(InvalidInputError, match="has had a local BigQuery"):
            serve(buckets={}, faults=plan)
    assert plan.struck == (Strike("answer", "datasets.list"),) * 2
    assert [str(fault) for fault in plan.left] == ["answer datasets.list 403 accessDenied x2"]
    with pytest.raises(FaultsLeftError, match="struck 1 of 2 times"):
        plan.verify()
    with pytest.raises(InvalidInputError, match="is closed"):
        plan.lose("jobs.insert")
    with pytest.raises(InvalidInputError, match="has had a local BigQuery"):
        serve(buckets={}, faults=plan)
    plan.release()
    client.close()
    assert len(plan.struck) == 2


def test_an_account_that_is_lost_is_no_good_account() -> None:
    """A server that was killed can't tell, and so the plan says that and not that nothing is left."""
    plan = FaultPlan()
    server = serve(buckets={}, faults=plan)
    plan.lose("jobs.insert")
    os.kill(server._process.pid, signal.SIGKILL)
    server._process.wait()
    with pytest.raises(LocalServerError, match="does not answer"):
        plan.verify()
    server.close()
    with pytest.raises(LocalServerError, match="ended before it could tell"):
        plan.verify()
    with pytest.raises(LocalServerError):
        _ = plan.struck


def test_a_start_that_fails_leaves_the_plan_free(tmp_path: Path) -> None:
    """The plan can be given to the next one."""
    plan = FaultPlan()
    with pytest.raises(InvalidInputError):
        serve(buckets={"posters": tmp_path / "missing"}, faults=plan)
    plan.check_unused()


def test_faults_can_be_planned_while_a_job_runs(tmp_path: Path) -> None:
    """Also by the vision model itself, in the middle of a job."""
    for name in ("a.png", "b.png", "c.png"):
        (tmp_path / name).write_bytes(b"picture")
    plan = FaultPlan()

    def answer(request: VisionRequest) -> VisionAnswer:
        plan.row("gs://posters/*", status="INTERNAL: since then")
        return VisionAnswer("fine")

    with serve(buckets={"posters": tmp_path}, model=answer, workers=1, faults=plan) as server:
        with server.client() as client:
            dataset = client.dataset("films").create()
            posters = dataset.object_table("posters").create(uris=["gs://posters/*"])
            model = dataset.remote_model("model").create(endpoint="gemini-2.5-flash")
            model.analyze(posters, prompt="Title?").create_table(into="answers")
        assert sum(server.model_calls.values()) == 3
    assert [strike.kind for strike in plan.struck] == ["row", "row"]


def test_a_cleared_plan_starts_anew(plan: FaultPlan, http_client: Http) -> None:
    """A server that several tests share behaves again, and its account is empty."""
    plan.answer("jobs.list", 503, times=None)
    assert http_client.send("GET", "/jobs").status == 503
    plan.clear()
    assert (plan.struck, plan.left) == ((), ())
    assert http_client.send("GET", "/jobs").status == 200
    plan.answer("jobs.list", 500)
    assert http_client.send("GET", "/jobs").status == 500
    assert plan.struck == (Strike("answer", "jobs.list"),)


def test_a_server_without_a_plan_has_no_way_to_misbehave(tmp_path: Path) -> None:
    """No plan, no route to plan by, and none of the code is loaded."""
    with serve(buckets={}) as server:
        http_client = Http(server)
        assert http_client.send("GET", "/bqvision/faults").status == 404
        assert http_client.send("POST", "/bqvision/faults", {"faults": []}).status == 404


def test_what_is_no_plan_is_refused_by_the_server(plan: FaultPlan, http_client: Http) -> None:
    """The route takes what a plan sends, and answers anything else with BigQuery's error."""
    for body in ({}, {"faults": 7}, {"faults": [{"no": "fault"}]}, {"faults": [7]}):
        answer = http_client.send("POST", "/bqvision/faults", body)
        assert (answer.status, answer.json["error"]["errors"][0]["reason"]) == (400, "badRequest")


def test_planning_loads_nothing_heavy() -> None:
    """Neither google's library, nor the server, nor pytest."""
    code = (
        "import sys, bqvision as bv; bv.testing.FaultPlan().lose('jobs.insert'); "
        "print(*{'google.cloud', 'starlette', 'pytest', 'bqvision.local'} & sys.modules.keys())"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == ""


def test_strikes_and_faults_read_well(plan: FaultPlan, cinema: Cinema) -> None:
    """What is seen in a failed test says what happened, and to what."""
    cinema.show("a.png", "A")
    plan.row(cinema.uri("a.png"), null=True)
    assert re.fullmatch(r"\(<Fault row gs://cinema/d\w+/a.png>,\)", repr(plan.left))
    cinema.analysis().create_table(into="answers")
    assert repr(plan.struck) == f"(Strike(kind='row', target='{cinema.uri('a.png')}'),)"
