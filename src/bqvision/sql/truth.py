"""Statements on the truth that answers are compared with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bqvision.sql import clauses
from bqvision.sql.compose import SQL, Identifier, Parameter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bqvision.sql.compose import Statement
    from bqvision.sql.images import Images
    from bqvision.sql.names import TableName

__all__ = ["find_images", "read_truth"]


def read_truth(source: TableName, *, columns: Sequence[str]) -> Statement:
    """Read some columns of a table that says what is right.

    Args:
        source: The table.
        columns: Which.

    Returns:
        The statement; its rows have these columns.
    """
    return clauses.lines(
        SQL("SELECT {}").format(SQL(", ").join(map(Identifier, columns))), SQL("FROM {}").format(source)
    ).statement("read_truth")


def find_images(images: Images, *, uris: Sequence[str], names: Sequence[str]) -> Statement:
    """Find the images that are meant by their URIs or file names.

    Args:
        images: Where to look.
        uris: Whole URIs.
        names: What stands behind the last slash of a URI.

    Returns:
        The statement; its column is uri, in order.
    """
    return (
        SQL("""\
SELECT uri
FROM {images}
WHERE uri IN UNNEST({uris}) OR REGEXP_EXTRACT(uri, '[^/]+$') IN UNNEST({names})
ORDER BY uri""")
        .format(
            images=images.relation,
            uris=Parameter("uris", "ARRAY<STRING>", tuple(uris)),
            names=Parameter("names", "ARRAY<STRING>", tuple(names)),
        )
        .statement("find_images")
    )
