"""A Cloud resource connection: the account that reads the images and calls Gemini."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from typing_extensions import override

from bqvision import _rest
from bqvision.errors import AlreadyExistsError, ConnectionNotFoundError, InvalidInputError, NotFoundError
from bqvision.grants import Granting
from bqvision.sql import connections as sql
from bqvision.sql.locations import check_connection, same_location
from bqvision.sql.names import ConnectionName, clean_location, parse_connection
from bqvision.sql.options import clean_description, string

if TYPE_CHECKING:
    from typing import Self

    from bqvision._jobs import Service
    from bqvision.client import Client
    from bqvision.dataset import Dataset
    from bqvision.sql.compose import Statement
    from bqvision.sql.names import DefaultConnection

BIGQUERYS_OWN: Final = "__default_cloudresource_connection__"
"""The name of the connection that BigQuery makes when DEFAULT is used and none is set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionInfo:
    """A Cloud resource connection as BigQuery describes it."""

    name: str
    """``project.location.connection``."""
    location: str
    service_account: str | None
    """The account that reads the objects and calls the model; it is the one to grant roles to."""
    friendly_name: str | None
    description: str | None
    created: datetime | None
    modified: datetime | None


class Connection(Granting):
    """A Cloud resource connection by name; making this object does no I/O.

    Args:
        client: The client that works on it.
        name: ``connection``, ``location.connection`` or ``project.location.connection``; or None or ``DEFAULT`` for
            the one that BigQuery's keyword DEFAULT stands for.
        location: Where it is. Default: the location in the name, else the client's.

    Raises:
        InvalidInputError: The name or the location can not be one, or they contradict each other.
    """

    def __init__(self, client: Client, name: str | None = None, *, location: str | None = None) -> None:
        self._client = client
        self._name = parse_connection(name)
        named = self._name.location if isinstance(self._name, ConnectionName) else None
        if location is not None and named is not None and not same_location(clean_location(location), named):
            raise InvalidInputError(
                f"the connection's name says {named}, and its location {location}",
                resource=str(self._name),
                next_step="Leave one of them out.",
            )
        chosen = location if location is not None else named if named is not None else client.location
        self.location: str = clean_location(chosen).lower()
        """Where it is, in lower-case letters, as BigQuery writes it for connections."""

    @classmethod
    def from_resource(cls, client: Client, resource: Mapping[str, object]) -> Self:
        """Return the connection that one entry of BigQuery's listing describes."""
        return cls(client, _rest.text(resource, "name"))

    @property
    @override
    def client(self) -> Client:
        """The client that works on it."""
        return self._client

    @property
    def is_default(self) -> bool:
        """Whether it is the one that BigQuery's keyword DEFAULT stands for."""
        return not isinstance(self._name, ConnectionName)

    @property
    def name(self) -> ConnectionName | DefaultConnection:
        """The full name, or the keyword; asks for the client's project if the name was given without one."""
        return self._name if not isinstance(self._name, ConnectionName) else self._full(self._name)

    def create(
        self, *, exists_ok: bool = False, friendly_name: str | None = None, description: str | None = None
    ) -> Self:
        """Create the connection. BigQuery makes a service account for it, which has no role yet; see `grant`.

        Args:
            exists_ok: Whether a connection of that name is as good.
            friendly_name: What people call it.
            description: What it is for.

        Returns:
            This connection.

        Raises:
            AlreadyExistsError: It exists; with ``exists_ok``, only if it is of another kind.
            InvalidInputError: An option can not be right, or this is the keyword DEFAULT.
            PermissionDeniedError: The caller may not create connections.
            ServiceError: BigQuery refused, or could not be reached.
        """
        name = self._named("create")
        if friendly_name is not None:
            string("friendly_name", friendly_name, "a text")
        if description is not None:
            clean_description(description)
        calls = self._service.connections
        found = calls.get(name)
        if found is not None and not exists_ok:
            raise AlreadyExistsError(
                "the connection exists",
                resource=str(name),
                location=self.location,
                next_step="Use exists_ok=True, or another name.",
            )
        if found is None:
            try:
                found = calls.create(name, friendly_name=friendly_name, description=description)
            except AlreadyExistsError as error:
                # After a lost answer it is this call's own.
                mine = exists_ok or error.attempts > 1
                found = calls.get(name, until_found=True) if mine else None
                if found is None:
                    raise
        if not _is_cloud_resource(found):
            raise AlreadyExistsError(
                f"a connection of this name exists, but is a {_kind(found)}",
                resource=str(name),
                location=self.location,
                next_step="Choose another name.",
            )
        return self

    def exists(self) -> bool:
        """Return whether a Cloud resource connection of this name exists; of DEFAULT, whether one is set.

        Raises:
            ServiceError: BigQuery refused, or could not be reached.
        """
        name = self._resolved()
        resource = self._service.connections.get(name) if name is not None else None
        return resource is not None and _is_cloud_resource(resource)

    @override
    def describe(self) -> ConnectionInfo:
        """Return what BigQuery knows of the connection; of DEFAULT, of the one that it stands for.

        Raises:
            NotFoundError: There is none of this name at this location.
            InvalidInputError: There is one, but it leads to no Cloud resources.
            ServiceError: BigQuery refused, or could not be reached.
        """
        name = self._resolved()
        resource = self._service.connections.get(name) if name is not None else None
        if name is None:
            raise NotFoundError(
                "the project has no default connection",
                location=self.location,
                next_step=(
                    "Set one with client.set_default_connection(...). BigQuery makes one at the first statement that "
                    "says DEFAULT, if the caller may create connections and grant roles."
                ),
            )
        if resource is None:
            raise self._missing(name)
        if not _is_cloud_resource(resource):
            raise InvalidInputError(
                f"this is no Cloud resource connection but a {_kind(resource)}",
                resource=str(name),
                next_step="Give the name of a connection that was made with client.connection(...).create().",
            )
        return ConnectionInfo(
            name=str(name),
            location=self.location,
            service_account=_rest.text(_rest.mapping(resource, "cloudResource"), "serviceAccountId"),
            friendly_name=_rest.text(resource, "friendlyName"),
            description=_rest.text(resource, "description"),
            created=_rest.time(resource, "creationTime"),
            modified=_rest.time(resource, "lastModifiedTime"),
        )

    def delete(self, *, missing_ok: bool = False) -> None:
        """Delete the connection. Object tables and remote models over it stop working; their roles are not taken back.

        Args:
            missing_ok: Whether it is fine if there is none.

        Raises:
            NotFoundError: There is none, and that is not fine.
            InvalidInputError: This is the keyword DEFAULT.
            ServiceError: BigQuery refused, or could not be reached.
        """
        name = self._named("delete")
        if not self._service.connections.delete(name) and not missing_ok:
            raise self._missing(name)

    @property
    def _service(self) -> Service:
        return self._client.service

    def _full(self, name: ConnectionName) -> ConnectionName:
        project = name.project if name.project is not None else self._client.project
        return ConnectionName(name.connection, self.location, project)

    def _named(self, verb: str) -> ConnectionName:
        if not isinstance(self._name, ConnectionName):
            raise InvalidInputError(
                f"DEFAULT is a keyword, and no connection to {verb}",
                next_step=f"Name the connection: client.connection('vision').{verb}().",
            )
        return self._full(self._name)

    def _missing(self, name: ConnectionName) -> ConnectionNotFoundError:
        return ConnectionNotFoundError(
            "there is no such connection",
            resource=str(name),
            location=self.location,
            next_step="Create it with .create(), or check the project, the location and the name.",
        )

    def _resolved(self) -> ConnectionName | None:
        if isinstance(self._name, ConnectionName):
            return self._full(self._name)
        found = default_connection(self._client, self.location)
        return None if found is None else found._named("resolve")

    @override
    def __str__(self) -> str:
        """The name as far as it is known without asking: ``location.connection``, or with the project before it."""
        if not isinstance(self._name, ConnectionName):
            return str(self._name)
        return str(ConnectionName(self._name.connection, self.location, self._name.project))

    @override
    def __repr__(self) -> str:
        return f"Connection({str(self._name)!r}, location={self.location!r})"


