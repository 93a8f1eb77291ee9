"""Evaluating the constants of option lists and model arguments."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from bqvision.local.statements.cursor import Cursor
from bqvision.local.statements.literals import bytes_value, string_text
from bqvision.local.statements.tokens import Kind, StatementError
from bqvision.local.statements.values import Expression, Interval, JsonText, Struct

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bqvision.local.statements.parameters import QueryParameter
    from bqvision.local.statements.values import Value

_UNITS = {
    "MICROSECOND": timedelta(microseconds=1),
    "MILLISECOND": timedelta(milliseconds=1),
    "SECOND": timedelta(seconds=1),
    "MINUTE": timedelta(minutes=1),
    "HOUR": timedelta(hours=1),
    "DAY": timedelta(days=1),
    "WEEK": timedelta(weeks=1),
}
_MONTHS = {"MONTH": 1, "QUARTER": 3, "YEAR": 12}


class _NotConstantError(Exception):
    """Internal: only a query engine can evaluate this."""


def constant(cursor: Cursor, parameters: Mapping[str, QueryParameter]) -> Value:
    """Evaluates all that a cursor has left.

    Args:
        cursor: Over exactly one expression.
        parameters: Query parameters by lower-cased name.

    Returns:
        The value, or an `Expression` when it isn't a constant.

    Raises:
        StatementError: Nothing is there, a literal is wrong, or a parameter was not given.
    """
    if cursor.at_end:
        raise cursor.unexpected("an expression")
    expression = Expression(cursor.text, cursor.span)
    reader = Cursor(cursor.sql, cursor.tokens[cursor.index :])
    cursor.index = len(cursor.tokens)
    try:
        value = _Evaluator(parameters).concatenation(reader)
    except _NotConstantError:
        return expression
    return value if reader.at_end else expression


class _Evaluator:
    def __init__(self, parameters: Mapping[str, QueryParameter]) -> None:
        self._parameters = parameters

    def concatenation(self, cursor: Cursor) -> Value:
        value = self._value(cursor)
        while cursor.peek().operator == "||":
            cursor.next()
            right = self._value(cursor)
            if not (isinstance(value, str) and isinstance(right, str)):
                raise _NotConstantError
            value += right
        return value

    def _item(self, cursor: Cursor) -> Value:
        value = self.concatenation(cursor)
        if not cursor.at_end:
            raise _NotConstantError
        return value

    def _value(self, cursor: Cursor) -> Value:
        token = cursor.peek()
        match token.kind:
            case Kind.STRING:
                return self._string(cursor)
            case Kind.BYTES:
                return bytes_value(cursor.next(), cursor.sql)
            case Kind.NUMBER:
                return _number(cursor.next().text)
            case Kind.PARAMETER:
                return self._parameter(cursor)
            case Kind.WORD:
                return self._word(cursor)
            case Kind.OPERATOR:
                return self._operator(cursor)
            case _:
                raise _NotConstantError

    def _string(self, cursor: Cursor) -> str:
        # Adjacent literals are one text in GoogleSQL.
        pieces = [string_text(cursor.next(), cursor.sql)]
        while cursor.peek().kind is Kind.STRING:
            pieces.append(string_text(cursor.next(), cursor.sql))
        return "".join(pieces)

    def _parameter(self, cursor: Cursor) -> Value:
        token = cursor.next()
        parameter = self._parameters.get(string_text(token, cursor.sql).lower())
        if parameter is None:
            name = string_text(token, cursor.sql)
            raise StatementError(f"Query parameter '{name}' not found", cursor.sql, token.start)
        try:
            return parameter.python()
        except (ValueError, InvalidOperation):
            # The value itself stays out of the message.
            kind = parameter.type.get("type")
            reason = f"The value of query parameter '{parameter.name}' is not of type {kind}"
            raise StatementError(reason, cursor.sql, token.start) from None

    def _operator(self, cursor: Cursor) -> Value:
        operator = cursor.peek().operator
        if operator == "[":
            return _named_alike(tuple(self._item(item) for item in cursor.group().items()))
        if operator == "(":
            values = tuple(self._item(item) for item in cursor.group().items())
            if len(values) == 1:
                return values[0]
            return Struct((None,) * len(values), values)
        if operator in {"-", "+"}:
            cursor.next()
            value = self._value(cursor)
            if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
                return -value if operator == "-" else value
        raise _NotConstantError

    def _word(self, cursor: Cursor) -> Value:
        word = cursor.next().word
        if word in _KEYWORDS:
            return _KEYWORDS[word]
        if word == "INTERVAL":
            return self._interval(cursor)
        if word in _TYPED and cursor.peek().kind is Kind.STRING:
            place = cursor.peek().start
            text = self._string(cursor)
            try:
                return _TYPED[word](text)
            except (ValueError, InvalidOperation):
                raise StatementError(f"Invalid {word} literal", cursor.sql, place) from None
        if word in {"ARRAY", "STRUCT"}:
            names = _type_names(cursor)
            if word == "STRUCT" and cursor.peek().operator == "(":
                return self._struct(cursor.group(), names)
            if word == "ARRAY" and cursor.peek().operator == "[":
                items = tuple(self._item(item) for item in cursor.group().items())
                return tuple(_named(item, names) for item in items)
        raise _NotConstantError

    def _struct(self, cursor: Cursor, names: tuple[str | None, ...]) -> Value:
        fields = [self._field(item) for item in cursor.items()]
        values = tuple(value for _, value in fields)
        return _named(Struct(tuple(name for name, _ in fields), values), names)

    def _field(self, cursor: Cursor) -> tuple[str | None, Value]:
        value = self.concatenation(cursor)
        if cursor.at_end:
            return None, value
        if not cursor.accept("AS"):
            raise _NotConstantError
        (name,) = cursor.path()
        cursor.expect_end()
        return name, value

    def _interval(self, cursor: Cursor) -> Interval:
        value = self._value(cursor)
        unit = cursor.next().word
        if not isinstance(value, int | str) or isinstance(value, bool) or cursor.peek().word == "TO":
            raise _NotConstantError
        try:
            count = int(value)
        except ValueError:
            raise _NotConstantError from None
        if unit in _MONTHS:
            return Interval(count * _MONTHS[unit], timedelta())
        if unit in _UNITS:
            return Interval(0, count * _UNITS[unit])
        raise _NotConstantError


def _type_names(cursor: Cursor) -> tuple[str | None, ...]:
    """Moves past `<...>` and returns the field names of the (innermost array's) struct type."""
    if not cursor.accept_operator("<"):
        return ()
    depth = 1
    names: list[str | None] = []
    struct_depth = 1
    at_name = True
    while depth:
        token = cursor.next()
        if token.operator == "<":
            depth += 1
        elif token.operator == ">":
            depth -= 1
        elif depth == 1 and token.word == "STRUCT" and not names:
            struct_depth = 2
            at_name = True
        elif depth == struct_depth and token.operator == ",":
            at_name = True
        elif depth == struct_depth and at_name:
            followed = cursor.peek().kind in {Kind.WORD, Kind.QUOTED}
            names.append(string_text(token, cursor.sql) if followed else None)
            at_name = False
    return tuple(names)


def _named(value: Value, names: tuple[str | None, ...]) -> Value:
    if isinstance(value, Struct) and len(value.names) == len(names):
        merged = tuple(own if own is not None else name for own, name in zip(value.names, names, strict=True))
        return Struct(merged, value.values)
    return value


def _named_alike(items: tuple[Value, ...]) -> Value:
    """Gives an array's later structs the field names of the first, as BigQuery does."""
    first = items[0] if items else None
    if not isinstance(first, Struct):
        return items
    return tuple(_named(item, first.names) for item in items)


def _number(text: str) -> int | float:
    if text[:2].lower() == "0x":
        return int(text, 16)
    return float(text) if any(mark in text for mark in ".eE") else int(text)


def _timestamp(text: str) -> datetime:
    moment = datetime.fromisoformat(text.strip().removesuffix("UTC").strip())
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


_KEYWORDS: Mapping[str, Value] = {"TRUE": True, "FALSE": False, "NULL": None}
_TYPED: Mapping[str, Callable[[str], Value]] = {
    "TIMESTAMP": _timestamp,
    "DATE": date.fromisoformat,
    "DATETIME": datetime.fromisoformat,
    "JSON": JsonText,
    "NUMERIC": Decimal,
    "BIGNUMERIC": Decimal,
}
