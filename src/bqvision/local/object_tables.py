"""Object tables: folder listings in the schema that BigQuery gives them."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import TYPE_CHECKING

from bqvision.local.access_control import bucket_of
from bqvision.local.listings import file_rows, with_simulated
from bqvision.local.protocol import ApiError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bqvision.local.access_control import AccessControl
    from bqvision.local.buckets import Buckets, Listing, StoredObject
    from bqvision.local.catalog import Catalog, ObjectTable, ResourceName
    from bqvision.local.connections import Connections
    from bqvision.local.emulator import Emulator
    from bqvision.local.rows import Rows


class ObjectTables:
    """Keeps the emulator's copies of the listings as fresh as BigQuery would."""

    def __init__(
        self,
        catalog: Catalog,
        buckets: Buckets,
        emulator: Emulator,
        connections: Connections,
        control: AccessControl,
    ) -> None:
        self._catalog = catalog
        self._connections = connections
        self._control = control
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
        """Bring a table that doesn't cache its metadata up to date, before a statement reads it.

        Raises:
            ApiError: Its connection is gone, or the connection's account may not list the buckets any more.
        """
        table = self._catalog.object_tables.get(name)
        if table is not None and not table.cached:
            self._check(table)
            await self._renew(table)

    async def renew(self, name: ResourceName) -> None:
        """Bring a table that doesn't cache its metadata up to date, before a client is told of it."""
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
        self._check(table)
        await self._renew(table)

    def _check(self, table: ObjectTable) -> None:
        buckets = sorted({bucket_of(uri) for uri in table.uris})
        self._control.check_listing(self._connections.find(table.connection), buckets)

    async def _renew(self, table: ObjectTable) -> None:
        async with self._locks[table.name]:
            listing = await asyncio.to_thread(self._buckets.list, table.uris)
            state = _state(listing)
            if self._stored.get(table.name) == state:
                return
            rows = await asyncio.to_thread(self._rows, listing, table.connection)
            await self._emulator.fill_table(table.name, rows)
            self._stored[table.name] = state

    def _rows(self, listing: Listing, authorizer: str) -> Rows:
        return with_simulated(
            file_rows(self._with_md5(listing.files), authorizer), listing.simulated, authorizer
        )

    def _with_md5(self, files: tuple[StoredObject, ...]) -> Iterator[tuple[StoredObject, str | None]]:
        for stored in files:
            try:
                digest = self._buckets.md5(stored)
            except OSError:  # It went after the listing.
                continue
            yield stored, digest


def _state(listing: Listing) -> int:
    files = tuple((stored.uri, stored.generation, stored.size) for stored in listing.files)
    return hash((files, listing.simulated))
