"""Tables for people: aligned plain text for a terminal, HTML for a notebook."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True, slots=True)
class Table:
    """A table: the first column holds names, the others numbers."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]


Part: TypeAlias = str | Table
"""A paragraph or a table."""


def as_text(parts: Iterable[Part]) -> str:
    """Return paragraphs and tables as lines of text, with an empty line between them."""
    return "\n\n".join(_lines(part) if isinstance(part, Table) else _visible(part) for part in parts)


def as_html(parts: Iterable[Part]) -> str:
    """Return paragraphs and tables as HTML; whatever stands in them is text there too."""
    return "\n".join(_html(part) if isinstance(part, Table) else _paragraph(part) for part in parts)


def percent(share: float | None) -> str:
    """Return a share as ``93.8%``, or ``-`` if there is none."""
    return "-" if share is None else f"{share:.1%}"


def number(value: float | None, *, decimals: int = 0) -> str:
    """Return a number as ``1,234``, or ``-`` if there is none."""
    return "-" if value is None else f"{value:,.{decimals}f}"


def _lines(table: Table) -> str:
    cells = [[_visible(cell) for cell in row] for row in (table.header, *table.rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in cells
    )


def _html(table: Table) -> str:
    head = _row("th", table.header)
    body = "\n".join(_row("td", row) for row in table.rows)
    return f"<table>\n<thead>\n{head}\n</thead>\n<tbody>\n{body}\n</tbody>\n</table>"


def _row(tag: str, cells: Sequence[str]) -> str:
    sides = ("left", *("right",) * (len(cells) - 1))
    marked = (
        f'<{tag} style="text-align: {side}; padding: 0.2em 0.6em">{escape(cell)}</{tag}>'
        for side, cell in zip(sides, cells, strict=True)
    )
    return f"<tr>{''.join(marked)}</tr>"


def _paragraph(text: str) -> str:
    return f"<p>{'<br>'.join(map(escape, text.splitlines()))}</p>"


def _visible(text: str) -> str:
    # A name may hold what a terminal would obey.
    return "".join(
        char if char.isprintable() or char == "\n" else "\N{REPLACEMENT CHARACTER}" for char in text
    )
