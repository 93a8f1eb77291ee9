"""An object table: the list of a bucket's images that BigQuery can ask a model about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal, cast

from typing_extensions import override

from bqvision import _rest
from bqvision.connection import connection_of
from bqvision.errors import InvalidInputError, NotFoundError
from bqvision.questions import Questions
from bqvision.sql import object_tables as sql
from bqvision.sql.names import TableName

if TYPE_CHECKING:
    from typing import Self

    from bqvision.connection import Connection
    from bqvision.dataset import Dataset
    from bqvision.sql.compose import Statement

MetadataCacheMode = Literal["AUTOMATIC", "MANUAL"]
"""How BigQuery keeps a cached listing fresh."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectInfo:
    """One object of an object table; one file in Cloud Storage.

    The columns are BigQuery's: https://cloud.google.com/bigquery/docs/object-table-introduction.
    """

    uri: str
    """``gs://bucket/path``."""
    generation: int | None
    """Cloud Storage's version of the object; a replaced object has another."""
    content_type: str | None
    """MIME type, such as ``image/jpeg``; ``application/octet-stream`` where none was stored."""
    size: int | None
    """Bytes."""
    md5_hash: str | None
    """Base64."""
    updated: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectTableInfo:
    """An object table as BigQuery describes it."""

    name: str
    """``project.dataset.table``."""
    uris: tuple[str, ...]
    connection: str | None
    """The connection that reads the objects, as BigQuery writes it."""
    max_staleness: str | None
    """How old a cached listing may be, as an interval in BigQuery's form; ``None`` is no cache."""
    metadata_cache_mode: str | None
    description: str | None
    created: datetime | None
    expires: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedUrl:
    """A URL that anybody may read the object with, for six hours: treat it as a password."""

    uri: str
    url: str = field(repr=False)


