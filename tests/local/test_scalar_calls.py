"""Where a call of a scalar model function may stand in a statement, and where it is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from google.api_core.exceptions import GoogleAPICallError
from google.cloud import bigquery

if TYPE_CHECKING:
    from .conftest import Place, Script

GENERATE = "AI.GENERATE(('$PROMPT', ref), endpoint => 'scripted-1')"
HOLDS = "AI.IF(('is it so?', ref), endpoint => 'scripted-1')"


@pytest.fixture
def work(place: Place) -> Place:
    """A work table over three images: true, false, true; and their object table."""
    for name, text in (("a", "true"), ("b", "false"), ("c", "true")):
        place.put(f"{name}.png", text=text)
    place.posters()
    place.model()
    place.sql(
        "CREATE TABLE DS.work AS SELECT uri, SUBSTR(uri, -5, 1) AS name, generation, ref, 3 AS batch, "
        "FALSE AS retired, 'r' AS run_id FROM DS.posters"
    )
    return place


def calls(place: Place) -> dict[str, int]:
    """How often each image was shown."""
    counted = place.server.model_calls
    return {name: counted[place.uri(f"{name}.png")] for name in ("a", "b", "c")}


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        (f"SELECT name FROM DS.work WHERE {HOLDS} ORDER BY name", [{"name": "a"}, {"name": "c"}]),
        (f"SELECT name FROM DS.work WHERE NOT {HOLDS}", [{"name": "b"}]),
        (f"SELECT name, {HOLDS} FROM DS.work ORDER BY 1 LIMIT 1", [{"name": "a", "f0_": True}]),
        (f"SELECT {HOLDS}, {HOLDS}, 1 AS n FROM DS.work LIMIT 1;", [{"f0_": True, "f1_": True, "n": 1}]),
        (
            f"SELECT w.name FROM DS.work AS w WHERE {HOLDS.replace('ref', 'w.ref')} AND w.name > 'a'",
            [{"name": "c"}],
        ),
        (
            f"SELECT work.name FROM DS.work WHERE {HOLDS.replace('ref', 'work.ref')} AND name > 'a'",
            [{"name": "c"}],
        ),
        (f"SELECT COUNTIF({HOLDS}) AS n FROM DS.work", [{"n": 2}]),
        (
            f"SELECT name FROM DS.work ORDER BY IF({HOLDS}, 0, 1), name DESC LIMIT 2",
            [{"name": "c"}, {"name": "a"}],
        ),
        (
            f"SELECT name FROM DS.work WHERE name = 'b' OR {HOLDS} AND name != 'a' ORDER BY name",
            [{"name": "b"}, {"name": "c"}],
        ),
        (f"SELECT name FROM DS.work WHERE name BETWEEN 'b' AND 'c' AND {HOLDS}", [{"name": "c"}]),
        (
            "SELECT AI.GENERATE(JSON_VALUE(TO_JSON_STRING(w), '$.name'), endpoint => 'scripted-1').result AS r "
            "FROM (SELECT name FROM DS.work WHERE name = 'a') AS w",
            [{"r": "a"}],
        ),
        (f"SELECT COUNT(*) AS n, COUNTIF({HOLDS}) AS y FROM DS.work", [{"n": 3, "y": 2}]),
        (f"SELECT COUNT(*) AS n FROM DS.work WHERE {HOLDS}", [{"n": 2}]),
        (
            f"SELECT name, COUNT(*) OVER () AS n, {HOLDS} AS y FROM DS.work WHERE name = 'a'",
            [{"name": "a", "n": 1, "y": True}],
        ),
        (
            "SELECT w.name AS name FROM DS.work AS w ORDER BY AI.IF(('so?', w.ref, name), endpoint => "
            "'scripted-1'), name LIMIT 1",
            [{"name": "b"}],
        ),
        (
            f"SELECT DISTINCT {HOLDS} AS y FROM DS.work QUALIFY ROW_NUMBER() OVER (ORDER BY y) = 1",
            [{"y": False}],
        ),
        (
            f"SELECT * EXCEPT (ref, generation, uri) FROM DS.work WHERE {HOLDS} AND name = 'a'",
            [{"name": "a", "batch": 3, "retired": False, "run_id": "r"}],
        ),
        (f"SELECT * FROM (SELECT name, ref FROM DS.work) AS x WHERE {HOLDS} AND name = 'd'", []),
        (f"SELECT x.*, {HOLDS} AS y FROM (SELECT name, NULL AS ref FROM DS.work WHERE FALSE) AS x", []),
        (
            f"SELECT name FROM DS.work WHERE name IN (SELECT name FROM DS.work WHERE {HOLDS}) ORDER BY 1",
            [{"name": "a"}, {"name": "c"}],
        ),
        (
            f"SELECT a.name, y FROM DS.work AS a JOIN (SELECT name, {HOLDS} AS y FROM DS.work) AS "
            "b USING (name) WHERE name = 'b'",
            [{"name": "b", "y": False}],
        ),
        (
            f"SELECT name FROM DS.work WHERE {HOLDS} EXCEPT DISTINCT SELECT name FROM DS.work "
            "WHERE name = 'a'",
            [{"name": "c"}],
        ),
        (
            "WITH s AS (SELECT name, ref FROM DS.work WHERE name < 'c'), t AS (SELECT name, "
            f"{HOLDS} AS y FROM s) SELECT * FROM t WHERE y",
            [{"name": "a", "y": True}],
        ),
        (
            "WITH s AS (SELECT * FROM DS.work), t AS (WITH s AS (SELECT * FROM s WHERE name = "
            f"'a') SELECT name FROM s WHERE {HOLDS}) SELECT * FROM t",
            [{"name": "a"}],
        ),
        (
            f"SELECT name, {GENERATE}.result, {GENERATE}.status FROM DS.work WHERE name = 'a'",
            [{"name": "a", "result": "true", "status": ""}],
        ),
        (
            f"SELECT {GENERATE}.* EXCEPT (full_response) FROM DS.work WHERE name = 'b'",
            [{"result": "false", "status": ""}],
        ),
        (
            f"SELECT AI.GENERATE(({GENERATE}.result, '!'), endpoint => 'scripted-1').result AS r "
            "FROM DS.work WHERE name = 'b'",
            [{"r": "false\n!"}],
        ),
        (
            "SELECT t, AI.GENERATE(('say', t), endpoint => 'scripted-1').result AS r FROM UNNEST(['x']) AS t",
            [{"t": "x", "r": "say\nx"}],
        ),
        ("SELECT AI.GENERATE('just text', endpoint => 'scripted-1').result AS r", [{"r": "just text"}]),
        (
            f"SELECT CASE WHEN {HOLDS} THEN [name][OFFSET(0)] ELSE 'none' END AS r FROM DS.work "
            "WHERE name = 'c'",
            [{"r": "c"}],
        ),
        (
            f"SELECT name FROM DS.work -- AI.IF(\nWHERE {HOLDS} /* AI.IF( */ AND 'AI.IF(' != name "
            "# end\n AND name = 'a'",
            [{"name": "a"}],
        ),
        (
            "SELECT result FROM AI.GENERATE_TEXT(MODEL DS.model, (SELECT 'AI.IF(x)' AS prompt "
            f"FROM DS.work WHERE {HOLDS} AND name = 'a'), STRUCT(1.0 AS top_p))",
            [{"result": "AI.IF(x)"}],
        ),
        (
            "SELECT ml_generate_text_status AS s FROM ML.GENERATE_TEXT(MODEL DS.model, TABLE "
            f"DS.posters, STRUCT('x' AS prompt)) WHERE {HOLDS} AND uri LIKE '%a.png'",
            [{"s": ""}],
        ),
    ],
)
def test_a_call_may_stand_in_any_select_over_one_table(
    work: Place, sql: str, expected: list[dict[str, object]]
) -> None:
    """In lists, conditions, orders and expressions, at any depth, beside other clauses; column names are BigQuery's."""
    assert work.sql(sql) == expected


