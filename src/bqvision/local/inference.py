"""Rows through a vision model: what ML.GENERATE_TEXT adds to its input."""

from __future__ import annotations

import asyncio
import json
import re
import threading
import time
from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from bqvision.local.models import ModelError, VisionModels
from bqvision.local.protocol import JSON, ApiError, Object
from bqvision.local.questions import Arguments, ObjectRef, Part, questions
from bqvision.local.rows import Rows, column
from bqvision.local.vision import (
    BlockedRowError,
    Image,
    InputRowError,
    RetryableRowError,
    RowError,
    VisionAnswer,
    VisionModel,
    VisionRequest,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bqvision.local.buckets import Buckets

_IMAGE_TYPES: Final = frozenset({"image/png", "image/jpeg", "image/webp", "image/heic", "image/heif"})
_MAX_IMAGE_BYTES: Final = 30_000_000
_TURN_SECONDS: Final = 0.05
"""How long a job keeps a thread before another one's turn, if its rows are quicker than that."""
_ERRORS: Final = 5
_ERROR_CHARS: Final = 100
_RETRYABLE: Final = "A retryable error occurred:"
_STATUS_TOKEN: Final = re.compile(r"[A-Z]+(_[A-Z]+)+: |NOT_FOUND|INTERNAL: |UNAVAILABLE: ")


class FixedRowError(RowError):
    """The row gets exactly this.

    Args:
        answer: What the model said; None is no result.
        status: The row's status.
    """

    def __init__(self, answer: VisionAnswer | None, status: str | None) -> None:
        super().__init__(status)
        self.reply = Reply(answer, status)


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of one row."""

    answer: VisionAnswer | None
    status: str | None


async def generate_text(
    rows: Rows,
    arguments: Arguments,
    *,
    endpoint: str,
    model: VisionModel,
    models: VisionModels,
    buckets: Buckets,
    progress: Callable[[int, int], None],
) -> Rows:
    """Ask the model about every row, as many rows at once as there are workers.

    Args:
        rows: The input rows.
        arguments: What the statement says beside its input.
        endpoint: The model's endpoint, named in the answers.
        model: The model that answers for it.
        models: Runs and counts the calls.
        buckets: Where the images are.
        progress: Called with the number of rows done and of all rows, also on the models' threads.

    Returns:
        The columns to add.

    Raises:
        ApiError: The input doesn't fit the arguments, or the model broke down.
    """
    # Many rows take a while, in which the event loop answers others.
    asked = await asyncio.to_thread(questions, rows, arguments)
    replies: list[Reply | None] = [None] * len(asked)
    todo = deque(range(len(asked)))
    counting = threading.Lock()
    progress(done := 0, len(asked))

    def some() -> None:
        """Answer rows on a thread of the models, at least one and then for a short time."""
        nonlocal done
        until = time.monotonic() + _TURN_SECONDS
        while todo:
            try:
                index = todo.popleft()
            except IndexError:  # Another thread took the last one.
                return
            replies[index] = _reply(asked[index], arguments, model, models, buckets)
            with counting:
                done += 1
                progress(done, len(asked))
            if time.monotonic() > until:
                return

    async def work() -> None:
        while todo:
            await models.on_a_thread(some)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(min(models.workers, len(asked))):
                group.create_task(work())
    except* ModelError as broken:
        raise ApiError("invalid", f"the vision model broke down: {broken.exceptions[0]}") from None
    finally:
        todo.clear()  # What a cancelled job has not begun is never begun.
    answered = [reply for reply in replies if reply is not None]
    return await asyncio.to_thread(_columns, answered, arguments, endpoint)


def _reply(
    parts: Sequence[Part], arguments: Arguments, model: VisionModel, models: VisionModels, buckets: Buckets
) -> Reply:
    refs = [part for part in parts if isinstance(part, ObjectRef)]
    prompt = "\n".join(part for part in parts if isinstance(part, str))
    try:
        if not prompt and not refs:
            raise InputRowError("INVALID_ARGUMENT: the prompt is empty")
        images = tuple([_load(ref, buckets) for ref in refs])
        answer = models.ask(model, VisionRequest(images, prompt, arguments.schema, arguments.parameters))
        # A half of a surrogate pair is no text that a table can hold.
        return Reply(replace(answer, text=answer.text.encode("utf-8", "replace").decode("utf-8")), "")
    except BlockedRowError:
        return Reply(VisionAnswer("", finish_reason="SAFETY"), "")
    except FixedRowError as fixed:
        return fixed.reply
    except RowError as error:
        return Reply(None, _status(error))


def _load(ref: ObjectRef, buckets: Buckets) -> Image:
    try:
        stored = buckets.stat(ref.uri)
    except ApiError as error:
        raise InputRowError(f"INVALID_ARGUMENT: {error.message}") from None
    if stored is None:
        raise InputRowError(f"NOT_FOUND: no such object: {ref.uri}")
    if ref.version is not None and ref.version != str(stored.generation):
        raise InputRowError(f"NOT_FOUND: no such object: {ref.uri} in version {ref.version}")
    if stored.content_type not in _IMAGE_TYPES:
        raise InputRowError(f"INVALID_ARGUMENT: unsupported MIME type {stored.content_type}: {ref.uri}")
    if stored.size == 0:
        raise InputRowError(f"INVALID_ARGUMENT: the file is empty: {ref.uri}")
    if stored.size > _MAX_IMAGE_BYTES:
        raise InputRowError(f"INVALID_ARGUMENT: the file is too large (over 30 MB): {ref.uri}")
    try:
        return Image(ref.uri, stored.content_type, stored.path.read_bytes())
    except FileNotFoundError:
        raise InputRowError(f"NOT_FOUND: no such object: {ref.uri}") from None
    except OSError as error:
        raise InputRowError(f"PERMISSION_DENIED: {ref.uri} can't be read: {error.strerror}") from None


def _status(error: RowError) -> str:
    text = str(error)
    if isinstance(error, RetryableRowError):
        if _RETRYABLE.lower() in text.lower():
            return text
        return f"{_RETRYABLE} {text if text else 'RESOURCE EXHAUSTED error from remote endpoint'}"
    if isinstance(error, InputRowError) and not _STATUS_TOKEN.match(text):
        return f"INVALID_ARGUMENT: {text if text else 'unable to process the input image'}"
    return text if text else "FAILED_PRECONDITION: the model can't answer this"


def _columns(replies: Sequence[Reply], arguments: Arguments, endpoint: str) -> Rows:
    columns: dict[str, Sequence[str | None]] = {}
    if arguments.flatten:
        columns["ml_generate_text_llm_result"] = [_text(reply) for reply in replies]
        if arguments.safety:
            columns["ml_generate_text_rai_result"] = [None] * len(replies)
        if arguments.grounded:
            columns["ml_generate_text_grounding_result"] = [None] * len(replies)
    else:
        columns["ml_generate_text_result"] = [_response(reply, endpoint) for reply in replies]
    columns["ml_generate_text_status"] = [reply.status for reply in replies]
    kinds = {"ml_generate_text_result": "JSON"}
    return Rows.of([column(name, kinds.get(name, "STRING")) for name in columns], [*columns.values()])


def function_stats(function: str, answers: Rows) -> Object:
    """Return what a job tells of one model function.

    Args:
        function: Its name.
        answers: The columns that it added.
    """
    failures = [str(status) for status in answers.values("ml_generate_text_status") if status]
    errors: list[JSON] = [text[:_ERROR_CHARS] for text in list(dict.fromkeys(failures))[:_ERRORS]]
    return {
        "functionName": function,
        "numProcessedRows": str(len(answers)),
        "errorStats": {"numFailedRows": str(len(failures)), "errors": errors},
    }


def _text(reply: Reply) -> str | None:
    return reply.answer.text if reply.answer is not None and reply.answer.text else None


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
            "usage_metadata": {
                "prompt_token_count": answer.input_tokens,
                "candidates_token_count": answer.output_tokens,
                "total_token_count": answer.input_tokens + answer.output_tokens,
            },
        }
    )
