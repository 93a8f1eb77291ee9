r"""Expressions that the emulator computes otherwise than BigQuery, put so that both mean the same.

Each function takes a text and gives a text, works on tokens, and leaves alone what it doesn't know.

What remains, since only the types of columns would tell:

- `CAST(2.5 AS INT64)` is 2 (half to even) where BigQuery says 3; `CAST('1912.5' AS INT64)` doesn't fail.
- Subscripts in a JSON path, `j.a[0].b`, give NULL: `JSON_QUERY(j, '$.a[0].b')` works. `STRING(j.a)` keeps
  the quotes: `LAX_STRING(j.a)` doesn't.
- Text that breaks off inside a JSON object gives NULL where BigQuery may have found the field before the
  break; text behind a value is dropped only from the last bracket in it. Numbers lose
  zeros at their end (1.50 is 1.5).
- Fields called on a function's result, `SAFE.PARSE_JSON(x).a`, fail; a column in between works.
- `CAST(1.0 AS STRING)` is '1.0'; `TO_JSON_STRING` of a timestamp, `FORMAT('%T')`, `LIKE` with an escaped
  backslash, `ARRAY_AGG` over no rows ([] where BigQuery gives NULL) and subscripts out of range differ.
- Columns without a name are called after their expression, not `f0_`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bqvision.local.statements.cursor import Cursor, closing_index
from bqvision.local.statements.literals import string_literal, string_text
from bqvision.local.statements.tokens import Kind, tokenize

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from bqvision.local.statements.tokens import Token

# The first value of a text that goes on behind it, as BigQuery's reader sees it.
_FIRST_VALUE = r"r'(?s)^\s*([\[{].*[\]}])'"
_JSON_TEXT_FUNCTIONS = frozenset({"JSON_VALUE", "JSON_QUERY", "JSON_EXTRACT", "JSON_EXTRACT_SCALAR"})
_JSON_MAKERS = frozenset({"JSON", "PARSE_JSON", "SAFE", "TO_JSON", "JSON_OBJECT", "JSON_ARRAY", "COALESCE"})
_INTEGER_TEXT = r"r'^\s*([+-]?(?:[0-9]+|0[xX][0-9a-fA-F]+))\s*$'"
_VALUE_WORDS = frozenset({"NULL", "TRUE", "FALSE", "CURRENT_DATE", "CURRENT_TIMESTAMP"})
_MICROSECONDS = {
    "MILLISECOND": 1_000,
    "SECOND": 1_000_000,
    "MINUTE": 60_000_000,
    "HOUR": 3_600_000_000,
    "DAY": 86_400_000_000,
}


def joined_literals(sql: str) -> str:
    """Adjacent string literals are one text: one literal, which can be broken up where the emulator needs it.

    Args:
        sql: GoogleSQL.
    """
    pieces: list[str] = []
    texts: list[str] = []
    position = end = 0
    for token in (*tokenize(sql), None):
        if token is not None and token.kind is Kind.STRING:
            if not texts:
                pieces.append(sql[position : token.start])
                position = token.start
            texts.append(string_text(token, sql))
            end = token.end
        elif texts:
            pieces.append(string_literal("".join(texts)) if len(texts) > 1 else sql[position:end])
            position = end
            texts = []
    pieces.append(sql[position:])
    return "".join(pieces)


def lenient_json(sql: str) -> str:
    """JSON functions on text that isn't JSON fail the query; BigQuery gives NULL, or reads the first value.

    JSON null found in a text is NULL for JSON_QUERY and JSON_EXTRACT too.

    Args:
        sql: GoogleSQL.
    """
    return _rewrite_calls(sql, _JSON_TEXT_FUNCTIONS, _lenient_json)


def _lenient_json(name: str, arguments: Sequence[Cursor]) -> str | None:
    if len(arguments) not in {1, 2} or arguments[0].peek().word in _JSON_MAKERS:
        return None
    text = lenient_json(arguments[0].text)
    path = arguments[1].text if len(arguments) == 2 else "'$'"
    value = f"COALESCE(SAFE.PARSE_JSON({text}), SAFE.PARSE_JSON(REGEXP_EXTRACT({text}, {_FIRST_VALUE})))"
    call = f"{name}({value}, {path})"
    return call if name in {"JSON_VALUE", "JSON_EXTRACT_SCALAR"} else f"NULLIF({call}, 'null')"


def whole_div(sql: str) -> str:
    """DIV loses the brackets around its arguments: `DIV(a - 1, b)` is read as `a - 1 // b`.

    Args:
        sql: GoogleSQL.
    """
    return _rewrite_calls(sql, frozenset({"DIV"}), _whole_div)


def _whole_div(name: str, arguments: Sequence[Cursor]) -> str | None:
    if len(arguments) != 2 or all(len(argument.tokens) == 1 for argument in arguments):
        return None
    return f"{name}({', '.join(f'({whole_div(argument.text)})' for argument in arguments)})"


def whole_timestamp_diff(sql: str) -> str:
    """TIMESTAMP_DIFF counts boundaries crossed; BigQuery counts whole units.

    Args:
        sql: GoogleSQL.
    """
    return _rewrite_calls(sql, frozenset({"TIMESTAMP_DIFF"}), _whole_timestamp_diff)


def _whole_timestamp_diff(name: str, arguments: Sequence[Cursor]) -> str | None:
    if len(arguments) != 3 or len(arguments[2].tokens) != 1:
        return None
    unit = _MICROSECONDS.get(arguments[2].peek().word)
    if unit is None:
        return None
    end, start = (whole_timestamp_diff(argument.text) for argument in arguments[:2])
    return f"DIV({name}({end}, {start}, MICROSECOND), {unit})"


def windowed_countif(sql: str) -> str:
    """COUNTIF can't be computed over a window; COUNT of what is NULL elsewhere is the same and can.

    Args:
        sql: GoogleSQL.
    """
    return _rewrite_calls(sql, frozenset({"COUNTIF"}), _windowed_countif)


def _windowed_countif(_: str, arguments: Sequence[Cursor]) -> str | None:
    if len(arguments) != 1 or arguments[0].peek().word == "DISTINCT":
        return None
    return f"COUNT(IF({windowed_countif(arguments[0].text)}, 1, NULL))"


def strict_safe_cast(sql: str) -> str:
    """SAFE_CAST of a text to INT64 rounds decimals; BigQuery gives NULL for what isn't a whole number.

    Args:
        sql: GoogleSQL.
    """
    return _rewrite_calls(sql, frozenset({"SAFE_CAST"}), _strict_safe_cast)


def _strict_safe_cast(name: str, arguments: Sequence[Cursor]) -> str | None:
    if len(arguments) != 1:
        return None
    tokens = arguments[0].tokens
    if (
        len(tokens) < 3
        or tokens[-2].word != "AS"
        or tokens[-1].word != "INT64"
        or _extracts_digits(tokens[:-2])
    ):
        return None
    value = strict_safe_cast(Cursor(arguments[0].sql, tokens[:-2]).text)
    digits = f"REGEXP_EXTRACT(CAST({value} AS STRING), {_INTEGER_TEXT})"
    return f"IF(TYPEOF({value}) = 'VARCHAR', {name}({digits} AS INT64), {name}({value} AS INT64))"


def _extracts_digits(tokens: Sequence[Token]) -> bool:
    """Tells `REGEXP_EXTRACT(x, r'^-?[0-9]+$')`, which lets no decimal point through."""
    if len(tokens) < 2 or tokens[0].word != "REGEXP_EXTRACT" or tokens[-1].operator != ")":
        return False
    return tokens[-2].kind is Kind.STRING and "." not in tokens[-2].text


def named_structs(sql: str) -> str:
    """A column made of `(a, b)` or `STRUCT('text', b)` can't be stored: every field needs a name of its own.

    Args:
        sql: GoogleSQL.
    """
    tokens = tokenize(sql)
    pieces: list[str] = []
    position = 0
    for index, token in enumerate(tokens):
        if token.operator != "(" or token.start < position:
            continue
        end = closing_index(sql, tokens, index)
        fields = list(Cursor(sql, tokens[index + 1 : end]).items())
        if not _is_named(tokens, end + 1) or not _is_struct(tokens, index, fields):
            continue
        is_tuple = index == 0 or tokens[index - 1].word != "STRUCT"
        first = token if is_tuple else tokens[index - 1]
        named = ", ".join(_named_fields(fields, is_tuple=is_tuple))
        pieces += (sql[position : first.start], f"STRUCT({named})")
        position = tokens[end].end
    pieces.append(sql[position:])
    return "".join(pieces)


def _is_named(tokens: Sequence[Token], index: int) -> bool:
    following = tokens[index : index + 2]
    return len(following) == 2 and following[0].word == "AS" and following[1].kind in {Kind.WORD, Kind.QUOTED}


def _is_struct(tokens: Sequence[Token], index: int, fields: Sequence[Cursor]) -> bool:
    """Tells a struct from a call, a list, a subquery."""
    if index and tokens[index - 1].word == "STRUCT":
        return bool(fields)
    is_value = index == 0 or tokens[index - 1].word in {"SELECT", "DISTINCT", "ALL"}
    is_value = is_value or tokens[index - 1].operator in {",", "("}
    return is_value and len(fields) > 1 and fields[0].peek().word not in {"SELECT", "WITH", "FROM"}


def _named_fields(fields: Sequence[Cursor], *, is_tuple: bool) -> Iterator[str]:
    used: set[str] = set()
    for number, field in enumerate(fields, 1):
        tokens = field.tokens
        has_name = len(tokens) > 2 and tokens[-2].word == "AS"
        value = Cursor(field.sql, tokens[:-2] if has_name else tokens).text
        name = tokens[-1].text if has_name or (not is_tuple and _is_column(tokens)) else ""
        if not name or name.upper() in used:
            name = f"_field_{number}"
        used.add(name.upper())
        yield named_structs(f"{value} AS {name}")


def _is_column(tokens: Sequence[Token]) -> bool:
    """Tells a column, whose last part is a field's name when it has no other."""
    is_path = all(token.kind in {Kind.WORD, Kind.QUOTED} or token.operator == "." for token in tokens)
    return is_path and tokens[-1].word not in _VALUE_WORDS


