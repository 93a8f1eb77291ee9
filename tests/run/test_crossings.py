"""Runs that are cut off, or crossed by others, at every request that they send."""

from __future__ import annotations

import contextlib
import functools
import time
from typing import TYPE_CHECKING

import pytest

import bqvision as bv
from bqvision import Outcome
from bqvision.local import VisionAnswer, VisionRequest, serve

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cinema import Cinema

QUESTION = "Which film? Answer in JSON with two keys: title, year."


class Killed(BaseException):
    """The process is gone."""


def _before_request(number: int, act: Callable[[], object]) -> tuple[bv.RetryPolicy, Callable[[], int]]:
    """Return a policy that acts before one request of its client, and what counts the requests."""
    sent = 0

    def clock() -> float:
        nonlocal sent
        sent += 1
        if sent == number:
            act()
        return time.monotonic()

    return bv.RetryPolicy(clock=clock), lambda: sent


def _ask(
    cinema: Cinema, into: str, *, retry: bv.RetryPolicy | None = None, flatten: bool | None = None
) -> bv.AnalysisRun[bv.PosterResult]:
    """Run the same question from another client, one image in a batch."""
    dataset = cinema.client.with_options(retry=retry).dataset(cinema.folder.name)
    images, model = dataset.object_table("posters"), dataset.remote_model("gemini-vision")
    analysis = model.analyze(images, prompt=QUESTION, flatten_json_output=flatten)
    return analysis.run(into=into, batch_size=1)


def test_a_run_killed_at_any_request_is_finished_by_the_next(cinema: Cinema) -> None:
    """Wherever a run dies, the next one asks only what is not answered, even by another statement."""
    cinema.show("a.jpg", "Sunrise", 1927)
    cinema.show("b.jpg", "Greed", 1924)
    cinema.posters()

    def die() -> None:
        raise Killed

    ended = False
    number = 0
    while not ended:
        number += 3
        policy, sent = _before_request(number, die)
        before = sum(cinema.calls().values())
        into = f"results_{number}"
        with contextlib.suppress(Killed):
            _ask(cinema, into, retry=policy)
        ended = sent() < number
        # The flattened form of the statement asks the same question in another text.
        run = _ask(cinema, into, flatten=number % 2 == 1)
        assert [poster.title for poster in run] == ["Sunrise", "Greed"]
        assert sum(cinema.calls().values()) - before == 2
        assert cinema.rows(f"SELECT COUNT(*) AS rows_ FROM DS.{into}") == [{"rows_": 2}]
    assert number > 12, "the policy's clock is read before every request"
    names = {table.name.rsplit(".", 1)[-1] for table in cinema.dataset.tables()}
    assert not [name for name in names if "__work_" in name]


def test_a_run_crossed_by_another_joins_it(cinema: Cinema) -> None:
    """Another run that begins and ends while this one claims its work changes nothing and pays for nothing."""
    cinema.show("a.jpg", "Sunrise", 1927)
    cinema.show("b.jpg", "Greed", 1924)
    cinema.posters()
    for number in range(6, 16):
        before = sum(cinema.calls().values())
        into = f"results_{number}"
        policy, sent = _before_request(number, functools.partial(_ask, cinema, into))
        run = _ask(cinema, into, retry=policy)
        assert sent() > number
        assert [poster.title for poster in run] == ["Sunrise", "Greed"]
        assert sum(cinema.calls().values()) - before == 2
    # A run that ends late must not drop the work table that another one has made since.
    jobs = [job for job in cinema.client.bigquery.list_jobs() if f".{cinema.folder.name}." in job.query]
    made = [job for job in jobs if job.labels["bqvision"] == "create_work_table" and not job.error_result]
    dropped = [job for job in jobs if job.labels["bqvision"] == "drop_work_table"]
    assert len(dropped) == len(made)


def test_a_run_cut_off_by_the_end_of_the_server_is_finished_on_the_next(tmp_path: Path) -> None:
    """A server with a data_dir forgets its jobs, but what the results table holds is not asked again."""
    images = tmp_path / "images"
    images.mkdir()
    for name in ("a.jpg", "b.jpg"):
        (images / name).write_bytes(name.encode())
    asked: list[str] = []
    broken = {"b.jpg"}

    def model(request: VisionRequest) -> VisionAnswer:
        name = request.images[0].data.decode()
        asked.append(name)
        if name in broken:
            raise ConnectionError("gone")
        return VisionAnswer('{"title": "Sunrise"}')

    for start in ("first", "second"):
        with serve(buckets={"cinema": images}, model=model, data_dir=tmp_path / "data") as server:
            dataset = server.client().dataset("films").create(exists_ok=True)
            posters = dataset.object_table("posters").create(uris=["gs://cinema/*"], exists_ok=True)
            gemini = dataset.remote_model("gemini").create(endpoint="gemini-2.5-flash", exists_ok=True)
            analysis = gemini.analyze(posters, prompt=QUESTION)
            if start == "first":
                with pytest.raises(bv.ServiceError, match="gone"):
                    analysis.run(into="results", batch_size=1)
                broken.clear()
            else:
                run = analysis.run(into="results")
                assert [poster.title for poster in run] == ["Sunrise", "Sunrise"]
                assert (run.report.asked, len(run.report.jobs)) == (1, 1)
    assert asked == ["a.jpg", "b.jpg", "b.jpg"]


def test_zero_is_the_same_question_however_it_is_written(cinema: Cinema) -> None:
    """A temperature of 0 and one of 0.0 ask the same, so the second run asks nothing."""
    cinema.show("a.jpg", "Sunrise", 1927)
    posters = cinema.posters()
    whole = cinema.model.analyze(posters, prompt=QUESTION, temperature=0, top_p=1)
    fraction = cinema.model.analyze(posters, prompt=QUESTION, temperature=0.0, top_p=1.0)
    assert whole.run(into="results").report.asked == 1
    assert fraction.run(into="results").report.asked == 0


@pytest.mark.parametrize(
    "name",
    [
        "Screenshot 10.00\u202fAM.png",
        "映画\u3000ポスター.jpg",
        "👩\u200d🎨.jpg",
        "100%25#?'\"`.jpg",
        "tab\t.jpg",
    ],
)
def test_an_image_of_any_name_is_asked(cinema: Cinema, name: str) -> None:
    """Special blanks, joiners, URL and SQL characters in a file's name lose no image."""
    cinema.show(name, "Sunrise", 1927)
    assert [(poster.uri, poster.title) for poster in cinema.analysis().run(into="results")] == [
        (cinema.uri(name), "Sunrise")
    ]


def test_an_answer_that_is_no_unicode_spoils_no_batch(cinema: Cinema) -> None:
    """Half of a surrogate pair in one answer is replaced; the other images keep theirs."""
    cinema.hang("a.jpg", text='{"title": "A\ud800B", "year": 1927}')
    cinema.show("b.jpg", "Greed", 1924)
    run = cinema.analysis().run(into="results")
    assert [(poster.title, poster.outcome) for poster in run] == [
        ("A?B", Outcome.OK),
        ("Greed", Outcome.OK),
    ]
