"""A grant that is not in effect yet: what is tried again, for how long, and what is not."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

import bqvision as bv
from tests.connections.conftest import PROPAGATION

if TYPE_CHECKING:
    from bqvision.local import LocalServer
    from bqvision.testing import FaultPlan
    from tests.connections.conftest import Clock

URIS = ["gs://posters/*"]
ENDPOINT = "gemini-2.5-flash"


def test_without_a_grant_a_model_fails_at_once(
    connection: bv.Connection, dataset: bv.Dataset, clock: Clock
) -> None:
    """The account and the role are named, and nothing is waited for."""
    account = connection.grant_statements().service_account
    began = clock.now
    with pytest.raises(bv.ConnectionPermissionError) as caught:
        dataset.remote_model("m").create(endpoint=ENDPOINT, connection=connection)
    assert account in str(caught.value)
    assert "roles/aiplatform.user" in caught.value.next_step
    assert not caught.value.retryable
    assert clock.now - began < 1


def test_after_a_grant_a_model_is_tried_until_it_is_seen(
    connection: bv.Connection, dataset: bv.Dataset, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """Each further try is told to the log and to the callback, with the account and what time is left."""
    looks: list[bv.GrantProgress] = []
    with caplog.at_level(logging.INFO, logger="bqvision.setup"):
        connection.grant(progress=looks.append)
        model = dataset.remote_model("m").create(endpoint=ENDPOINT, connection=connection)
    assert model.exists()
    account = connection.grant_statements().service_account
    assert [(look.statement, look.account) for look in looks] == [
        ("create_remote_model", account)
    ] * PROPAGATION
    assert [look.waited_s + look.left_s for look in looks] == [300.0] * PROPAGATION
    assert looks[0].waited_s < looks[1].waited_s
    said = [record.getMessage() for record in caplog.records if record.name == "bqvision.setup"]
    assert len(said) == PROPAGATION
    assert all("create_remote_model" in line and account in line for line in said)


def test_waiting_for_a_grant_ends(connection: bv.Connection, dataset: bv.Dataset, clock: Clock) -> None:
    """After the time given, the error says what was granted when, and that later may do."""
    began = clock.now
    connection.grant(wait_s=12.0)
    clock.now += 4.0
    with pytest.raises(bv.ConnectionPermissionError) as caught:
        dataset.remote_model("m").create(endpoint=ENDPOINT, connection=connection)
    assert 12.0 <= clock.now - began < 14.0
    assert caught.value.retryable
    assert "12 seconds ago" in caught.value.next_step
    assert connection.grant_statements().service_account in caught.value.next_step


def test_a_grant_can_be_made_without_waiting_for_it(
    connection: bv.Connection, dataset: bv.Dataset, clock: Clock
) -> None:
    """No time is no further try."""
    connection.grant(wait_s=0)
    began = clock.now
    with pytest.raises(bv.ConnectionPermissionError):
        dataset.remote_model("m").create(endpoint=ENDPOINT, connection=connection)
    assert clock.now - began < 1


@pytest.mark.parametrize("wait_s", [-1.0, float("nan"), float("inf")])
def test_a_time_that_can_not_be_is_refused(wait_s: float) -> None:
    """Before any request."""
    client = bv.Client("some-project", endpoint="http://127.0.0.1:9")
    with pytest.raises(bv.InvalidInputError, match="wait_s"):
        client.connection("vision").grant(wait_s=wait_s)
    with pytest.raises(bv.InvalidInputError, match="wait_s"):
        client.connection("vision").granted(wait_s=wait_s)


def test_the_grant_of_one_connection_says_nothing_of_another(
    client: bv.Client, connection: bv.Connection, dataset: bv.Dataset, clock: Clock
) -> None:
    """Whose account lacks the role still fails at once."""
    connection.grant()
    other = client.connection(f"{connection}_other").create()
    began = clock.now
    with pytest.raises(bv.ConnectionPermissionError):
        dataset.remote_model("m").create(endpoint=ENDPOINT, connection=other)
    assert clock.now - began < 1


def test_a_grant_made_through_another_client_is_not_waited_for(
    server: LocalServer, connection: bv.Connection, dataset: bv.Dataset, clock: Clock
) -> None:
    """Only what this program granted may be on its way."""
    with server.client() as other:
        other.connection(str(connection)).grant()
    began = clock.now
    with pytest.raises(bv.ConnectionPermissionError):
        dataset.remote_model("m").create(endpoint=ENDPOINT, connection=connection)
    assert clock.now - began < 1


def test_a_bucket_that_nobody_granted_fails_at_once(
    connection: bv.Connection, dataset: bv.Dataset, clock: Clock
) -> None:
    """The role on the project was granted, that on the bucket was not; the error has the line to run."""
    left = connection.grant(buckets=["posters"])
    began = clock.now
    with pytest.raises(bv.BucketPermissionError) as caught:
        dataset.object_table("posters").create(uris=URIS, connection=connection)
    assert clock.now - began < 1
    assert left.gcloud[0] in caught.value.next_step


def test_a_bucket_that_was_granted_by_hand_is_waited_for_when_it_is_said(
    server: LocalServer, connection: bv.Connection, dataset: bv.Dataset
) -> None:
    """The object table is made once the role is seen."""
    looks: list[bv.GrantProgress] = []
    member = f"serviceAccount:{connection.grant_statements().service_account}"
    server.grant_bucket_role("posters", member, "roles/storage.objectViewer")
    connection.granted(progress=looks.append)
    posters = dataset.object_table("posters").create(uris=URIS, connection=connection)
    assert posters.count() == 1
    assert [look.statement for look in looks] == ["create_object_table"] * PROPAGATION


@pytest.mark.parametrize(
    "text",
    [
        "Service account bqcx-1-ab1c@gcp-sa-bigquery-condel.iam.gserviceaccount.com does not exist.",
        "There were concurrent policy changes. Please retry the whole read-modify-write with exponential backoff.",
    ],
)
def test_a_grant_is_tried_again_until_the_new_account_is_known(
    connection: bv.Connection, plan: FaultPlan, clock: Clock, text: str
) -> None:
    """So it is when somebody else changes the policy at the same time."""
    account = connection.grant_statements().service_account
    text = text.replace("bqcx-1-ab1c@gcp-sa-bigquery-condel.iam.gserviceaccount.com", account)
    plan.fail_job("grant_project_role", reason="invalidQuery", message=text, times=2)
    connection.grant()
    assert len(clock.waits) >= 2


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        ("accessDenied", "Access Denied: User does not have bigquery.models.create permission."),
        ("invalidQuery", "Syntax error: Unexpected end of statement"),
        ("notFound", "Not found: Connection local-project.us.vision"),
    ],
)
def test_another_failure_is_not_waited_for(
    connection: bv.Connection, dataset: bv.Dataset, plan: FaultPlan, clock: Clock, reason: str, text: str
) -> None:
    """A grant excuses nothing but what it grants."""
    connection.grant()
    plan.fail_job("create_remote_model", reason=reason, message=text)
    began = clock.now
    with pytest.raises(bv.BqvisionError):
        dataset.remote_model("m").create(endpoint=ENDPOINT, connection=connection)
    assert clock.now - began < 1


def test_what_is_paid_for_is_never_tried_again_so(
    server: LocalServer, connection: bv.Connection, dataset: bv.Dataset, plan: FaultPlan, clock: Clock
) -> None:
    """A statement that calls the model fails at once with the very text, granted or not."""
    account = connection.grant_statements().service_account
    server.grant_bucket_role("posters", f"serviceAccount:{account}", "roles/storage.objectViewer")
    connection.grant()
    connection.granted()
    posters = dataset.object_table("posters").create(uris=URIS, connection=connection)
    model = dataset.remote_model("m").create(endpoint=ENDPOINT, connection=connection)
    text = f"{account} does not have the permission to access or use the endpoint. Please grant the Vertex AI user role"
    plan.fail_job("generate_text_table", reason="accessDenied", message=text, paid=True)
    began, calls = clock.now, dict(server.model_calls)
    with pytest.raises(bv.BqvisionError):
        model.analyze(posters, prompt="Which film?").create_table("answers")
    assert clock.now - began < 1
    assert sum(server.model_calls.values()) - sum(calls.values()) == 1
