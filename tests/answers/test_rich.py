"""Lists, objects, dates and closed sets: all three readers read each value alike, and rightly."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import NamedTuple

import pytest

from bqvision.decoding import decode
from bqvision.records import ImageResult
from bqvision.schema import schema_of
from tests.answers import rich
from tests.answers.evaluators import LocalBigQuery
from tests.answers.rich import FILM, Film, Genre, Person, Place, Reader, Showing, Stars


class Case(NamedTuple):
    """A field's JSON, what is read of it (None or an empty list if nothing is given), and the error."""

    field: str
    json: str
    value: object = None
    error: str | None = None


def _days(text: str) -> int:
    return (date.fromisoformat(text) - date(1970, 1, 1)).days


def _micros(text: str) -> int:
    return round((datetime.fromisoformat(text) - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 10**6)


def _person(name: str, **values: object) -> dict[str, object]:
    return {"name": name, "born": None, "place": None, "roles": [], **values}


_NO_DATE = "released: not a DATE"
_NO_TIME = "printed: not a TIMESTAMP"
_NO_GENRE = "genre: not one of its 3 values"
_NO_AUTHORS = "authors: not an ARRAY<STRING>"
_NO_CAST = "cast: not an ARRAY<STRUCT>"

CASES = (
    # Closed sets.
    Case("genre", '"drama"', "drama"),
    Case("genre", '" DRAMA\\n"', "drama"),
    Case("genre", '"COMEDY"', "Comedy"),
    Case("genre", '"science\\u00a0fiction"', "science fiction"),
    Case("genre", '"sciencefiction"', None, _NO_GENRE),
    Case("genre", '"\u212aomedy"', None, _NO_GENRE),
    Case("genre", '"DRAMA"', "drama"),
    Case("genre", '["drama"]', None, _NO_GENRE),
    Case("genre", "1", None, _NO_GENRE),
    Case("genre", '""'),
    Case("genre", "null"),
    Case("stars", "2", 2),
    Case("stars", '"2.0"', 2),
    Case("stars", "3", None, "stars: not one of its 2 values"),
    Case("stars", "true", None, "stars: not one of its 2 values"),
    Case("reel", '"FINE"', None, "reel: not one of its 3 values"),
    # Dates.
    Case("released", '"1928-09-22"', _days("1928-09-22")),
    Case("released", '" 2000-02-29 "', _days("2000-02-29")),
    Case("released", '"0001-01-01"', _days("0001-01-01")),
    Case("released", '"9999-12-31"', _days("9999-12-31")),
    Case("released", '"1900-02-29"', None, _NO_DATE),
    Case("released", '"1928-13-01"', None, _NO_DATE),
    Case("released", '"1928-00-10"', None, _NO_DATE),
    Case("released", '"0000-01-01"', None, _NO_DATE),
    Case("released", '"1928-9-22"', None, _NO_DATE),
    Case("released", '"19280922"', None, _NO_DATE),
    Case("released", '"22.09.1928"', None, _NO_DATE),
    Case("released", '"1928"', None, _NO_DATE),
    Case("released", "1928", None, _NO_DATE),
    Case("released", '"1928-09-22T00:00:00"', None, _NO_DATE),
    Case("released", '"\u0661\u0669\u0662\u0668-\u0660\u0669-\u0662\u0662"', None, _NO_DATE),
    Case("released", "{}", None, _NO_DATE),
    Case("released", '" "'),
    # Times.
    Case("printed", '"1928-09-22T20:00:00Z"', _micros("1928-09-22T20:00:00Z")),
    Case("printed", '"1928-09-22T20:00:00"', _micros("1928-09-22T20:00:00Z")),
    Case("printed", '"1928-09-22 20:00"', _micros("1928-09-22T20:00:00Z")),
    Case("printed", '"1928-09-22T20:00+02:00"', _micros("1928-09-22T18:00:00Z")),
    Case("printed", '"1928-09-22T20:00:00.5-14:00"', _micros("1928-09-23T10:00:00.5+00:00")),
    Case("printed", '"1928-09-22T20:00:00.123456Z"', _micros("1928-09-22T20:00:00.123456+00:00")),
    Case("printed", '"0001-01-01T00:00:00Z"', _micros("0001-01-01T00:00:00Z")),
    Case("printed", '"0001-01-01T00:00:00+00:01"', None, _NO_TIME),
    Case("printed", '"9999-12-31T23:59:59-00:01"', None, _NO_TIME),
    Case("printed", '"1928-09-22T20:00:00.1234567Z"', None, _NO_TIME),
    Case("printed", '"1928-09-22T24:00:00Z"', None, _NO_TIME),
    Case("printed", '"1928-09-22T20:00:60Z"', None, _NO_TIME),
    Case("printed", '"1928-02-30T20:00:00Z"', None, _NO_TIME),
    Case("printed", '"1928-09-22T20:00:00+15:00"', None, _NO_TIME),
    Case("printed", '"1928-09-22T20:00:00+0200"', None, _NO_TIME),
    Case("printed", '"1928-09-22T20:00:00 Europe/Paris"', None, _NO_TIME),
    Case("printed", '"1928-09-22"', None, _NO_TIME),
    Case("printed", "1700000000", None, _NO_TIME),
    # Lists.
    Case("authors", '["A", "B"]', ["A", "B"]),
    Case("authors", '[" A\\u0000", 1984, 8.5]', ["A", "1984", "8.5"]),
    Case("authors", '[null, "A", "", " \\n", null]', ["A"]),
    Case("authors", "[]"),
    Case("authors", "null"),
    Case("authors", '" "'),
    Case("authors", '"A"', None, _NO_AUTHORS),
    Case("authors", '{"0": "A"}', None, _NO_AUTHORS),
    Case("authors", '["A", ["B"]]', None, _NO_AUTHORS),
    Case("authors", '["A", true]', None, _NO_AUTHORS),
    Case("authors", '"[\\"A\\"]"', None, _NO_AUTHORS),
    Case("scores", '[1, "2.5", -0.5]', [1.0, 2.5, -0.5]),
    Case("scores", '[1, "x"]', None, "scores: not an ARRAY<FLOAT64>"),
    Case("genres", '["Drama", "comedy"]', ["drama", "Comedy"]),
    Case("genres", '["drama", "x"]', None, "genres: not an ARRAY of its 3 values"),
    Case("dates", '["1928-09-22", null]', [_days("1928-09-22")]),
    Case("dates", '["1928-09-31"]', None, "dates: not an ARRAY<DATE>"),
    # Objects.
    Case("place", "{}", {"city": None, "countries": []}),
    Case("place", '{"city": "Paris", "x": 1}', {"city": "Paris", "countries": []}),
    Case("place", '{"city": 5, "city": "B"}', {"city": "5", "countries": []}),
    Case("place", '{"city": []}', {"city": None, "countries": []}, "place.city: not a STRING"),
    Case(
        "place",
        '{"countries": ["FR", {}]}',
        {"city": None, "countries": []},
        "place.countries: not an ARRAY<STRING>",
    ),
    Case("place", '"Paris"', None, "place: not a STRUCT"),
    Case("place", '[{"city": "Paris"}]', None, "place: not a STRUCT"),
    Case("place", '"{}"', None, "place: not a STRUCT"),
    Case("place", '""'),
    Case("director", '{"name": "A", "born": "1890-01-02"}', _person("A", born=_days("1890-01-02"))),
    Case("director", '{"name": "A", "born": "?"}', _person("A"), "director.born: not a DATE"),
    Case("director", '{"name": "A", "place": 5}', _person("A"), "director.place: not a STRUCT"),
    Case("director", '{"born": "1890-01-02"}', None, "director.name: no value"),
    Case("director", '{"name": " "}', None, "director.name: no value"),
    Case(
        "director",
        '{"name": [], "born": "?"}',
        None,
        "director.name: not a STRING; director.born: not a DATE",
    ),
    # Lists of objects.
    Case(
        "cast",
        '[{"name": "A"}, null, {"name": "B", "roles": ["x"]}]',
        [_person("A"), _person("B", roles=["x"])],
    ),
    Case(
        "cast",
        '[{"name": "A", "born": 1}, {"name": "B", "born": 2}]',
        [_person("A"), _person("B")],
        "cast.born: not a DATE",
    ),
    Case("cast", '[{"name": "A"}, {}]', None, "cast.name: no value"),
    Case("cast", '[{"name": "A"}, "B"]', None, _NO_CAST),
    Case("cast", '[5, {"name": {}}, {}]', None, f"{_NO_CAST}; cast.name: not a STRING; cast.name: no value"),
    Case("cast", '{"name": "A"}', None, _NO_CAST),
    Case("showings", '[{"times": []}]', [{"times": [], "seats": None}]),
    Case(
        "showings",
        '[{"times": ["2020-01-01T00:00Z"], "seats": "5"}]',
        [{"times": [_micros("2020-01-01T00:00Z")], "seats": 5}],
    ),
    Case("showings", '[{"seats": 5}]', None, "showings.times: no value"),
    Case("showings", '[{"times": "?"}]', None, "showings.times: not an ARRAY<TIMESTAMP>"),
)


@pytest.fixture(params=["python", "google", "local"])
def reader(request: pytest.FixtureRequest) -> Reader:
    """Each of the readers in turn."""
    if request.param == "local":
        local: LocalBigQuery = request.getfixturevalue("local")
        return rich.on(local)
    return {"python": rich.python, "google": rich.google}[request.param]


def test_every_value_reads_as_the_table_says(reader: Reader) -> None:
    """Value and error of each field are the same for all three readers."""
    nothing = reader(["{}"])[0].values
    wrong = {}
    readings = reader([f'{{"{case.field}": {case.json}}}' for case in CASES])
    for case, reading in zip(CASES, readings, strict=True):
        wanted = {**nothing, case.field: nothing[case.field] if case.value is None else case.value}
        if reading != ("OK", case.error, wanted):
            wrong[case.field, case.json] = (reading.error, reading.values[case.field])
    assert wrong == {}


def test_many_items_are_read(reader: Reader) -> None:
    """In their order, and one wrong one among them is found."""
    names = [str(number) for number in range(2_000)]
    good, bad = json.dumps({"authors": names}), json.dumps({"authors": [*names, {}]})
    found = reader([good, bad])
    assert (found[0].values["authors"], found[0].error) == (names, None)
    assert (found[1].values["authors"], found[1].error) == ([], _NO_AUTHORS)


@dataclass(frozen=True, slots=True)
class Fifth:
    """The innermost object."""

    word: str


@dataclass(frozen=True, slots=True)
class Fourth:
    """Around a list of it."""

    words: list[Fifth]
    word: str | None = None


@dataclass(frozen=True, slots=True)
class Third:
    """Around that."""

    inner: Fourth


@dataclass(frozen=True, slots=True)
class Second:
    """Around a list of those."""

    inner: list[Third]


@dataclass(frozen=True, slots=True)
class First:
    """Around all of them."""

    inner: Second | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deep(ImageResult):
    """As many objects and lists in one another as an answer can hold."""

    outer: list[First] = field(default_factory=list)


def test_the_deepest_record_is_read(reader: Reader) -> None:
    """What an object needs is needed through all that it is in, and each error has its path."""
    innermost = {"words": [{"word": "a"}, None], "word": "b"}
    outer = {"inner": {"inner": [{"inner": innermost}]}, "name": "A"}
    wrong = {"inner": {"inner": [{"inner": innermost}, {"inner": {"words": [{"word": True}]}}]}, "name": "A"}
    missing = {"inner": {"inner": [{}]}, "name": []}
    readings = reader(
        [json.dumps({"outer": items}) for items in ([outer], [outer, wrong], [missing])], schema_of(Deep)
    )
    whole = {"inner": {"inner": [{"inner": {"words": [{"word": "a"}], "word": "b"}}]}, "name": "A"}
    without = {"inner": None, "name": None}
    assert readings == [
        ("OK", None, {"outer": [whole]}),
        (
            "OK",
            "outer.inner.inner.inner.words.word: not a STRING",
            {"outer": [whole, {**without, "name": "A"}]},
        ),
        ("OK", "outer.inner.inner.inner: no value; outer.name: not a STRING", {"outer": [without]}),
    ]


def test_a_record_has_the_values_in_its_own_types() -> None:
    """Members of the enum, tuples, dates, times in UTC and nested dataclasses."""
    said = {
        "genre": "DRAMA",
        "sound": "stereo",
        "stars": 2,
        "reel": 3,
        "released": "1928-09-22",
        "printed": "1928-09-22T20:00:00+02:00",
        "authors": ["A"],
        "scores": [1],
        "genres": ["comedy"],
        "dates": ["1928-09-22"],
        "place": {"city": "Paris"},
        "director": {"name": "A", "roles": ["x"]},
        "cast": [{"name": "B", "place": {"countries": ["FR"]}}],
        "showings": [{"times": ["1928-09-22T20:00Z"]}],
    }
    text = json.dumps(said)
    film = decode(FILM, {"uri": "gs://b/o", "ml_generate_text_llm_result": text})
    moment = datetime(1928, 9, 22, 18, tzinfo=UTC)
    assert film == Film(
        uri="gs://b/o",
        outcome=film.outcome,
        text=text,
        genre=Genre.DRAMA,
        sound="stereo",
        stars=Stars.FINE,
        reel=3,
        released=date(1928, 9, 22),
        printed=moment,
        authors=["A"],
        scores=(1.0,),
        genres=[Genre.COMEDY],
        dates=[date(1928, 9, 22)],
        place=Place(city="Paris"),
        director=Person(name="A", roles=("x",)),
        cast=[Person(name="B", place=Place(countries=["FR"]))],
        showings=[Showing(times=[moment.replace(hour=20)])],
    )
    assert (type(film.genre), type(film.stars), film.printed and film.printed.tzinfo) == (Genre, Stars, UTC)


def test_an_image_without_an_answer_has_the_defaults() -> None:
    """Each its own: no list is shared."""
    row = {"uri": "gs://b/o", "ml_generate_text_status": "INTERNAL", "ml_generate_text_llm_result": None}
    first, second = decode(FILM, row), decode(FILM, row)
    assert (first.sound, first.authors, first.cast, first.director) == ("mono", [], [], None)
    assert first.authors is not second.authors
