"""What a statement asks a model: its arguments, and a question for each input row."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeAlias

from bqvision.local.protocol import ApiError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bqvision.local.rows import Rows
    from bqvision.local.vision import JsonValue

_NUMBERS: Final[Mapping[str, tuple[type, float, float]]] = {
    "temperature": (float, 0, 1),
    "top_p": (float, 0, 1),
    "max_output_tokens": (int, 1, 8192),
}
_MODEL_ARGUMENTS: Final = frozenset({*_NUMBERS, "stop_sequences", "safety_settings"})
_KNOWN: Final = _MODEL_ARGUMENTS | {
    "prompt",
    "flatten_json_output",
    "ground_with_google_search",
    "model_params",
    "request_type",
}
_CONFIG_NAMES: Final = {
    "temperature": "temperature",
    "topP": "top_p",
    "top_p": "top_p",
    "maxOutputTokens": "max_output_tokens",
    "max_output_tokens": "max_output_tokens",
    "stopSequences": "stop_sequences",
    "stop_sequences": "stop_sequences",
}


@dataclass(frozen=True, slots=True)
class ObjectRef:
    """An object that a question shows, in the version that was listed."""

    uri: str
    version: str | None


Part: TypeAlias = "str | ObjectRef"


@dataclass(frozen=True, slots=True)
class Arguments:
    """The arguments of one ML.GENERATE_TEXT."""

    prompt: str | None = field(default=None, repr=False)
    flatten: bool = False
    safety: bool = False
    grounded: bool = False
    parameters: Mapping[str, JsonValue] = field(default_factory=dict["str", "JsonValue"])
    schema: Mapping[str, JsonValue] | None = None

    @classmethod
    def read(cls, values: Mapping[str, object]) -> Arguments:
        """Check the evaluated arguments, named in lower case.

        Raises:
            ApiError: One is unknown, of the wrong type, out of range, or excluded by another.
        """
        for name in values:
            if name not in _KNOWN:
                raise _invalid(f"unknown argument {name} of ML.GENERATE_TEXT")
        if "model_params" in values and _MODEL_ARGUMENTS & values.keys():
            names = ", ".join(sorted(_MODEL_ARGUMENTS & values.keys()))
            raise _invalid(f"model_params can't be given together with {names}")
        parameters: dict[str, JsonValue] = {}
        schema: Mapping[str, JsonValue] | None = None
        for name, bounds in _NUMBERS.items():
            if values.get(name) is not None:
                parameters[name] = _number(name, values[name], *bounds)
        if values.get("stop_sequences") is not None:
            parameters["stop_sequences"] = _texts("stop_sequences", values["stop_sequences"])
        if values.get("model_params") is not None:
            parameters, schema = _model_params(_text("model_params", values["model_params"]))
        prompt = values.get("prompt")
        return cls(
            prompt=None if prompt is None else _text("prompt", prompt),
            flatten=_flag(values, "flatten_json_output"),
            safety=values.get("safety_settings") is not None,
            grounded=_flag(values, "ground_with_google_search"),
            parameters=parameters,
            schema=schema,
        )


def questions(rows: Rows, arguments: Arguments) -> list[tuple[Part, ...]]:
    """Return what is asked about each input row.

    With a prompt among the arguments the rows are an object table's; without one they bring their own
    ``prompt`` column.

    Raises:
        ApiError: The rows don't have the columns for either.
    """
    if arguments.prompt is not None:
        if "uri" not in rows.names:
            raise _invalid("ML.GENERATE_TEXT with a prompt argument needs an object table as its input")
        uris = rows.values("uri")
        versions = rows.values("generation") if "generation" in rows.names else [None] * len(uris)
        return [
            (arguments.prompt, ObjectRef(str(uri), None if version is None else str(version)))
            for uri, version in zip(uris, versions, strict=True)
        ]
    if "prompt" not in rows.names:
        raise _invalid(
            "ML.GENERATE_TEXT needs a prompt: an argument in the STRUCT for an object table, "
            "or a column named prompt in the input query"
        )
    members = rows.members("prompt")
    return [tuple(part for cell in row for part in _parts(cell)) for row in zip(*members, strict=True)]


def _parts(cell: object) -> Iterator[Part]:
    match cell:
        case None:
            return
        case str():
            yield cell
        case {"uri": str(uri), "version": version}:
            yield ObjectRef(uri, None if version is None else str(version))
        case [*items]:
            for item in items:
                yield from _parts(item)
        case _:
            raise _invalid(
                "the prompt column may hold STRING, ARRAY<STRING>, ObjectRef and ARRAY<ObjectRef> only"
            )


def _invalid(message: str) -> ApiError:
    return ApiError("invalidQuery", message, location="query")


def _text(name: str, value: object) -> str:
    text = getattr(value, "text", value)  # A JSON literal is kept as its text.
    if not isinstance(text, str) or not text:
        raise _invalid(f"the argument {name} must be a STRING that is not empty")
    return text


def _flag(values: Mapping[str, object], name: str) -> bool:
    value = values.get(name)
    if value is not None and not isinstance(value, bool):
        raise _invalid(f"the argument {name} must be a BOOL")
    return value is True


def _number(name: str, value: object, kind: type, low: float, high: float) -> JsonValue:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        try:
            value = float(str(value))  # NUMERIC
        except ValueError:
            raise _invalid(f"the argument {name} must be a number") from None
    if kind is int and value != int(value):
        raise _invalid(f"the argument {name} must be an INT64")
    if not low <= value <= high:
        raise _invalid(f"the argument {name} must be from {low} to {high}, and is {value}")
    return int(value) if kind is int else float(value)


def _texts(name: str, value: object) -> list[JsonValue]:
    if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) for item in value):
        raise _invalid(f"the argument {name} must be an ARRAY<STRING>")
    return [str(item) for item in value]


def _model_params(text: str) -> tuple[dict[str, JsonValue], Mapping[str, JsonValue] | None]:
    try:
        params = json.loads(text)
    except ValueError:
        params = None
    if not isinstance(params, dict):
        raise _invalid("the argument model_params must be a JSON object")
    config = params.get("generationConfig", params.get("generation_config", {}))
    if not isinstance(config, dict):
        raise _invalid("generationConfig in model_params must be a JSON object")
    schema = config.get("responseSchema", config.get("response_schema"))
    known = {_CONFIG_NAMES[name]: value for name, value in config.items() if name in _CONFIG_NAMES}
    return known, schema if isinstance(schema, dict) else None
