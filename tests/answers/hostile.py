"""Answers that models give, and answers that somebody might make them give, with what must be read from them.

Each case is `(name, text, outcome, title, year, error)`; a finish reason, where there is one, follows the error.
"""

from __future__ import annotations

from typing import NamedTuple


class Case(NamedTuple):
    """One answer and what `PosterResult` must say of it."""

    name: str
    text: str | None
    outcome: str = "OK"
    title: str | None = None
    year: int | None = None
    error: str | None = None


_NO_YEAR = "year: not an INT64"
_NO_TITLE = "title: not a STRING"
_NO_OBJECT = "the answer holds no valid JSON object"
_SILENT = "the model gave no answer"


def _unparsable(name: str, text: str) -> Case:
    return Case(name, text, "UNPARSABLE", error=_NO_OBJECT)


_FILM = '{"title": "The Cameraman", "year": 1928}'
_READ = ("OK", "The Cameraman", 1928)
_HUGE = "x" * 120_000

CASES = (
    # What stands around the object.
    Case("plain", _FILM, *_READ),
    Case("fence", f"```json\n{_FILM}\n```", *_READ),
    Case("fence, newline behind", f"```json\n{_FILM}\n```\n", *_READ),
    Case("fence without a language", f"```\n{_FILM}\n```", *_READ),
    Case("fence, CRLF", f"```json\r\n{_FILM}\r\n```\r\n", *_READ),
    Case("fence that never ends", f"```json\n{_FILM}", *_READ),
    Case("tilde fence", f"~~~\n{_FILM}\n~~~", *_READ),
    Case("prose around", f"Sure! Here it is: {_FILM} Anything else?", *_READ),
    Case("prose with quotes", f'The "answer" is "this": {_FILM}', *_READ),
    Case("prose with an odd quote", f"It's 12\" wide: {_FILM}", *_READ),
    Case("braces in prose before", f"In {{braces}}, as asked: {_FILM}", *_READ),
    Case("open brace in prose before", f"The set {{ of films: {_FILM}", *_READ),
    Case("smiley before", f":-{{ sorry: {_FILM}", *_READ),
    Case("brace behind", f"{_FILM} }}", *_READ),
    Case("prose with braces behind", f"{_FILM} (from {{poster}})", *_READ),
    Case("double braces", f"{{{_FILM}}}", *_READ),
    Case("spaced double braces", f"{{ {_FILM} }}", *_READ),
    Case("byte order mark", f"\ufeff{_FILM}", *_READ),
    Case("no-break spaces", '{\u00a0"title":\u00a0"The Cameraman",\u2003"year":\u30001928}', *_READ),
    Case("vertical tab and form feed", '{\v"title":\f"The Cameraman", "year": 1928}', *_READ),
    Case("line separators", '{"title": "The Cameraman",\u2028"year": 1928\u2029}', *_READ),
    Case("bidi marks around", f"\u202e\u2066{_FILM}\u2069", *_READ),
    Case("control characters around", f"\x00\x1b[31m{_FILM}\x00", *_READ),
    Case("HTML", f"<pre><code>{_FILM}</code></pre>", *_READ),
    Case("script tag", f"<script>alert(1)</script>{_FILM}", *_READ),
    Case("object in an array", f"[{_FILM}]", *_READ),
    Case("several in an array: the first", f'[{_FILM}, {{"title": "Seven Chances", "year": 1925}}]', *_READ),
    Case("two objects: the first", f'{_FILM}\n{{"title": "Seven Chances", "year": 1925}}', *_READ),
    Case("two fences: the first", f'```json\n{_FILM}\n```\n```json\n{{"title": "No"}}\n```', *_READ),
    Case("huge prose before", f"{_HUGE} {_FILM}", *_READ),
    Case("huge prose behind", f"{_FILM} {_HUGE}", *_READ),
    Case("many answers: the first", _FILM * 3_000, *_READ),
    Case("SQL behind", f"{_FILM}'); DROP TABLE films; --", *_READ),
    Case("a fence inside the title", '{"title": "```json", "year": 1928}', "OK", "```json", 1928),
    # What is inside of it.
    Case("compact", '{"title":"The Cameraman","year":1928}', *_READ),
    Case("other order", '{"year": 1928, "title": "The Cameraman"}', *_READ),
    Case(
        "extra keys", '{"director": "Sedgwick", "title": "The Cameraman", "year": 1928, "ok": true}', *_READ
    ),
    Case("extra object and array", '{"a": {"title": "No"}, "b": [[1], {}], "title": "Yes"}', "OK", "Yes"),
    Case("injected columns", '{"uri": "gs://x", "outcome": "OK", "title": "A", "year": 1}', "OK", "A", 1),
    Case("first of duplicate keys", '{"title": "A", "title": "B", "year": 1, "year": "no"}', "OK", "A", 1),
    Case("first of duplicate keys is null", '{"title": null, "title": "B"}'),
    Case("keys in another case are other keys", '{"Title": "A", "YEAR": 1928}'),
    Case("escaped key", '{"\\u0074itle": "A"}', "OK", "A"),
    Case("missing keys", '{"name": "A"}'),
    Case("one missing key", '{"title": "A"}', "OK", "A"),
    Case("empty object", "{}"),
    Case("empty object, spaced", "{ \n }"),
    Case("nulls", '{"title": null, "year": null}'),
    Case("blank strings", '{"title": "  ", "year": ""}'),
    Case("braces in a string", '{"title": "A } B { C", "year": 1928}', "OK", "A } B { C", 1928),
    Case("brackets in a string", '{"title": "][", "year": 1928}', "OK", "][", 1928),
    Case("quotes in a string", '{"title": "The \\"A\\" \\\\", "year": 1928}', "OK", 'The "A" \\', 1928),
    Case("slash escaped", '{"title": "A\\/B"}', "OK", "A/B"),
    Case("unicode escapes", '{"title": "Caf\\u00e9 \\u4e03\\u4eba"}', "OK", "Café 七人"),
    Case("surrogate pair", '{"title": "\\ud83c\\udfac"}', "OK", "\U0001f3ac"),
    Case("plain emoji", '{"title": "\U0001f3ac 七人の侍"}', "OK", "\U0001f3ac 七人の侍"),
    Case("raw newline in a string", '{"title": "The\nCameraman", "year": 1928}', *_READ),
    Case("raw tab in a string", '{"title": "The\tCameraman", "year": 1928}', *_READ),
    Case("raw NUL in a string", '{"title": "The\x00Cameraman", "year": 1928}', *_READ),
    Case("escaped newline in a string", '{"title": "The\\nCameraman\\n", "year": 1928}', *_READ),
    Case("escaped NUL in a string", '{"title": "The\\u0000Cameraman", "year": 1928}', *_READ),
    Case("escaped bidi in a string", '{"title": "The\\u202eCameraman\\u2069", "year": 1928}', *_READ),
    Case("raw bidi in a string", '{"title": "The\u202eCameraman\u2069", "year": 1928}', *_READ),
    Case("terminal escape in a string", '{"title": "\\u001b[2JA"}', "OK", "[2JA"),
    Case("zero-width joiner stays", '{"title": "a\u200db"}', "OK", "a\u200db"),
    Case("spreadsheet formula is text", '{"title": "=cmd|\' /C calc\'!A0"}', "OK", "=cmd|' /C calc'!A0"),
    Case("HTML is text", '{"title": "<b>A</b>"}', "OK", "<b>A</b>"),
    Case("SQL is text", '{"title": "\'; DROP TABLE x; --"}', "OK", "'; DROP TABLE x; --"),
    Case("the words null and none are text", '{"title": "null"}', "OK", "null"),
    Case("huge title", f'{{"title": "{_HUGE}", "year": 1928}}', "OK", _HUGE, 1928),
    Case("huge extra", f'{{"extra": "{_HUGE}", "title": "A", "year": 1928}}', "OK", "A", 1928),
    Case("long array", f'{{"extra": [{"1, " * 20_000}1], "title": "A"}}', "OK", "A"),
    Case("nested to the limit", f'{{"a": {"[" * 8}{"]" * 8}, "title": "A"}}', "OK", "A"),
    # Values of another type.
    Case("1912?", '{"title": "A", "year": "1912?"}', "OK", "A", None, _NO_YEAR),
    Case("circa", '{"title": "A", "year": "c. 1912"}', "OK", "A", None, _NO_YEAR),
    Case("a date", '{"title": "A", "year": "1912-05-01"}', "OK", "A", None, _NO_YEAR),
    Case("thousands", '{"title": "A", "year": "1,912"}', "OK", "A", None, _NO_YEAR),
    Case("hexadecimal", '{"title": "A", "year": "0x10"}', "OK", "A", None, _NO_YEAR),
    Case("other digits", '{"title": "A", "year": "\u0661\u0669\u0661\u0662"}', "OK", "A", None, _NO_YEAR),
    Case("year in words", '{"title": "A", "year": "unknown"}', "OK", "A", None, _NO_YEAR),
    Case("string year", '{"title": "A", "year": "1912"}', "OK", "A", 1912),
    Case("string year, spaced", '{"title": "A", "year": " 1912\\n"}', "OK", "A", 1912),
    Case("signed years", '{"title": "A", "year": "+1912"}', "OK", "A", 1912),
    Case("leading zeros", '{"title": "A", "year": "0042"}', "OK", "A", 42),
    Case("negative year", '{"title": "A", "year": -5}', "OK", "A", -5),
    Case("minus zero", '{"title": "A", "year": -0}', "OK", "A", 0),
    Case("whole float", '{"title": "A", "year": 1912.0}', "OK", "A", 1912),
    Case("whole float string", '{"title": "A", "year": "1912.00"}', "OK", "A", 1912),
    Case("whole exponent", '{"title": "A", "year": 1.912e3}', "OK", "A", 1912),
    Case("fraction", '{"title": "A", "year": 1912.5}', "OK", "A", None, _NO_YEAR),
    Case("exponent string", '{"title": "A", "year": "1e3"}', "OK", "A", None, _NO_YEAR),
    Case("large exponent", '{"title": "A", "year": 1e17}', "OK", "A", None, _NO_YEAR),
    Case("18 digits", '{"title": "A", "year": 123456789012345678}', "OK", "A", 123456789012345678),
    Case("INT64's largest", '{"title": "A", "year": 9223372036854775807}', "OK", "A", None, _NO_YEAR),
    Case("30 digits", '{"title": "A", "year": 123456789012345678901234567890}', "OK", "A", None, _NO_YEAR),
    Case("year is true", '{"title": "A", "year": true}', "OK", "A", None, _NO_YEAR),
    Case("year is an array", '{"title": "A", "year": [1912]}', "OK", "A", None, _NO_YEAR),
    Case("year is an object", '{"title": "A", "year": {"value": 1912}}', "OK", "A", None, _NO_YEAR),
    Case("year is an empty array", '{"title": "A", "year": []}', "OK", "A", None, _NO_YEAR),
    Case("title is a number", '{"title": 1984, "year": 1984}', "OK", "1984", 1984),
    Case("title is a fraction", '{"title": 8.5}', "OK", "8.5"),
    Case("title is a huge number", '{"title": 1e20}', "OK", error=_NO_TITLE),
    Case("title is a tiny number", '{"title": 0.00001}', "OK", error=_NO_TITLE),
    Case("title is false", '{"title": false, "year": 1928}', "OK", None, 1928, _NO_TITLE),
    Case("title is an array", '{"title": ["A", "B"], "year": 1928}', "OK", None, 1928, _NO_TITLE),
    Case("title is an object", '{"title": {"en": "A"}}', "OK", error=_NO_TITLE),
    Case("both wrong", '{"title": {}, "year": "?"}', "OK", error=f"{_NO_TITLE}; {_NO_YEAR}"),
    # No answer that holds.
    Case("NULL", None, "BLOCKED", error=_SILENT),
    _unparsable("empty", ""),
    _unparsable("only whitespace", " \r\n\t\u00a0 "),
    _unparsable("prose", "I cannot see a title on this poster."),
    _unparsable("a bare string", '"The Cameraman"'),
    _unparsable("an array without an object", '["The Cameraman", 1928]'),
    _unparsable("cut in a string", '{"title": "The Camer'),
    _unparsable("cut behind a comma", '{"title": "The Cameraman",'),
    _unparsable("cut before the last brace", '{"title": "The Cameraman", "year": 1928'),
    _unparsable("cut behind an inner object", '{"film": {"title": "A", "year": 1}, "ye'),
    _unparsable("cut in an escape", '{"title": "The Cameraman\\'),
    _unparsable("cut at the first quote", '{"'),
    _unparsable("one brace", "{"),
    _unparsable("closing brace", "}"),
    _unparsable("brackets that cross", '{"a": [1}, "title": "A"]}'),
    _unparsable("deeper than the limit", f'{{"a": {"[" * 9}{"]" * 9}, "title": "A"}}'),
    _unparsable("very deep", '{"a":' * 10_000 + "1" + "}" * 10_000),
    _unparsable("100,000 open braces", "{" * 100_000),
    _unparsable("100,000 brackets", '{"a":' + "[" * 100_000),
    _unparsable("single quotes", "{'title': 'A', 'year': 1928}"),
    _unparsable("bare keys", '{title: "A", year: 1928}'),
    _unparsable("curly quotes", "{\u201ctitle\u201d: \u201cA\u201d}"),
    _unparsable("trailing comma", '{"title": "A", "year": 1928,}'),
    _unparsable("trailing comma, spaced", '{"title": "A", "year": 1928 , \n}'),
    _unparsable("trailing comma in an array", '{"title": "A", "x": [1, ]}'),
    _unparsable("line comment", '{"title": "A", // the title\n "year": 1928}'),
    _unparsable("block comment", '{"title": "A", /* the year */ "year": 1928}'),
    _unparsable("NaN", '{"title": "A", "year": NaN}'),
    _unparsable("nan", '{"title": "A", "year": nan}'),
    _unparsable("Infinity", '{"title": "A", "year": -Infinity}'),
    _unparsable("None", '{"title": None}'),
    _unparsable("True", '{"title": "A", "ok": True}'),
    _unparsable("leading zero", '{"title": "A", "year": 01928}'),
    _unparsable("plus sign", '{"title": "A", "year": +1928}'),
    _unparsable("hexadecimal number", '{"title": "A", "year": 0x10}'),
    _unparsable("point first", '{"title": "A", "year": .5}'),
    _unparsable("point last", '{"title": "A", "year": 5.}'),
    _unparsable("overflow", '{"title": "A", "year": 1e999}'),
    _unparsable("lone surrogate", '{"title": "A\\ud800", "year": 1928}'),
    _unparsable("lone low surrogate", '{"title": "A\\udc00b", "year": 1928}'),
    _unparsable("surrogates the wrong way round", '{"title": "\\udfac\\ud83c"}'),
    _unparsable("unknown escape", '{"title": "A\\x41"}'),
    _unparsable("escaped single quote", '{"title": "A\\\'B"}'),
    _unparsable("short unicode escape", '{"title": "A\\u12"}'),
    _unparsable("missing comma", '{"title": "A" "year": 1928}'),
    _unparsable("missing colon", '{"title" "A"}'),
    _unparsable("value without a key", '{"A"}'),
    _unparsable("doubled comma", '{"title": "A",, "year": 1928}'),
    _unparsable("number as key", '{"title": "A", 1: 2}'),
    _unparsable("ellipsis", '{"title": "A", ...}'),
    _unparsable("broken first, whole second", f'{{"title": "A",}} {_FILM}'),
    _unparsable("JSON in a string", '"{\\"title\\": \\"A\\"}"'),
    _unparsable("markdown table", "| title | year |\n|---|---|\n| A | 1928 |"),
    _unparsable("YAML", "title: A\nyear: 1928"),
    _unparsable("XML", "<title>A</title><year>1928</year>"),
    _unparsable("formula", "=cmd|' /C calc'!A0"),
    _unparsable("refusal", "I'm sorry, but I can't help with that."),
)
