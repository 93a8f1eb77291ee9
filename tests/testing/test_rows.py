"""Images that the model function answers as planned."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

import bqvision as bv
from bqvision.testing import FaultPlan, Strike
from tests.cinema import Cinema

if TYPE_CHECKING:
    from collections.abc import Mapping

FUNCTION = "ML.GENERATE_TEXT(MODEL `DS.gemini-vision`, TABLE DS.posters, STRUCT('Title?' AS prompt{more}))"
OVERLOAD = "A retryable error occurred: RESOURCE EXHAUSTED error from remote endpoint"


@pytest.fixture
def hung(cinema: Cinema) -> Cinema:
    """A cinema with three posters and an object table over them."""
    for name in ("a.png", "b.png", "c.jpg"):
        cinema.show(name, name.upper(), 1951)
    cinema.posters()
    return cinema


def ask(cinema: Cinema, more: str = "") -> Mapping[str, Mapping[str, object]]:
    """Ask about all posters: the added columns by file name."""
    rows = cinema.rows(f"SELECT * FROM {FUNCTION.format(more=more)}")
    return {
        str(row["uri"]).rpartition("/")[2]: {
            name.removeprefix("ml_generate_text_"): value
            for name, value in row.items()
            if name.startswith("ml_generate_text_")
        }
        for row in rows
    }


def test_a_row_gets_a_status_word_for_word(plan: FaultPlan, hung: Cinema) -> None:
    """Its result is NULL, the model was not asked, and the call is counted all the same."""
    plan.row(hung.uri("a.png"), status=OVERLOAD)
    rows = ask(hung)
    assert rows["a.png"] == {"result": None, "status": OVERLOAD}
    assert rows["b.png"]["status"] == ""
    assert hung.calls() == {"a.png": 1, "b.png": 1, "c.jpg": 1}
    assert plan.struck == (Strike("row", hung.uri("a.png")),)


def test_a_row_can_be_null_altogether(plan: FaultPlan, hung: Cinema) -> None:
    """Neither a status nor a result: also in the flat form of the answer."""
    plan.row(hung.uri("a.png"), null=True, times=2)
    assert ask(hung)["a.png"] == {"result": None, "status": None}
    flat = ask(hung, ", TRUE AS flatten_json_output")
    assert flat["a.png"] == {"llm_result": None, "status": None}


def test_a_row_can_have_neither_status_nor_result(plan: FaultPlan, hung: Cinema) -> None:
    """An empty status is one as well, and a NULL one can come with an answer."""
    plan.row(hung.uri("a.png"), status="")
    plan.row(hung.uri("b.png"), null=True, text="said")
    rows = ask(hung)
    assert rows["a.png"] == {"result": None, "status": ""}
    assert rows["b.png"]["status"] is None
    assert "said" in json.dumps(rows["b.png"]["result"])


@pytest.mark.parametrize(
    ("text", "finish_reason", "candidate"),
    [
        (None, "SAFETY", {"finish_reason": "SAFETY"}),
        (
            '{"title": "A fi',
            "MAX_TOKENS",
            {
                "content": {"parts": [{"text": '{"title": "A fi'}], "role": "model"},
                "finish_reason": "MAX_TOKENS",
            },
        ),
        (
            "It is\u202e \ud800 a film",
            None,
            {
                "content": {"parts": [{"text": "It is\u202e ? a film"}], "role": "model"},
                "finish_reason": "STOP",
            },
        ),
    ],
    ids=["blocked", "cut", "malformed"],
)
def test_a_row_gets_an_answer_of_the_plans(
    plan: FaultPlan,
    hung: Cinema,
    text: str | None,
    finish_reason: str | None,
    candidate: Mapping[str, object],
) -> None:
    """Blocked, cut off, or no JSON at all; with an empty status and its tokens, as Gemini's own are."""
    plan.row(hung.uri("a.png"), text=text, finish_reason=finish_reason)
    row = ask(hung)["a.png"]
    assert row["status"] == ""
    result = row["result"]
    assert isinstance(result, dict)
    assert result["candidates"] == [candidate]
    assert result["usage_metadata"]["prompt_token_count"] > 0


def test_each_image_misbehaves_as_often_as_planned(plan: FaultPlan, hung: Cinema) -> None:
    """``times`` and ``skip`` count for each URI that matches; the other images are not touched."""
    plan.row(hung.uri("*.png"), status=OVERLOAD, times=2, skip=1)
    rounds = [{name for name, row in ask(hung).items() if row["status"]} for _ in range(4)]
    assert rounds == [set(), {"a.png", "b.png"}, {"a.png", "b.png"}, set()]
    assert hung.calls() == {"a.png": 4, "b.png": 4, "c.jpg": 4}
    assert len(plan.struck) == 4


def test_an_image_that_is_still_to_misbehave_is_left(plan: FaultPlan, hung: Cinema) -> None:
    """A plan of two times is not through after one, though other images are."""
    plan.row(hung.uri("*.png"), status=OVERLOAD, times=2)
    assert len(plan.left) == 1
    ask(hung)
    assert len(plan.left) == 1
    ask(hung)
    assert not plan.left


def test_an_image_can_misbehave_always(plan: FaultPlan, hung: Cinema) -> None:
    """Faults are offered in order, so a fault for all images is behind that for one."""
    plan.row(hung.uri("a.png"), status="INTERNAL: once")
    plan.row("gs://cinema/*", status=OVERLOAD, times=None)
    first, second = ask(hung), ask(hung)
    assert first["a.png"]["status"] == "INTERNAL: once"
    assert {row["status"] for row in second.values()} == {OVERLOAD}


def test_a_run_takes_planned_rows_as_bigquerys(plan: FaultPlan, hung: Cinema) -> None:
    """What bqvision makes of them is what its users test."""
    plan.row(hung.uri("a.png"), finish_reason="SAFETY")
    plan.row(hung.uri("b.png"), status="INVALID_ARGUMENT: no image")
    plan.row(hung.uri("c.jpg"), text='{"title": "A fi', finish_reason="MAX_TOKENS")
    run = hung.analysis().run(into="answers")
    outcomes = {record.uri.rpartition("/")[2]: record.outcome for record in run}
    assert outcomes == {
        "a.png": bv.Outcome.BLOCKED,
        "b.png": bv.Outcome.INPUT,
        "c.jpg": bv.Outcome.TRUNCATED,
    }
