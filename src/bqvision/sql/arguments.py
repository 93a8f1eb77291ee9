"""The arguments of ``ML.GENERATE_TEXT``, checked when they are made."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, cast, get_args

from bqvision.errors import InvalidInputError
from bqvision.sql.compose import SQL
from bqvision.sql.compose import Literal as Value
from bqvision.sql.options import number, refuse, string

if TYPE_CHECKING:
    from bqvision.sql.compose import Composable, Composed

__all__ = [
    "RUN_MAX_OUTPUT_TOKENS",
    "GenerateTextArguments",
    "SafetyCategory",
    "SafetyThreshold",
]

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

MAX_OUTPUT_TOKENS: Final = 8192
"""The most that ``ML.GENERATE_TEXT`` takes."""

RUN_MAX_OUTPUT_TOKENS: Final = MAX_OUTPUT_TOKENS
"""What a run asks for when nothing is said. BigQuery's own default is 1,024, and since a model's thinking
counts against it, answers come back cut or empty. It is a limit: a short answer does not cost more for it."""

MODEL_MAX_OUTPUT_TOKENS: Final = 65_535
"""The most that Gemini 2.5 models give, for which ``model_params`` may ask."""

MAX_PROMPT_CHARS: Final = 64_000
"""BigQuery takes fewer than 16,000 tokens, at about four characters each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerateTextArguments:
    """What to ask a model, and how; None leaves an argument out, so that BigQuery's default holds.

    Attributes:
        prompt: The question. Never shown in a repr.
        temperature: 0 to 1; 0 is BigQuery's default and the steadiest.
        top_p: 0 to 1.
        max_output_tokens: 1 to 8,192, thinking included.
        stop_sequences: Texts that end the answer.
        safety_settings: What to block, for each category.
        model_params: The body of a generateContent request without its contents, instead of the five above.
            It is sent as it is, so an output limit stands in its ``generation_config``.
        flatten_json_output: Whether BigQuery returns the answer's text instead of the whole response.
    """

    prompt: str = field(repr=False)
    temperature: float | None = None
    top_p: float | None = None
    max_output_tokens: int | None = None
    stop_sequences: tuple[str, ...] = ()
    safety_settings: Mapping[SafetyCategory, SafetyThreshold] | None = field(default=None, hash=False)
    model_params: Mapping[str, object] | None = field(default=None, hash=False, repr=False)
    flatten_json_output: bool | None = None

    def __post_init__(self) -> None:
        _check_prompt(self.prompt)
        for name, value in (("temperature", self.temperature), ("top_p", self.top_p)):
            if value is not None:
                number(name, value, 0, 1)
                object.__setattr__(self, name, float(value))  # 0 and 0.0 are the same question
        if self.max_output_tokens is not None:
            number("max_output_tokens", self.max_output_tokens, 1, MAX_OUTPUT_TOKENS, whole=True)
        object.__setattr__(self, "stop_sequences", _clean_stops(self.stop_sequences))
        if self.safety_settings is not None:
            object.__setattr__(self, "safety_settings", _clean_safety(self.safety_settings))
        if self.model_params is not None:
            object.__setattr__(self, "model_params", _clean_params(self.model_params))
            self._refuse_beside_model_params()
        if self.flatten_json_output is not None and type(self.flatten_json_output) is not bool:
            raise refuse("flatten_json_output", self.flatten_json_output, "True, False or None")

    def _refuse_beside_model_params(self) -> None:
        given = {
            "temperature": self.temperature is not None,
            "top_p": self.top_p is not None,
            "max_output_tokens": self.max_output_tokens is not None,
            "stop_sequences": bool(self.stop_sequences),
            "safety_settings": bool(self.safety_settings),
        }
        if clashing := [name for name, is_given in given.items() if is_given]:
            raise InvalidInputError(
                f"model_params excludes {', '.join(clashing)}",
                next_step="Put the setting into model_params, under generation_config or safety_settings.",
            )

    @property
    def output_limit(self) -> int | None:
        """The output limit that a run asks with, in tokens; None leaves it to the model."""
        if self.model_params is None:
            return RUN_MAX_OUTPUT_TOKENS if self.max_output_tokens is None else self.max_output_tokens
        limit = self._config().get(self._limit_key())
        return limit if isinstance(limit, int) else None

    @property
    def larger_limit(self) -> int | None:
        """The limit for asking again about an answer that was cut; None if there is no larger one."""
        largest = MAX_OUTPUT_TOKENS if self.model_params is None else MODEL_MAX_OUTPUT_TOKENS
        limit = self.output_limit
        return largest if limit is not None and limit < largest else None

    def with_output_limit(self, limit: int) -> GenerateTextArguments:
        """Return the same question with another output limit.

        Args:
            limit: Tokens.
        """
        if self.model_params is None:
            return replace(self, max_output_tokens=limit)
        config = {**self._config(), self._limit_key(): limit}
        return replace(self, model_params={**self.model_params, self._config_key(): config})

    def _config_key(self) -> str:
        return "generationConfig" if "generationConfig" in (self.model_params or {}) else "generation_config"

    def _config(self) -> Mapping[str, object]:
        config = (self.model_params or {}).get(self._config_key())
        return cast("Mapping[str, object]", config) if isinstance(config, Mapping) else {}

    def _limit_key(self) -> str:
        return "maxOutputTokens" if "maxOutputTokens" in self._config() else "max_output_tokens"

    def fields(self, *, prompt: bool, max_output_tokens: int | None = None, flatten: bool) -> Composed:
        """Return the fields of the function's STRUCT argument, one on each line.

        Args:
            prompt: Whether the prompt is among them; otherwise each input row has its own.
            max_output_tokens: The output limit when neither it nor `model_params` is set.
            flatten: What flatten_json_output is when it isn't set.
        """
        values: list[tuple[SQL, Composable]] = []
        limit = self.max_output_tokens
        if limit is None and self.model_params is None:
            limit = max_output_tokens
        for name, number_or_none in (
            (SQL("temperature"), self.temperature),
            (SQL("top_p"), self.top_p),
            (SQL("max_output_tokens"), limit),
        ):
            if number_or_none is not None:
                values.append((name, Value(number_or_none)))
        if self.stop_sequences:
            values.append((SQL("stop_sequences"), Value(self.stop_sequences)))
        if self.safety_settings:
            settings = [
                SQL("STRUCT({} AS category, {} AS threshold)").format(Value(category), Value(level))
                for category, level in self.safety_settings.items()
            ]
            values.append((SQL("safety_settings"), SQL("[{}]").format(SQL(", ").join(settings))))
        if self.model_params is not None:
            body = json.dumps(self.model_params, ensure_ascii=False, allow_nan=False)
            values.append((SQL("model_params"), Value(body)))
        if prompt:
            values.append((SQL("prompt"), Value(self.prompt)))
        flattened = flatten if self.flatten_json_output is None else self.flatten_json_output
        values.append((SQL("flatten_json_output"), Value(flattened)))
        return SQL(",\n").join(SQL("{} AS {}").format(value, name) for name, value in values)


