"""The emulator's database: it needs no download, and keeps large tables on the disk rather than in memory."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import duckdb
import duckdb_extension_spatial
from bqemulator.storage.engine import DuckDBEngine
from typing_extensions import override

if TYPE_CHECKING:
    from bqemulator.config import Settings

_MEMORY: Final = "1GB"


class Engine(DuckDBEngine):
    """DuckDB, as the emulator uses it.

    Args:
        settings: The emulator's settings.
        spill_dir: Where tables and the work of statements go that have no place in memory.
        memory: What is kept in memory, in DuckDB's words.
    """

    def __init__(self, settings: Settings, spill_dir: Path, memory: str = _MEMORY) -> None:
        super().__init__(settings)
        self._spill_dir = spill_dir
        self._memory = memory
        self._most_memory: str | None = None
        """DuckDB's own limit, a share of the machine's memory, as long as it doesn't apply."""

    @override
    def fetch_arrow(self, sql: str, parameters: list[Any] | None = None) -> Any:
        """Run a statement; the first whose work doesn't fit lifts the limit for all."""
        try:
            return super().fetch_arrow(sql, parameters)
        except duckdb.OutOfMemoryException:
            most, self._most_memory = self._most_memory, None
            if most is None:
                raise
            self.connection.execute(f"SET memory_limit = '{most}'")  # RESET has no effect.
            return super().fetch_arrow(sql, parameters)

    @override
    def _apply_session_pragmas(self) -> None:
        super()._apply_session_pragmas()
        row = self.connection.execute("SELECT current_setting('memory_limit')").fetchone()
        self._most_memory = None if row is None else str(row[0])
        self.connection.execute(f"SET memory_limit = '{self._memory}'")
        self.connection.execute(f"SET temp_directory = {_literal(self._spill_dir)}")

    @override
    def _load_spatial(self) -> None:
        """Load the extension out of its wheel: DuckDB itself would download it."""
        home = Path(str(duckdb_extension_spatial.__file__)).parent
        self.connection.execute(f"LOAD {_literal(next(home.glob('extensions/*/spatial.duckdb_extension')))}")


def _literal(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
