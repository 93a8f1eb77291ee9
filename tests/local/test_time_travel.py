"""The past of tables: there for small ones, refused for large ones, and never the present in its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from google.api_core.exceptions import BadRequest

if TYPE_CHECKING:
    from .conftest import Place

ROWS = "SELECT n FROM UNNEST(GENERATE_ARRAY(1, {})) AS n"


def now(place: Place) -> str:
    """The server's time, as a literal."""
    (row,) = place.sql("SELECT CURRENT_TIMESTAMP() AS now")
    return f"TIMESTAMP '{row['now'].isoformat(sep=' ')}'"


def test_a_changed_table_shows_what_it_held(place: Place) -> None:
    """FOR SYSTEM_TIME AS OF reads the rows of an earlier time."""
    place.sql("CREATE TABLE DS.t (n INT64)")
    place.sql("INSERT INTO DS.t (n) VALUES (1), (2)")
    before = now(place)
    place.sql("DELETE FROM DS.t WHERE n = 1")
    assert place.sql("SELECT n FROM DS.t") == [{"n": 2}]
    assert place.sql(f"SELECT n FROM DS.t FOR SYSTEM_TIME AS OF {before} ORDER BY n") == [{"n": 1}, {"n": 2}]


def test_the_oldest_states_go_first(place: Place) -> None:
    """When a table's copies get too many rows together, the latest stay and the oldest are refused."""
    place.sql("CREATE TABLE DS.t (n INT64)")
    times = []
    for _ in range(3):
        place.sql(f"INSERT INTO DS.t (n) {ROWS.format(60_000)}")
        times.append(now(place))
    count = "SELECT COUNT(*) AS n FROM DS.t FOR SYSTEM_TIME AS OF {}"
    assert place.sql(count.format(times[2])) == [{"n": 180_000}]
    for gone in times[:2]:
        with pytest.raises(BadRequest):
            place.sql(count.format(gone))


def test_a_large_table_has_no_past(place: Place) -> None:
    """The past of a table of more than 200,000 rows is refused, with a text that says so."""
    place.sql(f"CREATE TABLE DS.t AS {ROWS.format(150_000)}")
    place.sql("INSERT INTO DS.t (n) VALUES (0)")
    before = now(place)
    place.sql(f"INSERT INTO DS.t (n) {ROWS.format(50_000)}")
    assert place.sql("SELECT COUNT(*) AS n FROM DS.t") == [{"n": 200_001}]
    with pytest.raises(BadRequest, match="200,000 rows"):
        place.sql(f"SELECT COUNT(*) AS n FROM DS.t FOR SYSTEM_TIME AS OF {before}")
