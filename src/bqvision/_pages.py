"""Paging: one page after the other, each asked for under the policy, and never in a circle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bqvision._calls import About, translated
from bqvision.errors import IntegrityError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from google.api_core.page_iterator import Iterator as PageIterator

    from bqvision._retry import Calls


def pages(source: PageIterator, about: About, calls: Calls) -> Iterator[list[Any]]:
    """Read google's pages.

    Args:
        source: The listing.
        about: What it lists.
        calls: The retry that the listing was given; its page requests are counted there.

    Returns:
        The items of each page.

    Raises:
        IntegrityError: A page names a page that was read before as the next one.
        BqvisionError: A page could not be read.
    """
    asked_for: set[str] = set()
    listing = source.pages
    while True:
        with translated(about, calls):
            page = next(listing, None)
            items = [] if page is None else list(page)
        if page is None:
            return
        token = source.next_page_token
        if token in asked_for:
            raise about.error(
                IntegrityError,
                "BigQuery's pages run in a circle: the next page is one that was read before",
                next_step="Read it again.",
            )
        if token is not None:
            asked_for.add(token)
        yield items
