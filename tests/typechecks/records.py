"""What type checkers know of records of any kind; checked by mypy and pyright, never run."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import assert_type

from pydantic import BaseModel

import bqvision as bv
from bqvision.decoding import decode
from bqvision.schema import RecordSchema, schema_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """A nested object."""

    name: str
    born: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Book(bv.ImageResult):
    """A record with a list of them."""

    authors: list[Author] = field(default_factory=list[Author])


class Film(BaseModel):
    """A model of Pydantic."""

    title: str
    year: int | None = None


def dataclasses() -> None:
    """A dataclass is its own record."""
    assert_type(schema_of(Book), RecordSchema[Book])
    assert_type(decode(schema_of(Book), {}).authors, list[Author])


def models() -> None:
    """A model is the value of a record."""
    assert_type(schema_of(Film), RecordSchema[bv.Extracted[Film]])
    assert_type(decode(schema_of(Film), {}).value, Film | None)
