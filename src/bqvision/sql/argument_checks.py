"""What each argument of BigQuery's functions for Gemini may be, for those that are no number or flag."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final, Literal, TypeAlias, cast, get_args

from bqvision.answers import plain
from bqvision.errors import InvalidInputError
from bqvision.sql.names import ConnectionName, parse_connection
from bqvision.sql.options import refuse, string

SafetyCategory: TypeAlias = Literal[
    "HARM_CATEGORY_HATE_SPEECH",
    "HARM_CATEGORY_DANGEROUS_CONTENT",
    "HARM_CATEGORY_HARASSMENT",
    "HARM_CATEGORY_SEXUALLY_EXPLICIT",
]
SafetyThreshold: TypeAlias = Literal[
    "BLOCK_NONE",
    "BLOCK_LOW_AND_ABOVE",
    "BLOCK_MEDIUM_AND_ABOVE",
    "BLOCK_ONLY_HIGH",
    "HARM_BLOCK_THRESHOLD_UNSPECIFIED",
]

RequestType: TypeAlias = Literal["DEDICATED", "SHARED", "UNSPECIFIED"]

MAX_PROMPT_CHARS: Final = 64_000
"""BigQuery takes fewer than 16,000 tokens, at about four characters each."""


def check_prompt(prompt: object) -> None:
    """Refuse a prompt that is no text, is blank, is too long, or that no table can hold."""
    if not isinstance(prompt, str):
        raise InvalidInputError(f"the prompt is a {type(prompt).__name__}, not a text")
    if not prompt.strip():
        raise InvalidInputError("the prompt is empty", next_step="Say what to ask about each image.")
    if len(prompt) > MAX_PROMPT_CHARS:
        raise InvalidInputError(
            f"the prompt has {len(prompt):,} characters, more than {MAX_PROMPT_CHARS:,}",
            next_step="Shorten it: BigQuery takes fewer than 16,000 tokens, at about four characters each.",
        )
    if "\0" in prompt or any("\ud800" <= char <= "\udfff" for char in prompt):
        raise InvalidInputError(
            "the prompt holds a NUL character or half of a surrogate pair",
            next_step="Remove it; it often comes from text decoded with the wrong encoding.",
        )


def clean_stops(stops: object) -> tuple[str, ...]:
    """Return stop sequences, or raise `InvalidInputError`."""
    allowed = "a list of texts that are not empty"
    if not isinstance(stops, list | tuple):
        raise refuse("stop_sequences", stops, allowed)
    cleaned = tuple(string("stop sequence", stop, allowed) for stop in cast("tuple[object, ...]", stops))
    if not all(cleaned):
        raise refuse("stop_sequences", cleaned, allowed)
    return cleaned


def clean_safety(
    settings: Mapping[SafetyCategory, SafetyThreshold],
) -> dict[SafetyCategory, SafetyThreshold]:
    """Return safety settings, or raise `InvalidInputError`."""
    if not isinstance(cast("object", settings), Mapping):
        raise refuse("safety_settings", settings, "a mapping of category to threshold")
    for category, threshold in settings.items():
        if category not in get_args(SafetyCategory):
            raise refuse("safety category", category, ", ".join(get_args(SafetyCategory)))
        if threshold not in get_args(SafetyThreshold):
            raise refuse(f"{category}: safety threshold", threshold, ", ".join(get_args(SafetyThreshold)))
    return dict(settings)


def clean_params(params: object) -> dict[str, object]:
    """Return a copy of model_params, or raise `InvalidInputError`."""
    if not isinstance(params, Mapping) or not params:
        raise InvalidInputError("model_params is not a mapping with at least one key")
    if "contents" in params:
        raise InvalidInputError(
            "model_params has contents", next_step="Leave it out: it is made of the prompt and the image."
        )
    for key in ("generation_config", "generationConfig"):
        if not isinstance(params.get(key, {}), Mapping):
            raise InvalidInputError(f"{key} in model_params is not a mapping")
    try:
        # The copy is the caller's no longer, and has only what JSON can say.
        return cast("dict[str, object]", json.loads(json.dumps(dict(params), allow_nan=False)))
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidInputError(
            "model_params is not made of what JSON can say",
            next_step="Use dicts with text keys, lists, texts, finite numbers, booleans and None.",
        ) from error


def clean_categories(categories: object) -> dict[str, str | None]:
    """Return categories, or raise `InvalidInputError`."""
    if not isinstance(categories, Mapping) or not categories:
        raise InvalidInputError("categories is empty", next_step="Name at least one category.")
    for name, meaning in cast("Mapping[object, object]", categories).items():
        if plain(string("category", name, "a text")) != name or not name:
            # It would come back otherwise than it was given.
            raise refuse(
                "category", name, "a text that is not blank, without blanks at its ends, tabs and the like"
            )
        if meaning is not None and not string("a category's description", meaning, "a text").strip():
            raise refuse("a category's description", meaning, "a text that is not blank")
    return dict(cast("Mapping[str, str | None]", categories))


def clean_connection(connection: object) -> str:
    """Return a connection's name as the functions take it, or raise `InvalidInputError`."""
    name = parse_connection(string("connection", connection, "a name"))
    if not isinstance(name, ConnectionName):
        raise refuse("connection", connection, "a name; left out, the caller's own credentials are used")
    return str(name)
