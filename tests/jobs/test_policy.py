"""The retry policy by itself, and what is loaded before it is needed."""

from __future__ import annotations

import subprocess
import sys

import pytest

from bqvision._calls import conceal, prose_of
from bqvision._retry import RetryPolicy
from bqvision.errors import InvalidInputError
from bqvision.sql.compose import Parameter, Statement

from .conftest import Clock


def send(policy: RetryPolicy, failures: int) -> tuple[int, bool]:
    """Send one request that fails some times; how many were sent, and whether one was answered."""
    calls = policy.begin()

    def request() -> object:
        if calls.requests <= failures:
            raise ConnectionResetError(f"failure {calls.requests}")
        return {}

    try:
        calls.wrap(request)()
    except ConnectionResetError as error:
        # The last error comes out as it is, not wrapped in the retry library's own.
        assert str(error) == f"failure {calls.requests}"
        return calls.requests, False
    return calls.requests, True


@pytest.mark.parametrize(
    ("failures", "sent", "answered"), [(0, 1, True), (2, 3, True), (4, 5, True), (9, 5, False)]
)
def test_requests_are_counted_and_bounded(failures: int, sent: int, answered: bool) -> None:
    """As many as it takes, never more than allowed, with a wait between each two."""
    clock = Clock()
    policy = RetryPolicy(attempts=5, sleep=clock.sleep, clock=clock.read)
    assert send(policy, failures) == (sent, answered)
    assert len(clock.slept) == sent - 1


def test_waits_grow_up_to_their_bound() -> None:
    """Each wait is drawn from nothing to twice the last bound, and the bound stops at the maximum."""
    policy = RetryPolicy(wait_initial_s=1, wait_max_s=8)
    for times, bound in ((1, 1), (2, 2), (3, 4), (4, 8), (5, 8), (50, 8)):
        drawn = [policy.pause_s(times) for _ in range(200)]
        assert 0 <= min(drawn) < bound / 4
        assert bound * 3 / 4 < max(drawn) <= bound


def test_one_attempt_is_one_request() -> None:
    """Turning retries off means that nothing is sent twice."""
    assert send(RetryPolicy(attempts=1), 1) == (1, False)


def test_an_interrupt_is_not_retried() -> None:
    """Ctrl-C ends the request at once."""
    calls = RetryPolicy().begin()

    def request() -> object:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        calls.wrap(request)()
    assert calls.requests == 1


@pytest.mark.parametrize(
    "wrong",
    [{"attempts": 0}, {"timeout_s": -1}, {"wait_initial_s": float("nan")}, {"wait_max_s": float("inf")}],
    ids=lambda wrong: next(iter(wrong)),
)
def test_bounds_that_can_not_be_right_are_refused(wrong: dict[str, float]) -> None:
    """The message names the bound."""
    with pytest.raises(InvalidInputError, match=next(iter(wrong))):
        RetryPolicy(**wrong)  # type: ignore[arg-type]


def test_messages_keep_names_and_lose_prose() -> None:
    """What the server quotes of a prompt goes, in whole or in part; tables, URIs and endpoints stay."""
    statement = Statement(
        sql="SELECT 'Who is on this poster, and where?', 'gs://posters/summer-of-1912/*' FROM `p.films.posters`",
        parameters=(
            Parameter("prompt", "STRING", "映画の題名と公開年を教えてください、お願いします"),
            Parameter("kinds", "ARRAY<STRING>", ("a kind with several words", "image/png")),
        ),
        label="ask",
    )
    said = (
        "near 'on this poster, and where?' and 題名と公開年を教えてください、お願いします and "
        "a kind with several words: gs://posters/summer-of-1912/* in p.films.posters"
    )
    assert conceal(said, prose_of(statement)) == (
        "near '[…]' and […] and […]: gs://posters/summer-of-1912/* in p.films.posters"
    )


def test_the_libraries_are_loaded_when_they_are_used() -> None:
    """Importing the way to BigQuery loads neither google's client nor the retry library."""
    code = (
        "import sys, bqvision, bqvision._jobs, bqvision.errors;"
        "print(sorted({name.split('.')[0] for name in sys.modules} & {'google', 'tenacity', 'requests'}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "[]"
