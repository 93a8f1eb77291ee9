"""What can be read off print, by the name of the field; everything else is null."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeAlias

from bqvision.local.ocr.layout import Page
from bqvision.local.ocr.title import find_title
from bqvision.local.ocr.year import find_year
from bqvision.local.vision import JsonValue

Reader: TypeAlias = Callable[[Sequence[Page]], JsonValue]


def _title(pages: Sequence[Page]) -> JsonValue:
    return next((title for title in map(find_title, pages) if title is not None), None)


def _year(pages: Sequence[Page]) -> JsonValue:
    years = {year for year in map(find_year, pages) if year is not None}
    return years.pop() if len(years) == 1 else None


def _lines(pages: Sequence[Page]) -> JsonValue:
    return [line.text for page in pages for line in page.lines]


def _text(pages: Sequence[Page]) -> JsonValue:
    return "\n".join(line.text for page in pages for line in page.lines) or None


READERS: Final[Mapping[str, Reader]] = {
    "title": _title,
    "movie_title": _title,
    "film_title": _title,
    "book_title": _title,
    "year": _year,
    "release_year": _year,
    "year_of_release": _year,
    "publication_year": _year,
    "text": _text,
    "all_text": _text,
    "full_text": _text,
    "ocr_text": _text,
    "lines": _lines,
    "text_lines": _lines,
}
"""Field name, in lower case with underscores, to its reader."""


def reader_of(key: str) -> Reader | None:
    """Return the reader of a field, or None where print doesn't say such a thing."""
    spelled = "".join(f"_{letter}" if letter.isupper() and at else letter for at, letter in enumerate(key))
    return READERS.get(key.casefold().replace("-", "_")) or READERS.get(spelled.casefold())


def read_fields(keys: Mapping[str, Mapping[str, JsonValue]], pages: Sequence[Page]) -> dict[str, JsonValue]:
    """Return the value of every wanted field, None where the print doesn't say.

    Args:
        keys: Field name to its JSON schema (empty where none is known).
        pages: The print of the images.
    """
    answer: dict[str, JsonValue] = {}
    for key, schema in keys.items():
        reader = reader_of(key)
        answer[key] = None if reader is None else as_type(reader(pages), schema)
    return answer


def as_type(value: JsonValue, schema: Mapping[str, JsonValue]) -> JsonValue:
    """Return a value in the type that a schema asks for, or None where it has none in that type."""
    wanted = schema.get("type")
    types = {str(name).casefold() for name in (wanted if isinstance(wanted, list) else [wanted]) if name}
    if value is None or not types:
        return value
    if isinstance(value, list):
        return value if "array" in types else "\n".join(map(str, value)) if "string" in types else None
    if "array" in types:
        return [value]
    if isinstance(value, int):
        return value if types & {"integer", "number"} else str(value) if "string" in types else None
    return value if "string" in types else None
