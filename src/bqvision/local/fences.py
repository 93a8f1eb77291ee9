"""Answers that a model put into a Markdown fence."""

from __future__ import annotations

import re
from typing import Final

_FENCE: Final = "```"
_LANGUAGE: Final = re.compile(r"\w*")


def unfenced(text: str) -> str | None:
    """Return what stands in the fence that an answer is; None if it is none.

    The time that it takes grows with the text's length and no faster, for models write thousands of line ends.
    """
    said = text.strip()
    inside = said.removeprefix(_FENCE).removesuffix(_FENCE)
    if len(inside) != len(said) - 2 * len(_FENCE):
        return None
    return _LANGUAGE.sub("", inside, count=1).strip()
