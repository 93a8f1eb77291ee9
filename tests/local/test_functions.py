"""What each model function gives for each way a row can end, and what it refuses before anything is asked."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from google.api_core.exceptions import BadRequest, GoogleAPICallError, NotFound
from google.cloud import bigquery

if TYPE_CHECKING:
    from .conftest import Place, Script

ENDPOINT = "endpoint => 'scripted-1'"
OVERLOAD = "A retryable error occurred: RESOURCE EXHAUSTED error from remote endpoint"
TEXT_COLUMNS = ["result", "rai_result", "grounding_result", "statistics", "full_response", "status"]


@pytest.fixture
def images(place: Place) -> Place:
    """A place with a model and an object table, which is empty."""
    place.posters()
    place.model()
    return place


def by_name(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Rows by the file's name."""
    return {row.pop("uri").rpartition("/")[2]: row for row in rows}


def scalar(images: Place, call: str) -> dict[str, Any]:
    """What a scalar function gives for each file."""
    rows = images.sql(f"SELECT uri, {call} AS value FROM DS.posters")
    return {name: row["value"] for name, row in by_name(rows).items()}


def fill(place: Place, **answers: str) -> None:
    """Store an image for each given answer, and one for every other way a row can end."""
    for name, text in answers.items():
        place.put(f"{name}.png", text=text, input_tokens=11, output_tokens=4)
    place.put("blocked.png", error="blocked")
    place.put("empty.png", b"")
    place.put("overload.png", error="retryable")
    place.put("silent.png", text="")


def test_generate_text_adds_all_of_its_columns(images: Place) -> None:
    """Text, tokens, the whole response and the status; a cut answer is there as far as it goes."""
    fill(images, ok="an answer")
    images.put("long.png", text="half an answ", finish_reason="MAX_TOKENS")
    rows = images.sql(
        "SELECT * FROM AI.GENERATE_TEXT(MODEL DS.model, TABLE DS.posters, STRUCT('look' AS prompt))"
    )
    assert list(rows[0])[-6:] == TEXT_COLUMNS
    found = by_name(rows)
    assert {name: (row["result"], row["status"]) for name, row in found.items()} == {
        "ok.png": ("an answer", ""),
        "long.png": ("half an answ", ""),
        "blocked.png": (None, ""),
        "empty.png": (None, f"INVALID_ARGUMENT: the file is empty: {images.uri('empty.png')}"),
        "overload.png": (None, OVERLOAD),
        "silent.png": (None, ""),
    }
    tokens = {"prompt_token_count": 11, "candidates_token_count": 4, "total_token_count": 15}
    assert found["ok.png"]["statistics"] == tokens
    assert found["ok.png"]["full_response"]["usage_metadata"] == tokens
    assert found["long.png"]["full_response"]["candidates"][0]["finish_reason"] == "MAX_TOKENS"
    assert found["overload.png"]["full_response"] is None
    assert found["overload.png"]["statistics"] is None
    assert found["ok.png"]["rai_result"] is None


def test_generate_text_takes_the_rows_own_prompt(images: Place, script: Script) -> None:
    """The query form passes the other columns on."""
    images.put("ok.png", text="$PROMPT")
    (row,) = images.sql(
        "SELECT * FROM AI.GENERATE_TEXT(MODEL DS.model, (SELECT 5 AS n, (@p, ref) AS prompt FROM DS.posters), "
        "STRUCT(0.5 AS temperature, TRUE AS ground_with_google_search))",
        p="look at",
    )
    assert (row["n"], row["result"]) == (5, "look at")
    assert script.requests[-1].parameters == {"temperature": 0.5}


def table(images: Place, schema: str) -> dict[str, dict[str, Any]]:
    """What AI.GENERATE_TABLE gives for each file."""
    rows = images.sql(
        "SELECT * FROM AI.GENERATE_TABLE(MODEL DS.model, (SELECT uri, ('look', ref) AS prompt FROM DS.posters), "
        "STRUCT(@schema AS output_schema, 2.0 AS temperature))",
        schema=schema,
    )
    return by_name(rows)


