"""Images that the model does not answer, or answers badly: each has its row, and none is asked in vain."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

import pytest

import bqvision as bv
from bqvision import Outcome, StopReason
from tests.faults.bench import BATCH, BUSY, SIGNATURE, Case
from tests.faults.invariants import leaks_in

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def outcomes(run: bv.AnalysisRun[bv.PosterResult]) -> Mapping[str, Outcome]:
    """The outcome of each image, by file name without its end."""
    return {poster.uri.rpartition("/")[2].partition(".")[0]: poster.outcome for poster in run}


def test_half_of_the_images_are_turned_away_once(case: Case) -> None:
    """M1: the second round asks that half and nothing else; the report says one and a half calls for each image."""
    analysis = case.films("busy1.jpg", "busy2.jpg", "good1.jpg", "good2.jpg")
    case.plan.row(case.uri("busy*"), status=BUSY)
    run = case.ask(analysis)
    assert case.calls() == {"busy1.jpg": 2, "busy2.jpg": 2, "good1.jpg": 1, "good2.jpg": 1}
    assert (run.report.asked, run.report.calls, run.report.rounds) == (4, 6, 2)
    assert dict(run.report.outcomes) == {Outcome.OK: 4}


def test_all_images_are_turned_away_for_ever(case: Case) -> None:
    """M2: the rounds end, with growing waits between them, and the report says what is left; no row is lost."""
    analysis = case.films()
    case.plan.row(case.uri("*"), status=BUSY, times=None)
    run = case.ask(analysis, max_rounds=4)
    assert (run.report.rounds, run.report.calls) == (4, 8)
    assert dict(run.report.outcomes) == {Outcome.RETRYABLE: 2}
    assert run.report.stopped is not None
    assert run.report.stopped.reason is StopReason.ROUNDS
    assert set(outcomes(run).values()) == {Outcome.RETRYABLE}
    waits = [wait for wait in case.clock.waits if wait > 5]
    assert len(waits) == 3
    assert all(bound / 2 <= wait <= bound for wait, bound in zip(waits, (15, 30, 60), strict=True))


def test_final_outcomes_of_every_class_are_never_asked_again(case: Case) -> None:
    """M3: blocked, unreadable, unknown, NULL with and without a result: each once, told apart, in one batch."""
    names = ("blocked", "gone", "input", "null", "odd", "said", "unknown")
    analysis = case.films(*(f"{name}.jpg" for name in names))
    case.plan.row(case.uri("blocked.jpg"), finish_reason="SAFETY")
    case.plan.row(case.uri("gone.jpg"), status="NOT_FOUND: no such object")
    case.plan.row(case.uri("input.jpg"), status="INVALID_ARGUMENT: unsupported MIME type")
    case.plan.row(case.uri("null.jpg"), null=True)
    case.plan.row(case.uri("odd.jpg"), text="I would rather not say.")
    case.plan.row(case.uri("said.jpg"), null=True, text='{"title": "Said", "year": 1931}')
    case.plan.row(case.uri("unknown.jpg"), status="Something that nobody has seen before")
    run = case.ask(analysis)
    assert outcomes(run) == {
        "blocked": Outcome.BLOCKED,
        "gone": Outcome.INPUT,
        "input": Outcome.INPUT,
        "null": Outcome.BLOCKED,
        "odd": Outcome.UNPARSABLE,
        "said": Outcome.OK,
        "unknown": Outcome.UNKNOWN,
    }
    assert case.ask(analysis).report.calls == 0
    assert set(case.calls().values()) == {1}


def test_a_missing_permission_stops_the_run(case: Case) -> None:
    """M3: every image would meet it: no further batch is begun, and the error says what to grant."""
    analysis = case.films(*(f"{number}.jpg" for number in range(4)))
    denied = "PERMISSION_DENIED: the service account does not have access to the model"
    case.plan.row(case.uri("1.jpg"), status=denied)
    error = case.fails(bv.RunError, analysis, batch_size=1, max_concurrent_jobs=1)
    assert error.reason == StopReason.PERMISSION
    assert "roles/aiplatform.user" in error.next_step
    assert error.report is not None
    assert (error.report.calls, error.report.unasked) == (2, 2)
    assert error.report.outcomes[Outcome.PERMISSION] == 1
    case.extra_calls = 1  # what was turned away was no answer
    assert case.ask(analysis).report.asked == 3


def test_a_signed_url_in_a_status_is_not_repeated(case: Case) -> None:
    """M3: a status is data and stays in its row as it is, but errors and reports are shown and logged."""
    analysis = case.films("a.jpg")
    url = f"https://storage.googleapis.com/b/o?X-Goog-Signature={SIGNATURE}"
    case.plan.row(case.uri("a.jpg"), status=f"PERMISSION_DENIED: {url}")
    with pytest.raises(bv.RunError, match="PERMISSION_DENIED") as caught:
        analysis.run("results")
    assert (
        leaks_in([str(caught.value), repr(vars(caught.value)), str(caught.value.report)], [SIGNATURE]) == []
    )


def test_a_used_up_quota_stops_the_run(case: Case) -> None:
    """M4: in the middle of a batch, without the word retryable: no further batch, rows pending, the reset named."""
    analysis = case.films(*(f"{number}.jpg" for number in range(6)))
    case.plan.row(case.uri("2.jpg"), status="Quota exceeded for GenAiInputTokensPerDay")
    error = case.fails(bv.RunError, analysis, batch_size=2, max_concurrent_jobs=1)
    assert error.reason == StopReason.QUOTA
    assert "midnight Pacific" in error.next_step
    assert error.report is not None
    assert (error.report.calls, error.report.unasked) == (4, 2)
    assert dict(error.report.outcomes) == {Outcome.OK: 3, Outcome.QUOTA: 1}
    case.extra_calls = 1  # what was turned away was no answer
    assert case.ask(analysis).report.asked == 3


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("PERMISSION_DENIED: no", bv.RunError),
        (BUSY, bv.PermissionDeniedError),
    ],
    ids=["permission", "retryable"],
)
def test_a_run_that_takes_over_a_claim_leaves_nothing_over(
    case: Case, status: str, kind: type[bv.BqvisionError]
) -> None:
    """M1, M3: what had no answer in the batches before is asked again by the very next run, as the error says."""
    analysis = case.films("a.jpg", "b.jpg", "c.jpg")
    case.plan.row(case.uri("b.jpg"), status=status)
    if status is BUSY:
        case.plan.answer("jobs.insert", 403, reason="accessDenied", match=BATCH, skip=2)
    case.fails(kind, analysis, batch_size=1, max_concurrent_jobs=1)
    case.extra_calls = 1
    run = case.ask(analysis)
    assert dict(run.report.outcomes) == {Outcome.OK: 3}, str(run.report)


ANSWERS: Mapping[str, tuple[str, Outcome, str | None, int | None]] = {
    "array": ('[{"title": "In a list", "year": 1920}]', Outcome.OK, "In a list", 1920),
    "bidi": ('{"title": "a\\u202eb", "year": 1920}', Outcome.OK, "a b", 1920),
    "double": ('{"title": "First", "title": "Second", "year": 1920}', Outcome.OK, "First", 1920),
    "fence": ('```json\n{"title": "Fenced", "year": 1920}\n```', Outcome.OK, "Fenced", 1920),
    "formula": ('{"title": "=cmd|\' /C calc\'!A0", "year": 1920}', Outcome.OK, "=cmd|' /C calc'!A0", 1920),
    "huge": (json.dumps({"title": "x" * 200_000, "year": 1920}), Outcome.OK, "x" * 200_000, 1920),
    "injected": ('{"title": "T", "year": 1920, "uri": "gs://e/v", "outcome": "OK"}', Outcome.OK, "T", 1920),
    "list": ("[1912, 1913]", Outcome.UNPARSABLE, None, None),
    "nul": ('{"title": "a\\u0000b", "year": 1920}', Outcome.OK, "a b", 1920),
    "prose": ('Sure! {"title": "In prose", "year": 1920} Enjoy.', Outcome.OK, "In prose", 1920),
    "truncated": ('{"title": "The Ir', Outcome.UNPARSABLE, None, None),
    "types": ('{"title": ["A"], "year": {"of": 1920}}', Outcome.OK, None, None),
    "year": ('{"title": "Guessed", "year": "1912?"}', Outcome.OK, "Guessed", None),
}


def test_whatever_the_model_says_becomes_a_record(case: Case) -> None:
    """M5: fences, prose, cut JSON, wrong types, floods, controls, foreign and double keys: always a record."""
    analysis = case.films(*(f"{name}.jpg" for name in ANSWERS))
    for name, (text, *_) in ANSWERS.items():
        case.plan.row(case.uri(f"{name}.jpg"), text=text)
    run = case.ask(analysis)
    for poster, (name, (text, outcome, title, year)) in zip(run, ANSWERS.items(), strict=True):
        assert (poster.uri, poster.text) == (case.uri(f"{name}.jpg"), text)
        assert (poster.outcome, poster.title, poster.year) == (outcome, title, year), name
    run.format(into="formatted")
    rows = case.rows("SELECT uri, title, year FROM DS.formatted ORDER BY uri")
    assert [(row["title"], row["year"]) for row in rows] == [answer[2:] for answer in ANSWERS.values()]


def test_a_count_that_is_not_ours_is_told(case: Case, caplog: pytest.LogCaptureFixture) -> None:
    """M6: BigQuery reports other numbers of failed rows than the results table has: a warning, and our count holds."""
    analysis = case.films()
    case.plan.failed_rows(7, statement="insert_batch")
    run = case.ask(analysis)
    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert any("BigQuery counts 7 failed rows, the results table has 0" in text for text in warnings)
    assert dict(run.report.outcomes) == {Outcome.OK: 2}


def between_rounds(case: Case, act: Callable[[], None]) -> None:
    """Let something happen while the run waits for its second round."""

    def look() -> None:
        if case.clock.waits[-1] > 5:
            act()

    case.clock.at = look


def test_an_image_that_is_replaced_between_rounds_is_a_new_one(case: Case) -> None:
    """M6: the answer to the old one counts no more, and the new one is asked by the next run."""
    analysis = case.films()
    case.plan.row(case.uri("b.jpg"), status=BUSY)
    between_rounds(case, lambda: case.show("b.jpg", "Replaced", 1930))
    run = case.ask(analysis)
    again = case.ask(analysis)
    assert [poster.title for poster in again] == ["Film A", "Replaced"]
    assert run.report.calls + again.report.calls == 3
    assert case.rows("SELECT COUNT(DISTINCT generation) AS n FROM DS.results WHERE uri LIKE '%b.jpg'") == [
        {"n": 2}
    ]


def test_an_image_that_is_deleted_between_rounds_is_asked_no_more(case: Case) -> None:
    """M6: its row stays, it is no longer among the records, and the report counts it."""
    analysis = case.films()
    case.plan.row(case.uri("b.jpg"), status=BUSY)
    between_rounds(case, lambda: (case.folder / "b.jpg").unlink(missing_ok=True))
    run = case.ask(analysis)
    assert (run.report.calls, run.report.deleted, run.report.stopped) == (2, 1, None)
    assert outcomes(run) == {"a": Outcome.OK}
    assert case.rows("SELECT COUNT(*) AS n FROM DS.results") == [{"n": 2}]
