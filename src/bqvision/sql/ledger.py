"""Statements on the ledger, the results table of a run.

It is append-only: one row for each image and attempt. Of one image's rows the latest counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bqvision._rest import SQL_NAMES
from bqvision.errors import InvalidInputError
from bqvision.field_types import Array, Choice, FieldType, Struct, column_type
from bqvision.sql import clauses
from bqvision.sql.compose import SQL, Identifier, Literal, Parameter

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bqvision.schema import R, RecordSchema
    from bqvision.sql.compose import Composable, Composed, Statement
    from bqvision.sql.images import Images
    from bqvision.sql.names import TableName

__all__ = [
    "Column",
    "add_column",
    "create_ledger",
    "format_ledger",
    "keep_ledger",
    "ledger_columns",
    "ledger_summary",
    "missing_columns",
    "read_ledger",
]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the ledger: its name, and what it holds."""

    name: str
    kind: FieldType

    @property
    def type(self) -> str:
        """Its type, as SQL text."""
        return column_type(self.kind)


_OWN: Final = (
    Column("uri", "STRING"),
    Column("generation", "INT64"),
    Column("object_table", "STRING"),
    Column("fingerprint", "STRING"),
    Column("run_id", "STRING"),
    Column("attempt", "INT64"),
    Column("status", "STRING"),
    Column("outcome", "STRING"),
    Column("error", "STRING"),
    Column("text", "STRING"),
    Column("finish_reason", "STRING"),
    Column("input_tokens", "INT64"),
    Column("output_tokens", "INT64"),
    Column("output_limit", "INT64"),
    Column("job_id", "STRING"),
    Column("analysed_at", "TIMESTAMP"),
)

_TYPES: Final = {
    "STRING": SQL("STRING"),
    "INT64": SQL("INT64"),
    "FLOAT64": SQL("FLOAT64"),
    "BOOL": SQL("BOOL"),
    "DATE": SQL("DATE"),
    "TIMESTAMP": SQL("TIMESTAMP"),
}

# Of some images chosen by their URIs, those that are gone can not be told from those that were not chosen.
_NEWEST: Final = SQL("image.newest = done.generation")
_NEWEST_OR_DELETED: Final = SQL(
    "(image.newest = done.generation OR (image.listed IS NULL AND done.object_table = {}))"
)
LATEST_FIRST: Final = SQL("generation DESC, attempt DESC, analysed_at DESC")
"""The order of one image's rows, the one that counts first."""


def ledger_columns(schema: RecordSchema[R]) -> tuple[Column, ...]:
    """Return the columns of a ledger for a record, in order."""
    return (*_OWN, *(Column(field.name, field.type) for field in schema.fields))


def create_ledger(ledger: TableName, *, schema: RecordSchema[R]) -> Statement:
    """Create the ledger for a record; one that exists is left as it is.

    Args:
        ledger: The table.
        schema: The record whose fields are the last columns.

    Returns:
        The statement.
    """
    return (
        SQL("""\
{head} (
  {columns}
)
CLUSTER BY fingerprint, run_id, job_id, uri""")
        .format(
            head=clauses.create("TABLE", ledger, replace=False, if_not_exists=True),
            columns=SQL(",\n").join(_definition(column) for column in ledger_columns(schema)),
        )
        .statement("create_ledger")
    )


def _definition(column: Column) -> Composed:
    return SQL("{} {}").format(Identifier(column.name), _type(column.kind))


def _type(kind: FieldType) -> Composable:
    match kind:
        case Array(item=item):
            return SQL("ARRAY<{}>").format(_type(item))
        case Struct(fields=fields):
            members = (SQL("{} {}").format(Identifier(field.name), _type(field.type)) for field in fields)
            return SQL("STRUCT<{}>").format(SQL(", ").join(members))
        case Choice():
            return _TYPES[kind.base]
        case _:
            return _TYPES[kind]


def missing_columns(existing: Mapping[str, str], *, schema: RecordSchema[R]) -> tuple[Column, ...]:
    """Return the columns that a table lacks to be the ledger of a record.

    Args:
        existing: The table's columns: name to type, as SQL or the REST API name it.
        schema: The record.

    Returns:
        The columns, in order.

    Raises:
        InvalidInputError: A column is there with another type, or the table is no ledger at all.
    """
    there = {name.lower(): SQL_NAMES.get(kind, kind) for name, kind in existing.items()}
    if "uri" not in there or "fingerprint" not in there:
        raise InvalidInputError(
            "the table is no results table of a run: it has no columns uri and fingerprint",
            next_step="Give the name of such a table, or of a new one.",
        )
    wanted = ledger_columns(schema)
    for column in wanted:
        own = column_type(column.kind)
        kind = there.get(column.name.lower(), own)
        # Names in a STRUCT ignore case too.
        if kind.lower() != own.lower():
            raise InvalidInputError(
                f"the results table has column {column.name} as {kind}, and the record wants {column.type}",
                next_step="Rename the record's field, or use another results table.",
            )
    return tuple(column for column in wanted if column.name.lower() not in there)


