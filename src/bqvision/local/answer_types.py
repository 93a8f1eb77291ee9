"""The types of what a model is to say: as the JSON schema that it gets, as columns, and as the values that fit."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Final

from bqvision.local.fences import unfenced
from bqvision.local.rows import column, storable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bqvision.local.protocol import JSON
    from bqvision.local.statements import OutputField, OutputType
    from bqvision.local.vision import JsonValue

RESULT: Final = "result"
"""The name of the one field of the functions that have no other."""

_JSON_TYPES: Final[Mapping[str, str]] = {
    "ARRAY": "array",
    "BOOL": "boolean",
    "FLOAT64": "number",
    "INT64": "integer",
    "STRING": "string",
    "STRUCT": "object",
}
_COLUMN_TYPES: Final[Mapping[str, str]] = {
    "BOOL": "BOOLEAN",
    "FLOAT64": "FLOAT",
    "INT64": "INTEGER",
    "STRING": "STRING",
    "STRUCT": "RECORD",
}
_INT64: Final = range(-(2**63), 2**63)


def json_schema(fields: Sequence[OutputField], *, nullable: bool) -> dict[str, JsonValue]:
    """Return the JSON schema of an object with these fields, all of them required.

    Args:
        fields: The fields.
        nullable: Whether a field may be null, which is how a model says that there is no value.
    """
    properties: dict[str, JsonValue] = {}
    for field in fields:
        schema = _json_schema(field.type, nullable=nullable)
        if field.description is not None:
            schema["description"] = field.description
        if nullable:
            schema["nullable"] = True
        properties[field.name] = schema
    return {"type": "object", "properties": properties, "required": [field.name for field in fields]}


def _json_schema(kind: OutputType, *, nullable: bool) -> dict[str, JsonValue]:
    if kind.name == "STRUCT":
        return json_schema(kind.fields, nullable=nullable)
    schema: dict[str, JsonValue] = {"type": _JSON_TYPES[kind.name]}
    if kind.item is not None:
        schema["items"] = _json_schema(kind.item, nullable=nullable)
    if kind.choices:
        schema["enum"] = list(kind.choices)
    return schema


def output_column(name: str, kind: OutputType) -> JSON:
    """Return the REST schema of a column of a type."""
    inner = kind if kind.item is None else kind.item
    fields = [output_column(field.name, field.type) for field in inner.fields] if inner.fields else None
    mode = "NULLABLE" if kind.item is None else "REPEATED"
    return column(name, _COLUMN_TYPES[inner.name], mode, fields)


def values(text: str, fields: Sequence[OutputField], *, bare: bool) -> Mapping[str, object]:
    """Return the fields' values in an answer; None for each that is missing, or of another type.

    Args:
        text: The answer: a JSON object, in a Markdown fence or not.
        fields: The wanted fields.
        bare: Whether the value of the only field may also be said without the object.
    """
    inside = unfenced(text)
    said = text.strip() if inside is None else inside
    found = _parsed(said)
    if not isinstance(found, dict):
        found = {field.name: _bare(said, found, field.type) for field in fields} if bare else {}
    return {field.name: fitted(found.get(field.name), field.type) for field in fields}


def _parsed(said: str) -> object:
    try:
        return json.loads(said)
    except (ValueError, RecursionError):
        return None


def _bare(said: str, parsed: object, kind: OutputType) -> object:
    """Return a value that stands alone, as in `True`, `3.5`, `train`."""
    if kind.name == "STRING" and not isinstance(parsed, str):
        return said
    return said.lower() == "true" if said.lower() in {"true", "false"} else parsed


def fitted(value: object, kind: OutputType) -> object:
    """Return a JSON value as one of a type; None where it is none, and for what is missing in it."""
    match kind.name, value:
        case "STRING", str(text):
            text = storable(text)
            return text if not kind.choices or text in kind.choices else None
        case "BOOL", bool():
            return value
        case (("INT64" | "FLOAT64"), bool()):
            return None
        case "INT64", int() if value in _INT64:
            return value
        case "INT64", float() if value.is_integer() and int(value) in _INT64:
            return int(value)
        case "FLOAT64", (int() | float()):
            return _finite(value)
        case "ARRAY", [*items] if kind.item is not None:
            found = [fitted(item, kind.item) for item in items]
            return None if None in found else found
        case "STRUCT", {**members}:
            return {field.name: fitted(members.get(field.name), field.type) for field in kind.fields}
        case _:
            return None


def _finite(value: float) -> float | None:
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None
