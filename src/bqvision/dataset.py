"""A dataset: the home of object tables, remote models and results."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from typing_extensions import override

from bqvision import _rest
from bqvision.contents import Contents, contents_of, drop_statement, leftovers_of
from bqvision.errors import AlreadyExistsError, InvalidInputError, NotFoundError
from bqvision.object_table import ObjectTable
from bqvision.remote_model import RemoteModel
from bqvision.sql import datasets as sql
from bqvision.sql.names import DatasetName, ModelName, TableName, clean_location

if TYPE_CHECKING:
    from typing import Self

    from bqvision._jobs import Service
    from bqvision.client import Client
    from bqvision.contents import Leftover
    from bqvision.sql.compose import Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetInfo:
    """A dataset as BigQuery describes it."""

    name: str
    """``project.dataset``."""
    location: str
    description: str | None
    labels: Mapping[str, str]
    default_table_expiration: timedelta | None
    """How long a new table lives; ``None`` is for ever."""
    created: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TableInfo:
    """One entry of a dataset's listing."""

    name: str
    """``project.dataset.table``."""
    kind: str
    """BigQuery's word for it, such as ``TABLE``, ``VIEW``, ``EXTERNAL`` (object tables among them), ..."""
    created: datetime | None


class Dataset:
    """A dataset of a client, by name; making this object does no I/O.

    Args:
        client: The client that works on it.
        name: ``dataset`` or ``project.dataset``.
        location: Where it is, or shall be made. Default: the client's location.

    Raises:
        InvalidInputError: The name or the location can not be one.
    """

    def __init__(self, client: Client, name: str, *, location: str | None = None) -> None:
        self._client = client
        DatasetName.parse(name, project="placeholder")  # the name is checked now, the project looked up later
        self._name = name
        self.location: str = clean_location(location) if location is not None else client.location
        """Where the dataset is; its jobs run there."""

    @classmethod
    def from_resource(cls, client: Client, resource: Mapping[str, object]) -> Self:
        """Return the dataset that one entry of BigQuery's listing describes."""
        reference = _rest.mapping(resource, "datasetReference")
        location = _rest.text(resource, "location")
        return cls(client, f"{reference['projectId']}.{reference['datasetId']}", location=location)

    @property
    def name(self) -> DatasetName:
        """The full name; asks for the client's project if the name was given without one."""
        project = None if "." in self._name else self._client.project
        return DatasetName.parse(self._name, project=project)

    @property
    def client(self) -> Client:
        """The client that works on it."""
        return self._client

    @property
    def service(self) -> Service:
        """The client's way to BigQuery."""
        return self._client.service

    def object_table(self, name: str) -> ObjectTable:
        """Return an object table of this dataset by name; it need not exist yet.

        Args:
            name: The table's name.

        Raises:
            InvalidInputError: The name can not be one.
        """
        return ObjectTable(self, name)

    def remote_model(self, name: str) -> RemoteModel:
        """Return a remote model of this dataset by name; it need not exist yet.

        Args:
            name: The model's name.

        Raises:
            InvalidInputError: The name can not be one.
        """
        return RemoteModel(self, name)

    def table_name(self, name: str) -> TableName:
        """Return the full name of a table, given as ``table``, ``dataset.table`` or ``project.dataset.table``."""
        own = self.name
        return TableName.parse(name, project=own.project, dataset=own.dataset)

    def model_name(self, name: str) -> ModelName:
        """Return the full name of a model, given as ``model``, ``dataset.model`` or ``project.dataset.model``."""
        own = self.name
        return ModelName.parse(name, project=own.project, dataset=own.dataset)

    def create_statement(
        self,
        *,
        exists_ok: bool = False,
        description: str | None = None,
        labels: Mapping[str, str] | None = None,
        default_table_expiration: timedelta | None = None,
    ) -> Statement:
        """Return what `create` sends, unsent."""
        return sql.create_dataset(
            self.name,
            if_not_exists=exists_ok,
            location=self.location,
            description=description,
            labels=labels if labels is not None else {},
            default_table_expiration=default_table_expiration,
        )

    def create(
        self,
        *,
        exists_ok: bool = False,
        description: str | None = None,
        labels: Mapping[str, str] | None = None,
        default_table_expiration: timedelta | None = None,
    ) -> Self:
        """Create the dataset at its location.

        Args:
            exists_ok: Whether a dataset of that name at that location is as good.
            description: What it is for.
            labels: Its labels.
            default_table_expiration: How long a new table in it lives, at least an hour. Default: for ever.

        Returns:
            This dataset.

        Raises:
            AlreadyExistsError: It exists; with ``exists_ok``, only if it is at another location.
            InvalidInputError: An option can not be right.
            ServiceError: BigQuery refused, or could not be reached.
        """
        statement = self.create_statement(
            exists_ok=exists_ok,
            description=description,
            labels=labels,
            default_table_expiration=default_table_expiration,
        )
        self.service.execute(statement, location=self.location)
        if exists_ok:
            found = self.describe().location
            if found.upper() != self.location.upper():
                raise AlreadyExistsError(
                    f"the dataset exists, but at {found}",
                    resource=str(self.name),
                    location=self.location,
                    next_step=f"Use client.dataset(..., location={found!r}), or another name.",
                )
        return self

    def exists(self) -> bool:
        """Return whether the dataset exists.

        Raises:
            ServiceError: BigQuery refused, or could not be reached.
        """
        return self.service.get_dataset(self.name) is not None

    def describe(self) -> DatasetInfo:
        """Return what BigQuery knows of the dataset.

        Raises:
            NotFoundError: There is none of this name.
            ServiceError: BigQuery refused, or could not be reached.
        """
        resource = self.service.get_dataset(self.name)
        if resource is None:
            raise NotFoundError(
                "there is no such dataset",
                resource=str(self.name),
                next_step="Create it with .create(), or check the project and the name.",
            )
        expiration = _rest.integer(resource, "defaultTableExpirationMs")
        return DatasetInfo(
            name=str(self.name),
            location=_rest.text(resource, "location") or self.location,
            description=_rest.text(resource, "description"),
            labels={str(key): str(value) for key, value in _rest.mapping(resource, "labels").items()},
            default_table_expiration=None if expiration is None else timedelta(milliseconds=expiration),
            created=_rest.time(resource, "creationTime"),
        )

    def tables(self) -> Iterator[TableInfo]:
        """List the dataset's tables, views and external tables.

        Raises:
            NotFoundError: There is no such dataset.
            ServiceError: BigQuery refused, or could not be reached.
        """
        for resource in self.service.list_tables(self.name):
            reference = _rest.mapping(resource, "tableReference")
            yield TableInfo(
                name=f"{reference['projectId']}.{reference['datasetId']}.{reference['tableId']}",
                kind=_rest.text(resource, "type") or "TABLE",
                created=_rest.time(resource, "creationTime"),
            )

    def contents(self) -> Contents:
        """List all that is in the dataset: tables, views, object tables, models and routines.

        Raises:
            NotFoundError: There is no such dataset.
            ServiceError: BigQuery refused, or could not be reached.
        """
        return contents_of(self.service, self.name)

    def leftovers(self) -> Iterator[Leftover]:
        """Find the work tables that runs have made and not deleted: they are at work, or were cut off.

        They are told by their names and by their columns, so no other table is among them. BigQuery deletes each
        after a week; the same run again takes its work up, and `Client.clean_up` does away with it.

        Raises:
            NotFoundError: There is no such dataset.
            ServiceError: BigQuery refused, or could not be reached.
        """
        return leftovers_of(self.service, self.name)

    def delete_statement(self, *, contents: bool = False, missing_ok: bool = False) -> Statement:
        """Return what `delete` sends, unsent."""
        return sql.drop_dataset(self.name, if_exists=missing_ok, cascade=contents)

    def delete(self, *, contents: bool | Contents = False, missing_ok: bool = False) -> None:
        """Delete the dataset. The images stay: they are in Cloud Storage.

        Args:
            contents: Whether the tables, models and routines in it go too. Or what `contents` has listed: that is
                deleted, one after the other, then the empty dataset; and nothing at all if there is more in it by
                now. If this breaks off, the same call goes on with what is left.
            missing_ok: Whether it is fine if there is none.

        Raises:
            NotFoundError: There is none, and that is not fine.
            InvalidInputError: It holds what was not listed, or the list is another dataset's.
            InvalidQueryError: It is not empty, and ``contents`` is false.
            ServiceError: BigQuery refused, or could not be reached.
        """
        if isinstance(contents, Contents):
            self._delete_listed(contents)
            contents = False
        statement = self.delete_statement(contents=contents, missing_ok=missing_ok)
        self.service.execute(statement, location=self.location)

    def _delete_listed(self, listed: Contents) -> None:
        if listed.dataset != str(self.name):
            raise InvalidInputError(
                f"the contents are those of {listed.dataset}",
                resource=str(self.name),
                next_step="Give what .contents() of this dataset has listed.",
            )
        drops = {item: drop_statement(item) for item in listed}
        if not self.exists():
            return
        there = self.contents()
        # A table that was replaced since is another one, as its time of creation tells.
        new = [item.name for item in there if item not in drops]
        if new:
            raise InvalidInputError(
                f"the dataset holds what was not listed: {', '.join(new[:5])}{', ...' if len(new) > 5 else ''}",
                resource=str(self.name),
                next_step="Nothing was deleted. Look at .contents() again, and give that.",
            )
        for item in there:
            # Its job has an id of its own, so that a late request can not delete the next thing of that name.
            self.service.execute(drops[item], key=f"{item.name} {item.created}", location=self.location)

    @override
    def __repr__(self) -> str:
        return f"Dataset({self._name!r}, location={self.location!r})"
