"""The options of an object table that say how its metadata is cached."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from bqvision.local.protocol import ApiError

_CACHE_MODES: Final = frozenset({"AUTOMATIC", "MANUAL"})
_MIN_STALENESS: Final = timedelta(minutes=30)
_MAX_STALENESS: Final = timedelta(days=7)


def staleness(max_staleness: timedelta | None, mode: str | None) -> str | None:
    """Return how old a table's metadata may be, as REST writes it; None when it is not cached.

    Raises:
        ApiError: It can't be so old, or not in this mode.
    """
    if mode is not None and mode not in _CACHE_MODES:
        raise ApiError("invalidQuery", f"metadata_cache_mode must be AUTOMATIC or MANUAL, and is {mode}")
    if not max_staleness:
        if mode is not None:
            raise ApiError("invalidQuery", "metadata_cache_mode needs max_staleness")
        return None
    if mode is None:
        raise ApiError("invalidQuery", "max_staleness needs metadata_cache_mode")
    if not _MIN_STALENESS <= max_staleness <= _MAX_STALENESS:
        raise ApiError("invalidQuery", "max_staleness must be from 30 minutes to 7 days")
    days, seconds = divmod(int(max_staleness.total_seconds()), 86_400)
    return f"0-0 {days} {seconds // 3600}:{seconds // 60 % 60}:{seconds % 60}"
