"""Statements that take away what was made, each worth a golden file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bqvision.sql import cleanup, work
from bqvision.sql.names import ModelName, TableName

if TYPE_CHECKING:
    from bqvision.sql.compose import Statement

_FINGERPRINT = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
_RESULTS = TableName("my-project", "films", "posters_results")
_VIEW = TableName("my-project", "films", "best_posters")

STATEMENTS: dict[str, Statement] = {
    "count_other_rows": cleanup.count_other_rows(_RESULTS, fingerprint=_FINGERPRINT),
    "drop_content_of_a_function": cleanup.drop_content("SCALAR_FUNCTION", _VIEW),
    "drop_content_of_a_materialized_view": cleanup.drop_content("MATERIALIZED_VIEW", _VIEW),
    "drop_content_of_a_model": cleanup.drop_content("MODEL", ModelName("my-project", "films", "gemini")),
    "drop_content_of_a_procedure": cleanup.drop_content("PROCEDURE", _VIEW),
    "drop_content_of_a_snapshot": cleanup.drop_content("SNAPSHOT", _VIEW),
    "drop_content_of_a_table": cleanup.drop_content("TABLE", _RESULTS),
    "drop_content_of_a_table_function": cleanup.drop_content("TABLE_VALUED_FUNCTION", _VIEW),
    "drop_content_of_a_view": cleanup.drop_content("VIEW", _VIEW),
    "drop_content_of_an_object_table": cleanup.drop_content("OBJECT_TABLE", _VIEW),
    "list_waiting_batches": cleanup.list_waiting_batches(
        work.work_table_name(_RESULTS, _FINGERPRINT), ledger=_RESULTS, limit=200
    ),
}
