"""Statements that ask a model about every image at once, and that shape the answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bqvision.errors import InvalidInputError
from bqvision.sql import clauses
from bqvision.sql.answers import read_answers
from bqvision.sql.calls import call
from bqvision.sql.compose import SQL, Identifier
from bqvision.sql.outputs import read_output, status_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from bqvision.schema import R, RecordSchema
    from bqvision.sql.arguments import Arguments
    from bqvision.sql.compose import Composable, Statement
    from bqvision.sql.functions import Function
    from bqvision.sql.images import Images
    from bqvision.sql.names import ModelName, TableName

__all__ = ["format_table", "generate_table", "generate_text_table", "read_table"]


def generate_text_table(
    *,
    into: TableName,
    source: TableName,
    model: ModelName,
    arguments: Arguments,
    replace: bool = True,
    all_columns: bool = False,
) -> Statement:
    """Ask a model about every image of an object table, in one statement and with one prompt for all.

    The table has the columns uri and the answer's: of ML.GENERATE_TEXT ml_generate_text_llm_result, or
    ml_generate_text_result, if `arguments` say not to flatten; of AI.GENERATE_TEXT result.

    Args:
        into: The table to create.
        source: The object table.
        model: The remote model.
        arguments: What to ask, of a function that takes object tables.
        replace: Whether a table that exists is replaced.
        all_columns: Whether all of the function's columns are kept: those of the object table, and the status.

    Returns:
        The statement.
    """
    output = arguments.declared.output
    flattened = arguments.flatten_json_output is not False
    answer = output.text if flattened else output.response
    return (
        SQL("""\
{head} AS (
  SELECT {columns}
  FROM
    {function}(
      MODEL {model},
      TABLE {source},
      STRUCT(
        {arguments}
      )
    )
)""")
        .format(
            head=clauses.create("TABLE", into, replace=replace, if_not_exists=False),
            columns=SQL("*") if all_columns or answer is None else SQL("uri, {}").format(SQL(answer)),
            function=SQL(arguments.function),
            model=model,
            source=source,
            arguments=arguments.fields(prompt=True, flatten=True),
        )
        .statement("generate_text_table")
    )


def generate_table(
    *,
    into: TableName,
    images: Images,
    model: ModelName | None,
    arguments: Arguments,
    replace: bool = True,
    all_columns: bool = False,
) -> Statement:
    """Ask about images, or groups of them, in one statement, by any function.

    The table has the columns uri and those of the function's output.

    Args:
        into: The table to create.
        images: The images.
        model: The remote model, for the functions that take one.
        arguments: What to ask.
        replace: Whether a table that exists is replaced.
        all_columns: Whether the generation is kept too.

    Returns:
        The statement.

    Raises:
        InvalidInputError: There is a model and the function takes none, or the other way round.
    """
    function = arguments.declared
    calls = call(
        arguments,
        model=model,
        source=images.relation,
        keep=["uri", "generation"] if all_columns else ["uri"],
        as_parameter=False,
        flatten=None,
        max_output_tokens=None,
    )
    columns: Composable = SQL("* EXCEPT (prompt)")
    if function.scalar:
        # A NULL array is stored as an empty one, so what has failed is put down at once.
        columns = (
            SQL("*, {} AS status").format(status_of(function))
            if function.output.status is None
            else SQL("* EXCEPT (answer), answer.*")
        )
    return (
        SQL("""\
{head} AS (
  SELECT {columns}
  FROM (
    {calls}
  )
)""")
        .format(
            head=clauses.create("TABLE", into, replace=replace, if_not_exists=False),
            columns=columns,
            calls=calls,
        )
        .statement("generate_table")
    )


def read_table(source: TableName) -> Statement:
    """Read a table of `generate_text_table` or `generate_table`, by URI."""
    return SQL("SELECT *\nFROM {}\nORDER BY uri").format(source).statement("read_table")


def format_table(
    *,
    source: TableName,
    into: TableName,
    schema: RecordSchema[R],
    function: Function,
    columns: Collection[str],
    replace: bool = True,
) -> Statement:
    """Read the answers in a table of `generate_text_table` or `generate_table` into typed columns.

    The new table has one row for each of the source's: uri, the record's own columns, outcome, error.

    Args:
        source: The table with the answers.
        into: The table to create.
        schema: The record to read.
        function: The function that gave the answers.
        columns: The names of the source's columns.
        replace: Whether a table that exists is replaced.

    Returns:
        The statement.

    Raises:
        InvalidInputError: The source's columns hold no answers.
    """
    output = function.stored
    wanted = [name for name in (output.response, output.text, output.value) if name is not None]
    if "uri" not in columns or not any(name in columns for name in wanted):
        raise InvalidInputError(
            f"table {source} holds no answers of {function.name}: "
            f"it has no column uri, or none of {', '.join(wanted)}",
            next_step="Give a table that an analysis with the same function made.",
        )
    rows = read_output(
        SQL("SELECT *\nFROM {}").format(source),
        function,
        output=output,
        keep=["uri"],
        flattened=output.text in columns and output.response not in columns,
        value=schema.fields[0].name,
        # Without the status an answer that is missing can't be explained, but it is still seen to be missing.
        has_status=output.status in columns,
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
            answers=read_answers(rows, schema, keep=["uri"]),
        )
        .statement("format_table")
    )
