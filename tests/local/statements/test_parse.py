"""Reading statements: what the local BigQuery does itself is recognised, with every option; the rest is a query."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bqvision.local.statements import (
    CreateConnection,
    CreateObjectTable,
    CreateRemoteModel,
    CreateSchema,
    DropConnection,
    DropExternalTable,
    DropModel,
    DropSchema,
    Query,
    QueryInput,
    QueryParameter,
    RefreshObjectTable,
    Script,
    StatementError,
    Struct,
    TableInput,
    UnsupportedStatementError,
    parse,
)


def text_parameter(name: str, text: str) -> QueryParameter:
    """A STRING parameter."""
    return QueryParameter(name, {"type": "STRING"}, {"value": text})


def query(sql: str, *parameters: QueryParameter) -> Query:
    """Parse what must be a query."""
    parsed = parse(sql, parameters)
    assert isinstance(parsed, Query)
    return parsed


def test_the_tutorials_object_table_is_read() -> None:
    """Comments, blanks and case do not matter; DEFAULT is no name."""
    parsed = parse(
        """
        -- the posters
        create or replace EXTERNAL TABLE `bqml_tutorial.movie_posters` WITH CONNECTION DEFAULT
        OPTIONS (object_metadata = "SIMPLE", uris = ['gs://b/classic-movie-posters/*']);
        """
    )
    assert isinstance(parsed, CreateObjectTable)
    assert parsed.path == ("bqml_tutorial", "movie_posters")
    assert (parsed.replace, parsed.if_not_exists, parsed.connection) == (True, False, None)
    assert parsed.uris == ("gs://b/classic-movie-posters/*",)


def test_all_options_of_an_object_table_are_read() -> None:
    """Intervals, labels, times and query parameters."""
    parsed = parse(
        """CREATE EXTERNAL TABLE IF NOT EXISTS `p-1`.d.`t 1` WITH CONNECTION `p-1.us.vision`
        OPTIONS(object_metadata='SIMPLE', uris=[@uri, 'gs://b/c'], max_staleness=INTERVAL 4 HOUR,
        metadata_cache_mode='MANUAL', description='it''s' 'two', labels=[('k', 'v')],
        expiration_timestamp=TIMESTAMP '2030-01-02 03:04:05+00:00')""".replace(
            "'it''s' 'two'", '"it\'s two"'
        ),
        [text_parameter("uri", "gs://a/*")],
    )
    assert isinstance(parsed, CreateObjectTable)
    assert parsed.path == ("p-1", "d", "t 1")
    assert parsed.connection == "p-1.us.vision"
    assert parsed.uris == ("gs://a/*", "gs://b/c")
    assert parsed.max_staleness == timedelta(hours=4)
    assert parsed.metadata_cache_mode == "MANUAL"
    assert parsed.description == "it's two"
    assert parsed.labels == (("k", "v"),)
    assert parsed.expiration == datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_models_connections_and_datasets_are_read() -> None:
    """Each statement that the local BigQuery carries out itself."""
    model = parse(
        "CREATE MODEL IF NOT EXISTS `d.gemini-vision` REMOTE WITH CONNECTION `us.c` OPTIONS(ENDPOINT='g')"
    )
    assert isinstance(model, CreateRemoteModel)
    assert (model.path, model.connection, model.endpoint) == (("d", "gemini-vision"), "us.c", "g")
    assert parse("DROP MODEL IF EXISTS d.m") == DropModel(path=("d", "m"), if_exists=True)
    assert parse("DROP EXTERNAL TABLE d.t") == DropExternalTable(path=("d", "t"), if_exists=False)
    refresh = parse("CALL BQ.REFRESH_EXTERNAL_METADATA_CACHE('p-1.d.t')")
    assert refresh == RefreshObjectTable(path=("p-1", "d", "t"))
    connection = parse(
        "CREATE CONNECTION `p.us.c` OPTIONS(connection_type='CLOUD_RESOURCE', friendly_name='f')"
    )
    assert isinstance(connection, CreateConnection)
    assert (connection.path, connection.connection_type) == (("p", "us", "c"), "CLOUD_RESOURCE")
    assert parse("DROP CONNECTION `us.c`") == DropConnection(path=("us", "c"), if_exists=False)
    schema = parse(
        "CREATE SCHEMA d OPTIONS(location='EU', labels=[('a','b')], default_table_expiration_days=1.5)"
    )
    assert isinstance(schema, CreateSchema)
    assert (schema.location, schema.labels, schema.default_table_expiration_days) == (
        "EU",
        (("a", "b"),),
        1.5,
    )
    dropped = parse("DROP SCHEMA IF EXISTS d CASCADE")
    assert isinstance(dropped, DropSchema)
    assert (dropped.if_exists, dropped.cascade) == (True, True)


def test_a_call_over_an_object_table_is_found_with_its_arguments() -> None:
    """The tutorial's statement: model, table and struct, and where the call stands."""
    sql = (
        "CREATE OR REPLACE TABLE d.r AS (SELECT uri, ml_generate_text_llm_result FROM ML.GENERATE_TEXT("
        "MODEL `d.gemini-vision`, TABLE `d.posters`, STRUCT(0.2 AS temperature, 'What? ML.PREDICT(' AS PROMPT, "
        "['x', 'y'] AS stop_sequences, [STRUCT('C' AS category, 'T' AS threshold)] AS safety_settings, "
        "TRUE AS FLATTEN_JSON_OUTPUT)) AS said)"
    )
    parsed = query(sql)
    (call,) = parsed.model_calls
    assert (call.function, call.model) == ("ML.GENERATE_TEXT", ("d", "gemini-vision"))
    assert isinstance(call.source, TableInput)
    assert call.source.path == ("d", "posters")
    assert call.arguments == {
        "temperature": 0.2,
        "prompt": "What? ML.PREDICT(",
        "stop_sequences": ("x", "y"),
        "safety_settings": (Struct(("category", "threshold"), ("C", "T")),),
        "flatten_json_output": True,
    }
    assert sql[call.span.start : call.span.end].startswith("ML.GENERATE_TEXT(MODEL")
    assert sql[call.span.end :] == " AS said)"
    assert parsed.target is not None
    assert (parsed.target.kind, parsed.target.path) == ("CREATE TABLE", ("d", "r"))
    assert ("d", "posters") in parsed.table_paths


