"""GRANT, REVOKE and ALTER PROJECT."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bqvision.local import Access, serve

from .conftest import BUCKET, Project, model, table

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Start = Callable[[Access | None], Project]

OPTIONS = (
    "SELECT option_name, project_id, option_type, option_value FROM {}INFORMATION_SCHEMA.PROJECT_OPTIONS"
)


@pytest.fixture
def project(project_of: Start) -> Project:
    """A project that allows everything."""
    return project_of(None)


def bindings(project: Project, path: str) -> list[tuple[str, list[str]]]:
    """Return the roles on a project or connection, and who holds them."""
    policy: dict[str, Any] = project.rest("POST", f"/v1/{path}:getIamPolicy", {})
    return [(binding["role"], binding["members"]) for binding in policy["bindings"]]


def test_roles_are_granted_and_revoked(project: Project) -> None:
    """Several roles and members at once, on a connection; a connection stands for its account."""
    connection = project.connection()
    path = f"projects/{project.name}/locations/us/connections/{connection}"
    on = f"CONNECTION `{project.name}.us.{connection}`"
    roles = "`roles/bigquery.connectionUser`, `roles/bigquery.connectionAdmin`"
    project.sql(f'GRANT {roles} ON {on} TO "user:ana@example.com", "connection:us.{connection}"')
    members = ["user:ana@example.com", f"serviceAccount:{project.account(connection)}"]
    assert bindings(project, path) == [
        ("roles/bigquery.connectionAdmin", members),
        ("roles/bigquery.connectionUser", members),
    ]
    project.sql(f'REVOKE {roles} ON {on} FROM "user:ana@example.com";')
    assert [held for _, held in bindings(project, path)] == [members[1:]] * 2


def test_a_grant_on_another_kind_is_still_the_emulators(project: Project) -> None:
    """Roles on datasets are not kept here."""
    assert (
        "PROJECT"
        not in project.refused("GRANT `roles/bigquery.dataViewer` ON NOTHING DS TO 'user:a@b.example'")[1]
    )


@pytest.mark.parametrize(
    ("statement", "text"),
    [
        ("GRANT `roles/viewer` ON PROJECT `p` TO 'connection:us.none'", "Not found: Connection "),
        ("GRANT `roles/viewer` ON CONNECTION `us.none` TO 'user:ana@example.com'", "Not found: Connection "),
        ("GRANT `roles/viewer` ON PROJECT `p` TO 'ana@example.com'", "Invalid grantee"),
        ("GRANT `roles/viewer` ON PROJECT `p` TO 7", "A grantee must be a string"),
        ("GRANT `roles/viewer` ON PROJECT `p` TO", "Syntax error"),
        (
            "GRANT `roles/viewer` ON PROJECT `p` FROM 'user:ana@example.com'",
            "Syntax error: Expected keyword TO",
        ),
        ("ALTER PROJECT `p` SET OPTIONS(`region-us.default_time_zone` = 'UTC')", "not supported"),
        (
            "ALTER PROJECT `p` SET OPTIONS(`region-us.default_cloud_resource_connection_id` = 'none')",
            "Not found: Connection p.us.none",
        ),
        (
            "ALTER PROJECT `p` SET OPTIONS(`region-us.default_cloud_resource_connection_id` = 7)",
            "must be a string",
        ),
        (OPTIONS.format(""), "must be qualified with a region"),
    ],
)
def test_a_statement_that_is_wrong_is_refused(project: Project, statement: str, text: str) -> None:
    """With what is wrong."""
    assert text in project.refused(statement)[1]


def test_the_default_connection_is_set_and_read(project: Project) -> None:
    """DEFAULT is then the connection that was set, until it is taken back."""
    connection = project.connection()
    option = "`region-us.default_cloud_resource_connection_id`"
    project.sql(f"ALTER PROJECT `{project.name}` SET OPTIONS({option} = '{connection}')")
    expected = {
        "option_name": "default_cloud_resource_connection_id",
        "project_id": project.name,
        "option_type": "STRING",
        "option_value": connection,
    }
    assert project.sql(OPTIONS.format("`region-us`.")) == [expected]
    assert project.sql(OPTIONS.format(f"`{project.name}`.`region-us`.")) == [expected]
    assert project.sql(OPTIONS.format("`region-eu`.")) == []
    project.sql(model("DEFAULT"))
    path = f"/bigquery/v2/projects/{project.name}/datasets/{project.dataset}/models/gemini"
    used = project.rest("GET", path)["remoteModelInfo"]["connection"]
    assert used == f"{project.name}.us.{connection}"
    project.sql(f"ALTER PROJECT `{project.name}` SET OPTIONS({option} = NULL)")
    assert project.sql(OPTIONS.format("`region-us`.")) == []


def test_options_are_read_within_a_script(project: Project) -> None:
    """The script is not handed to the emulator as a whole."""
    assert project.sql(f"SELECT 1; {OPTIONS.format('`region-eu`.')}") == []


def test_roles_and_connections_outlive_the_server(tmp_path: Path) -> None:
    """They are kept with the tables; a later caller who may not grant has what was granted, and no more."""
    held: list[Any] = []
    access = Access(denied=["resourcemanager.projects.setIamPolicy"])
    for allowed in (None, access):
        with serve(
            buckets={BUCKET: tmp_path}, data_dir=tmp_path / "data", access=allowed, workers=1
        ) as server:
            project = Project(server)
            if allowed is None:
                project.sql("CREATE CONNECTION `us.kept` OPTIONS(connection_type = 'CLOUD_RESOURCE')")
                project.may_ask("kept")
            project.fresh()
            held.append((bindings(project, f"projects/{project.name}"), project.account("kept")))
            project.sql(model("us.kept"))
            if allowed is not None:
                assert "Please grant the Vertex AI user role" in project.refused(model("DEFAULT"))[1]
                project.sql(table("DEFAULT"))
                assert project.sql(OPTIONS.format("`region-us`."))[0]["option_value"].startswith("__default")
            project.close()
    assert held[0] == held[1]
