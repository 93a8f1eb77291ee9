"""Tables for records of any kind: the local BigQuery has the columns, takes the values, and says what it has."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import pytest

from bqvision import _rest
from bqvision.errors import InvalidInputError
from bqvision.records import ImageResult, PosterResult
from bqvision.schema import schema_of
from bqvision.sql.answers import read_answers
from bqvision.sql.compose import SQL, Identifier, Literal
from bqvision.sql.ledger import add_column, create_ledger, ledger_columns, missing_columns
from bqvision.sql.names import TableName
from tests.answers import rich
from tests.answers.evaluators import LocalBigQuery
from tests.answers.rich import FILM, Place

_ANSWER = {
    "title": "The Cameraman",
    "genre": "comedy",
    "stars": 2,
    "released": "1928-09-22",
    "printed": "1928-09-22T20:00:00+02:00",
    "authors": ["A", None, "B"],
    "scores": [],
    "place": {"city": "Paris"},
    "director": {"name": "Sedgwick", "born": "1889-11-07", "place": {"countries": ["US"]}},
    "cast": [{"name": "Keaton", "roles": ["Luke"]}, {"name": "Day"}],
    "showings": [{"times": ["1928-09-22T20:00Z"], "seats": 300}],
}
_TEXT = SQL("""\
SELECT
  'gs://b/o' AS uri,
  '' AS status,
  {} AS text,
  CAST(NULL AS STRING) AS finish_reason,
  CAST(NULL AS INT64) AS input_tokens,
  CAST(NULL AS INT64) AS output_tokens""")


def _columns(local: LocalBigQuery, table: TableName) -> dict[str, str]:
    resource = cast("Mapping[str, object]", local.client.get_table(str(table)).to_api_repr())
    return _rest.columns(resource)


def test_a_ledger_holds_a_rich_record(local: LocalBigQuery) -> None:
    """Its columns are those that were asked for, and hold what was read; a NULL list is an empty one."""
    ledger = TableName(local.client.project, "answers", "rich_ledger")
    local.client.query(create_ledger(ledger, schema=FILM).sql).result()
    assert missing_columns(_columns(local, ledger), schema=FILM) == ()
    names = SQL(", ").join(Identifier(item.name) for item in FILM.fields)
    said = json.dumps(_ANSWER)
    for text in (said, "{}"):
        read = read_answers(_TEXT.format(Literal(text)), FILM, keep=("uri",))
        insert = SQL("INSERT INTO {} (uri, {})\nSELECT uri, {}\nFROM (\n  {}\n)").format(
            ledger, names, names, read
        )
        local.client.query(insert.text).result()
    found = [
        {item.name: rich.plain(item.type, cell) for item, cell in zip(FILM.fields, row.values(), strict=True)}
        for row in local.client.query(SQL("SELECT {} FROM {}").format(names, ledger).text).result()
    ]
    wanted = [reading.values for reading in rich.python([said, "{}"])]
    assert sorted(found, key=str) == sorted(wanted, key=str)


def test_a_ledger_gets_the_columns_that_it_lacks(local: LocalBigQuery) -> None:
    """Lists and objects are added as any other column is."""
    ledger = TableName(local.client.project, "answers", "grown_ledger")
    local.client.query(create_ledger(ledger, schema=schema_of(PosterResult)).sql).result()
    missing = missing_columns(_columns(local, ledger), schema=FILM)
    assert missing == ledger_columns(FILM)[-len(FILM.fields) + 1 :]
    for column in missing:
        local.client.query(add_column(ledger, column=column).sql).result()
    assert missing_columns(_columns(local, ledger), schema=FILM) == ()


def _table(*fields: Mapping[str, object]) -> Mapping[str, object]:
    own = [{"name": column.name, "type": column.type} for column in ledger_columns(schema_of(PosterResult))]
    return {"schema": {"fields": [*own, *fields]}}


_CITY = {"name": "City", "type": "STRING", "mode": "NULLABLE"}
_COUNTRIES = {"name": "countries", "type": "STRING", "mode": "REPEATED"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown(ImageResult):
    """A record with one object."""

    place: Place | None = None


def test_columns_are_described_as_sql_text() -> None:
    """REST's older names, modes and records become the types that they are."""
    inner = {"name": "inner", "type": "RECORD", "mode": "REPEATED", "fields": [_CITY, _COUNTRIES]}
    assert _rest.columns(
        {
            "schema": {
                "fields": [
                    {"name": "a", "type": "INTEGER"},
                    {"name": "b", "type": "FLOAT", "mode": "REPEATED"},
                    {"name": "c", "type": "BOOLEAN", "mode": "REQUIRED"},
                    {"name": "d", "type": "DATE"},
                    {"name": "e", "type": "STRUCT", "fields": [inner]},
                ]
            }
        }
    ) == {
        "a": "INT64",
        "b": "ARRAY<FLOAT64>",
        "c": "BOOL",
        "d": "DATE",
        "e": "STRUCT<inner ARRAY<STRUCT<City STRING, countries ARRAY<STRING>>>>",
    }
    assert _rest.columns({}) == _rest.columns({"schema": {}}) == {}


def test_an_object_of_the_same_fields_fits() -> None:
    """The case of their names makes no difference."""
    place = {"name": "place", "type": "RECORD", "mode": "NULLABLE", "fields": [_CITY, _COUNTRIES]}
    assert missing_columns(_rest.columns(_table(place)), schema=schema_of(Shown)) == ()


@pytest.mark.parametrize(
    ("place", "kind"),
    [
        ({"type": "STRING"}, "STRING"),
        ({"type": "RECORD", "fields": [_CITY]}, "STRUCT<City STRING>"),
        ({"type": "RECORD", "fields": [_COUNTRIES, _CITY]}, "STRUCT<countries ARRAY<STRING>, City STRING>"),
        (
            {"type": "RECORD", "mode": "REPEATED", "fields": [_CITY, _COUNTRIES]},
            "ARRAY<STRUCT<City STRING, countries ARRAY<STRING>>>",
        ),
    ],
)
def test_a_column_of_another_type_is_refused(place: Mapping[str, object], kind: str) -> None:
    """However deep the difference is, the message has both types in full."""
    with pytest.raises(InvalidInputError) as caught:
        missing_columns(_rest.columns(_table({"name": "place", **place})), schema=schema_of(Shown))
    assert caught.value.message == (
        f"the results table has column place as {kind},"
        " and the record wants STRUCT<city STRING, countries ARRAY<STRING>>"
    )
