"""Python, Google's evaluator and the local BigQuery read every answer alike, and rightly."""

from __future__ import annotations

import json
import time
from typing import NamedTuple

import pytest

from bqvision.answers import find_object, read_fields
from bqvision.field_types import MAX_DEPTH
from tests.answers.evaluators import SCHEMA, Evaluator, Reading, Row
from tests.answers.hostile import CASES, Case


def _response(text: str | None, **candidate: object) -> str:
    parts = [] if text is None else [{"text": text}]
    return json.dumps({"candidates": [{"content": {"parts": parts}, **candidate}]})


def _differences(cases: tuple[Case, ...], readings: list[Reading], *, finish: str) -> dict[str, object]:
    wrong: dict[str, object] = {}
    for case, reading in zip(cases, readings, strict=True):
        error = case.error if case.outcome == "OK" or case.error is None else case.error + finish
        wanted = (case.outcome, case.text, case.title, case.year, error)
        found = (reading.outcome, reading.text, reading.title, reading.year, reading.error)
        if found != wanted:
            wrong[case.name] = (found, wanted)
    return wrong


def test_the_table_is_large_and_its_names_are_unique() -> None:
    """The conformance table holds at least 60 cases, each under its own name."""
    assert len({case.name for case in CASES}) == len(CASES) >= 60


def test_every_answer_inside_a_response_reads_as_the_table_says(evaluator: Evaluator) -> None:
    """Outcome, title, year and error of each hostile answer are the same for all three readers."""
    rows = [Row("", _response(case.text, finish_reason="STOP")) for case in CASES]
    readings = evaluator(rows, flattened=False)
    assert _differences(CASES, readings, finish=" (finish reason STOP)") == {}


def test_every_answer_as_plain_text_reads_as_the_table_says(evaluator: Evaluator) -> None:
    """The flattened form, which has no finish reason, gives the same values."""
    readings = evaluator([Row(None, case.text) for case in CASES], flattened=True)
    assert _differences(CASES, readings, finish="") == {}


class Typed(NamedTuple):
    """A value of a field as JSON, and how it is read."""

    json: str
    value: float | bool | None
    wrong: bool = False


SCORES = (
    Typed("0.5", 0.5),
    Typed("5", 5.0),
    Typed("-0.0", -0.0),
    Typed("1e20", 1e20),
    Typed("1E-7", 1e-7),
    Typed("123456789012345678901234567890", 1.2345678901234568e29),
    Typed("0.1234567890123456789", 0.12345678901234568),
    Typed('"0.5"', 0.5),
    Typed('" +7.25e1 "', 72.5),
    Typed('"1e999"', None, wrong=True),
    Typed('".5"', None, wrong=True),
    Typed('"0,5"', None, wrong=True),
    Typed('"50%"', None, wrong=True),
    Typed('"nan"', None, wrong=True),
    Typed('"inf"', None, wrong=True),
    Typed('"1_000"', None, wrong=True),
    Typed("true", None, wrong=True),
    Typed("[0.5]", None, wrong=True),
    Typed('""', None),
    Typed("null", None),
)
COLOURS = (
    Typed("true", True),
    Typed("false", False),
    Typed('"true"', True),
    Typed('" FALSE\\n"', False),
    Typed('"yes"', None, wrong=True),
    Typed("1", None, wrong=True),
    Typed("0", None, wrong=True),
    Typed("[]", None, wrong=True),
    Typed("{}", None, wrong=True),
    Typed('" "', None),
    Typed("null", None),
)


def test_a_float_field_takes_numbers_and_their_texts(evaluator: Evaluator) -> None:
    """FLOAT64 reads finite numbers, bare or quoted, and nothing else."""
    readings = evaluator([Row("", f'{{"score": {case.json}}}') for case in SCORES], flattened=True)
    for case, reading in zip(SCORES, readings, strict=True):
        error = "score: not a FLOAT64" if case.wrong else None
        assert (reading.outcome, reading.score, reading.error) == ("OK", case.value, error), case


def test_a_bool_field_takes_true_and_false(evaluator: Evaluator) -> None:
    """BOOL reads true and false, bare or quoted in any case, and nothing else."""
    readings = evaluator([Row("", f'{{"colour": {case.json}}}') for case in COLOURS], flattened=True)
    for case, reading in zip(COLOURS, readings, strict=True):
        error = "colour: not a BOOL" if case.wrong else None
        assert (reading.outcome, reading.colour, reading.error) == ("OK", case.value, error), case


def test_an_error_names_fields_and_never_a_value() -> None:
    """What the image says must not reach an error text."""
    answer = read_fields('{"title": ["secret"], "year": "secret", "score": "secret"}', SCHEMA.fields)
    assert answer.error == "title: not a STRING; year: not an INT64; score: not a FLOAT64"


def test_only_wanted_fields_are_read() -> None:
    """Keys that nobody asked for have no way into a record."""
    answer = read_fields('{"title": "A", "outcome": "OK", "uri": "gs://x/y"}', SCHEMA.fields[:1])
    assert answer.values == {"title": "A"}


def test_find_object_returns_the_object_alone() -> None:
    """Fences and prose are left out, spaces are made plain, and the rest stays as it is."""
    assert find_object('```json\n{"a":\t"b}"}\n``` {"c": 1}') == '{"a": "b}"}'
    assert find_object("no object") is None


@pytest.mark.parametrize(
    ("levels", "found"), [(MAX_DEPTH, True), (MAX_DEPTH + 1, False)], ids=["deepest", "too deep"]
)
def test_nesting_ends_at_the_limit(levels: int, found: bool) -> None:
    """Deeper nesting than any question of ours leads to is no answer, instead of a deep recursion."""
    text = '{"a": ' + '{"b": ' * levels + "1" + "}" * levels + "}"
    assert read_fields(text, SCHEMA.fields).found is found


_MILLION = 1_000_000
HUGE = {
    "open braces": "{" * _MILLION,
    "spaced braces": "{ " * (_MILLION // 2),
    "braces with text": "{x" * (_MILLION // 2),
    "braces with text and quotes": '{x"' * (_MILLION // 3),
    "empty pairs": "{}" * (_MILLION // 2),
    "pairs inside": '{"a":' + "{}" * (_MILLION // 2),
    "arrays inside": '{"a":' + "[1]," * (_MILLION // 4) + '"b"}',
    "half-open arrays inside": '{"a":' + "[{}" * (_MILLION // 3),
    "deep": '{"a":' * (_MILLION // 5),
    "open string": '{"' + "a" * _MILLION,
    "escapes": '{"' + "\\" * _MILLION,
    "strings": '{"a":' + '""' * (_MILLION // 2),
    "commas and spaces": '{"a":1' + ", " * (_MILLION // 2) + "}",
    "digits": '{"a":' + "9" * _MILLION + "}",
    "title": '{"title": "' + "a" * _MILLION + '"}',
    "spaces": " " * _MILLION,
}


@pytest.mark.parametrize("text", HUGE.values(), ids=HUGE.keys())
def test_a_megabyte_of_anything_is_read_in_linear_time(text: str) -> None:
    """No text makes the patterns backtrack: a megabyte takes a moment, where quadratic time would take an hour."""
    began = time.process_time()
    read_fields(text, SCHEMA.fields)
    assert time.process_time() - began < 2.0
