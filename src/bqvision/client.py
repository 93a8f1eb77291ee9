"""The client: settings, credentials, and the way to every resource."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

from typing_extensions import override

from bqvision import cleanup
from bqvision._google_client import check_endpoint, google_client, project_of_credentials
from bqvision._jobs import Service
from bqvision._retry import RetryPolicy
from bqvision.connection import Connection, default_connection, list_connections, set_default_statement
from bqvision.dataset import Dataset
from bqvision.errors import ConfigurationError, InvalidInputError
from bqvision.sql.connections import read_default_connection
from bqvision.sql.names import (
    ConnectionName,
    DefaultConnection,
    clean_location,
    clean_project,
    parse_connection,
)
from bqvision.sql.options import clean_labels

if TYPE_CHECKING:
    from types import TracebackType

    from google.auth.credentials import Credentials
    from google.cloud import bigquery

    from bqvision.cleanup import CleanUp
    from bqvision.contents import Leftover
    from bqvision.doctor.report import Diagnosis
    from bqvision.local import Access, LocalServer, SimulatedBucket
    from bqvision.local.vision import VisionModel
    from bqvision.object_table import ObjectTable
    from bqvision.remote_model import RemoteModel
    from bqvision.run import AnalysisRun
    from bqvision.schema import R
    from bqvision.sql.compose import Statement
    from bqvision.testing.plan import FaultPlan

DEFAULT_LOCATION = "US"
"""Where BigQuery puts a dataset when nobody says: https://cloud.google.com/bigquery/docs/locations."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Settings:
    """What a client was told, before the environment and the defaults are asked."""

    project: str | None = None
    location: str | None = None
    credentials: Credentials | None = None
    endpoint: str | None = None
    connection: str | None = None
    retry: RetryPolicy | None = None
    labels: Mapping[str, str] | None = None
    request_timeout_s: float = 30.0


