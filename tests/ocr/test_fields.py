"""Title, year and text, read from pages that are put together here."""

from __future__ import annotations

import pytest

from bqvision.local.ocr.fields import as_type, read_fields, reader_of
from bqvision.local.ocr.layout import Page, page_of
from bqvision.local.ocr.title import find_title
from bqvision.local.ocr.year import find_year, roman_number
from bqvision.local.vision import JsonValue
from tests.ocr.test_layout import box


def page(*rows: tuple[str, int]) -> Page:
    """Return a page of centred lines, given as text and height, stacked with a small gap."""
    boxes, top = [], 10.0
    for text, height in rows:
        width = min(380.0, 0.6 * height * len(text))
        boxes.append(box(text, 200 - width / 2, top, width, height))
        top += 1.2 * height
    return page_of(boxes, width=400, height=600)


@pytest.mark.parametrize(
    ("rows", "title"),
    [
        ([("BUSTER KEATON", 50), ("IN", 12), ("SHERLOCK,JR.", 46), ("A METRO PICTURE", 22)], "Sherlock, Jr."),
        (
            [("HAROLD LLOYD", 60), ("THE", 20), ("KID BROTHER", 45), ("a Paramount Release", 14)],
            "The Kid Brother",
        ),
        (
            [("The", 50), ("TEN", 52), ("COMMANDMENTS", 55), ("PRODUCED BY", 8), ("CECIL B.DeMILLE", 50)],
            "The Ten Commandments",
        ),
        ([("LON", 45), ("CHANEY", 44), ("The", 40), ("UNKNOWN", 38)], "The Unknown"),
        ([("DOUGLAS", 22), ("FAIRBANKS", 40), ('"ROBIN HOOD"', 38)], "Robin Hood"),
        ([("Buster", 32), ("Keaton", 34), ("SevenChances", 36)], "Seven Chances"),
        (
            [("BLONDES", 60), ("BY", 41), ("CHOICE", 60), ("STARRING", 12), ("Claire Windsor", 40)],
            "Blondes by Choice",
        ),
        ([("WILLIAM FOX presents", 20), ("PETER PAN", 60)], "Peter Pan"),
        ([("GONE WITH", 50), ("THE WIND", 50), ("NOW SHOWING", 60)], "Gone with the Wind"),
        ([("D.W.GRIFFITH", 40), ("PRESENTS", 10), ("WAY DOWN EAST", 42)], "Way Down East"),
    ],
)
def test_title_stands_out_from_stars_and_credits(rows: list[tuple[str, int]], title: str) -> None:
    """Size, place and credit words tell the title from names that are as tall, or taller."""
    found = find_title(page(*rows))
    assert found is not None
    assert found.casefold() == title.casefold()


def test_no_title_without_print() -> None:
    """An empty page, or one with single letters, has no title."""
    assert find_title(page()) is None
    assert find_title(page(("H", 40))) is None


@pytest.mark.parametrize(
    ("line", "year"),
    [
        ("1922", 1922),
        ("(1922)", 1922),
        ("Copyrighted 1903", 1903),
        ("\xa9 1921 by First National", 1921),
        ("Released 1927", 1927),
        ("METRO PICTURES 1924", 1924),
        ("MCMXXI", 1921),
        ("Copyright MCMXXVIII", 1928),
        ("Based on the 1897 novel", None),
        ("Since 1905", None),
        ("Class of 1911", None),
        ("No. 1931", None),
        ("$1922", None),
        ("1921-22", None),
        ("The roaring 1920s", None),
        ("11922", None),
        ("2922", None),
        ("Oct. 9, 1928", None),
        ("MIX", None),
    ],
)
def test_year_is_read_only_where_it_dates_the_page(line: str, year: int | None) -> None:
    """A year on its own, with a copyright mark or in a caption counts; numbers that mean something else don't."""
    assert find_year(page(("SOME GREAT TITLE", 60), (line, 14))) == year


def test_a_year_in_running_text_is_no_date() -> None:
    """A sentence that mentions a year doesn't date the page."""
    text = "It was in the summer that 1776 saw men who dared it all"
    assert find_year(page(("LIBERTY", 60), (text, 12))) is None


def test_different_years_are_no_year() -> None:
    """Where two years are printed none is picked; the same year twice is one."""
    assert find_year(page(("TITLE", 60), ("1921", 14), ("\xa9 1925", 14))) is None
    assert find_year(page(("TITLE", 60), ("1921", 14), ("\xa9 1921", 14))) == 1921


def test_a_year_that_is_the_title_is_no_date() -> None:
    """The tallest print is a title even where it is a number."""
    assert find_year(page(("1917", 60), ("A film by somebody", 14))) is None
    assert find_title(page(("1917", 60), ("Universal Pictures", 10))) == "1917"


def test_a_doubtful_year_is_none() -> None:
    """A reading the engine is not sure of counts as none."""
    doubtful = page_of(
        [box("TITLE", 10, 10, 300, 60), box("1922", 10, 100, 60, 14, 0.6)], width=400, height=600
    )
    assert find_year(doubtful) is None


def test_roman_numbers() -> None:
    """Roman numerals have their value."""
    assert [roman_number(text) for text in ("MCMXXI", "MCMXCIX", "MDCCCXCV", "MMIV")] == [
        1921,
        1999,
        1895,
        2004,
    ]


def test_fields_that_print_does_not_tell_are_null() -> None:
    """Known fields are read, all others are null, in the order asked for."""
    pages = [page(("THE WIND", 60), ("1928", 14))]
    answer = read_fields({"director": {}, "title": {}, "year": {}, "text": {}, "lines": {}}, pages)
    assert answer == {
        "director": None,
        "title": "The Wind",
        "year": 1928,
        "text": "THE WIND\n1928",
        "lines": ["THE WIND", "1928"],
    }
    assert next(iter(answer)) == "director"


def test_several_images_make_one_answer() -> None:
    """The first title counts, texts follow one another, and years must not differ."""
    first, second = page(("GREED", 60), ("1924", 14)), page(("WINGS", 60), ("1927", 14))
    answer = read_fields({"title": {}, "year": {}, "lines": {}}, [first, second])
    assert answer == {"title": "Greed", "year": None, "lines": ["GREED", "1924", "WINGS", "1927"]}


@pytest.mark.parametrize(
    "key", ["title", "Title", "movie_title", "movieTitle", "release-year", "releaseYear", "TEXT"]
)
def test_spellings_of_a_key(key: str) -> None:
    """A key is known in any of the usual spellings."""
    assert reader_of(key) is not None


@pytest.mark.parametrize(
    ("value", "wanted", "given"),
    [
        (1922, "integer", 1922),
        (1922, ["integer", "null"], 1922),
        (1922, "STRING", "1922"),
        (1922, "boolean", None),
        ("Greed", "string", "Greed"),
        ("Greed", "integer", None),
        ("Greed", "array", ["Greed"]),
        (["a", "b"], "array", ["a", "b"]),
        (["a", "b"], "string", "a\nb"),
        (["a", "b"], "integer", None),
        (None, "string", None),
    ],
)
def test_values_take_the_type_of_the_schema(value: JsonValue, wanted: JsonValue, given: JsonValue) -> None:
    """A value comes in the type asked for, or as null."""
    assert as_type(value, {"type": wanted}) == given
