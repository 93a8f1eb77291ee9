"""From boxes of print to lines, in reading order."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Point: TypeAlias = tuple[float, float]

_LOW_CONFIDENCE = 0.6
"""Below this a box is read as noise between two lines: it does not part them."""


@dataclass(frozen=True, slots=True)
class Box:
    """A piece of print as the engine found it: its text and its four corners in pixels."""

    text: str = field(repr=False)
    confidence: float
    corners: tuple[Point, Point, Point, Point]
    """Clockwise from the text's own top left, so that tilted print keeps its true height."""

    @property
    def height(self) -> float:
        """The height of the letters, in pixels."""
        tall, wide = math.dist(self.corners[0], self.corners[3]), math.dist(self.corners[0], self.corners[1])
        upended = tall >= 1.5 * wide and len(self.text) > 2  # the engine turns such print before it reads it
        return wide if upended else tall


@dataclass(frozen=True, slots=True)
class Line:
    """A line of print: one box, or several that stand side by side. All lengths are in pixels."""

    text: str = field(repr=False)
    confidence: float
    left: float
    right: float
    middle: float
    height: float

    @property
    def top(self) -> float:
        """The upper edge of the letters."""
        return self.middle - self.height / 2

    @property
    def bottom(self) -> float:
        """The lower edge of the letters."""
        return self.middle + self.height / 2

    @property
    def width(self) -> float:
        """The length of the line."""
        return self.right - self.left


@dataclass(frozen=True, slots=True)
class Page:
    """One image as print: its size in pixels and its lines from top to bottom."""

    width: int
    height: int
    lines: tuple[Line, ...] = field(repr=False)


def bare(text: str) -> str:
    """Return the letters and digits of a text, in lower case."""
    return re.sub(r"[\W_]+", "", text.casefold())


def merged(lines: Sequence[Line]) -> Line:
    """Return one line that holds the given ones, their texts in the given order."""
    heights = [line.height for line in lines]
    top, bottom = min(line.top for line in lines), max(line.bottom for line in lines)
    return Line(
        text=" ".join(line.text for line in lines),
        confidence=sum(line.confidence * len(line.text) for line in lines)
        / sum(len(line.text) for line in lines),
        left=min(line.left for line in lines),
        right=max(line.right for line in lines),
        middle=(top + bottom) / 2,
        height=max(heights),
    )


def page_of(boxes: Iterable[Box], *, width: int, height: int) -> Page:
    """Return the page that the boxes make: boxes side by side joined, lines from top to bottom.

    Args:
        boxes: What the engine found.
        width: The image's width in pixels.
        height: The image's height in pixels.
    """
    rows: list[list[Line]] = []
    for piece in sorted(map(_line_of, boxes), key=lambda line: line.left):
        home = next((row for row in rows if _continues(row[-1], piece)), None)
        if home is None:
            rows.append([piece])
        else:
            home.append(piece)
    lines = sorted((_joined_row(row) for row in rows), key=lambda line: (line.middle, line.left))
    return Page(width=width, height=height, lines=tuple(lines))


def between(page: Page, upper: Line, lower: Line) -> tuple[Line, ...]:
    """Return the readable lines that stand between two lines, in their column."""
    return tuple(
        line
        for line in page.lines
        if line is not upper
        and line is not lower
        and upper.middle < line.middle < lower.middle
        and line.confidence >= _LOW_CONFIDENCE
        and overlap(line, merged((upper, lower))) > 0
    )


def overlap(first: Line, second: Line) -> float:
    """Return how many pixels two lines share from left to right; negative is the gap."""
    return min(first.right, second.right) - max(first.left, second.left)


def _line_of(box: Box) -> Line:
    across = [x for x, _ in box.corners]
    down = [y for _, y in box.corners]
    return Line(
        text=box.text.strip(),
        confidence=box.confidence,
        left=min(across),
        right=max(across),
        middle=(min(down) + max(down)) / 2,
        height=box.height,
    )


def _continues(left: Line, right: Line) -> bool:
    tall, small = max(left.height, right.height), min(left.height, right.height)
    gap = -overlap(left, right)
    return (
        small >= 0.5 * tall and -0.5 * tall <= gap <= tall and abs(left.middle - right.middle) <= 0.45 * tall
    )


def _joined_row(row: Sequence[Line]) -> Line:
    if len(row) == 1:
        return row[0]
    whole = merged(row)
    middle = sum(line.middle for line in row) / len(row)
    return Line(whole.text, whole.confidence, whole.left, whole.right, middle, whole.height)
