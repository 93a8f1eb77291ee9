"""The local vision model: answers what print can say, and refuses what it can't."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Final

from typing_extensions import override

from bqvision.local.ocr.engine import Engine
from bqvision.local.ocr.fields import read_fields, reader_of
from bqvision.local.ocr.prompt import keys_of_prompt, keys_of_schema
from bqvision.local.vision import (
    Image,
    InputRowError,
    JsonValue,
    PermanentRowError,
    VisionAnswer,
    VisionRequest,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

IMAGE_TOKENS: Final = 258
"""What Gemini counts for one small image. Larger ones count more there; here all count the same."""
CHARACTERS_PER_TOKEN: Final = 4
"""Gemini's rule of thumb for English. The local reader's token counts are estimates by these two figures."""


class OCRReader:
    """A vision model that reads print: title, year, lines and all text of an image.

    It answers with the keys that the request's schema has, else with those that the prompt names, and null
    for every key that print doesn't tell. With a schema the answer is plain JSON, otherwise JSON in a
    Markdown fence, as Gemini gives it. It knows no films: a year is an answer only where it is printed.

    An instance can be called from several threads at once. Each thread loads models of its own at its
    first image.

    Raises:
        InputRowError: There is no image, or one that can't be decoded.
        PermanentRowError: The question asks for nothing that reading can answer.
    """

    def __init__(self) -> None:
        self._engine = Engine()

    @override
    def __repr__(self) -> str:
        return "OCRReader()"

    def warm_up(self) -> None:
        """Load the models for the calling thread, so that its first image is not slower than the others."""
        import PIL.Image

        blank = io.BytesIO()
        PIL.Image.new("RGB", (64, 64), "white").save(blank, "PNG")
        self._engine.read(Image(uri="", content_type="image/png", data=blank.getvalue()))

    def __call__(self, request: VisionRequest, /) -> VisionAnswer:
        """Answer one request from the print on its images."""
        keys = _wanted(request)
        if not request.images:
            raise InputRowError("The prompt has no image.")
        pages = [self._engine.read(image) for image in request.images]
        text = json.dumps(read_fields(keys, pages), ensure_ascii=False, indent=None if request.schema else 2)
        return _limited(text if request.schema else f"```json\n{text}\n```", request)


def _wanted(request: VisionRequest) -> Mapping[str, Mapping[str, JsonValue]]:
    keys = (
        keys_of_schema(request.schema)
        if request.schema
        else {key: {} for key in keys_of_prompt(request.prompt)}
    )
    if not any(reader_of(key) for key in keys):
        raise PermanentRowError(
            "The local reader only reads print: it answers the keys title, year, text and lines, and this "
            "request names none of them. Name one in the prompt (Answer in JSON format with two keys: title, "
            "year.), or use a vision-language model."
        )
    return keys


def _limited(text: str, request: VisionRequest) -> VisionAnswer:
    """Return the answer as the request's stop sequences and token limit leave it."""
    stops = request.parameters.get("stop_sequences")
    for stop in stops if isinstance(stops, list) else ():
        if isinstance(stop, str) and stop:
            text = text.partition(stop)[0]
    limit = request.parameters.get("max_output_tokens")
    finish_reason = "STOP"
    if isinstance(limit, int | float) and len(text) > limit * CHARACTERS_PER_TOKEN:
        text, finish_reason = text[: int(limit * CHARACTERS_PER_TOKEN)], "MAX_TOKENS"
    return VisionAnswer(
        text=text,
        input_tokens=IMAGE_TOKENS * len(request.images) + _tokens(request.prompt),
        output_tokens=_tokens(text),
        finish_reason=finish_reason,
    )


def _tokens(text: str) -> int:
    return -(-len(text) // CHARACTERS_PER_TOKEN)