def _rewrite_calls(
    sql: str, names: frozenset[str], rewrite: Callable[[str, Sequence[Cursor]], str | None]
) -> str:
    """Rewrites calls of functions, outermost first; `rewrite` answers for the calls inside its arguments."""
    if not any(name in sql.upper() for name in names):
        return sql
    tokens = tokenize(sql)
    pieces: list[str] = []
    position = 0
    for index, token in enumerate(tokens[:-1]):
        if token.word not in names or token.start < position or not _is_call(tokens, index):
            continue
        end = closing_index(sql, tokens, index + 1)
        text = rewrite(token.word, list(Cursor(sql, tokens[index + 2 : end]).items()))
        if text is None:
            continue
        pieces += (sql[position : token.start], text)
        position = tokens[end].end
    pieces.append(sql[position:])
    return "".join(pieces)


def _is_call(tokens: Sequence[Token], index: int) -> bool:
    qualified = index > 0 and tokens[index - 1].operator == "."
    return not qualified and tokens[index + 1].operator == "("


DIFFERENCES: tuple[Callable[[str], str], ...] = (
    joined_literals,
    named_structs,
    strict_safe_cast,  # before lenient_json, whose calls it may hold
    lenient_json,
    whole_timestamp_diff,  # before whole_div: it makes calls of DIV
    whole_div,
    windowed_countif,
)
"""All rewrites, in the order in which they are applied."""
