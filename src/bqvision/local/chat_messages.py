"""What goes to an OpenAI-compatible server and what comes back: one chat completion."""

from __future__ import annotations

import base64
import importlib
import importlib.util
import io
import json
import re
from functools import cache
from typing import TYPE_CHECKING, Final, cast

from bqvision.local.fences import unfenced
from bqvision.local.strict_schema import fits, is_strict, strict_schema
from bqvision.local.vision import BlockedRowError, InputRowError, VisionAnswer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bqvision.local.vision import Image, JsonValue, VisionRequest

_PARAMETERS: Final = {
    "temperature": "temperature",
    "top_p": "top_p",
    "max_output_tokens": "max_tokens",
    "stop_sequences": "stop",
}
"""BigQuery's names and those of the request, as all servers take them."""
_AS_THEY_ARE: Final = {"PNG": "image/png", "JPEG": "image/jpeg", "MPO": "image/jpeg"}
"""What every server reads (llama.cpp reads no WebP). Phones write JPEGs with a second picture in them: MPO."""
_JPEG_QUALITY: Final = 95
_THINK: Final = "<think>"
_THOUGHT: Final = "</think>"


class NoCompletionError(Exception):
    """A body is not a chat completion; the message says what it is."""


def request_body(model: str, request: VisionRequest) -> dict[str, JsonValue]:
    """Return the request's body.

    Args:
        model: The server's name for the model.
        request: What to ask.

    Raises:
        InputRowError: There is nothing to ask, or an image can't be read.
    """
    schema = None if request.schema is None else strict_schema(request.schema)
    text = request.prompt
    if schema is not None:
        # Servers drop a schema that they can't enforce without a word, so the model hears of it too.
        text += (
            f"\n\nAnswer only with JSON that fits this JSON schema:\n{json.dumps(schema, ensure_ascii=False)}"
        )
    content: list[JsonValue] = [{"type": "text", "text": text}] if text.strip() else []
    content.extend({"type": "image_url", "image_url": {"url": _data_uri(image)}} for image in request.images)
    if not content:
        raise InputRowError("The prompt is empty.")
    body: dict[str, JsonValue] = {"model": model, "messages": [{"role": "user", "content": content}]}
    for name, value in request.parameters.items():
        if name in _PARAMETERS and value not in (None, []):
            body[_PARAMETERS[name]] = value
    if schema is not None:
        strict = schema.get("type") == "object" and is_strict(schema)
        body["response_format"] = {
            "type": "json_schema",
            "json_schema": {"name": "answer", "strict": strict, "schema": schema},
        }
    return body


def read_answer(body: str, schema: Mapping[str, JsonValue] | None) -> VisionAnswer:
    """Read the answer in a chat completion.

    An answer that doesn't fit the schema is returned as it is: whoever reads it says best what is wrong. But
    where a server doesn't hold the model to the schema, the model likes to put JSON into a Markdown fence; if
    what is in the fence fits, that is the answer.

    Args:
        body: The response's body.
        schema: The schema that the request named.

    Raises:
        NoCompletionError: It is no chat completion.
        BlockedRowError: The model, or a filter around it, refused.
    """
    completion = _json(body)
    if not isinstance(completion, dict):
        raise NoCompletionError(
            "HTML" if body.lstrip().startswith("<") else "something else than a JSON object"
        )
    choices = completion.get("choices")
    if not isinstance(choices, list):
        raise NoCompletionError("JSON without choices")
    if not choices:
        raise NoCompletionError("an empty list of choices")
    choice = choices[0]
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(choice, dict) or not isinstance(message, dict):
        raise NoCompletionError("a choice without a message")
    content = _text(message.get("content"))
    if content is None:
        raise NoCompletionError("a message whose content is no text")
    reason = choice.get("finish_reason")
    if message.get("refusal") or reason == "content_filter":
        raise BlockedRowError
    usage = completion.get("usage")
    return VisionAnswer(
        _clean(content, schema),
        input_tokens=_count(usage, "prompt_tokens"),
        output_tokens=_count(usage, "completion_tokens"),
        finish_reason="MAX_TOKENS" if reason == "length" else "STOP",
    )


