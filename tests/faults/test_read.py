"""Records whose pages fail, lie or run in a circle: every image once and in order, or an error that says how far."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import bqvision as bv
from tests.faults.bench import READ, Case
from tests.faults.conftest import GALLERY_IMAGES
from tests.testing.conftest import Http

if TYPE_CHECKING:
    from bqvision._rest import JsonValue

PAGE = 5_000
SECOND_PAGE = rf"{READ}.*(pageToken|startIndex)="


def names(first: int, last: int) -> list[str]:
    """The URIs of some images of the gallery."""
    return [f"gs://gallery/image-{number:09}.png" for number in range(first, last)]


def test_a_page_that_fails_is_asked_for_again(case: Case) -> None:
    """R1: 503, RST, a cut body, half JSON, 504 and an empty answer: the same page again, each row once, in order."""
    run = case.gallery()
    case.plan.answer("jobs.getQueryResults", 503, reason="backendError", match=SECOND_PAGE)
    case.plan.reset("jobs.getQueryResults", match=SECOND_PAGE)
    case.plan.cut("jobs.getQueryResults", match=SECOND_PAGE)
    case.plan.half_json("jobs.getQueryResults", match=SECOND_PAGE)
    case.plan.answer("jobs.getQueryResults", 504, match=SECOND_PAGE)
    case.plan.empty("jobs.getQueryResults", match=SECOND_PAGE)
    assert [poster.uri for poster in run] == names(0, GALLERY_IMAGES)
    assert case.struck("jobs.getQueryResults") == 6
    assert len(case.jobs("read_ledger")) == 1


def test_an_iteration_that_broke_off_is_resumed(case: Case) -> None:
    """R2: the error says how many rows came; the rest is read on, without another job."""
    run = case.gallery()
    case.plan.answer(
        "jobs.getQueryResults", 503, message=case.leaky("down", quoting=False), times=None, match=SECOND_PAGE
    )
    found: list[str] = []
    with pytest.raises(bv.PartialReadError) as caught, case.noted():
        found.extend(poster.uri for poster in run)
    error = caught.value
    assert (error.rows_read, found) == (PAGE, names(0, PAGE))
    assert error.attempts == case.policy.attempts
    before = case.all_jobs()
    with pytest.raises(bv.ReadError), case.noted():
        list(run.resume(error))
    case.plan.clear()
    assert [poster.uri for poster in run.resume(error)] == names(PAGE, GALLERY_IMAGES)
    assert case.all_jobs() == before
    assert error.job_id in before


def test_records_that_can_not_be_read_at_all(case: Case) -> None:
    """R2: no row was delivered, and none is reported; the run itself is done."""
    run = case.ask(case.films())
    case.plan.answer(
        "jobs.getQueryResults", 503, message=case.leaky("down", quoting=False), times=None, match=READ
    )
    with pytest.raises(bv.ReadError) as caught, case.noted():
        list(run)
    assert type(caught.value) is bv.ReadError
    assert caught.value.retryable


def test_pages_that_run_in_a_circle_are_noticed(case: Case) -> None:
    """R3: a page that names a page that was read before as the next one ends the reading."""
    run = case.gallery()
    case.plan.rewrite("jobs.getQueryResults", {"pageToken": str(PAGE)}, match=SECOND_PAGE)
    with pytest.raises(bv.IntegrityError, match="circle") as caught, case.noted():
        list(run)
    assert (caught.value.job_id or "").startswith("bqv_read_ledger_")


def test_what_the_pages_claim_is_checked(case: Case) -> None:
    """R3: too many or too few announced, an image twice, no number at all: an error each time, and never silence."""
    run = case.ask(case.films())
    list(run)
    (job,) = case.jobs("read_ledger")
    rows: list[Any] = Http(case.server).send("GET", f"/queries/{job.job_id}?maxResults=5000").json["rows"]
    assert len(rows) == 2
    lies: list[tuple[dict[str, JsonValue], str]] = [
        ({"totalRows": "3"}, "announced 3 rows and delivered 2"),
        ({"totalRows": "1"}, "announced 1 rows and delivered 2"),
        ({"rows": rows[:1]}, "announced 2 rows and delivered 1"),
        ({"rows": [rows[0], rows[0]]}, f"comes twice in the results: {case.uri('a.jpg')}"),
        (
            {"rows": None, "totalRows": None, "schema": None, "jobComplete": False},
            "does not say how many rows",
        ),
    ]
    for lie, said in lies:
        case.plan.rewrite("jobs.getQueryResults", lie, match=READ)
        with pytest.raises(bv.IntegrityError, match=said) as caught, case.noted():
            list(run)
        assert caught.value.location == "US"
