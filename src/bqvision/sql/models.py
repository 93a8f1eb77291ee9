"""Statements on remote models."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bqvision.sql import clauses
from bqvision.sql.compose import SQL, Literal
from bqvision.sql.names import DEFAULT
from bqvision.sql.options import clean_endpoint

if TYPE_CHECKING:
    from bqvision.sql.compose import Statement
    from bqvision.sql.names import Connection, ModelName

__all__ = ["create_remote_model", "drop_model"]


def create_remote_model(
    name: ModelName,
    *,
    endpoint: str,
    connection: Connection = DEFAULT,
    replace: bool = False,
    if_not_exists: bool = False,
) -> Statement:
    """Create a remote model.

    Args:
        name: The model.
        endpoint: A model's short name, or the URL of an endpoint at ``googleapis.com``.
        connection: What calls the endpoint.
        replace: Whether one that exists is replaced.
        if_not_exists: Whether one that exists is left as it is.

    Returns:
        The statement.

    Raises:
        InvalidInputError: An option is not legal, or two exclude each other.
    """
    return clauses.lines(
        clauses.create("MODEL", name, replace=replace, if_not_exists=if_not_exists),
        SQL("REMOTE WITH CONNECTION {}").format(connection),
        clauses.options([SQL("endpoint = {}").format(Literal(clean_endpoint(endpoint)))]),
    ).statement("create_remote_model")


def drop_model(name: ModelName, *, if_exists: bool = False) -> Statement:
    """Delete a model.

    Args:
        name: The model.
        if_exists: Whether a missing one is no error.

    Returns:
        The statement.
    """
    return clauses.drop("MODEL", name, if_exists=if_exists).statement("drop_model")
