"""One question, by each of BigQuery's functions for Gemini."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, get_args

import bqvision as bv
from bqvision.sql.functions import ModelFunctionName
from tests.cinema import PROMPT

if TYPE_CHECKING:
    from tests.cinema import Cinema

ROADS: tuple[str, ...] = (*get_args(ModelFunctionName), "AI.GENERATE")
"""The four functions that give a record."""


def ask(
    model: bv.RemoteModel, posters: bv.ObjectTable, function: str, *, prompt: str = PROMPT
) -> bv.Analysis[bv.PosterResult]:
    """One question, by one of the four."""
    if function == "AI.GENERATE":
        return posters.analyze(prompt=prompt, endpoint="gemini-2.5-flash")
    return model.analyze(posters, prompt=prompt, function=function)  # type: ignore[call-overload, no-any-return]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What is in the picture."""

    place: str | None = None
    people: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Film(bv.ImageResult):
    """A record with fields of most kinds."""

    title: str | None = None
    cast: list[str] = field(default_factory=list)
    scene: Scene | None = None


def ask_film(cinema: Cinema, function: str) -> bv.Analysis[Film]:
    """The question for a record with lists and a nested one, by one of the four."""
    posters = cinema.posters()
    if function == "AI.GENERATE":
        return posters.analyze(prompt="Read this.", record=Film, endpoint="gemini-2.5-flash")
    return cinema.model.analyze(posters, prompt="Read this.", record=Film, function=function)  # type: ignore[call-overload, no-any-return]
