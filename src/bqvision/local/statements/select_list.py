"""The items of a SELECT list: stars, and what their columns are called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bqvision.local.statements.keywords import RESERVED
from bqvision.local.statements.literals import string_text
from bqvision.local.statements.tokens import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bqvision.local.statements.cursor import Cursor
    from bqvision.local.statements.tokens import Token

_NAMES = frozenset({Kind.WORD, Kind.QUOTED})
_ENDS_VALUE = frozenset({"END", "FALSE", "NULL", "TRUE"})


def name_of(token: Token, sql: str) -> str:
    """Returns the name that a token is, in lower case and without quotes; '' if it is none.

    Args:
        token: The token.
        sql: The statement.
    """
    if token.kind not in _NAMES or token.word in RESERVED:
        return ""
    return string_text(token, sql).strip("`").lower()


def star(item: Cursor, alias: str) -> int | None:
    """Returns how many tokens `*` or `alias.*` takes at the start of an item; None if it is something else.

    Args:
        item: The item.
        alias: The name of the rows, as `name_of` gives it; '' if they have none.
    """
    if item.peek().operator == "*":
        return 1
    is_alias = bool(alias) and name_of(item.peek(), item.sql) == alias
    return 3 if is_alias and item.peek(1).operator == "." and item.peek(2).operator == "*" else None


def is_anonymous(item: Cursor) -> bool:
    """Tells an item without an alias that is no column and no field either, so that BigQuery numbers it.

    Args:
        item: The item, which is not empty.
    """
    *before, last = item.tokens
    if item.peek().operator == "*" or (
        len(before) > 1 and item.peek(1).operator + item.peek(2).operator == ".*"
    ):
        return False
    return not (name_of(last, item.sql) and (not before or before[-1].operator == "." or _is_alias(before)))


def given_names(items: Sequence[Cursor]) -> Iterator[str]:
    """Yields, in lower case, the aliases of items that call something else than the column of that name so.

    Args:
        items: The items.
    """
    for item in items:
        for index, token in enumerate(item.tokens):
            before = item.tokens[:index]
            name = name_of(token, item.sql)
            is_last = index == len(item.tokens) - 1 and _is_alias(before)
            if not name or not (is_last or (before and before[-1].word == "AS")):
                continue
            value = before[:-1] if before[-1].word == "AS" else before
            if name_of(value[-1], item.sql) != name:
                yield name


def _is_alias(before: Sequence[Token]) -> bool:
    """Tells whether a name at the end of an item, behind these tokens, is its alias."""
    if not before:
        return False
    last = before[-1]
    if last.operator:
        return last.operator in {")", "]"}
    return last.word == "AS" or last.word not in RESERVED or last.word in _ENDS_VALUE
