"""What an error of google's client means, read off the error table by its reason, status or class."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from bqvision import errors
from bqvision._error_table import (
    BROKEN_ANSWER,
    CLASSES,
    FRONT_END,
    INVALID,
    REASONS,
    REFUSED_CREDENTIALS,
    SLOW_DOWN,
    STATUSES,
    TOKEN_SERVER,
    UNKNOWN,
    Meaning,
)
from bqvision._solutions import solve

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bqvision.errors import BqvisionError


@dataclass(frozen=True, slots=True)
class Failure:
    """One error of google's client, understood."""

    meaning: Meaning
    kind: type[BqvisionError]
    """The class of our error."""
    message: str
    reason: str | None = None
    retry_after_s: float | None = None
    """How many seconds the server asked to wait."""
    transient: bool = False
    """Whether the same can succeed later."""


_RATE_LIMIT_TEXT: Final = re.compile(r"exceeded rate limits", re.IGNORECASE)
"""Some answers carry this under the reason invalidQuery."""
_GATEWAY_TEXT: Final = re.compile(r"\b50[0234]\b|server error|bad gateway|unavailable", re.IGNORECASE)
"""What a front end's error page says; google-auth passes it on as a permanent refresh error."""
_REQUEST_PREFIX: Final = re.compile(r"\A[A-Z]+ https?://\S+: ")
_REQUEST_PROJECT: Final = re.compile(r"\A[A-Z]+ https?://\S+?/projects/([\w.:-]+)")


def understand(error: BaseException) -> Failure:
    """Say what an error of google's client means.

    Args:
        error: What a call to google's client raised.

    Returns:
        Its meaning; unknown errors are `bqvision.errors.UnexpectedError`, and permanent.
    """
    cause = getattr(error, "cause", None) or error.__cause__
    if _is(error, "google.api_core.exceptions.RetryError", "builtins.TimeoutError") and cause is not None:
        return understand(cause)
    if _is(error, "google.api_core.exceptions.GoogleAPICallError"):
        return _answer(error)
    if _is(error, "google.auth.exceptions.GoogleAuthError"):
        return _credentials(error)
    meaning = _nearest(error)
    if meaning is None:
        return Failure(UNKNOWN, UNKNOWN.error, f"google's client stopped with {type(error).__name__}")
    kind = _kind(error)
    if meaning is BROKEN_ANSWER:
        message = f"{_host(error)} sent an answer that is broken ({kind})"
    elif meaning.error is errors.ConfigurationError:
        message = f"{_host(error)} can not be used ({kind})"
    else:
        message = f"{_host(error)} could not be reached ({kind})"
    return Failure(meaning, meaning.error, message, transient=meaning.resend)


def understand_job(error_result: Mapping[str, str], *, project: str | None = None) -> Failure:
    """Say what the ``errorResult`` of a job that is done means.

    Args:
        error_result: The job's ``status.errorResult``.
        project: The project that it ran in.

    Returns:
        Its meaning; an empty or unknown reason is permanent, since the job may have been paid for.
    """
    reason = error_result.get("reason")
    message = error_result.get("message", "")
    meaning = _by_reason(reason, message)
    if meaning is None:
        meaning = UNKNOWN
    meaning = _solved(meaning, message, project)
    kind = meaning.error if meaning.job_error is None else meaning.job_error
    return Failure(meaning, kind, f"the job failed: {message}", reason=reason, transient=meaning.rerun)


