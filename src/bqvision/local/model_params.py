"""The argument model_params: the body of a generateContent request, without its contents."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, cast

from bqvision.local.protocol import invalid_query

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bqvision.local.vision import JsonValue

SAMPLING: Final = ("max_output_tokens", "top_p", "temperature", "stop_sequences")
"""What a vision model is told, by the names of BigQuery's arguments."""

_CONFIG_NAMES: Final[Mapping[str, str]] = {
    **{name: name for name in SAMPLING},
    "maxOutputTokens": "max_output_tokens",
    "topP": "top_p",
    "stopSequences": "stop_sequences",
}
_SCHEMA_NAMES: Final = ("responseSchema", "response_schema", "responseJsonSchema", "response_json_schema")
_SCHEMAS_BY_NAME: Final = frozenset({"properties", "$defs"})
_SCHEMAS: Final = frozenset({"items", "anyOf", "prefixItems"})


@dataclass(frozen=True, slots=True)
class ModelParams:
    """What a vision model gets of it."""

    parameters: Mapping[str, JsonValue] = field(default_factory=dict["str", "JsonValue"])
    response_schema: Mapping[str, JsonValue] | None = None
    """The JSON schema of the wanted answer."""

    @classmethod
    def read(cls, function: str, text: str) -> ModelParams:
        """Read the argument.

        Args:
            function: The function that it belongs to.
            text: The JSON text.

        Raises:
            ApiError: It is no JSON object, or its generationConfig is none.
        """
        params = _object(text)
        if params is None:
            raise invalid_query(f"the argument model_params of {function} must be a JSON object")
        config = params.get("generationConfig", params.get("generation_config", {}))
        if not isinstance(config, dict):
            raise invalid_query(f"generationConfig in model_params of {function} must be a JSON object")
        known = {_CONFIG_NAMES[name]: value for name, value in config.items() if name in _CONFIG_NAMES}
        schema = next((config[name] for name in _SCHEMA_NAMES if name in config), None)
        return cls(known, dict(_plain_members(schema)) if isinstance(schema, dict) else None)


def _object(text: str) -> Mapping[str, JsonValue] | None:
    try:
        value = cast("JsonValue", json.loads(text))
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _plain_members(schema: Mapping[str, JsonValue]) -> Iterator[tuple[str, JsonValue]]:
    """Yield a schema's members, Gemini's upper-case names of types as JSON schema has them."""
    for name, value in schema.items():
        if name == "type" and isinstance(value, str):
            yield name, value.lower()
        elif name in _SCHEMAS_BY_NAME and isinstance(value, dict):
            yield name, {key: _plain(of) for key, of in value.items()}
        else:
            yield name, _plain(value) if name in _SCHEMAS else value


def _plain(value: JsonValue) -> JsonValue:
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return dict(_plain_members(value)) if isinstance(value, dict) else value
