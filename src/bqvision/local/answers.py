"""What a model function gives: columns, a STRUCT or a value for each row, and what its job tells of it.

After the sections on output of Google's reference pages on the functions. AI.GENERATE_TEXT always adds all of
its six columns for Gemini; its `statistics` are the counts of tokens.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bqvision.local.answer_types import RESULT, output_column, values
from bqvision.local.functions import Gives
from bqvision.local.protocol import JSON, Object, invalid_query
from bqvision.local.rows import Rows, column
from bqvision.local.statements import OutputField, OutputType

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bqvision.local.arguments import Arguments
    from bqvision.local.inference import Reply

_ERRORS: Final = 5
_ERROR_CHARS: Final = 100
_NO_ANSWER: Final = "the model gave no answer of the wanted type"
_TEXT: Final = (OutputField(RESULT, OutputType("STRING")),)
_STATUS: Final = (column("full_response", "JSON"), column("status", "STRING"))


@dataclass(frozen=True, slots=True)
class Answers:
    """What one call gives."""

    columns: Rows
    failures: Sequence[str]
    """Why each row failed that did."""

    def stats(self, function: str) -> Object:
        """Return what the job tells of the call of a function."""
        errors: list[JSON] = [text[:_ERROR_CHARS] for text in list(dict.fromkeys(self.failures))[:_ERRORS]]
        return {
            "functionName": function,
            "numProcessedRows": str(len(self.columns)),
            "errorStats": {"numFailedRows": str(len(self.failures)), "errors": errors},
        }

    def check(self, arguments: Arguments) -> None:
        """Fail the query where too many rows failed, for a function that has no status to tell it.

        Raises:
            ApiError: More failed than max_error_ratio allows, or all.
        """
        function, rows, failed = arguments.function, len(self.columns), len(self.failures)
        if (
            function.gives is Gives.VALUE
            and failed
            and (failed == rows or failed / rows > arguments.max_error_ratio)
        ):
            raise invalid_query(
                f"{function.name} failed for {failed} of {rows} rows, where max_error_ratio is "
                f"{arguments.max_error_ratio} and one row must be answered; the first error: "
                f"{self.failures[0][:_ERROR_CHARS]}"
            )


def answers(replies: Sequence[Reply], arguments: Arguments, endpoint: str, name: str) -> Answers:
    """Return what a call gives.

    Args:
        replies: What came of each row.
        arguments: What the call says.
        endpoint: The model's endpoint, named in the answers.
        name: The column for a scalar function's value.
    """
    responses = [_response(reply, endpoint) for reply in replies]
    match arguments.function.gives:
        case Gives.VALUE:
            return _values(replies, arguments, name)
        case Gives.STRUCT:
            rows = _structs(replies, responses, arguments, name)
        case Gives.COLUMNS if arguments.fields:
            rows = _field_columns(replies, responses, arguments)
        case _:
            rows = _text_columns(replies, responses, arguments)
    return Answers(rows, [reply.status for reply in replies if reply.status])


def _values(replies: Sequence[Reply], arguments: Arguments, name: str) -> Answers:
    (field,) = _fields(arguments)
    found = [_said(reply, arguments)[field.name] for reply in replies]
    failures = [
        reply.status if reply.status else _NO_ANSWER
        for reply, value in zip(replies, found, strict=True)
        if value is None
    ]
    kind = field.type
    if arguments.single:
        kind = OutputType("ARRAY", item=kind)
        found = [None if value is None else [value] for value in found]
    return Answers(Rows.of([output_column(name, kind)], [found]), failures)


def _structs(
    replies: Sequence[Reply], responses: Sequence[str | None], arguments: Arguments, name: str
) -> Rows:
    schema = [*(output_column(field.name, field.type) for field in _fields(arguments)), *_STATUS]
    structs = [
        {**_said(reply, arguments), "full_response": response, "status": reply.status}
        for reply, response in zip(replies, responses, strict=True)
    ]
    return Rows.of([column(name, "RECORD", fields=schema)], [structs])


def _field_columns(replies: Sequence[Reply], responses: Sequence[str | None], arguments: Arguments) -> Rows:
    fields = _fields(arguments)
    said = [_said(reply, arguments) for reply in replies]
    return Rows.of(
        [*(output_column(field.name, field.type) for field in fields), *_STATUS],
        [
            *([row[field.name] for row in said] for field in fields),
            responses,
            [reply.status for reply in replies],
        ],
    )


def _fields(arguments: Arguments) -> Sequence[OutputField]:
    return arguments.fields if arguments.fields else _TEXT


def _text_columns(replies: Sequence[Reply], responses: Sequence[str | None], arguments: Arguments) -> Rows:
    nothing: Sequence[str | None] = [None] * len(replies)
    texts = [_text(reply) for reply in replies]
    statuses = [reply.status for reply in replies]
    columns: dict[str, tuple[str, Sequence[str | None]]] = {}
    if arguments.function.name == "AI.GENERATE_TEXT":
        columns["result"] = "STRING", texts
        columns["rai_result"] = "JSON", nothing
        columns["grounding_result"] = "JSON", nothing
        columns["statistics"] = "JSON", [_statistics(reply) for reply in replies]
        columns["full_response"] = "JSON", responses
        columns["status"] = "STRING", statuses
        return _rows(columns)
    if arguments.flatten:
        columns["ml_generate_text_llm_result"] = "STRING", texts
        if arguments.safety:
            columns["ml_generate_text_rai_result"] = "STRING", nothing
        if arguments.grounded:
            columns["ml_generate_text_grounding_result"] = "STRING", nothing
    else:
        columns["ml_generate_text_result"] = "JSON", responses
    columns["ml_generate_text_status"] = "STRING", statuses
    return _rows(columns)


def _rows(columns: Mapping[str, tuple[str, Sequence[str | None]]]) -> Rows:
    return Rows.of(
        [column(name, kind) for name, (kind, _) in columns.items()],
        [cells for _, cells in columns.values()],
    )


def _said(reply: Reply, arguments: Arguments) -> Mapping[str, object]:
    text = _text(reply)
    if not arguments.fields:
        return {RESULT: text}
    return values("" if text is None else text, arguments.fields, bare=arguments.bare)


def _text(reply: Reply) -> str | None:
    return reply.answer.text if reply.answer is not None and reply.answer.text else None


def _usage(reply: Reply) -> Object:
    answer = reply.answer
    if answer is None:
        return {}
    return {
        "prompt_token_count": answer.input_tokens,
        "candidates_token_count": answer.output_tokens,
        "total_token_count": answer.input_tokens + answer.output_tokens,
    }


def _statistics(reply: Reply) -> str | None:
    return None if reply.answer is None else json.dumps(_usage(reply))


def _response(reply: Reply, endpoint: str) -> str | None:
    answer = reply.answer
    if answer is None:
        return None
    candidate: dict[str, JSON] = {"finish_reason": answer.finish_reason}
    if answer.text:
        candidate = {"content": {"parts": [{"text": answer.text}], "role": "model"}, **candidate}
    return json.dumps(
        {
            "candidates": [candidate],
            "model_version": endpoint.rpartition("/")[2],
            "usage_metadata": _usage(reply),
        }
    )