def error_message(body: str) -> str:
    """Return what an error's body says, up to where it may begin to quote the request; empty if nothing."""
    said = _json(body)
    for name in ("error", "message", "detail"):  # {"error": {"message": ...}}, and what others make of it
        if isinstance(said, dict):
            said = said.get(name, said)
    return re.split(r"[{\[<]", said, maxsplit=1)[0].strip() if isinstance(said, str) else ""


def error_status(body: str) -> int:
    """Return the HTTP status that a body which came with 200 should have come with."""
    said = _json(body)
    error = said.get("error") if isinstance(said, dict) and "choices" not in said else None
    if not isinstance(error, dict):  # LM Studio has a text there, for a wrong path.
        return 200
    code = error.get("code")
    return code if isinstance(code, int) and 400 <= code < 600 else 500


def _text(content: JsonValue) -> str | None:
    """Return a message's text: a text, or the texts of its parts; None if it is something else."""
    match content:
        case None:
            return ""
        case str():
            return content
        case list():
            texts = [part.get("text") for part in content if isinstance(part, dict)]
            return "".join(text for text in texts if isinstance(text, str))
        case _:
            return None


def _clean(text: str, schema: Mapping[str, JsonValue] | None) -> str:
    text = _thought_through(text)
    inside = None if schema is None else unfenced(text)
    if schema is not None and inside is not None and fits(_json(inside), strict_schema(schema)):
        return inside
    return text


def _thought_through(text: str) -> str:
    """Return what a model says behind its thinking; templates that begin with the opening tag leave it out."""
    thinking, end, answer = text.partition(_THOUGHT)
    opened = thinking.lstrip().startswith(_THINK)
    if end and thinking.count(_THINK) <= opened:
        return answer.lstrip()
    return "" if opened and not end else text


def _data_uri(image: Image) -> str:
    content_type, data = _picture(image)
    return f"data:{content_type};base64,{base64.b64encode(data).decode('ascii')}"


def _picture(image: Image) -> tuple[str, bytes]:
    """Return an image as PNG or JPEG, by what its bytes are and not by what they are called."""
    from PIL import Image as Pictures
    from PIL import ImageOps

    heic = image.content_type in {"image/heic", "image/heif"}
    reads_heic = heic and _reads_heic()
    try:
        with Pictures.open(io.BytesIO(image.data)) as picture:
            content_type = _AS_THEY_ARE.get(str(picture.format))
            if content_type is not None:
                picture.verify()
                return content_type, image.data
            upright = ImageOps.exif_transpose(picture)
            made = io.BytesIO()
            if upright.has_transparency_data:
                upright.convert("RGBA").save(made, "PNG")
                return "image/png", made.getvalue()
            upright.convert("RGB").save(made, "JPEG", quality=_JPEG_QUALITY)
            return "image/jpeg", made.getvalue()
    except Pictures.DecompressionBombError:
        raise InputRowError("the image has too many pixels") from None
    except Exception as error:  # Pillow's decoders raise many kinds for what they can't read.
        if heic and not reads_heic:
            raise InputRowError(
                "HEIC images need a decoder, which is not installed: pip install pillow-heif"
            ) from None
        raise InputRowError(f"the image can't be decoded ({type(error).__name__})") from None


@cache
def _reads_heic() -> bool:
    """Say whether HEIC can be read, and make it so if it can."""
    if importlib.util.find_spec("pillow_heif") is None:
        return False
    importlib.import_module("pillow_heif").register_heif_opener()
    return True


def _json(text: str) -> JsonValue:
    try:
        return cast("JsonValue", json.loads(text))
    except (ValueError, RecursionError):
        return None


def _count(usage: JsonValue, name: str) -> int:
    count = usage.get(name) if isinstance(usage, dict) else None
    return count if type(count) is int and count >= 0 else 0
