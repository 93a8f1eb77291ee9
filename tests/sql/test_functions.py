"""What each of BigQuery's functions for Gemini takes: declared as data, and refused where it is not."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest

from bqvision.errors import InvalidInputError
from bqvision.sql.arguments import RUN_MAX_OUTPUT_TOKENS, Arguments
from bqvision.sql.calls import call
from bqvision.sql.compose import SQL, Literal
from bqvision.sql.functions import FUNCTIONS, FunctionName
from bqvision.sql.images import Images, clean_group_by
from bqvision.sql.names import ModelName, TableName
from tests import googlesql

PROMPT = "Which film is this?"
VALUES: dict[str, Any] = {
    "temperature": 0.5,
    "top_p": 0.5,
    "max_output_tokens": 100,
    "stop_sequences": ("END",),
    "safety_settings": {"HARM_CATEGORY_HARASSMENT": "BLOCK_NONE"},
    "model_params": {"generation_config": {"seed": 1}},
    "ground_with_google_search": True,
    "request_type": "SHARED",
    "flatten_json_output": True,
    "endpoint": "gemini-2.5-flash",
    "connection": "us.vision",
    "categories": {"drama": None},
    "output_mode": "multi",
}
MODEL = ModelName("my-project", "films", "gemini")
TABLE = TableName("my-project", "films", "posters")


def test_every_function_is_declared_under_its_name() -> None:
    """The names that callers may give and the declared functions are the same."""
    names = {name for part in get_args(FunctionName) for name in get_args(part) or (part,)}
    assert names == set(FUNCTIONS)
    assert all(name == function.name for name, function in FUNCTIONS.items())


@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_an_argument_is_taken_or_refused_by_the_name_of_the_functions_that_have_it(
    function: FunctionName, name: str
) -> None:
    """What a function lacks is refused, and the message says where it can be had."""
    given = {name: VALUES[name]}
    if name in FUNCTIONS[function].arguments:
        assert getattr(Arguments(function=function, prompt=PROMPT, **given), name) == VALUES[name]
        return
    with pytest.raises(InvalidInputError) as caught:
        Arguments(function=function, prompt=PROMPT, **given)
    said = str(caught.value)
    assert f"{function} has no argument {name}" in said
    for other, declared in FUNCTIONS.items():
        if name in declared.arguments:
            assert other in said


@pytest.mark.parametrize(
    ("function", "given", "allowed"),
    [
        ("AI.GENERATE_TABLE", {"temperature": 2.0}, True),
        ("AI.GENERATE_TABLE", {"temperature": 2.1}, False),
        ("AI.GENERATE_TEXT", {"temperature": 1.1}, False),
        ("AI.GENERATE_TEXT", {"max_output_tokens": 8193}, False),
        ("AI.GENERATE_TABLE", {"max_output_tokens": 0}, False),
        ("AI.GENERATE_TEXT", {"request_type": "FAST"}, False),
        ("AI.GENERATE_TEXT", {"ground_with_google_search": 1}, False),
        ("AI.GENERATE", {"endpoint": "https://example.com/m"}, False),
        ("AI.GENERATE", {"connection": "DEFAULT"}, False),
        ("AI.GENERATE", {"connection": "a.b.c.d"}, False),
        ("AI.GENERATE", {"connection": 3}, False),
        ("AI.GENERATE", {"connection": "projects/my-project/locations/us/connections/c"}, True),
        ("AI.GENERATE", {"model_params": {"generation_config": "x"}}, False),
        ("AI.GENERATE_TEXT", {"safety_settings": ["BLOCK_NONE"]}, False),
        (["AI.IF"], {}, False),
        ("AI.CLASSIFY", {"categories": {}}, False),
        ("AI.CLASSIFY", {"categories": {" ": None}}, False),
        ("AI.CLASSIFY", {"categories": {"drama": ""}}, False),
        ("AI.CLASSIFY", {"categories": {3: None}}, False),
        ("ML.GENERATE", {}, False),
    ],
)
def test_ranges_are_those_of_the_function(function: Any, given: dict[str, Any], allowed: bool) -> None:
    """The same argument may range further in one function than in another."""
    if allowed:
        assert Arguments(function=function, prompt=PROMPT, **given) is not None
        return
    with pytest.raises(InvalidInputError):
        Arguments(function=function, prompt=PROMPT, **given)


def test_a_connection_is_sent_in_the_form_that_functions_take() -> None:
    """Whatever form it is given in."""
    asked = Arguments(
        function="AI.IF", prompt=PROMPT, connection="projects/my-project/locations/us/connections/vision"
    )
    assert [part.text for part in asked.named()] == ["connection_id => 'my-project.us.vision'"]


def test_the_callers_texts_are_known_as_theirs() -> None:
    """No message may show them: the prompt, what stands in model_params, the categories."""
    asked = Arguments(
        prompt=PROMPT, model_params={"system_instruction": {"parts": [{"text": "Be a secret agent."}]}}
    )
    assert set(asked.prose) == {PROMPT, "Be a secret agent."}
    kinds = Arguments(function="AI.CLASSIFY", categories={"drama": "it is sad"})
    assert kinds.prose == ("drama", "it is sad")
    assert "sad" not in repr(kinds)
    assert Arguments(prompt=PROMPT, safety_settings={}) == Arguments(prompt=PROMPT)


def test_only_categories_do_without_a_prompt() -> None:
    """Every other function needs to be told what is asked."""
    assert Arguments(function="AI.CLASSIFY", categories={"drama": None}).prompt is None
    for function in FUNCTIONS:
        with pytest.raises(InvalidInputError, match="prompt"):
            Arguments(function=function)


def test_a_response_schema_takes_all_settings_into_model_params() -> None:
    """The schema stands in model_params, which excludes the other arguments, so they go there too."""
    asked = Arguments(
        prompt=PROMPT,
        temperature=0.5,
        top_p=0.25,
        stop_sequences=("END",),
        safety_settings={"HARM_CATEGORY_HARASSMENT": "BLOCK_NONE"},
    ).shaped({"type": "OBJECT"})
    assert asked.model_params == {
        "safety_settings": [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}],
        "generation_config": {
            "temperature": 0.5,
            "top_p": 0.25,
            "stop_sequences": ["END"],
            "max_output_tokens": RUN_MAX_OUTPUT_TOKENS,
            "response_mime_type": "application/json",
            "response_schema": {"type": "OBJECT"},
        },
    }
    assert asked.output_limit == RUN_MAX_OUTPUT_TOKENS
    assert asked.larger_limit is not None
    assert asked.larger_limit > RUN_MAX_OUTPUT_TOKENS
    assert asked.with_output_limit(9_000).output_limit == 9_000
    sent = asked.fields(prompt=False).text
    assert "AS model_params" in sent
    assert "AS temperature" not in sent


def test_a_response_schema_joins_the_callers_model_params() -> None:
    """What the caller set stays, under the key that they chose."""
    theirs = {"generationConfig": {"seed": 7, "maxOutputTokens": 50}, "labels": {"a": "b"}}
    asked = Arguments(prompt=PROMPT, model_params=theirs).shaped({"type": "OBJECT"})
    assert asked.model_params is not None
    assert asked.model_params["labels"] == {"a": "b"}
    config = asked.model_params["generationConfig"]
    assert config == {
        "seed": 7,
        "maxOutputTokens": 50,
        "response_mime_type": "application/json",
        "response_schema": {"type": "OBJECT"},
    }
    assert asked.output_limit == 50
    with pytest.raises(InvalidInputError, match="responseSchema"):
        Arguments(
            prompt=PROMPT, model_params={"generation_config": {"responseSchema": {"type": "STRING"}}}
        ).shaped({"type": "OBJECT"})


def test_a_function_without_an_output_limit_leaves_it_to_the_model() -> None:
    """AI.GENERATE has no such argument; in model_params it can be set all the same."""
    assert Arguments(function="AI.GENERATE", prompt=PROMPT).output_limit is None
    limited = Arguments(
        function="AI.GENERATE", prompt=PROMPT, model_params={"generation_config": {"max_output_tokens": 9}}
    )
    assert limited.output_limit == 9


def test_scalar_arguments_are_named_and_escaped() -> None:
    """Every text is a literal; model_params is a JSON literal whose text survives."""
    asked = Arguments(
        function="AI.GENERATE",
        prompt=PROMPT,
        endpoint="gemini-2.5-flash",
        model_params={"a": "it's \\ \n"},
    )
    texts = [part.text for part in asked.named()]
    assert texts[0] == "endpoint => 'gemini-2.5-flash'"
    literal = texts[1].removeprefix("model_params => JSON ")
    assert json.loads(literal[1:-1].replace("\\'", "'").replace("\\\\", "\\")) == {"a": "it's \\ \n"}


def test_a_function_and_a_model_must_go_together() -> None:
    """A table function needs a remote model, a scalar one takes none."""
    scalar = Arguments(function="AI.GENERATE", prompt=PROMPT)
    table = Arguments(prompt=PROMPT)
    for asked, model in ((scalar, MODEL), (table, None)):
        with pytest.raises(InvalidInputError, match="remote model"):
            call(asked, model=model, source=TABLE, keep=["uri"], as_parameter=True)
    assert "MODEL" not in call(scalar, model=None, source=TABLE, keep=["uri"], as_parameter=True).text


@pytest.mark.parametrize(
    "pattern",
    [
        *("", "(", "(a)(b)", "(?=a)", "(?<!a)b", r"(a)\1", "a*+", "(?P<x>a)(?P=x)", "x" * 1001, None, 3),
        *(r"a\Z", "(?x)a", "(?a)b", "(?u)b", "(?#c)a", r"\N{DIGIT ONE}", "a{1,2000}", "a{,2}", "[a", "a)"),
    ],
)
def test_a_pattern_that_bigquery_can_not_read_is_refused(pattern: Any) -> None:
    """RE2 has fewer forms than Python, and REGEXP_EXTRACT takes one group."""
    with pytest.raises(InvalidInputError, match="group_by"):
        clean_group_by(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        *(r"^gs://shop/([^/]+)/", r"\pN+", r"a\z", r"\Q(a)(b)\E", r"\x{67}", "(?U)a+", "(?<n>a)", "(?P<n>a)"),
        *(
            r"[\w-.]",
            r"\++g?",
            r"C:\\1",
            "[?+]+",
            "[[:alpha:]]+",
            "(?:a)(b)",
            "(?i)a",
            "(?i:a)",
            r"a{2,1000}",
            "[]a]",
        ),
    ],
)
def test_a_pattern_that_bigquery_reads_is_taken(pattern: str) -> None:
    """As Google's own evaluator says too."""
    assert clean_group_by(pattern) == pattern
    google = googlesql.query(SQL("SELECT REGEXP_EXTRACT('gs://shop/g1/', {})").format(Literal(pattern)).text)
    assert len(google) == 1


def test_images_are_a_table_unless_they_are_chosen_or_grouped() -> None:
    """The plain object table is read as it is."""
    assert Images(table=TABLE).relation == TABLE
    chosen = Images(table=TABLE, uris=("gs://b/1",))
    assert [parameter.value for parameter in chosen.relation.parameters] == [("gs://b/1",)]
    grouped = Images(table=TABLE, group_by=clean_group_by(r"^gs://[^/]+/([^/]+)/"))
    assert "ARRAY_AGG" in SQL("{}").format(grouped.relation).text
