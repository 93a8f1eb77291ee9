"""Limits: a run ends between two batches, with all that was paid for kept, and says how to go on."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

import pytest

import bqvision as bv
from bqvision import Outcome, StopReason
from bqvision.limits import Limits
from tests.cinema import model_of
from tests.run.test_rounds import ANSWER, QUESTION, Clock, analysis

if TYPE_CHECKING:
    from tests.cinema import Cinema, Oracle


def stop_of(report: bv.RunReport) -> bv.Stop:
    """Why a run ended early."""
    assert report.stopped is not None
    return report.stopped


def test_max_images_counts_images_and_lets_their_rounds_go_on(cinema: Cinema) -> None:
    """The images that were taken are asked until they have an answer; the others stay for the next run."""
    for number in range(4):
        cinema.hang(f"{number}.jpg", text=ANSWER, busy="1")
    question = analysis(cinema, Clock())
    report = question.run("results", max_images=3).report
    assert (report.asked, report.calls, report.unasked) == (3, 6, 1)
    assert dict(report.outcomes) == {Outcome.OK: 3}
    assert stop_of(report).reason is StopReason.IMAGES
    assert "4 images: 3 OK, 1 not asked yet" in str(report)
    assert question.run("results", max_images=3).report.stopped is None
    assert set(cinema.calls().values()) == {2}


def test_max_images_that_is_enough_is_no_stop(cinema: Cinema) -> None:
    """A limit that leaves nothing out is not mentioned."""
    cinema.show("a.jpg", "Sunrise", 1927)
    assert analysis(cinema, Clock()).run("results", max_images=1).report.stopped is None


@pytest.mark.parametrize("option", ["max_images", "max_calls", "max_tokens", "batch_size"])
def test_a_claim_of_an_earlier_run_is_cut_anew_for_a_limit(cinema: Cinema, option: str) -> None:
    """A batch that an interrupted run claimed is larger than allowed: the limit is kept, and no image is lost."""
    for number in range(3):
        cinema.show(f"{number}.jpg", "Sunrise", 1927)
    question = analysis(cinema, Clock())
    _leave_a_claim(cinema)
    options: Any = {option: 200 if option == "max_tokens" else 1}
    report = question.run("results", **options).report
    assert (report.asked, len(report.jobs)) == ((3, 3) if option == "batch_size" else (1, 1))
    assert sum(cinema.calls().values()) == report.asked
    assert dict(question.run("results").report.outcomes) == {Outcome.OK: 3}
    assert set(cinema.calls().values()) == {1}


def test_max_calls_counts_those_of_further_rounds(cinema: Cinema) -> None:
    """Never more calls than allowed; the rest stays RETRYABLE."""
    for number in range(4):
        cinema.hang(f"{number}.jpg", text=ANSWER, busy="1")
    report = analysis(cinema, Clock()).run("results", max_calls=6).report
    assert (report.asked, report.calls) == (4, 6)
    assert dict(report.outcomes) == {Outcome.OK: 2, Outcome.RETRYABLE: 2}
    assert stop_of(report).reason is StopReason.CALLS
    assert sum(cinema.calls().values()) == 6


def test_max_calls_cuts_the_first_round(cinema: Cinema) -> None:
    """Fewer calls than images: exactly so many are asked, the next run goes on."""
    for number in range(5):
        cinema.show(f"{number}.jpg", "Sunrise", 1927)
    question = analysis(cinema, Clock())
    report = question.run("results", max_calls=2, batch_size=1).report
    assert (report.calls, stop_of(report).reason) == (2, StopReason.CALLS)
    assert question.run("results").report.asked == 3
    assert set(cinema.calls().values()) == {1}


def test_max_tokens_begins_no_batch_that_would_exceed_it(cinema: Cinema) -> None:
    """Each image takes 110 tokens here: 350 admit three batches of one, and the stop says what a fourth would take."""
    for number in range(6):
        cinema.show(f"{number}.jpg", "Sunrise", 1927)
    question = analysis(cinema, Clock())
    report = question.run("results", max_tokens=350).report
    assert (report.calls, report.input_tokens + report.output_tokens) == (3, 330)
    stop = stop_of(report)
    assert stop.reason is StopReason.TOKENS
    assert "330 of max_tokens=350 are used, at about 110 a call" in str(stop)
    assert question.run("results").report.asked == 3
    assert set(cinema.calls().values()) == {1}


def test_max_tokens_needs_token_counts(cinema: Cinema) -> None:
    """A form of the statement that has none is refused before anything is sent."""
    cinema.show("a.jpg", "Sunrise", 1927)
    question = analysis(cinema, Clock())
    flat = model_of(question).analyze(question.images, prompt=QUESTION, flatten_json_output=True)
    with pytest.raises(bv.InvalidInputError, match="flatten_json_output=True leaves out"):
        flat.run("results", max_tokens=1000)


def test_too_many_errors_stop_the_run(cinema: Cinema) -> None:
    """The first batch shows that the share is too large; what it brought is kept, and the error has the report."""
    for number in range(6):
        cinema.hang(f"{number}.jpg", text="I do not know." if number else ANSWER)
    question = analysis(cinema, Clock())
    with pytest.raises(
        bv.RunError, match=r"1 of 2 calls gave no usable answer.*max_error_ratio=0\.4"
    ) as raised:
        question.run("results", batch_size=2, max_error_ratio=0.4)
    report = raised.value.report
    assert report is not None
    assert (report.calls, report.unasked) == (2, 4)
    assert dict(report.outcomes) == {Outcome.OK: 1, Outcome.UNPARSABLE: 1}
    assert raised.value.reason == "ERRORS"
    assert raised.value.next_step
    again = pickle.loads(pickle.dumps(raised.value))  # noqa: S301
    assert again.report == report
    assert question.run("results", batch_size=2).report.asked == 4
    assert set(cinema.calls().values()) == {1}


def test_an_error_share_within_the_limit_goes_on(cinema: Cinema) -> None:
    """Errors are data as long as there are not too many."""
    cinema.show("a.jpg", "Sunrise", 1927)
    cinema.hang("b.jpg", text="I do not know.")
    report = analysis(cinema, Clock()).run("results", max_error_ratio=0.5).report
    assert dict(report.outcomes) == {Outcome.OK: 1, Outcome.UNPARSABLE: 1}


@pytest.mark.parametrize(
    ("outcome", "message", "step"),
    [
        ("PERMISSION", "PERMISSION_DENIED: the account does not have access", "roles/aiplatform.user"),
        ("QUOTA", "Quota exceeded for generate_content_tokens_per_day", "midnight Pacific"),
    ],
)
def test_what_every_image_would_meet_stops_the_run_at_its_canary(
    cinema: Cinema, outcome: str, message: str, step: str
) -> None:
    """Of twelve images one is asked; once the cause is gone, the next run asks all, each once more."""
    for number in range(12):
        cinema.hang(f"{number:02}.jpg", fail="permanent", message=message)
    question = analysis(cinema, Clock())
    with pytest.raises(bv.RunError, match=f"1 image ended as {outcome}: {message}") as raised:
        question.run("results")
    assert raised.value.reason == outcome
    assert step in raised.value.next_step
    assert cinema.calls() == {"00.jpg": 1}
    with pytest.raises(bv.RunError):
        question.run("results")
    assert cinema.calls() == {"00.jpg": 1, "01.jpg": 1}
    for number in range(12):
        cinema.show(f"{number:02}.jpg", "Sunrise", 1927)
    report = question.run("results").report
    assert dict(report.outcomes) == {Outcome.OK: 12}
    assert report.asked == 12


def test_a_permission_that_fails_in_mid_run_stops_it_between_batches(cinema: Cinema) -> None:
    """Batches that were begun are kept, no other is begun, and the next run goes on behind them."""
    for number in range(8):
        cinema.show(f"{number}.jpg", "Sunrise", 1927)
    cinema.hang("3.jpg", fail="permanent", message="PERMISSION_DENIED: gone")
    question = analysis(cinema, Clock())
    with pytest.raises(bv.RunError, match="PERMISSION_DENIED: gone") as raised:
        question.run("results", batch_size=2, max_concurrent_jobs=1)
    report = raised.value.report
    assert report is not None
    assert (report.calls, report.unasked) == (4, 4)
    cinema.show("3.jpg", "Wings", 1927)
    assert dict(question.run("results").report.outcomes) == {Outcome.OK: 8}
    assert {name: count for name, count in cinema.calls().items() if count > 1} == {"3.jpg": 2}


def test_a_timeout_begins_nothing_more(cinema: Cinema) -> None:
    """After the time given no batch begins; those that are done are kept."""
    for number in range(4):
        cinema.show(f"{number}.jpg", "Sunrise", 1927)
    clock = Clock()
    question = analysis(cinema, clock)

    def jump() -> None:
        if sum(cinema.calls().values()) == 2:
            clock.now += 100

    clock.at = jump
    report = question.run("results", batch_size=1, max_concurrent_jobs=1, timeout=50).report
    assert stop_of(report).reason is StopReason.TIMEOUT
    assert 1 <= report.calls <= 3
    clock.at = None
    assert dict(question.run("results").report.outcomes) == {Outcome.OK: 4}
    assert set(cinema.calls().values()) == {1}


def test_a_timeout_leaves_jobs_in_flight_to_the_next_run(cinema: Cinema, oracle: Oracle) -> None:
    """A job that is not done goes on and is named; the next run joins it and pays nothing."""
    cinema.show("a.jpg", "Sunrise", 1927)
    clock = Clock()
    question = analysis(cinema, clock)
    oracle.gate.clear()
    try:
        report = question.run("results", timeout=0.5).report
    finally:
        oracle.gate.set()
    assert stop_of(report).reason is StopReason.TIMEOUT
    (job,) = report.running
    assert job in str(stop_of(report))
    again = question.run("results").report
    assert (again.asked, dict(again.outcomes)) == (0, {Outcome.OK: 1})
    assert cinema.calls() == {"a.jpg": 1}


def test_a_timeout_leaves_no_time_for_a_round(cinema: Cinema) -> None:
    """A wait that would end after the time given is not begun."""
    cinema.hang("a.jpg", text=ANSWER, busy="1")
    clock = Clock()
    report = analysis(cinema, clock).run("results", timeout=5).report
    assert (stop_of(report).reason, report.rounds) == (StopReason.TIMEOUT, 1)
    assert clock.waits == []


@pytest.mark.parametrize(
    "options",
    [
        {"batch_size": 0},
        {"batch_size": 2.5},
        {"batch_size": True},
        {"max_concurrent_jobs": 0},
        {"max_concurrent_jobs": 101},
        {"max_rounds": 0},
        {"max_images": -1},
        {"max_calls": "7"},
        {"max_tokens": 0},
        {"max_error_ratio": 1.5},
        {"max_error_ratio": float("nan")},
        {"timeout": -1},
        {"timeout": float("inf")},
        {"round_wait": True},
        {"retry_truncated": 1},
        {"cancel_on_exit": "yes"},
        {"job_attempts": 0},
        {"concurrency": 4},
    ],
)
def test_options_that_can_not_be_right_are_refused(cinema: Cinema, options: dict[str, Any]) -> None:
    """Before any request, with the option's name."""
    with pytest.raises(bv.InvalidInputError, match=next(iter(options))):
        cinema.model.analyze(cinema.dataset.object_table("nowhere"), prompt=QUESTION).run(
            "results", **options
        )


def test_a_token_limit_makes_batches_small_enough_to_keep_it() -> None:
    """About a tenth of what is allowed goes into one job, unless the caller says otherwise."""
    assert Limits.of({"max_tokens": 1_000_000}).batch_size == 100
    assert Limits.of({"max_tokens": 100}).batch_size == 1
    assert Limits.of({"max_tokens": 10**12}).batch_size == 25_000
    assert Limits.of({"max_tokens": 1_000_000, "batch_size": 7}).batch_size == 7


def _leave_a_claim(cinema: Cinema) -> None:
    """Be cut off after the claim, before the first batch."""

    class Killed(BaseException):
        """The process is gone."""

    def sleep(_: float) -> None:
        """Looks at jobs come at once."""

    names = []

    def read() -> float:
        names.append([table.name for table in cinema.dataset.tables()])
        if any("__work_" in str(name) for name in names[-1]):
            raise Killed
        return 0.0

    policy = bv.RetryPolicy(sleep=sleep, clock=read)
    dataset = cinema.client.with_options(retry=policy).dataset(cinema.folder.name)
    images, model = dataset.object_table("posters"), dataset.remote_model("gemini-vision")
    with pytest.raises(Killed):
        model.analyze(images, prompt=QUESTION).run("results")