def test_rows_that_other_conditions_drop_are_not_asked(work: Place) -> None:
    """Neither by WHERE, nor by a first call in it."""
    work.sql(f"SELECT {GENERATE}.result FROM DS.work WHERE batch = 3 AND {HOLDS} AND name < 'c'")
    assert calls(work) == {"a": 2, "b": 1, "c": 0}


def test_the_ledgers_statement_is_run(work: Place, script: Script) -> None:
    """A batch of AI.GENERATE with parameters inside and outside, wrapped in steps and inserted."""
    work.put("a.png", text='{"title": "$PROMPT", "year": 1927}')
    work.posters()
    work.sql(
        "CREATE OR REPLACE TABLE DS.work AS SELECT uri, generation, ref, 3 AS batch, 'r' AS run_id, FALSE AS retired "
        "FROM DS.posters"
    )
    work.sql(
        "CREATE TABLE DS.ledger (uri STRING, run STRING, title STRING, year INT64, tokens STRING, status STRING)"
    )
    work.sql("CREATE CONNECTION IF NOT EXISTS `us.c` OPTIONS(connection_type = 'CLOUD_RESOURCE')")
    prompt = "what's this? AI.IF( @home"
    work.sql(
        """INSERT INTO DS.ledger (uri, run, title, year, tokens, status)
        SELECT uri, @run_id, title, year, tokens, status FROM (
          WITH _output AS (
            SELECT uri, generation, answer.title, answer.year, answer.full_response, answer.status
            FROM (
              SELECT uri, generation, AI.GENERATE(
                (@prompt, ref),
                endpoint => 'scripted-1',
                output_schema => 'title STRING OPTIONS(description = "as printed"), year INT64',
                model_params => JSON '{"generation_config": {"temperature": 0}}',
                connection_id => 'us.c'
              ) AS answer
              FROM DS.work WHERE batch = 3 AND run_id = @run_id AND NOT retired
            )
          ), _typed AS (
            SELECT *, JSON_VALUE(full_response, '$.usage_metadata.total_token_count') AS tokens FROM _output
          )
          SELECT * FROM _typed WHERE @run_id = 'r'
        )""",
        prompt=prompt,
        run_id="r",
    )
    rows = work.sql("SELECT * FROM DS.ledger ORDER BY uri")
    assert rows[0] == {
        "uri": work.uri("a.png"), "run": "r", "title": prompt, "year": 1927, "tokens": "10", "status": "",
    }  # fmt: skip
    assert [row["title"] for row in rows] == [prompt, None, None]
    assert calls(work) == {"a": 1, "b": 1, "c": 1}
    assert script.requests[-1].parameters == {"temperature": 0}


