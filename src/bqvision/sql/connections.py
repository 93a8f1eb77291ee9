"""Statements on connections: what their accounts may do, and which of them is the default."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bqvision.errors import InvalidInputError
from bqvision.sql.compose import SQL, Identifier, Literal
from bqvision.sql.names import clean_location, clean_project
from bqvision.sql.options import refuse

if TYPE_CHECKING:
    from bqvision.sql.compose import Statement
    from bqvision.sql.names import ConnectionName

__all__ = ["MODEL_ROLE", "grant_project_role", "read_default_connection", "set_default_connection"]

MODEL_ROLE: Final = "roles/aiplatform.user"
"""The role that calls Gemini."""
_ROLES: Final = frozenset({MODEL_ROLE})
_OPTION: Final = "default_cloud_resource_connection_id"


def grant_project_role(connection: ConnectionName, *, project: str, role: str = MODEL_ROLE) -> Statement:
    """Grant a connection's account a role on a project, beside those that it has.

    Args:
        connection: The connection, with its project and location.
        project: The project.
        role: The role.

    Returns:
        The statement.

    Raises:
        InvalidInputError: It is no role that a connection needs, or the connection's name is not its full one.
    """
    if role not in _ROLES:
        raise refuse("role", role, ", ".join(sorted(_ROLES)))
    if connection.project is None:
        raise InvalidInputError("a grant needs the full name of the connection")
    return (
        SQL("GRANT {} ON PROJECT {} TO {}")
        .format(Identifier(role), Identifier(clean_project(project)), Literal(f"connection:{connection}"))
        .statement("grant_project_role")
    )


def read_default_connection(*, location: str) -> Statement:
    """Read which connection DEFAULT stands for in the project that runs it.

    Args:
        location: The location that it is asked about.

    Returns:
        The statement; its column is ``connection``, and there is no row where none is set.
    """
    return (
        SQL(
            "SELECT option_value AS connection\n"
            "FROM {region}.INFORMATION_SCHEMA.PROJECT_OPTIONS\n"
            "WHERE option_name = {option}"
        )
        .format(region=Identifier(_region(location)), option=Literal(_OPTION))
        .statement("read_default_connection")
    )


def set_default_connection(*, project: str, location: str, connection: str | None) -> Statement:
    """Say which connection DEFAULT stands for.

    Args:
        project: The project.
        location: The location that it is said for.
        connection: The connection's name without project and location; None for none.

    Returns:
        The statement.
    """
    value = Literal(connection) if connection is not None else SQL("NULL")
    return (
        SQL("ALTER PROJECT {project}\nSET OPTIONS (\n  {option} = {value}\n)")
        .format(
            project=Identifier(clean_project(project)),
            option=Identifier(_region(location), _OPTION),
            value=value,
        )
        .statement("set_default_connection")
    )


def _region(location: str) -> str:
    return f"region-{clean_location(location).lower()}"
