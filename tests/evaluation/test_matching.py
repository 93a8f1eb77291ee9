"""Which values count as the same."""

from __future__ import annotations

from dataclasses import dataclass, field, make_dataclass
from datetime import UTC, date, datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bqvision import Describe, ImageResult, Verdict
from bqvision.evaluating.expected import read_value, types_of
from bqvision.evaluating.matching import judge, normalise
from bqvision.schema import schema_of

if TYPE_CHECKING:
    from bqvision.field_types import FieldType


class Colour(Enum):
    """A closed set of words."""

    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """A record inside a record."""

    lead: str | None = None
    actors: list[str] = field(default_factory=list)


def kind_of(hint: object) -> FieldType:
    """The type of a field with this annotation."""
    spec = ("value", Annotated[hint, None] | None, None)
    record = make_dataclass("Record", [spec], bases=(ImageResult,), frozen=True, slots=True, kw_only=True)
    return types_of(schema_of(record))["value"]


@pytest.mark.parametrize(
    ("expected", "got", "verdict"),
    [
        ("Greed", "Greed", Verdict.EXACT),
        ("Safety Last!", "safety  last", Verdict.NORMALISED),
        ("Amélie", "AMELIE", Verdict.NORMALISED),
        ("Dr. Caligari", "Dr Caligari", Verdict.NORMALISED),
        ("Die Straße", "DIE STRASSE", Verdict.NORMALISED),
        ("Schindler's List", "Schindlers List", Verdict.NORMALISED),
        ("It\u2019s", "It\u00b4s", Verdict.NORMALISED),
        ("E.T.", "ET", Verdict.NORMALISED),
        ("Mr.Smith", "Mr. Smith", Verdict.NORMALISED),
        ("M*A*S*H", "MASH", Verdict.NORMALISED),
        ("Spider-Man", "Spiderman", Verdict.NORMALISED),
        ("Spider-Man", "Spider Man", Verdict.NORMALISED),
        ("a\u200bb", "ab", Verdict.NORMALISED),
        ("Catch-22", "Catch 22", Verdict.NORMALISED),
        ("1914-1918", "1914\u20131918", Verdict.NORMALISED),
        ("\u30ac\u30f3\u30c0\u30e0", "\u30ab\u3099\u30f3\u30bf\u3099\u30e0", Verdict.NORMALISED),
        ("\u30ac\u30f3\u30c0\u30e0", "\u30ab\u30f3\u30bf\u30e0", Verdict.WRONG),
        ("\u3071\u3093", "\u306f\u3093", Verdict.WRONG),
        ("-5", "5", Verdict.WRONG),
        ("from -5 on", "from 5 on", Verdict.WRONG),
        ("\u22125", "-5", Verdict.NORMALISED),
        ("$1.50", "$150", Verdict.WRONG),
        ("1 5", "15", Verdict.WRONG),
        ("'", ".", Verdict.WRONG),
        ("The Kid", "Kid", Verdict.WRONG),
        ("M", "N", Verdict.WRONG),
        ("?!", "!?", Verdict.WRONG),
        ("C+", "C", Verdict.WRONG),
        ("Greed", None, Verdict.MISSING),
        ("Greed", "", Verdict.MISSING),
        (None, "Greed", Verdict.SPURIOUS),
        (None, None, Verdict.ABSENT),
        (None, [], Verdict.ABSENT),
        (1927, 1927, Verdict.EXACT),
        (1927, 1926, Verdict.WRONG),
        (None, 0, Verdict.SPURIOUS),
        (False, False, Verdict.EXACT),
        (0.1 + 0.2, 0.3, Verdict.NORMALISED),
        (0.3, 0.31, Verdict.WRONG),
        (["Keaton", "Mack"], ["Keaton", "Mack"], Verdict.EXACT),
        (["Keaton", "Mack"], ["mack", "KEATON"], Verdict.NORMALISED),
        (["Keaton", "Mack"], ["Keaton"], Verdict.WRONG),
        (["Keaton", "Keaton"], ["Keaton", "Mack"], Verdict.WRONG),
        (["a"], ("a",), Verdict.EXACT),
        ({"lead": "Keaton"}, Cast(lead="Keaton", actors=["Mack"]), Verdict.EXACT),
        ({"lead": "keaton", "actors": ["Mack"]}, Cast(lead="Keaton", actors=["Mack"]), Verdict.NORMALISED),
        ({"lead": "Chaplin"}, Cast(lead="Keaton"), Verdict.WRONG),
        ({"lead": "Keaton"}, Cast(), Verdict.MISSING),
        (Colour.RED, Colour.RED, Verdict.EXACT),
        (date(1927, 1, 10), date(1927, 1, 11), Verdict.WRONG),
    ],
)
def test_a_verdict_says_what_a_value_is_beside_the_expected_one(
    expected: object, got: object, verdict: Verdict
) -> None:
    """Case, accents, punctuation and spaces do not matter; articles, numbers, their signs and symbols do."""
    assert judge(expected, got) is verdict


