"""Query parameters written into the statement, as literals."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, cast

from bqvision.local.statements.literals import bytes_literal, identifier, string_literal, string_text
from bqvision.local.statements.tokens import Kind, StatementError, tokenize

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bqvision.local.statements.parameters import QueryParameter

_PREFIXED = frozenset({"TIMESTAMP", "DATE", "DATETIME", "TIME", "NUMERIC", "BIGNUMERIC", "JSON"})


def inlined(sql: str, parameters: Sequence[QueryParameter]) -> str:
    """Writes parameters' values where their names stand.

    Args:
        sql: A statement or a script, with named parameters.
        parameters: Its query parameters.

    Raises:
        StatementError: A parameter is missing.
    """
    given = {parameter.name.lower(): parameter for parameter in parameters if parameter.name is not None}
    pieces: list[str] = []
    position = 0
    for token in tokenize(sql):
        if token.kind is not Kind.PARAMETER:
            continue
        name = string_text(token, sql)
        parameter = given.get(name.lower())
        if parameter is None:
            raise StatementError(f"Query parameter '{name}' not found", sql, token.start)
        pieces += (sql[position : token.start], _literal(parameter.type, parameter.value))
        position = token.end
    pieces.append(sql[position:])
    return "".join(pieces)


def _literal(kind: Mapping[str, object], value: Mapping[str, object]) -> str:
    name = str(kind.get("type", "STRING")).upper()
    if name == "ARRAY":
        element = _mapping(kind.get("arrayType"))
        items = cast("Sequence[object]", value.get("arrayValues", ()))
        written = ", ".join(_literal(element, _mapping(item)) for item in items)
        return f"{_type(kind)}[{written}]"
    if name == "STRUCT":
        members = _mapping(value.get("structValues"))
        written = ", ".join(
            f"{_literal(_mapping(field.get('type')), _mapping(members.get(str(field.get('name')))))}"
            f" AS {identifier(str(field.get('name')))}"
            for field in _fields(kind)
        )
        return f"STRUCT({written})"
    text = value.get("value")
    if text is None:
        return f"CAST(NULL AS {name})"
    return _scalar(name, str(text))


def _scalar(name: str, text: str) -> str:
    if name == "STRING":
        return string_literal(text)
    if name == "BYTES":
        return bytes_literal(base64.b64decode(text))
    if name in _PREFIXED:
        return f"{name} {string_literal(text)}"
    return f"CAST({string_literal(text)} AS {name})"


def _type(kind: Mapping[str, object]) -> str:
    name = str(kind.get("type", "STRING")).upper()
    if name == "ARRAY":
        return f"ARRAY<{_type(_mapping(kind.get('arrayType')))}>"
    if name == "STRUCT":
        fields = (f"{identifier(str(f.get('name')))} {_type(_mapping(f.get('type')))}" for f in _fields(kind))
        return f"STRUCT<{', '.join(fields)}>"
    return name


def _fields(kind: Mapping[str, object]) -> list[Mapping[str, object]]:
    return [_mapping(field) for field in cast("Sequence[object]", kind.get("structTypes", ()))]


def _mapping(value: object) -> Mapping[str, object]:
    return cast("Mapping[str, object]", value) if isinstance(value, dict) else {}
