"""What a run gives back: one typed, immutable record per image."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from typing import Self

M = TypeVar("M")


class Outcome(StrEnum):
    """What became of one image.

    `RETRYABLE`, `QUOTA` and `PERMISSION` were never answers, so such rows stay to be done; every other
    outcome is final for that generation of the image and that question.
    """

    OK = "OK"
    """The answer holds a JSON object. A field of the wrong type is None, and ``error`` names it."""
    RETRYABLE = "RETRYABLE"
    """The model was overloaded or out of reach; asking again may help."""
    QUOTA = "QUOTA"
    """A quota is used up; asking again helps once it is reset."""
    PERMISSION = "PERMISSION"
    """The connection's account may not use the model or read the image; the same for all rows, as a rule."""
    INPUT = "INPUT"
    """The image itself is the trouble, being no image, empty, too large, of an unsupported type, or gone."""
    BLOCKED = "BLOCKED"
    """The model gave no answer, held back by its safety rules, or empty without any other cause."""
    TRUNCATED = "TRUNCATED"
    """The output limit cut the answer before its JSON object was complete."""
    UNPARSABLE = "UNPARSABLE"
    """There is an answer, but no valid JSON object in it; ``text`` has it."""
    UNKNOWN = "UNKNOWN"
    """A failure whose status text says none of the above; ``status`` has it."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens that one image took; None where the response doesn't say."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    """Tokens of the answer and of the thinking before it; both are billed, both count against the output limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageResult:
    """What is known of every image, whatever was asked; the fields of a subclass are what is asked for.

    A subclass is a frozen, slotted, keyword-only dataclass too. Its fields are None (or their default) unless
    ``outcome`` is ``OK``.
    """

    uri: str
    generation: int | None = None
    """Cloud Storage's number for this content of the object; None where the table doesn't hold it."""
    outcome: Outcome
    status: str = ""
    """BigQuery's status text of the row as it came; empty on success."""
    text: str | None = None
    """The model's answer as it came; None where there is none."""
    error: str | None = None
    """Why there is no answer, or which fields of it had the wrong type; None when all is well."""
    usage: Usage = field(default_factory=Usage)


@dataclass(frozen=True, slots=True, kw_only=True)
class PosterResult(ImageResult):
    """A film poster's title and year of release."""

    title: str | None = None
    year: int | None = None


class PydanticModel(Protocol):
    """A class of Pydantic models, as far as bqvision knows one: pydantic itself need not be installed."""

    @classmethod
    def model_validate(cls, obj: object, /) -> Self:
        """Return a model with these values; a ValueError says that they don't hold."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Extracted(ImageResult, Generic[M]):
    """What is known of an image that was asked for a Pydantic model."""

    value: M | None = None
    """The model; None if there is no answer, or if the model refuses it. Then ``error`` names the fields."""
