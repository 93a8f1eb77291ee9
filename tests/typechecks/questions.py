"""What type checkers know of the ways to ask; checked by mypy and pyright, never run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import assert_type

import bqvision as bv


@dataclass(frozen=True, slots=True, kw_only=True)
class Film(bv.ImageResult):
    """A record of a user's own."""

    title: str | None = None
    cast: list[str] = field(default_factory=list[str])


def functions(model: bv.RemoteModel, images: bv.ObjectTable) -> None:
    """The function changes nothing about the records' type."""
    table = model.analyze(images, prompt="?", record=Film, function="AI.GENERATE_TABLE", temperature=1.5)
    assert_type(table, bv.Analysis[Film])
    text = model.analyze(images, prompt="?", function="AI.GENERATE_TEXT", ground_with_google_search=True)
    assert_type(text, bv.Analysis[bv.PosterResult])
    scalar = images.analyze(prompt="?", record=Film, endpoint="gemini-2.5-flash", connection="us.vision")
    assert_type(scalar, bv.Analysis[Film])
    assert_type(images.analyze(prompt="?"), bv.Analysis[bv.PosterResult])
    assert_type(images.analyze(prompt="?", record=None), bv.Analysis[bv.PosterResult])
    assert_type(scalar.run(into="films", uris=None, max_images=None), bv.AnalysisRun[Film])
    assert_type(next(iter(scalar.run(into="films"))).cast, list[str])


def values(images: bv.ObjectTable) -> None:
    """Every other question has a record of its own."""
    assert_type(images.where("A train."), bv.Analysis[bv.ConditionResult])
    assert_type(next(iter(images.where("A train.").run("trains"))).holds, bool | None)
    assert_type(images.classify(["drama", "comedy"]), bv.Analysis[bv.CategoryResult])
    assert_type(images.classify({"drama": "sad"}, multi=False), bv.Analysis[bv.CategoryResult])
    assert_type(images.classify(["drama"], multi=True), bv.Analysis[bv.CategoriesResult])
    assert_type(next(iter(images.classify(["drama"], multi=True).run("k"))).categories, list[str])
    assert_type(
        images.classify(["drama"], multi=bool(images)),
        bv.Analysis[bv.CategoryResult] | bv.Analysis[bv.CategoriesResult],
    )
    assert_type(images.score("How legible?"), bv.Analysis[bv.ScoreResult])
    assert_type(images.generate_bool("A train?"), bv.Analysis[bv.BoolResult])
    assert_type(images.generate_int("How many?"), bv.Analysis[bv.IntResult])
    assert_type(images.generate_double("How much?"), bv.Analysis[bv.FloatResult])


def refused(model: bv.RemoteModel, images: bv.ObjectTable) -> None:
    """Each line is wrong, and a type checker says so."""
    model.analyze(images, prompt="?", function="AI.GENERATE")  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
    model.analyze(images, prompt="?", schema="sql")  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
    images.analyze(prompt="?", temperature=0.2)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
    images.analyze(prompt="?", record=str)  # type: ignore[type-var]  # pyright: ignore[reportArgumentType, reportCallIssue]
    images.where("A train.", model_params={})  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    images.classify("drama", multi="yes")  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
    images.score(3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
