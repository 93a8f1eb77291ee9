"""Numbers in sentences."""

from __future__ import annotations


def plural(count: int, noun: str) -> str:
    """Return a number with its noun: ``1 image``, ``2,000 images``.

    Args:
        count: How many.
        noun: What, in the singular.
    """
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
