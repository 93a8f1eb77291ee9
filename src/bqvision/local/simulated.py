"""Buckets of made-up objects: as many as wanted, told by their number, stored nowhere."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from bqvision.errors import InvalidInputError

MAX_OBJECTS: Final = 100_000_000
DIGITS: Final = 9
"""How many the number in a name has."""
UPDATED_US: Final = 1_735_689_600_000_000
"""When all simulated objects were last changed: 2025-01-01, in microseconds since 1970."""
_MAX_BYTES: Final = 1_000_000
_NAME_PART: Final = re.compile("[^*\r\n\ud800-\udfff]{0,400}")
_CONTENT_TYPE: Final = re.compile(r"[a-z]+/[a-z0-9.+-]+")
_MAX_SEED: Final = 2**31 - 1


@dataclass(frozen=True, slots=True)
class SimulatedBucket:
    """A bucket of made-up objects, to rehearse a run over more images than there are.

    Nothing is stored: an object's name and bytes follow from its number, which counts from 0 and has nine digits in
    the name, as in ``image-000000017.png``. The bytes say the number and are no picture, so a model that really
    looks can't read them; `ScriptedModel` doesn't look. ``md5_hash`` is NULL, as Cloud Storage has it for
    composite objects.

    Args:
        objects: How many, up to 100 million.
        prefix: What is before the number in the names; may have slashes.
        suffix: What is behind the number.
        content_type: The media type of all objects.
        size: How many bytes each has, from 64 to 1,000,000.
        seed: Sets the objects' generation: another seed makes all of them new objects.

    Raises:
        InvalidInputError: An argument is not of this kind.
    """

    objects: int
    prefix: str = "image-"
    suffix: str = ".png"
    content_type: str = "image/png"
    size: int = 1_000
    seed: int = 0

    def __post_init__(self) -> None:
        for name, low, high in (
            ("objects", 0, MAX_OBJECTS),
            ("size", 64, _MAX_BYTES),
            ("seed", 0, _MAX_SEED),
        ):
            value: object = getattr(self, name)
            if type(value) is not int or not low <= value <= high:
                raise _invalid(f"{name} must be a whole number from {low:,} to {high:,}, and is {value!r}")
        for name, shape, what in (
            ("prefix", _NAME_PART, "at most 400 characters without * and line breaks"),
            ("suffix", _NAME_PART, "at most 400 characters without * and line breaks"),
            ("content_type", _CONTENT_TYPE, "a media type such as image/png"),
        ):
            text: object = getattr(self, name)
            if not isinstance(text, str) or not shape.fullmatch(text):
                raise _invalid(f"{name} must be {what}, and is {text!r}")

    @property
    def generation(self) -> int:
        """The generation of all objects."""
        return UPDATED_US + self.seed

    def name(self, number: int) -> str:
        """Return the name of one object."""
        return f"{self.prefix}{number:0{DIGITS}}{self.suffix}"

    def number(self, name: str) -> int | None:
        """Return the number of the object with a name, or None when there is none."""
        digits = name[len(self.prefix) : len(self.prefix) + DIGITS]
        if not (digits.isascii() and digits.isdecimal()):
            return None
        number = int(digits)
        return number if number < self.objects and name == self.name(number) else None

    def data(self, number: int) -> bytes:
        """Return the bytes of one object."""
        return f"simulated object {number} of seed {self.seed}\n".encode().ljust(self.size, b"\0")


def _invalid(what: str) -> InvalidInputError:
    return InvalidInputError(f"SimulatedBucket: {what}")