def test_a_call_over_a_query_keeps_the_query() -> None:
    """The ObjectRef form, with the prompt as a parameter."""
    parsed = query(
        "INSERT INTO `p.d.ledger` (uri) SELECT uri FROM ML.GENERATE_TEXT(MODEL d.m, "
        "(SELECT uri, (@prompt, ref) AS prompt FROM d.work WHERE batch = 0), STRUCT(@t AS temperature))",
        text_parameter("prompt", "Which film?"),
        QueryParameter("t", {"type": "FLOAT64"}, {"value": "0.5"}),
    )
    (call,) = parsed.model_calls
    assert isinstance(call.source, QueryInput)
    assert call.source.sql == "SELECT uri, (@prompt, ref) AS prompt FROM d.work WHERE batch = 0"
    assert call.arguments == {"temperature": 0.5}
    assert ("d", "work") in parsed.table_paths
    assert parsed.target is not None
    assert (parsed.target.kind, parsed.target.path) == ("INSERT", ("p", "d", "ledger"))


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 'ML.GENERATE_TEXT(MODEL d.m, TABLE d.t, STRUCT())'",
        "SELECT 1 -- ML.GENERATE_TEXT(MODEL d.m, TABLE d.t)",
        "SELECT `ML.GENERATE_TEXT` FROM d.t",
    ],
)
def test_words_in_texts_and_comments_are_no_calls(sql: str) -> None:
    """Only real calls are."""
    assert query(sql).model_calls == ()


def test_signed_urls_are_found() -> None:
    """The call names its table."""
    parsed = query("SELECT uri, signed_url FROM EXTERNAL_OBJECT_TRANSFORM(TABLE `d.t`, ['SIGNED_URL'])")
    (call,) = parsed.signed_url_calls
    assert call.path == ("d", "t")


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE EXTERNAL TABLE d.t OPTIONS(format='CSV', uris=['gs://b/*.csv'])",
        "CREATE MODEL d.m OPTIONS(model_type='linear_reg') AS SELECT 1 AS label",
    ],
)
def test_what_is_not_supported_is_said(sql: str) -> None:
    """Valid BigQuery that the local one does not have is refused by name, not guessed at."""
    with pytest.raises(UnsupportedStatementError, match="local BigQuery"):
        parse(sql)


@pytest.mark.parametrize("sql", ["", " ; ", "CREATE EXTERNAL TABLE", "DROP MODEL", "SELECT 'open"])
def test_what_can_not_be_read_is_an_error(sql: str) -> None:
    """With its place in the text."""
    with pytest.raises(StatementError, match=r"\[\d+:\d+\]"):
        parse(sql)


def test_several_statements_are_a_script() -> None:
    """One statement with a semicolon is not."""
    assert isinstance(parse("SELECT 1; SELECT 2"), Script)
    assert isinstance(parse("SELECT 1;"), Query)