def keep_ledger(ledger: TableName) -> Statement:
    """Let the ledger live for ever, whatever the dataset's tables do by default."""
    return (
        SQL("ALTER TABLE {}\nSET OPTIONS (\n  expiration_timestamp = NULL\n)")
        .format(ledger)
        .statement("keep_ledger")
    )


def add_column(ledger: TableName, *, column: Column) -> Statement:
    """Add a column to the ledger; one that exists is left as it is.

    Args:
        ledger: The table.
        column: The column.

    Returns:
        The statement.
    """
    return (
        SQL("ALTER TABLE {}\nADD COLUMN IF NOT EXISTS {}")
        .format(ledger, _definition(column))
        .statement("add_column")
    )


def latest_rows(
    ledger: TableName,
    *,
    source: Images,
    fingerprint: Parameter,
    columns: Sequence[Column],
) -> Composed:
    """Return the query for the row that counts of each image of an object table.

    Args:
        ledger: The table.
        source: The images: rows of others, of those that were deleted, and of content that has been replaced since
            are left out.
        fingerprint: What was asked.
        columns: The columns to read.
    """
    return SQL("""\
SELECT {names}
FROM {ledger} AS done
WHERE fingerprint = {fingerprint} AND EXISTS (
  SELECT 1
  FROM {source} AS image
  WHERE image.uri = done.uri AND image.generation = done.generation
)
QUALIFY ROW_NUMBER() OVER (PARTITION BY uri ORDER BY {order}) = 1""").format(
        names=SQL(", ").join(Identifier(column.name) for column in columns),
        ledger=ledger,
        fingerprint=fingerprint,
        source=source.relation,
        order=LATEST_FIRST,
    )


def read_ledger(ledger: TableName, *, source: Images, fingerprint: str, schema: RecordSchema[R]) -> Statement:
    """Read the row that counts of each image, by URI.

    Args:
        ledger: The table.
        source: The images.
        fingerprint: What was asked.
        schema: The record; its fields are the last columns.

    Returns:
        The statement.
    """
    rows = latest_rows(
        ledger, source=source, fingerprint=_fingerprint(fingerprint), columns=ledger_columns(schema)
    )
    return clauses.lines(rows, SQL("ORDER BY uri")).statement("read_ledger")


def ledger_summary(ledger: TableName, *, source: Images, fingerprint: str) -> Statement:
    """Count images by the outcome of the row that counts; also those that the object table no longer has.

    An image that has been replaced since is not counted: what it is now has not been asked about.

    Args:
        ledger: The table.
        source: The images.
        fingerprint: What was asked.

    Returns:
        The statement; its columns are outcome, deleted (whether these images are gone from the object table that
        they were asked from) and images.
    """
    return (
        SQL("""\
SELECT outcome, deleted, COUNT(*) AS images
FROM (
  SELECT done.outcome, image.listed IS NULL AS deleted
  FROM {ledger} AS done
  LEFT JOIN (
    SELECT uri AS listed, MAX(generation) AS newest
    FROM {source} AS every
    GROUP BY uri
  ) AS image
  ON image.listed = done.uri
  WHERE done.fingerprint = {fingerprint} AND {counted}
  QUALIFY ROW_NUMBER() OVER (PARTITION BY done.uri ORDER BY {order}) = 1
)
GROUP BY outcome, deleted
ORDER BY outcome, deleted""")
        .format(
            ledger=ledger,
            fingerprint=_fingerprint(fingerprint),
            order=LATEST_FIRST,
            source=source.relation,
            counted=_NEWEST if source.uris is not None else _NEWEST_OR_DELETED.format(Literal(str(source))),
        )
        .statement("ledger_summary")
    )


def format_ledger(
    *,
    ledger: TableName,
    source: Images,
    into: TableName,
    schema: RecordSchema[R],
    fingerprint: str,
    replace: bool = True,
) -> Statement:
    """Copy the row that counts of each image, without what only the ledger needs.

    The new table has the columns uri, the record's own, outcome, error.

    Args:
        ledger: The ledger.
        source: The images.
        into: The table to create.
        schema: The record.
        fingerprint: What was asked.
        replace: Whether a table that exists is replaced.

    Returns:
        The statement.
    """
    fields = tuple(Column(field.name, field.type) for field in schema.fields)
    columns = (Column("uri", "STRING"), *fields, Column("outcome", "STRING"), Column("error", "STRING"))
    return (
        SQL("{head} AS (\n  {rows}\n)")
        .format(
            head=clauses.create("TABLE", into, replace=replace, if_not_exists=False),
            rows=latest_rows(ledger, source=source, fingerprint=_fingerprint(fingerprint), columns=columns),
        )
        .statement("format_ledger")
    )


def _fingerprint(fingerprint: str) -> Parameter:
    return Parameter("fingerprint", "STRING", fingerprint)
