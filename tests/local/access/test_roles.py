"""The roles of connections' accounts: missing, granted, not seen yet, taken away."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bqvision.errors import InvalidInputError
from bqvision.local import Access

from .conftest import ASK, BUCKET, Project, model, table

if TYPE_CHECKING:
    from collections.abc import Callable

    Start = Callable[[Access | None], Project]

NO_ENDPOINT = (
    "does not have the permission to access or use the endpoint. Please grant the Vertex AI user role"
)
NO_LISTING = (
    "Access Denied: BigQuery BigQuery: Permission denied while globbing file pattern. {account} does not have "
    "storage.objects.list access to the Google Cloud Storage bucket. Permission 'storage.objects.list' denied on "
    "resource (or it may not exist). Please make sure gs://films-bucket/* is accessible via appropriate IAM roles, "
    "e.g. Storage Object Viewer or Storage Object Creator."
)


@pytest.fixture
def project(project_of: Start) -> Project:
    """A project in which connections have no role until one is granted."""
    return project_of(Access())


def test_an_object_table_needs_the_bucket_role(project: Project) -> None:
    """Without the role the statement fails with Google's text; with it, the table lists the bucket."""
    connection = project.connection()
    reason, text = project.refused(table(f"us.{connection}"))
    assert (reason, text) == ("accessDenied", NO_LISTING.format(account=project.account(connection)))
    project.open_bucket(connection)
    project.sql(table(f"us.{connection}"))
    assert project.sql("SELECT uri FROM DS.posters") == [{"uri": f"gs://{BUCKET}/one.png"}]


def test_a_table_can_not_be_read_when_the_bucket_role_is_gone(project: Project) -> None:
    """A listing is made by the connection's account each time, unless the table keeps it."""
    connection = project.connection()
    project.open_bucket(connection)
    project.sql(table(f"us.{connection}"))
    path = f"/storage/v1/b/{BUCKET}/iam"
    kept = [
        binding
        for binding in project.rest("GET", path)["bindings"]
        if project.account(connection) not in str(binding)
    ]
    project.rest("PUT", path, {"bindings": kept})
    reason, text = project.refused("SELECT uri FROM DS.posters")
    assert (reason, text) == ("accessDenied", NO_LISTING.format(account=project.account(connection)))


def test_a_table_that_caches_its_metadata_is_read_without_the_role(project: Project) -> None:
    """Only its refresh looks into the bucket."""
    connection = project.connection()
    project.open_bucket(connection)
    options = ", max_staleness = INTERVAL 1 DAY, metadata_cache_mode = 'MANUAL'"
    project.sql(table(f"us.{connection}", options))
    project.rest("PUT", f"/storage/v1/b/{BUCKET}/iam", {"bindings": []})
    assert project.sql("SELECT uri FROM DS.posters")
    refresh = f"CALL BQ.REFRESH_EXTERNAL_METADATA_CACHE('{project.dataset}.posters')"
    assert "Permission denied while globbing" in project.refused(refresh)[1]


def test_a_model_needs_the_vertex_role(project: Project) -> None:
    """CREATE MODEL fails with Google's text until the role is granted."""
    connection = project.connection()
    reason, text = project.refused(model(f"us.{connection}"))
    assert reason == "accessDenied"
    assert text.startswith(f"{project.account(connection)} {NO_ENDPOINT}")
    project.may_ask(connection)
    assert project.sql(model(f"us.{connection}")) == []


def test_a_call_whose_role_was_revoked_says_so_in_each_row(project: Project) -> None:
    """The job works, no image is shown to the model, and the rows' status has Google's text."""
    connection = project.connection()
    project.open_bucket(connection)
    project.may_ask(connection)
    project.sql(table(f"us.{connection}"))
    project.sql(model(f"us.{connection}"))
    assert [row["status"] for row in project.sql(ASK)] == [""]
    asked = project.server.model_calls[f"gs://{BUCKET}/one.png"]
    member = f"connection:{project.name}.us.{connection}"
    project.sql(f"REVOKE `roles/aiplatform.user` ON PROJECT `{project.name}` FROM '{member}'")
    (row,) = project.sql(ASK)
    assert row["result"] is None
    assert row["status"].startswith(f"{project.account(connection)} {NO_ENDPOINT}")
    assert project.server.model_calls[f"gs://{BUCKET}/one.png"] == asked


