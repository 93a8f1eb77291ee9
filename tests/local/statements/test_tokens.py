"""Tokens: nothing of the source is lost, and literals mean what Google's own parser says."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bqvision.local.statements import StatementError, split_statements, string_literal
from bqvision.local.statements.literals import bytes_value, string_text
from bqvision.local.statements.tokens import Kind, scan, tokenize
from tests import googlesql

FORMS = ("'{}'", '"{}"', "'''{}'''", '"""{}"""', "r'{}'", 'R"{}"', "r'''{}'''")

CONTENTS = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "\\\\",
                "\\'",
                '\\"',
                "\\`",
                "\\?",
                "\\n",
                "\\r",
                "\\t",
                "\\a",
                "\\x41",
                "\\X7a",
                "\\101",
                "\\u00e9",
            ]
        ),
        st.sampled_from(["\\U0001f600", "--", "/*", "#", "@p", "ML.PREDICT", ";", " "]),
        st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\\'\"`"),
    ),
    max_size=8,
).map("".join)


@given(CONTENTS, st.sampled_from(FORMS))
@example("ends with a backslash \\\\", "'{}'")
def test_a_string_literal_means_what_googles_parser_says(content: str, form: str) -> None:
    """Every form and every escape."""
    sql = f"SELECT {form.format(content)}"
    try:
        (wanted,) = googlesql.string_literals(sql)
    except googlesql.GoogleSQLError:
        return
    (token,) = [token for token in tokenize(sql) if token.kind is Kind.STRING]
    assert string_text(token, sql) == wanted


@given(st.text(st.characters(codec="utf-8"), max_size=30))
@example("\\")
@example('it\'s "quoted"\n\u2028\U0001f600')
def test_a_text_written_as_a_literal_is_read_back(text: str) -> None:
    """What we write for the emulator is the same text for Google's parser."""
    assert googlesql.string_literals(f"SELECT {string_literal(text)}") == [text]


@given(CONTENTS, st.sampled_from(FORMS))
@example("\\xff\\377 \u00e9", "'{}'")
def test_a_bytes_literal_means_what_googles_evaluator_says(content: str, form: str) -> None:
    """Every form and every escape; Unicode escapes are refused by both."""
    literal = f"b{form.format(content)}"
    try:
        ((wanted,),) = googlesql.query(f"SELECT {literal}")
    except googlesql.GoogleSQLError:
        return
    (token,) = tokenize(literal)
    assert (token.kind, bytes_value(token, literal)) == (Kind.BYTES, wanted)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 'a''b', \"c\" FROM `p.d.t` -- comment; 'x'\nWHERE x = @p AND y > 1.5e-3 /* ; */ # end",
        "SELECT r'\\d', b'\\x00', rb\"\\d\", '''a'b\n''c''', @@project_id, @`odd name`, ? FROM d.`t-1`",
        "SELECT a.b[OFFSET(0)], -1, .5, 0x1F, x<=y, x||y, {fn}",
    ],
)
def test_the_tokens_cover_the_source(sql: str) -> None:
    """Token by token, with what stands between, the text is the same again."""
    assert "".join(token.text for token in scan(sql)) == sql


@pytest.mark.parametrize(
    "sql", ["SELECT 'open", 'SELECT """open"', "SELECT `open", "SELECT /* open", "SELECT '\\q'"]
)
def test_a_literal_that_does_not_end_is_an_error_with_its_place(sql: str) -> None:
    """As BigQuery says it: line and column."""
    with pytest.raises(StatementError, match=r"\[1:8\]|\[1:9\]"):
        for token in tokenize(sql):
            if token.kind is Kind.STRING:
                string_text(token, sql)


def test_statements_are_told_apart_where_they_end() -> None:
    """Semicolons in literals, comments and blocks end nothing."""
    sql = "SELECT ';'; -- one;\nBEGIN SELECT 1; SELECT 2; END; CREATE TABLE d.t AS SELECT ';';;"
    assert split_statements(sql) == (
        "SELECT ';'",
        "BEGIN SELECT 1; SELECT 2; END",
        "CREATE TABLE d.t AS SELECT ';'",
    )
