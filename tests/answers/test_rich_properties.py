"""Lists, objects, dates and closed sets: whatever JSON stands there, Python never raises, and the SQL says the same."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bqvision.decoding import decode
from bqvision.records import Outcome
from bqvision.schema import values_of
from tests.answers import rich
from tests.answers.rich import FILM, Film, Genre, Person, Place, Showing, Stars

if TYPE_CHECKING:
    from tests.answers.evaluators import LocalBigQuery

_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
_DATES = st.one_of(
    st.dates().map(date.isoformat),
    st.builds("{:04}-{:02}-{:02}".format, st.integers(0, 9999), st.integers(0, 13), st.integers(0, 32)),
    st.sampled_from(
        ["0000-01-01", "0001-01-01", "9999-12-31", "1900-02-29", "2000-02-29", "2020-1-1", "20200101"]
    ),
)
_TIMES = st.builds(
    "{}{}{}{}{}".format,
    _DATES,
    st.sampled_from(["T", " ", "t", ""]),
    st.sampled_from(
        [
            "00:00",
            "23:59",
            "24:00",
            "10:11:12",
            "10:11:60",
            "23:59:59.999999",
            "1:2:3",
            "10:11:12.1234567",
            "10:11:12.",
        ]
    ),
    st.sampled_from(["", ".5", ".000001"]),
    st.sampled_from(
        ["", "Z", "z", "+02:00", "-14:00", "+14:00", "+14:30", "-00:30", "+0200", " UTC", "+15:00"]
    ),
)
_WORDS = st.sampled_from(
    [
        "drama",
        "DRAMA",
        " comedy\n",
        "Science Fiction",
        "science\u00a0fiction",
        "stereo",
        "MONO",
        "mono",
        "\u212aomedy",
        "1",
        "2",
        "+3",
    ]
)
_SCALARS = st.one_of(
    *(st.none(), st.booleans(), st.integers(-3, 3), st.integers(-(10**20), 10**20)),
    *(st.floats(allow_nan=False, allow_infinity=False), _DATES, _TIMES, _WORDS, _TEXT),
    st.sampled_from(["", " ", "\u0000", "1.0", "2.5", "1e3", '{"name": "A"}', "[1]"]),
)
_NAMES = st.sampled_from(
    [
        "name",
        "born",
        "place",
        "roles",
        "city",
        "countries",
        "times",
        "seats",
        *(item.name for item in FILM.fields),
    ]
)
_JSON = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_NAMES, inner, max_size=4)),
    max_leaves=6,
)


def _optional(**fields: st.SearchStrategy[object]) -> st.SearchStrategy[dict[str, object]]:
    return st.fixed_dictionaries({}, optional=fields)


def _nearly(value: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.one_of(value, value, value, _JSON)


_PLACES = _nearly(_optional(city=_nearly(_TEXT), countries=_nearly(st.lists(_nearly(_TEXT), max_size=2))))
_PERSONS = _nearly(
    _optional(
        name=_nearly(_TEXT),
        born=_nearly(_DATES),
        place=_PLACES,
        roles=_nearly(st.lists(_nearly(_TEXT), max_size=2)),
    )
)
_SHOWINGS = _nearly(
    _optional(times=_nearly(st.lists(_nearly(_TIMES), max_size=2)), seats=_nearly(st.integers()))
)
_FILMS = _optional(
    title=_nearly(_TEXT),
    genre=_nearly(_WORDS),
    sound=_nearly(_WORDS),
    stars=_nearly(st.integers(-1, 4)),
    reel=_nearly(st.integers(-1, 4)),
    released=_nearly(_DATES),
    printed=_nearly(_TIMES),
    authors=_nearly(st.lists(_nearly(_TEXT), max_size=3)),
    scores=_nearly(st.lists(_nearly(st.floats(allow_nan=False, allow_infinity=False)), max_size=3)),
    genres=_nearly(st.lists(_nearly(_WORDS), max_size=3)),
    dates=_nearly(st.lists(_nearly(_DATES), max_size=3)),
    place=_PLACES,
    director=_PERSONS,
    cast=_nearly(st.lists(_PERSONS, max_size=3)),
    showings=_nearly(st.lists(_SHOWINGS, max_size=3)),
)
_ANSWERS = st.lists(st.builds(json.dumps, _FILMS, ensure_ascii=st.booleans()), min_size=20, max_size=20)
_EFFORT = settings(deadline=None, max_examples=30, suppress_health_check=list(HealthCheck), database=None)


@_EFFORT
@given(_ANSWERS)
def test_google_reads_any_rich_answer_as_python_does(answers: list[str]) -> None:
    """GoogleSQL's reference implementation and Python agree on every field of every answer."""
    assert rich.google(answers) == rich.python(answers)


def test_the_local_bigquery_reads_any_rich_answer_as_python_does(local: LocalBigQuery) -> None:
    """The emulator agrees too."""
    read = rich.on(local)

    @settings(_EFFORT, max_examples=6)
    @given(_ANSWERS)
    def agree(answers: list[str]) -> None:
        assert read(answers) == rich.python(answers)

    agree()


# What a record can hold and an answer can say: text without blanks around it, numbers of two-digit exponents.
_NUMBERS = st.floats(-1e90, 1e90).filter(lambda number: number == 0 or abs(number) > 1e-90)
_SAID = st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=8)
_MOMENTS = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC))
_WELL_FORMED_PLACES = st.builds(Place, city=st.none() | _SAID, countries=st.lists(_SAID, max_size=2))
_WELL_FORMED_PERSONS = st.builds(
    Person,
    name=_SAID,
    born=st.none() | st.dates(),
    place=st.none() | _WELL_FORMED_PLACES,
    roles=st.lists(_SAID, max_size=2).map(tuple),
)
_RECORDS = st.builds(
    Film,
    uri=st.just("gs://b/o"),
    outcome=st.just(Outcome.OK),
    generation=st.none(),
    status=st.just(""),
    text=st.none(),
    error=st.none(),
    title=st.none() | _SAID,
    genre=st.none() | st.sampled_from(Genre),
    sound=st.sampled_from(["mono", "stereo"]),
    stars=st.none() | st.sampled_from(Stars),
    reel=st.sampled_from([None, 1, 2, 3]),
    released=st.none() | st.dates(),
    printed=st.none() | _MOMENTS,
    authors=st.lists(_SAID, max_size=3),
    scores=st.none() | st.lists(_NUMBERS, max_size=3).map(tuple),
    genres=st.none() | st.lists(st.sampled_from(Genre), max_size=3),
    dates=st.none() | st.lists(st.dates(), max_size=3),
    place=st.none() | _WELL_FORMED_PLACES,
    director=st.none() | _WELL_FORMED_PERSONS,
    cast=st.lists(_WELL_FORMED_PERSONS, max_size=3),
    showings=st.none()
    | st.lists(
        st.builds(Showing, times=st.lists(_MOMENTS, max_size=2), seats=st.none() | st.integers(0, 9)),
        max_size=2,
    ),
)


def _said(value: object) -> object:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError


@given(_RECORDS)
def test_a_well_formed_record_comes_back_from_its_json(record: Film) -> None:
    """What a record says, said as JSON, is read as the same record."""
    said = {name: dataclasses.asdict(record)[name] for name in values_of(record)}
    text = json.dumps(said, default=_said)
    found = decode(FILM, {"uri": "gs://b/o", "ml_generate_text_llm_result": text})
    assert found.error is None
    assert values_of(found) == values_of(record)