def test_the_default_connection_is_granted_by_itself(project: Project) -> None:
    """With all permissions, DEFAULT needs no grant: for tables, models and calls."""
    project.sql(table("DEFAULT"))
    project.sql(model("DEFAULT"))
    assert [row["status"] for row in project.sql(ASK)] == [""]


def test_an_object_that_may_be_listed_and_not_read_fails_its_row(project: Project) -> None:
    """A call without the object table reads by the connection that the ObjectRef names."""
    connection = project.connection()
    project.open_bucket(connection, "roles/storage.legacyBucketReader")
    project.sql(table(f"us.{connection}"))
    (row,) = project.sql("SELECT AI.GENERATE(('What is it?', ref)) AS said FROM DS.posters")
    account = project.account(connection)
    assert row["said"]["result"] is None
    assert "Permission denied while reading" in row["said"]["status"]
    assert account in row["said"]["status"]


def test_a_connection_that_is_made_again_has_another_account(project: Project) -> None:
    """Its roles are those of the account, so they are gone."""
    connection = project.connection()
    project.may_ask(connection)
    before = project.account(connection)
    assert project.account(connection) == before
    project.sql(f"DROP CONNECTION `us.{connection}`")
    project.sql(f"CREATE CONNECTION `us.{connection}` OPTIONS(connection_type = 'CLOUD_RESOURCE')")
    assert project.account(connection) != before
    assert NO_ENDPOINT in project.refused(model(f"us.{connection}"))[1]


def test_a_grant_is_seen_after_some_statements(project_of: Start) -> None:
    """The number is the statements that need the role and still fail; others don't count."""
    project = project_of(Access(propagation=2))
    connection = project.connection()
    project.may_ask(connection)
    project.sql("SELECT 1")
    for _ in range(2):
        assert NO_ENDPOINT in project.refused(model(f"us.{connection}"))[1]
    project.sql(model(f"us.{connection}"))
    project.open_bucket(connection)
    for _ in range(2):
        assert "Permission denied while globbing" in project.refused(table(f"us.{connection}"))[1]
    project.sql(table(f"us.{connection}"))


def test_a_grant_that_is_made_twice_does_not_start_again(project_of: Start) -> None:
    """Who holds a role already keeps it."""
    project = project_of(Access(propagation=2))
    connection = project.connection()
    project.may_ask(connection)
    for _ in range(2):
        project.refused(model(f"us.{connection}"))
    project.may_ask(connection)
    assert project.sql(model(f"us.{connection}")) == []


def test_without_access_nothing_has_to_be_granted(project_of: Start) -> None:
    """Where no access is described, connections hold what they need, and their policies say so."""
    project = project_of(None)
    connection = project.connection()
    project.sql(table(f"us.{connection}"))
    project.sql(model(f"us.{connection}"))
    assert [row["status"] for row in project.sql(ASK)] == [""]
    member = f"serviceAccount:{project.account(connection)}"
    policy = project.rest("POST", f"/v1/projects/{project.name}:getIamPolicy")
    assert member in {
        member
        for binding in policy["bindings"]
        if binding["role"] == "roles/aiplatform.user"
        for member in binding["members"]
    }


@pytest.mark.parametrize(
    ("bucket", "member", "role"),
    [
        ("another-bucket", "user:ana@example.com", "roles/storage.objectViewer"),
        (BUCKET, "ana@example.com", "roles/storage.objectViewer"),
        (BUCKET, "user:ana@example.com", "Storage Object Viewer"),
    ],
)
def test_a_bucket_role_that_can_not_be_is_refused(
    project: Project, bucket: str, member: str, role: str
) -> None:
    """Nothing is sent."""
    with pytest.raises(InvalidInputError):
        project.server.grant_bucket_role(bucket, member, role)
