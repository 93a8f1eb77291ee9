"""Cutting a script into its statements."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bqvision.local.statements.cursor import Cursor
from bqvision.local.statements.tokens import tokenize

if TYPE_CHECKING:
    from bqvision.local.statements.tokens import Token

_BLOCK_WORDS = frozenset({"IF", "LOOP", "WHILE", "REPEAT", "FOR", "CASE"})
_PROCEDURAL = _BLOCK_WORDS | {
    "DECLARE", "SET", "BEGIN", "EXECUTE", "RAISE", "RETURN", "BREAK", "LEAVE", "CONTINUE", "ITERATE",
    "COMMIT", "ROLLBACK",
}  # fmt: skip
_STATEMENT_FOLLOWS = frozenset({"THEN", "ELSE", "DO", "LOOP", "REPEAT", "BEGIN"})


def split_statements(sql: str) -> tuple[str, ...]:
    """Returns the statements of a text, without their semicolons and the blanks and comments around them.

    Blocks (BEGIN .. END, IF .. END IF, loops, CASE) stay whole.

    Args:
        sql: A statement or a script.

    Raises:
        StatementError: The text can't be cut into tokens.
    """
    return tuple(sql[part[0].start : part[-1].end] for part in split_tokens(sql, tokenize(sql)))


def is_script(sql: str) -> bool:
    """Tells whether a text is more than one plain statement.

    Args:
        sql: A statement or a script.
    """
    parts = split_tokens(sql, tokenize(sql))
    return len(parts) > 1 or any(is_procedural(part) for part in parts)


def is_procedural(tokens: tuple[Token, ...]) -> bool:
    """Tells whether a statement belongs to the procedural language.

    Args:
        tokens: One statement's tokens.
    """
    first = tokens[0].word if tokens else ""
    if first in _PROCEDURAL:
        return True
    label = len(tokens) > 2 and tokens[1].operator == ":"
    return label or (first == "CREATE" and any(token.word == "PROCEDURE" for token in tokens[:5]))


def split_tokens(sql: str, tokens: tuple[Token, ...]) -> tuple[tuple[Token, ...], ...]:
    """Returns the tokens of each statement of a text.

    Args:
        sql: A statement or a script.
        tokens: Its tokens.
    """
    parts: list[tuple[Token, ...]] = []
    cursor = Cursor(sql, tokens)
    while not cursor.at_end:
        if cursor.accept_operator(";"):
            continue
        start = cursor.index
        _skip_statement(cursor)
        parts.append(tuple(tokens[start : cursor.index]))
    return tuple(parts)


def _skip_statement(cursor: Cursor) -> None:
    """Moves to the semicolon that ends the statement here, or to the end."""
    depth = 0
    starting = True
    in_procedure = False
    while not cursor.at_end:
        token = cursor.peek()
        if token.operator == ";":
            if depth == 0:
                return
            starting = True
            cursor.next()
            continue
        word = token.word
        if word == "CASE" or (starting and word in _BLOCK_WORDS):
            depth += 1
        elif word == "BEGIN":
            depth += (starting or in_procedure) and _opens_block(cursor)
        elif word == "END" and depth:
            depth -= 1
            if cursor.peek(1).word in _BLOCK_WORDS:
                cursor.next()
        elif word == "PROCEDURE":
            in_procedure = True
        labelled = token.operator == ":" or (starting and cursor.peek(1).operator == ":")
        starting = labelled or word in _STATEMENT_FOLLOWS
        cursor.next()


def _opens_block(cursor: Cursor) -> bool:
    """Tells BEGIN .. END from BEGIN TRANSACTION."""
    following = cursor.peek(1)
    return following.word != "TRANSACTION" and following.operator != ";" and bool(following.text)
