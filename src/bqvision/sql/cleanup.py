"""Statements that take away what was made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bqvision.errors import InvalidInputError
from bqvision.sql import clauses
from bqvision.sql.compose import SQL, Literal, Parameter

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import LiteralString

    from bqvision.sql.compose import Statement
    from bqvision.sql.names import ModelName, TableName

__all__ = ["count_other_rows", "drop_content", "list_waiting_batches"]

_DROPPED_AS: Final[Mapping[str, LiteralString]] = {
    "TABLE": "TABLE",
    "VIEW": "VIEW",
    "MATERIALIZED_VIEW": "MATERIALIZED VIEW",
    "SNAPSHOT": "SNAPSHOT TABLE",
    "EXTERNAL": "EXTERNAL TABLE",
    "OBJECT_TABLE": "EXTERNAL TABLE",
    "MODEL": "MODEL",
    "SCALAR_FUNCTION": "FUNCTION",
    "AGGREGATE_FUNCTION": "FUNCTION",
    "TABLE_VALUED_FUNCTION": "TABLE FUNCTION",
    "PROCEDURE": "PROCEDURE",
}


def drop_content(kind: str, name: TableName | ModelName) -> Statement:
    """Delete one thing of a dataset; a missing one is no error.

    Args:
        kind: What it is, in the word that BigQuery lists it with; or ``OBJECT_TABLE`` or ``MODEL``.
        name: Its name; a routine's has the form of a table's.

    Returns:
        The statement.

    Raises:
        InvalidInputError: It is of a kind that can not be deleted so.
    """
    word = _DROPPED_AS.get(kind)
    if word is None:
        raise InvalidInputError(
            f"{name} is a {kind}, which can't be deleted by name here",
            resource=str(name),
            next_step="Delete it in the console first, or use delete(contents=True).",
        )
    return clauses.drop(word, name, if_exists=True).statement("drop_content")


def count_other_rows(ledger: TableName, *, fingerprint: str) -> Statement:
    """Count the rows of a ledger that are no answers to one question.

    Args:
        ledger: The ledger.
        fingerprint: The question.

    Returns:
        The statement; its column is others.
    """
    return (
        SQL("SELECT COUNT(*) AS others\nFROM {}\nWHERE fingerprint IS NULL OR fingerprint != {}")
        .format(ledger, Parameter("fingerprint", "STRING", fingerprint))
        .statement("count_other_rows")
    )


def list_waiting_batches(work: TableName, *, ledger: TableName, limit: int) -> Statement:
    """List the first batches of a work table that no job has written into the ledger.

    Args:
        work: The work table.
        ledger: The ledger.
        limit: How many batches at most.

    Returns:
        The statement; its columns are batch, run_id (the claim), billing_project and retired, by batch.
    """
    return (
        SQL("""\
SELECT image.batch, image.run_id, image.billing_project, image.retired
FROM {work} AS image
LEFT JOIN {ledger} AS done
ON done.run_id = image.run_id AND done.uri = image.uri AND done.generation = image.generation
GROUP BY image.batch, image.run_id, image.billing_project, image.retired
HAVING COUNTIF(done.uri IS NOT NULL) = 0
ORDER BY image.batch
LIMIT {limit}""")
        .format(work=work, ledger=ledger, limit=Literal(limit))
        .statement("list_waiting_batches")
    )
