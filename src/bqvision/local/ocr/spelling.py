"""Repairs of what an OCR engine does to a printed title: glued words, script confusions, capitals."""

from __future__ import annotations

import re
from typing import Final

from bqvision.local.ocr.words import JOINING

# A small decorated "The" in front of capitals loses or changes letters; no English word looks like these.
_SCRIPT_THE: Final = re.compile(r"^(\W*)(?:[TJ]h[eoc&i]?|[JGFYUy]he|Tbe|Tne|Tke|Jyhe)(?=\s|[A-Z]{3,}|$)")
# THE glued to a next word: of the letters that can follow "the" inside an English word, none is listed.
_GLUED_THE: Final = re.compile(r"\b(THE)(?=[BCDGHJKLPQUVWXZ][A-Z]{2,})")
_GLUED_OF: Final = re.compile(r"\b(OF)(?=[A-EG-SU-Z][A-Z]{2,})")
# Few English words end in these letters and "and" (band, hand, land, sand, brand, stand and demand do not).
_GLUED_AND: Final = re.compile(r"\b([A-Z]{3,}[DGKNPY])(AND)(?=\s+[A-Z]{3,})")
_SMALL_BEFORE_CAPITALS: Final = re.compile(r"\b(of|Of|the|The|and|And|in|In|a)(?=[A-Z]{3,}|[A-Z][a-z]{2,})")
# A small decorated "of" in front of capitals is read as f, F or a digit with f; no English word begins so.
_CUT_OF: Final = re.compile(
    r"(?<!\S)(?:f(?=[A-Z]{3,})|\d[fF](?=[A-Z]{3,})|(?<=\s)F(?=[BCDGHKMNPQSTVWXZ][A-Z]{2,}))"
)
_ORDINAL: Final = re.compile(r"\b(\d{1,2})(?:st|nd|rd|th|t|s|n|r)\s*(?=[A-Z]{3,})")
_NUMBER: Final = re.compile(r"(?<=\b\d)(?=[A-Z]{4,})|(?<=\b\d\d)(?=[A-Z]{4,})")
_CAMEL: Final = re.compile(
    r"(?<=[a-z])(?<!\bMc)(?<!\bMac)(?<!\bDe)(?<!\bLe)(?<!\bLa)(?<!\bVan)(?<!\bVon)(?=[A-Z][a-z]{2,})"
)
_AFTER_COMMA: Final = re.compile(r"(?<=[A-Za-z])([,;:!?])(?=[A-Za-z])")
_AFTER_STOP: Final = re.compile(r"(?<=[A-Za-z]{3})\.(?=[A-Za-z]{2,})")
_ROMAN: Final = re.compile(r"^(?:I{2,3}|IV|VI{0,3}|IX|XI{0,3}|XIV|XV)$")
_ORNAMENTS: Final = " \"'`\xb4\u2018\u2019\u201c\u201d\u201e\xab\xbb*~^_-\u2013\u2014=|,:;\xb7\u2022"
_ABBREVIATED: Final = re.compile(r"\b(?:Jr|Sr|Dr|Mr|Mrs|Co|[A-Z])\.$")
_ENDINGS: Final = {1: "st", 2: "nd", 3: "rd"}
_PARTS: Final = re.compile(r"([-/])")


def ordinal(number: int) -> str:
    """Return the number with its ending: 1st, 2nd, 3rd, 7th."""
    if number % 100 in {11, 12, 13}:
        return f"{number}th"
    return f"{number}{_ENDINGS.get(number % 10, 'th')}"


def split_words(text: str) -> str:
    """Return the text with glued words set apart where spelling alone proves the seam."""
    text = _CUT_OF.sub("of ", text)
    text = _NUMBER.sub(" ", text)
    text = _ORDINAL.sub(lambda found: f"{ordinal(int(found[1]))} ", text)
    text = _SCRIPT_THE.sub(r"\1The ", text)
    text = _GLUED_THE.sub(r"\1 ", text)
    text = _GLUED_OF.sub(r"\1 ", text)
    text = _GLUED_AND.sub(r"\1 \2", text)
    text = _SMALL_BEFORE_CAPITALS.sub(r"\1 ", text)
    text = _CAMEL.sub(" ", text)
    text = _AFTER_COMMA.sub(r"\1 ", text)
    text = _AFTER_STOP.sub(". ", text)
    return " ".join(text.split())


def _cased(word: str) -> str:
    if not word.isupper() or _ROMAN.match(word) or re.fullmatch(r"(?:[A-Z]\.)+[A-Z]?", word):
        return word
    return "".join(part.capitalize() for part in _PARTS.split(word))


def title_case(text: str) -> str:
    """Return a title in reading case: capitals become title case, mixed case stays as printed."""
    words = text.split()
    cased = [_cased(word) for word in words]
    for at in range(1, len(cased) - 1):
        if cased[at].casefold() in JOINING and (words[at].isupper() or words[at].islower()):
            cased[at] = cased[at].casefold()
    if cased:
        cased[0] = cased[0][:1].upper() + cased[0][1:]
    return " ".join(cased)


def clean_title(text: str) -> str:
    """Return a title as one would write it: no outer quotes or ornaments, words apart, title case."""
    text = re.sub(r"[\"\u201c\u201d\u201e\xab\xbb]", "", text).strip(_ORNAMENTS)
    titled = title_case(split_words(text)).strip(_ORNAMENTS)
    return titled if _ABBREVIATED.search(titled) else titled.rstrip(". ")