def test_generate_table_has_a_typed_column_for_each_field(images: Place, script: Script) -> None:
    """Every type that an output_schema may have arrives in Python as itself, and in the model's JSON schema."""
    images.put(
        "ok.png",
        text=json.dumps(
            {
                "title": "Metropolis",
                "year": 1927.0,
                "score": 8,
                "seen": True,
                "cast": ["Helm"],
                "of": {"name": "Lang", "order": 1},
            }
        ),
    )
    (row,) = table(
        images,
        "title STRING OPTIONS(description = 'as printed'), year INT64, score FLOAT64, seen BOOL, "
        "`cast` ARRAY<STRING>, `of` STRUCT<name STRING, `order` INT64>",
    ).values()
    assert list(row)[1:] == ["title", "year", "score", "seen", "cast", "of", "full_response", "status"]
    assert (row["title"], row["year"], row["score"], row["seen"]) == ("Metropolis", 1927, 8.0, True)
    assert (row["cast"], row["of"], row["status"]) == (["Helm"], {"name": "Lang", "order": 1}, "")
    schema = script.requests[-1].schema
    assert schema is not None
    assert schema["required"] == ["title", "year", "score", "seen", "cast", "of"]
    assert schema["properties"] == {
        "title": {"type": "string", "description": "as printed", "nullable": True},
        "year": {"type": "integer", "nullable": True},
        "score": {"type": "number", "nullable": True},
        "seen": {"type": "boolean", "nullable": True},
        "cast": {"type": "array", "items": {"type": "string"}, "nullable": True},
        "of": {
            "type": "object",
            "properties": {
                "name": {"type": "string", "nullable": True},
                "order": {"type": "integer", "nullable": True},
            },
            "required": ["name", "order"],
            "nullable": True,
        },
    }
    assert script.requests[-1].parameters == {"temperature": 2.0}


def test_an_answer_of_another_shape_leaves_columns_null(images: Place) -> None:
    """Wrong types, no object, text that is cut: NULL where it doesn't fit, and a status that is ''."""
    fill(
        images,
        wrong='{"title": 5, "year": "1927", "more": 1}',
        part='```json\n{"title": "A \\ud800"}\n```',
        words="a film",
        array="[1]",
        cut='{"title": "Metr',
        huge='{"title": "B", "year": 1e400}',
    )
    found = table(images, "title STRING, year INT64")
    assert {name: (row["title"], row["year"], row["status"]) for name, row in found.items()} == {
        "wrong.png": (None, None, ""),
        "part.png": ("A ?", None, ""),
        "words.png": (None, None, ""),
        "array.png": (None, None, ""),
        "cut.png": (None, None, ""),
        "huge.png": ("B", None, ""),
        "blocked.png": (None, None, ""),
        "empty.png": (None, None, f"INVALID_ARGUMENT: the file is empty: {images.uri('empty.png')}"),
        "overload.png": (None, None, OVERLOAD),
        "silent.png": (None, None, ""),
    }
    assert found["words.png"]["full_response"]["candidates"][0]["content"]["parts"] == [{"text": "a film"}]


def test_generate_gives_text_response_and_status(images: Place) -> None:
    """Its value is a STRUCT, whose fields can be called."""
    fill(images, ok="an answer")
    rows = by_name(
        images.sql(
            f"SELECT uri, a.result, a.status, a.full_response FROM (SELECT uri, AI.GENERATE(('x', ref), {ENDPOINT}) "
            "AS a FROM DS.posters)"
        )
    )
    assert rows["ok.png"]["result"] == "an answer"
    assert rows["ok.png"]["full_response"]["usage_metadata"]["total_token_count"] == 15
    assert (rows["overload.png"]["result"], rows["overload.png"]["status"]) == (None, OVERLOAD)
    assert (rows["blocked.png"]["result"], rows["blocked.png"]["status"]) == (None, "")


def test_generate_with_an_output_schema_gives_its_fields(images: Place, script: Script) -> None:
    """They stand in the place of the result; model_params go to the model beside it."""
    fill(images, ok='{"title": "Metropolis", "year": 1927}')
    found = scalar(
        images,
        f"AI.GENERATE(('x', ref), {ENDPOINT}, output_schema => 'title STRING, year INT64', "
        """model_params => JSON '{"generation_config": {"temperature": 1.5, "maxOutputTokens": 99}}')""",
    )
    assert list(found["ok.png"]) == ["title", "year", "full_response", "status"]
    assert (found["ok.png"]["title"], found["ok.png"]["year"]) == ("Metropolis", 1927)
    assert (found["silent.png"]["title"], found["silent.png"]["status"]) == (None, "")
    assert (found["overload.png"]["year"], found["overload.png"]["status"]) == (None, OVERLOAD)
    assert script.requests[-1].parameters == {"temperature": 1.5, "max_output_tokens": 99}


