"""GoogleSQL tokens: what a piece of SQL text consists of, with offsets into it.

The local BigQuery reads statements with this tokenizer and splices text, because parsing and re-rendering
a whole statement would change parts that it doesn't understand. `scan` covers the source exactly (blanks
and comments included); `tokenize` leaves those out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator


class Span(NamedTuple):
    """A piece of a statement's text.

    Attributes:
        start: Offset of the first character.
        end: Offset after the last character.
    """

    start: int
    end: int


class StatementError(ValueError):
    """A statement that can't be read.

    Attributes:
        reason: What is wrong, without the place.
        position: Offset into the statement.
        line: Line of the statement, from 1.
        column: Column in that line, from 1.
    """

    def __init__(self, reason: str, sql: str, position: int) -> None:
        before = sql[:position]
        self.reason = reason
        self.position = position
        self.line = before.count("\n") + 1
        self.column = position - (before.rfind("\n") + 1) + 1
        super().__init__(f"{reason} at [{self.line}:{self.column}]")


class UnsupportedStatementError(StatementError):
    """A valid statement that the local BigQuery can't run."""


class Kind(Enum):
    """What a token is."""

    SPACE = "blank"
    COMMENT = "comment"
    WORD = "keyword or identifier"
    QUOTED = "quoted identifier"
    STRING = "string literal"
    BYTES = "bytes literal"
    NUMBER = "number"
    PARAMETER = "named query parameter"
    POSITIONAL = "positional query parameter"
    SYSTEM = "system variable"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Token:
    """One token.

    Attributes:
        kind: What it is.
        text: The source text, exactly.
        start: Offset of its first character in the source.
    """

    kind: Kind
    text: str
    start: int

    @property
    def end(self) -> int:
        """Offset after its last character."""
        return self.start + len(self.text)

    @property
    def span(self) -> Span:
        """Where it stands."""
        return Span(self.start, self.end)

    @property
    def word(self) -> str:
        """The upper-cased text of a keyword or unquoted identifier, else ''."""
        return self.text.upper() if self.kind is Kind.WORD else ""

    @property
    def operator(self) -> str:
        """The text of an operator, else ''."""
        return self.text if self.kind is Kind.OPERATOR else ""


# Possessive quantifiers keep an unclosed literal of any length linear.
_PIECE = r"[^{q}\\]*+(?:(?:\\.|{q}(?!{q}{q}))[^{q}\\]*+)*+"
_BODY = "|".join(
    (
        r'"""' + _PIECE.format(q='"') + r'"""',
        r"'''" + _PIECE.format(q="'") + r"'''",
        r'"(?!"")[^"\\\r\n]*+(?:\\.[^"\\\r\n]*+)*+"',
        r"'(?!'')[^'\\\r\n]*+(?:\\.[^'\\\r\n]*+)*+'",
    )
)
_RULES: tuple[tuple[Kind, str], ...] = (
    (Kind.SPACE, r"[\s\x08]+"),
    (Kind.COMMENT, r"(?:--|\#)[^\r\n]*|/\*(?:[^*]|\*(?!/))*+\*/"),
    (Kind.BYTES, rf"(?:[bB][rR]?|[rR][bB])(?:{_BODY})"),
    (Kind.STRING, rf"[rR]?(?:{_BODY})"),
    (Kind.WORD, r"[A-Za-z_][A-Za-z0-9_]*"),
    (Kind.QUOTED, r"`[^`\\\r\n]*+(?:\\.[^`\\\r\n]*+)*+`"),
    (Kind.SYSTEM, r"@@[A-Za-z_][A-Za-z0-9_]*"),
    (Kind.PARAMETER, r"@[\s\x08]*(?:[A-Za-z_][A-Za-z0-9_]*|`[^`\\\r\n]*+(?:\\.[^`\\\r\n]*+)*+`)"),
    (Kind.NUMBER, r"0[xX][0-9A-Fa-f]+|(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"),
    (Kind.POSITIONAL, r"\?"),
    (Kind.OPERATOR, r"\|\||<=|>=|<>|!=|=>|\|>|->|\+=|-=|[-+*/%&|^~<>=!.,;:()\[\]{}@$]"),
)
_TOKEN = re.compile("|".join(f"(?P<{kind.name}>{pattern})" for kind, pattern in _RULES), re.DOTALL)
_UNCLOSED = (
    (re.compile(r"/\*"), "Unclosed comment"),
    (re.compile(r"(?:[bB][rR]?|[rR][bB])('''|\"\"\")"), "Unclosed triple-quoted bytes literal"),
    (re.compile(r"(?:[bB][rR]?|[rR][bB])['\"]"), "Unclosed bytes literal"),
    (re.compile(r"[rR]?('''|\"\"\")"), "Unclosed triple-quoted string literal"),
    (re.compile(r"[rR]?['\"]"), "Unclosed string literal"),
    (re.compile(r"@?`"), "Unclosed identifier literal"),
)


_VALUES = {Kind.WORD, Kind.QUOTED, Kind.PARAMETER, Kind.SYSTEM}


def scan(sql: str) -> Iterator[Token]:
    """Yields every token of a text, blanks and comments included.

    Args:
        sql: Any GoogleSQL text.

    Yields:
        Tokens whose texts, joined, are the source.

    Raises:
        StatementError: A literal, identifier or comment isn't closed, or a character is not SQL.
    """
    position = 0
    after_value = False
    while position < len(sql):
        # In `a.1b` the dot belongs to the path, not to a number.
        is_path = after_value and sql[position] == "."
        token = Token(Kind.OPERATOR, ".", position) if is_path else _next(sql, position)
        yield token
        position = token.end
        if token.kind is not Kind.SPACE and token.kind is not Kind.COMMENT:
            after_value = token.kind in _VALUES or token.operator in {")", "]"}


# One statement's text is read over and over on its way through the rewrites.
@lru_cache(maxsize=8)
def tokenize(sql: str) -> tuple[Token, ...]:
    """Returns the tokens of a text without blanks and comments.

    Args:
        sql: Any GoogleSQL text.

    Raises:
        StatementError: A literal, identifier or comment isn't closed, or a character is not SQL.
    """
    return tuple(token for token in scan(sql) if token.kind not in {Kind.SPACE, Kind.COMMENT})


def _next(sql: str, position: int) -> Token:
    match = _TOKEN.match(sql, position)
    if match is None or match.lastgroup is None or _is_unclosed(match.group(), sql[match.end() :][:1]):
        complaints = (reason for opening, reason in _UNCLOSED if opening.match(sql, position))
        raise StatementError(next(complaints, "Illegal input character"), sql, position)
    return Token(Kind[match.lastgroup], match.group(), position)


def _is_unclosed(text: str, following: str) -> bool:
    """Tells a literal's prefix or a comment's slash, left over when the rest of it did not match."""
    if text == "/":
        return following == "*"
    return following in {"'", '"'} and text.lower() in {"r", "b", "rb", "br"}
