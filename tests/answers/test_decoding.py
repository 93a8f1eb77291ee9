"""Rows of both kinds of tables become records; rows of other tables are refused by the names of their columns."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import assert_type

import pytest

from bqvision.decoding import decode
from bqvision.errors import ReadError
from bqvision.records import ImageResult, Outcome, PosterResult, Usage
from bqvision.schema import schema_of

SCHEMA = schema_of(PosterResult)
ANSWER = '```json\n{"title": "The Cameraman", "year": "1928?"}\n```'
LEDGER: Mapping[str, object] = {
    "uri": "gs://posters/a.jpg",
    "generation": 7,
    "fingerprint": "f",
    "run_id": "r",
    "attempt": 1,
    "status": "",
    "outcome": "OK",
    "error": "year: not an INT64",
    "text": ANSWER,
    "finish_reason": "STOP",
    "input_tokens": 10,
    "output_tokens": 5,
    "job_id": "j",
    "title": "The Cameraman",
    "year": None,
}


def test_a_ledger_row_is_a_record_as_it_was_settled() -> None:
    """Outcome and error are those of the table; the values are read from the text."""
    record = decode(SCHEMA, LEDGER)
    assert_type(record, PosterResult)
    assert record == PosterResult(
        uri="gs://posters/a.jpg",
        generation=7,
        outcome=Outcome.OK,
        text=ANSWER,
        error="year: not an INT64",
        usage=Usage(10, 5),
        title="The Cameraman",
    )


@pytest.mark.parametrize("outcome", [outcome for outcome in Outcome if outcome is not Outcome.OK])
def test_a_row_that_failed_has_no_values(outcome: Outcome) -> None:
    """Whatever its text says: only an OK row was answered."""
    record = decode(SCHEMA, {**LEDGER, "outcome": outcome.value, "status": "x", "error": "x"})
    assert (record.outcome, record.title, record.year, record.error) == (outcome, None, None, "x")


def test_a_ledger_row_may_be_null_wherever_nothing_is_known() -> None:
    """A row refused before it was asked has neither text nor tokens."""
    empty = dict.fromkeys(LEDGER) | {"uri": "gs://b/o", "outcome": "INPUT"}
    assert decode(SCHEMA, empty) == PosterResult(uri="gs://b/o", outcome=Outcome.INPUT)


def test_the_tutorials_table_is_read_with_its_two_columns() -> None:
    """It has uri and text alone; the outcome is settled while reading."""
    record = decode(SCHEMA, {"uri": "gs://posters/a.jpg", "ml_generate_text_llm_result": ANSWER})
    assert record == PosterResult(
        uri="gs://posters/a.jpg",
        outcome=Outcome.OK,
        text=ANSWER,
        error="year: not an INT64",
        title="The Cameraman",
    )


@pytest.mark.parametrize("as_text", [False, True], ids=["parsed", "text"])
def test_a_table_with_whole_responses_has_tokens_too(as_text: bool) -> None:
    """JSON columns come parsed or as text, by the client's way of reading."""
    response = {
        "candidates": [{"content": {"parts": [{"text": '{"title": "A"}'}]}, "finish_reason": "STOP"}],
        "usage_metadata": {"prompt_token_count": 3, "candidates_token_count": 2, "thoughts_token_count": 1},
    }
    row = {
        "uri": "gs://b/o",
        "generation": 1,
        "ml_generate_text_status": None,
        "ml_generate_text_result": json.dumps(response) if as_text else response,
    }
    record = decode(SCHEMA, row)
    assert (record.title, record.generation, record.usage) == ("A", 1, Usage(3, 3))


def test_a_status_in_the_tutorials_table_is_the_outcome() -> None:
    """`SELECT *` keeps the status, and then a failed row says why."""
    status = "A retryable error occurred: RESOURCE EXHAUSTED error"
    row = {"uri": "gs://b/o", "ml_generate_text_llm_result": None, "ml_generate_text_status": status}
    record = decode(SCHEMA, row)
    assert (record.outcome, record.status, record.error) == (Outcome.RETRYABLE, status, status)


def test_a_default_stands_for_a_value_that_is_not_there() -> None:
    """A field that takes no None keeps its default on failed rows and for missing keys."""

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Priced(ImageResult):
        price: float = 9.5

    schema = schema_of(Priced)
    prices = [
        decode(schema, {"uri": "gs://b/o", "ml_generate_text_llm_result": text}).price
        for text in (None, "{}", '{"price": 2}')
    ]
    assert prices == [9.5, 9.5, 2.0]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({}, "holds no answers"),
        ({"uri": "gs://b/o", "size": 3}, "only uri, size"),
        ({"uri": "gs://b/o", "outcome": "OK", "text": None}, "lacks generation, status, error, input_tokens"),
        ({**LEDGER, "outcome": "SPLENDID"}, "outcome 'SPLENDID' is not known"),
        ({**LEDGER, "outcome": None}, "outcome None is not known"),
        ({**LEDGER, "text": 5}, "column text holds int, not str"),
        ({**LEDGER, "generation": "7"}, "column generation holds str, not int"),
        ({**LEDGER, "uri": None}, "does not say which image"),
        ({"ml_generate_text_llm_result": "{}"}, "does not say which image"),
        ({"uri": "gs://b/o", "ml_generate_text_llm_result": {}}, "column ml_generate_text_llm_result"),
    ],
)
def test_a_table_of_another_shape_is_refused(row: Mapping[str, object], message: str) -> None:
    """The error names what is missing or odd, and what to read instead."""
    with pytest.raises(ReadError, match=message) as caught:
        decode(SCHEMA, row)
    assert caught.value.next_step


def test_an_error_never_shows_what_a_row_says() -> None:
    """Column names are enough to find the fault."""
    with pytest.raises(ReadError) as caught:
        decode(SCHEMA, {"uri": "gs://secret/o", "prompt": "secret"})
    assert "secret" not in str(caught.value)
