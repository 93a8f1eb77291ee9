"""Composing: templates, names, values and parameters."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bqvision.errors import InvalidInputError
from bqvision.sql.compose import SQL, Identifier, Literal, Parameter, Statement, interval
from tests import googlesql

TEN = Parameter("ten", "INT64", 10)


def test_template_takes_positional_and_named_fields() -> None:
    """Fields are filled in place, and doubled braces are braces."""
    composed = SQL("SELECT {}, {x}, {} AS {{y}}").format(Literal(1), Identifier("b"), x=TEN)
    assert composed.text == "SELECT 1, @ten, `b` AS {y}"
    assert composed.parameters == (TEN,)


def test_bare_template_is_taken_as_it_is() -> None:
    """Without format, braces have no meaning."""
    assert SQL("a{2}").text == "a{2}"
    assert SQL("{}").format(SQL("a{2}")).text == "a{2}"


def test_field_of_several_lines_is_indented_like_its_line() -> None:
    """Nested queries keep their shape, at any depth."""
    inner = SQL("SELECT {}\nFROM (\n  {}\n)").format(Literal(1), SQL("SELECT 2\nLIMIT 1"))
    assert SQL("AS (\n  {}\n)").format(inner).text == (
        "AS (\n  SELECT 1\n  FROM (\n    SELECT 2\n    LIMIT 1\n  )\n)"
    )


def test_join_puts_its_text_between() -> None:
    """None give nothing, one stands alone, and parameters are collected once each."""
    assert SQL(", ").join([]).text == ""
    assert SQL(", ").join([TEN]).text == "@ten"
    joined = SQL("; {").join([TEN, Literal("x"), TEN])
    assert joined.text == "@ten; {'x'; {@ten"
    assert joined.parameters == (TEN,)


@pytest.mark.parametrize(
    ("template", "positional", "named"),
    [
        ("{}", [], {}),
        ("{x}", [], {"y": Literal(1)}),
        ("{x}", [], {"x": Literal(1), "y": Literal(1)}),
        ("{}", [Literal(1), Literal(2)], {}),
        ("{x!r}", [], {"x": Literal(1)}),
        ("{x:>10}", [], {"x": Literal(1)}),
        ("{x.value}", [], {"x": Literal(1)}),
        ("{x}", [], {"x": "1; DROP TABLE t"}),
        ("{}", [3], {}),
        ("{}", [None], {}),
    ],
)
def test_template_refuses_what_does_not_fit(
    template: Any, positional: list[Any], named: dict[str, Any]
) -> None:
    """Missing and left-over fields, specifications, attribute access and plain values are errors."""
    with pytest.raises(TypeError):
        SQL(template).format(*positional, **named)


def test_join_refuses_plain_values() -> None:
    """A string does not become SQL by being joined."""
    values: list[Any] = ["1; DROP TABLE t"]
    with pytest.raises(TypeError):
        SQL(", ").join(values)


@pytest.mark.parametrize("name", ["", "a`b", "a\\b", "a\nb", "a\0b", "a\u2028b", "a\u202eb", "a\ud800b"])
def test_identifier_refuses_what_no_name_holds(name: str) -> None:
    """Names are refused, not escaped."""
    with pytest.raises(InvalidInputError):
        Identifier(name)
    with pytest.raises(InvalidInputError):
        Identifier("dataset", name)


def test_identifier_needs_a_name() -> None:
    """There is no empty path."""
    with pytest.raises(InvalidInputError):
        Identifier()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("it's", r"'it\'s'"),
        ("a\\b", r"'a\\b'"),
        ('"', "'\"'"),
        ("line\r\n\tnext", r"'line\r\n\tnext'"),
        ("\0\x7f", r"'\u0000\u007f'"),
        ("\u2028\u202e\u00a0", r"'\u2028\u202e\u00a0'"),
        ("\U000e0001", r"'\U000e0001'"),
        ("Ünïcödé 海报 😀", "'Ünïcödé 海报 😀'"),
        (True, "TRUE"),
        (False, "FALSE"),
        (-(2**63), "-9223372036854775808"),
        (0.2, "0.2"),
        (1.0, "1.0"),
        (1e-07, "1e-07"),
        (["a", "'"], r"['a', '\'']"),
        ((), "[]"),
        (datetime(2030, 1, 2, tzinfo=UTC), "TIMESTAMP '2030-01-02 00:00:00.000000+00:00'"),
        (
            datetime(2030, 1, 2, 0, 30, 0, 5, tzinfo=timezone(timedelta(hours=1))),
            "TIMESTAMP '2030-01-01 23:30:00.000005+00:00'",
        ),
    ],
)
def test_literal_is_written(value: Any, text: str) -> None:
    """Each kind of value has one spelling; what does not show is escaped."""
    assert Literal(value).text == text


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"x",
        object(),
        2**63,
        -(2**63) - 1,
        float("nan"),
        float("inf"),
        float("-inf"),
        "\ud800",
        "a\udfffb",
        ["a", 1],
        [["a"]],
        datetime(2030, 1, 2),
    ],
)
def test_literal_refuses_what_has_none(value: Any) -> None:
    """Values without a literal, and texts that are not valid Unicode, are refused at once."""
    with pytest.raises(InvalidInputError):
        Literal(value)


def test_every_character_arrives_unchanged() -> None:
    """Google's parser decodes a literal of any character back to it."""
    characters = "".join(chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code <= 0xDFFF)
    for start in range(0, len(characters), 50_000):
        value = characters[start : start + 50_000]
        assert googlesql.string_literals(f"SELECT {Literal(value).text}") == [value]


