"""The ledger: what its statements mean, by Google's own evaluator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bqvision.errors import InvalidInputError
from bqvision.schema import LEDGER_COLUMNS
from bqvision.sql.ledger import Column, ledger_columns, missing_columns
from tests import googlesql
from tests.sql.samples import COVER, FINGERPRINT, POSTER, POSTERS, RESULTS, STATEMENTS

if TYPE_CHECKING:
    from tests.googlesql import Table

LEDGER = {
    "uri": "STRING",
    "generation": "INT64",
    "fingerprint": "STRING",
    "run_id": "STRING",
    "attempt": "INT64",
    "object_table": "STRING",
    "output_limit": "INT64",
    "status": "STRING",
    "job_id": "STRING",
}
LEDGER |= {"outcome": "STRING", "error": "STRING", "input_tokens": "INT64", "output_tokens": "INT64"}
# The wheel takes no TIMESTAMP cells; only their order matters here.
LEDGER |= {"analysed_at": "INT64", "title": "STRING", "year": "INT64"}


def row(uri: str, generation: int, attempt: int, outcome: str, at: int, **values: Any) -> list[Any]:
    """Return a ledger row; what isn't given is NULL."""
    known = {"fingerprint": FINGERPRINT, **values}
    known |= {"uri": uri, "generation": generation, "attempt": attempt, "outcome": outcome, "analysed_at": at}
    return [known.get(name) for name in LEDGER]


def ledger(*rows: list[Any]) -> dict[str, Table]:
    """Return the ledger with these rows, and an object table that has images 1 to 5."""
    images = [[f"gs://b/{number}", 2 if number == 3 else 1] for number in range(1, 6)] + [["gs://b/8", 2]]
    return {
        str(RESULTS): (LEDGER, rows),
        str(POSTERS): ({"uri": "STRING", "generation": "INT64"}, images),
    }


ROWS = ledger(
    row("gs://b/2", 1, 1, "OK", 1, title="one attempt", input_tokens=10, output_tokens=1),
    row("gs://b/1", 1, 1, "RETRYABLE", 1),
    row(
        "gs://b/1",
        1,
        2,
        "OK",
        2,
        title="second attempt",
        input_tokens=20,
        error="year: not an INT64",
        run_id="run-1",
    ),
    row("gs://b/3", 1, 9, "OK", 9, title="old generation", input_tokens=1000),
    row("gs://b/3", 2, 1, "BLOCKED", 1, error="the model gave no answer"),
    row("gs://b/4", 1, 1, "OK", 5, title="earlier"),
    row("gs://b/4", 1, 1, "OK", 6, title="same attempt, later"),
    row("gs://b/5", 1, 1, "OK", 1, title="other question", fingerprint="other", run_id="run-1"),
    row("gs://b/6", 1, 1, "OK", 1, title="deleted", object_table=str(POSTERS)),
    row("gs://b/7", 1, 1, "OK", 1, title="of another object table", object_table="p.d.other"),
    row("gs://b/8", 1, 1, "OK", 1, title="of what stood there before", object_table=str(POSTERS)),
)


def test_columns_are_the_layout_and_the_records() -> None:
    """The ledger's columns are the fixed ones in order, then the record's."""
    assert tuple(column.name for column in ledger_columns(POSTER)) == (*LEDGER_COLUMNS, "title", "year")
    assert ledger_columns(COVER)[-4:] == (
        Column("title", "STRING"),
        Column("pages", "INT64"),
        Column("price", "FLOAT64"),
        Column("hardback", "BOOL"),
    )


def test_missing_columns_are_found() -> None:
    """Only what isn't there is missing, whatever the names' case and whichever of its names a type has."""
    rest_names = {"INT64": "INTEGER", "FLOAT64": "FLOAT", "BOOL": "BOOLEAN"}
    existing = {column.name: rest_names.get(column.type, column.type) for column in ledger_columns(COVER)}
    assert missing_columns(existing, schema=COVER) == ()
    del existing["price"], existing["job_id"]
    existing["TITLE"] = existing.pop("title")
    assert missing_columns(existing, schema=COVER) == (Column("job_id", "STRING"), Column("price", "FLOAT64"))


