"""Object tables: folder listings in the schema that BigQuery gives them."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from typing import TYPE_CHECKING, Final

from bqvision.local.protocol import ApiError
from bqvision.local.rows import Rows, column

if TYPE_CHECKING:
    from bqvision.local.buckets import Buckets, StoredObject
    from bqvision.local.catalog import Catalog, ObjectTable, ResourceName
    from bqvision.local.emulator import Emulator

OBJECT_REF: Final = (
    column("uri", "STRING"),
    column("version", "STRING"),
    column("authorizer", "STRING"),
    column("details", "JSON"),
)
FIELDS: Final = (
    column("uri", "STRING"),
    column("generation", "INTEGER"),
    column("content_type", "STRING"),
    column("size", "INTEGER"),
    column("md5_hash", "STRING"),
    column("updated", "TIMESTAMP"),
    column("metadata", "RECORD", "REPEATED", [column("name", "STRING"), column("value", "STRING")]),
    column("ref", "RECORD", fields=OBJECT_REF),
)


class ObjectTables:
    """Keeps the emulator's copies of the listings as fresh as BigQuery would."""

    def __init__(self, catalog: Catalog, buckets: Buckets, emulator: Emulator) -> None:
        self._catalog = catalog
        self._buckets = buckets
        self._emulator = emulator
        self._stored: dict[ResourceName, int] = {}
        self._locks: defaultdict[ResourceName, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def create(self, table: ObjectTable) -> None:
        """List the objects and make the table; what stood under the name must be gone.

        Raises:
            ApiError: A URI is malformed, a bucket is not mapped, or the dataset is not there.
        """
        listing = await asyncio.to_thread(self._buckets.list, table.uris)
        rows = await asyncio.to_thread(self._rows, listing, table.connection)
        await self._emulator.drop_table(table.name)
        await self._emulator.create_table(table.name, rows)
        self._stored[table.name] = _state(listing)
        self._catalog.object_tables[table.name] = table
        self._catalog.save()

    async def drop(self, name: ResourceName) -> None:
        """Drop a table."""
        await self._emulator.drop_table(name)
        self._catalog.object_tables.pop(name, None)
        self._catalog.save()

    async def read(self, name: ResourceName) -> None:
        """Bring a table that doesn't cache its metadata up to date, before a statement reads it."""
        table = self._catalog.object_tables.get(name)
        if table is not None and not table.cached:
            await self._renew(table)

    async def refresh(self, name: ResourceName) -> None:
        """Renew the cached metadata of a table.

        Raises:
            ApiError: It is no object table, or not one that is refreshed by hand.
        """
        table = self._catalog.object_tables.get(name)
        if table is None:
            raise ApiError("invalidQuery", f"{name} is not an object table of the local BigQuery")
        if table.metadata_cache_mode != "MANUAL":
            mode = "is AUTOMATIC" if table.cached else "does not cache its metadata"
            raise ApiError(
                "invalidQuery",
                f"BQ.REFRESH_EXTERNAL_METADATA_CACHE needs metadata_cache_mode MANUAL; {name} {mode}",
            )
        await self._renew(table)

    async def _renew(self, table: ObjectTable) -> None:
        async with self._locks[table.name]:
            listing = await asyncio.to_thread(self._buckets.list, table.uris)
            state = _state(listing)
            if self._stored.get(table.name) == state:
                return
            rows = await asyncio.to_thread(self._rows, listing, table.connection)
            await self._emulator.fill_table(table.name, rows)
            self._stored[table.name] = state

    def _rows(self, listing: list[StoredObject], authorizer: str) -> Rows:
        rows: list[tuple[object, ...]] = []
        for stored in listing:
            try:
                digest = self._buckets.md5(stored)
            except OSError:  # It went after the listing.
                continue
            about = {
                "content_type": stored.content_type,
                "md5_hash": digest,
                "size": stored.size,
                "updated": stored.updated_us,
            }
            ref = {
                "uri": stored.uri,
                "version": str(stored.generation),
                "authorizer": authorizer,
                "details": json.dumps({"gcs_metadata": about}),
            }
            rows.append(
                (
                    stored.uri,
                    stored.generation,
                    stored.content_type,
                    stored.size,
                    digest,
                    stored.updated_us,
                    [],
                    ref,
                )
            )
        return Rows.of(FIELDS, list(zip(*rows, strict=True)) if rows else [[] for _ in FIELDS])


def _state(listing: list[StoredObject]) -> int:
    return hash(tuple((stored.uri, stored.generation, stored.size) for stored in listing))
