"""JSON schemas of answers: from the form that Gemini takes to the one that OpenAI-compatible servers take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bqvision.local.vision import JsonValue

_NULL: Final[dict[str, JsonValue]] = {"type": "null"}
_TYPES: Final[Mapping[str, Callable[[JsonValue], bool]]] = {
    "null": lambda value: value is None,
    "boolean": lambda value: isinstance(value, bool),
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: type(value) is int or (isinstance(value, float) and value.is_integer()),
    "number": lambda value: type(value) in {int, float},
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
}


def strict_schema(schema: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return a schema in the form of OpenAI's structured outputs.

    Types are in lower case, an object has no other properties than those named and requires all of them, and
    what may be left out or be null is ``anyOf`` its type and null. (A list of types would be shorter, but LM
    Studio's MLX engine refuses it: https://github.com/lmstudio-ai/lmstudio-bug-tracker/issues/909.) Bounds,
    formats and examples are left out: servers differ in which of them they refuse.

    Args:
        schema: Gemini's form (``{"type": "OBJECT", "nullable": true, ...}``) or JSON schema's.
    """
    return _value(schema)


def is_strict(schema: JsonValue) -> bool:
    """Say whether a schema that `strict_schema` made leaves nothing open, as strict servers want it."""
    if not isinstance(schema, dict):
        return False
    choices = schema.get("anyOf")
    if isinstance(choices, list):
        return all(map(is_strict, choices))
    match schema.get("type"):
        case "object":
            properties = _properties(schema)
            return bool(properties) and all(map(is_strict, properties.values()))
        case "array":
            return is_strict(schema.get("items"))
        case kind:
            return kind is not None


def fits(value: JsonValue, schema: JsonValue) -> bool:
    """Say whether a value fits a schema that `strict_schema` made."""
    if not isinstance(schema, dict):
        return True
    choices = schema.get("anyOf")
    if isinstance(choices, list):
        return any(fits(value, choice) for choice in choices)
    allowed = schema.get("enum")
    if isinstance(allowed, list) and value not in allowed:
        return False
    check = _TYPES.get(str(schema.get("type")))
    if check is not None and not check(value):
        return False
    if isinstance(value, list):
        return all(fits(item, schema.get("items")) for item in value)
    if isinstance(value, dict) and "properties" in schema:
        properties = _properties(schema)
        return value.keys() == properties.keys() and all(
            fits(value[name], one) for name, one in properties.items()
        )
    return True


def _value(schema: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    made: dict[str, JsonValue] = {}
    types = _types(schema)
    if types:
        made["type"] = types[0]
    if isinstance(schema.get("description"), str):
        made["description"] = schema["description"]
    allowed = schema.get("enum")
    if isinstance(allowed, list):
        made["enum"] = [one for one in allowed if one is not None]
    choices = schema.get("anyOf")
    if isinstance(choices, list):
        made["anyOf"] = [_value(choice) for choice in choices if isinstance(choice, dict)]
    items = schema.get("items")
    if isinstance(items, dict):
        made["items"] = _optional(items)
    properties = _properties(schema)
    if properties:
        required = schema.get("required")
        needed = required if isinstance(required, list) else []
        made["properties"] = {
            name: _optional(one if isinstance(one, dict) else {}, nullable=name not in needed)
            for name, one in properties.items()
        }
        made["required"] = list(properties)
        made["additionalProperties"] = False
    return made


def _optional(schema: Mapping[str, JsonValue], *, nullable: bool = False) -> dict[str, JsonValue]:
    made = _value(schema)
    if not (nullable or schema.get("nullable") is True or "null" in _types(schema, null=True)):
        return made
    choices = made.get("anyOf")
    if not isinstance(choices, list):
        return {"anyOf": [made, _NULL]} if made else {}
    return made if _NULL in choices else {**made, "anyOf": [*choices, _NULL]}


def _types(schema: Mapping[str, JsonValue], *, null: bool = False) -> list[str]:
    given = schema.get("type")
    named = given if isinstance(given, list) else [given]
    types = [name.lower() for name in named if isinstance(name, str)]
    return [name for name in types if null or name != "null" or types == ["null"]]


def _properties(schema: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
    properties = schema.get("properties")
    return properties if isinstance(properties, dict) else {}
