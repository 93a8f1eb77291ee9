"""What a run will probably take: tokens, as measured or by Gemini's published rules, and money by the caller's prices.

An object table knows an image's bytes, not its pixels, so the rules give a range:

- Gemini 2: 258 tokens for an image of at most 384 x 384 pixels. A larger one is scaled down to 3072 x 3072 and cut
  into tiles, whose side is its shorter side divided by 1.5, but 256 to 768 pixels; each is 258 tokens, and there are
  1 to 24 of them
  (https://docs.cloud.google.com/vertex-ai/generative-ai/docs/multimodal/send-multimodal-prompts#image-requirements).
- Gemini 3 and later: a budget for each image, whatever its size, of 1,120 tokens unless ``media_resolution`` says
  otherwise (https://ai.google.dev/gemini-api/docs/media-resolution, which has the values for Gemini 2 too).
- Texts: about four characters are one token (https://ai.google.dev/gemini-api/docs/tokens).
- Answers: nobody knows before; at most the output limit, which thinking counts against.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, cast

from typing_extensions import override

from bqvision.errors import InvalidInputError
from bqvision.sql.arguments import MODEL_MAX_OUTPUT_TOKENS

if TYPE_CHECKING:
    from bqvision.sql.arguments import Arguments

_TILE_TOKENS: Final = 258
_MOST_TILES: Final = 24
"""Of an image of 3072 x 384 pixels: twelve tiles of 256 pixels in each of two rows."""
_CHARS_PER_TOKEN: Final = 4
_BUDGETS: Final = {"LOW": 280, "MEDIUM": 560, "HIGH": 1120, "ULTRA_HIGH": 2240}
_SMALL_BUDGETS: Final = {"LOW": 64, "MEDIUM": 256}
"""Those of Gemini 2; with any other resolution it cuts tiles."""
_FIRST_WITH_BUDGETS: Final = 3
_GENERATION: Final = re.compile(r"gemini-(\d{1,3})(?!\d)")
_MILLION: Final = 1_000_000
_MOST_TOKENS: Final = 10_000_000


class TokenBasis(StrEnum):
    """Where a number of tokens comes from."""

    MEASURED = "MEASURED"
    """The average of the same question's earlier calls, as the results table has them."""
    GIVEN = "GIVEN"
    """The caller said it."""
    RULES = "RULES"
    """Gemini's published rules, as `Analysis.plan` has them."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """How many tokens all calls of a run will probably take."""

    low: int
    high: int
    basis: TokenBasis


@dataclass(frozen=True, slots=True)
class Cost:
    """What the tokens of a run will probably cost."""

    low: float
    high: float
    currency: str

    @override
    def __str__(self) -> str:
        low, high = _money(self.low), _money(self.high)
        return f"{low} {self.currency}" if low == high else f"{low} to {high} {self.currency}"


def _money(amount: float) -> str:
    return f"{amount:,.2f}" if amount >= 1 or not amount else f"{amount:.4f}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """What a model's tokens cost; bqvision knows no prices, since they change.

    Args:
        input_per_million: The price of a million tokens in, text and images alike.
        output_per_million: The price of a million tokens out, thinking included.
        currency: A word for the currency.

    Raises:
        InvalidInputError: A price is no number from 0, or the currency no short word.
    """

    input_per_million: float
    output_per_million: float
    currency: str = "USD"

    def __post_init__(self) -> None:
        for name in ("input_per_million", "output_per_million"):
            value: object = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
                raise InvalidInputError(
                    f"{name} must be a number from 0", next_step="Give the price of a million tokens."
                )
        if not re.fullmatch(r"\S{1,10}", str(self.currency)):
            raise InvalidInputError("currency must be a short word", next_step="Write, for example, EUR.")

    def of(self, input_tokens: Estimate, output_tokens: Estimate) -> Cost:
        """Return what so many tokens cost.

        Args:
            input_tokens: Tokens in.
            output_tokens: Tokens out.
        """
        return Cost(
            self._of(input_tokens.low, output_tokens.low),
            self._of(input_tokens.high, output_tokens.high),
            self.currency,
        )

    def _of(self, input_tokens: int, output_tokens: int) -> float:
        return (input_tokens * self.input_per_million + output_tokens * self.output_per_million) / _MILLION


@dataclass(frozen=True, slots=True)
class Measured:
    """How many tokens earlier calls took, in or out."""

    calls: int
    tokens: int


def estimate_input(
    arguments: Arguments,
    *,
    endpoint: str,
    calls: int,
    files: float,
    measured: Measured,
    image_tokens: int | None = None,
) -> Estimate:
    """Estimate the tokens that go into some calls.

    Args:
        arguments: The question.
        endpoint: The model's endpoint; empty if it is not known.
        calls: How many calls.
        files: How many images one call shows, on average.
        measured: What earlier calls of the question took.
        image_tokens: What an image takes, if the caller knows it.
    """
    if image_tokens is None and measured.calls:
        return _average(measured, calls)
    low, high = _of_image(endpoint, arguments) if image_tokens is None else (image_tokens, image_tokens)
    text = _of_text(arguments)
    return Estimate(
        round(calls * (text + low * files)),
        round(calls * (text + high * files)),
        TokenBasis.RULES if image_tokens is None else TokenBasis.GIVEN,
    )


def estimate_output(
    arguments: Arguments, *, calls: int, measured: Measured, output_tokens: int | None = None
) -> Estimate:
    """Estimate the tokens that come out of some calls.

    Args:
        arguments: The question.
        calls: How many calls.
        measured: What earlier calls of the question took.
        output_tokens: What an answer takes, thinking included, if the caller knows it.
    """
    if output_tokens is not None:
        return Estimate(calls * output_tokens, calls * output_tokens, TokenBasis.GIVEN)
    if measured.calls:
        return _average(measured, calls)
    limit = arguments.output_limit
    most = MODEL_MAX_OUTPUT_TOKENS if limit is None else limit
    return Estimate(calls, calls * most, TokenBasis.RULES)


def clean_tokens(name: str, value: int | None) -> int | None:
    """Return a number of tokens that the caller gave.

    Raises:
        InvalidInputError: It can not be one.
    """
    if value is not None and (type(value) is not int or not 0 < value <= _MOST_TOKENS):
        raise InvalidInputError(f"{name} must be a whole number from 1 to {_MOST_TOKENS:,}")
    return value


def _average(measured: Measured, calls: int) -> Estimate:
    tokens = round(calls * measured.tokens / measured.calls)
    return Estimate(tokens, tokens, TokenBasis.MEASURED)


def _of_image(endpoint: str, arguments: Arguments) -> tuple[int, int]:
    found = _GENERATION.search(endpoint)
    resolution = _resolution(arguments)
    if found is not None and int(found[1]) >= _FIRST_WITH_BUDGETS:
        budget = _BUDGETS.get(resolution, _BUDGETS["HIGH"])
        return budget, budget
    if found is not None and resolution in _SMALL_BUDGETS:
        budget = _SMALL_BUDGETS[resolution]
        return budget, budget
    return _TILE_TOKENS, _TILE_TOKENS * _MOST_TILES


def _resolution(arguments: Arguments) -> str:
    params = arguments.model_params or {}
    for key in ("generation_config", "generationConfig"):
        config = params.get(key)
        if isinstance(config, Mapping):
            settings = cast("Mapping[str, object]", config)
            said = settings.get("media_resolution", settings.get("mediaResolution"))
            if isinstance(said, str):
                return said.removeprefix("MEDIA_RESOLUTION_")
    return ""


def _of_text(arguments: Arguments) -> int:
    """Tokens of what is said beside the images: the prompt, and what describes the answer."""
    said = [arguments.prompt or "", arguments.output_schema or ""]
    said += [json.dumps(part) for part in (arguments.categories, arguments.model_params) if part]
    return math.ceil(sum(map(len, said)) / _CHARS_PER_TOKEN)
