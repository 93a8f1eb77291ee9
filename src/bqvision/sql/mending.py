"""Statements that mend a set-up; they are shown to be run by hand, and never sent."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from bqvision.sql.compose import SQL, Identifier, Literal
from bqvision.sql.options import match

if TYPE_CHECKING:
    from bqvision.sql.compose import Statement
    from bqvision.sql.names import ConnectionName, DatasetName

__all__ = ["create_connection", "grant_on_dataset"]

_ROLE: Final = re.compile(r"roles/[A-Za-z][A-Za-z0-9.]{1,80}")


def create_connection(name: ConnectionName) -> Statement:
    """Create a Cloud resource connection.

    Args:
        name: The connection, with its project and location.

    Returns:
        The statement.
    """
    return (
        SQL("CREATE CONNECTION {} OPTIONS (connection_type = 'CLOUD_RESOURCE')")
        .format(name)
        .statement("create_connection")
    )


def grant_on_dataset(name: DatasetName, *, role: str, member: str) -> Statement:
    """Grant a role on a dataset.

    Args:
        name: The dataset.
        role: The role, such as ``roles/bigquery.dataEditor``.
        member: To whom, such as ``user:name@example.com``.

    Returns:
        The statement.

    Raises:
        InvalidInputError: It is no role.
    """
    match(_ROLE, "role", role, "a predefined role such as roles/bigquery.dataEditor")
    return (
        SQL("GRANT {role} ON SCHEMA {name} TO {member}")
        .format(role=Identifier(role), name=name, member=Literal(member))
        .statement("grant_on_dataset")
    )
