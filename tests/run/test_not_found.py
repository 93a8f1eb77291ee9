"""BigQuery may say "not found" of a job that is there: no image is paid for twice on the strength of that."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

import bqvision as bv
from bqvision.local import VisionAnswer, VisionRequest, serve
from bqvision.testing import FaultPlan

if TYPE_CHECKING:
    from pathlib import Path

QUESTION = "Which film? Answer in JSON with two keys: title, year."


class Killed(BaseException):
    """The process is gone."""


def test_a_job_that_is_said_not_to_be_there_is_not_given_up(tmp_path: Path) -> None:
    """A run retires a claim while a job of it is with the model, and jobs.get denies that job at every look."""
    for name in "abcd":
        (tmp_path / f"{name}.jpg").write_bytes(name.encode())
    entered, gate = threading.Event(), threading.Event()

    def model(_: VisionRequest) -> VisionAnswer:
        entered.set()
        assert gate.wait(60)
        return VisionAnswer('{"title": "Sunrise"}', 10, 1)

    plan = FaultPlan()
    with serve(buckets={"images": tmp_path}, model=model, workers=4, faults=plan) as server:

        def analysis(policy: bv.RetryPolicy) -> bv.Analysis[bv.PosterResult]:
            films = server.client(retry=policy).dataset("films")
            return films.remote_model("gemini").analyze(films.object_table("images"), prompt=QUESTION)

        films = server.client().dataset("films").create()
        films.object_table("images").create(uris=["gs://images/*"])
        films.remote_model("gemini").create(endpoint="gemini-2.5-flash")

        def die(_: float) -> None:
            if entered.is_set():
                raise Killed

        with contextlib.suppress(Killed):
            analysis(bv.RetryPolicy(sleep=die)).run("results")
        assert entered.is_set()
        plan.answer("jobs.get", 404, reason="notFound", match="insert_batch", times=8)
        now = 0.0

        def sleep(seconds: float) -> None:
            nonlocal now
            now += seconds
            threading.Event().wait(min(seconds, 0.02))
            if not plan.left:
                gate.set()  # only when every look has been answered with "not found"

        run = analysis(bv.RetryPolicy(sleep=sleep, clock=lambda: now)).run("results", batch_size=1)
        assert [poster.title for poster in run] == ["Sunrise"] * 4
        assert set(server.model_calls.values()) == {1}
        plan.verify()
