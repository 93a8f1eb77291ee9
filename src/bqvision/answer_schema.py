"""How a record is asked for: as the schema that a function or a model takes, or in words."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from bqvision.field_types import Array, Choice, Struct, walk
from bqvision.sql.literals import render

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bqvision._rest import JsonValue
    from bqvision.field_types import Field, FieldType, Item, ScalarType
    from bqvision.schema import R, RecordSchema

__all__ = ["instructions", "output_schema", "response_schema"]

_DATE: Final = "a date as YYYY-MM-DD"
_TIMESTAMP: Final = "a time as YYYY-MM-DDThh:mm:ss, followed by Z for UTC or an offset such as +02:00"
_RULES: Final[dict[ScalarType, str]] = {"DATE": _DATE, "TIMESTAMP": _TIMESTAMP}
_WORDS: Final[dict[ScalarType, str]] = {
    "STRING": "a text",
    "INT64": "a whole number",
    "FLOAT64": "a number",
    "BOOL": "true or false",
    **_RULES,
}
_GEMINI_TYPES: Final[dict[ScalarType, str]] = {
    "STRING": "STRING",
    "INT64": "INTEGER",
    "FLOAT64": "NUMBER",
    "BOOL": "BOOLEAN",
    "DATE": "STRING",
    "TIMESTAMP": "STRING",
}
# GoogleSQL's reserved words, which a name can be in backticks only.
_RESERVED_WORDS: Final = (
    "all and any array as asc assert_rows_modified at between by case cast collate contains create cross cube current"
    " default define desc distinct else end enum escape except exclude exists extract false fetch following for from"
    " full group grouping groups hash having if ignore in inner intersect interval into is join lateral left like"
    " limit lookup merge natural new no not null nulls of on or order outer over partition preceding proto qualify"
    " range recursive respect right rollup rows select set some struct tablesample then to treat true unbounded union"
    " unnest using when where window with within"
)
_RESERVED: Final = frozenset(_RESERVED_WORDS.split())


def output_schema(schema: RecordSchema[R]) -> str:
    """Return a record's fields as the ``output_schema`` of AI.GENERATE_TABLE and AI.GENERATE.

    It knows STRING, INT64, FLOAT64, BOOL, ARRAY and STRUCT only. Formats and closed sets stand in the descriptions,
    which the functions take for columns and for the fields of a STRUCT.
    """
    return _columns(schema.fields)


def _columns(fields: Sequence[Field]) -> str:
    return ", ".join(_column(field) for field in fields)


def _column(field: Field) -> str:
    name = f"`{field.name}`" if field.name.lower() in _RESERVED else field.name
    kind = field.type
    described = [field.description]
    if isinstance(kind, Array):
        each = _joined([kind.description, _rule(kind.item)])
        described.append(each and f"each: {each}")
        column = f"ARRAY<{_column_type(kind.item)}>"
    else:
        described.append(_rule(kind))
        column = _column_type(kind)
    description = _joined(described)
    options = f" OPTIONS(description = {render(description)})" if description else ""
    return f"{name} {column}{options}"


def _column_type(kind: Item) -> str:
    match kind:
        case Struct(fields=fields):
            return f"STRUCT<{_columns(fields)}>"
        case Choice():
            return kind.base
        case _:
            return "STRING" if kind in _RULES else kind


def _rule(kind: Item) -> str | None:
    """Return what a type's name does not say of it."""
    match kind:
        case Choice(values=values):
            return f"one of {', '.join(json.dumps(value, ensure_ascii=False) for value in values)}"
        case Struct():
            return None
        case _:
            return _RULES.get(kind)


def _joined(parts: Sequence[str | None]) -> str | None:
    return "; ".join(part for part in parts if part) or None


def response_schema(schema: RecordSchema[R]) -> dict[str, JsonValue]:
    """Return a record's fields as Gemini's ``responseSchema``, for ``generationConfig`` in ``model_params``.

    Every key is required, so that none is forgotten, and null where the image does not say; only what a nested object
    can not do without is never null.
    """
    return _object(schema.fields, nullable=True)


def _object(fields: Sequence[Field], *, nullable: bool = False) -> dict[str, JsonValue]:
    names = [field.name for field in fields]
    return {
        "type": "OBJECT",
        "properties": {
            field.name: _property(field.type, field.description, nullable=nullable or not field.required)
            for field in fields
        },
        "required": names,
        # Without it the keys come in alphabetical order.
        "propertyOrdering": names,
    }


def _property(kind: FieldType, description: str | None, *, nullable: bool) -> dict[str, JsonValue]:
    found: dict[str, JsonValue]
    match kind:
        case Array(item=item):
            found = {"type": "ARRAY", "items": _property(item, kind.description, nullable=False)}
        case Struct(fields=fields):
            found = _object(fields)
        case Choice(values=values) if kind.base == "STRING":
            found = {"type": "STRING", "enum": list(values)}
        case Choice():
            # Gemini's closed sets are of texts alone.
            found, description = {"type": "INTEGER"}, _joined([description, _rule(kind)])
        case _:
            found, description = {"type": _GEMINI_TYPES[kind]}, _joined([description, _rule(kind)])
    if description:
        found["description"] = description
    if nullable:
        found["nullable"] = True
    return found


def instructions(schema: RecordSchema[R]) -> str:
    """Return a record's fields in words, for the end of a prompt."""
    lines = [
        "Answer with one JSON object and nothing else. It has these keys:",
        *_lines(schema.fields, top=True),
    ]
    lines.append("Use null for what the image does not say.")
    nested = (field for field in walk(schema.fields) if field not in schema.fields)
    if any(field.required for field in nested):
        lines.append("Leave out an object that lacks a required key.")
    return "\n".join(lines)


def _lines(fields: Sequence[Field], indent: str = "", *, top: bool = False) -> Iterator[str]:
    for field in fields:
        kind = field.type
        item = kind.item if isinstance(kind, Array) else kind
        words = _words(item)
        if isinstance(kind, Array):
            words = f"a list, each item {words}{f'; {kind.description}' if kind.description else ''}"
        required = "required" if field.required and not top else None
        yield f"{indent}- {field.name}: {_joined([words, field.description, required])}"
        if isinstance(item, Struct):
            yield from _lines(item.fields, f"{indent}  ")


def _words(kind: Item) -> str:
    match kind:
        case Struct():
            return "an object with the keys below"
        case Choice():
            return _rule(kind) or ""
        case _:
            return _WORDS[kind]
