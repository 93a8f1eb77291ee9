"""The statements on connections."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bqvision.sql import connections
from bqvision.sql.names import ConnectionName

if TYPE_CHECKING:
    from bqvision.sql.compose import Statement

VISION = ConnectionName("vision", "us", "my-project")

STATEMENTS: dict[str, Statement] = {
    "grant_project_role": connections.grant_project_role(VISION, project="my-project"),
    "read_default_connection": connections.read_default_connection(location="US"),
    "set_default_connection": connections.set_default_connection(
        project="my-project", location="europe-west4", connection="vision"
    ),
    "set_default_connection_to_none": connections.set_default_connection(
        project="my-project", location="US", connection=None
    ),
}
