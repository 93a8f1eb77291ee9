"""Statements on object tables."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, get_args

from bqvision.errors import InvalidInputError
from bqvision.sql import clauses, compose
from bqvision.sql.compose import SQL, Composable, Parameter
from bqvision.sql.names import DEFAULT
from bqvision.sql.options import clean_description, clean_uris, number, refuse, string

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from bqvision.sql.compose import Composed, Statement
    from bqvision.sql.names import Connection, TableName

__all__ = [
    "MetadataCacheMode",
    "count_objects",
    "create_object_table",
    "drop_object_table",
    "list_objects",
    "refresh_object_table",
    "sign_urls",
]

MetadataCacheMode: TypeAlias = Literal["AUTOMATIC", "MANUAL"]

_SHORTEST_STALENESS: Final = timedelta(minutes=30)
_LONGEST_STALENESS: Final = timedelta(days=7)
_INT64_MAX: Final = 2**63 - 1


def create_object_table(
    name: TableName,
    *,
    uris: Sequence[str],
    connection: Connection = DEFAULT,
    replace: bool = False,
    if_not_exists: bool = False,
    max_staleness: timedelta | None = None,
    metadata_cache_mode: MetadataCacheMode | None = None,
    description: str | None = None,
    expiration: datetime | None = None,
) -> Statement:
    """Create an object table over objects of Cloud Storage.

    Args:
        name: The table.
        uris: 1 to 10,000 ``gs://`` URIs, each with at most one ``*``.
        connection: What reads the objects.
        replace: Whether one that exists is replaced.
        if_not_exists: Whether one that exists is left as it is.
        max_staleness: How old the cached list of objects may be, from 30 minutes to 7 days; by default no
            list is cached.
        metadata_cache_mode: How the cached list is refreshed; needed with `max_staleness`, and only there.
        description: What it holds.
        expiration: When the table goes.

    Returns:
        The statement.

    Raises:
        InvalidInputError: An option is not legal, or two exclude each other.
    """
    options: list[Composable] = [SQL("object_metadata = 'SIMPLE'"), _uris(clean_uris(uris))]
    options += _caching(max_staleness, metadata_cache_mode)
    if description is not None:
        options.append(SQL("description = {}").format(compose.Literal(clean_description(description))))
    if expiration is not None:
        options.append(SQL("expiration_timestamp = {}").format(compose.Literal(expiration)))
    return clauses.lines(
        clauses.create("EXTERNAL TABLE", name, replace=replace, if_not_exists=if_not_exists),
        SQL("WITH CONNECTION {}").format(connection),
        clauses.options(options),
    ).statement("create_object_table")


def _uris(uris: tuple[str, ...]) -> Composed:
    literals = [compose.Literal(uri) for uri in uris]
    if len(literals) == 1:
        return SQL("uris = [{}]").format(*literals)
    return SQL("uris = [\n  {}\n]").format(SQL(",\n").join(literals))


def _caching(max_staleness: timedelta | None, mode: MetadataCacheMode | None) -> list[Composable]:
    if max_staleness is None and mode is None:
        return []
    if max_staleness is None or mode is None:
        raise InvalidInputError(
            "max_staleness and metadata_cache_mode need each other",
            next_step="Give both for a cached list of objects, or neither.",
        )
    if not _SHORTEST_STALENESS <= max_staleness <= _LONGEST_STALENESS:
        raise InvalidInputError("max_staleness is not from 30 minutes to 7 days")
    if mode not in get_args(MetadataCacheMode):
        raise refuse("metadata_cache_mode", mode, "AUTOMATIC or MANUAL")
    return [
        SQL("max_staleness = {}").format(compose.interval(max_staleness)),
        SQL("metadata_cache_mode = {}").format(compose.Literal(mode)),
    ]


def list_objects(
    name: TableName,
    *,
    content_types: Sequence[str] | None = None,
    min_size: int | None = None,
    max_size: int | None = None,
    updated_after: datetime | None = None,
    updated_before: datetime | None = None,
    limit: int | None = None,
) -> Statement:
    """List an object table's objects by URI.

    Args:
        name: The table.
        content_types: Only objects of these content types, such as ``image/jpeg``.
        min_size: Only objects of at least so many bytes.
        max_size: Only objects of at most so many bytes.
        updated_after: Only objects written at that moment or later.
        updated_before: Only objects written before that moment.
        limit: At most so many.

    Returns:
        The statement; its columns are uri, generation, content_type, size, md5_hash, updated.

    Raises:
        InvalidInputError: A filter is not legal.
    """
    conditions = _filters(content_types, min_size, max_size, updated_after, updated_before)
    if limit is not None:
        number("limit", limit, 1, _INT64_MAX, whole=True)
    return clauses.lines(
        SQL("SELECT uri, generation, content_type, size, md5_hash, updated"),
        SQL("FROM {}").format(name),
        clauses.where(conditions),
        SQL("ORDER BY uri"),
        SQL("LIMIT {}").format(compose.Literal(limit)) if limit is not None else None,
    ).statement("list_objects")


def count_objects(
    name: TableName,
    *,
    content_types: Sequence[str] | None = None,
    min_size: int | None = None,
    max_size: int | None = None,
    updated_after: datetime | None = None,
    updated_before: datetime | None = None,
) -> Statement:
    """Count an object table's objects; the filters are those of `list_objects`.

    Returns:
        The statement; its one row has the column objects.

    Raises:
        InvalidInputError: A filter is not legal.
    """
    conditions = _filters(content_types, min_size, max_size, updated_after, updated_before)
    return clauses.lines(
        SQL("SELECT COUNT(*) AS objects"), SQL("FROM {}").format(name), clauses.where(conditions)
    ).statement("count_objects")


def _filters(
    content_types: Sequence[str] | None,
    min_size: int | None,
    max_size: int | None,
    updated_after: datetime | None,
    updated_before: datetime | None,
) -> list[Composable]:
    conditions: list[Composable] = []
    if content_types is not None:
        if isinstance(content_types, str) or not content_types:
            raise refuse("content_types", content_types, "a list of at least one content type")
        wanted = tuple(string("content type", item, "a text such as image/jpeg") for item in content_types)
        conditions.append(
            SQL("content_type IN UNNEST({})").format(Parameter("content_types", "ARRAY<STRING>", wanted))
        )
    if min_size is not None:
        number("min_size", min_size, 0, _INT64_MAX, whole=True)
        conditions.append(SQL("size >= {}").format(Parameter("min_size", "INT64", min_size)))
    if max_size is not None:
        number("max_size", max_size, 0, _INT64_MAX, whole=True)
        conditions.append(SQL("size <= {}").format(Parameter("max_size", "INT64", max_size)))
    if updated_after is not None:
        moment = Parameter.timestamp("updated_after", updated_after)
        conditions.append(SQL("updated >= {}").format(moment))
    if updated_before is not None:
        moment = Parameter.timestamp("updated_before", updated_before)
        conditions.append(SQL("updated < {}").format(moment))
    return conditions


def refresh_object_table(name: TableName) -> Statement:
    """Refresh a cached list of objects; BigQuery refuses it for tables of metadata cache mode AUTOMATIC."""
    call = SQL("CALL BQ.REFRESH_EXTERNAL_METADATA_CACHE({})")
    return call.format(compose.Literal(str(name))).statement("refresh_object_table")


def sign_urls(name: TableName) -> Statement:
    """Make a URL for each object that reads it for six hours; whoever has the URL can read the object.

    Returns:
        The statement; its columns are uri and signed_url.
    """
    return clauses.lines(
        SQL("SELECT uri, signed_url"),
        SQL("FROM EXTERNAL_OBJECT_TRANSFORM(TABLE {}, ['SIGNED_URL'])").format(name),
        SQL("ORDER BY uri"),
    ).statement("sign_urls")


def drop_object_table(name: TableName, *, if_exists: bool = False) -> Statement:
    """Delete an object table; the objects stay.

    Args:
        name: The table.
        if_exists: Whether a missing one is no error.

    Returns:
        The statement.
    """
    return clauses.drop("EXTERNAL TABLE", name, if_exists=if_exists).statement("drop_object_table")
