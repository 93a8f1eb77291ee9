"""One case of the fault matrix: its own dataset and posters, a clock that does not wait, and all that was said."""

from __future__ import annotations

import contextlib
import logging
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar, Unpack
from urllib.parse import urlsplit

import pytest
from google.api_core.exceptions import GoogleAPICallError, NotFound
from typing_extensions import override

import bqvision as bv
from bqvision.testing.operations import operation_of
from tests.cinema import Cinema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from google.cloud.bigquery.job import QueryJob

    from bqvision.local import LocalServer
    from bqvision.testing import FaultPlan

E = TypeVar("E", bound=bv.BqvisionError)

PROMPT: Final = "Whose name stands on this poster, and since when? Answer in JSON with two keys: title, year."
SIGNATURE: Final = "5e3c1a0f9b7d42c6881e5e3c1a0f9b7d"


def requests_of(label: str) -> str:
    """Return what the requests hold that are about the jobs of one statement, and no others."""
    return rf'(?:/|"jobId": ")bqv_{label}_'


BATCH: Final = requests_of("insert_batch")
"""The jobs that call the model."""
READ: Final = requests_of("read_ledger")
"""The jobs that read the records."""
BUSY: Final = "A retryable error occurred: RESOURCE EXHAUSTED error from remote endpoint"


class Clock:
    """A clock that goes on by waiting only; a wait takes but a moment, in which the server works."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.waits: list[float] = []
        self.at: Callable[[], object] | None = None

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.waits.append(seconds)
        self.now += seconds
        time.sleep(min(seconds, 0.02))
        if self.at is not None:
            self.at()

    def read(self) -> float:
        """The time."""
        return self.now


class Ear(logging.Handler):
    """Hears what all loggers say, at every level; also which requests were answered."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(logging.Formatter("%(levelname)s %(name)s %(message)s"))
        self.texts: list[str] = []
        self.loggers: set[str] = set()
        self.requests: list[str] = []

    @override
    def emit(self, record: logging.LogRecord) -> None:
        """Keep it, as it would be written."""
        self.texts.append(self.format(record))
        self.loggers.add(record.name.partition(".")[0])
        args = record.args
        if record.name == "urllib3.connectionpool" and isinstance(args, tuple) and len(args) == 8:
            operation = operation_of(str(args[3]), urlsplit(str(args[4])).path)
            self.requests.append(operation if operation is not None else str(args[4]))


