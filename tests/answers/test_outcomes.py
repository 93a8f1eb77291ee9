"""Statuses, finish reasons and responses: one table of outcomes, read alike by all three readers."""

from __future__ import annotations

import json
from typing import NamedTuple

from bqvision.answers import NOISE, OBJECT, STRING, re2
from bqvision.outcomes import RULES, classify
from bqvision.records import Outcome
from tests.answers.evaluators import Evaluator, Row

_ANSWER = '{"title": "A"}'

STATUSES = {
    "A retryable error occurred: RESOURCE EXHAUSTED error from remote endpoint.": "RETRYABLE",
    "A retryable error occurred: the maximum size quota per query has reached": "RETRYABLE",
    "A RETRYABLE ERROR OCCURRED: PERMISSION_DENIED": "RETRYABLE",
    "Row failed. A retryable error occurred: Quota exceeded": "RETRYABLE",
    "RESOURCE_EXHAUSTED: try again": "RETRYABLE",
    "UNAVAILABLE: The service is currently unavailable.": "RETRYABLE",
    "DEADLINE_EXCEEDED: timed out": "RETRYABLE",
    "INTERNAL: something broke": "RETRYABLE",
    "Internal error encountered.": "RETRYABLE",
    "429: too many requests": "RETRYABLE",
    "HTTP 503 from the endpoint": "RETRYABLE",
    "Quota exceeded: GenAiInputTokensPerDay": "QUOTA",
    "RESOURCE_EXHAUSTED: Quota exceeded for the project": "QUOTA",
    "quotaExceeded": "QUOTA",
    "You exceeded your current quota.": "QUOTA",
    "PERMISSION_DENIED: no": "PERMISSION",
    "bqcx-1@gcp-sa-bigquery-condel.iam.gserviceaccount.com does not have the permission to use it": "PERMISSION",
    "INVALID_ARGUMENT: Unable to process input image": "INPUT",
    "INVALID_ARGUMENT: image has 5000 pixels": "INPUT",
    "Unsupported MIME type: text/plain": "INPUT",
    "The file is too large: 500 MB": "INPUT",
    "NOT_FOUND: gs://posters/x.jpg": "INPUT",
    "NOT_FOUND: Publisher Model `projects/p/models/gemini-1.0-pro` was not found or your project": "PERMISSION",
    "Access Denied: Connection p.us.c: User does not have": "PERMISSION",
    "Cannot decode the image": "INPUT",
    "Response blocked by safety settings": "BLOCKED",
    "PROHIBITED_CONTENT": "BLOCKED",
    "Something nobody has seen yet": "UNKNOWN",
    " ": "UNKNOWN",
    "\n": "UNKNOWN",
    "'; DROP TABLE x; -- \u202e": "UNKNOWN",
}


def test_a_status_decides_by_its_words_and_is_the_error(evaluator: Evaluator) -> None:
    """Each status has its outcome, whatever answer stands beside it, and the error says what the status says."""
    rows = [Row(status, said) for status in STATUSES for said in (None, _ANSWER)]
    readings = evaluator(rows, flattened=True)
    found = [(row.status, reading.outcome) for row, reading in zip(rows, readings, strict=True)]
    assert found == [(status, outcome) for status, outcome in STATUSES.items() for _ in range(2)]
    assert [reading.error for reading in readings] == [row.status for row in rows]
    assert [reading.status for reading in readings] == [row.status for row in rows]


class Said(NamedTuple):
    """A response and what is read from it."""

    response: str | None
    outcome: str
    text: str | None = None
    error: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None


def _candidate(*parts: object, **more: object) -> dict[str, object]:
    return {"candidates": [{"content": {"parts": list(parts)}, **more}]}


def _said(response: object, outcome: str, *rest: object) -> Said:
    return Said(json.dumps(response), outcome, *rest)  # type: ignore[arg-type]


