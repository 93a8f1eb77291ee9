"""Rounds: only what had no answer for a passing reason is asked again, with growing waits, and never without end."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

import pytest

import bqvision as bv
from bqvision import Outcome, StopReason
from tests.cinema import model_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cinema import Cinema, Oracle

QUESTION = "Which film? Answer in JSON with two keys: title, year."
ANSWER = '{"title": "Sunrise", "year": 1927}'


class Clock:
    """A clock that goes on by waiting only, and keeps account of it."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.waits: list[float] = []
        self.at: Callable[[], object] | None = None

    def sleep(self, seconds: float) -> None:
        """Let time pass: between rounds at once, between looks at a job nearly so."""
        self.now += seconds
        if seconds > 5:
            self.waits.append(seconds)
        else:
            time.sleep(min(seconds, 0.05))
        if self.at is not None:
            self.at()

    def read(self) -> float:
        """The time."""
        return self.now


def analysis(
    cinema: Cinema, clock: Clock, prompt: str = QUESTION, *, temperature: float | None = None
) -> bv.Analysis[bv.PosterResult]:
    """The question on a client of its own with that clock."""
    cinema.posters()
    policy = bv.RetryPolicy(sleep=clock.sleep, clock=clock.read)
    dataset = cinema.client.with_options(retry=policy).dataset(cinema.folder.name)
    images, model = dataset.object_table("posters"), dataset.remote_model("gemini-vision")
    return model.analyze(images, prompt=prompt, temperature=temperature)


def test_only_retryable_images_are_asked_again(cinema: Cinema) -> None:
    """Half of the images are busy at first: the second round asks that half, and all have an answer."""
    for number in range(4):
        cinema.show(f"good{number}.jpg", f"Film {number}", 1920)
        cinema.hang(f"busy{number}.jpg", text=ANSWER, busy="1")
    run = analysis(cinema, Clock()).run("results")
    assert dict(run.report.outcomes) == {Outcome.OK: 8}
    assert (run.report.asked, run.report.calls, run.report.rounds) == (8, 12, 2)
    assert run.report.stopped is None
    assert {name: count for name, count in cinema.calls().items() if count == 2} == {
        f"busy{number}.jpg": 2 for number in range(4)
    }
    assert "asked 8 in 2 jobs, 2 rounds and 12 calls" in str(run.report)


def test_waits_between_rounds_grow_and_are_not_alike(cinema: Cinema) -> None:
    """Each wait is drawn from the upper half of a bound that doubles."""
    cinema.hang("a.jpg", text=ANSWER, busy="4")
    clock = Clock()
    run = analysis(cinema, clock).run("results")
    assert run.report.rounds == 5
    assert [poster.title for poster in run] == ["Sunrise"]
    assert len(clock.waits) == 4
    for wait, bound in zip(clock.waits, (15, 30, 60, 120), strict=True):
        assert bound / 2 <= wait <= bound
    assert len({wait / bound for wait, bound in zip(clock.waits, (15, 30, 60, 120), strict=True)}) > 1


def test_a_round_without_any_success_does_not_end_the_run(cinema: Cinema) -> None:
    """Two bad rounds in a row, in which every image is busy, are followed by a good one."""
    for name in "ab":
        cinema.hang(f"{name}.jpg", text=ANSWER, busy="2")
    run = analysis(cinema, Clock()).run("results")
    assert dict(run.report.outcomes) == {Outcome.OK: 2}
    assert run.report.rounds == 3


def test_rounds_end_and_say_so(cinema: Cinema, caplog: pytest.LogCaptureFixture) -> None:
    """Images that stay busy are RETRYABLE after the last round; the report and a warning say how to go on."""
    cinema.show("a.jpg", "Greed", 1924)
    cinema.hang("b.jpg", text=ANSWER, busy="3")
    question = analysis(cinema, Clock())
    with caplog.at_level(logging.WARNING):
        run = question.run("results", max_rounds=3)
    assert dict(run.report.outcomes) == {Outcome.OK: 1, Outcome.RETRYABLE: 1}
    assert run.report.stopped is not None
    assert run.report.stopped.reason is StopReason.ROUNDS
    assert "stopped: 1 image would be asked again still after 3 rounds. Run it again later" in str(run.report)
    assert "asked again still after 3 rounds" in caplog.text
    assert cinema.calls() == {"a.jpg": 1, "b.jpg": 3}
    again = question.run("results")
    assert (again.report.asked, again.report.rounds, again.report.stopped) == (1, 1, None)
    assert dict(again.report.outcomes) == {Outcome.OK: 2}


