"""Credentials that expire, fail to refresh or are refused, with google's own refresh over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from google.auth.credentials import Credentials
from google.auth.exceptions import RefreshError, TransportError

from bqvision.errors import AuthError

from .conftest import ASK, Bench
from .fault_server import Script

if TYPE_CHECKING:
    from google.auth.transport import Request


class Tokens(Credentials):
    """Credentials that hand out tokens, or raise, in order."""

    def __init__(self, *script: str | Exception) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.script = list(script)
        self.refreshes = 0

    def refresh(self, _request: Request) -> None:
        """Take the next of the script; the last goes on for ever."""
        self.refreshes += 1
        now = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(now, Exception):
            raise now
        self.token = now


def test_a_token_that_expired_is_refreshed(bench: Bench) -> None:
    """A1: one refusal, another token, one job."""
    bench.server.tokens = {"new"}
    job = bench.serve(credentials=Tokens("old", "new")).execute(ASK)
    assert list(bench.server.jobs) == [job.job_id]


def test_a_token_may_expire_between_pages(bench: Bench) -> None:
    """A1: reading goes on with the next token, and no row is lost."""
    bench.server.scripts.append(Script(rows=[[str(number), "null"] for number in range(6)]))
    bench.server.tokens = {"first"}
    service = bench.serve(credentials=Tokens("first", "second"))
    rows = service.rows(service.execute(ASK), page_size=2)
    found = [next(rows)["n"], next(rows)["n"]]
    bench.server.tokens = {"second"}
    found += [row["n"] for row in rows]
    assert found == list(range(6))


@pytest.mark.parametrize(
    "passing",
    [
        TransportError("the metadata server is down"),  # type: ignore[no-untyped-call]
        RefreshError("<html><title>Error 502 (Server Error)!!1</title></html>"),  # type: ignore[no-untyped-call]
        RefreshError("busy", retryable=True),  # type: ignore[no-untyped-call]
    ],
    ids=["transport", "html 502", "retryable"],
)
def test_a_token_server_that_fails_for_the_moment_is_asked_again(bench: Bench, passing: Exception) -> None:
    """A2: twice down, then up: one job."""
    credentials = Tokens(passing, passing, "token")
    bench.serve(credentials=credentials).execute(ASK)
    assert credentials.refreshes == 3
    assert len(bench.server.jobs) == 1


def test_a_token_server_that_stays_down_is_a_passing_error_about_credentials(bench: Bench) -> None:
    """A2: after the retries, and retryable."""
    down = TransportError("the metadata server is down")  # type: ignore[no-untyped-call]
    with bench.raises(AuthError) as caught:
        bench.serve(credentials=Tokens(down)).execute(ASK)
    assert caught.value.retryable


def test_credentials_that_were_revoked_fail_at_once(bench: Bench) -> None:
    """A3: invalid_grant is not asked about twice."""
    revoked = Tokens(RefreshError("invalid_grant: Token has been expired or revoked."))  # type: ignore[no-untyped-call]
    with bench.raises(AuthError) as caught:
        bench.serve(credentials=revoked).execute(ASK)
    assert revoked.refreshes == 1
    assert not caught.value.retryable
    assert not bench.clock.slept


def test_a_server_that_refuses_every_token_is_given_up(bench: Bench) -> None:
    """A3: google's client refreshes at most twice, and nothing is retried on top."""
    bench.server.tokens = set()
    with bench.raises(AuthError):
        bench.serve(credentials=Tokens("refused")).execute(ASK)
    assert len(bench.inserts) <= 3
    assert not bench.clock.slept
