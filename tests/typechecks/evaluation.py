"""What type checkers know of evaluations and comparisons; checked, never run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import assert_type

import bqvision as bv


@dataclass(frozen=True, slots=True, kw_only=True)
class Title(bv.ImageResult):
    """A record with one field."""

    title: str | None = None


def evaluations(run: bv.AnalysisRun[bv.PosterResult], records: list[Title]) -> None:
    """A run or any records, a file, a table or a mapping: the evaluation is the same."""
    evaluation = bv.evaluate(run, Path("truth.csv"), fields=["title"], key="poster")
    assert_type(evaluation, bv.Evaluation)
    assert_type(bv.evaluate(run, "films.truth"), bv.Evaluation)
    assert_type(bv.evaluate(records, {"a.jpg": {"title": "Greed", "year": 1924}}), bv.Evaluation)
    assert_type(evaluation["title"], bv.FieldScore)
    assert_type(evaluation["title"].accuracy, float | None)
    assert_type(evaluation.misses("title", limit=None), Iterator[bv.Miss])
    assert_type(evaluation.outcomes[0].right, Mapping[str, int])


def comparisons(
    posters: bv.Analysis[bv.PosterResult], titles: bv.Analysis[Title], options: bv.RunOptions
) -> None:
    """Analyses of different records go together, and take the options of a run."""
    comparison = bv.compare({"posters": posters, "titles": titles}, "truth.csv", max_images=10, timeout=60)
    assert_type(comparison, bv.Comparison)
    assert_type(
        bv.compare({"posters": posters}, "truth.csv", into="films.compared", **options), bv.Comparison
    )
    assert_type(comparison.best, str)
    assert_type(comparison[comparison.best], bv.Evaluation)
    assert_type(comparison.rows, tuple[bv.ComparisonRow, ...])
    assert_type(comparison.rows[0].report, bv.RunReport | None)
