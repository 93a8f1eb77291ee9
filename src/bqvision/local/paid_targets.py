"""What a statement with model calls writes to, looked at before the calls are paid for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bqvision.local.protocol import duplicate, not_found

if TYPE_CHECKING:
    from bqvision.local.definitions import Definitions
    from bqvision.local.names import Names
    from bqvision.local.statements import Target

_WRITES: Final = frozenset({"CREATE TABLE", "INSERT", "UPDATE", "DELETE", "MERGE"})


async def is_done(target: Target | None, names: Names, definitions: Definitions) -> bool:
    """Say whether a statement has nothing left to do: a table that is to be created unless it is there.

    Args:
        target: What it writes to, or None.
        names: Completes the names in it.
        definitions: Knows what is there.

    Raises:
        ApiError: It can't work: its table is there, or missing.
    """
    if target is None or target.kind not in _WRITES:
        return False
    table = names.resource(target.path)
    if not await definitions.exists(table.parent):
        raise not_found("Dataset", str(table.parent), definitions.location)
    there = await definitions.table_exists(table)
    if target.kind != "CREATE TABLE":
        if not there:
            raise not_found("Table", str(table), definitions.location)
        return False
    if there and not target.replace and not target.if_not_exists:
        raise duplicate("Table", str(table))
    return there and target.if_not_exists
