"""Reading the statements that the emulator can't run: object tables, remote models, connections, datasets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bqvision.local.statements.constants import constant
from bqvision.local.statements.cursor import Cursor, split_path
from bqvision.local.statements.nodes import (
    CreateConnection,
    CreateObjectTable,
    CreateRemoteModel,
    CreateSchema,
    DropConnection,
    DropExternalTable,
    DropModel,
    DropSchema,
    RefreshObjectTable,
)
from bqvision.local.statements.options import Options
from bqvision.local.statements.tokens import StatementError, UnsupportedStatementError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bqvision.local.statements.nodes import ParsedStatement, Path
    from bqvision.local.statements.parameters import QueryParameter
    from bqvision.local.statements.tokens import Token


def parse_ddl(
    sql: str, tokens: tuple[Token, ...], parameters: Mapping[str, QueryParameter]
) -> ParsedStatement | None:
    """Reads one statement if it is among those that this module knows.

    Args:
        sql: The statement.
        tokens: Its tokens.
        parameters: Query parameters by lower-cased name.

    Returns:
        The statement; None if it is something else.

    Raises:
        StatementError: It is one of them, but wrong.
        UnsupportedStatementError: It is an external table that is no object table, or a model that isn't
            remote.
    """
    cursor = Cursor(sql, tokens)
    if cursor.accept("CREATE"):
        head = _Head(replace=cursor.accept("OR", "REPLACE"), parameters=parameters)
        for words, create in _CREATE:
            if cursor.accept(*words):
                return create(cursor, head)
    elif cursor.accept("DROP"):
        for words, drop in _DROP:
            if cursor.accept(*words):
                if_exists = cursor.accept("IF", "EXISTS")
                return drop(cursor, if_exists)
    elif cursor.accept("CALL"):
        return _refresh(cursor, parameters)
    return None


@dataclass(frozen=True, slots=True)
class _Head:
    replace: bool
    parameters: Mapping[str, QueryParameter]


def _path(cursor: Cursor, what: str, most: int = 3) -> Path:
    place = cursor.peek().start
    path = cursor.path()
    if len(path) > most or not all(path):
        name = ".".join(path)
        raise StatementError(f"Invalid {what} name '{name}': at most {most} parts", cursor.sql, place)
    return path


def _connection(cursor: Cursor) -> str | None:
    if cursor.peek().word == "DEFAULT" and cursor.peek(1).operator != ".":
        cursor.next()
        return None
    return ".".join(_path(cursor, "connection"))


def _create_external_table(cursor: Cursor, head: _Head) -> CreateObjectTable:
    start = cursor.peek().start
    if_not_exists = _if_not_exists(cursor, head)
    path = _path(cursor, "table")
    has_columns = cursor.peek().operator == "("
    if has_columns:
        cursor.group()
    partitioned = cursor.accept("WITH", "PARTITION", "COLUMNS")
    if partitioned and cursor.peek().operator == "(":
        cursor.group()
    has_connection = cursor.accept("WITH", "CONNECTION")
    connection = _connection(cursor) if has_connection else None
    options = Options(cursor, head.parameters)
    cursor.expect_end()
    metadata = options.text("object_metadata")
    if metadata is None or has_columns or partitioned:
        reason = (
            "The local BigQuery supports only object tables (object_metadata = 'SIMPLE') as external tables"
        )
        raise UnsupportedStatementError(reason, cursor.sql, start)
    if metadata.upper() != "SIMPLE":
        raise options.wrong("object_metadata", "'SIMPLE'")
    if not has_connection:
        raise StatementError("An object table needs WITH CONNECTION", cursor.sql, start)
    uris = options.texts("uris")
    if not uris:
        raise StatementError("Option uris must name at least one URI", cursor.sql, start)
    mode = options.text("metadata_cache_mode")
    if mode is not None and mode.upper() not in {"AUTOMATIC", "MANUAL"}:
        raise options.wrong("metadata_cache_mode", "'AUTOMATIC' or 'MANUAL'")
    staleness = options.duration("max_staleness")
    if staleness and mode is None:
        raise options.wrong("max_staleness", "used together with metadata_cache_mode")
    return CreateObjectTable(
        path=path,
        replace=head.replace,
        if_not_exists=if_not_exists,
        connection=connection,
        uris=uris,
        max_staleness=staleness,
        metadata_cache_mode=mode.upper() if mode is not None else None,
        description=options.text("description"),
        expiration=options.moment("expiration_timestamp"),
        labels=options.labels(),
        options=options.values,
    )


def _create_model(cursor: Cursor, head: _Head) -> CreateRemoteModel:
    start = cursor.peek().start
    if_not_exists = _if_not_exists(cursor, head)
    path = _path(cursor, "model")
    for word in ("INPUT", "OUTPUT"):
        if cursor.accept(word):
            cursor.group()
    if not cursor.accept("REMOTE"):
        reason = "The local BigQuery supports only remote models: CREATE MODEL ... REMOTE WITH CONNECTION"
        raise UnsupportedStatementError(reason, cursor.sql, start)
    cursor.expect("WITH", "CONNECTION")
    connection = _connection(cursor)
    options = Options(cursor, head.parameters)
    cursor.expect_end()
    if options.text("remote_service_type") is not None:
        reason = "The local BigQuery supports only remote models with an ENDPOINT"
        raise UnsupportedStatementError(reason, cursor.sql, start)
    return CreateRemoteModel(
        path=path,
        replace=head.replace,
        if_not_exists=if_not_exists,
        connection=connection,
        endpoint=options.text("endpoint"),
        options=options.values,
    )


def _create_connection(cursor: Cursor, head: _Head) -> CreateConnection:
    if_not_exists = _if_not_exists(cursor, head)
    path = _path(cursor, "connection")
    options = Options(cursor, head.parameters)
    cursor.expect_end()
    return CreateConnection(
        path=path,
        replace=head.replace,
        if_not_exists=if_not_exists,
        connection_type=options.text("connection_type"),
        friendly_name=options.text("friendly_name"),
        description=options.text("description"),
        options=options.values,
    )


def _create_schema(cursor: Cursor, head: _Head) -> CreateSchema:
    if_not_exists = _if_not_exists(cursor, head)
    path = _path(cursor, "dataset", most=2)
    if cursor.accept("DEFAULT"):
        cursor.expect("COLLATE")
        cursor.next()
    bare = cursor.sql[: cursor.tokens[cursor.index - 1].end]
    options = Options(cursor, head.parameters)
    cursor.expect_end()
    return CreateSchema(
        sql=bare,
        path=path,
        replace=head.replace,
        if_not_exists=if_not_exists,
        location=options.text("location"),
        description=options.text("description"),
        labels=options.labels(),
        default_table_expiration_days=options.number("default_table_expiration_days"),
        options=options.values,
    )


def _if_not_exists(cursor: Cursor, head: _Head) -> bool:
    place = cursor.peek().start
    found = cursor.accept("IF", "NOT", "EXISTS")
    if found and head.replace:
        reason = "Syntax error: CREATE cannot contain both OR REPLACE and IF NOT EXISTS"
        raise StatementError(reason, cursor.sql, place)
    return found


def _drop_external_table(cursor: Cursor, if_exists: bool) -> DropExternalTable:
    path = _path(cursor, "table")
    cursor.expect_end()
    return DropExternalTable(path=path, if_exists=if_exists)


def _drop_model(cursor: Cursor, if_exists: bool) -> DropModel:
    path = _path(cursor, "model")
    cursor.expect_end()
    return DropModel(path=path, if_exists=if_exists)


def _drop_connection(cursor: Cursor, if_exists: bool) -> DropConnection:
    path = _path(cursor, "connection")
    cursor.expect_end()
    return DropConnection(path=path, if_exists=if_exists)


def _drop_schema(cursor: Cursor, if_exists: bool) -> DropSchema:
    path = _path(cursor, "dataset", most=2)
    cascade = cursor.accept("CASCADE")
    if not cascade:
        cursor.accept("RESTRICT")
    cursor.expect_end()
    return DropSchema(sql=cursor.sql, path=path, if_exists=if_exists, cascade=cascade)


def _refresh(cursor: Cursor, parameters: Mapping[str, QueryParameter]) -> RefreshObjectTable | None:
    path = cursor.path()
    if tuple(part.upper() for part in path[-2:]) != ("BQ", "REFRESH_EXTERNAL_METADATA_CACHE"):
        return None
    arguments = list(cursor.group().items())
    place = cursor.tokens[cursor.index - 1].start
    cursor.expect_end()
    if len(arguments) > 1:
        reason = "The local BigQuery refreshes whole object tables: give the table's name alone"
        raise UnsupportedStatementError(reason, cursor.sql, place)
    name = constant(arguments[0], parameters) if arguments else None
    if not isinstance(name, str):
        reason = "BQ.REFRESH_EXTERNAL_METADATA_CACHE needs the table's name as a string"
        raise StatementError(reason, cursor.sql, place)
    return RefreshObjectTable(path=_named_table(name, cursor.sql, place))


def _named_table(name: str, sql: str, place: int) -> Path:
    path = split_path(name.replace("`", "").strip())
    if len(path) > 3 or not all(path):
        raise StatementError(f"Invalid table name '{name}'", sql, place)
    return path


_CREATE: tuple[tuple[tuple[str, ...], Callable[[Cursor, _Head], ParsedStatement]], ...] = (
    (("EXTERNAL", "TABLE"), _create_external_table),
    (("MODEL",), _create_model),
    (("CONNECTION",), _create_connection),
    (("SCHEMA",), _create_schema),
)
_DROP: tuple[tuple[tuple[str, ...], Callable[[Cursor, bool], ParsedStatement]], ...] = (
    (("EXTERNAL", "TABLE"), _drop_external_table),
    (("MODEL",), _drop_model),
    (("CONNECTION",), _drop_connection),
    (("SCHEMA",), _drop_schema),
)