@given(st.text())
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    """A normal form is one, and only a text of nothing but blanks has an empty one."""
    assert normalise(normalise(text)) == normalise(text)


@given(st.text(min_size=1).filter(str.strip))
def test_a_text_is_the_same_as_itself_in_any_dress(text: str) -> None:
    """More spaces around and between words change nothing."""
    assert judge(text, text) is Verdict.EXACT
    assert judge(text, f" {text}\n").right


@pytest.mark.parametrize(
    ("hint", "given_", "value"),
    [
        (str, " Greed ", "Greed"),
        (str | None, 1927, "1927"),
        (Annotated[str | None, Describe("as printed")], "", None),
        (int | None, "1927", 1927),
        (int | None, "1927.0", 1927),
        (int | None, 1927.0, 1927),
        (int, "-5", -5),
        (float | None, "2.50", 2.5),
        (float, 2, 2.0),
        (bool | None, "Yes", True),
        (bool, "0", False),
        (bool, False, False),
        (list[str], "Keaton | Mack", ["Keaton", "Mack"]),
        (list[int], ["1", 2, None], [1, 2]),
        (list[str] | None, " | ", None),
        (tuple[str, ...], ["a"], ["a"]),
        (Literal["drama", "comedy"] | None, "comedy", "comedy"),
        (Literal[1, 2], "2", 2),
        (Colour | None, "red", Colour.RED),
        (Colour, "Blue", Colour.BLUE),
        (Colour, Colour.BLUE, Colour.BLUE),
        (date | None, "1927-01-10", date(1927, 1, 10)),
        (date, date(1927, 1, 10), date(1927, 1, 10)),
        (datetime, "1927-01-10T20:15:00", datetime(1927, 1, 10, 20, 15, tzinfo=UTC)),
        (datetime, "1927-01-10T21:15+01:00", datetime(1927, 1, 10, 20, 15, tzinfo=UTC)),
        (datetime, datetime(1927, 1, 10, tzinfo=UTC), datetime(1927, 1, 10, tzinfo=UTC)),
        (Cast | None, '{"lead": "Keaton", "actors": ["Mack"]}', {"lead": "Keaton", "actors": ["Mack"]}),
        (Cast, {"lead": ""}, {"lead": None}),
        (list[Cast], [{"lead": "Keaton"}], [{"lead": "Keaton"}]),
        (int, None, None),
    ],
)
def test_an_expected_value_is_read_in_the_type_of_its_field(
    hint: object, given_: object, value: object
) -> None:
    """Text of a CSV file, values of a table and Python values come to the same."""
    read = read_value(kind_of(hint), given_)
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    ("hint", "given_", "wanted"),
    [
        (int, "MCMXXVII", "a whole number"),
        (int, "1_000", "a whole number"),
        (int, 1.5, "a whole number"),
        (int, True, "a whole number"),
        (float, "much", "a number"),
        (float, "nan", "a number"),
        (float, False, "a number"),
        (bool, "maybe", "true or false"),
        (str, ["a"], "a text"),
        (str, True, "a text"),
        (list[int], "1|x", "a whole number"),
        (list[int], 5, "a list"),
        (Literal["drama", "comedy"], "opera", "one of drama, comedy"),
        (Colour, "green", "one of red, blue"),
        (date, "10.1.1927", "a date such as 1927-01-10"),
        (Cast, "Keaton", "a Cast as a JSON object"),
        (Cast, "[1]", "a Cast as a mapping"),
        (Cast, {"leed": "Keaton"}, "a Cast, which has no leed"),
        (datetime, "soon", "a time such as 1927-01-10T20:15:00"),
    ],
)
def test_what_is_no_value_of_the_field_is_told(hint: object, given_: object, wanted: str) -> None:
    """The error says what is wanted."""
    with pytest.raises(ValueError, match=wanted):
        read_value(kind_of(hint), given_)
