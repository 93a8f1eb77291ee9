"""Whatever images there are, and whatever became of them before: the run does what its plan says."""

from __future__ import annotations

import uuid
from collections import Counter
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import bqvision as bv
from bqvision import Outcome
from tests.cinema import PROMPT, Cinema

if TYPE_CHECKING:
    from pathlib import Path

    from bqvision.local import LocalServer

ANSWER = '{"title": "Sunrise", "year": 1927}'
BEFORE: dict[str, dict[str, str]] = {
    "answered": {"text": ANSWER},
    "unparsable": {"text": "I do not know."},
    "blocked": {"fail": "blocked"},
    "cut": {"text": '{"title": "Sun', "finish_reason": "MAX_TOKENS"},
    "busy": {"text": ANSWER, "busy": "1"},
    "replaced": {"text": ANSWER},
}
"""What the model says to images that were there in a run before the plan."""
WORK = st.fixed_dictionaries(
    {
        "before": st.lists(st.sampled_from([*BEFORE, "empty", "text"]), max_size=8),
        "new": st.lists(st.sampled_from(["image", "busy", "empty", "text"]), max_size=14),
        "late": st.integers(0, 2),
        "options": st.fixed_dictionaries(
            {"batch_size": st.sampled_from([1, 2, 3, 5, 100]), "retry_truncated": st.booleans()},
            optional={"max_images": st.integers(1, 9), "max_calls": st.integers(1, 9)},
        ),
    }
)


def hang(cinema: Cinema, name: str, kind: str) -> None:
    """Hang one of a kind."""
    if kind in {"empty", "text"}:
        cinema.store(f"{name}.{'jpg' if kind == 'empty' else 'txt'}", b"" if kind == "empty" else b"text")
    else:
        cinema.hang(f"{name}.jpg", **BEFORE.get(kind, {"text": ANSWER}))


@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(work=WORK)
def test_the_run_does_what_the_plan_says(
    server: LocalServer, client: bv.Client, bucket: Path, work: dict[str, Any]
) -> None:
    """Images asked about and refused, calls and jobs are those of the plan; the plan itself calls no model."""
    folder = bucket / f"e{uuid.uuid4().hex[:8]}"
    folder.mkdir()
    cinema = Cinema(folder, server, client)
    analysis = cinema.model.analyze(cinema.posters(), prompt=PROMPT, max_output_tokens=50)
    for number, kind in enumerate(work["before"]):
        hang(cinema, f"before{number}", kind)
    before = Counter[Outcome]()
    if work["before"]:
        before.update(analysis.run("results", max_rounds=1).report.outcomes)
    before[Outcome.OK] -= work["before"].count("replaced")
    for number, kind in enumerate(work["before"]):
        if kind == "replaced":
            cinema.show(f"before{number}.jpg", "Sunrise, restored", 1927)
    for number, kind in enumerate(work["new"]):
        hang(cinema, f"new{number}", kind)
    called = sum(cinema.calls().values())

    plan = analysis.plan("results", max_rounds=1, **work["options"])

    assert sum(cinema.calls().values()) == called
    assert plan.images == len(work["before"]) + len(work["new"])
    refused = sum(refused.images for refused in plan.refused)
    assert refused == work["new"].count("empty") + work["new"].count("text")
    asked_again = {Outcome.RETRYABLE} | ({Outcome.TRUNCATED} if work["options"]["retry_truncated"] else set())
    assert plan.answered == {
        outcome: count for outcome, count in before.items() if count and outcome not in asked_again
    }
    assert plan.images == plan.pending + refused + sum(plan.answered.values())
    for number in range(work["late"]):
        cinema.show(f"late{number}.jpg", "Greed", 1924)

    report = analysis.run(plan).report

    assert (report.asked, report.refused, len(report.jobs)) == (plan.asked, refused, plan.jobs)
    assert sum(cinema.calls().values()) == called + plan.asked
    assert report.calls == plan.asked
    assert report.images == plan.images + work["late"]
