"""How a record is asked for: the exact texts that functions and models get."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, make_dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

import pytest

from bqvision.answer_schema import instructions, output_schema, response_schema
from bqvision.local.statements.output_schema import parse_output_schema
from bqvision.records import ImageResult, PosterResult
from bqvision.schema import Describe, schema_of
from tests import googlesql
from tests.answers.rich import FILM


class Binding(StrEnum):
    """A closed set, one of its values with quotes."""

    HARDBACK = "hardback"
    LIMP = 'limp "vellum"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """A nested object that must have a name."""

    name: Annotated[str, Describe("Surname first")]
    born: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Book(ImageResult):
    """A field of each kind."""

    title: Annotated[str | None, Describe("As printed; it's on the spine, too")] = None
    pages: int | None = None
    price: float = 0.0
    signed: bool | None = None
    binding: Binding | None = None
    edition: Annotated[Literal[1, 2] | None, Describe("On page 4")] = None
    printed: Annotated[date | None, Describe("On page 4")] = None
    scanned: datetime | None = None
    subjects: Annotated[list[Annotated[str, Describe("One word")]], Describe("Up to five")] = field(
        default_factory=list
    )
    dates: list[date] | None = None
    author: Annotated[Author | None, Describe("The first one")] = None
    others: list[Author] = field(default_factory=list)


BOOK = schema_of(Book)


def test_output_schema_knows_six_types_and_describes_the_rest() -> None:
    """Dates are texts, closed sets are texts and numbers, and the fields of a STRUCT have descriptions too."""
    author = (
        "STRUCT<name STRING OPTIONS(description = 'Surname first'),"
        " born STRING OPTIONS(description = 'a date as YYYY-MM-DD')>"
    )
    assert output_schema(BOOK) == ", ".join(
        [
            r"title STRING OPTIONS(description = 'As printed; it\'s on the spine, too')",
            "pages INT64",
            "price FLOAT64",
            "signed BOOL",
            r"""binding STRING OPTIONS(description = 'one of "hardback", "limp \\"vellum\\""')""",
            "edition INT64 OPTIONS(description = 'On page 4; one of 1, 2')",
            "printed STRING OPTIONS(description = 'On page 4; a date as YYYY-MM-DD')",
            "scanned STRING OPTIONS(description = 'a time as YYYY-MM-DDThh:mm:ss,"
            " followed by Z for UTC or an offset such as +02:00')",
            "subjects ARRAY<STRING> OPTIONS(description = 'Up to five; each: One word')",
            "dates ARRAY<STRING> OPTIONS(description = 'each: a date as YYYY-MM-DD')",
            f"author {author} OPTIONS(description = 'The first one')",
            f"others ARRAY<{author}>",
        ]
    )


def test_output_schema_of_a_flat_record_is_names_and_types() -> None:
    """The poster's is as short as can be."""
    assert output_schema(schema_of(PosterResult)) == "title STRING, year INT64"


@pytest.mark.parametrize("schema", [BOOK, FILM], ids=["book", "film"])
def test_output_schema_is_googlesql(schema: Any) -> None:
    """Google's parser takes it as columns, and so does the local BigQuery."""
    text = output_schema(schema)
    googlesql.parse(f"CREATE TABLE t ({text})")
    assert [item.name for item in parse_output_schema(text)] == [item.name for item in schema.fields]


@pytest.mark.parametrize("name", ["order", "Group", "limit", "interval", "qualify", "set"])
def test_a_reserved_word_is_a_name_in_backticks(name: str) -> None:
    """At the top and in an object."""
    inner = make_dataclass("Inner", [(name.upper(), str | None, None)], frozen=True)
    record = make_dataclass(
        "Made", [(name, inner | None, None)], bases=(ImageResult,), frozen=True, kw_only=True
    )
    text = output_schema(schema_of(record))
    assert text == f"`{name}` STRUCT<`{name.upper()}` STRING>"
    googlesql.parse(f"CREATE TABLE t ({text})")


