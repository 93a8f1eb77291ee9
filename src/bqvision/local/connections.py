"""Connections: the statements about them, and what tables, models and calls use them for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bqvision.local.access_control import CONNECTION_API, VERTEX_API, AccessControl
from bqvision.local.catalog import DEFAULT_CONNECTION, Catalog, Connection, ConnectionName
from bqvision.local.protocol import Object, duplicate, unsupported
from bqvision.local.refusals import no_connection

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from bqvision.local.names import Names
    from bqvision.local.statements import CreateConnection, DropConnection

_USE: Final = "bigquery.connections.use"
_DELEGATE: Final = "bigquery.connections.delegate"
_FOR_A_DEFAULT: Final = ("bigquery.connections.create", "bigquery.config.update")


class Connections:
    """Makes, drops and looks up connections.

    Args:
        catalog: Where they are kept.
        control: Says who may use them, and what their accounts may do.
    """

    def __init__(self, catalog: Catalog, control: AccessControl) -> None:
        self._catalog = catalog
        self._control = control

    def create(self, statement: CreateConnection, names: Names) -> Object:
        """Make a connection, and return the job's query statistics.

        Raises:
            ApiError: It is there already, or of a type that is not supported, or it may not be made.
        """
        name = names.connection(statement.path)
        self._control.check_api(CONNECTION_API, name.project)
        self._control.check("bigquery.connections.create", "Project", name.project)
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
            ApiError: It is not there, or may not be dropped.
        """
        name = names.connection(statement.path)
        self._control.check_api(CONNECTION_API, name.project)
        self._control.check("bigquery.connections.delete", "Connection", str(name))
        if self._catalog.connections.pop(name, None) is None and not statement.if_exists:
            raise no_connection(name)
        self._catalog.save()
        return {"statementType": "DROP_CONNECTION", "ddlOperationPerformed": "DROP"}

    def find(self, name: str | ConnectionName) -> Connection:
        """Return a connection.

        Args:
            name: Its full name; as a text it is ``project.location.name``.

        Raises:
            ApiError: It is not there.
        """
        full = ConnectionName(*name.rsplit(".", 2)) if isinstance(name, str) else name
        connection = self._catalog.connections.get(full)
        if connection is None:
            raise no_connection(full)
        return connection

    def for_table(self, name: str | None, names: Names, buckets: Collection[str]) -> Connection:
        """Return the connection of an object table that is made; None is the default one.

        Raises:
            ApiError: It is not there, may not be used, or its account may not list the buckets.
        """
        connection = self._usable(name, names, (_USE, _DELEGATE))
        if name is None:
            self._control.grant_default(connection, buckets=buckets)
        self._control.check_listing(connection, buckets)
        return connection

    def for_model(self, name: str | None, names: Names) -> Connection:
        """Return the connection of a remote model that is made; None is the default one.

        Raises:
            ApiError: It is not there, may not be used, or its account may not use the endpoint.
        """
        connection = self._usable(name, names, (_USE, _DELEGATE))
        self._control.check_api(VERTEX_API, connection.name.project)
        if name is None:
            self._control.grant_default(connection, endpoint=True)
        self._control.check_endpoint(connection)
        return connection

    def for_call(self, name: str, names: Names) -> Connection:
        """Return the connection that a call names.

        Raises:
            ApiError: It is not there, or may not be used.
        """
        return self._usable(name, names, (_USE,))

    def _usable(self, name: str | None, names: Names, permissions: Iterable[str]) -> Connection:
        full = self._default(names) if name is None else names.connection(name)
        self._control.check_api(CONNECTION_API, full.project)
        connection = self.find(full)
        for permission in permissions:
            self._control.check(permission, "Connection", str(full))
        return connection

    def _default(self, names: Names) -> ConnectionName:
        """Return the default connection's name; without one, BigQuery makes one and sets it."""
        name = names.connection(DEFAULT_CONNECTION)
        place = f"{name.project}.{name.location}"
        name = name._replace(name=self._catalog.default_connections.get(place, DEFAULT_CONNECTION))
        if name.name == DEFAULT_CONNECTION and name not in self._catalog.connections:
            self._control.check_api(CONNECTION_API, name.project)
            for permission in _FOR_A_DEFAULT:
                self._control.check(permission, "Project", name.project)
            self._catalog.connections[name] = Connection(name)
            self._catalog.default_connections[place] = DEFAULT_CONNECTION
            self._catalog.save()
        return name
