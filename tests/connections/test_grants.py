"""What a connection's account is granted, by whom, and what is left to do by hand."""

from __future__ import annotations

import shlex
from dataclasses import FrozenInstanceError

import pytest

import bqvision as bv
from bqvision.local import Access, serve
from tests import googlesql


def held(client: bv.Client) -> object:
    """The account's roles on the project, as Google's Resource Manager has them."""
    policy = client.service.call_rest(
        "POST", f"/v1/projects/{client.project}:getIamPolicy", "cloudresourcemanager.googleapis.com", {}
    )
    return policy.get("bindings")


def test_grants_are_lines_to_run(connection: bv.Connection, client: bv.Client) -> None:
    """The exact GRANT, and the gcloud line of each bucket; printed, they can be pasted."""
    grants = connection.grant_statements(buckets=["posters", "gs://covers/2030/*", "gs://posters/*"])
    account = connection.describe().service_account
    assert grants.service_account == account
    (statement,) = grants.statements
    assert statement.sql == (
        f"GRANT `roles/aiplatform.user` ON PROJECT `{client.project}` TO 'connection:{connection.name}'"
    )
    googlesql.parse(statement.sql)
    assert [shlex.split(line) for line in grants.gcloud] == [
        [
            *("gcloud", "storage", "buckets", "add-iam-policy-binding", f"gs://{bucket}"),
            f"--member=serviceAccount:{account}",
            "--role=roles/storage.objectViewer",
        ]
        for bucket in ("posters", "covers")
    ]
    assert str(grants).splitlines() == [f"{statement.sql};", *grants.gcloud]
    with pytest.raises(FrozenInstanceError):
        grants.gcloud = ()  # type: ignore[misc]


def test_nothing_is_granted_by_reading_the_lines(client: bv.Client, connection: bv.Connection) -> None:
    """Nor by `grant` when the project is left out: all of it is returned then."""
    before = held(client)
    assert connection.grant(project=False, buckets=["posters"]) == connection.grant_statements(
        buckets=["posters"]
    )
    assert held(client) == before


def test_a_grant_adds_and_takes_nothing_away(client: bv.Client, connection: bv.Connection) -> None:
    """Only the role that calls Gemini, on the project; others keep theirs, and a second time changes nothing."""
    member = f"serviceAccount:{connection.describe().service_account}"
    other = client.connection(f"{connection.location}.other").create(exists_ok=True)
    other.grant()
    before = str(held(client))
    assert member not in before
    left = connection.grant(buckets=["posters"])
    assert left.statements == ()
    assert left.gcloud == connection.grant_statements(buckets=["posters"]).gcloud
    after = held(client)
    assert str(after).count(member) == 1
    assert f"serviceAccount:{other.describe().service_account}" in str(after)
    assert connection.grant() == bv.Grants(service_account=left.service_account, statements=(), gcloud=())
    assert held(client) == after


def test_a_grant_that_the_caller_may_not_make_says_so(tmp_path_factory: pytest.TempPathFactory) -> None:
    """It fails at once, and nothing is waited for afterwards."""
    access = Access(denied=["resourcemanager.projects.setIamPolicy"])
    folder = tmp_path_factory.mktemp("posters")
    waits: list[float] = []
    with serve(buckets={"posters": folder}, access=access) as server:
        client = server.client(retry=bv.RetryPolicy(sleep=waits.append))
        vision = client.connection("vision").create()
        with pytest.raises(bv.PermissionDeniedError, match=r"resourcemanager\.projects\.setIamPolicy"):
            vision.grant()
        with pytest.raises(bv.ConnectionPermissionError):
            client.dataset("films").create().remote_model("m").create(
                endpoint="gemini-2.5-flash", connection=vision
            )
        client.close()
    assert max(waits, default=0.0) < 1


def test_a_missing_connection_has_no_grants(client: bv.Client) -> None:
    """The error says how to make it."""
    with pytest.raises(bv.ConnectionNotFoundError) as caught:
        client.connection("missing").grant_statements()
    assert ".create()" in caught.value.next_step


@pytest.mark.parametrize("bucket", ["", "Po sters", "gs://", "s3://posters", "a;rm -rf", "$(id)", "posters*"])
def test_a_bucket_that_can_not_be_is_refused_unsent(bucket: str) -> None:
    """Its name would stand in a line for a shell."""
    client = bv.Client("some-project", endpoint="http://127.0.0.1:9")
    with pytest.raises(bv.InvalidInputError):
        client.connection("vision").grant(buckets=[bucket])


def test_a_single_bucket_is_not_taken_for_letters() -> None:
    """A string where a list belongs is named."""
    client = bv.Client("some-project", endpoint="http://127.0.0.1:9")
    with pytest.raises(bv.InvalidInputError, match="buckets"):
        client.connection("vision").grant_statements(buckets="posters")
