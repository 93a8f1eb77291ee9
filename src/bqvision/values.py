"""The records of questions whose answer is one value."""

from __future__ import annotations

from dataclasses import dataclass, field

from bqvision.records import ImageResult


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionResult(ImageResult):
    """Whether an image meets a condition; None where the model gave no answer."""

    holds: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryResult(ImageResult):
    """The category that fits an image best; None where the model gave none."""

    category: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoriesResult(ImageResult):
    """All categories that fit an image; empty if none does, or if the model gave no answer."""

    categories: list[str] = field(default_factory=list[str])


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreResult(ImageResult):
    """How an image rates; the scale is the model's, so that only scores of one question compare."""

    score: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BoolResult(ImageResult):
    """Yes or no; None where the model gave no answer."""

    value: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IntResult(ImageResult):
    """A whole number; None where the model gave none."""

    value: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FloatResult(ImageResult):
    """A number; None where the model gave none."""

    value: float | None = None