def test_every_ascii_pair_arrives_unchanged() -> None:
    """No two characters next to each other make something else."""
    ascii_characters = [chr(code) for code in range(128)]
    values = [first + second for first in ascii_characters for second in ascii_characters]
    assert googlesql.string_literals(f"SELECT {Literal(values).text}") == values


@given(st.lists(st.text(max_size=200), min_size=1, max_size=20))
def test_texts_arrive_unchanged(values: list[str]) -> None:
    """Google's parser decodes an array literal of any texts back to them, and nothing else is in the statement."""
    sql = f"SELECT {Literal(values).text}"
    assert "\n" not in sql
    assert googlesql.string_literals(sql) == values


def test_hostile_texts_evaluate_to_themselves() -> None:
    """What a literal means is its value, not only in the parser."""
    values = [
        "'; DROP TABLE t; --",
        "\\",
        "\\'",
        "a\\",
        "'''",
        '"""',
        "@x",
        "`",
        "/* x */",
        "\\u0041",
        "\\x41",
        "\n'\r",
    ]
    values += [
        "ML.GENERATE_TEXT(",
        "{}",
        "{{x}}",
        "%s",
        "\u2028",
        "\U000e0041",
        "\0",
        "é",
        "e\u0301",
        "\U0001d4b3",
    ]
    assert googlesql.evaluate(Literal(values).text) == values


@given(
    st.lists(
        st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False) | st.booleans(),
        min_size=1,
    )
)
def test_numbers_arrive_unchanged(values: list[int | float | bool]) -> None:
    """Numbers and bools mean themselves, with their type."""
    texts = ", ".join(Literal(value).text for value in values)
    found = googlesql.evaluate(f"STRUCT({texts})")
    assert [(type(value), value) for value in found] == [(type(value), value) for value in values]


@pytest.mark.parametrize(
    ("duration", "text"),
    [
        (timedelta(minutes=30), "INTERVAL 30 MINUTE"),
        (timedelta(minutes=60), "INTERVAL 1 HOUR"),
        (timedelta(days=7), "INTERVAL 7 DAY"),
        (timedelta(hours=36), "INTERVAL 36 HOUR"),
        (timedelta(seconds=1801), "INTERVAL 1801 SECOND"),
    ],
)
def test_interval_uses_the_largest_unit_that_fits(duration: timedelta, text: str) -> None:
    """Durations read as people write them, and mean the same."""
    assert interval(duration).text == text
    seconds = f"TIMESTAMP_DIFF(TIMESTAMP_ADD(TIMESTAMP '2030-01-01', {text}), TIMESTAMP '2030-01-01', SECOND)"
    assert googlesql.evaluate(seconds) == duration.total_seconds()


def test_interval_refuses_fractions_of_a_second() -> None:
    """Nothing is rounded."""
    with pytest.raises(InvalidInputError):
        interval(timedelta(milliseconds=1500))


@pytest.mark.parametrize(
    ("name", "kind", "value"),
    [
        ("", "STRING", "x"),
        ("A", "STRING", "x"),
        ("a b", "STRING", "x"),
        ("a\n", "STRING", "x"),
        ("a", "STRING", 1),
        ("a", "STRING", None),
        ("a", "STRING", "\ud800"),
        ("a", "STRING", ("x",)),
        ("a", "INT64", True),
        ("a", "INT64", 1.0),
        ("a", "INT64", 2**63),
        ("a", "FLOAT64", float("nan")),
        ("a", "ARRAY<STRING>", "x"),
        ("a", "ARRAY<STRING>", ("x", 1)),
        ("a", "ARRAY<STRING>", ["x"]),
    ],
)
def test_parameter_refuses_another_type(name: str, kind: Any, value: Any) -> None:
    """A parameter's name is plain, and its value is of its type."""
    with pytest.raises(InvalidInputError):
        Parameter(name, kind, value)


def test_timestamp_parameter_is_text_in_utc() -> None:
    """A moment is sent as BigQuery writes it, whatever its time zone."""
    moment = datetime(2030, 1, 1, 1, tzinfo=timezone(timedelta(hours=2)))
    assert Parameter.timestamp("at", moment) == Parameter(
        "at", "TIMESTAMP", "2029-12-31 23:00:00.000000+00:00"
    )
    with pytest.raises(InvalidInputError):
        Parameter.timestamp("at", moment.replace(tzinfo=None))


def test_statement_collects_parameters() -> None:
    """Equal parameters are one; two values under one name are refused."""
    statement = SQL("SELECT {a}, {b}").format(a=TEN, b=Parameter("ten", "INT64", 10)).statement("query")
    assert statement == Statement("SELECT @ten, @ten", (TEN,), "query")
    assert str(statement) == statement.sql
    with pytest.raises(InvalidInputError):
        SQL("SELECT {a}, {b}").format(a=TEN, b=Parameter("ten", "INT64", 11)).statement("query")


def test_reprs_show_no_values() -> None:
    """A prompt does not reach a log by way of a repr."""
    parameter = Parameter("prompt", "STRING", "secret prompt")
    composed = SQL("SELECT {}, {}").format(parameter, Literal("secret prompt"))
    for thing in (parameter, composed, composed.statement("query"), Literal("secret prompt")):
        assert "secret" not in repr(thing)


@pytest.mark.parametrize("label", ["", "Create", "a-b", "x" * 41, "a\n"])
def test_label_is_a_short_name(label: str) -> None:
    """Labels go into job ids."""
    with pytest.raises(InvalidInputError):
        Statement("SELECT 1", label=label)
