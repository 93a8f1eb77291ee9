"""Which brackets, SELECTs and WITH clauses of a statement stand around a place in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bqvision.local.statements.tokens import Kind, Span, StatementError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bqvision.local.statements.tokens import Token

_OPENING = frozenset("([{")
_CLOSING = frozenset(")]}")
_NAMES = frozenset({Kind.WORD, Kind.QUOTED})


class Layout:
    """A statement's tokens and its brackets.

    Args:
        sql: The statement.
        tokens: Its tokens.

    Raises:
        StatementError: A bracket is not closed.
    """

    def __init__(self, sql: str, tokens: tuple[Token, ...]) -> None:
        self.sql = sql
        self.tokens = tokens
        self._closing: dict[int, int] = {}
        opened: list[int] = []
        for index, token in enumerate(tokens):
            if token.operator in _OPENING:
                opened.append(index)
            elif token.operator in _CLOSING and opened:
                self._closing[opened.pop()] = index
        if opened:
            raise StatementError("Syntax error: Unclosed bracket", sql, tokens[opened[-1]].start)

    def at(self, position: int) -> int:
        """Returns the index of the token that stands at an offset.

        Args:
            position: Offset into the statement.
        """
        return next(index for index, token in enumerate(self.tokens) if token.start == position)

    def word(self, index: int) -> str:
        """Returns the keyword at an index, else ''; a part of a dotted name is none.

        Args:
            index: Index of a token.
        """
        named = index > 0 and self.tokens[index - 1].operator == "."
        return self.tokens[index].word if 0 <= index < len(self.tokens) and not named else ""

    def operator(self, index: int) -> str:
        """Returns the operator at an index, else ''.

        Args:
            index: Index of a token, or beyond.
        """
        return self.tokens[index].operator if 0 <= index < len(self.tokens) else ""

    def closing(self, index: int) -> int:
        """Returns the index of the bracket that closes one.

        Args:
            index: Index of an opening bracket.
        """
        return self._closing[index]

    def span(self, indexes: range) -> Span:
        """Returns where some tokens stand.

        Args:
            indexes: Their indexes, at least one.
        """
        return Span(self.tokens[indexes.start].start, self.tokens[indexes.stop - 1].end)

    def around(self, index: int) -> Iterator[range]:
        """Yields what stands in the brackets around a token, innermost first, and last the whole statement.

        Args:
            index: Index of the token.
        """
        opened = [start for start, end in self._closing.items() if start < index < end]
        for start in sorted(opened, reverse=True):
            yield range(start + 1, self._closing[start])
        yield range(len(self.tokens))

    def level(self, scope: range) -> Iterator[int]:
        """Yields the indexes of the tokens that stand in no bracket within a scope, opening brackets included.

        Args:
            scope: What to look at.
        """
        index = scope.start
        while index < scope.stop:
            yield index
            index = self._closing.get(index, index) + 1

    def tables_before(self, index: int) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yields the WITH clauses whose tables can be read at a place, innermost first.

        Args:
            index: Index of a token at the place.

        Yields:
            The words in front, and `name AS (...)` of each table that is defined before.
        """
        for scope in self.around(index):
            for start in self.level(scope):
                if self.word(start) == "WITH" and start < index:
                    recursive = self.word(start + 1) == "RECURSIVE"
                    spans = self._definitions(start + (2 if recursive else 1), index)
                    if spans:
                        words = "WITH RECURSIVE" if recursive else "WITH"
                        yield words, tuple(self.sql[span.start : span.end] for span in spans)

    def recursive_tables(self, index: int) -> Iterator[str]:
        """Yields the names of the WITH RECURSIVE tables whose definitions a token stands in, as they are written.

        Args:
            index: Index of the token.
        """
        for scope in self.around(index):
            name = scope.start - 3
            is_definition = name > 0 and self.word(name + 1) == "AS" and self.tokens[name].kind in _NAMES
            if is_definition and any(self.word(at) == "RECURSIVE" for at in range(name)):
                yield self.tokens[name].text

    def _definitions(self, start: int, before: int) -> list[Span]:
        found: list[Span] = []
        while start < before and self.tokens[start].kind in _NAMES:
            body = start + 1
            if self.operator(body) == "(":
                body = self._closing[body] + 1
            if self.word(body) != "AS" or self.operator(body + 1) != "(":
                break
            end = self._closing[body + 1]
            if end >= before:
                break
            found.append(self.span(range(start, end + 1)))
            if self.operator(end + 1) != ",":
                break
            start = end + 2
        return found
