"""Finding in a query what the emulator can't run, and which tables it names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bqvision.local.functions import FUNCTIONS
from bqvision.local.statements.calls import model_call
from bqvision.local.statements.constants import constant
from bqvision.local.statements.cursor import Cursor, closing_index
from bqvision.local.statements.keywords import RESERVED
from bqvision.local.statements.nodes import Query, SignedUrlCall, Target
from bqvision.local.statements.options import Options
from bqvision.local.statements.project_nodes import ProjectOptions
from bqvision.local.statements.tokens import Kind, Span, StatementError, UnsupportedStatementError, tokenize

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bqvision.local.statements.nodes import ModelCall, Path
    from bqvision.local.statements.parameters import QueryParameter
    from bqvision.local.statements.tokens import Token
    from bqvision.local.statements.values import Value

_TRANSFORM = "EXTERNAL_OBJECT_TRANSFORM"
_PROJECT_OPTIONS = ("INFORMATION_SCHEMA", "PROJECT_OPTIONS")
_REGION = "region-"


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
        if name == _TRANSFORM:
            signed_url_calls.append(_signed_url_call(arguments, span, parameters))
        else:
            model_calls.append(model_call(FUNCTIONS[name], arguments, span, parameters))
    return Query(
        sql=sql,
        parameters=tuple(parameters.values()),
        model_calls=tuple(model_calls),
        signed_url_calls=tuple(signed_url_calls),
        project_options=tuple(_project_options(sql, tokens)),
        table_paths=_table_paths(sql, tokens),
        target=_target(sql, tokens, parameters),
    )


def model_functions(sql: str) -> tuple[str, ...]:
    """Returns the names of the model functions that a text calls.

    Args:
        sql: A statement or a script.
    """
    return tuple(name for name, _, _ in _calls(sql, tokenize(sql)) if name != _TRANSFORM)


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
        if name not in FUNCTIONS and name != _TRANSFORM:
            continue
        if after >= len(tokens) or tokens[after].operator != "(":
            continue
        end = closing_index(sql, tokens, after)
        yield name, Cursor(sql, tokens[after + 1 : end]), Span(tokens[start].start, tokens[end].end)


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


def _project_options(sql: str, tokens: tuple[Token, ...]) -> Iterator[ProjectOptions]:
    for path, start, after in _names(sql, tokens):
        *place, schema, view = ("", *path)
        if (schema.upper(), view.upper()) != _PROJECT_OPTIONS:
            continue
        span = Span(tokens[start].start, tokens[after - 1].end)
        if len(place) > 3 or not place[-1].lower().startswith(_REGION):
            name = ".".join(_PROJECT_OPTIONS)
            raise StatementError(
                f"{name} must be qualified with a region (e.g. `region-us`)", sql, span.start
            )
        project = place[1] if len(place) > 2 else None
        yield ProjectOptions(project, place[-1].lower().removeprefix(_REGION), span)


def _table_paths(sql: str, tokens: tuple[Token, ...]) -> tuple[Path, ...]:
    found: dict[Path, None] = {}
    for path, start, after in _names(sql, tokens):
        is_call = after < len(tokens) and tokens[after].operator == "("
        is_keyword = after - start == 1 and tokens[start].word in RESERVED
        if not is_call and not is_keyword:
            found.setdefault(path)
    return tuple(found)


def _target(sql: str, tokens: tuple[Token, ...], parameters: Mapping[str, QueryParameter]) -> Target | None:
    cursor = Cursor(sql, tokens)
    verb = cursor.next().word
    words = [verb]
    replace = if_not_exists = False
    if verb in _CHANGES:
        cursor.accept(_CHANGES[verb])
    elif verb in {"CREATE", "DROP", "ALTER"}:
        replace = cursor.accept("OR", "REPLACE")
        while cursor.peek().word in _OBJECT_WORDS:
            words.append(cursor.next().word)
        if len(words) == 1:
            return None
        if_not_exists = cursor.accept("IF", "NOT", "EXISTS")
        cursor.accept("IF", "EXISTS")
    else:
        return None
    if cursor.peek().kind not in {Kind.WORD, Kind.QUOTED}:
        return None
    start = cursor.peek().start
    path = cursor.path()
    span = Span(start, cursor.tokens[cursor.index - 1].end)
    options, options_span = _own_options(cursor, parameters)
    return Target(" ".join(words), path, span, options, options_span, replace, if_not_exists)


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
