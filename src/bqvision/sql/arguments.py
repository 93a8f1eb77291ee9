"""What to ask a model, and how: the arguments of BigQuery's functions for Gemini, checked when they are made."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, Literal, cast, get_args

from bqvision.errors import InvalidInputError
from bqvision.sql.argument_checks import (
    RequestType,
    SafetyCategory,
    SafetyThreshold,
    check_prompt,
    clean_categories,
    clean_connection,
    clean_params,
    clean_safety,
    clean_stops,
)
from bqvision.sql.compose import SQL
from bqvision.sql.compose import Literal as Value
from bqvision.sql.functions import FUNCTIONS, takers
from bqvision.sql.options import clean_endpoint, number, refuse, string

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bqvision.sql.compose import Composable, Composed
    from bqvision.sql.functions import Function, FunctionName

__all__ = ["RUN_MAX_OUTPUT_TOKENS", "Arguments"]

MAX_OUTPUT_TOKENS: Final = 8192
"""The most that the functions' argument of this name takes."""

RUN_MAX_OUTPUT_TOKENS: Final = MAX_OUTPUT_TOKENS
"""What a run asks for when nothing is said. BigQuery's own default is 1,024, and since a model's thinking
counts against it, answers come back cut or empty. It is a limit: a short answer does not cost more for it."""

MODEL_MAX_OUTPUT_TOKENS: Final = 65_535
"""The most that Gemini 2.5 models give, for which ``model_params`` may ask."""

