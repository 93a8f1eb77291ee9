"""Credentials that expire, can not be renewed or are refused: renewed once, waited for, or told at once."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
from google.auth.credentials import Credentials
from google.auth.exceptions import RefreshError
from google.oauth2.credentials import Credentials as UserCredentials
from typing_extensions import override

import bqvision as bv
from tests.faults.bench import BATCH, READ, Case
from tests.faults.conftest import GALLERY_IMAGES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from google.auth.transport import Request

REFRESH_TOKEN = "1//0refresh-of-this-user"
CLIENT_SECRET = "GOCSPX-of-this-program"
FRONT_END = "<!DOCTYPE html><title>Error 502 (Server Error)!!1</title>"


class TokenServer(ThreadingHTTPServer):
    """Gives out access tokens; a script of statuses and bodies comes first."""

    def __init__(self, token: str) -> None:
        super().__init__(("127.0.0.1", 0), _Tokens)
        self.token = token
        self.script: list[tuple[int, str]] = []
        self.requests = 0

    @property
    def url(self) -> str:
        """Where it is asked."""
        return f"http://127.0.0.1:{self.server_port}/token"

    def user(self, token: str | None = None) -> UserCredentials:
        """Return a user's credentials that are renewed here."""
        return UserCredentials(  # type: ignore[no-untyped-call]
            token=token,
            refresh_token=REFRESH_TOKEN,
            token_uri=self.url,
            client_id="films",
            client_secret=CLIENT_SECRET,
        )


class _Tokens(BaseHTTPRequestHandler):
    server: TokenServer

    def do_POST(self) -> None:
        """Answer as the script says, then with a token."""
        self.rfile.read(int(self.headers["Content-Length"] or 0))
        self.server.requests += 1
        granted = json.dumps({"access_token": self.server.token, "expires_in": 3600, "token_type": "Bearer"})
        status, body = self.server.script.pop(0) if self.server.script else (200, granted)
        self.send_response(status)
        self.send_header("Content-Type", "text/html" if body.startswith("<") else "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class Exchanged(Credentials):
    """Credentials like those of a workload, which leave it to their user to try again."""

    def __init__(self, server: TokenServer) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._server = server

    def refresh(self, request: Request) -> None:
        """Ask once."""
        answer = request(url=self._server.url, method="POST", body=b"grant")
        if answer.status != 200:
            raise RefreshError(answer.data.decode(), retryable=answer.status == 503)  # type: ignore[no-untyped-call]
        self.token = json.loads(answer.data)["access_token"]


@pytest.fixture
def tokens(case: Case) -> Iterator[TokenServer]:
    """A server that gives out this bench's token."""
    case.secrets += [REFRESH_TOKEN, CLIENT_SECRET]
    with TokenServer(case.server.token) as made:
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def asked_by(case: Case, credentials: Credentials) -> bv.Analysis[bv.PosterResult]:
    """The question, from a client with these credentials."""
    return case.question(case.client.with_options(credentials=credentials))


def test_a_token_that_expired_is_renewed(case: Case, tokens: TokenServer) -> None:
    """A1: one 401, one new token, one job."""
    case.films()
    case.plan.answer("jobs.insert", 401, reason="authError", message=case.leaky("expired"), match=BATCH)
    case.ask(asked_by(case, tokens.user(tokens.token)))
    assert tokens.requests == 1
    assert len(case.jobs()) == 1


def test_a_token_may_expire_between_two_pages(case: Case, tokens: TokenServer) -> None:
    """A1: reading goes on with the new one, and no row is lost or repeated."""
    case.gallery()
    run = case.ask(asked_by(case, tokens.user(tokens.token)))
    case.plan.answer("jobs.getQueryResults", 401, reason="authError", match=rf"{READ}.*pageToken=")
    uris = [poster.uri for poster in run]
    assert len(set(uris)) == len(uris) == GALLERY_IMAGES
    assert uris == sorted(uris)
    assert tokens.requests == 1


@pytest.mark.parametrize("kind", ["user", "workload"])
def test_a_token_server_that_fails_for_the_moment_is_asked_again(
    case: Case, tokens: TokenServer, kind: str
) -> None:
    """A2: 502 from its front end, 503 from itself: asked again, and the run succeeds."""
    case.films()
    tokens.script = [(502, FRONT_END), (502, FRONT_END)]
    if kind == "workload":
        tokens.script[1] = (503, "busy")
    case.ask(asked_by(case, tokens.user() if kind == "user" else Exchanged(tokens)))
    assert tokens.requests == 3


def test_a_token_server_that_stays_down_is_a_passing_error(case: Case, tokens: TokenServer) -> None:
    """A2: an error about credentials, after all tries, which says that it can pass."""
    case.films()
    credentials = tokens.user()
    tokens.server_close()
    error = case.fails(bv.AuthError, asked_by(case, credentials))
    assert error.retryable
    assert error.attempts == case.policy.attempts
    assert case.jobs() == []


def test_credentials_that_were_revoked_fail_at_once(case: Case, tokens: TokenServer) -> None:
    """A3: invalid_grant is not asked about twice."""
    case.films()
    revoked = {"error": "invalid_grant", "error_description": "Token has been expired or revoked."}
    tokens.script = [(400, json.dumps(revoked))]
    error = case.fails(bv.AuthError, asked_by(case, tokens.user()))
    assert (tokens.requests, error.retryable) == (1, False)
    assert "gcloud auth application-default login" in error.next_step


def test_a_server_that_refuses_every_token_is_given_up(case: Case, tokens: TokenServer) -> None:
    """A3: 401 for ever: google's library renews twice, and nothing is tried on top of that."""
    case.films()
    case.plan.answer(
        "jobs.insert", 401, reason="authError", message=case.leaky("no"), times=None, match=BATCH
    )
    error = case.fails(bv.AuthError, asked_by(case, tokens.user(tokens.token)))
    assert (tokens.requests, case.struck("jobs.insert"), error.attempts) == (2, 3, 1)
    assert case.jobs() == []
