"""Whatever the text: Python never raises, and the SQL says the same."""

from __future__ import annotations

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.answers.evaluators import LocalBigQuery, Row, google, python

_PIECES = st.sampled_from(
    [
        *'{}[]",: \\-+.0159eE/\n\t\r\x00\x1f\x7f\u00a0\u202e\ufeff',
        *('"title"', '"year"', '"score"', '"colour"', '"A"', '"1912"', "1912", "1e5", "1.50", "-0", "1e400"),
        *(
            "true",
            "false",
            "null",
            "NaN",
            "inf",
            "None",
            '{"',
            '"}',
            '":',
            '\\"',
            "\\\\",
            "\\u0000",
            "\\ud83d",
        ),
        *("\\ude00", "\\u202e", "\\n", "\\x", "```json\n", "\n```", ", }", '{"title":"A","year":1}'),
    ]
)
_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
_SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**25), 10**25),
    st.integers(-3000, 3000),
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(-3000, 3000).map(str),
    st.floats().map(str),
    st.sampled_from(["1912?", "+12", " 7\n", "1.000", "0x10", "TRUE", "1e5", "", "\u0661"]),
    _TEXT,
)
_VALUES = st.one_of(_SCALARS, st.lists(_SCALARS, max_size=2), st.dictionaries(_TEXT, _SCALARS, max_size=2))
_KEYS = st.one_of(st.sampled_from(["title", "year", "score", "colour"]), _TEXT)
_OBJECTS = st.dictionaries(_KEYS, _VALUES, max_size=5)


@st.composite
def _mutated(draw: st.DrawFn) -> str:
    """Return JSON as a model writes it, with a piece put in or taken out somewhere."""
    text = json.dumps(
        draw(_OBJECTS), ensure_ascii=draw(st.booleans()), indent=draw(st.sampled_from([None, 1]))
    )
    for _ in range(draw(st.integers(0, 2))):
        at, length = draw(st.integers(0, len(text))), draw(st.integers(0, 3))
        text = text[:at] + draw(st.one_of(st.just(""), _PIECES)) + text[at + length :]
    return draw(st.one_of(st.just(""), _PIECES)) + text + draw(st.one_of(st.just(""), _PIECES))


_ANSWERS = st.one_of(_mutated(), st.lists(_PIECES, max_size=14).map("".join), _TEXT)
_STATUS_WORDS = st.sampled_from(
    [
        *("A retryable error occurred: ", "quota ", "exceeded ", "INTERNAL", " error", ": ", "429", "503 "),
        *(
            "http ",
            "permission_denied",
            "does not have",
            "INVALID ARGUMENT",
            "image",
            "not found",
            "invalid ",
        ),
        *("Safety", "\n"),
    ]
)
_STATUSES = st.one_of(
    st.sampled_from([None, "", ""]), st.lists(st.one_of(_STATUS_WORDS, _TEXT), max_size=4).map("".join)
)
_FLAT = st.lists(st.builds(Row, _STATUSES, st.one_of(st.none(), _ANSWERS)), min_size=25, max_size=25)
_EFFORT = settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck), database=None)


@_EFFORT
@given(_FLAT)
def test_google_reads_any_answer_as_python_does(rows: list[Row]) -> None:
    """GoogleSQL's reference implementation and Python agree on answers nobody thought of."""
    assert google(rows, flattened=True) == python(rows, flattened=True)


def test_the_local_bigquery_reads_any_answer_as_python_does(local: LocalBigQuery) -> None:
    """The emulator, whose JSON parser and regular expressions are others, agrees too."""

    @settings(_EFFORT, max_examples=15)
    @given(_FLAT)
    def agree(rows: list[Row]) -> None:
        assert local(rows, flattened=True) == python(rows, flattened=True)

    agree()


_PLAIN = st.one_of(st.none(), st.booleans(), st.integers(-99, 99), _TEXT)
_COUNTS = st.one_of(st.integers(-5, 10**6), st.integers(0, 99).map(str), st.none(), _TEXT, st.floats(0, 9))
_PARTS = st.lists(
    st.fixed_dictionaries({}, optional={"text": st.one_of(_ANSWERS, _PLAIN), "thought": st.booleans()}),
    max_size=3,
)
_REASONS = st.sampled_from(["STOP", "MAX_TOKENS", "SAFETY", "RECITATION", "OTHER", None, 3, ""])
_CANDIDATES = st.fixed_dictionaries(
    {},
    optional={
        "content": st.one_of(st.none(), st.fixed_dictionaries({"parts": st.one_of(_PLAIN, _PARTS)})),
        "finish_reason": _REASONS,
        "finishReason": _REASONS,
    },
)
_RESPONSES = st.fixed_dictionaries(
    {},
    optional={
        "candidates": st.one_of(_PLAIN, st.lists(_CANDIDATES, max_size=2)),
        "usage_metadata": st.dictionaries(
            st.sampled_from(["prompt_token_count", "candidates_token_count", "thoughts_token_count"]), _COUNTS
        ),
        "usageMetadata": st.dictionaries(
            st.sampled_from(["promptTokenCount", "candidatesTokenCount", "thoughtsTokenCount"]), _COUNTS
        ),
        "promptFeedback": st.fixed_dictionaries({"blockReason": _REASONS}),
    },
)
_FULL = st.lists(st.builds(Row, _STATUSES, _RESPONSES.map(json.dumps)), min_size=25, max_size=25)


@_EFFORT
@given(_FULL)
def test_google_reads_any_response_as_python_does(rows: list[Row]) -> None:
    """Responses of any shape are taken apart alike."""
    assert google(rows, flattened=False) == python(rows, flattened=False)
