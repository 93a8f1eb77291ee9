"""Reading the calls of model functions: MODEL, input and STRUCT, or arguments by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bqvision.local.statements.constants import constant
from bqvision.local.statements.cursor import Cursor
from bqvision.local.statements.nodes import ModelCall, QueryInput, TableInput
from bqvision.local.statements.tokens import Kind, Span, StatementError
from bqvision.local.statements.values import Expression

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bqvision.local.functions import Function
    from bqvision.local.statements.parameters import QueryParameter
    from bqvision.local.statements.values import Value


def model_call(
    function: Function, arguments: Cursor, span: Span, parameters: Mapping[str, QueryParameter]
) -> ModelCall:
    """Reads a call.

    Args:
        function: What is called.
        arguments: Over what stands in its brackets.
        span: The whole call.
        parameters: Query parameters by lower-cased name.

    Raises:
        StatementError: It is called in a way that BigQuery refuses too.
    """
    if function.scalar:
        return _scalar_call(function, arguments, span, parameters)
    items = list(arguments.items())
    if len(items) < 2:
        reason = f"{function.name} needs MODEL and TABLE or a query"
        raise StatementError(reason, arguments.sql, span.start)
    model, source, *rest = items
    model.expect("MODEL")
    path = model.path()
    model.expect_end()
    if len(rest) > 1:
        raise rest[1].error(f"Too many arguments to {function.name}")
    return ModelCall(
        function=function.name,
        span=span,
        model=path,
        source=_input(source),
        arguments=_fields(rest[0], parameters) if rest else {},
    )


def _scalar_call(
    function: Function, arguments: Cursor, span: Span, parameters: Mapping[str, QueryParameter]
) -> ModelCall:
    question: Expression | None = None
    values: dict[str, Value] = {}
    positional = list(function.positional)
    for item in arguments.items():
        place = item.peek().start
        if item.peek().kind in {Kind.WORD, Kind.QUOTED} and item.peek(1).operator == "=>":
            name = item.path()[0].lower()
            item.expect_operator("=>")
            positional.clear()
        elif not positional:
            raise item.error(f"{function.name} takes this argument by its name only: name => value")
        else:
            name = positional.pop(0)
        if name in values:
            raise StatementError(f"Duplicate argument {name} of {function.name}", arguments.sql, place)
        if name == function.positional[0]:
            question = Expression(item.text, item.span)
        values[name] = constant(item, parameters)
    return ModelCall(function=function.name, span=span, question=question, arguments=values)


def _input(cursor: Cursor) -> TableInput | QueryInput:
    if cursor.accept("TABLE"):
        start = cursor.peek().start
        path = cursor.path()
        end = cursor.tokens[cursor.index - 1].end
        cursor.expect_end()
        return TableInput(path, Span(start, end))
    if cursor.peek().operator != "(":
        raise cursor.unexpected("TABLE or a query in brackets")
    query = cursor.group()
    cursor.expect_end()
    return QueryInput(query.text, query.span)


def _fields(cursor: Cursor, parameters: Mapping[str, QueryParameter]) -> Mapping[str, Value]:
    if cursor.peek().word != "STRUCT":
        raise cursor.unexpected("STRUCT(...)")
    cursor.next()
    group = cursor.group()
    cursor.expect_end()
    values: dict[str, Value] = {}
    for item in group.items():
        place = item.span.start
        name, value = _field(item, parameters)
        if name in values:
            raise StatementError(f"Duplicate argument {name}", cursor.sql, place)
        values[name] = value
    return values


def _field(item: Cursor, parameters: Mapping[str, QueryParameter]) -> tuple[str, Value]:
    """Reads `value AS name`, the name being what stands behind the last AS outside brackets."""
    tokens = item.tokens
    if len(tokens) < 3 or tokens[-2].word != "AS" or tokens[-1].kind not in {Kind.WORD, Kind.QUOTED}:
        raise item.error("Every field of the model's STRUCT needs a name: value AS name")
    name = Cursor(item.sql, tokens[-1:]).path()[-1]
    return name.lower(), constant(Cursor(item.sql, tokens[:-2]), parameters)
