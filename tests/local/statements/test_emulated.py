"""What the emulator answers after rewriting is what Google's evaluator says, and texts come back as they went in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from google.cloud import bigquery
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bqvision.local.statements import string_literal
from tests import googlesql

if TYPE_CHECKING:
    from tests.local.conftest import Place

HOSTILE = (
    *(
        "ML.PREDICT",
        "ml.generate_text(",
        "_PARTITIONTIME",
        "INFORMATION_SCHEMA.TABLES",
        "from d.j*",
        "JOIN a.b* ",
    ),
    *("NUMERIC ", "numeric 'x'", "RANGE_SESSIONIZE(TABLE x, 'a', ['b'])", "FOR SYSTEM_TIME AS OF", "COLLATE"),
    *(
        "_TABLE_SUFFIX = 'x'",
        "SESSION_USER()",
        "TO_JSON(x)",
        "SAFE.LN(1)",
        "UNNEST([STRUCT(1)])",
        "WITH OFFSET",
    ),
    *(
        "INTERVAL '1-2' YEAR TO MONTH",
        "DIV(a - 1, b)",
        "SAFE_CAST(x AS INT64)",
        "OPTIONS(",
        "a/b",
        "1.5",
        ";",
    ),
    *(
        "@given",
        "$given",
        "$1",
        "?",
        "--",
        "/*",
        "*/",
        "#",
        "'",
        '"',
        "`",
        "'''",
        '"""',
        "\\",
        "\\n",
        "\n",
        "\r",
    ),
    *("\t", "\0", "\x01", "\u2028", "\U0001f600", "{{x}}", "{% a %}", "%s", "BEGIN", "SNAPSHOT"),
)
TEXTS = st.lists(
    st.one_of(st.sampled_from(HOSTILE), st.text(st.characters(codec="utf-8"), max_size=3)), max_size=5
)
ALONGSIDE = (
    "1",
    "SAFE.LN(1.0)",
    "TO_JSON(1)",
    "1 / 2",
    "STRUCT(1 AS a)",
    "LAST_DAY(DATE '2020-01-01', WEEK)",
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.tuples(TEXTS.map("".join), TEXTS.map("".join)), st.sampled_from(ALONGSIDE))
def test_any_text_passes_as_literal_and_as_parameter(
    place: Place, texts: tuple[str, str], alongside: str
) -> None:
    """Side by side, in whatever expression makes the emulator read the statement again."""
    first, second = texts
    (row,) = place.sql(
        f"SELECT {string_literal(first)} AS a, @given AS b, {string_literal(second)} AS c, {alongside} AS d "
        f"FROM UNNEST([1]) WHERE @given = {string_literal(first)} -- don't",
        given=first,
    )
    assert (row["a"], row["b"], row["c"]) == (first, first, second)


@pytest.mark.parametrize("function", ["JSON_VALUE", "JSON_QUERY", "JSON_EXTRACT", "JSON_EXTRACT_SCALAR"])
def test_json_functions_read_what_is_not_quite_json(place: Place, function: str) -> None:
    """The tutorial's clean-up leaves such texts."""
    answers = (
        *(
            '{"title": "a", "year": 1912}',
            '{"title": "a"} and more',
            '```json\n{"title": "a"}\n```',
            "",
            "null",
        ),
        *(
            '{"title": null}',
            '{"title": {"k": [1, "}"]}}',
            '[{"title": 1}]',
            '{"title": ""}',
            "no",
            '{"title": tru',
        ),
    )
    calls = [f"""{function}({string_literal(text)}, "$.title")""" for text in answers]
    sql = "SELECT " + ", ".join(f"{call} AS c{number}" for number, call in enumerate(calls))
    (row,) = place.sql(sql)
    assert tuple(row.values()) == googlesql.query(sql)[0]