_SAMPLING: Final = ("temperature", "top_p", "max_output_tokens", "stop_sequences", "safety_settings")
_NUMBERS: Final = ("temperature", "top_p", "max_output_tokens")
_FLAGS: Final = ("ground_with_google_search", "flatten_json_output")
_NOT_ARGUMENTS: Final = frozenset({"function", "prompt", "output_schema"})
"""Fields that are no arguments of their own, or that no caller gives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments:
    """What to ask a model, and how; None leaves an argument out, so that BigQuery's default holds.

    `bqvision.sql.functions` says which function takes which of them, in which range.

    Attributes:
        function: The function to call.
        prompt: The question; None only where the categories say enough. Never shown in a repr.
        temperature: 0 is the steadiest.
        top_p: 0 to 1.
        max_output_tokens: Tokens, thinking included.
        stop_sequences: Texts that end the answer.
        safety_settings: What to block, for each category.
        model_params: The body of a generateContent request without its contents, instead of the five above.
            It is sent as it is, so an output limit stands in its ``generation_config``.
        ground_with_google_search: Whether the model may search.
        request_type: Which quota a call uses.
        flatten_json_output: Whether BigQuery returns the answer's text instead of the whole response.
        endpoint: The model, for the functions that take no remote model.
        connection: Whose permissions call it, likewise; None for the caller's own.
        categories: What to choose from, and what each means.
        output_mode: Whether several categories may be chosen.
        output_schema: The wanted fields, for the functions that have such an argument.
    """

    function: FunctionName = "ML.GENERATE_TEXT"
    prompt: str | None = field(default=None, repr=False)
    temperature: float | None = None
    top_p: float | None = None
    max_output_tokens: int | None = None
    stop_sequences: tuple[str, ...] = ()
    safety_settings: Mapping[SafetyCategory, SafetyThreshold] | None = field(default=None, hash=False)
    model_params: Mapping[str, object] | None = field(default=None, hash=False, repr=False)
    ground_with_google_search: bool | None = None
    request_type: RequestType | None = None
    flatten_json_output: bool | None = None
    endpoint: str | None = None
    connection: str | None = None
    categories: Mapping[str, str | None] | None = field(default=None, hash=False, repr=False)
    output_mode: Literal["multi"] | None = None
    output_schema: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if string("function", self.function, ", ".join(FUNCTIONS)) not in FUNCTIONS:
            raise refuse("function", self.function, ", ".join(FUNCTIONS))
        if self.prompt is not None or self.categories is None:
            check_prompt(self.prompt)
        self._refuse_what_it_lacks()
        for name in _NUMBERS:
            self._check_number(name)
        object.__setattr__(self, "stop_sequences", clean_stops(self.stop_sequences))
        if self.safety_settings is not None:
            # None and no setting are the same question.
            object.__setattr__(self, "safety_settings", clean_safety(self.safety_settings) or None)
        if self.model_params is not None:
            object.__setattr__(self, "model_params", clean_params(self.model_params))
            self._refuse_beside_model_params()
        for name in _FLAGS:
            value = getattr(self, name)
            if value is not None and type(value) is not bool:
                raise refuse(name, value, "True, False or None")
        if self.request_type is not None and self.request_type not in get_args(RequestType):
            raise refuse("request_type", self.request_type, ", ".join(get_args(RequestType)))
        if self.endpoint is not None:
            clean_endpoint(self.endpoint)
        if self.connection is not None:
            object.__setattr__(self, "connection", clean_connection(self.connection))
        if self.categories is not None:
            object.__setattr__(self, "categories", clean_categories(self.categories))

    @property
    def declared(self) -> Function:
        """What the function takes and gives."""
        return FUNCTIONS[self.function]

    @property
    def prose(self) -> tuple[str, ...]:
        """The caller's texts, which no message may show."""
        said = [text for pair in (self.categories or {}).items() for text in pair if text is not None]
        return (*(() if self.prompt is None else (self.prompt,)), *said, *_texts(self.model_params))

    def _given(self) -> list[str]:
        names = [name for name in self.__slots__ if name not in _NOT_ARGUMENTS]
        return [name for name in names if getattr(self, name) not in (None, ())]

    def _refuse_what_it_lacks(self) -> None:
        for name in self._given():
            if name in self.declared.arguments:
                continue
            if name in _SAMPLING and "model_params" in self.declared.arguments:
                instead = "for this one, put it into model_params, under generation_config or safety_settings"
            else:
                instead = "or leave it out"
            raise InvalidInputError(
                f"{self.function} has no argument {name}",
                next_step=f"It is an argument of {takers(name)}; {instead}.",
            )

    def _check_number(self, name: str) -> None:
        value = getattr(self, name)
        if value is None:
            return
        declared = self.declared.arguments[name]
        if declared.low is None or declared.high is None:
            raise AssertionError(f"{name} is declared without a range")
        number(name, value, declared.low, declared.high, whole=declared.whole)
        if not declared.whole:
            object.__setattr__(self, name, float(value))  # 0 and 0.0 are the same question

    def _refuse_beside_model_params(self) -> None:
        if clashing := [name for name in self._given() if name in _SAMPLING]:
            raise InvalidInputError(
                f"model_params excludes {', '.join(clashing)}",
                next_step="Put the setting into model_params, under generation_config or safety_settings.",
            )

    def typed(self, output_schema: str) -> Arguments:
        """Return the same question with the wanted fields as the argument output_schema.

        Args:
            output_schema: The fields, as BigQuery writes them.
        """
        return replace(self, output_schema=output_schema)

    def shaped(self, response_schema: Mapping[str, object]) -> Arguments:
        """Return the same question with the wanted fields in ``model_params``, which takes the place of all others.

        Args:
            response_schema: The fields, as Gemini's ``responseSchema``.

        Raises:
            InvalidInputError: The caller's ``model_params`` say already what the answer is to look like.
        """
        params = dict(self.model_params or {})
        config = dict(self._config())
        taken = {
            "response_schema",
            "responseSchema",
            "response_json_schema",
            "responseJsonSchema",
        } & config.keys()
        if taken:
            raise InvalidInputError(
                f"model_params has {', '.join(sorted(taken))}, and the record has a schema of its own",
                next_step='Leave it out, or give schema="prompt" to have the record\'s fields said in the prompt.',
            )
        if self.model_params is None:
            given = {name: getattr(self, name) for name in _SAMPLING[:4]}
            given["stop_sequences"] = list(self.stop_sequences) or None
            given["max_output_tokens"] = self.output_limit
            config |= {name: value for name, value in given.items() if value is not None}
            if self.safety_settings:
                params["safety_settings"] = [
                    {"category": category, "threshold": threshold}
                    for category, threshold in self.safety_settings.items()
                ]
        config |= {"response_mime_type": "application/json", "response_schema": response_schema}
        params[self._config_key()] = config
        return replace(
            self,
            temperature=None,
            top_p=None,
            max_output_tokens=None,
            stop_sequences=(),
            safety_settings=None,
            model_params=params,
        )

    @property
    def output_limit(self) -> int | None:
        """The output limit that a run asks with, in tokens; None leaves it to the model."""
        if self.model_params is None:
            if "max_output_tokens" not in self.declared.arguments:
                return None
            return RUN_MAX_OUTPUT_TOKENS if self.max_output_tokens is None else self.max_output_tokens
        limit = self._config().get(self._limit_key())
        return limit if isinstance(limit, int) else None

    @property
    def larger_limit(self) -> int | None:
        """The limit for asking again about an answer that was cut; None if there is no larger one."""
        largest = MAX_OUTPUT_TOKENS if self.model_params is None else MODEL_MAX_OUTPUT_TOKENS
        limit = self.output_limit
        return largest if limit is not None and limit < largest else None

    def with_output_limit(self, limit: int) -> Arguments:
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

    def fields(
        self, *, prompt: bool, max_output_tokens: int | None = None, flatten: bool | None = None
    ) -> Composed:
        """Return the fields of a table function's STRUCT argument, one on each line.

        Args:
            prompt: Whether the prompt is among them; otherwise each input row has its own.
            max_output_tokens: The output limit when neither it nor `model_params` is set.
            flatten: What flatten_json_output is when it isn't set, where the function has it.
        """
        limit = self.max_output_tokens
        if limit is None and self.model_params is None:
            limit = max_output_tokens
        values: list[tuple[SQL, Composable]] = []
        for name, scalar in (
            (SQL("output_schema"), self.output_schema),
            (SQL("temperature"), self.temperature),
            (SQL("top_p"), self.top_p),
            (SQL("max_output_tokens"), limit),
        ):
            if scalar is not None:
                values.append((name, Value(scalar)))
        if self.stop_sequences:
            values.append((SQL("stop_sequences"), Value(self.stop_sequences)))
        if self.safety_settings:
            settings = [
                SQL("STRUCT({} AS category, {} AS threshold)").format(Value(category), Value(level))
                for category, level in self.safety_settings.items()
            ]
            values.append((SQL("safety_settings"), SQL("[{}]").format(SQL(", ").join(settings))))
        if self.model_params is not None:
            values.append((SQL("model_params"), Value(self._body())))
        if self.ground_with_google_search is not None:
            values.append((SQL("ground_with_google_search"), Value(self.ground_with_google_search)))
        if self.request_type is not None:
            values.append((SQL("request_type"), Value(self.request_type)))
        if prompt and self.prompt is not None:
            values.append((SQL("prompt"), Value(self.prompt)))
        flattened = flatten if self.flatten_json_output is None else self.flatten_json_output
        if flattened is not None and "flatten_json_output" in self.declared.arguments:
            values.append((SQL("flatten_json_output"), Value(flattened)))
        return SQL(",\n").join(SQL("{} AS {}").format(value, name) for name, value in values)

    def named(self) -> list[Composed]:
        """Return the named arguments of a scalar function, those of the prompt left out."""
        values: list[tuple[SQL, Composable]] = []
        if self.categories is not None:
            values.append((SQL("categories"), _categories(self.categories)))
        for name, text in (
            (SQL("output_mode"), self.output_mode),
            (SQL("endpoint"), self.endpoint),
            (SQL("connection_id"), self.connection),
            (SQL("output_schema"), self.output_schema),
            (SQL("request_type"), self.request_type),
        ):
            if text is not None:
                values.append((name, Value(text)))
        if self.model_params is not None:
            values.append((SQL("model_params"), SQL("JSON {}").format(Value(self._body()))))
        return [SQL("{} => {}").format(name, value) for name, value in values]

    def _body(self) -> str:
        return json.dumps(self.model_params, ensure_ascii=False, allow_nan=False)


def _texts(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case Mapping():
            for part in cast("Mapping[str, object]", value).values():
                yield from _texts(part)
        case list() | tuple():
            for part in cast("list[object]", value):
                yield from _texts(part)
        case _:
            return


def _categories(categories: Mapping[str, str | None]) -> Composed:
    if not any(categories.values()):
        return SQL("{}").format(Value(tuple(categories)))
    pairs = (
        SQL("({}, {})").format(Value(name), Value(name if meaning is None else meaning))
        for name, meaning in categories.items()
    )
    return SQL("[{}]").format(SQL(", ").join(pairs))
