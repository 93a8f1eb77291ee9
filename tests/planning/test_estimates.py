"""What a run will probably take: measured, given, or by Gemini's rules; and money by the caller's prices."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import bqvision as bv
from bqvision.estimates import Measured, estimate_input, estimate_output
from bqvision.planning import cut_into
from bqvision.sql.arguments import Arguments
from bqvision.sql.work import Cut

FLASH = "gemini-2.5-flash"
NOTHING = Measured(0, 0)
QUESTION = Arguments(prompt="x" * 400)


def tiles(width: int, height: int) -> int:
    """How many tiles Gemini 2 cuts an image into, as its page says."""
    if max(width, height) <= 384:
        return 1
    scale = min(1, 3072 / max(width, height))
    wide, high = max(1, int(width * scale)), max(1, int(height * scale))
    side = min(max(min(wide, high) / 1.5, 256), 768)
    return math.ceil(wide / side) * math.ceil(high / side)


@given(st.integers(1, 12_000), st.integers(1, 12_000))
def test_an_image_of_any_size_is_within_the_range(width: int, height: int) -> None:
    """Whatever its pixels, which nobody knows when a plan is made."""
    found = estimate_input(Arguments(prompt="x"), endpoint=FLASH, calls=1, files=1, measured=NOTHING)
    assert found.low <= 1 + 258 * tiles(width, height) <= found.high


def test_the_range_is_no_wider_than_it_must_be() -> None:
    """There are images at both of its ends."""
    found = estimate_input(QUESTION, endpoint=FLASH, calls=1, files=1, measured=NOTHING)
    assert (found.low, found.high) == (100 + 258 * tiles(384, 384), 100 + 258 * tiles(3072, 384))
    assert found.basis is bv.TokenBasis.RULES


@pytest.mark.parametrize(
    ("endpoint", "resolution", "low", "high"),
    [
        ("gemini-3-flash-preview", None, 1120, 1120),
        ("gemini-3.5-flash", "MEDIA_RESOLUTION_LOW", 280, 280),
        ("gemini-4-argon", "MEDIA_RESOLUTION_ULTRA_HIGH", 2240, 2240),
        (f"https://aiplatform.googleapis.com/v1/publishers/google/models/{FLASH}", None, 258, 6192),
        (FLASH, "MEDIA_RESOLUTION_LOW", 64, 64),
        (FLASH, "MEDIA_RESOLUTION_HIGH", 258, 6192),
        ("", None, 258, 6192),
        ("somebody-elses-model", "MEDIA_RESOLUTION_LOW", 258, 6192),
    ],
)
@pytest.mark.parametrize(
    "key", [("generation_config", "media_resolution"), ("generationConfig", "mediaResolution")]
)
def test_an_image_takes_what_its_model_and_resolution_say(
    endpoint: str, resolution: str | None, low: int, high: int, key: tuple[str, str]
) -> None:
    """Gemini 3 and later have a budget, Gemini 2 has tiles, and of an unknown model the wider range is told."""
    params = None if resolution is None else {key[0]: {key[1]: resolution}}
    question = Arguments(prompt="x", model_params=params)
    one, two = (
        estimate_input(question, endpoint=endpoint, calls=calls, files=1, measured=NOTHING)
        for calls in (1, 2)
    )
    text = one.low - low
    assert (one.low, one.high) == (text + low, text + high)
    assert (two.low, two.high) == (2 * one.low, 2 * one.high)


def test_all_that_is_said_counts_as_text() -> None:
    """The prompt, the wanted fields and the categories: four characters are one token."""
    typed = Arguments(function="AI.GENERATE_TABLE", prompt="x" * 400, output_schema="t STRING" * 10)
    chosen = Arguments(function="AI.CLASSIFY", prompt="x" * 400, categories={"drama": "it is sad"})
    texts = [
        estimate_input(question, endpoint="gemini-3", calls=1, files=1, measured=NOTHING).low - 1120
        for question in (QUESTION, typed, chosen)
    ]
    assert texts == [100, 120, 106]


def test_images_of_a_group_are_all_counted() -> None:
    """Each call shows them, with one text."""
    found = estimate_input(QUESTION, endpoint="gemini-3", calls=2, files=2.5, measured=NOTHING)
    assert found.low == found.high == 2 * 100 + 5 * 1120


def test_measured_tokens_win_over_rules_and_given_ones_over_both() -> None:
    """The average of what calls took is the best guess, unless the caller knows better."""
    took = Measured(4, 1001)
    measured = estimate_input(QUESTION, endpoint=FLASH, calls=10, files=1, measured=took)
    assert measured == bv.Estimate(2502, 2502, bv.TokenBasis.MEASURED)
    told = estimate_input(QUESTION, endpoint=FLASH, calls=10, files=1, measured=took, image_tokens=516)
    assert told == bv.Estimate(6160, 6160, bv.TokenBasis.GIVEN)
    answer = estimate_output(QUESTION, calls=10, measured=took)
    assert answer == bv.Estimate(2502, 2502, bv.TokenBasis.MEASURED)
    short = estimate_output(QUESTION, calls=10, measured=took, output_tokens=20)
    assert short == bv.Estimate(200, 200, bv.TokenBasis.GIVEN)


def test_an_answer_takes_at_most_the_output_limit() -> None:
    """A run asks with 8,192 unless told otherwise; without any limit it is the model's."""
    limits = [
        estimate_output(question, calls=2, measured=NOTHING)
        for question in (
            QUESTION,
            Arguments(prompt="x", max_output_tokens=500),
            Arguments(function="AI.IF", prompt="x"),
        )
    ]
    assert [(found.low, found.high) for found in limits] == [(2, 16_384), (2, 1000), (2, 131_070)]
    assert {found.basis for found in limits} == {bv.TokenBasis.RULES}