_NONE = "the model gave no answer"
_CUT = "the output limit cut the answer (finish reason MAX_TOKENS)"
_USAGE = {"prompt_token_count": 10, "candidates_token_count": 5, "thoughts_token_count": 7}
RESPONSES = (
    _said(_candidate({"text": _ANSWER}, finish_reason="STOP"), "OK", _ANSWER),
    _said(_candidate({"text": _ANSWER}, finishReason="STOP"), "OK", _ANSWER),
    _said(_candidate({"text": '{"title":'}, {"text": ' "A"}'}), "OK", _ANSWER),
    _said(_candidate({"text": "hm", "thought": True}, {"text": _ANSWER}), "OK", _ANSWER),
    _said(_candidate({"text": _ANSWER}) | {"usage_metadata": _USAGE}, "OK", _ANSWER, None, 10, 12),
    _said(
        _candidate({"text": _ANSWER}) | {"usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 4}},
        *("OK", _ANSWER, None, 3, 4),
    ),
    _said(
        _candidate(finish_reason="MAX_TOKENS") | {"usageMetadata": {"thoughtsTokenCount": 1024}},
        *("TRUNCATED", None, _CUT, None, 1024),
    ),
    _said(
        _candidate({"text": _ANSWER}) | {"usage_metadata": {"prompt_token_count": "10"}},
        *("OK", _ANSWER, None, 10),
    ),
    _said(_candidate({"text": _ANSWER}) | {"usage_metadata": {"prompt_token_count": -1.5}}, "OK", _ANSWER),
    _said(_candidate({"text": _ANSWER}) | {"usage_metadata": {"prompt_token_count": "9\n"}}, "OK", _ANSWER),
    _said(
        _candidate({"text": "No."}, finish_reason="MAX_TOKENS\n"),
        *("UNPARSABLE", "No.", "the answer holds no valid JSON object (finish reason MAX_TOKENS\n)"),
    ),
    _said(
        _candidate({"text": '{"title": "Th'}, finish_reason="MAX_TOKENS"), "TRUNCATED", '{"title": "Th', _CUT
    ),
    _said(_candidate({"text": ""}, finish_reason="MAX_TOKENS"), "TRUNCATED", "", _CUT),
    _said(_candidate({"text": _ANSWER}, finish_reason="MAX_TOKENS"), "OK", _ANSWER),
    _said(
        _candidate({"text": _ANSWER}, finish_reason="SAFETY"),
        *("BLOCKED", _ANSWER, f"{_NONE} (finish reason SAFETY)"),
    ),
    *(
        _said(_candidate(finish_reason=reason), "BLOCKED", None, f"{_NONE} (finish reason {reason})")
        for reason in (
            "PROHIBITED_CONTENT",
            "RECITATION",
            "BLOCKLIST",
            "SPII",
            "IMAGE_SAFETY",
            "STOP",
            "OTHER",
        )
    ),
    _said({"promptFeedback": {"blockReason": "SAFETY"}}, "BLOCKED", None, f"{_NONE} (finish reason SAFETY)"),
    _said({"prompt_feedback": {"block_reason": "OTHER"}}, "BLOCKED", None, f"{_NONE} (finish reason OTHER)"),
    _said(_candidate({"text": "No."}), "UNPARSABLE", "No.", "the answer holds no valid JSON object"),
    _said(_candidate({"inline_data": {}}, {"text": None}), "BLOCKED", None, _NONE),
    _said({"candidates": [{"content": None}]}, "BLOCKED", None, _NONE),
    _said({"candidates": None}, "BLOCKED", None, _NONE),
    _said({"candidates": []}, "BLOCKED", None, _NONE),
    _said({"candidates": "none"}, "BLOCKED", None, _NONE),
    _said({}, "BLOCKED", None, _NONE),
    _said([], "BLOCKED", None, _NONE),
    _said("text", "BLOCKED", None, _NONE),
    Said("no JSON at all", "BLOCKED", None, _NONE),
    Said(None, "BLOCKED", None, _NONE),
)


def test_a_response_gives_text_tokens_and_outcome(evaluator: Evaluator) -> None:
    """Both spellings, several parts, thoughts, blocks and cuts are read; whatever is missing is NULL."""
    for status in ("", None):
        readings = evaluator([Row(status, said.response) for said in RESPONSES], flattened=False)
        for said, reading in zip(RESPONSES, readings, strict=True):
            found = (
                reading.outcome,
                reading.text,
                reading.error,
                reading.input_tokens,
                reading.output_tokens,
            )
            assert found == said[1:], said.response
            assert reading.status == ""
            assert reading.title == ("A" if said.outcome == "OK" else None)


def test_every_outcome_but_none_is_reached() -> None:
    """The table has a rule for each outcome, so none of them is a dead word."""
    assert {rule.outcome for rule in RULES} == set(Outcome)


def test_the_last_rules_leave_nothing_over() -> None:
    """A row without a status always has an outcome, whatever else is missing."""
    for text in (None, "", "x"):
        for finish_reason in (None, "", "STOP", "NEW_REASON"):
            outcome = classify(status=None, finish_reason=finish_reason, text=text, found=False)
            assert outcome is (Outcome.BLOCKED if text is None else Outcome.UNPARSABLE)


def test_patterns_for_sql_have_nothing_that_re2_lacks() -> None:
    """Possessive quantifiers are what `re` needs and RE2 refuses."""
    for pattern in (NOISE, STRING, OBJECT):
        assert "++" not in re2(pattern)
        assert "*+" not in re2(pattern)
