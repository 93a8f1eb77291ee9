"""Connections and grants while answers get lost, others do the same, and a grant is not in effect yet."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

import pytest

import bqvision as bv
from tests.faults.bench import Case, requests_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from bqvision.testing import FaultPlan

CREATE: Final = "connections.create"
GRANT = "grant_project_role"
MODEL = "create_remote_model"
ENDPOINT = "gemini-2.5-flash"


def connection_of(case: Case, client: bv.Client | None = None) -> bv.Connection:
    """The connection of a case's own."""
    return (case.client if client is None else client).connection(case.folder.name)


def no_endpoint(account: str) -> str:
    """What Google says of an account without the role."""
    return f"{account} does not have the permission to access or use the endpoint. Please grant the Vertex AI user role"


@pytest.mark.parametrize(
    "strike",
    [
        lambda plan: plan.lose(CREATE),
        lambda plan: plan.lose(CREATE, times=3),
        lambda plan: plan.reset(CREATE, times=3),
        lambda plan: plan.close(CREATE, after=True),
        lambda plan: plan.cut(CREATE, reset=True),
        lambda plan: plan.half_json(CREATE),
        lambda plan: plan.empty(CREATE),
        lambda plan: plan.bad_gzip(CREATE),
        lambda plan: plan.answer(CREATE, 503, after=True),
        lambda plan: plan.answer(CREATE, 502, html=True, times=2),
        lambda plan: plan.answer(CREATE, 429, html=True, retry_after=7),
    ],
    ids=["lost", "lost x3", "reset", "closed", "cut", "half", "empty", "gzip", "503", "502", "429"],
)
@pytest.mark.parametrize("exists_ok", [False, True])
def test_an_answer_about_a_new_connection_may_get_lost(
    case: Case, strike: Callable[[FaultPlan], None], exists_ok: bool
) -> None:
    """D2: the connection is made once, with what it was given, and it is this call's own."""
    strike(case.plan)
    made = connection_of(case).create(exists_ok=exists_ok, description="Reads posters")
    assert made.describe().description == "Reads posters"
    assert [str(found.name) for found in case.client.connections()].count(str(made.name)) == 1


def test_a_connection_that_is_refused_as_taken_may_not_be_found_yet(case: Case) -> None:
    """D2: "not found" right after the conflict is asked again, and no second connection is made."""
    case.plan.lose(CREATE)
    case.plan.answer("connections.get", 404, message="Not found: Connection", times=2, skip=1)
    made = connection_of(case).create()
    assert made.exists()


def test_a_conflict_without_a_connection_is_an_error(case: Case) -> None:
    """D2: what was refused and can not be found either was not made."""
    case.plan.answer(CREATE, 409, message="The operation was aborted.")
    case.plan.answer("connections.get", 404, message="Not found: Connection", times=10, skip=1)
    with pytest.raises(bv.AlreadyExistsError), case.noted():
        connection_of(case).create(exists_ok=True)
    assert not connection_of(case).exists()


