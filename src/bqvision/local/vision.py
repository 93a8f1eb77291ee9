"""What a vision model is to the local BigQuery: one call per image, an answer or a row error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"


@dataclass(frozen=True, slots=True)
class Image:
    """One object, as the model gets it."""

    uri: str
    content_type: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class VisionRequest:
    """One question about one image, or about several that stand in one prompt."""

    images: tuple[Image, ...]
    prompt: str = field(repr=False)
    schema: Mapping[str, JsonValue] | None = None
    """JSON schema of the wanted answer, where the statement sends one."""
    parameters: Mapping[str, JsonValue] = field(default_factory=dict[str, JsonValue])
    """The statement's model parameters, such as temperature, top_p, max_output_tokens, stop_sequences."""


@dataclass(frozen=True, slots=True)
class VisionAnswer:
    """What a model said."""

    text: str = field(repr=False)
    input_tokens: int = 0
    output_tokens: int = 0
    finish_reason: str = "STOP"
    """Gemini's word for it, such as STOP, MAX_TOKENS, SAFETY, ..."""


class VisionModel(Protocol):
    """Anything that answers a request.

    A model refuses one image by raising a `RowError`; the job goes on, and the row's status says why.
    """

    def __call__(self, request: VisionRequest, /) -> VisionAnswer:
        """Answer one request.

        Raises:
            RowError: This image can't be answered.
        """
        ...


class RowError(Exception):
    """One image could not be answered; the message becomes the row's status text, as BigQuery writes it."""


class RetryableRowError(RowError):
    """Asking again may help: overload, rate limit, a passing fault."""


class BlockedRowError(RowError):
    """The model refused on safety grounds: the row gets an empty status and no text, as on BigQuery."""


class InputRowError(RowError):
    """The image itself is the trouble: no image, empty, cut, too large, of an unsupported type."""


class PermanentRowError(RowError):
    """It will never work: for example a question that this model can't answer."""
