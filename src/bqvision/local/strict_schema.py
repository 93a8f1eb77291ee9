"""JSON schemas of answers: from the form that Gemini takes to the one that OpenAI-compatible servers take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bqvision.local.vision import JsonValue

_MADE: Final = frozenset(
    {"type", "description", "enum", "anyOf", "items", "properties", "required", "additionalProperties"}
)
"""What a strict schema may hold."""
_OPEN: Final = frozenset(
    {
        "$ref",
        "$defs",
        "definitions",
        "const",
        "oneOf",
        "allOf",
        "not",
        "if",
        "prefixItems",
        "patternProperties",
    }
)
"""What has no strict form, and can't be left out."""
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
    formats and examples are left out: servers differ in which of them they refuse. A schema with what has no such
    form (a reference, a constant, several forms of which one fits) is returned as it is.

    Args:
        schema: Gemini's form (``{"type": "OBJECT", "nullable": true, ...}``) or JSON schema's.
    """
    return dict(schema) if _is_open(schema) else _value(schema)


def _is_open(schema: JsonValue | Mapping[str, JsonValue]) -> bool:
    if isinstance(schema, list):
        return any(map(_is_open, schema))
    if not isinstance(schema, dict):
        return False
    parts = (schema.get("items"), schema.get("anyOf"), *_properties(schema).values())
    return not _OPEN.isdisjoint(schema) or any(map(_is_open, parts))


def is_strict(schema: JsonValue) -> bool:
    """Say whether a schema that `strict_schema` gave leaves nothing open, as strict servers want it."""
    if not isinstance(schema, dict) or not schema.keys() <= _MADE:
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
    """Say whether a value fits a schema that `strict_schema` gave, as far as it is a strict one."""
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
        properties, required = _properties(schema), schema.get("required")
        needed = required if isinstance(required, list) else []
        if not all(name in value for name in needed):
            return False
        if schema.get("additionalProperties") is False and not value.keys() <= properties.keys():
            return False
        return all(fits(value[name], one) for name, one in properties.items() if name in value)
    return True


def _value(schema: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    made: dict[str, JsonValue] = {}
    types = _types(schema)
    if len(types) > 1:
        schema = {
            "description": schema.get("description"),
            "anyOf": [_of_type(schema, kind) for kind in types],
        }
    elif types:
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


def _of_type(schema: Mapping[str, JsonValue], kind: str) -> dict[str, JsonValue]:
    """Return what a schema of several types says of one of them."""
    only = {"properties": "object", "required": "object", "items": "array"}
    kept = {name: value for name, value in schema.items() if only.get(name, kind) == kind}
    allowed = schema.get("enum")
    if isinstance(allowed, list) and kind in _TYPES:
        kept["enum"] = [one for one in allowed if _TYPES[kind](one)]
    return {**kept, "type": kind, "description": None}


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
