"""The local BigQuery: a server on this machine that google's clients take for BigQuery.

`serve` starts it in a process of its own. Folders stand for buckets, and a vision model of your choice, or
an OCR reader, answers in Gemini's place. It needs the extra ``local``: ``pip install "bqvision[local]"``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bqvision.local.access import Access
from bqvision.local.openai_compatible import OpenAICompatible
from bqvision.local.scripted import ScriptedModel
from bqvision.local.server import LocalServer, serve
from bqvision.local.simulated import SimulatedBucket
from bqvision.local.vision import (
    BlockedRowError,
    Image,
    InputRowError,
    JsonValue,
    PermanentRowError,
    RetryableRowError,
    RowError,
    VisionAnswer,
    VisionModel,
    VisionRequest,
)

if TYPE_CHECKING:
    from bqvision.local.ocr import OCRReader

__all__ = [
    "Access",
    "BlockedRowError",
    "Image",
    "InputRowError",
    "JsonValue",
    "LocalServer",
    "OCRReader",
    "OpenAICompatible",
    "PermanentRowError",
    "RetryableRowError",
    "RowError",
    "ScriptedModel",
    "SimulatedBucket",
    "VisionAnswer",
    "VisionModel",
    "VisionRequest",
    "serve",
]


def __getattr__(name: str) -> object:
    """Load the OCR reader when it is first asked for."""
    if name == "OCRReader":
        from bqvision.local.ocr import OCRReader

        return OCRReader
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