def test_an_image_that_comes_in_between_waits_for_the_next_run(cinema: Cinema) -> None:
    """A further round asks about the images of the first only."""
    cinema.hang("a.jpg", text=ANSWER, busy="1")
    clock = Clock()
    clock.at = lambda: cinema.show("b.jpg", "Greed", 1924) if clock.waits else None
    question = analysis(cinema, clock)
    assert question.run("results").report.calls == 2
    assert cinema.calls() == {"a.jpg": 2}
    assert question.run("results").report.asked == 1


def test_a_replaced_image_is_a_new_one(cinema: Cinema) -> None:
    """An image that is overwritten between rounds is asked as what it is now, at its first attempt."""
    cinema.hang("a.jpg", text=ANSWER, busy="1")
    clock = Clock()

    def replace() -> None:
        if clock.waits and not replaced:
            replaced.append(True)
            cinema.show("a.jpg", "Greed", 1924)

    replaced: list[bool] = []
    clock.at = replace
    question = analysis(cinema, clock)
    question.run("results")
    assert [poster.title for poster in question.run("results")] == ["Greed"]
    attempts = cinema.rows("SELECT attempt, outcome FROM DS.results ORDER BY analysed_at")
    assert attempts == [{"attempt": 1, "outcome": "RETRYABLE"}, {"attempt": 1, "outcome": "OK"}]


def test_a_cut_answer_is_asked_for_once_more_with_the_largest_limit(cinema: Cinema, oracle: Oracle) -> None:
    """Only if that is allowed, and only once: an answer that is cut again is final."""
    cinema.show("a.jpg", "Greed", 1924)
    cinema.hang("b.jpg", text='{"title": "Sun', finish_reason="MAX_TOKENS")
    question = analysis(cinema, Clock())
    limited = model_of(question).analyze(question.images, prompt=QUESTION, max_output_tokens=50)
    oracle.limits.clear()
    run = limited.run("results")
    assert dict(run.report.outcomes) == {Outcome.OK: 1, Outcome.TRUNCATED: 1}
    again = limited.run("results", retry_truncated=True)
    assert (again.report.asked, again.report.calls) == (1, 1)
    assert oracle.limits == [50, 50, 8192]
    third = limited.run("results", retry_truncated=True)
    assert third.report.calls == 0
    assert cinema.calls() == {"a.jpg": 1, "b.jpg": 2}
    assert cinema.rows(
        "SELECT output_limit FROM DS.results WHERE outcome = 'TRUNCATED' ORDER BY attempt"
    ) == [
        {"output_limit": 50},
        {"output_limit": 8192},
    ]


def test_a_cut_answer_is_taken_up_in_the_same_run(cinema: Cinema) -> None:
    """The round after the first asks for it again, without a wait."""
    cinema.hang("a.jpg", text='{"title": "Sun', finish_reason="MAX_TOKENS")
    clock = Clock()
    question = analysis(cinema, clock)
    limited = model_of(question).analyze(question.images, prompt=QUESTION, max_output_tokens=50)
    run = limited.run("results", retry_truncated=True)
    assert (run.report.asked, run.report.calls, run.report.stopped) == (1, 2, None)
    assert clock.waits == []


def test_a_raw_body_is_asked_with_a_larger_limit_too(cinema: Cinema, oracle: Oracle) -> None:
    """The limit in model_params is the one that grows."""
    cinema.hang("a.jpg", text='{"title": "Sun', finish_reason="MAX_TOKENS")
    question = analysis(cinema, Clock())
    raw = model_of(question).analyze(
        question.images,
        prompt=QUESTION,
        model_params={"generationConfig": {"maxOutputTokens": 50, "temperature": 0.5}},
    )
    oracle.limits.clear()
    assert raw.run("results", retry_truncated=True).report.calls == 2
    assert oracle.limits == [50, 65_535]


def test_final_outcomes_are_never_asked_again(cinema: Cinema) -> None:
    """Blocked, unreadable, unknown and unparsable ones have one call each, whatever the rounds."""
    cinema.hang("blocked.jpg", fail="blocked")
    cinema.hang("busy.jpg", text=ANSWER, busy="2")
    cinema.hang("input.jpg", fail="input", message="the image is cut")
    cinema.hang("odd.jpg", fail="permanent", message="Something odd.")
    cinema.hang("prose.jpg", text="I do not know this film.")
    analysis(cinema, Clock()).run("results")
    assert cinema.calls() == {"blocked.jpg": 1, "busy.jpg": 3, "input.jpg": 1, "odd.jpg": 1, "prose.jpg": 1}