def test_columns_of_another_type_or_table_are_refused() -> None:
    """A record does not fit a ledger that has its field as another type, nor a table that is no ledger."""
    existing = {column.name: column.type for column in ledger_columns(POSTER)} | {"year": "STRING"}
    with pytest.raises(InvalidInputError, match="year"):
        missing_columns(existing, schema=POSTER)
    with pytest.raises(InvalidInputError, match="no results table"):
        missing_columns({"uri": "STRING", "ml_generate_text_llm_result": "STRING"}, schema=POSTER)


def test_formatting_takes_the_row_that_counts() -> None:
    """Highest generation, then attempt, then time; other questions' rows are not seen."""
    statement = STATEMENTS["format_ledger"]
    _, _, select = statement.sql.partition("AS (\n")
    found = googlesql.query(select.rpartition("\n)")[0], tables=ROWS, parameters=statement.parameters)
    assert sorted(found) == [
        ("gs://b/1", "second attempt", None, "OK", "year: not an INT64"),
        ("gs://b/2", "one attempt", None, "OK", None),
        ("gs://b/3", None, None, "BLOCKED", "the model gave no answer"),
        ("gs://b/4", "same attempt, later", None, "OK", None),
    ]


def test_summary_counts_the_rows_that_count() -> None:
    """One line for each outcome; an image that is gone counts as deleted where it was asked from, only there."""
    statement = STATEMENTS["ledger_summary"]
    assert googlesql.query(statement.sql, tables=ROWS, parameters=statement.parameters) == [
        ("BLOCKED", False, 1),
        ("OK", False, 3),
        ("OK", True, 1),
    ]


def test_outcomes_of_a_job_are_those_that_it_wrote() -> None:
    """Rows of other jobs, runs and questions are not counted; a status that is not empty is a failed row."""
    known = {"run_id": "run-1", "job_id": "job-1"}
    tables = ledger(
        row("gs://b/1", 1, 1, "OK", 1, status="", input_tokens=20, output_tokens=2, **known),
        row("gs://b/2", 1, 1, "OK", 1, status="", input_tokens=10, output_tokens=1, **known),
        row("gs://b/3", 1, 1, "RETRYABLE", 1, status="A retryable error occurred", **known),
        row("gs://b/4", 1, 1, "OK", 1, run_id="run-1", job_id="job-2"),
        row("gs://b/4", 1, 1, "OK", 1, run_id="run-2", job_id="job-1"),
        row("gs://b/5", 1, 1, "OK", 1, fingerprint="other", **known),
    )
    statement = STATEMENTS["count_outcomes"]
    assert googlesql.query(statement.sql, tables=tables, parameters=statement.parameters) == [
        ("OK", 2, 0, 30, 3, None),
        ("RETRYABLE", 1, 1, None, None, "A retryable error occurred"),
    ]


def test_reading_is_ordered_and_complete() -> None:
    """Every image has exactly one row, in the order of URIs."""
    statement = STATEMENTS["read_ledger"]
    columns = {column.name: column.type for column in ledger_columns(POSTER)} | {"analysed_at": "INT64"}
    rows = [
        [dict(zip(LEDGER, cells, strict=True)).get(name) for name in columns]
        for cells in ROWS[str(RESULTS)][1]
    ]
    tables = {**ROWS, str(RESULTS): (columns, rows)}
    found = googlesql.query(statement.sql, tables=tables, parameters=statement.parameters)
    assert [(cells[0], cells[1], cells[5]) for cells in found] == [
        ("gs://b/1", 1, 2),
        ("gs://b/2", 1, 1),
        ("gs://b/3", 2, 1),
        ("gs://b/4", 1, 1),
    ]
