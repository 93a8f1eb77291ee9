"""What can't be planned is refused at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bqvision.errors import InvalidInputError
from bqvision.testing import FaultPlan

if TYPE_CHECKING:
    from collections.abc import Callable

BAD: tuple[tuple[str, Callable[[Any], object]], ...] = (
    ("no operation", lambda plan: plan.reset("jobs.insrt")),
    ("no operation", lambda plan: plan.reset("")),
    ("no operation", lambda plan: plan.cut("jobs")),
    ("no operation", lambda plan: plan.answer("jobs.Insert", 503)),
    ("400", lambda plan: plan.answer("jobs.get", 200)),
    ("400 to 599", lambda plan: plan.answer("jobs.get", 600)),
    ("status", lambda plan: plan.answer("jobs.get", "503")),
    ("status", lambda plan: plan.answer("jobs.get", True)),
    ("no reason", lambda plan: plan.answer("jobs.get", 503, html=True, reason="backendError")),
    ("reason", lambda plan: plan.answer("jobs.get", 503, reason="")),
    ("retry_after", lambda plan: plan.answer("jobs.get", 503, retry_after=-1)),
    ("times", lambda plan: plan.reset("jobs.get", times=0)),
    ("times", lambda plan: plan.reset("jobs.get", times=1.5)),
    ("times", lambda plan: plan.reset("jobs.get", times=True)),
    ("skip", lambda plan: plan.reset("jobs.get", skip=-1)),
    ("skip", lambda plan: plan.reset("jobs.get", skip=None)),
    ("match", lambda plan: plan.reset("jobs.get", match="(")),
    ("match", lambda plan: plan.reset("jobs.get", match="")),
    ("match", lambda plan: plan.fail_job(reason="invalid", match=7)),
    ("seconds", lambda plan: plan.stall("jobs.get", seconds=0)),
    ("seconds", lambda plan: plan.stall("jobs.get", seconds=float("inf"))),
    ("seconds", lambda plan: plan.hold_job(seconds=-1)),
    ("seconds", lambda plan: plan.hold_job(seconds="1")),
    ("changes", lambda plan: plan.rewrite("jobs.get", {})),
    ("changes", lambda plan: plan.rewrite("jobs.get", {"rows": object()})),
    ("changes", lambda plan: plan.rewrite("jobs.get", ["rows"])),
    ("reason", lambda plan: plan.fail_job(reason="")),
    ("statement", lambda plan: plan.fail_job("", reason="invalid")),
    ("uri", lambda plan: plan.row("", null=True)),
    ("either", lambda plan: plan.row("gs://b/*")),
    ("either", lambda plan: plan.row("gs://b/*", status="x", text="y")),
    ("either", lambda plan: plan.row("gs://b/*", status="x", null=True)),
    ("count", lambda plan: plan.failed_rows(-1)),
)


@pytest.mark.parametrize(("word", "call"), BAD, ids=range(len(BAD)))
def test_what_can_not_be_planned_is_refused(word: str, call: Callable[[Any], object]) -> None:
    """The error names the argument, and nothing has been planned."""
    plan = FaultPlan()
    with pytest.raises(InvalidInputError, match=word):
        call(plan)
    assert plan.left == ()


def test_an_unknown_operation_is_told_which_there_are() -> None:
    """The next step lists them."""
    with pytest.raises(InvalidInputError, match=r"jobs\.getQueryResults"):
        FaultPlan().reset("jobs.results")  # type: ignore[arg-type]