class Client:
    """The way to BigQuery, and to every dataset in it.

    Making a client does no I/O; google's library is loaded and credentials are looked up at the first request.
    Each setting is the argument if given, else the environment's, else a default.

    Args:
        project: The project that is billed. Environment: ``GOOGLE_CLOUD_PROJECT``. Default: the project of the
            Application Default Credentials.
        location: Where datasets are made and jobs run, such as ``US`` or ``europe-west4``. Environment:
            ``BQVISION_LOCATION``. Default: ``US``.
        credentials: Google credentials. Default: the token in ``BQVISION_TOKEN`` when the endpoint is on this
            machine, else Application Default Credentials.
        endpoint: Another server for all APIs, such as ``http://127.0.0.1:9050``. Environment:
            ``BIGQUERY_EMULATOR_HOST``. Default: Google's.
        connection: The Cloud resource connection of object tables and remote models, as `Connection`, ``name``,
            ``location.name`` or ``project.location.name``. Environment: ``BQVISION_CONNECTION``. Default: the
            project's default connection.
        retry: How often and how long a request is repeated.
        labels: Labels for every job, for cost attribution.
        request_timeout_s: Seconds that one request may take.

    Raises:
        InvalidInputError: A setting can not be right.
    """

    def __init__(
        self,
        project: str | None = None,
        location: str | None = None,
        *,
        credentials: Credentials | None = None,
        endpoint: str | None = None,
        connection: str | Connection | None = None,
        retry: RetryPolicy | None = None,
        labels: Mapping[str, str] | None = None,
        request_timeout_s: float = 30.0,
    ) -> None:
        settings = _Settings(
            project=project,
            location=location,
            credentials=credentials,
            endpoint=endpoint,
            connection=_named(connection),
            retry=retry,
            labels=None if labels is None else dict(labels),
            request_timeout_s=request_timeout_s,
        )
        self._set_up(settings)

    def _set_up(self, settings: _Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._google: bigquery.Client | None = None
        self._google_pid = 0
        self._server: LocalServer | None = None
        self._project = _first(settings.project, "GOOGLE_CLOUD_PROJECT")
        if self._project is not None:
            clean_project(self._project)
        self.location: str = clean_location(
            _first(settings.location, "BQVISION_LOCATION") or DEFAULT_LOCATION
        )
        """Where datasets are made and jobs run."""
        self.endpoint: str | None = check_endpoint(_first(settings.endpoint, "BIGQUERY_EMULATOR_HOST"))
        """The server of all APIs; ``None`` is Google's."""
        self.connection_name: ConnectionName | DefaultConnection = parse_connection(
            _first(settings.connection, "BQVISION_CONNECTION")
        )
        """The connection that object tables and remote models use unless told otherwise."""
        if not settings.request_timeout_s > 0:
            raise InvalidInputError("request_timeout_s must be a number of seconds above 0")
        self.labels: Mapping[str, str] = clean_labels(settings.labels if settings.labels is not None else {})
        """The labels of every job."""

    @classmethod
    def local(
        cls,
        *,
        buckets: Mapping[str, str | Path | SimulatedBucket],
        model: VisionModel | Mapping[str, VisionModel] | None = None,
        data_dir: str | Path | None = None,
        labels: Mapping[str, str] | None = None,
        retry: RetryPolicy | None = None,
        faults: FaultPlan | None = None,
        access: Access | None = None,
    ) -> Self:
        """Start a local BigQuery and return a client on it, which stops it when it is closed.

        Args:
            buckets: Folders that stand for Cloud Storage buckets, by bucket name.
            model: What answers for Gemini: a vision model, or several by endpoint pattern, such as
                ``{"gemini-*": model}``. Default: a reader of printed text.
            data_dir: Where tables are kept between starts. Default: nowhere.
            labels: Labels for every job.
            retry: How often and how long a request is repeated.
            faults: What goes wrong, to test how a program takes it.
            access: What the project allows, to rehearse a set-up. Default: everything.

        Raises:
            InvalidInputError: A folder does not exist, or a bucket's name can not be one.
            MissingExtraError: ``bqvision[local]`` is not installed.
            LocalServerError: The server could not start.
        """
        from bqvision.local import serve

        server = serve(buckets=buckets, model=model, data_dir=data_dir, faults=faults, access=access)
        client = cls(
            project=server.project,
            location=server.location,
            credentials=server.credentials,
            endpoint=server.endpoint,
            connection="DEFAULT",  # the environment's is one of the cloud
            labels=labels,
            retry=retry,
        )
        client._server = server
        return client

    def with_options(
        self,
        *,
        project: str | None = None,
        location: str | None = None,
        credentials: Credentials | None = None,
        endpoint: str | None = None,
        connection: str | Connection | None = None,
        retry: RetryPolicy | None = None,
        labels: Mapping[str, str] | None = None,
        request_timeout_s: float | None = None,
    ) -> Client:
        """Return a client with some settings changed; this one stays as it is.

        The copy of a client on a local BigQuery uses that server and does not stop it.

        Args:
            project: See `Client`.
            location: See `Client`.
            credentials: See `Client`.
            endpoint: See `Client`.
            connection: See `Client`.
            retry: See `Client`.
            labels: See `Client`.
            request_timeout_s: See `Client`.
        """
        given = {
            "project": project,
            "location": location,
            "credentials": credentials,
            "endpoint": endpoint,
            "connection": _named(connection),
            "retry": retry,
            "labels": None if labels is None else dict(labels),
            "request_timeout_s": request_timeout_s,
        }
        changed = {name: value for name, value in given.items() if value is not None}
        copy = Client.__new__(Client)
        copy._set_up(replace(self._settings, **changed))  # type: ignore[arg-type]  # each is its field's type
        return copy

    @property
    def project(self) -> str:
        """The project that is billed.

        Raises:
            ConfigurationError: None was given, and the credentials name none.
            AuthError: None was given, and there are no credentials to ask.
        """
        if self._project is None:
            self._project = clean_project(project_of_credentials())
        return self._project

    @property
    def bigquery(self) -> bigquery.Client:
        """The google-cloud-bigquery client underneath, for what bqvision does not wrap.

        Raises:
            ConfigurationError: There is no project.
            AuthError: There are no credentials.
        """
        project = self.project
        with self._lock:
            # A forked process must not share its parent's connections: two answers would get mixed up.
            if self._google is None or self._google_pid != os.getpid():
                self._google_pid = os.getpid()
                self._google = google_client(
                    project, self.location, self.endpoint, self._settings.credentials
                )
            return self._google

    @cached_property
    def service(self) -> Service:
        """The one way to BigQuery for every resource of this client."""
        return Service(
            bigquery=lambda: self.bigquery,
            project=lambda: self.project,
            location=self.location,
            policy=self._settings.retry if self._settings.retry is not None else RetryPolicy(),
            labels=self.labels,
            request_timeout_s=self._settings.request_timeout_s,
        )

    def dataset(self, name: str, *, location: str | None = None) -> Dataset:
        """Return a dataset by name; it need not exist yet.

        Args:
            name: ``dataset`` or ``project.dataset``.
            location: Where it is, or shall be made. Default: the client's location.

        Raises:
            InvalidInputError: The name or the location can not be one.
        """
        return Dataset(self, name, location=location)

    def datasets(self) -> Iterator[Dataset]:
        """List the project's datasets, in BigQuery's order.

        Raises:
            ServiceError: BigQuery refused, or could not be reached.
        """
        for resource in self.service.list_datasets():
            yield Dataset.from_resource(self, resource)

    def connection(self, name: str | None = None, *, location: str | None = None) -> Connection:
        """Return a Cloud resource connection by name; it need not exist yet.

        Args:
            name: ``connection``, ``location.connection`` or ``project.location.connection``. Default: the one that
                BigQuery's keyword DEFAULT stands for.
            location: Where it is, or shall be made. Default: the location in the name, else the client's.

        Raises:
            InvalidInputError: The name or the location can not be one.
        """
        return Connection(self, name, location=location)

    def connections(self, *, location: str | None = None) -> Iterator[Connection]:
        """List the project's Cloud resource connections at a location, in BigQuery's order.

        Args:
            location: The location. Default: the client's.

        Raises:
            InvalidInputError: The location can not be one.
            ServiceError: BigQuery refused, or could not be reached.
        """
        return list_connections(self, location if location is not None else self.location)

    def default_connection_statement(self, *, location: str | None = None) -> Statement:
        """Return what `default_connection` sends, unsent."""
        return read_default_connection(location=location if location is not None else self.location)

    def default_connection(self, *, location: str | None = None) -> Connection | None:
        """Return the connection that BigQuery's keyword DEFAULT stands for, or None if there is none yet.

        Args:
            location: The location that it is asked about. Default: the client's.

        Raises:
            InvalidInputError: The location can not be one.
            PermissionDeniedError: The caller may not read the project's settings.
            ServiceError: BigQuery refused, or could not be reached.
        """
        return default_connection(self, location if location is not None else self.location)

    def set_default_connection_statement(
        self, connection: str | Connection | None, *, location: str | None = None
    ) -> Statement:
        """Return what `set_default_connection` sends, unsent."""
        return set_default_statement(self, self._given_connection(connection, location))

    def set_default_connection(
        self, connection: str | Connection | None, *, location: str | None = None
    ) -> None:
        """Say which connection BigQuery's keyword DEFAULT stands for, for everybody in the project.

        BigQuery grants the default connection's account the roles that object tables and remote models need, whenever
        the caller who creates one may grant them.

        Args:
            connection: The connection; None or ``DEFAULT`` for none.
            location: Where it is said. Default: the connection's location, else the client's.

        Raises:
            InvalidInputError: The name can not be one, or it is of another project.
            PermissionDeniedError: The caller may not change the project's settings.
            ServiceError: BigQuery refused, or could not be reached.
        """
        statement = self.set_default_connection_statement(connection, location=location)
        self.service.execute(statement, location=self._given_connection(connection, location).location)

    def _given_connection(self, connection: str | Connection | None, location: str | None) -> Connection:
        return Connection(self, _named(connection), location=location)

    def temporary_dataset(
        self,
        prefix: str = "bqvision_tmp",
        *,
        expires: timedelta = timedelta(days=1),
        location: str | None = None,
        labels: Mapping[str, str] | None = None,
    ) -> AbstractContextManager[Dataset]:
        """Make a dataset of a random name for a ``with`` block, and delete it with all that is in it at its end.

        Should the program be killed, every table in it expires by itself, results tables too, and an empty dataset
        with the label ``bqvision: temporary`` is left. If it can not be deleted, the error, or a note at the error
        that ended the block, names it.

        Args:
            prefix: How its name begins.
            expires: How long a table in it lives if nobody deletes it, at least an hour.
            location: Where it is made. Default: the client's location.
            labels: More labels for it.

        Raises:
            InvalidInputError: An argument can not be right.
            ServiceError: BigQuery refused, or could not be reached.
        """
        return cleanup.temporary_dataset(self, prefix, expires=expires, location=location, labels=labels)

    def clean_up(
        self,
        what: AnalysisRun[R] | Leftover,
        *,
        results: bool = False,
        formatted: bool = False,
        wait: float = 60.0,
        dry_run: bool = False,
    ) -> CleanUp:
        """Delete the tables that a run made; the object table, the model and the images stay.

        That is its work table, if it was cut off; a run that ends well leaves none. A work table is left alone while
        a run is at work on it, and another table of that name always. Each step can be repeated: if this breaks off,
        the same call goes on.

        Args:
            what: A run, or one of `Dataset.leftovers`.
            results: Whether the results table goes too, with all that was paid for. It is left alone if it holds
                answers to other questions.
            formatted: Whether the tables go too that `AnalysisRun.format` made for this run object. One that was
                replaced since is left alone.
            wait: Seconds to wait at most for a run that is at work. A work table that seems abandoned is watched for
                ten seconds before it goes.
            dry_run: Whether this is only to be told; nothing is waited for, and nothing changes.

        Returns:
            What was removed, what was not there, and what was left alone and why.

        Raises:
            PermissionDeniedError: A table may not be deleted; a note says what had been removed before.
            JobError: As with the permission.
            ServiceError: BigQuery refused, or could not be reached.
        """
        return cleanup.clean_up(
            self.service, what, results=results, formatted=formatted, wait=wait, dry_run=dry_run
        )

    def doctor(
        self,
        *,
        dataset: str | Dataset | None = None,
        images: str | ObjectTable | None = None,
        model: str | RemoteModel | None = None,
        connection: str | Connection | None = None,
        endpoint: str | None = None,
        bucket: str | None = None,
        ask: bool = False,
    ) -> Diagnosis:
        """Look at all that a first run depends on, and say which line mends what is missing; nothing is changed.

        Credentials, APIs, billing, the dataset's location, connections, the permissions of the caller, the roles of
        the connection's account, the bucket, the objects and their types, the model. What this account may not look
        at is ``UNKNOWN``, and no error is raised for what is wrong.

        Args:
            dataset: The dataset. Default: that of ``images``, else of ``model``.
            images: The object table, as such or by name.
            model: The remote model, as such or by name. Default: none, as for `ObjectTable.analyze`.
            connection: The connection that is used, or shall be. Default: the client's.
            endpoint: The Gemini model to ask without a remote model, or to make one for.
            bucket: The bucket of the images. Default: those of ``images``.
            ask: Whether the model is asked about one image of ``images``, which is paid for.

        Returns:
            One line for each check; print it.

        Raises:
            InvalidInputError: An argument can not be right.
        """
        from bqvision.doctor.doctor import diagnose
        from bqvision.doctor.opening import scene_of

        return diagnose(
            scene_of(
                self,
                dataset=dataset,
                images=images,
                model=model,
                connection=connection,
                endpoint=endpoint,
                bucket=bucket,
                ask=ask,
            )
        )

    @property
    def model_calls(self) -> Mapping[str, int]:
        """How often the local vision model was asked about each object URI.

        Raises:
            ConfigurationError: The client did not start a local BigQuery.
        """
        if self._server is None:
            raise ConfigurationError(
                "model calls are counted by a local BigQuery only",
                next_step="Use Client.local(...), or LocalServer.model_calls.",
            )
        return self._server.model_calls

    def close(self) -> None:
        """Close the connections, and stop the local BigQuery if this client started it."""
        with self._lock:
            google, self._google = self._google, None
        if google is not None and self._google_pid == os.getpid():
            google.close()  # type: ignore[no-untyped-call]
        if self._server is not None:
            self._server.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @override
    def __repr__(self) -> str:
        where = f", endpoint={self.endpoint!r}" if self.endpoint else ""
        return f"Client(project={self._project!r}, location={self.location!r}{where})"


def _first(argument: str | None, variable: str) -> str | None:
    """The argument, else the environment's value; an empty variable counts as unset."""
    if argument is not None:
        return argument
    return os.environ.get(variable) or None


def _named(connection: str | Connection | None) -> str | None:
    return str(connection) if isinstance(connection, Connection) else connection
