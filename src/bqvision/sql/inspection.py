"""Statements that look at an object table and a model before a run; only the last one asks the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bqvision.sql.calls import call
from bqvision.sql.compose import SQL, Parameter
from bqvision.sql.outputs import read_output
from bqvision.sql.refusals import refusal

if TYPE_CHECKING:
    from bqvision.sql.arguments import Arguments
    from bqvision.sql.compose import Statement
    from bqvision.sql.names import ModelName, TableName

__all__ = ["ask_about_object", "count_refusals", "pick_object", "session_user"]


def session_user() -> Statement:
    """Ask whom BigQuery takes the caller for.

    Returns:
        The statement; its one column is account.
    """
    return SQL("SELECT SESSION_USER() AS account").format().statement("session_user")


def count_refusals(name: TableName) -> Statement:
    """Count an object table's objects by why they would not be asked about.

    Args:
        name: The object table.

    Returns:
        The statement; its columns are refusal, NULL for those that would be asked about, and objects.
    """
    return (
        SQL("""\
SELECT refusal, COUNT(*) AS objects
FROM (
  SELECT
    {refusal} AS refusal
  FROM {name} AS image
)
GROUP BY refusal
ORDER BY objects DESC, refusal""")
        .format(refusal=refusal(), name=name)
        .statement("count_refusals")
    )


def pick_object(name: TableName) -> Statement:
    """Pick the smallest object that a model would be asked about.

    Args:
        name: The object table.

    Returns:
        The statement; its one column is uri, and its one row is missing if there is no such object.
    """
    return (
        SQL("""\
SELECT uri
FROM (
  SELECT
    uri,
    size,
    {refusal} AS refusal
  FROM {name} AS image
)
WHERE refusal IS NULL
ORDER BY size, uri
LIMIT 1""")
        .format(refusal=refusal(), name=name)
        .statement("pick_object")
    )


def ask_about_object(
    name: TableName, uri: str, *, arguments: Arguments, model: ModelName | None
) -> Statement:
    """Ask about one object; it is paid for.

    The object is named, since a LIMIT does not limit how many rows the model sees.

    Args:
        name: The object table.
        uri: The object.
        arguments: What to ask.
        model: The remote model, for the functions that take one.

    Returns:
        The statement; its columns are those of `bqvision.sql.outputs.read_output`, after uri.

    Raises:
        InvalidInputError: There is a remote model and the function takes none, or the other way round.
    """
    asked = call(
        arguments,
        model=model,
        source=name,
        condition=SQL("uri = {}").format(Parameter("uri", "STRING", uri)),
        keep=("uri",),
        as_parameter=True,
    )
    return read_output(asked, arguments.declared, keep=("uri",)).statement("ask_about_object")
