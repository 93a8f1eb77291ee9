r"""Literal values: reading them as GoogleSQL does, writing them so that every reader agrees.

`string_text` and `string_literal` are the two ways between a literal and its value. What is written uses
raw characters wherever GoogleSQL allows them and otherwise only `\\`, `\'`, `\n` and `\r`, which the
emulator decodes as BigQuery does (it leaves `\"`, `\xHH`, `\uHHHH` and octal escapes as typed).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bqvision.local.statements.tokens import Kind, StatementError

if TYPE_CHECKING:
    from bqvision.local.statements.tokens import Token

_LITERAL = re.compile(r"(?P<prefix>[rRbB]{0,2})(?P<quote>'''|\"\"\"|['\"`])", re.DOTALL)
_ESCAPE = re.compile(
    r"\\(?:(?P<simple>[abfnrtv\\?\"'`])|(?P<octal>[0-3][0-7]{2})|[xX](?P<hex>[0-9A-Fa-f]{2})"
    r"|u(?P<short>[0-9A-Fa-f]{4})|U(?P<long>[0-9A-Fa-f]{8})|(?P<bad>.?))",
    re.DOTALL,
)
_SIMPLE = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_NEWLINE = re.compile(r"\r\n?")
# In a raw literal a backslash keeps what follows it as it is, line ends included.
_RAW_NEWLINE = re.compile(r"(\\.)|\r\n?", re.DOTALL)


def string_text(token: Token, sql: str) -> str:
    """Returns the text that a string literal, a quoted identifier or a quoted parameter name stands for.

    Args:
        token: A token of kind STRING, QUOTED, or PARAMETER.
        sql: The statement, for the place in an error.

    Raises:
        StatementError: The literal has an escape that GoogleSQL doesn't know.
    """
    if token.kind is Kind.PARAMETER:
        name = token.text[1:].lstrip(" \t\r\n\f\v\b")
        return _decode(name, token, sql) if name.startswith("`") else name
    return _decode(token.text, token, sql)


def bytes_value(token: Token, sql: str) -> bytes:
    r"""Returns the bytes that a bytes literal stands for.

    Args:
        token: A token of kind BYTES.
        sql: The statement, for the place in an error.

    Raises:
        StatementError: The literal has an escape that GoogleSQL doesn't know, or one of `\u` and `\U`.
    """
    text = _decode(token.text, token, sql)
    # _decode marks escaped bytes as lone surrogates so that they stay apart from UTF-8 text.
    return text.encode("utf-8", "surrogateescape")


def string_literal(text: str) -> str:
    """Returns a string literal for a text, in the form that every reader decodes alike.

    Args:
        text: Any text.
    """
    body = text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\r", "\\r")
    return f"'{body}'"


def bytes_literal(value: bytes) -> str:
    """Returns an expression for bytes that every reader decodes alike.

    Args:
        value: Any bytes.
    """
    return f"FROM_HEX('{value.hex()}')"


def identifier(name: str) -> str:
    """Returns a quoted identifier.

    Args:
        name: The name, or a dotted path.
    """
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"


def _decode(source: str, token: Token, sql: str) -> str:
    opening = _LITERAL.match(source)
    if opening is None:
        return source
    quote = opening["quote"]
    prefix = opening["prefix"].lower()
    body = source[opening.end() : -len(quote)]
    triple = len(quote) == 3
    if "r" in prefix:
        return _RAW_NEWLINE.sub(lambda match: match[1] or "\n", body) if triple else body
    if "\\" not in body:
        return _NEWLINE.sub("\n", body) if triple else body
    pieces: list[str] = []
    position = 0
    for escape in _ESCAPE.finditer(body):
        plain = body[position : escape.start()]
        pieces.append(_NEWLINE.sub("\n", plain) if triple else plain)
        pieces.append(_unescape(escape, token, sql, as_bytes="b" in prefix))
        position = escape.end()
    rest = body[position:]
    pieces.append(_NEWLINE.sub("\n", rest) if triple else rest)
    return "".join(pieces)


def _unescape(escape: re.Match[str], token: Token, sql: str, *, as_bytes: bool) -> str:
    if escape["simple"] is not None:
        return _SIMPLE.get(escape["simple"], escape["simple"])
    if escape["bad"] is not None:
        if escape["bad"] in {"\n", "\r"}:
            raise StatementError("Illegal escaped newline", sql, token.start)
        raise StatementError(f"Illegal escape sequence: \\{escape['bad']}", sql, token.start)
    byte = escape["octal"] or escape["hex"]
    if byte is not None:
        code = int(byte, 8 if escape["octal"] else 16)
        return bytes([code]).decode("utf-8", "surrogateescape") if as_bytes else chr(code)
    if as_bytes:
        raise StatementError(
            "Illegal escape sequence: a Unicode escape cannot be used in bytes literals", sql, token.start
        )
    code = int(escape["short"] or escape["long"], 16)
    if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        raise StatementError(f"Illegal escape sequence: {escape.group()} is invalid", sql, token.start)
    return chr(code)
