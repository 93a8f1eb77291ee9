"""Walking over tokens: keywords, brackets, names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bqvision.local.statements.literals import string_text
from bqvision.local.statements.tokens import Kind, Span, StatementError, Token

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_OPENING = {"(": ")", "[": "]", "{": "}"}
_CLOSING = set(_OPENING.values())
_END = Token(Kind.SPACE, "", 0)
# `my-project-12.data.1st`: BigQuery reads dashes and leading digits as part of a table's path.
_BARE_PATH = re.compile(r"[A-Za-z_]\w*(?:-\w+)*", re.ASCII)
_BARE_PART = re.compile(r"\w+", re.ASCII)


class Cursor:
    """A position in a statement's tokens.

    Args:
        sql: The statement.
        tokens: Its tokens, or a part of them.
    """

    def __init__(self, sql: str, tokens: Sequence[Token]) -> None:
        self.sql = sql
        self.tokens = tokens
        self.index = 0

    @property
    def at_end(self) -> bool:
        """Whether no token is left."""
        return self.index >= len(self.tokens)

    def peek(self, ahead: int = 0) -> Token:
        """Returns a token without moving; past the end a token that is nothing.

        Args:
            ahead: How many tokens further on.
        """
        index = self.index + ahead
        return self.tokens[index] if index < len(self.tokens) else _END

    def next(self) -> Token:
        """Returns the token here and moves past it."""
        if self.at_end:
            raise self.error("Unexpected end of statement")
        token = self.tokens[self.index]
        self.index += 1
        return token

    def error(self, reason: str) -> StatementError:
        """Returns an error about this place.

        Args:
            reason: What is wrong.
        """
        if not self.at_end:
            return StatementError(reason, self.sql, self.peek().start)
        end = self.tokens[-1].end if self.tokens else len(self.sql)
        return StatementError(reason, self.sql, end)

    def unexpected(self, wanted: str) -> StatementError:
        """Returns the error that something else was expected here.

        Args:
            wanted: What was.
        """
        found = "end of statement" if self.at_end else f'"{self.peek().text[:40]}"'
        return self.error(f"Syntax error: Expected {wanted} but got {found}")

    def accept(self, *words: str) -> bool:
        """Moves past keywords if exactly these come next.

        Args:
            words: Keywords, upper case.
        """
        if any(self.peek(ahead).word != word for ahead, word in enumerate(words)):
            return False
        self.index += len(words)
        return True

    def expect(self, *words: str) -> None:
        """Moves past keywords that must come next.

        Args:
            words: Keywords, upper case.
        """
        for word in words:
            if not self.accept(word):
                raise self.unexpected(f"keyword {word}")

    def accept_operator(self, operator: str) -> bool:
        """Moves past an operator if it comes next.

        Args:
            operator: Its text.
        """
        if self.peek().operator != operator:
            return False
        self.index += 1
        return True

    def expect_operator(self, operator: str) -> None:
        """Moves past an operator that must come next.

        Args:
            operator: Its text.
        """
        if not self.accept_operator(operator):
            raise self.unexpected(f'"{operator}"')

    def expect_end(self) -> None:
        """Moves past semicolons; nothing else may be left."""
        while self.accept_operator(";"):
            pass
        if not self.at_end:
            raise self.unexpected("end of statement")

    def group(self) -> Cursor:
        """Moves past a bracketed group and returns a cursor over what is inside."""
        if self.peek().operator not in _OPENING:
            raise self.unexpected('"("')
        start = self.index
        end = closing_index(self.sql, self.tokens, start)
        self.index = end + 1
        return Cursor(self.sql, self.tokens[start + 1 : end])

    def items(self) -> Iterator[Cursor]:
        """Yields a cursor for each part between commas, brackets respected."""
        if self.at_end:
            return
        start = self.index
        while self.index < len(self.tokens):
            if self.peek().operator in _OPENING:
                self.group()
                continue
            if self.accept_operator(","):
                yield Cursor(self.sql, self.tokens[start : self.index - 1])
                start = self.index
                continue
            self.index += 1
        yield Cursor(self.sql, self.tokens[start : self.index])

    @property
    def span(self) -> Span:
        """The text from here to the last token."""
        if self.at_end:
            end = self.tokens[-1].end if self.tokens else 0
            return Span(end, end)
        return Span(self.peek().start, self.tokens[-1].end)

    @property
    def text(self) -> str:
        """The source text from here to the last token."""
        span = self.span
        return self.sql[span.start : span.end]

    def path(self) -> tuple[str, ...]:
        """Moves past a dotted name and returns its parts; backquotes may hold one part or several."""
        parts: list[str] = []
        if self.peek().kind not in {Kind.WORD, Kind.QUOTED}:
            raise self.unexpected("a name")
        while True:
            parts.extend(self._part(first=not parts))
            if not (self.peek().operator == "." and self._has_part_after_dot()):
                return tuple(parts)
            self.index += 1

    def _has_part_after_dot(self) -> bool:
        following = self.peek(1)
        return following.kind in {Kind.WORD, Kind.QUOTED} or (
            following.kind is Kind.NUMBER and following.start == self.peek().end
        )

    def _part(self, *, first: bool) -> tuple[str, ...]:
        token = self.peek()
        if token.kind is Kind.QUOTED:
            self.index += 1
            return split_path(string_text(token, self.sql))
        match = (_BARE_PATH if first else _BARE_PART).match(self.sql, token.start)
        if match is None:
            raise self.unexpected("a name")
        end = match.end()
        while not self.at_end and self.peek().start < end:
            self.index += 1
        last = self.tokens[self.index - 1]
        if last.end > end:
            # The tokenizer took `12.` of `my-project-12.data` for a number; what follows is the next part.
            return (match.group(), *self._part(first=False))
        return (match.group(),)


def closing_index(sql: str, tokens: Sequence[Token], start: int) -> int:
    """Returns the index of the bracket that closes the one at `start`.

    Args:
        sql: The statement, for the place in an error.
        tokens: Its tokens.
        start: Index of an opening bracket.

    Raises:
        StatementError: Nothing closes it.
    """
    stack: list[str] = []
    for index in range(start, len(tokens)):
        operator = tokens[index].operator
        if operator in _OPENING:
            stack.append(_OPENING[operator])
        elif operator in _CLOSING and stack.pop() != operator:
            raise StatementError(f'Syntax error: Unexpected "{operator}"', sql, tokens[index].start)
        if not stack:
            return index
    raise StatementError("Syntax error: Unclosed bracket", sql, tokens[start].start)


def split_path(text: str) -> tuple[str, ...]:
    """Splits a dotted name into its parts.

    Args:
        text: Such as `project.dataset.table`; a project may have a domain, as in `example.com:project`.
    """
    domain, colon, rest = text.rpartition(":")
    first, *others = rest.split(".")
    return (domain + colon + first, *others)
