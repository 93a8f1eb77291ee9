"""The year that is printed on a page, where one is and nothing speaks against it."""

from __future__ import annotations

import re
from typing import Final

from bqvision.local.ocr.layout import Line, Page, merged
from bqvision.local.ocr.title import title_lines

_YEAR: Final = re.compile(r"(?<![\d.,$£€#/-])(?:1[89]\d\d|20[0-4]\d)(?![\d%]|[.,/-]\d|s\b|['\u2019]s)")
_ROMAN: Final = re.compile(r"\bM(?:CM|DCCC|M)(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})\b")
_MARKED: Final = re.compile(
    r"copyr|copr|©|\(c\)|\bc\s?\(?(?=\d{4})|\breleased?\b|\byear\b|\bmade in\b|\bfilmed\b|\bpremiere",
    re.IGNORECASE,
)
_SPOKEN_FOR: Final = re.compile(
    r"\b(?:novel|book|play|story|since|est|established|founded|war|battle|class of|no|vol|patent|pat|of|phone"
    r"|tel|street|st|ave|reissue|re-?release|anniversary|from|before|after|until|born|died|season|winner"
    r"|awards?)\b",
    re.IGNORECASE,
)
_ROMAN_VALUES: Final = {"M": 1000, "D": 500, "C": 100, "L": 50, "X": 10, "V": 5, "I": 1}
_SURE = 0.8
"""A year is copied from the page or not given at all, so a doubtful reading counts as none."""
_HEADING = 0.9
"""A number nearly as tall as the tallest print is a title, as 1917 and 1984 are, and dates nothing."""
_SHORT = 6
"""Words in a line that is taken for a caption rather than for running text."""


def find_year(page: Page) -> int | None:
    """Return the one year that the page gives as its own, or None: no guess, no pick among several."""
    title = merged(lines).text if (lines := title_lines(page)) else ""
    tallest = max((line.height for line in page.lines), default=0.0)
    years = {
        year
        for line in page.lines
        if line.text not in title and line.height < _HEADING * tallest
        for year in _years(line)
    }
    return years.pop() if len(years) == 1 else None


def roman_number(numeral: str) -> int:
    """Return the value of a Roman numeral."""
    values = [_ROMAN_VALUES[letter] for letter in numeral]
    return sum(
        -value if any(value < later for later in values[at + 1 : at + 2]) else value
        for at, value in enumerate(values)
    )


def _years(line: Line) -> set[int]:
    if line.confidence < _SURE:
        return set()
    found = [int(match[0]) for match in _YEAR.finditer(line.text)]
    found += [roman_number(match[0]) for match in _ROMAN.finditer(line.text) if len(match[0]) >= 4]
    return set(found) if found and _is_own(line.text) else set()


def _is_own(text: str) -> bool:
    if _MARKED.search(text):
        return True
    rest = _ROMAN.sub(" ", _YEAR.sub(" ", text))
    if re.search(r"\d", rest) or _SPOKEN_FOR.search(rest):
        return False
    if re.search(rf"\(\s*(?:{_YEAR.pattern})\s*\)", text):
        return True
    at_edge = re.search(
        rf"^\W*(?:{_YEAR.pattern}|{_ROMAN.pattern})|(?:{_YEAR.pattern}|{_ROMAN.pattern})\W*$", text
    )
    return at_edge is not None and len(rest.split()) <= _SHORT
