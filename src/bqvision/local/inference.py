"""Rows through a vision model: each question gets an answer or a status."""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from bqvision.local.answer_types import json_schema
from bqvision.local.models import ModelError, VisionModels
from bqvision.local.protocol import ApiError
from bqvision.local.questions import ObjectRef, Part
from bqvision.local.rows import storable
from bqvision.local.vision import (
    BlockedRowError,
    Image,
    InputRowError,
    RetryableRowError,
    RowError,
    VisionAnswer,
    VisionRequest,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bqvision.local.arguments import Arguments
    from bqvision.local.buckets import Buckets
    from bqvision.local.vision import VisionModel

_IMAGE_TYPES: Final = frozenset({"image/png", "image/jpeg", "image/webp", "image/heic", "image/heif"})
_MAX_IMAGE_BYTES: Final = 30_000_000
_TURN_SECONDS: Final = 0.05
"""How long a job keeps a thread before another one's turn, if its rows are quicker than that."""
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


async def replies(
    asked: Sequence[Sequence[Part]],
    arguments: Arguments,
    *,
    model: VisionModel,
    models: VisionModels,
    buckets: Buckets,
    unreadable: Callable[[ObjectRef], str | None],
    progress: Callable[[int, int], None],
) -> list[Reply]:
    """Ask the model about every row, as many rows at once as there are workers.

    Args:
        asked: The question of each row.
        arguments: What the call says beside them.
        model: The model that answers.
        models: Runs and counts the calls.
        buckets: Where the images are.
        unreadable: Says why an image may not be read; None if it may.
        progress: Called with the number of rows done and of all rows, also on the models' threads.

    Returns:
        What came of each row.

    Raises:
        ApiError: The model broke down.
    """
    schema = arguments.response_schema
    if arguments.fields:
        schema = json_schema(arguments.fields, nullable=not arguments.bare)
    found: list[Reply | None] = [None] * len(asked)
    todo = deque(range(len(asked)))
    counting = threading.Lock()
    progress(done := 0, len(asked))

    def load(ref: ObjectRef) -> Image:
        refusal = unreadable(ref)
        if refusal is not None:
            raise InputRowError(refusal)
        return _load(ref, buckets)

    def answer(parts: Sequence[Part]) -> VisionAnswer:
        images = tuple([load(part) for part in parts if isinstance(part, ObjectRef)])
        prompt = "\n".join(part for part in parts if isinstance(part, str))
        return models.ask(model, VisionRequest(images, prompt, schema, arguments.parameters))

    def some() -> None:
        """Answer rows on a thread of the models, at least one and then for a short time."""
        nonlocal done
        until = time.monotonic() + _TURN_SECONDS
        while todo:
            try:
                index = todo.popleft()
            except IndexError:  # Another thread took the last one.
                return
            found[index] = _reply(asked[index], answer)
            with counting:
                done += 1
                progress(done, len(asked))
            if time.monotonic() > until:
                return

    async def work() -> None:
        while todo:
            await models.on_a_thread(some, model=model)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(min(models.workers_for(model), len(asked))):
                group.create_task(work())
    except* ModelError as broken:
        raise ApiError("invalid", f"the vision model broke down: {broken.exceptions[0]}") from None
    finally:
        todo.clear()  # What a cancelled job has not begun is never begun.
    return [reply for reply in found if reply is not None]


def _reply(parts: Sequence[Part], ask: Callable[[Sequence[Part]], VisionAnswer]) -> Reply:
    try:
        if None in parts:
            raise InputRowError("INVALID_ARGUMENT: an ObjectRef in the prompt is NULL")
        if not any(parts):
            raise InputRowError("INVALID_ARGUMENT: the prompt is empty")
        answer = ask(parts)
        text, reason = storable(answer.text), storable(answer.finish_reason)
        return Reply(replace(answer, text=text, finish_reason=reason), "")
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
    text = storable(str(error))
    if isinstance(error, RetryableRowError):
        if _RETRYABLE.lower() in text.lower():
            return text
        return f"{_RETRYABLE} {text if text else 'RESOURCE EXHAUSTED error from remote endpoint'}"
    if isinstance(error, InputRowError) and not _STATUS_TOKEN.match(text):
        return f"INVALID_ARGUMENT: {text if text else 'unable to process the input image'}"
    return text if text else "FAILED_PRECONDITION: the model can't answer this"