@pytest.mark.parametrize(
    ("function", "kind", "answers"),
    [
        (
            "AI.GENERATE_BOOL",
            "boolean",
            {
                "true": True,
                "False": False,
                '{"result": true}': True,
                "```\ntrue\n```": True,
                "1": None,
                "yes": None,
            },
        ),
        (
            "AI.GENERATE_INT",
            "integer",
            {"7": 7, '{"result": -7}': -7, "7.0": 7, "7.5": None, "true": None, "9" * 30: None, '"7"': None},
        ),
        (
            "AI.GENERATE_DOUBLE",
            "number",
            {
                "3.5": 3.5,
                "4": 4.0,
                '```json\n{"result": 1e3}\n```': 1000.0,
                "NaN": None,
                "1e999": None,
                "": None,
            },
        ),
    ],
)
def test_the_typed_functions_read_bare_values_and_objects(
    images: Place, script: Script, function: str, kind: str, answers: dict[str, object]
) -> None:
    """Fenced or not; a value of another type is NULL, with a status that is ''."""
    for number, text in enumerate(answers):
        images.put(f"{number}.png", text=text)
    found = scalar(images, f"{function}(('x', ref), {ENDPOINT})")
    assert [found[f"{number}.png"]["result"] for number in range(len(answers))] == list(answers.values())
    assert {value["status"] for value in found.values()} == {""}
    assert script.requests[-1].schema == {
        "type": "object",
        "properties": {"result": {"type": kind}},
        "required": ["result"],
    }


def test_if_score_and_classify_give_a_bare_value_or_null(images: Place) -> None:
    """Failed, blocked and misfit rows are NULL, and nothing says why."""
    fill(images, yes='{"result": true}', no="false", odd="perhaps")
    nothing = dict.fromkeys(("odd.png", "blocked.png", "empty.png", "overload.png", "silent.png"))
    found = scalar(images, f"AI.IF(('is it so?', ref), {ENDPOINT})")
    assert found == {"yes.png": True, "no.png": False, **nothing}
    images.put("yes.png", text="3.5")
    images.put("no.png", text='{"result": 4}')
    assert scalar(images, f"AI.SCORE(('rate', ref), {ENDPOINT})") == {
        "yes.png": 3.5,
        "no.png": 4.0,
        **nothing,
    }
    images.put("yes.png", text='{"result": "train"}')
    images.put("no.png", text="```\nbus\n```")
    found = scalar(images, f"AI.CLASSIFY(('what?', ref), ['train', 'bus'], {ENDPOINT})")
    assert found == {"yes.png": "train", "no.png": "bus", **nothing}


def test_classify_says_the_categories_to_the_model(images: Place, script: Script) -> None:
    """In the prompt, with descriptions and examples, and as the only values that its schema allows."""
    images.put("a.png", text='{"result": ["train"]}')
    images.put("b.png", text="[]")
    images.put("c.png", text='{"result": ["train", "car"]}')
    images.put("d.png", text='{"result": ["train", "bus"]}')
    found = scalar(
        images,
        "AI.CLASSIFY(input => ('what?', ref), categories => [('train', 'on rails'), ('bus', 'on wheels')], "
        f"output_mode => 'multi', examples => [('choo', ['train'])], {ENDPOINT})",
    )
    assert found["a.png"] == ["train"]
    assert found["d.png"] == ["train", "bus"]
    assert found["b.png"] == found["c.png"] == []  # BigQuery's clients can't tell NULL from an empty ARRAY.
    request = script.requests[-1]
    assert request.prompt.splitlines()[0] == "what?"
    assert "- train: on rails\n- bus: on wheels" in request.prompt
    assert '- choo: ["train"]' in request.prompt
    assert request.schema is not None
    items = {"type": "string", "enum": ["train", "bus"]}
    assert request.schema["properties"] == {"result": {"type": "array", "items": items}}
    (number,) = images.sql(
        "SELECT COUNTIF(c IS NULL) AS n FROM (SELECT AI.CLASSIFY(('what?', ref), ['train', 'bus'], "
        f"output_mode => 'multi', {ENDPOINT}) AS c FROM DS.posters)"
    )
    assert number == {"n": 1}