def test_several_images_are_one_question(work: Place, script: Script) -> None:
    """An array of refs, kept in a table, is shown in its order."""
    work.sql(
        "CREATE TABLE DS.films AS SELECT batch, ARRAY_AGG(ref ORDER BY uri DESC) AS ref FROM DS.work GROUP BY batch"
    )
    (row,) = work.sql(
        "SELECT batch, AI.GENERATE((['same', 'film?'], ref), endpoint => 'scripted-1').result AS r FROM DS.films"
    )
    assert row == {"batch": 3, "r": "true"}
    request = script.requests[-1]
    assert request.prompt == "same\nfilm?"
    assert [image.uri for image in request.images] == [work.uri(f"{name}.png") for name in "cba"]
    assert calls(work) == {"a": 1, "b": 1, "c": 1}


def test_a_struct_may_have_a_field_named_uri(work: Place) -> None:
    """It is a text like others: an ObjectRef has more fields than that."""
    work.sql("CREATE TABLE DS.named AS SELECT name AS uri, run_id FROM DS.work WHERE name = 'a'")
    (row,) = work.sql(
        "SELECT AI.GENERATE(STRUCT(uri, run_id), endpoint => 'scripted-1').result AS r FROM DS.named"
    )
    assert row == {"r": "a\nr"}


def test_a_question_that_is_null_is_not_asked(work: Place) -> None:
    """Its row has a status, or fails; texts that are NULL are left out."""
    (row,) = work.sql(
        "SELECT a.result, a.status FROM (SELECT AI.GENERATE(CAST(NULL AS STRING), endpoint => 'scripted-1') AS a)"
    )
    assert row == {"result": None, "status": "INVALID_ARGUMENT: the prompt is empty"}
    (row,) = work.sql(
        "SELECT AI.GENERATE((CAST(NULL AS STRING), ref), endpoint => 'scripted-1').result AS r "
        "FROM DS.work WHERE name = 'a'"
    )
    assert row == {"r": "true"}


@pytest.mark.parametrize("ref", ["IF(name = 'b', ref, NULL)", "[ref, IF(name = 'b', ref, NULL)]"])
def test_a_question_about_an_image_that_is_null_is_not_asked(work: Place, script: Script, ref: str) -> None:
    """The words alone would be another question; the rows that have one are asked."""
    asked = len(script.requests)
    rows = work.sql(
        f"SELECT AI.GENERATE(('film?', {ref}), endpoint => 'scripted-1').status AS s FROM DS.work ORDER BY name"
    )
    missing = "INVALID_ARGUMENT: an ObjectRef in the prompt is NULL"
    assert [row["s"] for row in rows] == [missing, "", missing]
    assert len(script.requests) == asked + 1


def test_conditions_beside_a_call_spare_it_rows(work: Place) -> None:
    """AND joins them, whatever BETWEEN and CASE hold."""
    work.sql(
        f"SELECT name FROM DS.work WHERE name BETWEEN 'b' AND 'c' AND {HOLDS} "
        "AND CASE WHEN name = 'c' AND batch = 3 THEN FALSE ELSE TRUE END"
    )
    assert calls(work) == {"a": 0, "b": 1, "c": 0}


