"""A record with every kind of field, and its readers: Python, Google's own evaluator, and the local BigQuery."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import IntEnum, StrEnum
from typing import Annotated, Any, Literal, NamedTuple, Protocol, cast

from bqvision.answers import read_fields
from bqvision.decoding import decode
from bqvision.field_types import Array, Describe, FieldType, Struct
from bqvision.records import ImageResult
from bqvision.schema import RecordSchema, schema_of
from bqvision.sql.answers import read_answers
from bqvision.sql.compose import SQL, Composable, Composed, Identifier
from tests import googlesql
from tests.answers.evaluators import LocalBigQuery, Row


class Genre(StrEnum):
    """What kind of film it is."""

    DRAMA = "drama"
    COMEDY = "Comedy"
    SCIENCE_FICTION = "science fiction"


class Stars(IntEnum):
    """How good it is."""

    POOR = 1
    FINE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place, all of it optional."""

    city: str | None = None
    countries: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody, who must have a name."""

    name: str
    born: date | None = None
    place: Place | None = None
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Showing:
    """When a film was shown; it must have the times."""

    times: list[datetime]
    seats: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Film(ImageResult):
    """A field of each kind."""

    title: str | None = None
    genre: Genre | None = None
    sound: Literal["mono", "stereo"] = "mono"
    stars: Stars | None = None
    reel: Literal[1, 2, 3] | None = None
    released: date | None = None
    printed: datetime | None = None
    authors: list[Annotated[str, Describe("Surname first")]] = field(default_factory=list)
    scores: tuple[float, ...] | None = None
    genres: list[Genre] | None = None
    dates: list[date] | None = None
    place: Place | None = None
    director: Annotated[Person | None, Describe("Who made it")] = None
    cast: list[Person] = field(default_factory=list)
    showings: list[Showing] | None = None


FILM = schema_of(Film)


class Reading(NamedTuple):
    """What becomes of an answer: its outcome, what was wrong, and the values by field, as plain as can be."""

    outcome: str
    error: str | None
    values: Mapping[str, object]


class Reader(Protocol):
    """Reads answers by the rules."""

    def __call__(self, answers: Sequence[str], schema: RecordSchema[Any] = FILM) -> list[Reading]:
        """Return one reading per answer, in order."""
        ...


def python(answers: Sequence[str], schema: RecordSchema[Any] = FILM) -> list[Reading]:
    """Read in Python alone."""
    readings = []
    for answer in answers:
        record = decode(schema, {"uri": "gs://b/o", "ml_generate_text_llm_result": answer})
        values = read_fields(answer, schema.fields).values
        readings.append(Reading(record.outcome.value, record.error, _plain_values(schema, values)))
    return readings


def google(answers: Sequence[str], schema: RecordSchema[Any] = FILM) -> list[Reading]:
    """Read by the SQL, in GoogleSQL's reference implementation."""
    table = ({"uri": "INT64", "said": "STRING"}, [[number, answer] for number, answer in enumerate(answers)])
    query = SQL("SELECT uri, outcome, error, {} FROM (\n  {}\n)").format(
        # The wheel does not carry dates and times.
        SQL(", ").join(_carried(item.type, Identifier(item.name)) for item in schema.fields),
        _query("answers", schema),
    )
    rows = googlesql.query(query.text, tables={"answers": table})
    return [_reading(schema, row[1], row[2], row[3:]) for row in sorted(rows, key=lambda row: int(row[0]))]


def on(local: LocalBigQuery) -> Reader:
    """Return the reader that reads by the SQL, in the local BigQuery."""

    def read(answers: Sequence[str], schema: RecordSchema[Any] = FILM) -> list[Reading]:
        rows = local.run([Row(None, answer) for answer in answers], lambda table: _query(table, schema))
        # Columns: uri, status, outcome, error, text, finish_reason, input_tokens, output_tokens, then the fields.
        ordered = sorted(rows, key=lambda row: int(str(row[0])))
        return [_reading(schema, row[2], row[3], row[8:]) for row in ordered]

    return read


_TEXTS = SQL("""\
SELECT
  uri,
  '' AS status,
  said AS text,
  CAST(NULL AS STRING) AS finish_reason,
  CAST(NULL AS INT64) AS input_tokens,
  CAST(NULL AS INT64) AS output_tokens
FROM {}""")


def _query(table: str, schema: RecordSchema[Any]) -> Composed:
    return read_answers(_TEXTS.format(Identifier(table)), schema, keep=("uri",))


def _reading(schema: RecordSchema[Any], outcome: object, error: object, cells: Sequence[object]) -> Reading:
    values = dict(zip((item.name for item in schema.fields), cells, strict=True))
    return Reading(str(outcome), cast("str | None", error), _plain_values(schema, values))


def _plain_values(schema: RecordSchema[Any], values: Mapping[str, object]) -> dict[str, object]:
    return {item.name: plain(item.type, values[item.name]) for item in schema.fields}


def plain(kind: FieldType, value: object) -> object:
    """Return a value as whoever reads it would: days, microseconds, objects as mappings, and no NULL lists."""
    match kind, value:
        # BigQuery stores a NULL array as an empty one.
        case Array(item=item), _:
            return [plain(item, each) for each in cast("Sequence[object]", value or ())]
        case Struct(fields=fields), tuple() | list():
            return {item.name: plain(item.type, each) for item, each in zip(fields, value, strict=True)}
        case Struct(fields=fields), dict():
            # The local BigQuery shows the names in a STRUCT in lower case.
            known = {name.lower(): each for name, each in cast("dict[str, object]", value).items()}
            return {item.name: plain(item.type, known[item.name.lower()]) for item in fields}
        case "TIMESTAMP", datetime():
            return (value - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
        case "DATE", date():
            return (value - date(1970, 1, 1)).days
        case _:
            return value


def _carried(kind: FieldType, value: Composable, depth: int = 0) -> Composable:
    match kind:
        case "DATE":
            return SQL("UNIX_DATE({})").format(value)
        case "TIMESTAMP":
            return SQL("UNIX_MICROS({})").format(value)
        case Array(item=item):
            each = Identifier(f"each_{depth}")
            carried = _carried(item, each, depth + 1)
            items = SQL(
                "SELECT {} AS carried, position FROM UNNEST({}) AS {} WITH OFFSET AS position"
            ).format(carried, value, each)
            return SQL("ARRAY(SELECT carried FROM ({}) ORDER BY position)").format(items)
        case Struct(fields=fields):
            members = (
                SQL("{} AS {}").format(
                    _carried(item.type, SQL("{}.{}").format(value, Identifier(item.name)), depth),
                    Identifier(item.name),
                )
                for item in fields
            )
            return SQL("IF({} IS NULL, NULL, STRUCT({}))").format(value, SQL(", ").join(members))
        case _:
            return value
