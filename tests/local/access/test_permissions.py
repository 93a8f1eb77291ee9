"""What the caller and the project may not do, and in which words it is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import bqvision as bv
from bqvision.errors import InvalidInputError
from bqvision.local import Access

from .conftest import Project, model, table

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Start = Callable[[Access | None], Project]

CALL = "SELECT AI.GENERATE('What is it?'{}).status AS status"
LACKING = Access(
    denied=(
        "bigquery.connections.delegate",
        "bigquery.models.create",
        "bigquery.config.update",
        "aiplatform.endpoints.predict",
        "resourcemanager.projects.setIamPolicy",
        "bigquery.tables.getData",
        "bigquery.datasets.delete",
    ),
    grants_needed=False,
)
NO_VERTEX = Access(
    denied=["bigquery.connections.use", "bigquery.connections.update"],
    disabled_apis=["aiplatform.googleapis.com", "cloudbilling.googleapis.com"],
)
NO_CONNECTIONS = Access(disabled_apis=["bigqueryconnection.googleapis.com"], billing=False)


def test_a_connection_that_may_not_be_passed_on(project_of: Start) -> None:
    """Making a table needs bigquery.connections.delegate on its connection."""
    project = project_of(LACKING)
    connection = project.connection()
    assert project.refused(table(f"us.{connection}")) == (
        "accessDenied",
        f"Access Denied: Connection {project.name}.us.{connection}: User does not have bigquery.connections.delegate "
        f"permission for connection {project.name}.us.{connection}.",
    )


def test_a_connection_that_may_not_be_used(project_of: Start) -> None:
    """Making a table needs bigquery.connections.use on its connection, before anything else."""
    project = project_of(NO_VERTEX)
    connection = project.connection()
    name = f"{project.name}.us.{connection}"
    assert project.refused(table(f"us.{connection}")) == (
        "accessDenied",
        f"Access Denied: Connection {name}: User does not have bigquery.connections.use permission for connection "
        f"{name}.",
    )


def test_an_unknown_connection(project_of: Start) -> None:
    """A job and the Connection API each have their own text."""
    project = project_of(None)
    for statement in (table("us.nowhere"), model("us.nowhere"), "DROP CONNECTION `us.nowhere`"):
        assert project.refused(statement) == ("notFound", f"Not found: Connection {project.name}.us.nowhere")
    path = f"projects/{project.name}/locations/us/connections/nowhere"
    assert project.rest_refused("GET", f"/v1/{path}") == (404, f"Not found: Connection {path}")


def test_the_caller_asks_where_no_connection_is_named(project_of: Start) -> None:
    """Without the permission each row says so, with the caller in the place of an account."""
    project = project_of(LACKING)
    ((status,),) = (row.values() for row in project.sql(CALL.format("")))
    assert status.startswith(
        "local@bqvision.invalid does not have the permission to access or use the endpoint."
    )
    connection = project.connection()
    assert project.sql(CALL.format(f", connection_id => 'us.{connection}'")) == [{"status": ""}]


def test_the_default_connection_needs_an_administrator(project_of: Start) -> None:
    """Who may not set the project's options can't have the default connection made."""
    project = project_of(LACKING)
    assert project.refused(model("DEFAULT"))[0] == "accessDenied"


@pytest.mark.parametrize(
    ("statement", "text"),
    [
        (
            "CREATE MODEL `DS.m` REMOTE WITH CONNECTION DEFAULT OPTIONS(ENDPOINT = 'gemini-2.5-flash')",
            "Access Denied: Dataset {project}:{dataset}: Permission bigquery.models.create denied on dataset "
            "{project}:{dataset} (or it may not exist).",
        ),
        (
            "GRANT `roles/aiplatform.user` ON PROJECT `p` TO 'user:ana@example.com'",
            "Access Denied: Project p: User does not have resourcemanager.projects.setIamPolicy permission in project "
            "p.",
        ),
        (
            "ALTER PROJECT `p` SET OPTIONS(`region-us.default_cloud_resource_connection_id` = 'vision')",
            "Access Denied: Project p: User does not have bigquery.config.update permission in project p.",
        ),
        (
            "WITH kept AS (SELECT * FROM DS.kept) SELECT * FROM kept",
            "Access Denied: Table {project}:{dataset}.kept: Permission bigquery.tables.getData denied on table "
            "{project}:{dataset}.kept (or it may not exist).",
        ),
    ],
)
def test_a_statement_that_the_caller_may_not_run(project_of: Start, statement: str, text: str) -> None:
    """Each names the permission and the resource."""
    project = project_of(LACKING)
    project.sql("CREATE TABLE DS.kept AS SELECT 1 AS one")
    said = text.format(project=project.name, dataset=project.dataset)
    assert project.refused(statement) == ("accessDenied", said)


def test_a_request_that_the_caller_may_not_send(project_of: Start) -> None:
    """Requests beside jobs are refused too."""
    project = project_of(LACKING)
    status, text = project.rest_refused(
        "DELETE", f"/bigquery/v2/projects/{project.name}/datasets/{project.dataset}"
    )
    assert (status, "Permission bigquery.datasets.delete denied on dataset" in text) == (403, True)
    status, text = project.rest_refused("POST", f"/v1/projects/{project.name}:setIamPolicy", {"policy": {}})
    assert status == 403
    assert text == (
        "Permission 'resourcemanager.projects.setIamPolicy' denied on resource "
        f"'//cloudresourcemanager.googleapis.com/projects/{project.name}' (or it may not exist)."
    )


def test_an_api_that_is_not_enabled(project_of: Start) -> None:
    """Calls need Vertex AI; a request to a service that is off is refused."""
    project = project_of(NO_VERTEX)
    reason, text = project.refused(CALL.format(""))
    assert reason == "accessDenied"
    assert text.startswith("Vertex AI API has not been used in project ")
    assert (
        "before or it is disabled. Enable it by visiting https://console.developers.google.com/apis/api/"
        in text
    )
    status, text = project.rest_refused("GET", f"/v1/projects/{project.name}/billingInfo")
    assert (status, text.startswith("Cloud Billing API has not been used in project ")) == (403, True)


def test_a_connection_api_that_is_not_enabled(project_of: Start) -> None:
    """Neither statements nor requests get at connections."""
    project = project_of(NO_CONNECTIONS)
    said = "BigQuery Connection API has not been used in project "
    create = "CREATE CONNECTION `us.c` OPTIONS(connection_type = 'CLOUD_RESOURCE')"
    assert project.refused(create)[1].startswith(said)
    assert project.rest_refused("GET", f"/v1/projects/{project.name}/locations/us/connections")[1].startswith(
        said
    )


@pytest.mark.parametrize(
    "statement",
    [table("DEFAULT"), model("DEFAULT"), CALL.format(""), "CREATE TABLE DS.t AS SELECT 1 AS one"],
)
def test_without_billing_nothing_is_written_or_asked(project_of: Start, statement: str) -> None:
    """Reading works."""
    project = project_of(NO_CONNECTIONS)
    assert project.refused(statement) == (
        "billingNotEnabled",
        "Billing has not been enabled for this project. Enable billing at https://console.cloud.google.com/billing.",
    )
    assert project.sql("SELECT 1 AS one") == [{"one": 1}]
    assert project.rest("GET", f"/v1/projects/{project.name}/billingInfo")["billingEnabled"] is False


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM DS.kept",
        "INSERT INTO DS.kept VALUES (2)",
        "CREATE TABLE DS.more AS SELECT 1 AS one",
        model("DEFAULT"),
        table("DEFAULT"),
        "SELECT 1; SELECT * FROM DS.kept",
    ],
)
def test_a_job_in_another_location_finds_no_dataset(project_of: Start, statement: str) -> None:
    """The text names the job's location."""
    project = project_of(Access())
    project.sql("CREATE TABLE DS.kept AS SELECT 1 AS one")
    assert project.refused(statement, location="EU") == (
        "notFound",
        f"Not found: Dataset {project.name}:{project.dataset} was not found in location EU",
    )


