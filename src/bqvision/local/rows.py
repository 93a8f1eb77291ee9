"""Rows between the emulator and the gateway: Arrow columns with BigQuery's schema."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from bqvision.local.protocol import JSON, as_object

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_REF: Final = frozenset({"uri", "version", "authorizer"})
"""Fields by which an ObjectRef is known."""

_TYPES: Final[Mapping[str, pa.DataType]] = {
    "BOOLEAN": pa.bool_(),
    "FLOAT": pa.float64(),
    "INTEGER": pa.int64(),
    "JSON": pa.string(),
    "STRING": pa.string(),
    "TIMESTAMP": pa.timestamp("us", "UTC"),
}


@dataclass(frozen=True, slots=True)
class Rows:
    """Some rows; both the schema and the values are kept in the order of the columns."""

    fields: Sequence[JSON]
    """REST schema of the columns."""
    table: Any = field(repr=False)
    """The values, a `pyarrow.Table`."""

    @classmethod
    def of(cls, fields: Sequence[JSON], columns: Sequence[Sequence[object]]) -> Rows:
        """Make rows of Python values, column by column."""
        table = pa.table(
            {
                str(as_object(column)["name"]): pa.array(list(values), _type(column))
                for column, values in zip(fields, columns, strict=True)
            }
        )
        return cls(fields, table)

    def __len__(self) -> int:
        return int(self.table.num_rows)

    @property
    def names(self) -> list[str]:
        """The columns' names."""
        return list(self.table.column_names)

    def values(self, name: str) -> list[Any]:
        """Return a column's values."""
        return list(self.table.column(name).to_pylist())

    def members(self, name: str) -> list[list[Any]]:
        """Return the values of each field of a STRUCT column, by position since names may be missing.

        An ObjectRef is a STRUCT too, but one value; a column of it, or of no STRUCT, is its only member. One that
        is NULL stays an ObjectRef, whose fields are all NULL.
        """
        column = self.table.column(name)
        if not pa.types.is_struct(column.type) or _is_ref(column.type):
            return [_cells(column)]
        if column.num_chunks == 0:
            return []
        whole = pa.concat_arrays(column.chunks)
        return [_cells(whole.field(index)) for index in range(column.type.num_fields)]

    def with_columns(self, added: Rows) -> Rows:
        """Return these rows with further columns behind their own."""
        table = self.table
        for name in added.names:
            table = table.append_column(name, added.table.column(name))
        return Rows([*self.fields, *added.fields], table)

    def without(self, names: Sequence[str]) -> Rows:
        """Return these rows without some columns."""
        fields = [column for column in self.fields if as_object(column)["name"] not in names]
        return Rows(fields, self.table.drop_columns(list(names)))

    def quoted(self) -> Rows:
        """Return these rows with the names of STRUCTs' fields quoted, in the schema only."""
        return Rows(_quoted(self.storable_fields, nested=False), self.table)

    @property
    def storable_fields(self) -> list[JSON]:
        """The schema as a table can have it: anonymous fields of STRUCTs get names."""
        return _named(self.fields)


def storable(text: str) -> str:
    """Return a text as a table can hold it: without halves of surrogate pairs."""
    return text.encode("utf-8", "replace").decode("utf-8")


def column(name: str, kind: str, mode: str = "NULLABLE", fields: Sequence[JSON] | None = None) -> JSON:
    """Return the REST schema of one column."""
    entry: dict[str, JSON] = {"name": name, "type": kind, "mode": mode}
    if fields is not None:
        entry["fields"] = list(fields)
    return entry


def _type(schema: JSON) -> Any:
    entry = as_object(schema)
    inner = entry.get("fields")
    if isinstance(inner, list):
        kind = pa.struct([(str(as_object(part)["name"]), _type(part)) for part in inner])
    else:
        kind = _TYPES[str(entry["type"])]
    return pa.list_(kind) if entry.get("mode") == "REPEATED" else kind


def _is_ref(kind: Any) -> bool:
    return bool(pa.types.is_struct(kind)) and {part.name for part in kind} >= _REF


def _cells(values: Any) -> list[Any]:
    cells = list(values.to_pylist())
    if _is_ref(values.type):
        return list(map(_ref, cells))
    if pa.types.is_list(values.type) and _is_ref(values.type.value_type):
        return [cell and list(map(_ref, cell)) for cell in cells]
    return cells


def _ref(cell: Any) -> Any:
    return dict.fromkeys(_REF) if cell is None else cell


def _named(fields: Sequence[JSON]) -> list[JSON]:
    named: list[JSON] = []
    for index, schema in enumerate(fields, start=1):
        entry = dict(as_object(schema))
        inner = entry.get("fields")
        if isinstance(inner, list):
            entry["fields"] = _named(inner)
        # The emulator numbers the second and later fields that have the same name: '', '_1', '_2'.
        if not str(entry.get("name", "")).removeprefix("_").rstrip("0123456789"):
            entry["name"] = f"_field_{index}"
        named.append(entry)
    return named


def _quoted(fields: Sequence[JSON], *, nested: bool) -> list[JSON]:
    """Quote the names of STRUCTs' fields."""
    quoted: list[JSON] = []
    for schema in fields:
        entry = dict(as_object(schema))
        name, inner = str(entry["name"]), entry.get("fields")
        if isinstance(inner, list):
            entry["fields"] = _quoted(inner, nested=True)
        if nested:
            entry["name"] = '"' + name.replace('"', '""') + '"'
        quoted.append(entry)
    return quoted