def test_positional_parameters_keep_their_order(work: Place) -> None:
    """Those in a call are taken out of the middle of the statement."""
    config = bigquery.QueryJobConfig(
        query_parameters=[bigquery.ScalarQueryParameter(None, "STRING", text) for text in ("one", "two", "a")]
    )
    rows = work.client.query(
        "SELECT ? AS a, AI.GENERATE((?, 'x'), endpoint => 'scripted-1').result AS b "
        f"FROM {work.dataset}.work WHERE name = ?",
        job_config=config,
    ).result()
    assert [dict(row) for row in rows] == [{"a": "one", "b": "two\nx"}]


def test_structs_keep_names_that_are_words_of_sql(work: Place) -> None:
    """In a stored answer, and when it is read."""
    work.put("a.png", text='{"order": "x", "my film": "y", "in": {"end": 1}}')
    work.posters()
    work.sql(
        "CREATE TABLE DS.answers AS SELECT AI.GENERATE(('x', ref), endpoint => 'scripted-1', output_schema => "
        "'`order` STRING, `my film` STRING, `in` STRUCT<`end` INT64>') AS a FROM DS.posters WHERE uri LIKE '%a.png'"
    )
    (row,) = work.sql("SELECT a.`order`, a.`my film`, a.`in` FROM DS.answers")
    assert row == {"order": "x", "my film": "y", "in": {"end": 1}}


def test_columns_of_every_type_pass_by_a_call(work: Place) -> None:
    """What the table holds beside the question comes out as it went in."""
    work.sql(
        "CREATE TABLE DS.kinds AS SELECT ref, DATE '2020-01-02' AS d, NUMERIC '1.5' AS n, b'ab' AS b, 0.5 AS f, "
        "TIMESTAMP '2020-01-02 03:04:05' AS t, [STRUCT(1 AS x, ['y'] AS y)] AS s, JSON '{\"k\": [1]}' AS j "
        "FROM DS.posters WHERE uri LIKE '%a.png'"
    )
    plain = work.sql("SELECT * EXCEPT (ref) FROM DS.kinds")
    assert work.sql(f"SELECT * EXCEPT (ref) FROM DS.kinds WHERE {HOLDS}") == plain


