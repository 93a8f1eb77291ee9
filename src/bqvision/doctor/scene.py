"""What the caller named, and what BigQuery says of it; each thing is looked at once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, TypeVar

from bqvision.connection import Connection
from bqvision.doctor.cloud import Cloud, Memory
from bqvision.doctor.commands import member_of
from bqvision.errors import BqvisionError, InvalidInputError, NotFoundError
from bqvision.sql.inspection import count_refusals, session_user
from bqvision.sql.names import ConnectionName, parse_connection

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bqvision.client import Client
    from bqvision.connection import ConnectionInfo
    from bqvision.dataset import Dataset
    from bqvision.object_table import ObjectTable, ObjectTableInfo
    from bqvision.remote_model import RemoteModel, RemoteModelInfo
    from bqvision.sql.compose import Statement
    from bqvision.sql.names import Connection as AnyConnection

_T = TypeVar("_T")

DEFAULT_ENDPOINT: Final = "gemini-2.5-flash"
"""The endpoint in lines to run, where the caller named none."""

_KINDS: Final = {
    "google.auth.compute_engine.credentials.Credentials": "the service account of this machine",
    "google.auth.credentials.AnonymousCredentials": "none are sent",
    "google.auth.external_account_authorized_user.Credentials": "workforce identity federation",
    "google.auth.identity_pool.Credentials": "workload identity federation",
    "google.auth.impersonated_credentials.Credentials": "an impersonated service account",
    "google.oauth2.credentials.Credentials": "a user's token",
    "google.oauth2.service_account.Credentials": "a service account's key",
}


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What is looked at."""

    client: Client
    dataset: Dataset | None
    images: ObjectTable | None
    model: RemoteModel | None
    connection: AnyConnection | None
    """The connection that the caller named for this look."""
    endpoint: str | None
    bucket: str | None
    ask: bool
    """Whether the model may be asked about one image, which is paid for."""

    @cached_property
    def project(self) -> str:
        """The project that is billed."""
        return self.client.project

    @cached_property
    def cloud(self) -> Cloud:
        """What Google's other APIs say."""
        return Cloud(self.client.service, self.project)

    @cached_property
    def _memory(self) -> Memory:
        return Memory()

    @property
    def location(self) -> str:
        """Where the dataset is, or shall be."""
        return self.client.location if self.dataset is None else self.dataset.location

    @property
    def as_caller(self) -> bool:
        """Whether Gemini is asked with the caller's own permissions, not a connection's."""
        return self.images is not None and self.model is None and self.connection is None

    def kind_of_credentials(self) -> str:
        """Return what kind of credentials are sent.

        Raises:
            AuthError: There are none.
            ConfigurationError: There is no project.
        """
        kind = type(self.client.bigquery._credentials)  # pyright: ignore[reportPrivateUsage]
        return _KINDS.get(f"{kind.__module__}.{kind.__qualname__}", kind.__qualname__)

    def reach(self) -> None:
        """Ask BigQuery for the project's first dataset.

        Raises:
            BqvisionError: It did not answer, or refused.
        """
        self._memory.once("reach", lambda: next(iter(self.client.datasets()), None))

    @cached_property
    def account(self) -> str | None:
        """The caller's account; None if BigQuery does not tell."""
        try:
            found = str(self.rows(session_user())[0]["account"])
        except BqvisionError:
            return None
        return found if "@" in found or found.startswith("principal") else None

    @property
    def member(self) -> str:
        """The caller, as IAM policies name it."""
        return member_of(self.account)

    def found_location(self) -> str | None:
        """Return where the dataset is; None if there is none.

        Raises:
            BqvisionError: It could not be looked at.
        """
        if self.dataset is None:
            return None
        dataset = self.dataset
        try:
            return self._memory.once("dataset", dataset.describe).location
        except NotFoundError:
            return None

    def found_images(self) -> ObjectTableInfo | None:
        """Return the object table; None if there is none.

        Raises:
            InvalidInputError: There is a table of that name, and it is no object table.
            BqvisionError: It could not be looked at.
        """
        if self.images is None:
            return None
        try:
            return self._memory.once("images", self.images.describe)
        except NotFoundError:
            return None

    def found_model(self) -> RemoteModelInfo | None:
        """Return the remote model; None if there is none.

        Raises:
            BqvisionError: It could not be looked at.
        """
        if self.model is None:
            return None
        try:
            return self._memory.once("model", self.model.describe)
        except NotFoundError:
            return None

    def refusals(self) -> Mapping[str | None, int]:
        """Return how many objects there are, by why they would not be asked about; None is for those that would.

        Raises:
            BqvisionError: They could not be listed.
        """
        if self.images is None:
            return {}
        statement = count_refusals(self.images.name)
        rows = self._memory.once("refusals", lambda: self.rows(statement))
        return {
            None if row["refusal"] is None else str(row["refusal"]): int(str(row["objects"])) for row in rows
        }

    def reading(self) -> AnyConnection:
        """Return the connection that reads the objects, or shall."""
        info = peek(self.found_images)
        found = None if info is None else _as_name(info.connection)
        return found if found is not None else self._named

    def calling(self) -> AnyConnection:
        """Return the connection that calls the model, or shall."""
        info = peek(self.found_model)
        found = None if info is None else _as_name(info.connection)
        return found if found is not None else self._named

    def connections(self) -> tuple[AnyConnection, ...]:
        """Return all connections that matter: the one named, and those of the object table and the model."""
        named = () if self.connection is None else (self.connection,)
        return tuple(dict.fromkeys(self.full_name(each) for each in (*named, self.calling(), self.reading())))

    def full_name(self, connection: AnyConnection) -> AnyConnection:
        """Return a connection's name with its project and location; the keyword DEFAULT stays."""
        if not isinstance(connection, ConnectionName):
            return connection
        return ConnectionName(
            connection.connection,
            (connection.location or self.location).lower(),
            connection.project or self.project,
        )

    def fitting(self, connection: ConnectionName) -> ConnectionName:
        """Return the connection of the same name where the dataset is."""
        project = connection.project or self.project
        return ConnectionName(connection.connection, self.location.lower(), project)

    def to_make_with(self, connection: AnyConnection) -> str:
        """Return a connection as the statements to run name it."""
        return str(self.fitting(connection) if isinstance(connection, ConnectionName) else connection)

    def found_connection(self, connection: AnyConnection) -> ConnectionInfo | None:
        """Return a connection; None if there is none.

        Raises:
            BqvisionError: It could not be looked at.
        """
        try:
            return self._memory.once(self.full_name(connection), self.resource(connection).describe)
        except NotFoundError:
            return None

    def resource(self, connection: AnyConnection) -> Connection:
        """Return a connection as what can be asked about it."""
        full = self.full_name(connection)
        location = None if isinstance(full, ConnectionName) else self.location
        return Connection(self.client, str(full), location=location)

    @property
    def _named(self) -> AnyConnection:
        return self.connection if self.connection is not None else self.client.connection_name

    def rows(self, statement: Statement, *, attempts: int = 3) -> list[Mapping[str, object]]:
        """Run a SELECT where the dataset is, and return its rows.

        Args:
            statement: The SELECT.
            attempts: See `bqvision._jobs.Service.begin`.

        Raises:
            BqvisionError: It failed.
        """
        service = self.client.service
        job = service.execute(statement, attempts=attempts, location=self.location)
        return list(service.rows(job))


def peek(look: Callable[[], _T | None]) -> _T | None:
    """Return what a look gives, or None where it fails: the check that is about it says so."""
    try:
        return look()
    except BqvisionError:
        return None


def _as_name(connection: str | None) -> AnyConnection | None:
    """Read a connection as BigQuery writes it, which may have the project's number in place of its id."""
    if connection is None:
        return None
    try:
        return parse_connection(connection)
    except InvalidInputError:
        parts = connection.replace("/", ".").split(".")
        return ConnectionName(parts[-1], parts[-3] if "connections" in parts else parts[-2])
