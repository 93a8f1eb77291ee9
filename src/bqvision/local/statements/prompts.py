"""The prompt of a model call's input query: a STRUCT of texts and references, in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bqvision.local.statements.cursor import Cursor, closing_index
from bqvision.local.statements.tokens import tokenize

if TYPE_CHECKING:
    from bqvision.local.statements.tokens import Token


def name_prompt(sql: str) -> str:
    """Gives the fields of the column `prompt` the names `_field_1`, `_field_2`, ..., in order.

    `(@prompt, ref) AS prompt` and `STRUCT(@prompt, ref) AS prompt` become
    `STRUCT(@prompt AS _field_1, ref AS _field_2) AS prompt`, which the emulator can store. Which field is a
    text and which a reference shows in the values: a reference is a STRUCT.

    Args:
        sql: The input query.
    """
    tokens = tokenize(sql)
    pieces: list[str] = []
    position = 0
    for index, token in enumerate(tokens):
        if token.operator != "(" or token.start < position:
            continue
        end = closing_index(sql, tokens, index)
        if not _is_named_prompt(tokens[end + 1 : end + 3]):
            continue
        is_struct = index > 0 and tokens[index - 1].word == "STRUCT"
        fields = [_without_name(item) for item in Cursor(sql, tokens[index + 1 : end]).items()]
        if not is_struct and (len(fields) < 2 or (index and tokens[index - 1].word not in _BEFORE_VALUE)):
            continue
        start = tokens[index - 1].start if is_struct else token.start
        named = ", ".join(f"{text} AS _field_{number}" for number, text in enumerate(fields, 1))
        pieces += (sql[position:start], f"STRUCT({named})")
        position = tokens[end].end
    pieces.append(sql[position:])
    return "".join(pieces)


_BEFORE_VALUE = frozenset({"SELECT", "DISTINCT", "ALL", ""})


def _is_named_prompt(tokens: tuple[Token, ...]) -> bool:
    words = [token.text.strip("`").upper() for token in tokens]
    return words == ["AS", "PROMPT"] or words[:1] == ["PROMPT"]


def _without_name(item: Cursor) -> str:
    tokens = item.tokens
    if len(tokens) > 2 and tokens[-2].word == "AS":
        return Cursor(item.sql, tokens[:-2]).text
    return item.text
