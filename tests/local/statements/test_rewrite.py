"""Rewriting: for Google's evaluator a statement means after it what it meant before, in words the emulator knows."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bqvision.local.statements import QueryParameter, Span, rewrite
from bqvision.local.statements.differences import (
    joined_literals,
    lenient_json,
    named_structs,
    strict_safe_cast,
    whole_div,
    whole_timestamp_diff,
)
from tests import googlesql

EMULATOR_ESCAPES = re.compile(r"(?<!\\)(?:\\\\)*\\[^\\'n]")
"""Escapes other than these stay as typed in the emulator."""


@pytest.mark.parametrize(
    "literal",
    [
        r"'\"'",
        r"'\x41'",
        r"'\u00e9\U0001f600'",
        r"'\101'",
        r"r'\d+'",
        "'''it's\ntwo lines'''",
        r"'a\tb'",
        "'@name'",
    ],
)
def test_literals_keep_their_value(literal: str) -> None:
    """Written anew in escapes that the emulator decodes."""
    sql = rewrite(f"SELECT {literal} AS x").sql
    before = googlesql.evaluate(literal, {})
    assert googlesql.query(sql) == [(before,)]
    assert not EMULATOR_ESCAPES.search(sql)


@given(st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20))
def test_any_text_keeps_its_value(text: str) -> None:
    """Words that the emulator searches for, quotes and signs included."""
    for content in (text, f"{text} ML.GENERATE_TEXT( @{text}"):
        quoted = "'" + content.replace("\\", "\\\\").replace("'", "\\'") + "'"
        assert googlesql.query(rewrite(f"SELECT {quoted} AS x").sql) == [(content,)]


def test_words_that_the_emulator_searches_for_are_broken_up_in_texts() -> None:
    """A prompt may name a function."""
    sql = rewrite("SELECT 'please do not ML.PREDICT(' AS x, 'ML.GENERATE_TEXT' AS y").sql
    assert "ML.PREDICT" not in sql
    assert "ML.GENERATE_TEXT" not in sql
    assert googlesql.query(sql) == [("please do not ML.PREDICT(", "ML.GENERATE_TEXT")]


def test_every_use_of_a_parameter_has_its_own_name() -> None:
    """The emulator takes each name once; values are copied, quoted names become plain, positions become names."""
    prompt = QueryParameter("p", {"type": "STRING"}, {"value": "hello"})
    done = rewrite("SELECT @p AS a, @`p` AS b, '@p' AS c", [prompt])
    names = re.findall(r"@(\w+)", done.sql.replace("'@p'", ""))
    assert len(set(names)) == 2
    assert sorted(parameter.name or "" for parameter in done.parameters) == sorted(names)
    assert {str(parameter.value["value"]) for parameter in done.parameters} == {"hello"}
    positional = rewrite("SELECT ? AS a", [QueryParameter(None, {"type": "STRING"}, {"value": "x"})])
    assert "?" not in positional.sql
    assert positional.parameters[0].name is not None


def test_replacements_take_the_place_of_their_span() -> None:
    """A model call gives way to a table."""
    sql = "SELECT a FROM CALL(1, 'x') AS t WHERE b = 'y'"
    span = Span(sql.index("CALL"), sql.index(" AS t"))
    assert rewrite(sql, (), {span: "`scratch`"}).sql == "SELECT a FROM `scratch` AS t WHERE b = 'y'"


@pytest.mark.parametrize(
    ("rewriter", "expression"),
    [
        (joined_literals, "CONCAT('a' 'b', 'c')"),
        (whole_div, "DIV(7 - 1, 3)"),
        (whole_div, "DIV(DIV(20 - 1, 3), 2 + 1)"),
        (
            whole_timestamp_diff,
            "TIMESTAMP_DIFF(TIMESTAMP '2020-01-02 00:30:00', TIMESTAMP '2020-01-01 23:45:00', HOUR)",
        ),
        (lenient_json, """JSON_VALUE('{"a": "x"} and more', '$.a')"""),
    ],
)
def test_a_rewrite_means_the_same(rewriter: object, expression: str) -> None:
    """By Google's evaluator, before and after."""
    assert callable(rewriter)
    after = rewriter(expression)
    assert googlesql.evaluate(after, {}) == googlesql.evaluate(expression, {})


@pytest.mark.parametrize(
    "rewriter",
    [joined_literals, named_structs, whole_div, whole_timestamp_diff, lenient_json, strict_safe_cast],
)
def test_a_rewrite_leaves_alone_what_it_does_not_know(rewriter: object) -> None:
    """Text, comments and other functions stay as they are."""
    assert callable(rewriter)
    sql = "SELECT 'DIV(a - 1, b)', my.DIV(a - 1, b), div /* JSON_VALUE(x, '$.y') */ FROM t -- SAFE_CAST(x AS INT64)"
    assert rewriter(sql) == sql


@pytest.mark.parametrize(
    ("sql", "wanted"),
    [
        ("SELECT ('a', ref) AS prompt", "SELECT STRUCT('a' AS _field_1, ref AS _field_2) AS prompt"),
        ("SELECT STRUCT('a', t.ref) AS p", "SELECT STRUCT('a' AS _field_1, t.ref AS ref) AS p"),
        ("SELECT STRUCT(1 AS x, x) AS p", "SELECT STRUCT(1 AS x, x AS _field_2) AS p"),
        ("SELECT (SELECT AS STRUCT 1 AS a, 2 AS b) AS s", None),
        ("SELECT 1 FROM t, (SELECT 1 AS a, 2 AS b) AS s", None),
        ("SELECT 1 FROM t WHERE (a, b) IN ((1, 2)) AND f(a, b) AS c", None),
        ("SELECT 1 FROM t UNPIVOT((a, b) FOR n IN ((c, d) AS 'one'))", None),
        ("WITH w AS (SELECT 1, 2), v AS (SELECT 3, 4) SELECT [STRUCT(1 AS x), (2)] AS y", None),
    ],
)
def test_only_structs_that_become_columns_get_named_fields(sql: str, wanted: str | None) -> None:
    """Calls, lists, subqueries and comparisons stay."""
    assert named_structs(sql) == (sql if wanted is None else wanted)
