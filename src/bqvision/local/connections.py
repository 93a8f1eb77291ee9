"""The statements about connections."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bqvision.local.catalog import DEFAULT_CONNECTION, Catalog, Connection, ConnectionName
from bqvision.local.protocol import Object, duplicate, not_found, unsupported

if TYPE_CHECKING:
    from bqvision.local.names import Names
    from bqvision.local.statements import CreateConnection, DropConnection


class Connections:
    """Makes, drops and looks up connections.

    Args:
        catalog: Where they are kept.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def create(self, statement: CreateConnection, names: Names) -> Object:
        """Make a connection, and return the job's query statistics.

        Raises:
            ApiError: It is there already, or of a type that is not supported.
        """
        name = names.connection(statement.path)
        if name in self._catalog.connections and not statement.replace:
            if statement.if_not_exists:
                return {"statementType": "CREATE_CONNECTION", "ddlOperationPerformed": "SKIP"}
            raise duplicate("Connection", str(name))
        if statement.connection_type != "CLOUD_RESOURCE":
            raise unsupported(f"a connection of type {statement.connection_type}")
        friendly_name, description = statement.friendly_name, statement.description
        self._catalog.connections[name] = Connection(
            name,
            friendly_name="" if friendly_name is None else friendly_name,
            description="" if description is None else description,
        )
        self._catalog.save()
        return {"statementType": "CREATE_CONNECTION", "ddlOperationPerformed": "CREATE"}

    def drop(self, statement: DropConnection, names: Names) -> Object:
        """Drop a connection, and return the job's query statistics.

        Raises:
            ApiError: It is not there.
        """
        name = names.connection(statement.path)
        if self._catalog.connections.pop(name, None) is None and not statement.if_exists:
            raise not_found("Connection", str(name))
        self._catalog.save()
        return {"statementType": "DROP_CONNECTION", "ddlOperationPerformed": "DROP"}

    def use(self, name: ConnectionName) -> ConnectionName:
        """Return a connection that is there; the default one is made when it is first needed.

        Raises:
            ApiError: It is not there.
        """
        if name not in self._catalog.connections:
            if name.name != DEFAULT_CONNECTION:
                raise not_found("Connection", str(name))
            self._catalog.connections[name] = Connection(name)
        return name
