"""Which lines of a page are its title: by size, place, spelling and the lines around."""

from __future__ import annotations

import difflib
import math
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from bqvision.local.ocr import words
from bqvision.local.ocr.layout import Line, Page, bare, between, merged, overlap
from bqvision.local.ocr.spelling import clean_title, split_words

if TYPE_CHECKING:
    from collections.abc import Sequence

_OPENING_QUOTE = re.compile(r"^[\s*~-]*[\"“„«'\u2018]\s*\w")
_CLOSING_QUOTE = re.compile(r"\w[.!?]?\s*[\"”»'\u2019]\s*$")
_BINDING = words.ARTICLES | {"of", "and", "&"}
"""Words that titles often print much smaller than the rest."""
_NO_TITLE = -6.0
"""A best line that scores lower than this is small print only: the page shows no title."""


def find_title(page: Page) -> str | None:
    """Return the page's title in reading case, or None where no line looks like one."""
    lines = title_lines(page)
    return (clean_title(merged(lines).text) or None) if lines else None


def title_lines(page: Page) -> tuple[Line, ...]:
    """Return the lines that make the page's title, from top to bottom; none where nothing looks like one."""
    tallest = max((line.height for line in page.lines if len(bare(line.text)) >= 3), default=0.0)
    if not tallest:
        return ()
    whole = Page(page.width, page.height, _with_people_joined(page))
    best = max((_Run(whole, run, tallest) for run in _runs(whole)), key=lambda run: run.score)
    return best.lines if best.score > _NO_TITLE else ()


def _tokens(text: str) -> list[str]:
    """Return the lower-case words of a text, glued ones apart, without punctuation."""
    found = [re.sub(r"[^\w&]", "", part) for part in re.split(r"[\s·•/-]+", split_words(text).casefold())]
    return [part for part in found if part]


def _share(tokens: Sequence[str], known: frozenset[str]) -> float:
    return sum(len(token) for token in tokens if token in known) / max(1, sum(map(len, tokens)))


def _is_given(token: str) -> bool:
    return token in words.GIVEN_NAMES


def _looks_like_person(text: str) -> bool:
    tokens = [token for token in _tokens(text) if len(token) > 1]
    if not tokens or tokens[0] in words.ARTICLES:
        return False
    glued = any(
        len(name) >= 5 and len(tokens[0]) >= len(name) + 5 and tokens[0].startswith(name)
        for name in words.GIVEN_NAMES
    )
    initials = re.match(r"^\W*(?:[A-Z]\.\s?){1,3}[A-Z][A-Za-z]{2,}", text) is not None
    return (2 <= len(tokens) <= 4 and _is_given(tokens[0])) or glued or initials


def _with_people_joined(page: Page) -> tuple[Line, ...]:
    """Join a given name with the surname on the next line, so that neither passes for a title."""
    left = list(page.lines)
    joined: list[Line] = []
    while left:
        line = left.pop(0)
        tokens = _tokens(line.text)
        if len(tokens) == 1 and _is_given(tokens[0]):
            below = next(
                (other for other in left if _stacked(page, line, other) and _alike(line, other, 0.5)), None
            )
            if below is not None and len(_tokens(below.text)) == 1:
                left.remove(below)
                line = merged((line, below))
        joined.append(line)
    return tuple(sorted(joined, key=lambda line: line.middle))


def _alike(first: Line, second: Line, ratio: float) -> bool:
    return min(first.height, second.height) >= ratio * max(first.height, second.height)


def _stacked(page: Page, upper: Line, lower: Line) -> bool:
    """Say whether one line stands right above another, with no readable line between."""
    tall = max(upper.height, lower.height)
    return (
        upper.middle < lower.middle
        and lower.top - upper.bottom <= 0.6 * tall
        and overlap(upper, lower) > -0.5 * tall
        and not between(page, upper, lower)
    )


def _continues(page: Page, upper: Line, lower: Line) -> bool:
    """Say whether the lower line carries a title on that the upper one began."""
    above, below = _tokens(upper.text), _tokens(lower.text)
    if not above or not below or _is_credit(upper.text) or _is_credit(lower.text):
        return False
    if set(above) <= words.SHOUTS or set(below) <= words.SHOUTS:
        return False
    if _CLOSING_QUOTE.search(upper.text) or _OPENING_QUOTE.search(lower.text):
        return False
    if below[0] in words.ARTICLES and above[-1] not in words.JOINING:
        return False
    if _introduces_person(below) or (above[-1] == "in" and len(above) > 2 and lower.height > upper.height):
        return False
    small_word = set(above) <= _BINDING or set(below) <= _BINDING
    if not _alike(upper, lower, 0.3 if small_word else 0.62) or not _stacked(page, upper, lower):
        return False
    return not (_looks_like_person(upper.text) or _looks_like_person(lower.text))