def test_one_category_can_be_an_array_too(images: Place) -> None:
    """With output_mode 'single', as BigQuery has it."""
    images.put("a.png", text="1")
    assert scalar(images, f"AI.CLASSIFY(ref, ['1', '2'], output_mode => 'single', {ENDPOINT})") == {
        "a.png": ["1"]
    }


@pytest.mark.parametrize(
    ("call", "text", "value"),
    [
        ("AI.IF(('x', ref), {})", "true", True),
        ("AI.SCORE(('x', ref), {})", "0.5", 0.5),
        ("AI.CLASSIFY(('x', ref), ['a', 'b'], {})", "b", "b"),
    ],
)
def test_too_many_failures_fail_the_query(images: Place, call: str, text: str, value: object) -> None:
    """Above max_error_ratio, and whenever every row failed; the error says how many and why."""
    images.put("bad.png", error="retryable")
    with pytest.raises(BadRequest, match=r"1 of 1 rows.*RESOURCE EXHAUSTED"):
        scalar(images, call.format(ENDPOINT))
    images.put("good.png", text=text)
    assert scalar(images, call.format(f"{ENDPOINT}, max_error_ratio => 0.5"))["good.png"] == value
    with pytest.raises(BadRequest, match="1 of 2 rows"):
        scalar(images, call.format(f"{ENDPOINT}, max_error_ratio => 0.4"))


def test_a_job_tells_rows_and_failures_of_every_function(images: Place) -> None:
    """In genAiStats, with progress over all of them."""
    fill(images, yes="true")
    job = images.start(
        f"SELECT AI.IF(('x', ref), {ENDPOINT}) AS a, AI.GENERATE_BOOL(('x', ref), {ENDPOINT}).result AS b "
        "FROM DS.posters"
    )
    job.result(timeout=30)
    first, second = job._properties["statistics"]["query"]["genAiStats"]["functionStats"]
    assert (first["functionName"], first["numProcessedRows"]) == ("AI.IF", "5")
    assert first["errorStats"]["numFailedRows"] == "4"
    assert OVERLOAD in first["errorStats"]["errors"]
    assert second["functionName"] == "AI.GENERATE_BOOL"
    assert second["errorStats"]["numFailedRows"] == "2"
    assert (job.timeline[0].completed_units, job.timeline[0].pending_units) == (10, 0)
    assert images.server.model_calls[images.uri("yes.png")] == 2
    assert images.server.model_calls[images.uri("empty.png")] == 0


def test_a_job_that_fails_tells_rows_and_failures_too(images: Place) -> None:
    """What was paid for shows, whatever became of it."""
    images.put("bad.png", error="retryable")
    job = images.start(f"SELECT AI.IF(('x', ref), {ENDPOINT}) AS a FROM DS.posters")
    with pytest.raises(BadRequest, match="1 of 1 rows"):
        job.result(timeout=30)
    (stats,) = job._properties["statistics"]["query"]["genAiStats"]["functionStats"]
    assert (stats["functionName"], stats["errorStats"]["numFailedRows"]) == ("AI.IF", "1")


def test_only_an_output_schemas_fields_may_be_null(images: Place, script: Script) -> None:
    """A question with an answer of the function's own wants one."""
    images.put("ok.png", text="5")
    images.sql(f"SELECT AI.GENERATE_INT(('x', ref), {ENDPOINT}).result AS r FROM DS.posters")
    schema = script.requests[-1].schema
    assert schema is not None
    assert schema["properties"] == {"result": {"type": "integer"}}


