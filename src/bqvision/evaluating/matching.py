"""When an answer counts as right: an expected value beside the one that came."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, cast

if TYPE_CHECKING:
    from collections.abc import Sequence

_APOSTROPHES: Final = frozenset("'`\u2018\u2019\u201b\u02b9\u02bc\u2032")
_ACUTE: Final = "\u00b4"
"""Written for an apostrophe, but in Unicode a blank with an accent."""
_VOICING: Final = frozenset("\u3099\u309a")
"""Accents in Unicode, but in Japanese they make another letter."""
_POINTS: Final = re.compile(r"(?<!\d)\.+|\.+(?!\d)")
_MINUS: Final = re.compile(r"(?<![^\s(\[{])[-\u2212](?=\d)")
_BLANKS: Final = re.compile(r"(?<!\d) | (?!\d)")
"""Those that part no two numbers."""


class Verdict(StrEnum):
    """What one field of one image came to, beside the truth."""

    EXACT = "EXACT"
    """The value that was expected."""
    NORMALISED = "NORMALISED"
    """The value that was expected but for case, accents, punctuation and spaces; in a list, but for the order."""
    ABSENT = "ABSENT"
    """No value, and rightly so."""
    MISSING = "MISSING"
    """No value though one was expected; or the image has no usable answer at all."""
    WRONG = "WRONG"
    """Another value than was expected."""
    SPURIOUS = "SPURIOUS"
    """A value where there is none."""

    @property
    def right(self) -> bool:
        """Whether it counts as right."""
        return self in {Verdict.EXACT, Verdict.NORMALISED, Verdict.ABSENT}


def judge(expected: object, got: object) -> Verdict:
    """Return what a value is beside the one that was expected; None is none."""
    if not is_value(got):
        return Verdict.MISSING if is_value(expected) else Verdict.ABSENT
    if not is_value(expected):
        return Verdict.SPURIOUS
    if _same(expected, got, loosely=False):
        return Verdict.EXACT
    return Verdict.NORMALISED if _same(expected, got, loosely=True) else Verdict.WRONG


def is_value(value: object) -> bool:
    """Return whether there is anything: None, an empty text, list or record are nothing."""
    value = _opened(value)
    if isinstance(value, Mapping):
        return any(map(is_value, cast("Mapping[str, object]", value).values()))
    return value is not None and value != "" and value != []


def normalise(text: str) -> str:
    """Return a text without case, accents and punctuation, and with single spaces.

    Apostrophes, points and what has no width vanish; other punctuation parts words, and so does a point between two
    digits. The minus sign of a number stays, and a text of nothing but punctuation keeps it.
    """
    letters = unicodedata.normalize("NFKD", text.replace(_ACUTE, "'"))
    folded = "".join(
        char for char in letters if char in _VOICING or not unicodedata.combining(char)
    ).casefold()
    said = "".join(char for char in folded if char not in _APOSTROPHES and unicodedata.category(char) != "Cf")
    said = _POINTS.sub("", said)
    signs = {sign.start() for sign in _MINUS.finditer(said)}
    words = "".join(
        "-" if place in signs else " " if unicodedata.category(char)[0] in "PZC" else char
        for place, char in enumerate(said)
    ).split()
    return " ".join(words or folded.split())


def _in_one(text: str) -> str:
    """A normalised text without the spaces that people write or not: Spider-Man, Spiderman."""
    return _BLANKS.sub("", text)


def _same(expected: object, got: object, *, loosely: bool) -> bool:
    got = _opened(got)
    if isinstance(expected, Mapping) and isinstance(got, Mapping):
        wanted = cast("Mapping[str, object]", expected)
        return all(_same(value, got.get(name), loosely=loosely) for name, value in wanted.items())
    if isinstance(expected, list) and isinstance(got, list):
        return _same_items(cast("list[object]", expected), cast("list[object]", got), loosely=loosely)
    if loosely and isinstance(expected, str) and isinstance(got, str):
        return _in_one(normalise(expected)) == _in_one(normalise(got))
    if loosely and isinstance(expected, float) and isinstance(got, float):
        return math.isclose(expected, got, rel_tol=1e-9)
    return expected == got


def _same_items(expected: Sequence[object], got: Sequence[object], *, loosely: bool) -> bool:
    if len(expected) != len(got):
        return False
    if not loosely:
        return all(_same(one, other, loosely=False) for one, other in zip(expected, got, strict=True))
    left = list(got)
    for one in expected:
        found = next((place for place, other in enumerate(left) if _same(one, other, loosely=True)), None)
        if found is None:
            return False
        del left[found]
    return True


def _opened(value: object) -> object:
    """A nested record as a mapping, a tuple as a list."""
    if isinstance(value, tuple):
        return list(cast("tuple[object, ...]", value))
    if is_dataclass(value) and not isinstance(value, type):
        return {spec.name: getattr(value, spec.name) for spec in fields(value)}
    if hasattr(type(value), "model_fields"):  # of Pydantic; such a model gives its fields as pairs
        return dict(cast("Mapping[str, object]", value))
    return value
