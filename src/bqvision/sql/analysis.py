"""Statements that ask a model about every image at once, and that shape the answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bqvision.errors import InvalidInputError
from bqvision.sql import clauses
from bqvision.sql.answers import read_answers
from bqvision.sql.arguments import GenerateTextArguments
from bqvision.sql.compose import SQL, Identifier

if TYPE_CHECKING:
    from collections.abc import Collection

    from bqvision.schema import R, RecordSchema
    from bqvision.sql.compose import Statement
    from bqvision.sql.names import ModelName, TableName

__all__ = ["GenerateTextArguments", "format_table", "generate_text_table", "read_table"]

_FLAT = "ml_generate_text_llm_result"
_RESPONSE = "ml_generate_text_result"
_STATUS = "ml_generate_text_status"


def generate_text_table(
    *,
    into: TableName,
    source: TableName,
    model: ModelName,
    arguments: GenerateTextArguments,
    replace: bool = True,
    all_columns: bool = False,
) -> Statement:
    """Ask a model about every image of an object table, in one statement.

    The table has the columns uri and ml_generate_text_llm_result; or ml_generate_text_result, if `arguments`
    say not to flatten.

    Args:
        into: The table to create.
        source: The object table.
        model: The remote model.
        arguments: What to ask.
        replace: Whether a table that exists is replaced.
        all_columns: Whether all of the function's columns are kept: those of the object table, and
            ml_generate_text_status.

    Returns:
        The statement.
    """
    flattened = arguments.flatten_json_output is not False
    answer = SQL("ml_generate_text_llm_result") if flattened else SQL("ml_generate_text_result")
    return (
        SQL("""\
{head} AS (
  SELECT {columns}
  FROM
    ML.GENERATE_TEXT(
      MODEL {model},
      TABLE {source},
      STRUCT(
        {arguments}
      )
    )
)""")
        .format(
            head=clauses.create("TABLE", into, replace=replace, if_not_exists=False),
            columns=SQL("*") if all_columns else SQL("uri, {}").format(answer),
            model=model,
            source=source,
            arguments=arguments.fields(prompt=True, flatten=True),
        )
        .statement("generate_text_table")
    )


def read_table(source: TableName) -> Statement:
    """Read a table of `generate_text_table`, by URI."""
    return SQL("SELECT *\nFROM {}\nORDER BY uri").format(source).statement("read_table")


def format_table(
    *,
    source: TableName,
    into: TableName,
    schema: RecordSchema[R],
    columns: Collection[str],
    replace: bool = True,
) -> Statement:
    """Read the answers in a table of `generate_text_table` into typed columns.

    The new table has one row for each of the source's: uri, the record's own columns, outcome, error.

    Args:
        source: The table with the answers.
        into: The table to create.
        schema: The record to read.
        columns: The names of the source's columns.
        replace: Whether a table that exists is replaced.

    Returns:
        The statement.

    Raises:
        InvalidInputError: The source's columns hold no answers.
    """
    flattened = _FLAT in columns
    if "uri" not in columns or not (flattened or _RESPONSE in columns):
        raise InvalidInputError(
            f"table {source} holds no answers: it has no column uri, or neither {_FLAT} nor {_RESPONSE}",
            next_step="Give a table that an analysis made.",
        )
    # Without the status an answer that is missing can't be explained, but it is still seen to be missing.
    rows = SQL("SELECT uri, {status}, {answer}\nFROM {source}").format(
        status=SQL("ml_generate_text_status") if _STATUS in columns else SQL("'' AS ml_generate_text_status"),
        answer=SQL("ml_generate_text_llm_result") if flattened else SQL("ml_generate_text_result"),
        source=source,
    )
    return (
        SQL("""\
{head} AS (
  SELECT uri, {fields}, outcome, error
  FROM (
    {answers}
  )
)""")
        .format(
            head=clauses.create("TABLE", into, replace=replace, if_not_exists=False),
            fields=SQL(", ").join(Identifier(field.name) for field in schema.fields),
            answers=read_answers(rows, schema, keep=["uri"], flattened=flattened),
        )
        .statement("format_table")
    )
