"""Reading an output_schema: the fields that a model function is to fill."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bqvision.local.statements.cursor import Cursor
from bqvision.local.statements.keywords import RESERVED
from bqvision.local.statements.literals import string_text
from bqvision.local.statements.options import Options
from bqvision.local.statements.tokens import Kind, StatementError, tokenize

_SCALARS: Final = frozenset({"STRING", "INT64", "FLOAT64", "BOOL"})
_TAKEN: Final = frozenset({"full_response", "status"})
"""The names of the columns that stand beside the fields."""
_DEEPEST: Final = 15
"""How many STRUCTs may stand in each other in BigQuery."""


@dataclass(frozen=True, slots=True)
class OutputType:
    """The type of a field.

    Attributes:
        name: STRING, INT64, FLOAT64, BOOL, ARRAY or STRUCT.
        item: The type of an ARRAY's items, else None.
        fields: The fields of a STRUCT, else none.
        choices: The only texts that a STRING may be; none is any.
    """

    name: str
    item: OutputType | None = None
    fields: tuple[OutputField, ...] = ()
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OutputField:
    """One field.

    Attributes:
        name: Its name.
        type: Its type.
        description: What the model is told of it, or None.
    """

    name: str
    type: OutputType
    description: str | None = None


def parse_output_schema(text: str) -> tuple[OutputField, ...]:
    """Reads an output_schema.

    Args:
        text: Such as `title STRING OPTIONS(description = 'as printed'), years ARRAY<INT64>`.

    Raises:
        StatementError: It can't be read, has a type that model functions don't fill, or a name twice.
    """
    try:
        fields = _fields(Cursor(text, tokenize(text)), depth=0)
    except StatementError as error:
        raise StatementError(f"Invalid output_schema: {error.reason}", text, error.position) from None
    taken = next((field for field in fields if field.name.lower() in _TAKEN), None)
    if taken is not None:
        raise StatementError(f"Invalid output_schema: the name {taken.name} is taken", text, 0)
    return fields


def _fields(cursor: Cursor, depth: int) -> tuple[OutputField, ...]:
    if depth > _DEEPEST:
        raise cursor.error(f"more than {_DEEPEST} STRUCTs in each other")
    fields: list[OutputField] = []
    names: set[str] = set()
    while True:
        place = cursor.peek()
        if place.kind not in {Kind.WORD, Kind.QUOTED} or place.word in RESERVED:
            raise cursor.unexpected("a field's name")
        name = string_text(cursor.next(), cursor.sql)
        if name.lower() in names:
            raise StatementError(f"Duplicate field {name}", cursor.sql, place.start)
        names.add(name.lower())
        kind = _type(cursor, depth)
        options = Options(cursor, {})
        unknown = next((option for option in options.values if option != "description"), None)
        if unknown is not None:
            raise StatementError(f"Unknown option: {unknown}", cursor.sql, place.start)
        fields.append(OutputField(name, kind, options.text("description")))
        if not cursor.accept_operator(","):
            break
    if depth == 0 and not cursor.at_end:
        raise cursor.unexpected('"," or the end')
    return tuple(fields)


def _type(cursor: Cursor, depth: int) -> OutputType:
    name = cursor.peek().word
    if name in _SCALARS:
        cursor.next()
        return OutputType(name)
    if name not in {"ARRAY", "STRUCT"}:
        raise cursor.unexpected("STRING, INT64, FLOAT64, BOOL, ARRAY or STRUCT")
    cursor.next()
    cursor.expect_operator("<")
    if name == "STRUCT":
        kind = OutputType(name, fields=_fields(cursor, depth + 1))
    else:
        if cursor.peek().word == "ARRAY":
            raise cursor.error("an ARRAY of ARRAYs")
        kind = OutputType(name, item=_type(cursor, depth))
    cursor.expect_operator(">")
    return kind