def test_a_job_that_names_no_location_runs_where_its_datasets_are(project_of: Start) -> None:
    """As on BigQuery, which finds the location out."""
    project = project_of(Access())
    project.sql(f"CREATE SCHEMA `{project.dataset}_eu` OPTIONS(location = 'EU')", location="EU")
    project.sql(f"CREATE TABLE `{project.dataset}_eu.kept` AS SELECT 1 AS one", location="EU")
    rows = project.client.query(f"SELECT one FROM `{project.dataset}_eu.kept`").result()
    assert [row["one"] for row in rows] == [1]


@pytest.mark.parametrize(
    "options",
    [
        {"denied": "bigquery.jobs.create"},
        {"denied": ["bigquery.jobs"]},
        {"denied": [1]},
        {"disabled_apis": ["aiplatform"]},
        {"billing": 1},
        {"grants_needed": None},
        {"propagation": -1},
        {"propagation": True},
    ],
)
def test_an_access_that_can_not_be_is_refused(options: dict[str, Any]) -> None:
    """Each argument is checked."""
    with pytest.raises(InvalidInputError):
        Access(**options)


def test_an_access_is_data() -> None:
    """It can be compared, however its permissions were given."""
    assert Access(denied=["bigquery.jobs.create"]) == Access(denied=("bigquery.jobs.create",))


def test_a_client_starts_a_project_in_which_something_is_missing(tmp_path: Path) -> None:
    """`Client.local` takes the same description."""
    with bv.Client.local(buckets={"films-bucket": tmp_path}, access=NO_CONNECTIONS) as client:
        dataset = client.dataset("films").create()
        with pytest.raises(bv.BillingError):
            dataset.object_table("posters").create(uris=["gs://films-bucket/*"])
