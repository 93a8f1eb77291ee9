"""Tables that stand while one statement reads them."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from bqvision.local.catalog import SCRATCH_DATASET, ResourceName

if TYPE_CHECKING:
    from bqvision.local.definitions import Definitions
    from bqvision.local.emulator import Emulator
    from bqvision.local.rows import Rows


class Scratch:
    """The scratch tables of one statement.

    Args:
        emulator: What keeps them.
        definitions: Makes their dataset.
        project: The project that they are in.
    """

    def __init__(self, emulator: Emulator, definitions: Definitions, project: str) -> None:
        self._emulator = emulator
        self._definitions = definitions
        self._project = project
        self._tables: list[ResourceName] = []

    async def keep(self, rows: Rows) -> ResourceName:
        """Make a table of rows, and return its name."""
        table = ResourceName(self._project, SCRATCH_DATASET, f"t{uuid.uuid4().hex}")
        await self._definitions.make_scratch(self._project)
        self._tables.append(table)
        # The emulator writes the names of STRUCTs' fields into DuckDB's DDL as they are: `order` would not do.
        await self._emulator.create_table(table, rows.quoted())
        return table

    async def drop(self) -> None:
        """Drop all of them."""
        for table in self._tables:
            await self._emulator.drop_table(table)
