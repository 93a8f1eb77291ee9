"""Repairs of print: words apart, titles in reading case."""

from __future__ import annotations

import pytest

from bqvision.local.ocr.spelling import clean_title, ordinal, split_words, title_case


@pytest.mark.parametrize(
    ("read", "meant"),
    [
        ("THEKID", "THE KID"),
        ("SevenChances", "Seven Chances"),
        ("fANATOL", "of ANATOL"),
        ("THE MARK FZORRO", "THE MARK of ZORRO"),
        ("OFANATOL", "OF ANATOL"),
        ("BLOODAND SAND", "BLOOD AND SAND"),
        ("ThFARMER'S", "The FARMER'S"),
        ("Jhe UNKNOWN", "The UNKNOWN"),
        ("aParamount Picture", "a Paramount Picture"),
        ("7tHEAVEN", "7th HEAVEN"),
        ("SHERLOCK,JR.", "SHERLOCK, JR."),
    ],
)
def test_glued_words_come_apart(read: str, meant: str) -> None:
    """Where spelling proves a seam, the words come apart."""
    assert split_words(read) == meant


@pytest.mark.parametrize(
    "text",
    [
        "THEM",
        "THEATRE",
        "THIEF",
        "OFFICE",
        "ISLAND LIFE",
        "HUSBAND AND WIFE",
        "FLESH",
        "McTeague",
        "DeMille",
        "D.W.GRIFFITH",
    ],
)
def test_whole_words_stay_whole(text: str) -> None:
    """Words that only look glued are left alone."""
    assert split_words(text) == text


@pytest.mark.parametrize(
    ("printed", "written"),
    [
        ("THE THIEF OF BAGDAD", "The Thief of Bagdad"),
        ("FOR HEAVEN'S SAKE", "For Heaven's Sake"),
        ("BEN-HUR", "Ben-Hur"),
        ("ROCKY II", "Rocky II"),
        ("Tol'able David", "Tol'able David"),
        ("way of all flesh", "Way of all flesh"),
        ("", ""),
    ],
)
def test_capitals_become_title_case(printed: str, written: str) -> None:
    """Capitals become title case with small words small; mixed case stays as printed."""
    assert title_case(printed) == written


def test_quotes_and_ornaments_go() -> None:
    """A title loses its quotation marks and the ornaments around it."""
    assert clean_title("\u201cTRUE HEART SUSIE\u201d ~") == "True Heart Susie"


def test_ordinals() -> None:
    """Numbers get the ending that English gives them."""
    assert [ordinal(n) for n in (1, 2, 3, 7, 11, 12, 22)] == [
        "1st",
        "2nd",
        "3rd",
        "7th",
        "11th",
        "12th",
        "22nd",
    ]
