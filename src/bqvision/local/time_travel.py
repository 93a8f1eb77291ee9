"""Time travel in bounded memory: the emulator copies a whole table at every change, and would keep each copy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bqemulator.domain.errors import InvalidQueryError, OutOfRangeError
from bqemulator.storage.sql_identifiers import quoted_table_ref
from bqemulator.versioning.snapshots import SnapshotManager
from typing_extensions import override

if TYPE_CHECKING:
    from datetime import datetime

    from bqemulator.catalog.models import SnapshotMeta

KEPT_ROWS: Final = 200_000
"""How many rows the copies of one table have together."""


class RecentSnapshots(SnapshotManager):
    """Keeps the latest states of each table, as far as `KEPT_ROWS` go; a larger table has no time travel."""

    @override
    def capture(
        self, project_id: str, dataset_id: str, table_id: str, *, kind: str = "AUTO"
    ) -> SnapshotMeta | None:
        """Copy a table, and drop the oldest of its copies that are too many."""
        if self._catalog.get_table(project_id, dataset_id, table_id) is None:
            return None
        size = self._count(quoted_table_ref(project_id, dataset_id, table_id))
        room = KEPT_ROWS - size
        copies = self._catalog.list_snapshots_for_table(project_id, dataset_id, table_id)
        for copy in sorted(copies, key=lambda copy: copy.snapshot_time, reverse=True):
            if copy.kind == "AUTO":
                room -= self._count(f'"{copy.duckdb_schema}"."{copy.duckdb_table}"')
                if room < 0:
                    self.drop_snapshot(copy)
        return None if size > KEPT_ROWS else super().capture(project_id, dataset_id, table_id, kind=kind)

    @override
    def resolve_time_travel(
        self, project_id: str, dataset_id: str, table_id: str, target: datetime
    ) -> SnapshotMeta | None:
        """Return the copy that shows a table as it was.

        Raises:
            InvalidQueryError: It is not kept.
        """
        try:
            found = super().resolve_time_travel(project_id, dataset_id, table_id, target)
        except (
            OutOfRangeError
        ) as error:  # It would be answered as a fault of the server's, which clients repeat.
            raise InvalidQueryError(str(error)) from None
        if found is None and self._is_large(project_id, dataset_id, table_id):
            raise InvalidQueryError(
                "FOR SYSTEM_TIME AS OF: the local BigQuery does not keep the past of tables with more than "
                f"{KEPT_ROWS:,} rows"
            )
        return found

    def _is_large(self, project: str, dataset: str, table: str) -> bool:
        known = self._catalog.get_table(project, dataset, table) is not None
        return known and self._count(quoted_table_ref(project, dataset, table)) > KEPT_ROWS

    def _count(self, table: str) -> int:
        row = self._engine.execute(f"SELECT COUNT(*) FROM {table}").fetchone()
        return 0 if row is None else int(row[0])
