"""Where things may be: a connection stands at the location of the dataset that it is used in.

A multi-region is a location of its own: a connection at ``us-central1`` is of no use to a dataset at ``US``, nor the
other way round. https://cloud.google.com/bigquery/docs/create-cloud-resource-connection.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bqvision.errors import InvalidInputError
from bqvision.sql.names import ConnectionName

if TYPE_CHECKING:
    from bqvision.sql.names import Connection

__all__ = ["check_connection", "same_location"]


def same_location(one: str, other: str) -> bool:
    """Return whether two locations are one; BigQuery writes ``US`` for datasets and ``us`` for connections."""
    return one.lower() == other.lower()


def check_connection(connection: Connection, location: str) -> None:
    """Refuse a connection that is known to be elsewhere than the dataset.

    Args:
        connection: The connection; one without a location is taken for one at the right place.
        location: The dataset's.

    Raises:
        InvalidInputError: The locations differ.
    """
    if not isinstance(connection, ConnectionName) or connection.location is None:
        return
    if not same_location(connection.location, location):
        raise InvalidInputError(
            f"the connection is at {connection.location} and the dataset at {location}",
            resource=str(connection),
            location=location,
            next_step=(
                f"Use a connection at {location.lower()}, made with client.connection({connection.connection!r}, "
                f"location={location.lower()!r}).create(exists_ok=True), or a dataset at {connection.location}."
            ),
        )
