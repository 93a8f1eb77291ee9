"""What `parse` returns: one frozen dataclass per kind of statement."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from bqvision.local.statements.project_nodes import AlterProject, ChangeGrants, ProjectOptions

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta

    from bqvision.local.statements.parameters import QueryParameter
    from bqvision.local.statements.tokens import Span
    from bqvision.local.statements.values import Expression, Value

Path: TypeAlias = tuple[str, ...]
"""The parts of a dotted name, outermost first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateObjectTable:
    """`CREATE EXTERNAL TABLE ... OPTIONS(object_metadata = 'SIMPLE')`.

    Attributes:
        path: The table, one to three parts.
        replace: OR REPLACE.
        if_not_exists: IF NOT EXISTS.
        connection: Dotted name of the connection; None for DEFAULT.
        uris: The URI patterns.
        max_staleness: How old cached metadata may be; None for no caching.
        metadata_cache_mode: AUTOMATIC or MANUAL, or None.
        description: The description, or None.
        expiration: When the table goes; an `Expression` if that has to be computed; or None.
        labels: Label keys and values.
        options: All options by lower-cased name.
    """

    path: Path
    replace: bool
    if_not_exists: bool
    connection: str | None
    uris: tuple[str, ...]
    max_staleness: timedelta | None
    metadata_cache_mode: str | None
    description: str | None
    expiration: datetime | Expression | None
    labels: tuple[tuple[str, str], ...]
    options: Mapping[str, Value]


@dataclass(frozen=True, slots=True, kw_only=True)
class DropExternalTable:
    """`DROP EXTERNAL TABLE`."""

    path: Path
    if_exists: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshObjectTable:
    """`CALL BQ.REFRESH_EXTERNAL_METADATA_CACHE(...)`."""

    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateRemoteModel:
    """`CREATE MODEL ... REMOTE WITH CONNECTION`.

    Attributes:
        path: The model, one to three parts.
        replace: OR REPLACE.
        if_not_exists: IF NOT EXISTS.
        connection: Dotted name of the connection; None for DEFAULT.
        endpoint: The model's name or address; None when the option isn't there.
        options: All options by lower-cased name.
    """

    path: Path
    replace: bool
    if_not_exists: bool
    connection: str | None
    endpoint: str | None
    options: Mapping[str, Value]


@dataclass(frozen=True, slots=True, kw_only=True)
class DropModel:
    """`DROP MODEL`."""

    path: Path
    if_exists: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateConnection:
    """`CREATE CONNECTION`.

    Attributes:
        path: The connection: name, location.name or project.location.name.
        replace: OR REPLACE.
        if_not_exists: IF NOT EXISTS.
        connection_type: Such as CLOUD_RESOURCE, or None.
        friendly_name: The friendly name, or None.
        description: The description, or None.
        options: All options by lower-cased name.
    """

    path: Path
    replace: bool
    if_not_exists: bool
    connection_type: str | None
    friendly_name: str | None
    description: str | None
    options: Mapping[str, Value]


@dataclass(frozen=True, slots=True, kw_only=True)
class DropConnection:
    """`DROP CONNECTION`."""

    path: Path
    if_exists: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateSchema:
    """`CREATE SCHEMA`: the emulator makes it, but keeps none of its options.

    Attributes:
        sql: The statement without its options, for the emulator.
        path: The dataset, one or two parts.
        replace: OR REPLACE.
        if_not_exists: IF NOT EXISTS.
        location: The location, or None.
        description: The description, or None.
        labels: Label keys and values.
        default_table_expiration_days: In days, or None.
        options: All options by lower-cased name.
    """

    sql: str
    path: Path
    replace: bool
    if_not_exists: bool
    location: str | None
    description: str | None
    labels: tuple[tuple[str, str], ...]
    default_table_expiration_days: float | None
    options: Mapping[str, Value]


@dataclass(frozen=True, slots=True, kw_only=True)
class DropSchema:
    """`DROP SCHEMA`."""

    sql: str
    path: Path
    if_exists: bool
    cascade: bool


@dataclass(frozen=True, slots=True)
class TableInput:
    """`TABLE path` as a model call's input."""

    path: Path
    span: Span


@dataclass(frozen=True, slots=True)
class QueryInput:
    """`(SELECT ...)` as a model call's input; `sql` and `span` are without the brackets."""

    sql: str = field(repr=False)
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCall:
    """A call of a model function.

    Attributes:
        function: Its name, such as ML.GENERATE_TEXT.
        span: The whole call, name to closing bracket, without an alias.
        model: The model; None for a scalar function.
        source: Where the rows come from; None for a scalar function.
        question: What a scalar function asks about each row, which is among its arguments too; else None.
        arguments: The named arguments, or the fields of the STRUCT, by lower-cased name.
    """

    function: str
    span: Span
    model: Path | None = None
    source: TableInput | QueryInput | None = None
    question: Expression | None = None
    arguments: Mapping[str, Value] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class SignedUrlCall:
    """`EXTERNAL_OBJECT_TRANSFORM(TABLE path, ['SIGNED_URL'])`."""

    path: Path
    span: Span


@dataclass(frozen=True, slots=True)
class Target:
    """What a statement changes.

    Attributes:
        kind: INSERT, UPDATE, DELETE, MERGE, TRUNCATE, or CREATE, DROP or ALTER with TABLE, VIEW, ... behind.
        path: The table.
        span: Where its name stands.
        options: The statement's OPTIONS by lower-cased name; the emulator keeps none of them.
        options_span: Where they stand, brackets included.
        replace: OR REPLACE.
        if_not_exists: IF NOT EXISTS.
    """

    kind: str
    path: Path
    span: Span
    options: Mapping[str, Value] = field(default_factory=dict)
    options_span: Span | None = None
    replace: bool = False
    if_not_exists: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Any statement that the emulator runs.

    Attributes:
        sql: The statement; all spans are offsets into this text. It has named parameters only.
        parameters: The parameters that go with `sql`.
        model_calls: Calls of model functions, in the order of the text; a nested call's span lies in the
            outer one's.
        signed_url_calls: Calls of EXTERNAL_OBJECT_TRANSFORM.
        project_options: Where PROJECT_OPTIONS is read.
        table_paths: Every name that may be a table's. A superset: aliases and columns are among them.
        target: What it changes, or None.
    """

    sql: str = field(repr=False)
    parameters: tuple[QueryParameter, ...]
    model_calls: tuple[ModelCall, ...]
    signed_url_calls: tuple[SignedUrlCall, ...]
    project_options: tuple[ProjectOptions, ...]
    table_paths: tuple[Path, ...]
    target: Target | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """Several statements, or procedural language.

    Attributes:
        sql: The whole text, with named parameters only.
        parameters: The parameters that go with `sql`.
        statements: The top-level statements, without semicolons.
        procedural: Whether any of them is procedural, so that they can't be run one by one.
    """

    sql: str = field(repr=False)
    parameters: tuple[QueryParameter, ...]
    statements: tuple[str, ...] = field(repr=False)
    procedural: bool


ParsedStatement: TypeAlias = (
    CreateObjectTable
    | DropExternalTable
    | RefreshObjectTable
    | CreateRemoteModel
    | DropModel
    | CreateConnection
    | DropConnection
    | CreateSchema
    | DropSchema
    | ChangeGrants
    | AlterProject
    | Query
    | Script
)