def connection_of(
    dataset: Dataset, connection: str | Connection | None
) -> ConnectionName | DefaultConnection:
    """Return the name of the connection to use in a dataset.

    Args:
        dataset: The dataset.
        connection: What the caller gave; None for the client's.

    Raises:
        InvalidInputError: The name can not be one, or the connection is known to be elsewhere.
    """
    if connection is None:
        name = dataset.client.connection_name
    else:
        name = connection.name if isinstance(connection, Connection) else parse_connection(connection)
    check_connection(name, dataset.location)
    return name


def list_connections(client: Client, location: str) -> Iterator[Connection]:
    """List the project's Cloud resource connections at a location.

    Args:
        client: The client.
        location: The location.
    """
    for resource in client.service.connections.list(client.project, clean_location(location).lower()):
        if _is_cloud_resource(resource):
            yield Connection.from_resource(client, resource)


def default_connection(client: Client, location: str) -> Connection | None:
    """Return the connection that DEFAULT stands for at a location, or None if there is none yet.

    Args:
        client: The client.
        location: The location.
    """
    service = client.service
    job = service.execute(sql.read_default_connection(location=location), location=location)
    for row in service.rows(job):
        if row["connection"]:
            return Connection(client, str(row["connection"]), location=location)
    own = Connection(client, BIGQUERYS_OWN, location=location)
    return own if own.exists() else None


def set_default_statement(client: Client, connection: Connection) -> Statement:
    """Return the statement that says which connection DEFAULT stands for.

    Args:
        client: The client.
        connection: The connection; DEFAULT for none.

    Raises:
        InvalidInputError: It is of another project.
    """
    project, name = client.project, connection.name
    if not isinstance(name, ConnectionName):
        return sql.set_default_connection(project=project, location=connection.location, connection=None)
    if name.project != project:
        raise InvalidInputError(
            "a project's default connection is one of its own",
            resource=str(name),
            next_step=f"Use a connection of the project {project}.",
        )
    return sql.set_default_connection(
        project=project, location=connection.location, connection=name.connection
    )


def _is_cloud_resource(resource: Mapping[str, object]) -> bool:
    return "cloudResource" in resource


def _kind(resource: Mapping[str, object]) -> str:
    kinds = ("cloudSql", "aws", "azure", "cloudSpanner", "spark", "salesforceDataCloud", "configuration")
    return next((kind for kind in kinds if kind in resource), "connection of another kind")