def test_half_a_character_anywhere_fails_no_job(images: Place) -> None:
    """In a text, a reason or an error: each row is stored with what a table can hold of it."""
    fill(images)
    images.put("a.png", text="A \ud83d")
    images.put("b.png", text="B", finish_reason="S\ud83dP")
    images.put("c.png", error="permanent", message="bad token \ud83d")
    rows = images.sql(
        "SELECT uri, a.* FROM (SELECT uri, AI.GENERATE(('x', ref), endpoint => 'scripted-1') AS a FROM DS.posters)"
    )
    found = {row["uri"][-5:]: (row["result"], row["status"], row["full_response"]) for row in rows}
    assert found["a.png"][:2] == ("A ?", "")
    assert found["b.png"][2]["candidates"][0]["finish_reason"] == "S?P"
    assert found["c.png"] == (None, "bad token ?", None)


def test_a_scalar_call_can_be_cancelled(images: Place, script: Script) -> None:
    """Images that were waiting are never shown, and nothing is written."""
    for index in range(12):
        images.put(f"{index:02}.png", text="x", gate=images.name)
    job = images.start(
        f"CREATE TABLE DS.answers AS SELECT AI.GENERATE(('x', ref), {ENDPOINT}) AS a FROM DS.posters"
    )
    assert script.entered[images.name].wait(30)
    job.cancel()
    with pytest.raises(GoogleAPICallError, match="cancelled"):
        job.result(timeout=30)
    script.gates[images.name].set()
    assert sum(images.server.model_calls[images.uri(f"{index:02}.png")] for index in range(12)) <= 4
    with pytest.raises(NotFound):
        images.client.get_table(f"{images.dataset}.answers")
    assert list(images.client.list_tables("_bqvision_scratch")) == []


def test_without_an_endpoint_flash_is_asked(images: Place) -> None:
    """Which is BigQuery's default."""
    with pytest.raises(NotFound, match=r"no vision model answers for the endpoint gemini-2\.5-flash"):
        images.sql("SELECT AI.GENERATE('x') AS a")


def test_a_connection_must_be_there(images: Place) -> None:
    """If one is named."""
    with pytest.raises(NotFound, match=r"Connection .*us\.nobody"):
        images.sql(f"SELECT AI.IF('x', connection_id => 'us.nobody', {ENDPOINT}) AS a")
    images.sql("CREATE CONNECTION IF NOT EXISTS `us.somebody` OPTIONS(connection_type = 'CLOUD_RESOURCE')")
    found = images.sql(f"SELECT AI.GENERATE('x', connection_id => 'us.somebody', {ENDPOINT}).result AS a")
    assert found == [{"a": "x"}]


REFUSED = [
    ("AI.GENERATE_TEXT", "temperature", "STRUCT('x' AS prompt, 1.5 AS temperature)"),
    ("AI.GENERATE_TEXT", "flatten_json_output", "STRUCT('x' AS prompt, TRUE AS flatten_json_output)"),
    ("AI.GENERATE_TEXT", "model_params", "STRUCT('x' AS prompt, JSON '{}' AS model_params)"),
    ("AI.GENERATE_TEXT", "model_params", "STRUCT('x' AS prompt, '{}' AS model_params, 0.5 AS top_p)"),
    ("AI.GENERATE_TEXT", "request_type", "STRUCT('x' AS prompt, 'FAST' AS request_type)"),
    ("AI.GENERATE_TEXT", "safety_settings", "STRUCT('x' AS prompt, ['BLOCK_NONE'] AS safety_settings)"),
    ("AI.GENERATE_TABLE", "output_schema", "STRUCT(1 AS temperature)"),
    ("AI.GENERATE_TABLE", "temperature", "STRUCT('a STRING' AS output_schema, 2.1 AS temperature)"),
    ("AI.GENERATE_TABLE", "prompt", "STRUCT('a STRING' AS output_schema, 'x' AS prompt)"),
    ("AI.GENERATE_TABLE", "prompt", "STRUCT('a STRING' AS output_schema)"),
    ("AI.GENERATE_TABLE", "output_schema", "STRUCT('a DATE' AS output_schema)"),
    ("AI.GENERATE_TABLE", "status", "STRUCT('status STRING' AS output_schema)"),
    ("AI.GENERATE", "prompt", "endpoint => 'scripted-1'"),
    ("AI.GENERATE", "temperature", "'x', temperature => 1"),
    ("AI.GENERATE", "model_params", "'x', model_params => '{}'"),
    ("AI.GENERATE", "endpoint", "'x', endpoint => 5"),
    ("AI.GENERATE", "endpoint", "'x', endpoint => uri"),
    ("AI.GENERATE", "name", "'x', 'scripted-1'"),
    ("AI.GENERATE", "prompt", "(5, ref), endpoint => 'scripted-1'"),
    ("AI.GENERATE_BOOL", "output_schema", "'x', output_schema => 'a BOOL'"),
    ("AI.IF", "max_error_ratio", "'x', max_error_ratio => 1.5"),
    ("AI.IF", "max_error_ratio", "'x', max_error_ratio => 'much'"),
    ("AI.IF", "prompt", "'x', prompt => 'y'"),
    ("AI.IF", "examples", "'x', examples => ['y']"),
    ("AI.IF", "embeddings", "'x', embeddings => [0.5]"),
    ("AI.IF", "examples", "'x', examples => [('y', TRUE), ('z', 'no')]"),
    ("AI.SCORE", "model_params", "'x', model_params => JSON '{}'"),
    ("AI.CLASSIFY", "categories", "'x', endpoint => 'scripted-1'"),
    ("AI.CLASSIFY", "categories", "'x', []"),
    ("AI.CLASSIFY", "categories", "'x', [1, 2]"),
    ("AI.CLASSIFY", "categories", "'x', NULL"),
    ("AI.CLASSIFY", "categories", "'x', ['a', 'b', 'a']"),
    ("AI.CLASSIFY", "examples", "'x', ['a', 'b'], examples => [('y', TRUE)]"),
    ("AI.CLASSIFY", "output_mode", "'x', ['a'], output_mode => 'many'"),
]


