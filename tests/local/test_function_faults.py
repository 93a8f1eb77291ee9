"""Planned faults of images reach every model function, and none of its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from google.api_core.exceptions import BadRequest

from bqvision.local import LocalServer, VisionAnswer, VisionRequest, serve
from bqvision.testing import FaultPlan

from .conftest import Place, connect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OVERLOAD = "A retryable error occurred: RESOURCE EXHAUSTED error from remote endpoint"
TABLE_INPUT = "(SELECT uri, ('x', ref) AS prompt FROM DS.posters)"
STATUS_OF = {
    "AI.GENERATE_TEXT": f"SELECT uri, result AS value, status FROM AI.GENERATE_TEXT(MODEL DS.model, {TABLE_INPUT}, "
    "STRUCT(1.0 AS top_p))",
    "AI.GENERATE_TABLE": f"SELECT uri, result AS value, status FROM AI.GENERATE_TABLE(MODEL DS.model, {TABLE_INPUT}, "
    "STRUCT('result INT64' AS output_schema))",
    "AI.GENERATE": "SELECT uri, a.result AS value, a.status FROM (SELECT uri, AI.GENERATE(('x', ref)) AS a "
    "FROM DS.posters)",
    "AI.GENERATE_INT": "SELECT uri, a.result AS value, a.status FROM (SELECT uri, AI.GENERATE_INT(('x', ref)) AS a "
    "FROM DS.posters)",
    "AI.SCORE": "SELECT uri, AI.SCORE(('x', ref)) AS value, CAST(NULL AS STRING) AS status FROM DS.posters",
}


def seven(_: VisionRequest) -> VisionAnswer:
    """Say seven to everything."""
    return VisionAnswer('{"result": 7}')


@pytest.fixture(scope="module")
def plan() -> FaultPlan:
    """The plan of this module's server."""
    return FaultPlan()


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory, plan: FaultPlan) -> Iterator[tuple[LocalServer, Path]]:
    """A local BigQuery that misbehaves as planned, and its bucket's folder."""
    folder = tmp_path_factory.mktemp("faulty")
    with serve(buckets={"objects": folder}, model=seven, workers=2, faults=plan) as running:
        yield running, folder


@pytest.fixture
def images(faulty: tuple[LocalServer, Path]) -> Iterator[Place]:
    """Three images in an object table, and a model."""
    server, folder = faulty
    with connect(server) as client:
        place = Place(folder, server, client)
        for name in ("a.png", "b.png", "c.png"):
            place.put(name, name.encode())
        place.posters()
        place.sql(
            "CREATE MODEL DS.model REMOTE WITH CONNECTION DEFAULT OPTIONS(endpoint = 'gemini-2.5-flash')"
        )
        yield place


def found(images: Place, sql: str) -> dict[str, tuple[Any, Any]]:
    """Value and status by file name."""
    return {
        row["uri"].rpartition("/")[2].partition(".")[0]: (row["value"], row["status"])
        for row in images.sql(sql)
    }


@pytest.mark.parametrize("function", STATUS_OF)
def test_a_planned_row_ends_as_planned(images: Place, plan: FaultPlan, function: str) -> None:
    """With a status, or as an answer that is blocked or cut; the others are answered, and calls are counted."""
    plan.row(images.uri("a.png"), status=OVERLOAD)
    plan.row(images.uri("b.png"), text="", finish_reason="SAFETY")
    job = images.start(STATUS_OF[function])
    rows = {row["uri"].rpartition("/")[2]: row for row in job.result(timeout=30)}
    bare = function == "AI.SCORE"
    assert (rows["a.png"]["value"], rows["a.png"]["status"]) == (None, None if bare else OVERLOAD)
    assert (rows["b.png"]["value"], rows["b.png"]["status"]) == (None, None if bare else "")
    assert rows["c.png"]["value"] in {7, '{"result": 7}'}
    (stats,) = job._properties["statistics"]["query"]["genAiStats"]["functionStats"]
    assert stats["errorStats"]["numFailedRows"] == ("2" if bare else "1")
    calls = images.server.model_calls
    assert [calls[images.uri(f"{name}.png")] for name in "abc"] == [1, 1, 1]
    plan.verify()
    plan.clear()


def test_a_planned_answer_is_read_like_any_other(images: Place, plan: FaultPlan) -> None:
    """Into typed columns, or into none."""
    plan.row(images.uri("a.png"), text='{"result": 8}')
    plan.row(images.uri("b.png"), text='{"resul', finish_reason="MAX_TOKENS")
    plan.row(images.uri("c.png"), null=True)
    assert found(images, STATUS_OF["AI.GENERATE_TABLE"]) == {"a": (8, ""), "b": (None, ""), "c": (None, None)}
    plan.clear()


def test_all_rows_planned_to_fail_fail_the_query(images: Place, plan: FaultPlan) -> None:
    """For the functions that have no status."""
    plan.row(images.uri("*"), status=OVERLOAD)
    with pytest.raises(BadRequest, match="3 of 3 rows"):
        images.sql("SELECT AI.IF(('x', ref)) AS a FROM DS.posters")
    plan.clear()
