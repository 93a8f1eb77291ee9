"""The statements about who may do what, and about the project's options."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bqvision.local.access_control import SET_PROJECT_POLICY, AccessControl
from bqvision.local.catalog import Catalog, ConnectionName, project_number
from bqvision.local.policies import project_resource
from bqvision.local.protocol import Object, invalid_query, unsupported
from bqvision.local.rows import Rows, column

if TYPE_CHECKING:
    from bqvision.local.connections import Connections
    from bqvision.local.names import Names
    from bqvision.local.statements import AlterProject, ChangeGrants, ProjectOptions

_CONNECTION: Final = "connection:"
_MEMBERS: Final = ("user:", "group:", "serviceAccount:", "domain:", "principal:", "principalSet:")
_REGION: Final = "region-"
_DEFAULT_CONNECTION: Final = "default_cloud_resource_connection_id"
_OPTION_COLUMNS: Final = (
    column("option_name", "STRING"),
    column("project_id", "STRING"),
    column("project_number", "INTEGER"),
    column("option_description", "STRING"),
    column("option_type", "STRING"),
    column("option_value", "STRING"),
)


class Grants:
    """Runs them.

    Args:
        catalog: Where roles and options are kept.
        connections: Knows the accounts behind the connections.
        control: Says whether the caller may.
    """

    def __init__(self, catalog: Catalog, connections: Connections, control: AccessControl) -> None:
        self._catalog = catalog
        self._connections = connections
        self._control = control

    def change(self, statement: ChangeGrants, names: Names) -> Object:
        """Give or take roles, and return the job's query statistics.

        Raises:
            ApiError: The caller may not, or a connection is not there.
        """
        if statement.kind == "PROJECT":
            project = ".".join(statement.path)
            self._control.check(SET_PROJECT_POLICY, "Project", project)
            resource = project_resource(project)
        else:
            connection = self._connections.find(names.connection(statement.path))
            self._control.check("bigquery.connections.setIamPolicy", "Connection", str(connection.name))
            resource = connection.name.path
        members = [self._member(member, names) for member in statement.members]
        change = self._control.policies.revoke if statement.revoke else self._control.policies.grant
        for role in statement.roles:
            for member in members:
                change(resource, role, member)
        return {"statementType": "REVOKE" if statement.revoke else "GRANT"}

    def alter_project(self, statement: AlterProject) -> Object:
        """Set a region's default connection, and return the job's query statistics.

        Raises:
            ApiError: The caller may not, or the connection is not there.
        """
        self._control.check("bigquery.config.update", "Project", statement.project)
        for option, value in statement.options.items():
            region, _, name = option.rpartition(".")
            if not region.startswith(_REGION) or name != _DEFAULT_CONNECTION:
                raise unsupported(f"the project option {option}")
            location = region.removeprefix(_REGION)
            place = f"{statement.project}.{location}"
            if value is None:
                self._catalog.default_connections.pop(place, None)
            elif isinstance(value, str):
                self._connections.find(ConnectionName(statement.project, location, value))
                self._catalog.default_connections[place] = value
            else:
                raise invalid_query(f"Option {option} must be a string")
        self._catalog.save()
        return {"statementType": "ALTER_PROJECT"}

    def options(self, read: ProjectOptions, names: Names) -> Rows:
        """Return the rows of PROJECT_OPTIONS: the options that differ from their default.

        Raises:
            ApiError: The caller may not read them.
        """
        project = names.project if read.project is None else read.project
        self._control.check("bigquery.config.get", "Project", project)
        value = self._catalog.default_connections.get(f"{project}.{read.location}")
        number = project_number(project)
        about = "The default Cloud resource connection of the region."
        row = (_DEFAULT_CONNECTION, project, number, about, "STRING", value)
        return Rows.of(_OPTION_COLUMNS, [[] if value is None else [cell] for cell in row])

    def _member(self, member: str, names: Names) -> str:
        if member.startswith(_CONNECTION):
            return self._connections.find(names.connection(member.removeprefix(_CONNECTION))).member
        if not member.startswith(_MEMBERS):
            raise invalid_query(f"Invalid grantee {member}: it must be like user:ana@example.com")
        return member
