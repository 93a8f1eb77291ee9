"""Reading BigQuery's REST resources, whose integers and times are strings and whose keys may be missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, TypeAlias, cast

JsonValue: TypeAlias = "bool | int | float | str | Sequence[JsonValue] | Mapping[str, JsonValue] | None"
"""What JSON can hold."""


def mapping(resource: Mapping[str, object], key: str) -> Mapping[str, object]:
    """Return the object under a key, empty if there is none."""
    value = resource.get(key)
    return cast("Mapping[str, object]", value) if isinstance(value, Mapping) else {}


def text(resource: Mapping[str, object], key: str) -> str | None:
    """Return the string under a key."""
    value = resource.get(key)
    return value if isinstance(value, str) else None


def texts(resource: Mapping[str, object], key: str) -> tuple[str, ...]:
    """Return the strings under a key, none if there are none."""
    value = resource.get(key)
    if isinstance(value, str) or not isinstance(value, Sequence):
        return ()
    return tuple(item for item in cast("Sequence[object]", value) if isinstance(item, str))


def integer(resource: Mapping[str, object], key: str) -> int | None:
    """Return the integer under a key; REST writes INT64 as a string."""
    value = resource.get(key)
    return int(value) if isinstance(value, int | str) and not isinstance(value, bool) else None


def time(resource: Mapping[str, object], key: str) -> datetime | None:
    """Return the time under a key, which REST writes as milliseconds since 1970 in UTC."""
    milliseconds = integer(resource, key)
    return None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, UTC)


SQL_NAMES: Final[Mapping[str, str]] = {"INTEGER": "INT64", "FLOAT": "FLOAT64", "BOOLEAN": "BOOL"}
"""The names of types in SQL, by the older ones that the REST API may use."""


def is_object_table(table: Mapping[str, object]) -> bool:
    """Return whether a table is an object table."""
    return text(mapping(table, "externalDataConfiguration"), "objectMetadata") is not None


def columns(table: Mapping[str, object]) -> dict[str, str]:
    """Return a table's columns, name to type as SQL text: ``ARRAY<STRUCT<name STRING, born DATE>>``."""
    return {str(column["name"]): _sql_type(column) for column in _fields(mapping(table, "schema"))}


def _fields(schema: Mapping[str, object]) -> Sequence[Mapping[str, object]]:
    found = schema.get("fields")
    return cast("Sequence[Mapping[str, object]]", found) if isinstance(found, Sequence) else ()


def _sql_type(column: Mapping[str, object]) -> str:
    name = str(column["type"])
    if name in {"RECORD", "STRUCT"}:
        members = ", ".join(f"{member['name']} {_sql_type(member)}" for member in _fields(column))
        name = f"STRUCT<{members}>"
    else:
        name = SQL_NAMES.get(name, name)
    return f"ARRAY<{name}>" if column.get("mode") == "REPEATED" else name


def count(row: Mapping[str, object], column: str) -> int:
    """Return an integer of a row, 0 for NULL."""
    value = row[column]
    return value if isinstance(value, int) else 0