class ObjectTable(Questions):
    """An object table of a dataset, by name; making this object does no I/O.

    Args:
        dataset: The dataset it is in.
        name: The table's name.

    Raises:
        InvalidInputError: The name can not be one.
    """

    def __init__(self, dataset: Dataset, name: str) -> None:
        self._dataset = dataset
        TableName.parse(name, project="placeholder", dataset="placeholder")
        self._name = name

    @property
    def dataset(self) -> Dataset:
        """The dataset it is in."""
        return self._dataset

    @property
    def name(self) -> TableName:
        """The full name."""
        return self._dataset.table_name(self._name)

    def create_statement(
        self,
        *,
        uris: Sequence[str],
        connection: str | Connection | None = None,
        replace: bool = False,
        exists_ok: bool = False,
        max_staleness: timedelta | None = None,
        metadata_cache_mode: MetadataCacheMode | None = None,
        description: str | None = None,
        expiration: datetime | None = None,
    ) -> Statement:
        """Return what `create` sends, unsent."""
        return sql.create_object_table(
            self.name,
            uris=uris,
            connection=connection_of(self._dataset, connection),
            replace=replace,
            if_not_exists=exists_ok,
            max_staleness=max_staleness,
            metadata_cache_mode=metadata_cache_mode,
            description=description,
            expiration=expiration,
        )

    def create(
        self,
        *,
        uris: Sequence[str],
        connection: str | Connection | None = None,
        replace: bool = False,
        exists_ok: bool = False,
        max_staleness: timedelta | None = None,
        metadata_cache_mode: MetadataCacheMode | None = None,
        description: str | None = None,
        expiration: datetime | None = None,
    ) -> Self:
        """Create the object table.

        Args:
            uris: What it lists, such as ``["gs://bucket/posters/*"]``: 1 to 10,000 URIs, each with at most one
                ``*``, which stands after the bucket's name.
            connection: The connection that reads the objects, at the dataset's location. Default: the client's.
            replace: Whether an object table of that name is replaced.
            exists_ok: Whether an object table of that name is left as it is.
            max_staleness: How old a cached listing may be, 30 minutes to 7 days. Default: no cache, each query
                lists the bucket.
            metadata_cache_mode: ``AUTOMATIC`` refreshes the cache every half hour or so, ``MANUAL`` on `refresh`.
                Goes with ``max_staleness``.
            description: What it lists.
            expiration: When the table goes by itself.

        Returns:
            This object table.

        Raises:
            AlreadyExistsError: The name is taken.
            InvalidInputError: An argument can not be right, or two exclude each other.
            NotFoundError: There is no such dataset, connection or bucket.
            PermissionDeniedError: The caller or the connection may not read the bucket.
            ServiceError: BigQuery refused, or could not be reached.
        """
        statement = self.create_statement(
            uris=uris,
            connection=connection,
            replace=replace,
            exists_ok=exists_ok,
            max_staleness=max_staleness,
            metadata_cache_mode=metadata_cache_mode,
            description=description,
            expiration=expiration,
        )
        self._dataset.service.execute(statement, location=self._dataset.location)
        if exists_ok:
            # IF NOT EXISTS is content with a table or view of any kind that has the name.
            self.describe()
        return self

    def exists(self) -> bool:
        """Return whether an object table of this name exists.

        Raises:
            ServiceError: BigQuery refused, or could not be reached.
        """
        resource = self._dataset.service.get_table(self.name)
        return resource is not None and _rest.is_object_table(resource)

    def describe(self) -> ObjectTableInfo:
        """Return what BigQuery knows of the object table.

        Raises:
            NotFoundError: There is no table of this name.
            InvalidInputError: There is one, but it is no object table.
            ServiceError: BigQuery refused, or could not be reached.
        """
        resource = self._dataset.service.get_table(self.name)
        if resource is None:
            raise NotFoundError(
                "there is no such object table",
                resource=str(self.name),
                next_step="Create it with .create(uris=[...]), or check the dataset and the name.",
            )
        if not _rest.is_object_table(resource):
            kind = _rest.text(resource, "type") or "TABLE"
            raise InvalidInputError(
                f"this is no object table but a {kind}",
                resource=str(self.name),
                next_step="Give the name of a table that was made with dataset.object_table(...).create(uris=[...]).",
            )
        external = _rest.mapping(resource, "externalDataConfiguration")
        return ObjectTableInfo(
            name=str(self.name),
            uris=_rest.texts(external, "sourceUris"),
            connection=_rest.text(external, "connectionId"),
            max_staleness=_rest.text(resource, "maxStaleness"),
            metadata_cache_mode=_rest.text(external, "metadataCacheMode"),
            description=_rest.text(resource, "description"),
            created=_rest.time(resource, "creationTime"),
            expires=_rest.time(resource, "expirationTime"),
        )

    def objects_statement(
        self,
        *,
        content_types: Sequence[str] | None = None,
        min_size: int | None = None,
        max_size: int | None = None,
        updated_after: datetime | None = None,
        updated_before: datetime | None = None,
        limit: int | None = None,
    ) -> Statement:
        """Return what `objects` sends, unsent."""
        return sql.list_objects(
            self.name,
            content_types=content_types,
            min_size=min_size,
            max_size=max_size,
            updated_after=updated_after,
            updated_before=updated_before,
            limit=limit,
        )

    def objects(
        self,
        *,
        content_types: Sequence[str] | None = None,
        min_size: int | None = None,
        max_size: int | None = None,
        updated_after: datetime | None = None,
        updated_before: datetime | None = None,
        limit: int | None = None,
    ) -> Iterator[ObjectInfo]:
        """List the objects, streamed, by URI.

        Args:
            content_types: Only these MIME types.
            min_size: Only objects of at least so many bytes.
            max_size: Only objects of at most so many bytes.
            updated_after: Only objects updated at that time or later; needs a time zone.
            updated_before: Only objects updated before that time; needs a time zone.
            limit: At most so many.

        Raises:
            InvalidInputError: An argument can not be right.
            NotFoundError: There is no such object table.
            ServiceError: BigQuery refused, or could not be reached.
            PartialReadError: Some objects were delivered, the rest could not be read.
        """
        statement = self.objects_statement(
            content_types=content_types,
            min_size=min_size,
            max_size=max_size,
            updated_after=updated_after,
            updated_before=updated_before,
            limit=limit,
        )
        for row in self._query(statement):
            yield ObjectInfo(
                uri=str(row["uri"]),
                generation=cast("int | None", row["generation"]),
                content_type=cast("str | None", row["content_type"]),
                size=cast("int | None", row["size"]),
                md5_hash=cast("str | None", row["md5_hash"]),
                updated=cast("datetime | None", row["updated"]),
            )

    def count_statement(
        self,
        *,
        content_types: Sequence[str] | None = None,
        min_size: int | None = None,
        max_size: int | None = None,
        updated_after: datetime | None = None,
        updated_before: datetime | None = None,
    ) -> Statement:
        """Return what `count` sends, unsent."""
        return sql.count_objects(
            self.name,
            content_types=content_types,
            min_size=min_size,
            max_size=max_size,
            updated_after=updated_after,
            updated_before=updated_before,
        )

    def count(
        self,
        *,
        content_types: Sequence[str] | None = None,
        min_size: int | None = None,
        max_size: int | None = None,
        updated_after: datetime | None = None,
        updated_before: datetime | None = None,
    ) -> int:
        """Count the objects; the filters are those of `objects`.

        Args:
            content_types: Only these MIME types.
            min_size: Only objects of at least so many bytes.
            max_size: Only objects of at most so many bytes.
            updated_after: Only objects updated at that time or later; needs a time zone.
            updated_before: Only objects updated before that time; needs a time zone.

        Raises:
            InvalidInputError: An argument can not be right.
            NotFoundError: There is no such object table.
            ServiceError: BigQuery refused, or could not be reached.
        """
        statement = self.count_statement(
            content_types=content_types,
            min_size=min_size,
            max_size=max_size,
            updated_after=updated_after,
            updated_before=updated_before,
        )
        row = next(iter(self._query(statement)))
        return cast("int", row["objects"])

    def refresh_statement(self) -> Statement:
        """Return what `refresh` sends, unsent."""
        return sql.refresh_object_table(self.name)

    def refresh(self) -> None:
        """List the bucket again into the metadata cache of a table whose cache mode is ``MANUAL``.

        Raises:
            InvalidQueryError: The table has no cache, or BigQuery refreshes it by itself.
            NotFoundError: There is no such object table.
            ServiceError: BigQuery refused, or could not be reached.
        """
        self._dataset.service.execute(self.refresh_statement(), location=self._dataset.location)

    def signed_urls_statement(self) -> Statement:
        """Return what `signed_urls` sends, unsent."""
        return sql.sign_urls(self.name)

    def signed_urls(self) -> Iterator[SignedUrl]:
        """Have a URL made for every object, streamed; each lives six hours.

        Raises:
            NotFoundError: There is no such object table.
            ServiceError: BigQuery refused, or could not be reached.
        """
        for row in self._query(self.signed_urls_statement()):
            yield SignedUrl(uri=str(row["uri"]), url=str(row["signed_url"]))

    def delete_statement(self, *, missing_ok: bool = False) -> Statement:
        """Return what `delete` sends, unsent."""
        return sql.drop_object_table(self.name, if_exists=missing_ok)

    def delete(self, *, missing_ok: bool = False) -> None:
        """Delete the object table; the objects stay in Cloud Storage.

        Args:
            missing_ok: Whether it is fine if there is none.

        Raises:
            NotFoundError: There is none, and that is not fine.
            ServiceError: BigQuery refused, or could not be reached.
        """
        statement = self.delete_statement(missing_ok=missing_ok)
        self._dataset.service.execute(statement, location=self._dataset.location)

    @override
    def _images(self) -> ObjectTable:
        return self

    def _query(self, statement: Statement) -> Iterator[Mapping[str, object]]:
        service = self._dataset.service
        return service.rows(service.execute(statement, location=self._dataset.location))

    @override
    def __repr__(self) -> str:
        return f"ObjectTable({self._name!r}, {self._dataset!r})"
