"""What type checkers know of plans; checked, never run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import assert_type

import bqvision as bv


@dataclass(frozen=True, slots=True, kw_only=True)
class Title(bv.ImageResult):
    """A record with one field."""

    title: str | None = None


def plans(posters: bv.Analysis[bv.PosterResult], titles: bv.Analysis[Title], options: bv.RunOptions) -> None:
    """A plan is of its analysis' record, and so is its run."""
    prices = bv.Prices(input_per_million=0.3, output_per_million=2.5, currency="EUR")
    plan = posters.plan("results", prices=prices, max_images=10)
    assert_type(plan, bv.RunPlan[bv.PosterResult])
    assert_type(posters.run(plan), bv.AnalysisRun[bv.PosterResult])
    assert_type(
        titles.run(titles.plan("results", image_tokens=258, output_tokens=20, **options)),
        bv.AnalysisRun[Title],
    )
    assert_type(titles.run("results", **options), bv.AnalysisRun[Title])


def numbers(plan: bv.RunPlan[Title]) -> None:
    """All that is printed can be had as a value."""
    assert_type(plan.planned_at, datetime)
    assert_type(plan.asked, int)
    assert_type(plan.left, int)
    assert_type(plan.limit, bv.StopReason | None)
    assert_type(plan.answered, Mapping[bv.Outcome, int])
    assert_type(plan.refused, tuple[bv.Refused, ...])
    assert_type(plan.input_tokens, bv.Estimate)
    assert_type(plan.output_tokens.basis, bv.TokenBasis)
    assert_type(plan.cost, bv.Cost | None)
    assert_type(plan.statements, tuple[bv.Statement, ...])


def refused(posters: bv.Analysis[bv.PosterResult], titles: bv.Analysis[Title]) -> None:
    """A plan of another record, and options besides a plan."""
    plan = titles.plan("results")
    posters.run(plan)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType, reportCallIssue]
    titles.run(plan, max_images=1)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
