"""From a statement's text to what it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bqvision.local.statements.dcl import parse_dcl
from bqvision.local.statements.ddl import parse_ddl
from bqvision.local.statements.literals import string_text
from bqvision.local.statements.nodes import Script
from bqvision.local.statements.query import parse_query
from bqvision.local.statements.script import is_procedural, split_tokens
from bqvision.local.statements.tokens import Kind, StatementError, tokenize

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bqvision.local.statements.nodes import ParsedStatement
    from bqvision.local.statements.parameters import QueryParameter
    from bqvision.local.statements.tokens import Token


def parse(sql: str, parameters: Sequence[QueryParameter] = ()) -> ParsedStatement:
    """Reads a statement.

    Args:
        sql: One statement or a script; a semicolon at the end and comments anywhere are fine.
        parameters: Its query parameters, named or positional.

    Returns:
        The statement. What the emulator is to run comes back as a `Query`; several statements, or a
        procedural one, as a `Script`.

    Raises:
        StatementError: The statement can't be read, or a parameter is missing.
        UnsupportedStatementError: It is valid, but the local BigQuery can't run it.
    """
    sql, parameters = name_parameters(sql, parameters)
    tokens = tokenize(sql)
    parts = split_tokens(sql, tokens)
    if not parts:
        raise StatementError("Syntax error: Unexpected end of statement", sql, len(sql))
    procedural = any(is_procedural(part) for part in parts)
    first = parts[0]
    if len(parts) > 1 or procedural:
        return Script(
            sql=sql,
            parameters=tuple(parameters),
            statements=tuple(sql[part[0].start : part[-1].end] for part in parts),
            procedural=procedural,
        )
    named = _by_name(sql, first, parameters)
    return parse_ddl(sql, first, named) or parse_dcl(sql, first, named) or parse_query(sql, first, named)


def name_parameters(sql: str, parameters: Sequence[QueryParameter]) -> tuple[str, tuple[QueryParameter, ...]]:
    """Turns positional parameters into named ones, so that a part of a statement keeps its own.

    Args:
        sql: A statement or a script.
        parameters: Its parameters.

    Returns:
        The text and the parameters; both as they were if none is positional.

    Raises:
        StatementError: There are more markers than values.
    """
    if not parameters or parameters[0].name is not None:
        return sql, tuple(parameters)
    pieces: list[str] = []
    position = count = 0
    for token in tokenize(sql):
        if token.kind is not Kind.POSITIONAL:
            continue
        if count >= len(parameters):
            raise StatementError("Not enough positional query parameters", sql, token.start)
        pieces.append(sql[position : token.start] + f"@{_positional_name(count)}")
        position = token.end
        count += 1
    pieces.append(sql[position:])
    named = tuple(parameter.renamed(_positional_name(index)) for index, parameter in enumerate(parameters))
    return "".join(pieces), named


def _positional_name(index: int) -> str:
    return f"positional_{index + 1}"


def _by_name(
    sql: str, tokens: Sequence[Token], parameters: Sequence[QueryParameter]
) -> Mapping[str, QueryParameter]:
    named = {parameter.name.lower(): parameter for parameter in parameters if parameter.name is not None}
    for token in tokens:
        if token.kind is Kind.POSITIONAL:
            raise StatementError("Query has positional parameters, but none were given", sql, token.start)
        if token.kind is Kind.PARAMETER and string_text(token, sql).lower() not in named:
            name = string_text(token, sql)
            raise StatementError(f"Query parameter '{name}' not found", sql, token.start)
    return named