def test_two_that_create_the_same_connection_share_it(case: Case) -> None:
    """D2: four threads have one connection, with one account; without exists_ok only one made it."""
    accounts: list[str | None] = []
    errors: list[BaseException] = []
    ready = threading.Barrier(4)

    def create(client: bv.Client) -> None:
        ready.wait(30)
        try:
            connection = connection_of(case, client).create(exists_ok=True)
            accounts.append(connection.describe().service_account)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=create, args=(case.connect(),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []
    assert len(accounts) == 4
    assert len(set(accounts)) == 1
    with pytest.raises(bv.AlreadyExistsError), case.noted():
        connection_of(case).create()


def test_a_lost_answer_about_a_deletion_is_no_missing_connection(case: Case) -> None:
    """D2: the second request finds none, since the first one deleted it."""
    connection = connection_of(case).create()
    case.plan.lose("connections.delete")
    connection.delete()
    assert not connection.exists()


def test_a_service_that_stays_away_is_given_up_after_the_policy_s_tries(case: Case) -> None:
    """D2: our policy is the only one: the requests are counted, and google's own repetitions add none."""
    case.plan.answer("connections.get", 503, times=10)
    with pytest.raises(bv.UnavailableError) as caught, case.noted():
        connection_of(case).exists()
    assert caught.value.attempts == case.policy.attempts == 10
    case.plan.answer("connections.get", 403, reason="accessDenied")
    with pytest.raises(bv.PermissionDeniedError) as refused, case.noted():
        connection_of(case).exists()
    assert refused.value.attempts == 1


def test_a_grant_is_made_once_though_its_answer_gets_lost(case: Case) -> None:
    """D2: the job is adopted, and the roles of others stay."""
    other = case.client.connection(f"{case.folder.name}_other").create()
    other.grant()
    connection = connection_of(case).create()
    case.plan.lose("jobs.insert", match=requests_of(GRANT))
    connection.grant()
    granted = [
        job for job in case.client.bigquery.list_jobs(min_creation_time=case.began) if "GRANT" in job.query
    ]
    assert len(granted) == 2
    policy = case.client.service.call_rest(
        "POST", f"/v1/projects/{case.client.project}:getIamPolicy", "cloudresourcemanager.googleapis.com", {}
    )
    for one in (other, connection):
        assert str(policy).count(f"serviceAccount:{one.describe().service_account}") == 1


def test_a_grant_waits_for_a_new_account_and_for_others(case: Case) -> None:
    """D2: the account "does not exist" three times, and the policy was changed by somebody else twice."""
    connection = connection_of(case).create()
    account = connection.describe().service_account
    case.plan.fail_job(
        GRANT, reason="invalidQuery", message=f"Service account {account} does not exist.", times=3
    )
    case.plan.fail_job(
        GRANT, reason="invalidQuery", message="There were concurrent policy changes. Please retry.", times=2
    )
    began = case.clock.now
    connection.grant()
    assert 50 <= case.clock.now - began < 60


def test_a_model_waits_for_a_grant_of_this_run(case: Case) -> None:
    """D3: five refusals, then it is made; each try is a job of its own, and its text stands in no log."""
    connection = connection_of(case).create()
    account = connection.grant_statements().service_account
    looks: list[bv.GrantProgress] = []
    connection.grant(progress=looks.append)
    case.plan.fail_job(MODEL, reason="accessDenied", message=case.leaky(no_endpoint(account)), times=5)
    model = case.dataset.remote_model("other").create(endpoint=ENDPOINT, connection=connection)
    assert model.exists()
    assert len(looks) == 5
    assert case.struck(MODEL) == 5


def test_a_grant_that_is_never_seen_ends_in_an_error(case: Case) -> None:
    """D3: after the five minutes the last refusal is raised, and says that later may do."""
    connection = connection_of(case).create()
    account = connection.grant_statements().service_account
    connection.grant()
    case.plan.fail_job(MODEL, reason="accessDenied", message=no_endpoint(account), times=31)
    began = case.clock.now
    with pytest.raises(bv.ConnectionPermissionError) as caught, case.noted():
        case.dataset.remote_model("other").create(endpoint=ENDPOINT, connection=connection)
    assert 299 < case.clock.now - began < 310
    assert caught.value.retryable
    assert account in caught.value.next_step


def test_a_model_fails_at_once_where_nobody_granted(case: Case) -> None:
    """D3: a grant by another client is none of this run: the account and the role are named."""
    connection = connection_of(case).create()
    account = connection.grant_statements().service_account
    connection_of(case, case.connect()).grant()
    case.plan.fail_job(MODEL, reason="accessDenied", message=no_endpoint(account))
    began = case.clock.now
    with pytest.raises(bv.ConnectionPermissionError) as caught, case.noted():
        case.dataset.remote_model("other").create(endpoint=ENDPOINT, connection=connection)
    assert case.clock.now - began < 1
    assert account in str(caught.value)
    assert "roles/aiplatform.user" in caught.value.next_step


def test_a_batch_is_never_paid_for_again_since_a_role_was_granted(case: Case) -> None:
    """D3: the very text, from a job that calls the model, ends the run; no second job calls it."""
    analysis = case.films("a.jpg")
    connection = connection_of(case).create()
    account = connection.grant_statements().service_account
    connection.grant()
    connection.granted()
    case.plan.fail_job("insert_batch", reason="accessDenied", message=no_endpoint(account))
    with pytest.raises(bv.BqvisionError), case.noted():
        analysis.run("results")
    assert len(case.jobs()) == 1
