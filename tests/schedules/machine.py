"""Random schedules of images, faults, kills, crossing runs and clean ones, and what must hold after each of them."""

from __future__ import annotations

import contextlib
import json
import time
import uuid
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

import bqvision as bv
from bqvision import Outcome
from bqvision.local import BlockedRowError, RetryableRowError, VisionAnswer, VisionRequest
from bqvision.testing import FaultPlan
from tests.functions.asking import ROADS, ask

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bqvision.limits import RunOptions
    from bqvision.local import LocalServer
    from bqvision.testing import Operation

QUESTION = "Which film is on this poster, please? Answer in JSON with two keys: title, year."
NAMES = tuple(f"{letter}.jpg" for letter in "abcde")
OUTCOMES = {"ok": Outcome.OK, "prose": Outcome.UNPARSABLE, "blocked": Outcome.BLOCKED, "empty": Outcome.INPUT}
_LOOK_S = 0.004


class Killed(BaseException):
    """The process is gone, at once."""


class Script:
    """A vision model that does what the image says, and keeps account of what it was shown."""

    def __init__(self) -> None:
        self._seen: Counter[bytes] = Counter()

    def __call__(self, request: VisionRequest) -> VisionAnswer:
        """Answer, or fail for the first so many calls about this very content."""
        image = request.images[0]
        order = json.loads(image.data)
        self._seen[image.uri.encode() + image.data] += 1
        if self._seen[image.uri.encode() + image.data] <= order["busy"]:
            raise RetryableRowError("RESOURCE EXHAUSTED error from remote endpoint")
        if order["kind"] == "blocked":
            raise BlockedRowError
        text = "I do not know." if order["kind"] == "prose" else json.dumps({"title": order["id"]})
        return VisionAnswer(text, 10, 1)


@dataclass
class World:
    """What all schedules share: one server, the bucket's folder, and the plan of faults."""

    server: LocalServer
    bucket: Path
    plan: FaultPlan


