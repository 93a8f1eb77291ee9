"""Reading results: every row once and in order, or an error that says how far it came."""

from __future__ import annotations

import pytest

from bqvision.errors import IntegrityError, PartialReadError, ReadError
from bqvision.sql.names import DatasetName, ModelName, TableName

from .conftest import ASK, Bench
from .fault_server import CUT, EMPTY, HALF_JSON, RESET, Fault, Script, error, html

ROWS = [[str(number), '{"film": true}'] for number in range(10)]


def numbers(bench: Bench, **how: int) -> list[object]:
    """Run the statement and read its numbers in pages of four."""
    job = bench.service.execute(ASK)
    return [row["n"] for row in bench.service.rows(job, page_size=4, **how)]


def test_rows_come_as_plain_values_in_order(bench: Bench) -> None:
    """INT64 is an int and JSON is what it holds."""
    bench.server.scripts.append(Script(rows=ROWS))
    job = bench.service.execute(ASK)
    rows = list(bench.service.rows(job, page_size=4))
    assert rows == [{"n": number, "facts": {"film": True}} for number in range(10)]


@pytest.mark.parametrize(
    "fault",
    [error(503, "backendError"), RESET, CUT, HALF_JSON, html(504), EMPTY],
    ids=lambda fault: f"{fault.kind}{fault.status}",
)
@pytest.mark.parametrize("good_pages", [0, 1, 2])
def test_a_page_that_fails_is_asked_for_again(bench: Bench, fault: Fault, good_pages: int) -> None:
    """R1: the same page, so that no row is lost or repeated."""
    bench.server.scripts.append(Script(rows=ROWS))
    job = bench.service.execute(ASK)
    rows = bench.service.rows(job, page_size=4)
    found = [next(rows)["n"] for _ in range(4 * good_pages)]
    bench.server.plan("jobs.getQueryResults", fault)
    found += [row["n"] for row in rows]
    assert found == list(range(10))
    assert len(bench.server.jobs) == 1


def test_a_dead_page_says_how_many_rows_were_read(bench: Bench) -> None:
    """R2: reading goes on from there, without another job."""
    bench.server.scripts.append(Script(rows=ROWS))
    job = bench.service.execute(ASK)
    rows = bench.service.rows(job, page_size=4)
    found = [next(rows)["n"] for _ in range(4)]
    bench.server.plan("jobs.getQueryResults", *[error(503, "backendError")] * 4)
    with bench.raises(PartialReadError) as caught:
        found += [row["n"] for row in rows]
    assert caught.value.rows_read == 4
    assert caught.value.job_id == job.job_id
    rest = [row["n"] for row in bench.service.rows(job, page_size=4, start=caught.value.rows_read)]
    assert found + rest == list(range(10))
    assert len(bench.server.jobs) == 1


def test_a_result_that_can_not_be_read_at_all_is_a_read_error(bench: Bench) -> None:
    """R2: no row was delivered, so none is reported."""
    bench.server.scripts.append(Script(rows=ROWS))
    bench.server.plan("jobs.getQueryResults", *[error(503, "backendError")] * 4)
    with bench.raises(ReadError):
        numbers(bench)


def test_a_total_that_lies_is_noticed(bench: Bench) -> None:
    """R3: fewer rows than announced are no success."""
    bench.server.scripts.append(Script(rows=ROWS, total=11))
    with bench.raises(IntegrityError):
        numbers(bench)


def test_a_result_that_is_not_there_yet_is_not_taken_for_an_empty_one(bench: Bench) -> None:
    """R3: an answer without a row count would else lose every row in silence."""
    bench.server.scripts.append(Script(rows=ROWS))
    answer = b'{"jobReference": {"projectId": "my-project", "jobId": "j"}, "jobComplete": false}'
    bench.server.plan("jobs.getQueryResults", Fault("answer", 200, answer))
    with bench.raises(IntegrityError):
        numbers(bench)


def test_pages_that_run_in_a_circle_are_noticed(bench: Bench) -> None:
    """R3: a repeated page token ends in an error, not in an endless loop."""
    bench.server.scripts.append(Script(rows=ROWS, tokens={"8": "4"}))
    with bench.raises(IntegrityError):
        numbers(bench)


def test_metadata_is_none_where_there_is_nothing(bench: Bench) -> None:
    """Datasets, tables and models that are not there are None; those that are come as BigQuery describes them."""
    name = DatasetName("my-project", "films")
    assert bench.service.get_dataset(name) is None
    assert bench.service.get_table(TableName("my-project", "films", "posters")) is None
    assert bench.service.get_model(ModelName("my-project", "films", "gemini")) is None
    bench.server.resources["datasets/films/models/gemini"] = {
        "modelReference": {"projectId": "my-project", "datasetId": "films", "modelId": "gemini"},
        "remoteModelInfo": {"endpoint": "gemini-2.5-flash"},
    }
    found = bench.service.get_model(ModelName("my-project", "films", "gemini"))
    assert found is not None
    assert found["remoteModelInfo"] == {"endpoint": "gemini-2.5-flash"}


def test_listings_are_read_page_by_page_past_a_fault(bench: Bench) -> None:
    """Every entry once, though a page failed."""
    bench.server.listings["datasets/films"] = [
        {"tableReference": {"projectId": "my-project", "datasetId": "films", "tableId": f"t{number}"}}
        for number in range(5)
    ]
    bench.server.plan("tables.list", error(503, "backendError"))
    listed = bench.service.list_tables(DatasetName("my-project", "films"))
    references = [table["tableReference"] for table in listed]
    assert [reference["tableId"] for reference in references] == [f"t{number}" for number in range(5)]  # type: ignore[index]
