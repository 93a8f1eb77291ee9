"""The error tree: what every error of ours can do, and that every error of google's has a place in it."""

from __future__ import annotations

import inspect
import pickle
import re
from collections.abc import Iterator

import google.api_core.exceptions
import google.auth.exceptions
import pytest
import requests.exceptions

from bqvision import errors
from bqvision._error_table import CLASSES, REASONS, STATUSES, UNKNOWN
from bqvision._google_errors import understand, understand_job
from bqvision.errors import BqvisionError, scrub

TREE = [cls for _, cls in inspect.getmembers(errors, inspect.isclass) if issubclass(cls, BqvisionError)]

# https://cloud.google.com/bigquery/docs/error-messages, and what the client library retries besides.
DOCUMENTED_REASONS = (
    "accessDenied",
    "attributeError",
    "backendError",
    "badRequest",
    "billingNotEnabled",
    "billingTierLimitExceeded",
    "blocked",
    "duplicate",
    "internalError",
    "invalid",
    "invalidQuery",
    "invalidUser",
    "jobBackendError",
    "jobInternalError",
    "jobRateLimitExceeded",
    "notFound",
    "notImplemented",
    "policyViolation",
    "proxyAuthenticationRequired",
    "quotaExceeded",
    "rateLimitExceeded",
    "resourceInUse",
    "resourcesExceeded",
    "responseTooLarge",
    "stopped",
    "tableUnavailable",
    "timeout",
    "badGateway",
)


@pytest.mark.parametrize("cls", TREE, ids=lambda cls: cls.__name__)
def test_an_error_keeps_its_context_and_can_be_sent_to_another_process(cls: type[BqvisionError]) -> None:
    """str() says what happened, to what and what to do; pickling loses nothing."""
    error = cls(
        "it broke",
        statement="insert_batch",
        resource="p.d.t",
        job_id="bqv_1",
        location="EU",
        reason="backendError",
        attempts=3,
        next_step="Try again.",
    )
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert str(copy) == str(error)
    assert vars(copy) == vars(error)
    for part in ("it broke", "insert_batch", "p.d.t", "bqv_1", "EU", "backendError", "Try again."):
        assert part in str(error)


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    """Every class stands in the drawing, under its base."""
    drawing = errors.__doc__
    assert drawing is not None
    drawn = {
        match[2]: len(match[1]) for match in re.finditer(r"^([ │├└─]*)(\w+Error)\b", drawing, re.MULTILINE)
    }
    assert set(drawn) == {cls.__name__ for cls in TREE}
    for cls in TREE:
        if cls is not BqvisionError:
            assert (
                drawn[cls.__name__] == drawn[cls.__mro__[1].__name__] + 4 or cls.__mro__[1] is BqvisionError
            )


def test_all_errors_are_public() -> None:
    """Each can be caught by its name in the package."""
    import bqvision

    assert {cls.__name__ for cls in TREE} <= set(bqvision.__all__)


def foreign(module: object) -> Iterator[type[Exception]]:
    """The exception classes that a module defines."""
    for _, cls in inspect.getmembers(module, inspect.isclass):
        if (
            issubclass(cls, Exception)
            and not issubclass(cls, Warning)
            and cls.__module__ == getattr(module, "__name__", "")
        ):
            yield cls


FOREIGN = [
    *foreign(google.api_core.exceptions),
    *foreign(google.auth.exceptions),
    *foreign(requests.exceptions),
]


def make(cls: type[Exception]) -> Exception:
    """Make an exception of google's, whatever it wants to know."""
    if cls is google.api_core.exceptions.RetryError:
        return google.api_core.exceptions.RetryError("too long", cause=None)  # type: ignore[no-untyped-call]
    if issubclass(cls, requests.exceptions.JSONDecodeError):
        return cls("half", "{", 1)
    try:
        return cls("scripted")
    except TypeError:
        return cls()


@pytest.mark.parametrize("cls", FOREIGN, ids=lambda cls: f"{cls.__module__}.{cls.__name__}")
def test_every_error_of_googles_has_a_place(cls: type[Exception]) -> None:
    """A class that a new version brings fails here until it is in the table, or has a base class that is."""
    failure = understand(make(cls))
    assert issubclass(failure.kind, BqvisionError)
    names = {f"{base.__module__}.{base.__qualname__}" for base in cls.__mro__}
    has_status = getattr(cls, "code", None) is not None
    assert has_status or names & set(CLASSES)


@pytest.mark.parametrize("reason", DOCUMENTED_REASONS)
def test_every_documented_reason_has_a_place(reason: str) -> None:
    """In an answer and in a failed job, with a next step."""
    assert reason in REASONS
    failure = understand_job({"reason": reason, "message": "scripted"})
    assert failure.reason == reason
    assert failure.kind is not errors.UnexpectedError
    assert failure.meaning.next_step


def test_an_unknown_reason_of_a_job_is_permanent() -> None:
    """It may have been paid for."""
    failure = understand_job({"reason": "neverHeardOf", "message": "scripted"})
    assert failure.meaning is UNKNOWN
    assert not failure.meaning.rerun
    assert not failure.transient


def test_only_passing_errors_are_sent_again() -> None:
    """What the table lets be repeated is unavailable, overloaded, or a token server's hiccup; never a refusal."""
    passing = (errors.UnavailableError, errors.RateLimitError, errors.AuthError)
    for meaning in (*REASONS.values(), *STATUSES.values(), *CLASSES.values()):
        if meaning.resend:
            assert issubclass(meaning.error, passing)


@pytest.mark.parametrize(
    "secret",
    [
        "https://storage.googleapis.com/b/o?X-Goog-Signature=abcdef0123&x=1",
        "Signature=abcdef0123",
        "GoogleAccessId=abcdef0123",
        "Authorization: Bearer abcdef0123",
        "ya29.abcdef0123",
        '{"access_token": "abcdef0123"}',
        "-----BEGIN PRIVATE KEY-----\nabcdef0123\n-----END PRIVATE KEY-----",
    ],
)
def test_secrets_are_taken_out_of_messages(secret: str) -> None:
    """Wherever the server or a library put them."""
    shown = str(BqvisionError(f"refused: {secret} (see above)"))
    assert "abcdef0123" not in shown
    assert shown.startswith("refused:")
    assert "abcdef0123" not in scrub(secret)


def test_a_long_message_is_cut() -> None:
    """The server may quote a whole statement."""
    assert len(str(BqvisionError("x" * 10_000))) <= 600
