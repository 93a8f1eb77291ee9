"""Boxes become lines in reading order."""

from __future__ import annotations

import pytest

from bqvision.local.ocr.layout import Box, bare, page_of


def box(text: str, left: float, top: float, width: float, height: float, confidence: float = 1.0) -> Box:
    """Return an upright box."""
    right, bottom = left + width, top + height
    return Box(text, confidence, ((left, top), (right, top), (right, bottom), (left, bottom)))


def texts(*boxes: Box) -> list[str]:
    """Return the page's lines from top to bottom."""
    return [line.text for line in page_of(boxes, width=400, height=600).lines]


def test_lines_come_from_top_to_bottom() -> None:
    """Lines are in reading order, whatever order the engine found them in."""
    assert texts(box("low", 0, 300, 60, 20), box("high", 0, 10, 60, 20)) == ["high", "low"]


def test_pieces_side_by_side_are_one_line() -> None:
    """Print of like height on one level, with a word's gap between, is one line from left to right."""
    assert texts(box("GREAT", 130, 52, 100, 38), box("THE", 20, 50, 100, 40)) == ["THE GREAT"]


def test_columns_stay_apart() -> None:
    """A gap wider than the letters are tall parts columns."""
    assert texts(box("Wallace Reid", 20, 50, 100, 20), box("Gloria Swanson", 200, 50, 100, 20)) == [
        "Wallace Reid",
        "Gloria Swanson",
    ]


def test_small_print_beside_large_is_a_line_of_its_own() -> None:
    """Heights that differ by more than half make no line together."""
    assert texts(box("HEAVEN", 20, 50, 200, 80), box("by Austin Strong", 225, 100, 90, 15)) == [
        "HEAVEN",
        "by Austin Strong",
    ]


def test_tilted_print_keeps_its_height() -> None:
    """The height is that of the letters, not of the upright rectangle around tilted print."""
    tilted = Box("SUNRISE", 1.0, ((0, 100), (200, 0), (220, 40), (20, 140)))
    assert tilted.height == pytest.approx(44.7, abs=0.1)


def test_upended_print_is_as_tall_as_it_is_wide() -> None:
    """Print that runs upwards is measured across."""
    assert box("SCENARIO", 0, 0, 20, 200).height == 20
    assert box("I", 0, 0, 20, 200).height == 200


def test_bare_keeps_letters_and_digits() -> None:
    """Comparison ignores case, spaces and punctuation."""
    assert bare("Tol'able_David, 2!") == "tolabledavid2"