def test_thousands_of_rows_are_answered(place: Place) -> None:
    """Each once, in one statement."""
    place.sql("CREATE TABLE DS.t AS SELECT CAST(n AS STRING) AS n FROM UNNEST(GENERATE_ARRAY(1, 5000)) AS n")
    place.sql("CREATE TABLE DS.r AS SELECT n, AI.GENERATE_INT(n, endpoint => 'scripted-1') AS a FROM DS.t")
    (row,) = place.sql(
        "SELECT COUNT(*) AS n, COUNTIF(CAST(a.result AS STRING) = n) AS right FROM DS.r".replace(
            "right", "same"
        )
    )
    assert row == {"n": 5000, "same": 5000}


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        (
            "SELECT w.name FROM DS.work AS w JOIN DS.posters AS p USING (uri) WHERE "
            f"{HOLDS.replace('ref', 'w.ref')}",
            "one table or one subquery",
        ),
        (
            f"SELECT 1 FROM DS.work AS w, DS.posters AS p WHERE {HOLDS.replace('ref', 'w.ref')}",
            "one table or one subquery",
        ),
        (
            f"SELECT name FROM DS.work TABLESAMPLE SYSTEM (50 PERCENT) WHERE {HOLDS}",
            "one table or one subquery",
        ),
        (f"SELECT {HOLDS} AS y, COUNT(*) AS n FROM DS.work GROUP BY y", "GROUP BY"),
        (
            "SELECT AI.IF(STRING_AGG(name), endpoint => 'scripted-1') AS y FROM DS.work",
            "aggregate function",
        ),
        (
            "SELECT name, EXISTS (SELECT 1 FROM DS.posters WHERE AI.IF((w.name, ref), endpoint "
            "=> 'scripted-1')) AS y FROM DS.work AS w",
            "columns of the query around",
        ),
        (f"SELECT TO_JSON_STRING(w) AS j FROM DS.work AS w WHERE {HOLDS}", "a whole row of w"),
        (f"SELECT ARRAY_AGG(work) AS j FROM DS.work WHERE {HOLDS}", "a whole row of work"),
        (f"SELECT ARRAY(SELECT AS STRUCT w.*) AS j FROM DS.work AS w WHERE {HOLDS}", "a whole row of w"),
        (
            f"SELECT AI.IF(TO_JSON_STRING(w), endpoint => 'scripted-1') AS y FROM DS.work AS w WHERE {HOLDS}",
            "a whole row of w",
        ),
        (
            "WITH RECURSIVE r AS (SELECT 'a' AS name UNION ALL SELECT AI.GENERATE(name, endpoint => "
            "'scripted-1').result FROM r) SELECT * FROM r",
            "a recursive table",
        ),
        (
            "WITH RECURSIVE r AS (SELECT 'a' AS prompt UNION ALL SELECT result FROM AI.GENERATE_TEXT(MODEL "
            "DS.model, TABLE r, STRUCT(1.0 AS top_p))) SELECT * FROM r",
            "a recursive table",
        ),
        (
            "SELECT UPPER(name) AS name FROM DS.work ORDER BY AI.SCORE((name, ref), endpoint => 'scripted-1')",
            "ORDER BY, about name",
        ),
        (
            "SELECT uri name FROM DS.work ORDER BY AI.SCORE((name, ref), endpoint => 'scripted-1')",
            "ORDER BY, about name",
        ),
        (
            "SELECT ref FROM DS.work UNION ALL SELECT ref FROM DS.posters ORDER BY AI.SCORE(ref, endpoint => "
            "'scripted-1')",
            "ORDER BY behind UNION",
        ),
        (f"SELECT COUNT(*) AS n, {HOLDS} AS y FROM DS.work", "beside an aggregate function"),
        (f"UPDATE DS.work SET retired = {HOLDS} WHERE TRUE", "outside of a SELECT"),
        (f"DELETE FROM DS.work WHERE {HOLDS}", "outside of a SELECT"),
        (f"CREATE VIEW DS.v AS SELECT name FROM DS.work WHERE {HOLDS}", "CREATE VIEW"),
        (f"FROM DS.work |> WHERE {HOLDS}", "outside of a SELECT"),
        (f"DECLARE x INT64 DEFAULT 1; SELECT name FROM DS.work WHERE {HOLDS}", "procedural"),
        (
            "CREATE VIEW DS.v AS SELECT * FROM AI.GENERATE_TEXT(MODEL DS.model, TABLE "
            "DS.posters, STRUCT('x' AS prompt))",
            "CREATE VIEW",
        ),
    ],
)
def test_elsewhere_a_call_is_refused_and_nothing_is_asked(work: Place, sql: str, reason: str) -> None:
    """With what is in the way, rather than a guess."""
    with pytest.raises(GoogleAPICallError, match="not supported by the local BigQuery") as caught:
        work.sql(sql)
    assert reason in str(caught.value)
    assert caught.value.errors[0]["reason"] == "notImplemented"
    assert calls(work) == {"a": 0, "b": 0, "c": 0}


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        (f"CREATE TABLE DS.work AS SELECT {HOLDS} AS y FROM DS.posters", "Already Exists: Table"),
        (f"CREATE TABLE missing.t AS SELECT {HOLDS} AS y FROM DS.posters", "Not found: Dataset"),
        (f"INSERT INTO DS.missing SELECT {HOLDS} AS y FROM DS.posters", "Not found: Table"),
        (f"DELETE FROM DS.missing WHERE TRUE IN (SELECT {HOLDS} FROM DS.posters)", "Not found: Table"),
        (f"INSERT INTO missing SELECT {HOLDS} AS y FROM DS.posters", "must be qualified with a dataset"),
    ],
)
def test_a_statement_that_can_not_write_asks_nothing(work: Place, sql: str, reason: str) -> None:
    """Its table is looked for first."""
    with pytest.raises(GoogleAPICallError, match=reason):
        work.sql(sql)
    assert calls(work) == {"a": 0, "b": 0, "c": 0}


def test_a_table_that_is_there_is_not_paid_for(work: Place) -> None:
    """IF NOT EXISTS asks nothing then, OR REPLACE does, and so does IF NOT EXISTS where there is none."""
    work.sql(f"CREATE TABLE IF NOT EXISTS DS.work AS SELECT {HOLDS} AS y FROM DS.posters")
    assert calls(work) == {"a": 0, "b": 0, "c": 0}
    assert len(work.sql("SELECT name FROM DS.work")) == 3
    work.sql(f"CREATE TABLE IF NOT EXISTS DS.made AS SELECT uri, {HOLDS} AS y FROM DS.posters")
    work.sql(f"CREATE OR REPLACE TABLE DS.work AS SELECT {HOLDS} AS y FROM DS.posters")
    assert calls(work) == {"a": 2, "b": 2, "c": 2}
    assert [row["y"] for row in work.sql("SELECT y FROM DS.made ORDER BY uri")] == [True, False, True]
