"""Google's own GoogleSQL parser and evaluator, in the few calls that tests need.

They come as WebAssembly in the ``zetasql`` wheel. The parser knows BigQuery's whole grammar; the evaluator is
GoogleSQL's reference implementation, so what it answers is what the language means.
"""

from __future__ import annotations

import ctypes
import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import wasmtime
from zetasql.api import CatalogBuilder, Parser, PreparedExpression, TableBuilder, create_table_content
from zetasql.api import Value as ZetaValue
from zetasql.core import ZetaSqlLocalService
from zetasql.core.exceptions import ZetaSQLError
from zetasql.core.wasm_client import WasmClient, get_tzinfo_dir
from zetasql.types import (
    AnalyzerOptions,
    LanguageOptions,
    ResolvedASTRewrite,
    Type,
    TypeKind,
    Value,
    ZetaSQLBuiltinFunctionOptions,
)
from zetasql.types.proto_model import ArrayType, ProductMode
from zetasql.types.proto_model.generated import Parameter as BoundValue
from zetasql.wasi import get_wasm_path

if TYPE_CHECKING:
    from bqvision.sql.compose import Parameter

Table: TypeAlias = tuple[Mapping[str, str], Sequence[Sequence[object]]]
"""Columns with their types, and rows; a cell is a str, int, float, bool or None."""

__all__ = ["GoogleSQLError", "evaluate", "parse", "query", "quoted_names", "string_literals", "tree"]

GoogleSQLError = ZetaSQLError
"""Raised for text that is no GoogleSQL, and for an expression that fails."""

_KINDS = {
    "STRING": TypeKind.TYPE_STRING,
    "INT64": TypeKind.TYPE_INT64,
    "FLOAT64": TypeKind.TYPE_DOUBLE,
    "BOOL": TypeKind.TYPE_BOOL,
    "TIMESTAMP": TypeKind.TYPE_TIMESTAMP,
    "JSON": TypeKind.TYPE_JSON,
}


class _Engine(WasmClient):  # type: ignore[misc]  # the wheel is untyped
    """The wheel's WebAssembly, compiled (15 seconds) once per machine instead of once per process."""

    def __init__(self) -> None:
        config = wasmtime.Config()
        config.cache = True
        config.shared_memory = True
        engine = wasmtime.Engine(config)
        wasi = wasmtime.WasiConfig()
        wasi.preopen_dir(get_tzinfo_dir(), "/usr/share/zoneinfo")
        self.store = wasmtime.Store(engine)
        self.store.set_wasi(wasi)
        linker = wasmtime.Linker(engine)
        linker.define_wasi()
        self.module = wasmtime.Module.from_file(engine, get_wasm_path())
        self.instance = linker.instantiate(self.store, self.module)
        self.exports = cast("Any", self.instance.exports(self.store))
        self.exports["_initialize"](self.store)
        self.memory = self.exports["memory"]

    def write_bytes(self, ptr: int, data: bytes) -> None:
        # At once, where the wheel copies byte by byte.
        ctypes.memmove(ctypes.addressof(self.memory.data_ptr().contents) + ptr, data, len(data))

    def read_bytes(self, ptr: int, size: int) -> bytes:
        return ctypes.string_at(ctypes.addressof(self.memory.data_ptr().contents) + ptr, size)


class _Service(ZetaSqlLocalService):  # type: ignore[misc]
    def __init__(self) -> None:
        self.wasm_client = _Engine()


@cache
def _service() -> Any:
    return _Service()


@cache
def _language() -> LanguageOptions:
    # Every released feature, and the names of types that BigQuery has (not Google's internal ones).
    features = _service().get_language_options(maximum_features=True).enabled_language_features
    return LanguageOptions(
        enabled_language_features=list(features),
        product_mode=ProductMode.PRODUCT_EXTERNAL,
        supported_generic_entity_types=["PROJECT"],  # of ALTER, as in BigQuery
    )


def _options() -> AnalyzerOptions:
    return AnalyzerOptions(language_options=_language())


def _catalog() -> CatalogBuilder:
    return CatalogBuilder("test").with_builtin_functions(
        ZetaSQLBuiltinFunctionOptions(language_options=_language())
    )


@cache
def _functions() -> Any:
    return _catalog().build()


@lru_cache(maxsize=16)
def parse(sql: str) -> Any:
    """Parse exactly one statement and return its syntax tree; raise `GoogleSQLError` on any syntax error."""
    return Parser(_language(), _service()).parse_statement(sql)


def tree(sql: str) -> Any:
    """Parse a statement into nested tuples without positions and spelling: they compare by meaning."""
    return _plain(parse(sql))