@pytest.mark.parametrize(("function", "named", "arguments"), REFUSED)
def test_wrong_arguments_are_refused_by_name(
    images: Place, function: str, named: str, arguments: str
) -> None:
    """Unknown, missing, mistyped, out of range: before any call."""
    images.put("ok.png", text="x")
    call = (
        f"* FROM {function}(MODEL DS.model, TABLE DS.posters, {arguments})"
        if arguments.startswith("STRUCT")
        else f"TO_JSON_STRING({function}({arguments})) FROM DS.posters"
    )
    with pytest.raises(GoogleAPICallError) as caught:
        images.sql(f"SELECT {call}")
    assert function in str(caught.value) or "output_schema" in str(caught.value)
    assert named in str(caught.value)
    assert caught.value.errors[0]["reason"] == ("notImplemented" if named == "embeddings" else "invalidQuery")
    assert images.server.model_calls[images.uri("ok.png")] == 0


def test_nothing_is_asked_if_a_later_call_is_wrong(images: Place) -> None:
    """All calls of a statement are checked first."""
    images.put("ok.png", text="x")
    with pytest.raises(BadRequest, match="top_k"):
        images.sql(
            f"SELECT AI.IF((a, ref), {ENDPOINT}, top_k => 1) AS b "
            f"FROM (SELECT ref, AI.GENERATE(('x', ref), {ENDPOINT}).result AS a FROM DS.posters)"
        )
    assert images.server.model_calls[images.uri("ok.png")] == 0


def test_a_dry_run_refuses_wrong_arguments_and_asks_nothing(images: Place) -> None:
    """As BigQuery, which checks the statement then."""
    images.put("ok.png", text="true")
    config = bigquery.QueryJobConfig(dry_run=True)
    sql = f"SELECT AI.IF(('x', ref), {ENDPOINT}) AS a FROM {images.dataset}.posters"
    assert images.client.query(sql, job_config=config).total_bytes_processed == 0
    with pytest.raises(BadRequest, match="no argument named top_k"):
        images.client.query(sql.replace("('x', ref)", "('x', ref), top_k => 5"), job_config=config)
    assert images.server.model_calls[images.uri("ok.png")] == 0


def test_a_column_that_the_function_adds_may_not_be_there(images: Place) -> None:
    """The input is refused before it is paid for."""
    images.put("ok.png", text="x")
    with pytest.raises(BadRequest, match="status"):
        images.sql(
            "SELECT * FROM AI.GENERATE_TEXT(MODEL DS.model, (SELECT 1 AS status, ('x', ref) AS prompt "
            "FROM DS.posters), STRUCT(1.0 AS top_p))"
        )
    assert images.server.model_calls[images.uri("ok.png")] == 0
