"""The bench: a service on the real google client on a server that misbehaves."""

from __future__ import annotations

import logging
import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TypeVar

import pytest
from google.api_core.client_options import ClientOptions
from google.auth.credentials import AnonymousCredentials, Credentials
from google.cloud import bigquery

from bqvision._jobs import Service
from bqvision._retry import RetryPolicy
from bqvision.errors import BqvisionError
from bqvision.sql.compose import Parameter, Statement

from .fault_server import FaultServer

E = TypeVar("E", bound=BqvisionError)

PROMPT = "What is the title of this poster? Answer in one word."
LITERAL = "Name every person that stands on the picture, please"
SECRETS = (PROMPT, PROMPT[5:30], LITERAL, "ya29.s3cr3t", "abc123signature")

ASK = Statement(
    sql=f"INSERT INTO `p.d.t` SELECT @prompt, '{LITERAL}'",
    parameters=(Parameter("prompt", "STRING", PROMPT), Parameter("size", "INT64", 7)),
    label="ask",
)


@dataclass
class Clock:
    """Time that passes only by sleeping."""

    now_s: float = 0.0
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.slept.append(seconds)
        self.now_s += seconds

    def read(self) -> float:
        """The time."""
        return self.now_s


class Bench:
    """A service, its server and its clock."""

    def __init__(self, server: FaultServer) -> None:
        self.server = server
        self.clock = Clock()
        self.clients: list[bigquery.Client] = []
        self.errors: list[BqvisionError] = []
        self.policy = RetryPolicy(
            attempts=4,
            timeout_s=600,
            wait_initial_s=1,
            wait_max_s=8,
            sleep=self.clock.sleep,
            clock=self.clock.read,
        )
        self.service = self.serve()

    def serve(
        self,
        *,
        url: str | None = None,
        credentials: Credentials | None = None,
        policy: RetryPolicy | None = None,
        request_timeout_s: float = 5.0,
    ) -> Service:
        """Another service, as another process would make it."""
        client = bigquery.Client(
            project="my-project",
            credentials=AnonymousCredentials()  # type: ignore[no-untyped-call]
            if credentials is None
            else credentials,
            client_options=ClientOptions(api_endpoint=self.server.url if url is None else url),
        )
        self.clients.append(client)
        return Service(
            bigquery=lambda: client,
            project=lambda: "my-project",
            location="US",
            policy=self.policy if policy is None else policy,
            labels={"team": "films"},
            request_timeout_s=request_timeout_s,
        )

    def limited(self, **changes: float) -> RetryPolicy:
        """The policy with some bounds changed."""
        return replace(self.policy, **changes)  # type: ignore[arg-type]

    @contextmanager
    def raises(self, kind: type[E]) -> Iterator[pytest.ExceptionInfo[E]]:
        """Expect exactly this error, fit to be shown, sent to another process and acted on."""
        with pytest.raises(kind) as caught:
            yield caught
        error = caught.value
        assert type(error) is kind
        assert error.next_step
        self.errors.append(error)

    @property
    def inserts(self) -> list[str]:
        """The job id of every jobs.insert that arrived."""
        return [request.body["jobReference"]["jobId"] for request in self.server.sent("jobs.insert")]


@pytest.fixture
def bench(caplog: pytest.LogCaptureFixture) -> Iterator[Bench]:
    """A bench that checks, at the end, that every fault struck and that nothing secret was said."""
    caplog.set_level(logging.DEBUG)
    with FaultServer() as server:
        made = Bench(server)
        yield made
        for client in made.clients:
            client.close()  # type: ignore[no-untyped-call]
        assert not server.faults_left
        said = [caplog.text]
        for error in made.errors:
            said += [str(error), repr(error), repr(error.__dict__), str(pickle.loads(pickle.dumps(error)))]  # noqa: S301
        assert not [secret for secret in SECRETS for text in said if secret in text]