def string_literals(sql: str) -> list[str]:
    """Return the decoded value of every string literal of a statement, in the order of the text."""
    return [node.string_value for node in _walk(parse(sql)) if type(node).__name__ == "ASTStringLiteral"]


def quoted_names(sql: str) -> list[str]:
    """Return what stands between each pair of backticks, decoded, in the order of the text."""
    nodes = (node for node in _walk(parse(sql)) if type(node).__name__ == "ASTIdentifier")
    return [node.id_string for node in nodes if node.is_quoted]


def _walk(node: Any) -> Iterator[Any]:
    if isinstance(node, list):
        for item in node:
            yield from _walk(item)
    elif dataclasses.is_dataclass(node):
        yield node
        for field in dataclasses.fields(node):
            yield from _walk(getattr(node, field.name))


def _plain(node: Any) -> Any:
    if isinstance(node, list):
        return tuple(_plain(item) for item in node)
    if dataclasses.is_dataclass(node) and not isinstance(node, type):
        kind = type(node).__name__
        skipped = {"parse_location_range"} | ({"components"} if kind == "ASTStringLiteral" else set())
        names = (field.name for field in dataclasses.fields(node) if field.name not in skipped)
        pairs = ((name, _plain(getattr(node, name))) for name in names)
        return (kind, *(pair for pair in pairs if pair[1] not in (None, ())))
    return node.name if isinstance(node, Enum) else node


def evaluate(expression: str, columns: Mapping[str, str | int | float | bool] | None = None) -> Any:
    """Evaluate one GoogleSQL expression to a Python value.

    Args:
        expression: The expression; names in it are looked up in `columns`.
        columns: Values of the columns it reads.

    Returns:
        None, bool, int, float, str, a list (ARRAY) or a tuple (STRUCT); JSON comes as its text.
    """
    prepared = PreparedExpression(expression, _options(), _functions(), _service())
    given = {name: ZetaValue(_value(value)) for name, value in (columns or {}).items()}
    try:
        return _python(prepared.execute(columns=given).to_proto())
    finally:
        prepared.close()


def query(
    sql: str,
    *,
    tables: Mapping[str, Table] | None = None,
    parameters: Sequence[Parameter] = (),
) -> list[tuple[Any, ...]]:
    """Run one SELECT over given tables.

    Args:
        sql: The SELECT statement.
        tables: What stands between the backticks of a table name, and the table.
        parameters: The named query parameters.

    Returns:
        The rows, as `evaluate` shows values.
    """
    options = _options()
    options.enabled_rewrites = [r for r in ResolvedASTRewrite if r.name != "REWRITE_INVALID_DO_NOT_USE"]
    options.query_parameters = [
        AnalyzerOptions.QueryParameter(name=parameter.name, type=_type(parameter.type))
        for parameter in parameters
    ]
    catalog = _catalog()
    content = {}
    for name, (columns, rows) in (tables or {}).items():
        table = TableBuilder(name)
        for column, kind in columns.items():
            table.add_column(column, _KINDS[kind])
        catalog.add_table(table.build())
        content[name] = create_table_content([list(row) for row in rows])
    answer = _service().evaluate_query(
        sql=sql,
        options=options,
        simple_catalog=catalog.build(),
        table_content=content,
        params=[BoundValue(name=p.name, value=_value(p.value)) for p in parameters],
    )
    data = answer.content.table_data  # None for no rows
    return [tuple(_python(cell) for cell in row.cell) for row in data.row] if data is not None else []


def _type(name: str) -> Type:
    if name.startswith("ARRAY<"):
        return Type(type_kind=TypeKind.TYPE_ARRAY, array_type=ArrayType(element_type=_type(name[6:-1])))
    return Type(type_kind=_KINDS[name])


def _value(value: object) -> Value:
    match value:
        case bool():
            return Value(bool_value=value)
        case int():
            return Value(int64_value=value)
        case float():
            return Value(double_value=value)
        case str():
            return Value(string_value=value)
        case tuple():
            return Value(array_value=Value.Array(element=[_value(item) for item in value]))
        case _:
            raise TypeError(f"no GoogleSQL value for {type(value).__name__}")


def _python(value: Value) -> Any:
    for name in ("bool_value", "int64_value", "double_value", "string_value", "json_value", "bytes_value"):
        found = getattr(value, name)
        if found is not None:
            return found
    if value.array_value is not None:
        return [_python(item) for item in value.array_value.element]
    if value.struct_value is not None:
        return tuple(_python(item) for item in value.struct_value.field)
    if value.timestamp_value is not None:
        raise TypeError("the wheel does not carry TIMESTAMP values: cast them to STRING in the expression")
    return None