def test_a_hostile_description_stays_one_literal() -> None:
    """Quotes, line breaks and what does not show do not end it."""
    text = "it's \"so\" \\ \n \u202e ') , evil STRING OPTIONS(description = '"
    record = make_dataclass(
        "Made",
        [("a", Annotated[str | None, Describe(text)], None)],
        bases=(ImageResult,),
        frozen=True,
        kw_only=True,
    )
    columns = output_schema(schema_of(record))
    assert googlesql.string_literals(f"CREATE TABLE t ({columns})") == [text]
    assert [(item.name, item.description) for item in parse_output_schema(columns)] == [("a", text)]


_AUTHOR = {
    "type": "OBJECT",
    "properties": {
        "name": {"type": "STRING", "description": "Surname first"},
        "born": {"type": "STRING", "description": "a date as YYYY-MM-DD", "nullable": True},
    },
    "required": ["name", "born"],
    "propertyOrdering": ["name", "born"],
}


def test_response_schema_is_geminis_subset_of_openapi() -> None:
    """Every key is required, and null where the image does not say; closed sets of texts are enforced."""
    names = [item.name for item in BOOK.fields]
    assert response_schema(BOOK) == {
        "type": "OBJECT",
        "properties": {
            "title": {
                "type": "STRING",
                "description": "As printed; it's on the spine, too",
                "nullable": True,
            },
            "pages": {"type": "INTEGER", "nullable": True},
            "price": {"type": "NUMBER", "nullable": True},
            "signed": {"type": "BOOLEAN", "nullable": True},
            "binding": {"type": "STRING", "enum": ["hardback", 'limp "vellum"'], "nullable": True},
            "edition": {"type": "INTEGER", "description": "On page 4; one of 1, 2", "nullable": True},
            "printed": {"type": "STRING", "description": "On page 4; a date as YYYY-MM-DD", "nullable": True},
            "scanned": {
                "type": "STRING",
                "description": "a time as YYYY-MM-DDThh:mm:ss, followed by Z for UTC or an offset such as +02:00",
                "nullable": True,
            },
            "subjects": {
                "type": "ARRAY",
                "items": {"type": "STRING", "description": "One word"},
                "description": "Up to five",
                "nullable": True,
            },
            "dates": {
                "type": "ARRAY",
                "items": {"type": "STRING", "description": "a date as YYYY-MM-DD"},
                "nullable": True,
            },
            "author": {**_AUTHOR, "description": "The first one", "nullable": True},
            "others": {"type": "ARRAY", "items": _AUTHOR, "nullable": True},
        },
        "required": names,
        "propertyOrdering": names,
    }


def test_response_schema_has_its_keys_in_one_order() -> None:
    """As JSON it is the same text every time, with the record's order."""
    assert json.dumps(response_schema(schema_of(PosterResult))) == (
        '{"type": "OBJECT", "properties": {"title": {"type": "STRING", "nullable": true},'
        ' "year": {"type": "INTEGER", "nullable": true}}, "required": ["title", "year"],'
        ' "propertyOrdering": ["title", "year"]}'
    )


def test_instructions_say_it_in_words() -> None:
    """Names, types, formats, closed sets, nesting, and null for what the image does not say."""
    assert (
        instructions(BOOK)
        == """\
Answer with one JSON object and nothing else. It has these keys:
- title: a text; As printed; it's on the spine, too
- pages: a whole number
- price: a number
- signed: true or false
- binding: one of "hardback", "limp \\"vellum\\""
- edition: one of 1, 2; On page 4
- printed: a date as YYYY-MM-DD; On page 4
- scanned: a time as YYYY-MM-DDThh:mm:ss, followed by Z for UTC or an offset such as +02:00
- subjects: a list, each item a text; One word; Up to five
- dates: a list, each item a date as YYYY-MM-DD
- author: an object with the keys below; The first one
  - name: a text; Surname first; required
  - born: a date as YYYY-MM-DD
- others: a list, each item an object with the keys below
  - name: a text; Surname first; required
  - born: a date as YYYY-MM-DD
Use null for what the image does not say.
Leave out an object that lacks a required key."""
    )


def test_instructions_for_a_flat_record_are_short() -> None:
    """Nothing is said of what it does not have."""
    assert (
        instructions(schema_of(PosterResult))
        == """\
Answer with one JSON object and nothing else. It has these keys:
- title: a text
- year: a whole number
Use null for what the image does not say."""
    )
