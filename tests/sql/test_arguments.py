"""The arguments of ML.GENERATE_TEXT."""

from __future__ import annotations

from typing import Any

import pytest

from bqvision.errors import InvalidInputError
from bqvision.sql.arguments import RUN_MAX_OUTPUT_TOKENS, Arguments
from tests import googlesql
from tests.sql.samples import EVERYTHING, PROMPT


@pytest.mark.parametrize(
    "prompt",
    ["", " \n\t", "x" * 64_001, "a\0b", "a\ud800b", None, 3, ["a"]],
    ids=lambda prompt: ascii(prompt)[:12],
)
def test_illegal_prompts(prompt: Any) -> None:
    """An empty, overlong or broken prompt is refused, and not shown."""
    with pytest.raises(InvalidInputError, match="prompt") as caught:
        Arguments(prompt=prompt)
    assert "xxx" not in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"temperature": -0.1}, "temperature"),
        ({"temperature": 1.1}, "temperature"),
        ({"temperature": float("nan")}, "temperature"),
        ({"temperature": True}, "temperature"),
        ({"temperature": "0"}, "temperature"),
        ({"top_p": 1.01}, "top_p"),
        ({"top_p": float("inf")}, "top_p"),
        ({"max_output_tokens": 0}, "max_output_tokens"),
        ({"max_output_tokens": 8193}, "max_output_tokens"),
        ({"max_output_tokens": 1.0}, "max_output_tokens"),
        ({"max_output_tokens": True}, "max_output_tokens"),
        ({"stop_sequences": "END"}, "stop_sequences"),
        ({"stop_sequences": ("a", "")}, "stop_sequences"),
        ({"stop_sequences": ("a", 1)}, "stop sequence"),
        ({"stop_sequences": ("\ud800",)}, "stop sequence"),
        ({"safety_settings": {"HARM_CATEGORY_CIVIC": "BLOCK_NONE"}}, "safety category"),
        ({"safety_settings": {"HARM_CATEGORY_HARASSMENT": "NEVER"}}, "safety threshold"),
        ({"model_params": {}}, "model_params"),
        ({"model_params": "{}"}, "model_params"),
        ({"model_params": {"contents": []}}, "contents"),
        ({"model_params": {"a": float("nan")}}, "model_params"),
        ({"model_params": {"a": object()}}, "model_params"),
        ({"model_params": {("a",): 1}}, "model_params"),
        ({"flatten_json_output": 1}, "flatten_json_output"),
        ({"flatten_json_output": "TRUE"}, "flatten_json_output"),
    ],
)
def test_illegal_arguments(arguments: dict[str, Any], named: str) -> None:
    """Each argument is checked, and the error names it."""
    with pytest.raises(InvalidInputError, match=named):
        Arguments(prompt=PROMPT, **arguments)


@pytest.mark.parametrize(
    "other",
    [
        {"temperature": 0},
        {"top_p": 0.5},
        {"max_output_tokens": 1},
        {"stop_sequences": ("a",)},
        {"safety_settings": {"HARM_CATEGORY_HARASSMENT": "BLOCK_NONE"}},
    ],
)
def test_model_params_excludes_the_others(other: dict[str, Any]) -> None:
    """The error says which argument clashes."""
    with pytest.raises(InvalidInputError, match=next(iter(other))):
        Arguments(prompt=PROMPT, model_params={"generation_config": {}}, **other)


def test_arguments_are_frozen_copies() -> None:
    """Changing what was passed in changes nothing."""
    params: dict[str, Any] = {"generation_config": {"temperature": 0.5}}
    stops = ["END"]
    arguments = Arguments(prompt=PROMPT, model_params=params)
    params["generation_config"]["temperature"] = 1
    assert arguments.model_params == {"generation_config": {"temperature": 0.5}}
    stopping: Any = {"stop_sequences": stops}
    stopped = Arguments(prompt=PROMPT, **stopping)
    stops.append("x")
    assert stopped.stop_sequences == ("END",)
    assert hash(arguments) != hash(stopped)


def test_repr_hides_the_prompt() -> None:
    """The prompt does not reach a log by way of a repr."""
    assert "movie" not in repr(Arguments(prompt=PROMPT))


def test_output_limit_is_set_only_where_nothing_else_sets_it() -> None:
    """A default output limit gives way to the caller's, and to a request body."""

    def shown(**given: Any) -> str:
        arguments = Arguments(prompt=PROMPT, **given)
        return arguments.fields(prompt=False, max_output_tokens=RUN_MAX_OUTPUT_TOKENS, flatten=False).text

    assert shown() == "8192 AS max_output_tokens,\nFALSE AS flatten_json_output"
    assert shown(max_output_tokens=7) == "7 AS max_output_tokens,\nFALSE AS flatten_json_output"
    assert "max_output_tokens" not in shown(model_params={"generation_config": {}})
    assert shown(flatten_json_output=True).endswith("TRUE AS flatten_json_output")
    assert "max_output_tokens" not in Arguments(prompt=PROMPT).fields(prompt=True, flatten=True).text


def test_fields_evaluate_to_the_arguments() -> None:
    """The STRUCT that is sent holds what was given, with GoogleSQL's types."""
    struct = f"STRUCT({EVERYTHING.fields(prompt=True, flatten=True).text})"
    assert EVERYTHING.safety_settings is not None
    assert googlesql.evaluate(struct) == (
        EVERYTHING.temperature,
        EVERYTHING.top_p,
        EVERYTHING.max_output_tokens,
        list(EVERYTHING.stop_sequences),
        list(EVERYTHING.safety_settings.items()),
        EVERYTHING.prompt,
        False,
    )
    body = Arguments(prompt="x", model_params={"a": ["é'\n", {"b": None}], "c": 0.5})
    wanted = '{"a":["é\'\\n",{"b":null}],"c":0.5}'
    found = googlesql.evaluate(
        f"TO_JSON_STRING(PARSE_JSON(STRUCT({body.fields(prompt=False, flatten=True).text}).model_params))"
    )
    assert found == wanted
