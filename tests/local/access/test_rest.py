"""The REST methods about access, as gcloud and google's clients use them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from google.cloud.bigquery_connection_v1 import ConnectionServiceClient
from google.cloud.bigquery_connection_v1.services.connection_service.transports import (
    ConnectionServiceRestTransport,
)

from .conftest import BUCKET, Project
from .test_permissions import NO_VERTEX

if TYPE_CHECKING:
    from collections.abc import Callable

    from bqvision.local import Access

    Start = Callable[[Access | None], Project]


@pytest.mark.parametrize("version", ["v1", "v3"])
def test_permissions_are_tested_on_the_project(project_of: Start, version: str) -> None:
    """Those that the caller has come back."""
    project = project_of(NO_VERTEX)
    asked = ["bigquery.connections.update", "bigquery.jobs.create"]
    path = f"/{version}/projects/{project.name}:testIamPermissions"
    assert project.rest("POST", path, {"permissions": asked}) == {"permissions": ["bigquery.jobs.create"]}
    assert project.rest("POST", path, {"permissions": asked[:1]}) == {}


def test_permissions_are_tested_on_tables(project_of: Start) -> None:
    """By google's client; a table that is not there is not found."""
    project = project_of(NO_VERTEX)
    project.sql("CREATE TABLE DS.kept AS SELECT 1 AS one")
    found = project.client.test_iam_permissions(
        project.client.get_table(f"{project.dataset}.kept"), ["bigquery.tables.getData"]
    )
    assert found == {"permissions": ["bigquery.tables.getData"]}
    path = f"/bigquery/v2/projects/{project.name}/datasets/{project.dataset}/tables/none:testIamPermissions"
    assert project.rest_refused("POST", path, {"permissions": []})[0] == 404


def test_permissions_and_policies_of_connections(project_of: Start) -> None:
    """Google's client for connections tests, reads and sets them."""
    project = project_of(NO_VERTEX)
    transport = ConnectionServiceRestTransport(
        host=project.server.endpoint.removeprefix("http://"),
        url_scheme="http",
        credentials=project.server.credentials,
    )
    with ConnectionServiceClient(transport=transport) as client:
        name = f"projects/{project.name}/locations/us/connections/{project.connection()}"
        asked = ["bigquery.connections.get", "bigquery.connections.update"]
        tested = client.test_iam_permissions(request={"resource": name, "permissions": asked})
        assert list(tested.permissions) == asked[:1]
        policy = client.get_iam_policy(request={"resource": name})
        assert not policy.bindings
        policy.bindings.add(role="roles/bigquery.connectionUser", members=["user:ana@example.com"])
        client.set_iam_policy(request={"resource": name, "policy": policy})
        (binding,) = client.get_iam_policy(request={"resource": name}).bindings
        assert (binding.role, list(binding.members)) == (
            "roles/bigquery.connectionUser",
            ["user:ana@example.com"],
        )


def test_services(project_of: Start) -> None:
    """What is enabled, and what is not."""
    project = project_of(NO_VERTEX)
    names = [
        f"projects/{project.name}/services/{service}"
        for service in ("aiplatform.googleapis.com", "bigquery.googleapis.com")
    ]
    services = project.rest(
        "GET", f"/v1/projects/{project.name}/services:batchGet?names={names[0]}&names={names[1]}"
    )["services"]
    assert [service["state"] for service in services] == ["DISABLED", "ENABLED"]
    assert [service["config"]["name"] for service in services] == [name.rpartition("/")[2] for name in names]
    assert project.rest("GET", f"/v1/{names[0]}") == services[0]


def test_a_policy_that_has_changed_is_not_overwritten(project_of: Start) -> None:
    """Its etag is another one by then."""
    project = project_of(NO_VERTEX)
    path = f"/storage/v1/b/{BUCKET}/iam"
    policy = project.rest("GET", path)
    project.server.grant_bucket_role(
        BUCKET, f"user:{project.dataset}@example.com", "roles/storage.objectViewer"
    )
    assert project.rest_refused("PUT", path, policy)[0] == 412
    path = f"/v1/projects/{project.name}"
    policy = project.rest("POST", f"{path}:getIamPolicy", {})
    project.sql(f"GRANT `roles/viewer` ON PROJECT `{project.name}` TO 'user:{project.dataset}@example.com'")
    assert project.rest_refused("POST", f"{path}:setIamPolicy", {"policy": policy})[0] == 409


def test_a_bucket_that_is_not_mapped_has_no_policy(project_of: Start) -> None:
    """And no permissions to test."""
    project = project_of(NO_VERTEX)
    assert project.rest_refused("GET", "/storage/v1/b/another/iam") == (
        404,
        "The specified bucket does not exist.",
    )
    path = f"/storage/v1/b/{BUCKET}/iam/testPermissions?permissions=storage.objects.list"
    assert project.rest("GET", path) == {"permissions": ["storage.objects.list"]}
