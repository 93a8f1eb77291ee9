"""Finding in a query what the emulator can't run, and which tables it names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bqvision.local.statements.constants import constant
from bqvision.local.statements.cursor import Cursor, closing_index
from bqvision.local.statements.nodes import ModelCall, Query, QueryInput, SignedUrlCall, TableInput, Target
from bqvision.local.statements.options import Options
from bqvision.local.statements.tokens import Kind, Span, StatementError, UnsupportedStatementError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bqvision.local.statements.nodes import Path
    from bqvision.local.statements.parameters import QueryParameter
    from bqvision.local.statements.tokens import Token
    from bqvision.local.statements.values import Value

TABLE_FUNCTIONS = frozenset({"ML.GENERATE_TEXT", "AI.GENERATE_TEXT", "AI.GENERATE_TABLE"})
"""Model functions that stand in a FROM clause."""

SCALAR_FUNCTIONS = frozenset(
    {
        "AI.GENERATE",
        "AI.GENERATE_BOOL",
        "AI.GENERATE_INT",
        "AI.GENERATE_DOUBLE",
        "AI.IF",
        "AI.CLASSIFY",
        "AI.SCORE",
    }
)
"""Model functions that give one value per row."""

_TRANSFORM = "EXTERNAL_OBJECT_TRANSFORM"


def parse_query(sql: str, tokens: tuple[Token, ...], parameters: Mapping[str, QueryParameter]) -> Query:
    """Reads any statement that the emulator is to run.

    Args:
        sql: The statement.
        tokens: Its tokens.
        parameters: Query parameters by lower-cased name.

    Raises:
        StatementError: A model function is called in a way that BigQuery refuses too.
    """
    model_calls: list[ModelCall] = []
    signed_url_calls: list[SignedUrlCall] = []
    for name, arguments, span in _calls(sql, tokens):
        if name in SCALAR_FUNCTIONS:
            model_calls.append(ModelCall(function=name, span=span, scalar=True))
        elif name in TABLE_FUNCTIONS:
            model_calls.append(_model_call(name, arguments, span, parameters))
        elif name == _TRANSFORM:
            signed_url_calls.append(_signed_url_call(arguments, span, parameters))
    return Query(
        sql=sql,
        parameters=tuple(parameters.values()),
        model_calls=tuple(model_calls),
        signed_url_calls=tuple(signed_url_calls),
        table_paths=_table_paths(sql, tokens),
        target=_target(sql, tokens, parameters),
    )


def _names(sql: str, tokens: tuple[Token, ...]) -> Iterator[tuple[Path, int, int]]:
    """Yields every dotted name with the indexes of its first token and of the token after it."""
    cursor = Cursor(sql, tokens)
    while not cursor.at_end:
        start = cursor.index
        if cursor.peek().kind in {Kind.WORD, Kind.QUOTED}:
            path = cursor.path()
            yield path, start, cursor.index
        else:
            cursor.index += 1


def _calls(sql: str, tokens: tuple[Token, ...]) -> Iterator[tuple[str, Cursor, Span]]:
    for path, start, after in _names(sql, tokens):
        name = ".".join(path).upper()
        if name not in TABLE_FUNCTIONS and name not in SCALAR_FUNCTIONS and name != _TRANSFORM:
            continue
        if after >= len(tokens) or tokens[after].operator != "(":
            continue
        end = closing_index(sql, tokens, after)
        yield name, Cursor(sql, tokens[after + 1 : end]), Span(tokens[start].start, tokens[end].end)


def _model_call(
    function: str, arguments: Cursor, span: Span, parameters: Mapping[str, QueryParameter]
) -> ModelCall:
    items = list(arguments.items())
    if len(items) < 2:
        reason = f"{function} needs MODEL and TABLE or a query"
        raise StatementError(reason, arguments.sql, span.start)
    model, source, *rest = items
    model.expect("MODEL")
    path = model.path()
    model.expect_end()
    if len(rest) > 1:
        raise rest[1].error(f"Too many arguments to {function}")
    return ModelCall(
        function=function,
        span=span,
        scalar=False,
        model=path,
        source=_input(source),
        arguments=_arguments(rest[0], parameters) if rest else {},
    )


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


def _arguments(cursor: Cursor, parameters: Mapping[str, QueryParameter]) -> Mapping[str, Value]:
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


def _signed_url_call(
    arguments: Cursor, span: Span, parameters: Mapping[str, QueryParameter]
) -> SignedUrlCall:
    items = list(arguments.items())
    if len(items) != 2:
        reason = f"{_TRANSFORM} needs a table and ['SIGNED_URL']"
        raise StatementError(reason, arguments.sql, span.start)
    table, kinds = items
    table.expect("TABLE")
    path = table.path()
    table.expect_end()
    place = kinds.span.start
    wanted = constant(kinds, parameters)
    texts = wanted if isinstance(wanted, tuple) else (wanted,)
    if not texts or any(not isinstance(text, str) or text.upper() != "SIGNED_URL" for text in texts):
        raise UnsupportedStatementError(f"{_TRANSFORM} knows only ['SIGNED_URL']", arguments.sql, place)
    return SignedUrlCall(path, span)


def _table_paths(sql: str, tokens: tuple[Token, ...]) -> tuple[Path, ...]:
    found: dict[Path, None] = {}
    for path, start, after in _names(sql, tokens):
        is_call = after < len(tokens) and tokens[after].operator == "("
        is_keyword = after - start == 1 and tokens[start].word in _KEYWORDS
        if not is_call and not is_keyword:
            found.setdefault(path)
    return tuple(found)


def _target(sql: str, tokens: tuple[Token, ...], parameters: Mapping[str, QueryParameter]) -> Target | None:
    cursor = Cursor(sql, tokens)
    verb = cursor.next().word
    words = [verb]
    if verb in _CHANGES:
        cursor.accept(_CHANGES[verb])
    elif verb in {"CREATE", "DROP", "ALTER"}:
        cursor.accept("OR", "REPLACE")
        while cursor.peek().word in _OBJECT_WORDS:
            words.append(cursor.next().word)
        if len(words) == 1:
            return None
        _ = cursor.accept("IF", "NOT", "EXISTS") or cursor.accept("IF", "EXISTS")
    else:
        return None
    if cursor.peek().kind not in {Kind.WORD, Kind.QUOTED}:
        return None
    start = cursor.peek().start
    path = cursor.path()
    span = Span(start, cursor.tokens[cursor.index - 1].end)
    options, options_span = _own_options(cursor, parameters)
    return Target(" ".join(words), path, span, options, options_span)


def _own_options(
    cursor: Cursor, parameters: Mapping[str, QueryParameter]
) -> tuple[Mapping[str, Value], Span | None]:
    """Reads the OPTIONS of the statement itself, which stand outside brackets and before AS."""
    while not cursor.at_end and cursor.peek().word != "AS":
        if cursor.peek().operator == "(":
            cursor.group()
        elif cursor.peek().word == "OPTIONS" and cursor.peek(1).operator == "(":
            start = cursor.peek(1).start
            values = Options(cursor, parameters).values
            return values, Span(start, cursor.tokens[cursor.index - 1].end)
        else:
            cursor.next()
    return {}, None


_CHANGES = {"INSERT": "INTO", "UPDATE": "", "DELETE": "FROM", "MERGE": "INTO", "TRUNCATE": "TABLE"}
_OBJECT_WORDS = frozenset(
    {
        *("TEMP", "TEMPORARY", "TABLE", "VIEW", "MATERIALIZED", "SNAPSHOT", "EXTERNAL", "FUNCTION"),
        *("PROCEDURE", "SCHEMA", "MODEL"),
    }
)
# Reserved words can't be a table's name unless they are quoted.
_KEYWORDS = frozenset(
    {
        *(
            "ALL",
            "AND",
            "ANY",
            "ARRAY",
            "AS",
            "ASC",
            "AT",
            "BETWEEN",
            "BY",
            "CASE",
            "CAST",
            "COLLATE",
            "CREATE",
        ),
        *(
            "CROSS",
            "CUBE",
            "CURRENT",
            "DEFAULT",
            "DEFINE",
            "DESC",
            "DISTINCT",
            "ELSE",
            "END",
            "ENUM",
            "ESCAPE",
        ),
        *(
            "EXCEPT",
            "EXCLUDE",
            "EXISTS",
            "EXTRACT",
            "FALSE",
            "FETCH",
            "FOLLOWING",
            "FOR",
            "FROM",
            "FULL",
            "GROUP",
        ),
        *(
            "GROUPING",
            "GROUPS",
            "HASH",
            "HAVING",
            "IF",
            "IGNORE",
            "IN",
            "INNER",
            "INTERSECT",
            "INTERVAL",
            "INTO",
        ),
        *("IS", "JOIN", "LATERAL", "LEFT", "LIKE", "LIMIT", "LOOKUP", "MERGE", "NATURAL", "NEW", "NO", "NOT"),
        *("NULL", "NULLS", "OF", "ON", "OR", "ORDER", "OUTER", "OVER", "PARTITION", "PRECEDING", "PROTO"),
        *(
            "QUALIFY",
            "RANGE",
            "RECURSIVE",
            "RESPECT",
            "RIGHT",
            "ROLLUP",
            "ROWS",
            "SELECT",
            "SET",
            "SOME",
            "STRUCT",
        ),
        *(
            "TABLESAMPLE",
            "THEN",
            "TO",
            "TREAT",
            "TRUE",
            "UNBOUNDED",
            "UNION",
            "UNNEST",
            "USING",
            "WHEN",
            "WHERE",
        ),
        *("WINDOW", "WITH", "WITHIN"),
    }
)
