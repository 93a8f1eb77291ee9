"""ML.GENERATE_TEXT on the local BigQuery: both input forms, both output forms, every kind of row."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from google.api_core.exceptions import BadRequest, GoogleAPICallError, NotFound
from google.cloud import bigquery

if TYPE_CHECKING:
    from .conftest import Place, Script

PROMPT = 'what\'s "this"? \\n ML.GENERATE_TEXT @home'


@pytest.fixture
def images(place: Place) -> Place:
    """A place with an object table and a model."""
    place.put("ok.png", text="an answer", input_tokens=11, output_tokens=4)
    place.posters()
    place.model()
    return place


def outcomes(place: Place, arguments: str) -> dict[str, dict[str, Any]]:
    """Run the object-table form and return the rows by file name."""
    rows = place.sql(
        "SELECT * FROM ML.GENERATE_TEXT(MODEL DS.model, TABLE DS.posters, "
        f"STRUCT('look' AS prompt{arguments}))"
    )
    return {row["uri"].rpartition("/")[2]: row for row in rows}


def fill(place: Place) -> None:
    """Store an object for every way a row can end."""
    place.put("blocked.png", error="blocked")
    place.put("empty.png", b"")
    place.put("input.png", error="input", message="the image is cut")
    place.put("long.png", text="half an answ", finish_reason="MAX_TOKENS")
    place.put("note.txt", b"text")
    place.put("overload.png", error="retryable")
    place.put("permanent.png", error="permanent", message="FAILED_PRECONDITION: this reader only reads")
    place.put("said.png", error="retryable", message="A retryable error occurred: UNAVAILABLE")
    place.put("silent.png", text="")


def test_flattened_rows_carry_text_and_status(images: Place) -> None:
    """With flatten_json_output TRUE each row has its text, or the status that says why not."""
    fill(images)
    rows = outcomes(images, ", TRUE AS flatten_json_output")
    found = {
        name: (row["ml_generate_text_llm_result"], row["ml_generate_text_status"])
        for name, row in rows.items()
    }
    retryable = "A retryable error occurred: RESOURCE EXHAUSTED error from remote endpoint"
    assert found == {
        "ok.png": ("an answer", ""),
        "blocked.png": (None, ""),
        "empty.png": (None, f"INVALID_ARGUMENT: the file is empty: {images.uri('empty.png')}"),
        "input.png": (None, "INVALID_ARGUMENT: the image is cut"),
        "long.png": ("half an answ", ""),
        "note.txt": (
            None,
            f"INVALID_ARGUMENT: unsupported MIME type text/plain: {images.uri('note.txt')}",
        ),
        "overload.png": (None, retryable),
        "permanent.png": (None, "FAILED_PRECONDITION: this reader only reads"),
        "said.png": (None, "A retryable error occurred: UNAVAILABLE"),
        "silent.png": (None, ""),
    }
    columns = list(rows["ok.png"])
    assert columns[:3] == ["uri", "generation", "content_type"]
    assert columns[-2:] == ["ml_generate_text_llm_result", "ml_generate_text_status"]


def test_the_full_response_tells_reason_and_tokens(images: Place) -> None:
    """With flatten_json_output FALSE, the default, the row has the response as JSON."""
    fill(images)
    rows = outcomes(images, "")
    results = {name: row["ml_generate_text_result"] for name, row in rows.items()}
    assert results["ok.png"] == {
        "candidates": [
            {"content": {"parts": [{"text": "an answer"}], "role": "model"}, "finish_reason": "STOP"}
        ],
        "model_version": "scripted-1",
        "usage_metadata": {
            "prompt_token_count": 11,
            "candidates_token_count": 4,
            "total_token_count": 15,
        },
    }
    assert results["long.png"]["candidates"][0]["finish_reason"] == "MAX_TOKENS"
    assert results["blocked.png"]["candidates"] == [{"finish_reason": "SAFETY"}]
    assert results["overload.png"] is None
    assert list(rows["ok.png"])[-2:] == ["ml_generate_text_result", "ml_generate_text_status"]


def test_safety_settings_and_grounding_add_their_columns(images: Place) -> None:
    """The columns for both are there when they are asked for."""
    settings = (
        ", TRUE AS flatten_json_output, [STRUCT('HARM_CATEGORY_HARASSMENT' AS category, "
        "'BLOCK_ONLY_HIGH' AS threshold)] AS safety_settings"
    )
    assert list(outcomes(images, settings)["ok.png"])[-3:] == [
        "ml_generate_text_llm_result",
        "ml_generate_text_rai_result",
        "ml_generate_text_status",
    ]


def test_the_prompt_may_come_with_the_rows(images: Place) -> None:
    """The ObjectRef form takes a literal and a ref, in an unnamed struct, and passes other columns on."""
    images.put("ok.png", text="$PROMPT")
    rows = images.sql(
        "SELECT * FROM ML.GENERATE_TEXT(MODEL DS.model, "
        "(SELECT uri, generation, 5 AS attempt, ('look at', ref) AS prompt FROM DS.posters), "
        "STRUCT(TRUE AS flatten_json_output))"
    )
    (row,) = rows
    assert row["attempt"] == 5
    assert row["ml_generate_text_llm_result"] == "look at"
    assert set(row) > {"uri", "generation", "prompt", "ml_generate_text_status"}


def test_the_prompt_may_be_a_parameter(images: Place) -> None:
    """A prompt that holds quotes, escapes and function names arrives as it is, in both forms."""
    images.put("ok.png", text="$PROMPT")
    in_struct = images.sql(
        "SELECT ml_generate_text_llm_result AS text FROM ML.GENERATE_TEXT(MODEL DS.model, TABLE DS.posters, "
        "STRUCT(@prompt AS prompt, TRUE AS flatten_json_output))",
        prompt=PROMPT,
    )
    in_rows = images.sql(
        "SELECT ml_generate_text_llm_result AS text FROM ML.GENERATE_TEXT(MODEL DS.model, "
        "(SELECT uri, (@prompt, ref) AS prompt FROM DS.posters), STRUCT(TRUE AS flatten_json_output))",
        prompt=PROMPT,
    )
    assert in_struct == in_rows == [{"text": PROMPT}]


def test_positional_parameters_keep_their_order(images: Place) -> None:
    """Parameters before, in and behind the model call are not mixed up."""
    images.put("ok.png", text="$PROMPT")
    config = bigquery.QueryJobConfig(
        query_parameters=[
            bigquery.ScalarQueryParameter(None, "STRING", text) for text in ("one", "two", "three")
        ]
    )
    ds = images.dataset
    rows = images.client.query(
        f"SELECT ? AS a, ml_generate_text_llm_result AS b, ? AS c FROM ML.GENERATE_TEXT(MODEL {ds}.model, "
        f"(SELECT (?, ref) AS prompt FROM {ds}.posters), STRUCT(TRUE AS flatten_json_output))",
        job_config=config,
    ).result()
    assert [dict(row) for row in rows] == [{"a": "one", "b": "three", "c": "two"}]


def test_several_images_and_texts_stand_in_one_prompt(images: Place, script: Script) -> None:
    """Arrays of refs and of strings are shown in their order, and each image counts as one call."""
    images.put("two.png", text="second")
    images.sql(
        "SELECT * FROM ML.GENERATE_TEXT(MODEL DS.model, "
        "(SELECT (['compare', 'these'], ARRAY_AGG(ref ORDER BY uri), 'please') AS prompt FROM DS.posters), "
        "STRUCT(TRUE AS flatten_json_output))"
    )
    request = script.requests[-1]
    assert [image.uri for image in request.images] == [images.uri("ok.png"), images.uri("two.png")]
    assert request.prompt == "compare\nthese\nplease"
    assert images.server.model_calls[images.uri("two.png")] == 1


def test_a_text_prompt_needs_no_image(images: Place) -> None:
    """A prompt column of strings asks the model without an image."""
    rows = images.sql(
        "SELECT ml_generate_text_llm_result AS text FROM ML.GENERATE_TEXT(MODEL DS.model, "
        "(SELECT 'just text' AS prompt), STRUCT(TRUE AS flatten_json_output))"
    )
    assert rows == [{"text": "just text"}]


def test_the_answers_can_be_inserted_with_the_statements_columns(images: Place) -> None:
    """INSERT .. SELECT over a stored work table keeps text, status and tokens."""
    images.sql("CREATE TABLE DS.work AS SELECT uri, generation, ref, 0 AS batch FROM DS.posters")
    images.sql("CREATE TABLE DS.ledger (uri STRING, text STRING, tokens INT64, status STRING)")
    images.sql(
        "INSERT DS.ledger (uri, text, tokens, status) "
        "SELECT uri, JSON_VALUE(ml_generate_text_result, '$.candidates[0].content.parts[0].text'), "
        "SAFE_CAST(JSON_VALUE(ml_generate_text_result, '$.usage_metadata.total_token_count') AS INT64), "
        "ml_generate_text_status FROM ML.GENERATE_TEXT(MODEL DS.model, "
        "(SELECT uri, (@prompt, ref) AS prompt FROM DS.work WHERE batch = 0), "
        "STRUCT(FALSE AS flatten_json_output))",
        prompt=PROMPT,
    )
    assert images.sql("SELECT * FROM DS.ledger") == [
        {"uri": images.uri("ok.png"), "text": "an answer", "tokens": 15, "status": ""}
    ]


def test_only_the_selected_rows_are_asked_and_each_once(images: Place) -> None:
    """A WHERE in the input limits the calls; every row is one call."""
    for name in ("a.png", "b.png"):
        images.put(name, text="x")
    images.sql(
        "SELECT * FROM ML.GENERATE_TEXT(MODEL DS.model, (SELECT * FROM DS.posters WHERE uri LIKE '%a.png'), "
        "STRUCT('x' AS prompt))"
    )
    calls = images.server.model_calls
    assert {name: calls[images.uri(name)] for name in ("a.png", "b.png", "ok.png")} == {
        "a.png": 1,
        "b.png": 0,
        "ok.png": 0,
    }


def test_no_rows_ask_nothing(images: Place) -> None:
    """An empty input gives an empty result with all columns."""
    job = images.start(
        "SELECT * FROM ML.GENERATE_TEXT(MODEL DS.model, (SELECT (@p, ref) AS prompt FROM DS.posters WHERE FALSE), "
        "STRUCT(TRUE AS flatten_json_output))",
        p="x",
    )
    rows = job.result()
    assert list(rows) == []
    assert [field.name for field in rows.schema] == [
        "prompt",
        "ml_generate_text_llm_result",
        "ml_generate_text_status",
    ]


def test_parameters_and_schema_reach_the_model(images: Place, script: Script) -> None:
    """Model parameters arrive by name, from the arguments or from model_params."""
    outcomes(
        images, ", 0.5 AS temperature, 0.9 AS top_p, 100 AS max_output_tokens, ['END'] AS stop_sequences"
    )
    wanted = {"temperature": 0.5, "top_p": 0.9, "max_output_tokens": 100, "stop_sequences": ["END"]}
    assert script.requests[-1].parameters == wanted
    schema = {"type": "OBJECT", "properties": {"title": {"type": "STRING"}}}
    params = json.dumps({"generationConfig": {"temperature": 1, "responseSchema": schema}})
    outcomes(images, f", '{params}' AS model_params")
    assert script.requests[-1].parameters == {"temperature": 1}
    assert script.requests[-1].schema == {"type": "object", "properties": {"title": {"type": "string"}}}


def test_a_gone_or_replaced_object_is_a_row_status(images: Place) -> None:
    """A stored ref names one version of one object; another version is not shown to the model."""
    images.put("gone.png", text="x")
    images.sql("CREATE TABLE DS.work AS SELECT uri, ref FROM DS.posters")
    (images.folder / "gone.png").unlink()
    images.put("ok.png", text="another answer", extra="longer than before")
    rows = images.sql(
        "SELECT uri, ml_generate_text_status AS status FROM ML.GENERATE_TEXT(MODEL DS.model, "
        "(SELECT uri, ('look', ref) AS prompt FROM DS.work), STRUCT(TRUE AS flatten_json_output)) ORDER BY uri"
    )
    assert [row["status"].partition(":")[0] for row in rows] == ["NOT_FOUND", "NOT_FOUND"]
    assert images.server.model_calls[images.uri("ok.png")] == 0


@pytest.mark.parametrize(
    "arguments",
    [
        "STRUCT(TRUE AS flatten_json_output)",
        "STRUCT('' AS prompt)",
        "STRUCT(5 AS prompt)",
        "STRUCT('x' AS prompt, 2 AS temperature)",
        "STRUCT('x' AS prompt, 1.5 AS max_output_tokens)",
        "STRUCT('x' AS prompt, 9000 AS max_output_tokens)",
        "STRUCT('x' AS prompt, 'yes' AS flatten_json_output)",
        "STRUCT('x' AS prompt, 7 AS top_k)",
        "STRUCT('x' AS prompt, [1] AS stop_sequences)",
        "STRUCT('x' AS prompt, '{}' AS model_params, 0.1 AS temperature)",
        "STRUCT('x' AS prompt, 'no json' AS model_params)",
    ],
)
def test_wrong_arguments_are_refused_before_any_call(images: Place, arguments: str) -> None:
    """Missing, mistyped, unknown and excluded arguments fail the statement, and nothing is asked."""
    with pytest.raises(BadRequest):
        images.sql(f"SELECT * FROM ML.GENERATE_TEXT(MODEL DS.model, TABLE DS.posters, {arguments})")
    assert images.server.model_calls[images.uri("ok.png")] == 0


def test_an_unknown_model_is_not_found(images: Place) -> None:
    """A model that was never made is named in the error."""
    with pytest.raises(NotFound, match="nobody"):
        images.sql("SELECT * FROM ML.GENERATE_TEXT(MODEL DS.nobody, TABLE DS.posters, STRUCT('x' AS prompt))")


def test_a_table_that_is_no_object_table_can_not_be_shown(images: Place) -> None:
    """The object-table form needs an object table."""
    images.sql("CREATE TABLE DS.plain AS SELECT 1 AS n")
    with pytest.raises(BadRequest, match="object table"):
        images.sql("SELECT * FROM ML.GENERATE_TEXT(MODEL DS.model, TABLE DS.plain, STRUCT('x' AS prompt))")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM ML.PREDICT(MODEL DS.model, TABLE DS.posters)",
        "CREATE MODEL DS.other OPTIONS(model_type = 'linear_reg') AS SELECT 1 AS a, 2 AS label",
        "CREATE EXTERNAL TABLE DS.csv OPTIONS(format = 'CSV', uris = ['gs://objects/x.csv'])",
    ],
)
def test_what_is_missing_says_so(images: Place, sql: str) -> None:
    """Functions and statements beyond this server answer with BigQuery's error form and a clear text."""
    with pytest.raises(GoogleAPICallError, match="not supported by the local BigQuery"):
        images.sql(sql)
    assert images.server.model_calls[images.uri("ok.png")] == 0


def test_scratch_tables_do_not_show_and_do_not_stay(images: Place) -> None:
    """What the server stores while a statement runs is neither listed nor left behind."""
    outcomes(images, "")
    assert not [item.dataset_id for item in images.client.list_datasets() if "scratch" in item.dataset_id]
    assert list(images.client.list_tables("_bqvision_scratch")) == []
