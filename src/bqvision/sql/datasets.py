"""Statements on datasets."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from bqvision.errors import InvalidInputError
from bqvision.sql import clauses
from bqvision.sql.compose import SQL, Composable, Literal
from bqvision.sql.names import clean_location
from bqvision.sql.options import clean_description, clean_labels

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bqvision.sql.compose import Statement
    from bqvision.sql.names import DatasetName

__all__ = ["TEMPORARY", "create_dataset", "drop_dataset"]

TEMPORARY: Final = {"bqvision": "temporary"}
"""The label of a dataset whose tables are not to live for ever."""

_SHORTEST_EXPIRATION: Final = timedelta(hours=1)
_LONGEST_EXPIRATION: Final = timedelta(days=36_500)


def create_dataset(
    name: DatasetName,
    *,
    if_not_exists: bool = False,
    location: str | None = None,
    description: str | None = None,
    labels: Mapping[str, str] | None = None,
    default_table_expiration: timedelta | None = None,
) -> Statement:
    """Create a dataset.

    Args:
        name: The dataset.
        if_not_exists: Whether one that exists is left as it is.
        location: Where it is; by default where the job runs.
        description: What it is for.
        labels: Its labels.
        default_table_expiration: How long a new table in it lives, at least an hour.

    Returns:
        The statement.

    Raises:
        InvalidInputError: An option is not legal.
    """
    options: list[Composable] = []
    if location is not None:
        options.append(SQL("location = {}").format(Literal(clean_location(location))))
    if description is not None:
        options.append(SQL("description = {}").format(Literal(clean_description(description))))
    if labels:
        pairs = [
            SQL("({}, {})").format(Literal(key), Literal(text)) for key, text in clean_labels(labels).items()
        ]
        options.append(SQL("labels = [{}]").format(SQL(", ").join(pairs)))
    if default_table_expiration is not None:
        if not _SHORTEST_EXPIRATION <= default_table_expiration <= _LONGEST_EXPIRATION:
            raise InvalidInputError("default_table_expiration is not from 1 hour to 36,500 days")
        days = Literal(default_table_expiration / timedelta(days=1))
        options.append(SQL("default_table_expiration_days = {}").format(days))
    head = clauses.create("SCHEMA", name, replace=False, if_not_exists=if_not_exists)
    return clauses.lines(head, clauses.options(options)).statement("create_dataset")


def drop_dataset(name: DatasetName, *, if_exists: bool = False, cascade: bool = False) -> Statement:
    """Delete a dataset.

    Args:
        name: The dataset.
        if_exists: Whether a missing one is no error.
        cascade: Whether it goes with all that is in it; otherwise it must be empty.

    Returns:
        The statement.
    """
    head = clauses.drop("SCHEMA", name, if_exists=if_exists)
    return clauses.lines(head, SQL("CASCADE") if cascade else None).statement("drop_dataset")