def test_prices_are_those_of_a_million_tokens() -> None:
    """Small sums keep their digits, and equal bounds are one number."""
    prices = bv.Prices(input_per_million=0.5, output_per_million=2, currency="EUR")
    tokens = bv.Estimate(1_000_000, 3_000_000, bv.TokenBasis.RULES)
    answers = bv.Estimate(100, 100, bv.TokenBasis.GIVEN)
    assert str(prices.of(tokens, tokens)) == "2.50 to 7.50 EUR"
    assert str(prices.of(answers, answers)) == "0.0003 EUR"
    assert prices.of(tokens, answers) == bv.Cost(0.5002, 1.5002, "EUR")


@pytest.mark.parametrize(
    "wrong",
    [
        {"input_per_million": -1},
        {"input_per_million": True},
        {"input_per_million": "0.3"},
        {"output_per_million": math.inf},
        {"output_per_million": math.nan},
        {"currency": ""},
        {"currency": "US Dollars"},
    ],
)
def test_prices_that_can_not_be_right_are_refused(wrong: dict[str, Any]) -> None:
    """With the name of what is wrong."""
    with pytest.raises(bv.InvalidInputError, match=next(iter(wrong))):
        bv.Prices(**{"input_per_million": 1, "output_per_million": 1, **wrong})


@given(
    usual=st.integers(0, 60),
    larger=st.integers(0, 60),
    batch_size=st.integers(1, 25),
    limit=st.none() | st.integers(1, 80),
)
def test_batches_are_counted_as_they_are_cut(
    usual: int, larger: int, batch_size: int, limit: int | None
) -> None:
    """Numbered as the work table does: one image first, and what needs a larger output limit by itself."""
    cut = Cut.of(usual + larger, batch_size=batch_size, limit=limit)
    taken = usual + larger if limit is None else min(usual + larger, limit)
    batches = {
        -1 if cut.canary and place == 0 else (place >= usual, place // batch_size) for place in range(taken)
    }
    assert cut_into(cut, usual=min(usual, taken), larger=taken - min(usual, taken)) == len(batches)


def test_batches_of_very_many_images_are_counted_shard_by_shard() -> None:
    """Ten million images are 400 jobs, and one of a single image before them."""
    cut = Cut.of(10_000_000, batch_size=25_000)
    assert cut_into(cut, usual=10_000_000, larger=0) == 401