class Schedules(RuleBasedStateMachine):
    """One schedule: a dataset and a folder of its own.

    Two accounts must agree after every step: the model was called once for each row of the results table, but for
    the calls of jobs that were told to fail after they had paid; and no image has two rows for one attempt.
    """

    world: World

    @initialize(function=st.sampled_from(ROADS))
    def begin(self, function: str) -> None:
        """Make an empty folder, an object table over it, and a model; choose the function that is called."""
        self.function = function
        self.world.plan.clear()
        self.folder = self.world.bucket / f"s{uuid.uuid4().hex[:10]}"
        self.folder.mkdir()
        self.orders: dict[str, dict[str, object]] = {}
        self.faults: list[Callable[[FaultPlan], None]] = []
        self.paid_failures = 0
        self.client = self._client()
        dataset = self.client.dataset(self.folder.name).create()
        dataset.object_table("posters").create(uris=[f"gs://schedules/{self.folder.name}/*"])
        dataset.remote_model("gemini").create(endpoint="gemini-2.5-flash")

    @rule(
        name=st.sampled_from(NAMES),
        kind=st.sampled_from(("ok", "ok", "ok", "prose", "blocked", "empty")),
        busy=st.sampled_from((0, 0, 0, 1, 2)),
    )
    def store(self, name: str, kind: str, busy: int) -> None:
        """Store an image, or replace one."""
        self.orders[name] = {"kind": kind, "busy": busy, "id": uuid.uuid4().hex}
        data = b"" if kind == "empty" else json.dumps(self.orders[name]).encode()
        (self.folder / name).write_bytes(data)

    @precondition(lambda self: self.orders)
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        """Delete an image."""
        name = data.draw(st.sampled_from(sorted(self.orders)))
        del self.orders[name]
        (self.folder / name).unlink()

    @rule(
        operation=st.sampled_from(
            ("jobs.insert", "jobs.insert", "jobs.get", "jobs.getQueryResults", "tables.get", "models.get")
        ),
        kind=st.sampled_from(("503", "500", "504", "429", "reset", "close", "cut", "half", "empty", "gzip")),
        after=st.booleans(),
        skip=st.integers(0, 12),
    )
    def misbehave(self, operation: Operation, kind: str, after: bool, skip: int) -> None:
        """Let one request of the next run go wrong, before or after its effect."""

        def strike(plan: FaultPlan) -> None:
            if kind.isdecimal():
                status, html = int(kind), kind == "504"
                plan.answer(operation, status, html=html, after=after, skip=skip)
            elif kind == "reset":
                plan.reset(operation, after=after, skip=skip)
            elif kind == "close":
                plan.close(operation, after=after, skip=skip)
            elif kind == "cut":
                plan.cut(operation, skip=skip)
            elif kind == "half":
                plan.half_json(operation, skip=skip)
            elif kind == "empty":
                plan.empty(operation, skip=skip)
            else:
                plan.bad_gzip(operation, skip=skip)

        self.faults.append(strike)

    @rule(reason=st.sampled_from(("backendError", "jobInternalError", "quotaExceeded")), paid=st.booleans())
    def fail_a_batch(self, reason: str, paid: bool) -> None:
        """Let a batch's job of the next run fail, before or after it has asked the model."""
        self.faults.append(lambda plan: plan.fail_job("insert_batch", reason=reason, paid=paid))
        self.paid_failures += paid

    @rule(size=st.integers(1, 3), jobs=st.integers(1, 3), rounds=st.integers(1, 3))
    def run(self, size: int, jobs: int, rounds: int) -> None:
        """Run, and take what comes."""
        self._run(self.client, batch_size=size, max_concurrent_jobs=jobs, max_rounds=rounds)

    @rule(size=st.integers(1, 3), calls=st.integers(1, 4))
    def run_within_a_limit(self, size: int, calls: int) -> None:
        """Run with a limit of calls, and keep it."""
        before = sum(self._calls().values())
        self._run(self.client, batch_size=size, max_calls=calls)
        assert sum(self._calls().values()) - before <= calls

    @rule(number=st.integers(1, 40), size=st.integers(1, 3))
    def run_and_be_killed(self, number: int, size: int) -> None:
        """Run, and be gone before one of the requests."""

        def die() -> None:
            raise Killed

        with contextlib.suppress(Killed):
            self._run(self._client(before=number, act=die), batch_size=size)

    @rule(number=st.integers(1, 40), size=st.integers(1, 3))
    def run_and_be_crossed(self, number: int, size: int) -> None:
        """Run, while another run begins and ends before one of the requests."""

        def cross() -> None:
            self._try(self.client, batch_size=2)

        self._run(self._client(before=number, act=cross), batch_size=size)

    def teardown(self) -> None:
        """Without faults, one more run asks what is missing, and every image has its record."""
        if not hasattr(self, "folder"):
            return
        run = self._analysis(self.client).run("results", round_wait=0)
        self._check()
        found = {record.uri.rpartition("/")[2]: record for record in run}
        assert sorted(found) == sorted(self.orders)
        for name, order in self.orders.items():
            assert found[name].outcome is OUTCOMES[str(order["kind"])]
            assert found[name].title == (order["id"] if order["kind"] == "ok" else None)
        before = self._calls()
        again = self._analysis(self.client).run("results")
        assert again.report.calls == 0
        assert self._calls() == before

    def _client(self, *, before: int = 0, act: Callable[[], object] | None = None) -> bv.Client:
        """A client whose waits pass at once, and that does something before one of its requests."""
        read, now = 0, 0.0

        def clock() -> float:
            nonlocal read
            read += 1
            if read == before and act is not None:
                act()
            return now

        def sleep(seconds: float) -> None:
            nonlocal now
            now += seconds
            time.sleep(min(seconds, _LOOK_S))

        policy = bv.RetryPolicy(sleep=sleep, clock=clock, attempts=6)
        return self.world.server.client(retry=policy)

    def _analysis(self, client: bv.Client) -> bv.Analysis[bv.PosterResult]:
        dataset = client.dataset(self.folder.name)
        posters = dataset.object_table("posters")
        return ask(dataset.remote_model("gemini"), posters, self.function, prompt=QUESTION)

    def _run(self, client: bv.Client, **options: int) -> None:
        """Run with the faults that were planned, and check the accounts."""
        for fault in self.faults:
            fault(self.world.plan)
        self.faults.clear()
        try:
            self._try(client, **options)
        finally:
            self.world.plan.clear()
            self._check()

    def _try(self, client: bv.Client, **options: int) -> None:
        given: RunOptions = {"round_wait": 0, **options}  # type: ignore[typeddict-item]
        try:
            report = self._analysis(client).run("results", **given).report
        except bv.BqvisionError as error:
            assert error.next_step
            assert QUESTION[:16] not in f"{error} {error!r} {error.__dict__}"
        else:
            assert sum(report.outcomes.values()) + report.unasked >= len(self.orders)

    def _calls(self) -> dict[str, int]:
        prefix = f"gs://schedules/{self.folder.name}/"
        calls = self.world.server.model_calls
        return {uri.removeprefix(prefix): count for uri, count in calls.items() if uri.startswith(prefix)}

    def _check(self) -> None:
        """Hold the model's account against the results table, once all jobs have ended."""
        google = self.client.bigquery
        while any(True for _ in google.list_jobs(state_filter="running")):
            time.sleep(_LOOK_S)
        rows = self._ledger()
        assert max(Counter(row[:3] for row in rows).values(), default=0) <= 1, "one row for one attempt"
        written = Counter(uri.rpartition("/")[2] for uri, _, _, asked in rows if asked)
        called = Counter(self._calls())
        assert not written - called, "every row was asked for"
        lost = (called - written).total()
        assert lost <= 3 * self.paid_failures, "nothing is paid for and lost, or paid for twice"

    def _ledger(self) -> list[tuple[str, int, int, bool]]:
        """The rows of the results table: URI, generation, attempt, and whether the model was asked."""
        google = self.client.bigquery
        if not any(table.table_id == "results" for table in google.list_tables(self.folder.name)):
            return []
        job = google.query(
            f"SELECT uri, generation, attempt, outcome != 'INPUT' AS asked FROM `{self.folder.name}.results`"
        )
        return [(row["uri"], row["generation"], row["attempt"], bool(row["asked"])) for row in job.result()]
