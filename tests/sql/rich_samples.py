"""Statements for a record with lists, objects, dates and closed sets, each worth a golden file."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

from bqvision.records import ImageResult
from bqvision.schema import schema_of
from bqvision.sql import analysis, batches, ledger, work
from bqvision.sql.arguments import Arguments
from bqvision.sql.functions import FUNCTIONS
from bqvision.sql.images import Images
from bqvision.sql.names import ModelName, TableName

if TYPE_CHECKING:
    from bqvision.sql.compose import Statement

_FINGERPRINT = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
_BOOKS = TableName("my-project", "library", "books")
_RESULTS = TableName("my-project", "library", "books_results")
_FORMATTED = TableName("my-project", "library", "books_formatted")


class Binding(StrEnum):
    """How a book is bound."""

    HARDBACK = "hardback"
    PAPERBACK = "paperback"


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Who wrote it."""

    name: str
    born: date | None = None
    order: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Book(ImageResult):
    """A record with a field of each other kind."""

    binding: Binding | None = None
    edition: Literal[1, 2] | None = None
    printed: date | None = None
    scanned: datetime | None = None
    subjects: list[str] = field(default_factory=list)
    author: Author | None = None
    others: list[Author] = field(default_factory=list)


BOOK = schema_of(Book)

STATEMENTS: dict[str, Statement] = {
    "create_ledger_of_a_rich_record": ledger.create_ledger(_RESULTS, schema=BOOK),
    "add_column_of_objects": ledger.add_column(_RESULTS, column=ledger.ledger_columns(BOOK)[-1]),
    "format_ledger_of_a_rich_record": ledger.format_ledger(
        ledger=_RESULTS,
        source=Images(table=_BOOKS),
        into=_FORMATTED,
        schema=BOOK,
        fingerprint=_FINGERPRINT,
    ),
    "format_table_of_a_rich_record": analysis.format_table(
        source=_RESULTS,
        into=_FORMATTED,
        schema=BOOK,
        function=FUNCTIONS["ML.GENERATE_TEXT"],
        columns=("uri", "ml_generate_text_llm_result"),
    ),
    "insert_batch_of_a_rich_record": batches.insert_batch(
        ledger=_RESULTS,
        work=work.work_table_name(_RESULTS, _FINGERPRINT),
        batch=0,
        model=ModelName("my-project", "library", "gemini-vision"),
        arguments=Arguments(prompt="Read this cover."),
        schema=BOOK,
        fingerprint=_FINGERPRINT,
        run_id="run-1",
        job_id="job-1",
    ),
}