@pytest.mark.parametrize(
    "expression",
    [
        *(
            f"SAFE_CAST('{text}' AS INT64)"
            for text in ("12", "1912.5", " +12 ", "0x1F", "1e3", "", "x", "1 2")
        ),
        "SAFE_CAST(2 AS INT64)",
        "SAFE_CAST(TRUE AS INT64)",
        "DIV(7 - 1, 3)",
        "DIV(DIV(20 - 1, 3), 1 + 1)",
        "TIMESTAMP_DIFF(TIMESTAMP '2020-01-03 00:00:00', TIMESTAMP '2020-01-01 12:00:00', DAY)",
        "TIMESTAMP_DIFF(TIMESTAMP '2020-01-01 00:10:00', TIMESTAMP '2020-01-01 01:50:00', HOUR)",
        "CONCAT('ML.' 'PREDICT', r'\\d', '''it's''')",
        "b'\\x61' || b'b' = b'ab'",
    ],
)
def test_expressions_mean_what_google_says(place: Place, expression: str) -> None:
    """Where the emulator alone would say something else."""
    sql = f"SELECT {expression} AS x"
    (row,) = place.sql(sql)
    assert (row["x"],) == googlesql.query(sql)[0]


def test_countif_is_counted_over_windows(place: Place) -> None:
    """Also where nothing fits, and in another call of it."""
    sql = (
        "SELECT COUNTIF(x > 1) OVER (ORDER BY x) AS a, COUNTIF(x > 9) OVER () AS b FROM UNNEST([1, 2, 2, NULL]) AS x "
        "ORDER BY a"
    )
    assert [tuple(row.values()) for row in place.sql(sql)] == googlesql.query(sql)
    assert place.sql(
        "SELECT COUNTIF(x > 1) AS n, COUNTIF(DISTINCT x > 1) AS d FROM UNNEST([1, 2, 3]) AS x"
    ) == [{"n": 2, "d": 1}]


def test_structs_without_names_can_be_stored(place: Place) -> None:
    """Tuples and anonymous fields, nested too; subqueries and column lists are none."""
    place.sql(
        "CREATE TABLE DS.t AS SELECT ('ask', s.a) AS p, STRUCT('ask', a, a) AS q, STRUCT((1, 2) AS x, 3) AS r "
        "FROM UNNEST([1]) AS one, (SELECT 'ref' AS a, 2 AS b) AS s WHERE (s.b, 1) IN ((2, 1))"
    )
    (row,) = place.sql("SELECT * FROM DS.t")
    assert list(row["p"].values()) == ["ask", "ref"]
    assert row["q"] == {"_field_1": "ask", "a": "ref", "_field_3": "ref"}
    assert row["r"] == {"x": {"_field_1": 1, "_field_2": 2}, "_field_2": 3}


def test_scripts_take_parameters_of_every_type(place: Place) -> None:
    """The emulator binds none there, so they become literals."""
    scalar, array = bigquery.ScalarQueryParameter, bigquery.ArrayQueryParameter
    config = bigquery.QueryJobConfig(
        query_parameters=[
            scalar("text", "STRING", "it's\nML.PREDICT @text"),
            scalar("none", "STRING", None),
            scalar("whole", "INT64", -7),
            scalar("half", "FLOAT64", 0.5),
            scalar("yes", "BOOL", True),
            scalar("raw", "BYTES", b"\x00\xff'"),  # type: ignore[arg-type]  # the client takes bytes
            array("many", "STRING", ["a", "b'"]),
            array("no_item", "INT64", []),
            bigquery.StructQueryParameter("both", scalar("x", "STRING", "v"), scalar("n", "INT64", 3)),
        ]
    )
    sql = (
        "DECLARE n INT64 DEFAULT @whole; SELECT @text AS text, @none AS none_given, n, @half AS half, @yes AS yes, "
        "@raw AS raw, @many AS many, ARRAY_LENGTH(@no_item) AS no_item, @both AS both_of"
    )
    (row,) = place.client.query(sql, job_config=config, job_retry=None).result(timeout=60)
    assert tuple(row.values()) == (
        *("it's\nML.PREDICT @text", None, -7, 0.5, True, b"\x00\xff'", ["a", "b'"], 0),
        {"x": "v", "n": 3},
    )
