"""What became of a row: the model's response taken apart, and the outcome that it and the status lead to.

As in `bqvision.answers`, the rules stand here once and `bqvision.sql.answers` renders them as SQL.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from bqvision.answers import as_text, compiled
from bqvision.records import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the outcome table.

    It holds where `column` matches `pattern`; an empty pattern asks for any value, None for NULL.
    """

    outcome: Outcome
    column: Literal["status", "finish_reason", "object", "text"]
    pattern: str | None


# The first that holds wins. BigQuery's own prefix says "retryable" whatever follows it; the rest goes by
# status words, since Google publishes no list of its texts. The answer counts only where the status is empty.
RULES: Final = (
    Rule(Outcome.RETRYABLE, "status", r"(?i)a retryable error occurred"),
    Rule(Outcome.QUOTA, "status", r"(?i)quota[ _]?exceeded|exceeded[^.:]{0,40} quota"),
    Rule(
        Outcome.RETRYABLE,
        "status",
        r"(?i)resource[ _]?exhausted|unavailable|deadline[ _]?exceeded|^internal|internal (?:server )?error"
        r"|(?:^|http|code|status|error)[ :=]{0,3}(?:429|5[0-9][0-9])(?:[^0-9]|$)",
    ),
    # A model that is retired, or not open to the project, turns every image away, and answers none.
    Rule(Outcome.PERMISSION, "status", r"(?i)publisher model [^ ]{1,300} (?:was )?not found"),
    Rule(Outcome.INPUT, "status", r"(?i)^ *(?:invalid[ _]argument|not[ _]found)"),
    Rule(Outcome.PERMISSION, "status", r"(?i)permission[ _]?denied|does not have|^access denied"),
    Rule(
        Outcome.INPUT,
        "status",
        r"(?i)invalid[ _]?argument|not[ _]?found|unsupported|mime|too large|exceeds the (?:size|maximum)"
        r"|(?:invalid|corrupt|empty|(?:cannot|could not) (?:read|decode))[^.:]{0,40} (?:image|file|object)",
    ),
    Rule(Outcome.BLOCKED, "status", r"(?i)safety|prohibited[ _]?content|recitation|responsible ai|blocked"),
    Rule(Outcome.UNKNOWN, "status", r"[\s\S]"),
    Rule(
        Outcome.BLOCKED,
        "finish_reason",
        r"^(?:SAFETY|IMAGE_SAFETY|PROHIBITED_CONTENT|IMAGE_PROHIBITED_CONTENT|RECITATION|BLOCKLIST|SPII|MODEL_ARMOR)$",
    ),
    Rule(Outcome.OK, "object", ""),
    Rule(Outcome.TRUNCATED, "finish_reason", r"^MAX_TOKENS$"),
    Rule(Outcome.BLOCKED, "text", None),
    Rule(Outcome.UNPARSABLE, "text", ""),
)

ERRORS: Final[Mapping[Outcome, str]] = {
    Outcome.BLOCKED: "the model gave no answer",
    Outcome.TRUNCATED: "the output limit cut the answer",
    Outcome.UNPARSABLE: "the answer holds no valid JSON object",
}
"""What a row's error says where the status is empty; the finish reason follows, where there is one."""


def no_value(function: str) -> str:
    """Return the status of a row for which a function gave NULL, and nothing else, in the place of a value.

    Args:
        function: Its name.
    """
    return f"{function} gave NULL, which is all that it says of a row that failed"


# Where a response holds what: BigQuery writes snake_case or camelCase, depending on function and time.
PARTS: Final = "$.candidates[0].content.parts"
FINISH_REASON: Final = (
    "$.candidates[0].finish_reason",
    "$.candidates[0].finishReason",
    "$.prompt_feedback.block_reason",
    "$.promptFeedback.blockReason",
)
INPUT_TOKENS: Final = ("$.usage_metadata.prompt_token_count", "$.usageMetadata.promptTokenCount")
ANSWER_TOKENS: Final = ("$.usage_metadata.candidates_token_count", "$.usageMetadata.candidatesTokenCount")
THINKING_TOKENS: Final = ("$.usage_metadata.thoughts_token_count", "$.usageMetadata.thoughtsTokenCount")
COUNT: Final = r"^[0-9]{1,18}$"


@dataclass(frozen=True, slots=True)
class Response:
    """What a generateContent response says."""

    text: str | None = None
    finish_reason: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None


def read_response(response: object) -> Response:
    """Read a generateContent response, as a JSON value or as its text; whatever is not there is None."""
    if isinstance(response, str):
        try:
            response = json.loads(response)
        except (ValueError, RecursionError):
            return Response()
    parts = _at(response, PARTS)
    texts = [
        as_text(_at(part, "$.text"))
        for part in (parts if isinstance(parts, list) else ())
        if as_text(_at(part, "$.thought")) != "true"
    ]
    said = [text for text in texts if text is not None]
    counted = [_tokens(response, paths) for paths in (ANSWER_TOKENS, THINKING_TOKENS)]
    return Response(
        text="".join(said) if said else None,
        finish_reason=_first(response, FINISH_REASON),
        input_tokens=_tokens(response, INPUT_TOKENS),
        output_tokens=sum(count or 0 for count in counted) if any(c is not None for c in counted) else None,
    )


def classify(*, status: str | None, finish_reason: str | None, text: str | None, found: bool) -> Outcome:
    """Name the outcome of a row.

    Args:
        status: The row's status text; empty or None for success.
        finish_reason: Why the model stopped, where the response says so.
        text: The answer, None if there is none.
        found: Whether the answer holds a valid JSON object.
    """
    row = {"status": status, "finish_reason": finish_reason, "text": text, "object": "{" if found else None}
    for rule, pattern in _RULES:
        value = row[rule.column]
        if value is None if pattern is None else value is not None and pattern.search(value):
            return rule.outcome
    raise AssertionError("the last two rules leave nothing over")


def explain(outcome: Outcome, *, status: str | None, finish_reason: str | None) -> str | None:
    """Return what a row's error says when there is no answer."""
    if status or outcome not in ERRORS:
        return status or None
    reason = "" if finish_reason is None else f" (finish reason {finish_reason})"
    return ERRORS[outcome] + reason


_RULES = tuple((rule, None if rule.pattern is None else compiled(rule.pattern)) for rule in RULES)
_COUNT = compiled(COUNT)


def _at(value: object, path: str) -> object:
    """Follow a path of `$.name[index].name` steps; None where one of them is missing."""
    for name, index in re.findall(r"\.(\w+)|\[(\d+)\]", path):
        if name:
            value = value.get(name) if isinstance(value, dict) else None
        else:
            value = value[int(index)] if isinstance(value, list) and len(value) > int(index) else None
    return value


def _first(response: object, paths: Sequence[str]) -> str | None:
    return next((text for path in paths if (text := as_text(_at(response, path))) is not None), None)


def _tokens(response: object, paths: Sequence[str]) -> int | None:
    text = _first(response, paths)
    return int(text) if text is not None and _COUNT.search(text) else None