class Case(Cinema):
    """One case: what it did is kept, so that the invariants can be checked at its end."""

    def __init__(self, folder: Path, server: LocalServer, plan: FaultPlan, ear: Ear) -> None:
        self.plan = plan
        self.ear = ear
        self.clock = Clock()
        self.policy = bv.RetryPolicy(sleep=self.clock.sleep, clock=self.clock.read)
        self.began = datetime.now(UTC)
        self.clients: list[bv.Client] = []
        self.errors: list[bv.BqvisionError] = []
        self.runs: list[bv.AnalysisRun[bv.PosterResult]] = []
        self.elapsed: list[float] = []
        self.secrets: list[str] = [server.token, SIGNATURE]
        self.extra_calls = 0
        """Calls for one image beyond the first that the test declares; further rounds count by themselves."""
        self.never: set[str] = set()
        """Operations that must not be called; see `forbid`."""
        super().__init__(folder, server, self.connect(server, retry=self.policy))

    def connect(self, server: LocalServer | None = None, **options: Any) -> bv.Client:
        """Return another client on the server, as another process would have it."""
        options.setdefault("retry", self.policy)
        made = (self.server if server is None else server).client(**options)
        self.clients.append(made)
        return made

    def films(self, *names: str) -> bv.Analysis[bv.PosterResult]:
        """Hang posters, and return the question about them."""
        for name in names if names else ("a.jpg", "b.jpg"):
            self.show(name, f"Film {name[0].upper()}", 1920)
        self.posters()
        return self.question()

    def question(self, client: bv.Client | None = None, **how: Any) -> bv.Analysis[bv.PosterResult]:
        """Return the question about the posters that hang, from any client."""
        home = self.dataset if client is None else client.dataset(self.folder.name)
        model, posters = home.remote_model("gemini-vision"), home.object_table("posters")
        return model.analyze(posters, **{"prompt": PROMPT, "temperature": 0.2, **how})

    def ask(
        self,
        analysis: bv.Analysis[bv.PosterResult] | None = None,
        into: str = "results",
        **options: Unpack[bv.RunOptions],
    ) -> bv.AnalysisRun[bv.PosterResult]:
        """Run the question; what comes of it is kept."""
        begin = self.clock.now
        question = self.question() if analysis is None else analysis
        try:
            with self.noted():
                run = question.run(into, **options)
        finally:
            self.elapsed.append(self.clock.now - begin)
        self.runs.append(run)
        return run

    def gallery(self) -> bv.AnalysisRun[bv.PosterResult]:
        """Return a run over more images than a page of records holds, all of which have an answer already."""
        self.dataset.object_table("posters").create(uris=["gs://gallery/*"])
        by_label = {statement.label: statement for statement in self.question().statements("results")}
        (fingerprint,) = (
            parameter.value
            for parameter in by_label["count_batches"].parameters
            if parameter.name == "fingerprint"
        )
        self.rows(by_label["create_ledger"].sql)
        self.rows(
            "INSERT INTO DS.results (uri, generation, fingerprint, attempt, status, outcome, text, title) "
            f"SELECT uri, generation, '{fingerprint}', 1, '', 'OK', '{{\"title\": \"Seen\"}}', 'Seen' FROM DS.posters"
        )
        return self.ask()

    @contextlib.contextmanager
    def noted(self) -> Iterator[None]:
        """Keep the error that comes out of it, so that the invariants are checked of it."""
        try:
            yield
        except bv.BqvisionError as error:
            self.errors.append(error)
            raise

    def fails(
        self,
        kind: type[E],
        analysis: bv.Analysis[bv.PosterResult] | None = None,
        **options: Unpack[bv.RunOptions],
    ) -> E:
        """Run the question, which ends with exactly this error."""
        with pytest.raises(kind) as caught:
            self.ask(analysis, **options)
        assert type(caught.value) is kind, caught.value
        return caught.value

    def leaky(self, message: str, *, quoting: bool = True) -> str:
        """Return a message as a careless server writes it: it quotes the statement, and holds a token and a URL."""
        near = f" near '{PROMPT}'" if quoting else ""
        return (
            f"{message}{near} [Authorization: Bearer {self.server.token}] "
            f"https://storage.googleapis.com/b/o?X-Goog-Signature={SIGNATURE}"
        )

    def hold_until(self, target: str, times: int = 1) -> None:
        """Hold the first job that calls the model until so many faults have struck a target."""
        self.plan.hold_job("insert_batch")

        def look() -> None:
            if self.struck(target) == times:
                self.plan.release()

        self.clock.at = look

    def forbid(self, *operations: str) -> None:
        """Let the invariants fail if one of these is ever requested."""
        self.never.update(operations)

    def jobs(self, label: str = "insert_batch") -> list[QueryJob]:
        """The jobs of one statement in this case's dataset, the oldest first."""
        listed = self.client.bigquery.list_jobs(min_creation_time=self.began)
        found = [job for job in listed if job.labels.get("bqvision") == label and self.names_it(job)]
        return sorted(found, key=lambda job: (job.created, job.job_id))

    def all_jobs(self) -> list[str]:
        """The ids of all jobs since this case began."""
        return [job.job_id for job in self.client.bigquery.list_jobs(min_creation_time=self.began)]

    def names_it(self, job: QueryJob) -> bool:
        """Say whether a job is about this case's dataset."""
        return f".{self.folder.name}" in job.query

    def wait_for_jobs(self) -> None:
        """Wait until no job of this case is under way."""
        for job in self.jobs():
            with contextlib.suppress(GoogleAPICallError):
                job.result(retry=None, job_retry=None)

    def drop_work_tables(self) -> None:
        """Drop what runs have claimed."""
        for table in self.dataset.tables():
            if "__work_" in table.name:
                self.client.bigquery.delete_table(table.name)

    def struck(self, target: str) -> int:
        """How many faults struck something."""
        return sum(strike.target == target for strike in self.plan.struck)

    def unanswered(self) -> set[str]:
        """The URIs that no run has a final answer for."""
        listed = {
            (row["uri"], row["generation"]) for row in self.rows("SELECT uri, generation FROM DS.posters")
        }
        try:
            answered = self.rows(
                "SELECT uri, generation FROM DS.results WHERE outcome NOT IN ('RETRYABLE', 'QUOTA', 'PERMISSION')"
            )
        except NotFound:
            answered = []
        return {str(uri) for uri, _ in listed - {(row["uri"], row["generation"]) for row in answered}}

    def close(self) -> None:
        """Close the connections."""
        for client in self.clients:
            client.close()