def _introduces_person(tokens: Sequence[str]) -> bool:
    return tokens[0] in words.BEFORE_PERSON and len(tokens) > 2 and _looks_like_person(" ".join(tokens[1:]))


def _may_begin(line: Line) -> bool:
    """Say whether a line can begin a title: a lone "in" or "by" stands between two other things."""
    return not set(_tokens(line.text)) <= words.JOINING - words.ARTICLES


def _runs(page: Page) -> list[tuple[Line, ...]]:
    runs: list[list[Line]] = []
    for line in page.lines:
        home = next((run for run in runs if _may_begin(run[0]) and _continues(page, run[-1], line)), None)
        if home is None:
            runs.append([line])
        else:
            home.append(line)
    return [tuple(run) for run in runs]


def _is_credit(text: str) -> bool:
    tokens = _tokens(text)
    known = words.CREDIT | words.STUDIOS
    return (
        bool(words.CREDIT_PHRASE.search(text))
        or _share(tokens, known) >= 0.6
        or sum(token in known for token in tokens) >= 2
    )


@dataclass(frozen=True)
class _Run:
    """Lines that could be the title together, and what speaks for and against it."""

    page: Page
    lines: tuple[Line, ...]
    tallest: float

    @cached_property
    def line(self) -> Line:
        return merged(self.lines)

    @property
    def score(self) -> float:
        return self._size() + self._spelling() + self._neighbours() + self._person()

    def _size(self) -> float:
        size = 2.0 * math.log2(max(self.line.height, 1.0) / self.tallest)
        return size + 0.4 * min(0.0, math.log2(max(self.line.width, 1.0) / (0.6 * self.page.width)))

    def _spelling(self) -> float:
        text, tokens = self.line.text, _tokens(self.line.text)
        letters = bare(text)
        if len(letters) < 2 or not tokens:
            return -10.0
        score = -4.0 * max(0.0, 0.85 - self.line.confidence)
        score -= 4.0 * _share(tokens, words.CREDIT | words.STUDIOS) + 4.0 * (
            words.CREDIT_PHRASE.search(text) is not None
        )
        score -= 4.0 * _share(tokens, words.DATE_WORDS) + 3.0 * (
            sum(map(str.isdigit, letters)) / len(letters) > 0.6
        )
        score -= 4.0 * all(token in words.SHOUTS or token in words.JOINING for token in tokens)
        score -= 0.6 * max(0, len(tokens) - 6) + 2.0 * (len(letters) < 3)
        score -= 1.0 * text[:1].islower() + 1.2 * bool(re.search(r"['\u2019]\s?s\W*$", text, re.IGNORECASE))
        score += 0.8 * (tokens[0] in words.ARTICLES and len(tokens) > 1)
        return score + 1.5 * self._is_quoted()

    def _is_quoted(self) -> bool:
        opens, closes = (
            bool(_OPENING_QUOTE.search(self.line.text)),
            bool(_CLOSING_QUOTE.search(self.line.text)),
        )
        return opens or closes

    def _neighbours(self) -> float:
        score = 0.0
        for line in self.page.lines:
            if line in self.lines or line.height > 0.6 * self.line.height or overlap(line, self.line) <= 0:
                continue
            tokens = _tokens(line.text)
            near = self.line.height
            above = (
                self.lines[0].middle - line.middle >= 0.0 and self.lines[0].top - line.bottom <= 0.6 * near
            )
            below = (
                line.middle - self.lines[-1].middle > 0.0 and line.top - self.lines[-1].bottom <= 0.6 * near
            )
            if tokens == ["in"]:
                score += 1.5 * above - 2.0 * below
            elif above and words.CREDIT_OPENING.search(line.text):
                score -= 2.0
            elif below and (
                words.PRESENTS.search(line.text) or tokens[:1] in (["production"], ["productions"])
            ):
                score -= 1.5
            elif above and re.search(r"['\u2019]s\W*$", line.text, re.IGNORECASE):
                score += 0.5
        return score

    def _person(self) -> float:
        named = _looks_like_person(self.line.text)
        letters = bare(self.line.text)
        credited = len(letters) >= 6 and any(
            _holds(line.text, letters) and _is_credit_context(line, self.page)
            for line in self.page.lines
            if line not in self.lines
        )
        return -2.0 * named - 1.5 * credited


def _holds(text: str, letters: str) -> bool:
    """Say whether a text holds the letters, a misread one aside."""
    within = bare(text)
    shared = difflib.SequenceMatcher(None, letters, within, autojunk=False).find_longest_match()
    return shared.size >= 0.75 * len(letters)


def _is_credit_context(line: Line, page: Page) -> bool:
    if _is_credit(line.text) or "by" in _tokens(line.text):
        return True
    at = page.lines.index(line)
    return at > 0 and words.CREDIT_OPENING.search(page.lines[at - 1].text) is not None