def _answer(error: BaseException) -> Failure:
    status = getattr(error, "code", None)
    details = getattr(error, "errors", None) or [{}]
    first = details[0] if isinstance(details[0], dict) else {}
    reason = first.get("reason")
    message = str(getattr(error, "message", ""))
    text = str(first.get("message") or _REQUEST_PREFIX.sub("", message))
    if text.lstrip().startswith("<"):
        text = "a page instead of an answer; a proxy or front end stands between"
    meaning = _by_reason(reason, text)
    if meaning is None and status == 400 and reason is not None:
        meaning = UNKNOWN
    # gRPC's ABORTED shares its status with ALREADY_EXISTS.
    if meaning is None and isinstance(status, int) and not _is(error, "google.api_core.exceptions.Aborted"):
        meaning = STATUSES.get(status, FRONT_END if status >= 500 else None)
    if meaning is None:
        meaning = _nearest(error) or UNKNOWN
    asked = _REQUEST_PROJECT.match(message)
    meaning = _solved(meaning, text, asked[1] if asked is not None else None)
    said = f"BigQuery answered {int(status) if isinstance(status, int) else 'with an error'}"
    wait_s = _retry_after_s(error)
    if wait_s is not None:
        said += f" and asks to wait {wait_s:g} seconds"
    return Failure(
        meaning,
        meaning.error,
        f"{said}: {text}",
        reason=reason,
        retry_after_s=wait_s,
        transient=meaning.resend or meaning.rerun or meaning.error.default_retryable,
    )


def _credentials(error: BaseException) -> Failure:
    meaning = _nearest(error) or REFUSED_CREDENTIALS
    text = str(error.args[0]) if error.args else type(error).__name__
    if meaning is REFUSED_CREDENTIALS and (
        getattr(error, "retryable", False) or (text.lstrip().startswith("<") and _GATEWAY_TEXT.search(text))
    ):
        meaning = TOKEN_SERVER
    if _is(error.__cause__, "requests.exceptions.SSLError") or _is(
        error.args[0] if error.args else None, "requests.exceptions.SSLError"
    ):
        meaning = CLASSES["requests.exceptions.SSLError"]
    if text.lstrip().startswith("<"):
        text = "the token server sent a page instead of an answer"
    return Failure(meaning, meaning.error, f"no access token: {text}", transient=meaning.resend)


def _by_reason(reason: str | None, message: str) -> Meaning | None:
    if reason is None:
        return None
    meaning = REASONS.get(reason)
    return SLOW_DOWN if meaning is INVALID and _RATE_LIMIT_TEXT.search(message) else meaning


def _solved(meaning: Meaning, text: str, project: str | None) -> Meaning:
    """The meaning that a text has by itself, if there is one; what may pass by itself is left to pass."""
    solution = None if meaning.resend or meaning.rerun else solve(text, project=project)
    return meaning if solution is None else Meaning(solution.error, next_step=solution.next_step)


def _name(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"


def _is(error: object, *names: str) -> bool:
    return any(_name(cls) in names for cls in type(error).__mro__)


def _nearest(error: BaseException) -> Meaning | None:
    """The meaning of the error's class, or of the nearest base class that has one."""
    return next((CLASSES[_name(cls)] for cls in type(error).__mro__ if _name(cls) in CLASSES), None)


def _kind(error: BaseException) -> str:
    """The innermost name for a transport error, such as NameResolutionError."""
    inner = getattr(error.args[0], "reason", None) if error.args else None
    return type(inner if isinstance(inner, BaseException) else error).__name__


def _host(error: BaseException) -> str:
    url = getattr(getattr(error, "request", None), "url", None)
    host = urlsplit(url).netloc.rpartition("@")[2] if isinstance(url, str) else ""
    return host or "the BigQuery endpoint"


def _retry_after_s(error: BaseException) -> float | None:
    """The Retry-After header in seconds; a date counts from the answer's own Date, not from our clock."""
    headers = getattr(getattr(error, "response", None), "headers", None)
    if headers is None or "Retry-After" not in headers:
        return None
    value = str(headers["Retry-After"])
    if re.fullmatch(r"\s*\d{1,9}\s*", value):
        return float(value)
    try:
        wait = parsedate_to_datetime(value) - parsedate_to_datetime(headers["Date"])
    except (KeyError, TypeError, ValueError):
        return None
    return max(wait.total_seconds(), 0.0)
