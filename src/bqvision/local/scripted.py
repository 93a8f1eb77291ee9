"""A vision model that is only data: it answers every image by the same words, in the server's own process."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Final

from bqvision.errors import InvalidInputError
from bqvision.local.vision import RetryableRowError, VisionAnswer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bqvision.local.vision import VisionRequest

NUMBER: Final = "{number}"
_LAST_NUMBER: Final = re.compile(r"(\d+)\D*?(?:\.\w+)?\Z", re.ASCII)
_MAX_NUMBER: Final = 10_000_000


@dataclass(frozen=True, slots=True)
class ScriptedModel:
    """A vision model that doesn't look: it gives every image the answer of a script.

    It is data, so it runs in the server and answers many thousand images a second, where a callable of yours is
    called back for each one. Two models with the same settings give the same answers to the same URIs.

    Args:
        answer: The answer. ``{number}`` in it becomes the last number in the object's URI before its suffix, or 0.
        input_tokens: The tokens in, as every answer reports them.
        output_tokens: The tokens out, as every answer reports them.
        failing: The share of images, from 0 to 1, whose first call fails with a retryable status; their later calls
            are answered. Which images fail follows from their URIs.
        seed: Another seed makes other images fail.

    Raises:
        InvalidInputError: An argument is not of this kind.
    """

    answer: str = '{"title": "Film {number}", "year": 1927}'
    input_tokens: int = 258
    output_tokens: int = 16
    failing: float = 0.0
    seed: int = 0
    _failed: set[int] = field(default_factory=set[int], init=False, repr=False, compare=False)
    """The images that have had their failure, by the hash of the URI."""

    def __post_init__(self) -> None:
        if not isinstance(self.answer, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise InvalidInputError(f"ScriptedModel: answer must be a text, and is {self.answer!r}")
        for name in ("input_tokens", "output_tokens", "seed"):
            value = getattr(self, name)
            if type(value) is not int or not 0 <= value <= _MAX_NUMBER:
                raise InvalidInputError(
                    f"ScriptedModel: {name} must be a whole number from 0 to {_MAX_NUMBER:,}, and is {value!r}"
                )
        if type(self.failing) not in {int, float} or not 0 <= self.failing <= 1:
            raise InvalidInputError(f"ScriptedModel: failing must be from 0 to 1, and is {self.failing!r}")

    def __call__(self, request: VisionRequest, /) -> VisionAnswer:
        """Answer a request by its first image.

        Raises:
            RetryableRowError: It is the first call for an image that fails.
        """
        uri = request.images[0].uri if request.images else ""
        if self.failing and self._fails_now(uri):
            raise RetryableRowError
        text = self.answer
        if NUMBER in text:
            found = _LAST_NUMBER.search(uri)
            text = text.replace(NUMBER, "0" if found is None else str(int(found[1])))
        return VisionAnswer(text, self.input_tokens, self.output_tokens)

    def settings(self) -> Mapping[str, Any]:
        """Return the arguments that make an equal model."""
        return {part.name: getattr(self, part.name) for part in fields(self) if part.init}

    def _fails_now(self, uri: str) -> bool:
        digest = hashlib.blake2b(f"{self.seed} {uri}".encode(), digest_size=8).digest()
        place = int.from_bytes(digest, "big")
        if place >= self.failing * 2**64 or place in self._failed:
            return False
        self._failed.add(place)
        return True
