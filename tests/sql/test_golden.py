"""The text of every statement, pinned as a file.

A change of a statement is a change of its file. To write the files anew: ``BQVISION_WRITE_GOLDEN=1 pytest tests/sql``.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bqvision.sql import (
    analysis,
    batches,
    cleanup,
    connections,
    datasets,
    inspection,
    ledger,
    mending,
    models,
    object_tables,
    pending,
    planning,
    truth,
    work,
)
from bqvision.sql.compose import Statement
from tests import googlesql
from tests.sql.samples import STATEMENTS

GOLDEN = Path(__file__).parent / "golden"
MODULES = (
    analysis,
    batches,
    cleanup,
    connections,
    datasets,
    inspection,
    mending,
    ledger,
    models,
    object_tables,
    pending,
    planning,
    truth,
    work,
)
NOT_STATEMENTS = {
    "Column",
    "ledger_columns",
    "missing_columns",
    "work_table_name",
    "images",
    "ledger_as_it_is",
}


def _shown(statement: Statement) -> str:
    parameters = "".join(f"-- @{parameter.name} {parameter.type}\n" for parameter in statement.parameters)
    return f"{statement.sql}\n{parameters}"


@pytest.mark.parametrize("name", STATEMENTS)
def test_statement_has_the_text_of_its_golden_file(name: str) -> None:
    """A statement's text and parameters are those of its file."""
    path = GOLDEN / f"{name}.sql"
    shown = _shown(STATEMENTS[name])
    if os.environ.get("BQVISION_WRITE_GOLDEN"):
        path.write_text(shown, encoding="utf-8")
    assert shown == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", STATEMENTS)
def test_golden_statement_is_googlesql(name: str) -> None:
    """Google's parser takes the statement, and as exactly one."""
    googlesql.parse(STATEMENTS[name].sql)


def test_every_golden_file_belongs_to_a_statement() -> None:
    """No file is left over from a statement that is gone."""
    assert {path.stem for path in GOLDEN.glob("*.sql")} == set(STATEMENTS)


def test_every_statement_function_has_a_golden_file_and_is_labelled_by_its_name() -> None:
    """No statement function is without a golden file, and labels are the functions' names."""
    functions = {name for module in MODULES for name in module.__all__ if name.islower()} - NOT_STATEMENTS
    assert {statement.label for statement in STATEMENTS.values()} == functions
    for name, statement in STATEMENTS.items():
        assert name.startswith(statement.label)


def test_statement_layout_is_readable() -> None:
    """Lines have no trailing blanks, indents are even, and parameters in the text are those beside it."""
    for statement in STATEMENTS.values():
        for line in statement.sql.split("\n"):
            assert line == line.rstrip()
            assert line
            assert (len(line) - len(line.lstrip(" "))) % 2 == 0
        for parameter in statement.parameters:
            assert f"@{parameter.name}" in statement.sql
