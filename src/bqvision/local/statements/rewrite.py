"""Putting a statement into words that the emulator understands as BigQuery does.

The work is done in this order:

1. replacements are spliced in (model calls give way to tables with their answers);
2. each of `differences.DIFFERENCES` replaces an expression that the emulator computes otherwise;
3. literals, comments and parameters are written anew: comments go, since the emulator searches them for
   words and quotes; literals are written so that it decodes them rightly, and broken up where their text
   holds a word that it searches the raw statement for; every use of a parameter gets a name of its own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bqvision.local.statements.cursor import closing_index
from bqvision.local.statements.differences import DIFFERENCES
from bqvision.local.statements.inline import inlined
from bqvision.local.statements.literals import (
    bytes_literal,
    bytes_value,
    identifier,
    string_literal,
    string_text,
)
from bqvision.local.statements.parse import name_parameters
from bqvision.local.statements.query import parse_query
from bqvision.local.statements.script import is_script, split_tokens
from bqvision.local.statements.tokens import Kind, Span, StatementError, scan, tokenize

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bqvision.local.statements.nodes import Query
    from bqvision.local.statements.parameters import QueryParameter
    from bqvision.local.statements.tokens import Token


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A statement for the emulator.

    Attributes:
        sql: Its text.
        parameters: Its parameters, all named.
    """

    sql: str = field(repr=False)
    parameters: tuple[QueryParameter, ...]


def rewrite(
    sql: str,
    parameters: Sequence[QueryParameter] = (),
    replacements: Mapping[Span, str] | None = None,
) -> Rewritten:
    """Puts a statement into the emulator's words.

    Args:
        sql: A statement or a script; `Query.sql` when there are replacements, since their spans belong to it.
        parameters: Its query parameters.
        replacements: GoogleSQL texts that take the place of parts of the statement.

    Raises:
        StatementError: The statement can't be cut into tokens, replacements overlap, or a parameter is
            missing.
    """
    if replacements:
        sql = splice(sql, replacements)
    sql, parameters = name_parameters(sql, parameters)
    if is_script(sql):
        # The emulator binds no parameters in scripts.
        sql, parameters = inlined(sql, parameters), ()
    for difference in DIFFERENCES:
        sql = difference(sql)
    return _Writer(sql, parameters).written()


def replaced(query: Query, replacements: Mapping[Span, str]) -> Query:
    """Replaces parts of a statement.

    Args:
        query: The statement.
        replacements: What takes the place of which part.

    Returns:
        What it is after that.

    Raises:
        StatementError: Two parts overlap, or the statement can't be read any more.
    """
    sql = splice(query.sql, replacements)
    named = {
        parameter.name.lower(): parameter for parameter in query.parameters if parameter.name is not None
    }
    return parse_query(sql, split_tokens(sql, tokenize(sql))[0], named)


def splice(sql: str, replacements: Mapping[Span, str]) -> str:
    """Replaces parts of a text.

    Args:
        sql: The text.
        replacements: What takes the place of which part.

    Raises:
        StatementError: Two parts overlap.
    """
    pieces: list[str] = []
    position = 0
    for span in sorted(replacements):
        if span.start < position:
            raise StatementError("Replacements overlap", sql, span.start)
        pieces += (sql[position : span.start], replacements[span])
        position = span.end
    pieces.append(sql[position:])
    return "".join(pieces)


# What the emulator looks for in the raw statement, inside literals too; each alternative ends where to break.
_SEARCHED = re.compile(
    r"""ML\.(?=PREDICT|EVALUATE|FORECAST|GENERATE_TEXT|GENERATE_EMBEDDING)
    | _PARTITION(?=DATE|TIME)
    | _TABLE_(?=SUFFIX)
    | INFORMATION_(?=SCHEMA)
    | RANGE_(?=SESSIONIZE)
    | SYSTEM_(?=TIME)
    | NUM(?=ERIC\s)
    | (?:FROM|JOIN)(?=\s+[\w`.-]+\*)
    """,
    re.IGNORECASE | re.VERBOSE,
)
# No character: a lone surrogate marks the breaks.
_BREAK = "\ud800"
# Behind these a literal must stay one literal.
_LITERAL_ONLY = frozenset(
    {"DATE", "TIME", "DATETIME", "TIMESTAMP", "NUMERIC", "BIGNUMERIC", "INTERVAL", "RANGE"}
)


class _Writer:
    def __init__(self, sql: str, parameters: Sequence[QueryParameter]) -> None:
        self._sql = sql
        self._given = {
            parameter.name.lower(): parameter for parameter in parameters if parameter.name is not None
        }
        self._used: list[QueryParameter] = []
        # The emulator replaces @name and $name in literals too: a name that no text contains is safe.
        self._prefix = "bqv"
        while self._prefix in sql.lower():
            self._prefix += "_"

    def written(self) -> Rewritten:
        options = _option_spans(self._sql)
        pieces: list[str] = []
        previous = ""
        for token in scan(self._sql):
            if token.kind is Kind.SPACE:
                pieces.append(token.text)
            elif token.kind is Kind.COMMENT:
                pieces.append(" ")
            else:
                is_option = any(span.start < token.start < span.end for span in options)
                pieces.append(self._token(token, "OPTIONS" if is_option else previous))
                previous = token.word or token.operator
        return Rewritten("".join(pieces).strip(), tuple(self._used))

    def _token(self, token: Token, place: str) -> str:
        match token.kind:
            case Kind.STRING:
                return _string(string_text(token, self._sql), place)
            case Kind.BYTES:
                return bytes_literal(bytes_value(token, self._sql))
            case Kind.QUOTED if "\\" in token.text:
                return identifier(string_text(token, self._sql))
            case Kind.PARAMETER:
                return self._parameter(token)
            case _:
                return token.text

    def _parameter(self, token: Token) -> str:
        name = string_text(token, self._sql)
        parameter = self._given.get(name.lower())
        if parameter is None:
            raise StatementError(f"Query parameter '{name}' not found", self._sql, token.start)
        unique = f"{self._prefix}{len(self._used) + 1}"
        self._used.append(parameter.renamed(unique))
        return f"@{unique}"


def _string(text: str, place: str) -> str:
    """Writes a literal.

    Args:
        text: Its text.
        place: The word or operator in front of it, or OPTIONS anywhere in such a list.
    """
    broken = _SEARCHED.sub(lambda found: found.group() + _BREAK, text)
    if place == "JSON":
        # Such a word can only stand in a string of the JSON text, where an escape means the same.
        return string_literal(re.sub(f"{_BREAK}(.)", lambda found: f"\\u{ord(found[1]):04x}", broken))
    if place == "OPTIONS":
        # The emulator keeps no option's text, so that a blank in it does no harm; an expression would.
        return string_literal(broken.replace(_BREAK, " "))
    if place in _LITERAL_ONLY or (broken == text and "\0" not in text):
        return string_literal(text)
    parts = re.split(f"{_BREAK}|(\0)", broken)
    return f"({' || '.join('CHR(0)' if part == chr(0) else string_literal(part) for part in parts if part)})"


def _option_spans(sql: str) -> tuple[Span, ...]:
    tokens = tokenize(sql)
    spans: list[Span] = []
    for index, token in enumerate(tokens[:-1]):
        if token.word == "OPTIONS" and tokens[index + 1].operator == "(":
            end = closing_index(sql, tokens, index + 1)
            spans.append(Span(token.start, tokens[end].end))
    return tuple(spans)
