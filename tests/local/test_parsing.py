"""The emulator's reader of GoogleSQL: as sqlglot's own, only that it reads a text once."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlglot
from sqlglot.dialects import bigquery

import bqvision.local.parsing as parsing

GOLDEN = Path(__file__).parent.parent / "sql" / "golden"
# Signed URLs are the gateway's work, and table functions unknown to sqlglot: neither reader takes these statements.
_NOT_READ = {"sign_urls", "drop_content_of_a_table_function"}
STATEMENTS = sorted(file for file in GOLDEN.glob("*.sql") if file.stem not in _NOT_READ)


@pytest.mark.parametrize("file", STATEMENTS, ids=lambda file: file.stem)
def test_statements_are_read_as_by_sqlglot(file: Path) -> None:
    """Whatever it is written out as afterwards is the same, the second time too."""
    sql = file.read_text()
    own = bigquery.BigQuery().parse(sql)
    for _ in range(2):
        read = sqlglot.parse(sql, read="bigquery")
        assert read == own
        assert [tree and tree.sql("duckdb") for tree in read] == [tree and tree.sql("duckdb") for tree in own]


def test_the_dialect_is_sqlglots_own_in_all_else() -> None:
    """No setting gets lost on the way to the subclass; sqlglot makes a tokenizer class for each dialect."""
    assert sqlglot.Dialect.get("bigquery") is parsing.BigQuery

    def settings(dialect: type[sqlglot.Dialect]) -> dict[str, object]:
        names = (name for name in dir(dialect) if name[0].isalpha() and not name.endswith("tokenizer_class"))
        return {name: value for name in names if not callable(value := getattr(dialect, name))}

    assert settings(parsing.BigQuery) == settings(bigquery.BigQuery)
    assert parsing.BigQuery.parser_class is bigquery.BigQuery.parser_class
    assert parsing.BigQuery.generator_class is bigquery.BigQuery.generator_class


def test_what_a_caller_changes_is_its_own() -> None:
    """The emulator rewrites what it has read."""
    sql = "SELECT changed FROM t"
    sqlglot.parse_one(sql, read="bigquery").find(sqlglot.exp.Column).replace(sqlglot.exp.null())  # type: ignore[union-attr]
    assert sqlglot.parse_one(sql, read="bigquery").sql("bigquery") == sql
