"""Evaluations of records of every kind: of lists, nested records, dates and Pydantic models."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from typing import TYPE_CHECKING

import pydantic
import pytest

import bqvision as bv
from bqvision import Outcome
from bqvision.records import Extracted

if TYPE_CHECKING:
    from pathlib import Path


class Genre(Enum):
    """A closed set of words."""

    DRAMA = "drama"
    COMEDY = "comedy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Studio:
    """A record inside a record."""

    name: str | None = None
    city: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Film(bv.ImageResult):
    """A record of everything."""

    actors: list[str] = field(default_factory=list[str])
    genre: Genre | None = None
    premiere: date | None = None
    studio: Studio | None = None


class Book(pydantic.BaseModel):
    """A model of Pydantic's."""

    title: str | None = None
    authors: list[str] = []
    studio: Studio | None = None


def test_a_csv_file_can_say_what_any_field_should_be(tmp_path: Path) -> None:
    """Lists with bars, words of a set, dates, and a nested record as JSON."""
    path = tmp_path / "truth.csv"
    path.write_text(
        "file,actors,genre,premiere,studio\n"
        'a.jpg,Keaton | Mack,comedy,1926-12-31,"{""name"": ""Buster Keaton Productions""}"\n'
        "b.jpg,,drama,,\n",
        encoding="utf-8",
    )
    records = [
        Film(
            uri="gs://films/a.jpg",
            outcome=Outcome.OK,
            actors=["MACK", "Keaton"],
            genre=Genre.COMEDY,
            premiere=date(1926, 12, 31),
            studio=Studio(name="Buster Keaton Productions", city="Los Angeles"),
        ),
        Film(uri="gs://films/b.jpg", outcome=Outcome.OK, genre=Genre.COMEDY, studio=Studio()),
    ]
    evaluation = bv.evaluate(records, path)
    assert {score.field: (score.exact, score.normalised, score.absent) for score in evaluation.fields} == {
        "actors": (0, 1, 1),
        "genre": (1, 0, 0),
        "premiere": (1, 0, 1),
        "studio": (1, 0, 1),
    }
    (miss,) = evaluation.misses("genre")
    assert (miss.expected, miss.got) == (Genre.DRAMA, Genre.COMEDY)


def test_a_pydantic_model_is_compared_by_its_fields() -> None:
    """A model that was refused has no values; of its kind nothing is known without one that was not."""
    records: list[Extracted[Book]] = [
        Extracted(
            uri="gs://books/a.jpg",
            outcome=Outcome.OK,
            value=Book(title="Walden", authors=["Thoreau"], studio=Studio(name="Ticknor")),
        ),
        Extracted(uri="gs://books/b.jpg", outcome=Outcome.OK, error="title: no value"),
    ]
    truth: dict[str, dict[str, object]] = {
        "a.jpg": {"title": "WALDEN", "authors": "Thoreau", "studio": {"name": "Ticknor"}},
        "b.jpg": {"title": "Emma", "authors": None},
    }
    evaluation = bv.evaluate(records, truth)
    title, authors = evaluation["title"], evaluation["authors"]
    assert (title.normalised, title.missing) == (1, 1)
    assert (authors.exact, authors.absent) == (1, 1)
    assert evaluation["studio"].exact == 1
    with pytest.raises(bv.InvalidInputError, match="no record of an image to compare"):
        bv.evaluate(records[1:], truth)
