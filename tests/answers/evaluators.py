"""Three readers of one set of rules: Python, Google's own evaluator, and the local BigQuery."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, NamedTuple, Protocol

from bqvision.decoding import decode
from bqvision.records import ImageResult
from bqvision.schema import schema_of
from bqvision.sql.answers import read_answers
from bqvision.sql.compose import SQL
from bqvision.sql.functions import FUNCTIONS
from bqvision.sql.outputs import read_output
from tests import googlesql

if TYPE_CHECKING:
    from google.cloud.bigquery import Client

    from bqvision.sql.compose import Composed


@dataclass(frozen=True, slots=True, kw_only=True)
class Everything(ImageResult):
    """A field of each type."""

    title: str | None = None
    year: int | None = None
    score: float | None = None
    colour: bool | None = None


SCHEMA = schema_of(Everything)


class Row(NamedTuple):
    """What a model function gives for one image: its status, and its response (JSON as text) or its text."""

    status: str | None
    said: str | None


class Reading(NamedTuple):
    """What becomes of it."""

    status: str
    outcome: str
    error: str | None
    text: str | None
    input_tokens: int | None
    output_tokens: int | None
    title: str | None
    year: int | None
    score: float | None
    colour: bool | None


class Evaluator(Protocol):
    """Reads rows by the rules."""

    def __call__(self, rows: Sequence[Row], *, flattened: bool) -> list[Reading]:
        """Return one reading per row, in order."""
        ...


def python(rows: Sequence[Row], *, flattened: bool) -> list[Reading]:
    """Read by `bqvision.decoding`, which is Python alone."""
    column = "ml_generate_text_llm_result" if flattened else "ml_generate_text_result"
    readings: list[Reading] = []
    for row in rows:
        it = decode(SCHEMA, {"uri": "gs://b/o", "ml_generate_text_status": row.status, column: row.said})
        row_level = (it.status, it.outcome.value, it.error, it.text)
        usage = (it.usage.input_tokens, it.usage.output_tokens)
        readings.append(Reading._make((*row_level, *usage, it.title, it.year, it.score, it.colour)))
    return readings


def google(rows: Sequence[Row], *, flattened: bool) -> list[Reading]:
    """Read by the SQL, in GoogleSQL's reference implementation."""
    table = ({"uri": "INT64", "status": "STRING", "said": "STRING"}, _numbered(rows))
    return _readings(googlesql.query(_query("answers", flattened).text, tables={"answers": table}))


class LocalBigQuery:
    """Reads by the SQL, in the local BigQuery, through google's client."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self._tables = count()
        client.create_dataset("answers", exists_ok=True)

    def __call__(self, rows: Sequence[Row], *, flattened: bool) -> list[Reading]:
        """Return one reading per row, in order."""
        return _readings(self.run(rows, lambda table: _query(table, flattened)))

    def run(self, rows: Sequence[Row], query: Callable[[str], Composed]) -> list[Sequence[object]]:
        """Return what a query over a table of these rows finds.

        Args:
            rows: The rows, which get a number in place of a URI.
            query: Gives the query, for the table's name.
        """
        table = f"answers.rows_{next(self._tables)}"
        self.client.query(f"CREATE TABLE {table} (uri INT64, status STRING, said STRING)").result()
        records = [dict(zip(("uri", "status", "said"), row, strict=True)) for row in _numbered(rows)]
        errors = self.client.insert_rows_json(f"{self.client.project}.{table}", records)
        assert errors == []
        found = [row.values() for row in self.client.query(query(table).text).result()]
        self.client.query(f"DROP TABLE {table}").result()
        return found


def _numbered(rows: Sequence[Row]) -> list[list[int | str | None]]:
    return [[number, *row] for number, row in enumerate(rows)]


def _query(table: str, flattened: bool) -> Composed:
    said = SQL("said AS ml_generate_text_llm_result")
    response = SQL("SAFE.PARSE_JSON(said) AS ml_generate_text_result")
    source = SQL("SELECT uri, status AS ml_generate_text_status, {} FROM {}").format(
        said if flattened else response,
        SQL(table),
    )
    output = read_output(source, FUNCTIONS["ML.GENERATE_TEXT"], keep=("uri",), flattened=flattened)
    return read_answers(output, SCHEMA, keep=("uri",))


def _readings(rows: Sequence[Sequence[object]]) -> list[Reading]:
    # Columns: uri, status, outcome, error, text, finish_reason, input_tokens, output_tokens, then the fields.
    ordered = sorted(rows, key=lambda row: int(str(row[0])))
    return [Reading._make((*row[1:5], *row[6:])) for row in ordered]