def _check_prompt(prompt: object) -> None:
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


def _clean_stops(stops: object) -> tuple[str, ...]:
    allowed = "a list of texts that are not empty"
    if not isinstance(stops, list | tuple):
        raise refuse("stop_sequences", stops, allowed)
    cleaned = tuple(string("stop sequence", stop, allowed) for stop in cast("tuple[object, ...]", stops))
    if not all(cleaned):
        raise refuse("stop_sequences", cleaned, allowed)
    return cleaned


def _clean_safety(
    settings: Mapping[SafetyCategory, SafetyThreshold],
) -> dict[SafetyCategory, SafetyThreshold]:
    for category, threshold in settings.items():
        if category not in get_args(SafetyCategory):
            raise refuse("safety category", category, ", ".join(get_args(SafetyCategory)))
        if threshold not in get_args(SafetyThreshold):
            raise refuse(f"{category}: safety threshold", threshold, ", ".join(get_args(SafetyThreshold)))
    return dict(settings)


def _clean_params(params: object) -> dict[str, object]:
    if not isinstance(params, Mapping) or not params:
        raise InvalidInputError("model_params is not a mapping with at least one key")
    if "contents" in params:
        raise InvalidInputError(
            "model_params has contents", next_step="Leave it out: it is made of the prompt and the image."
        )
    try:
        # The copy is the caller's no longer, and has only what JSON can say.
        return cast("dict[str, object]", json.loads(json.dumps(dict(params), allow_nan=False)))
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidInputError(
            "model_params is not made of what JSON can say",
            next_step="Use dicts with text keys, lists, texts, finite numbers, booleans and None.",
        ) from error
