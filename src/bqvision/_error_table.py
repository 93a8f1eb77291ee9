"""One table: from the reason, the status or the class of a foreign error to an error of ours.

It also says what may be done about it: whether the same request may be sent again, and whether a job that
ended so may be run again under a new id. Classes are named, not imported: nothing of google's is loaded here.

The reasons are those of https://cloud.google.com/bigquery/docs/error-messages.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bqvision import errors

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Meaning:
    """What an error means, and what may be done about it."""

    error: type[errors.BqvisionError]
    """Our class, when a request was refused or failed."""
    job_error: type[errors.BqvisionError] | None = None
    """Our class, when a job ended so; ``None`` is the same class."""
    resend: bool = False
    """Whether the same request may be sent again."""
    rerun: bool = False
    """Whether a job that ended so may be run again under a new id."""
    next_step: str = ""


_LOGIN: Final = "Run `gcloud auth application-default login`, or give Client(credentials=...)."
_LATER: Final = "Try again later; nothing is lost."
_GRANT: Final = "Ask for the missing permission; the message names the resource and the account."
_SMALLER: Final = "Make the work smaller: fewer images in one statement."
_ENDPOINT: Final = "Check the endpoint's address."

_BUSY = Meaning(errors.UnavailableError, errors.JobFailedError, resend=True, rerun=True, next_step=_LATER)
FRONT_END = Meaning(errors.UnavailableError, errors.JobFailedError, resend=True, next_step=_LATER)
_JOB_BROKE = Meaning(errors.JobFailedError, rerun=True, next_step=_LATER)
INVALID = Meaning(errors.InvalidQueryError, next_step="Correct what the message names.")
_TOO_BIG = Meaning(errors.InvalidQueryError, errors.JobFailedError, next_step=_SMALLER)
_DENIED = Meaning(errors.PermissionDeniedError, next_step=_GRANT)
_MISSING = Meaning(
    errors.NotFoundError,
    next_step="Check project, dataset, name and location: at another location it is not found either.",
)
_EXISTS = Meaning(errors.AlreadyExistsError, next_step="Use replace=True or exists_ok=True, or another name.")
UNKNOWN = Meaning(
    errors.UnexpectedError,
    errors.JobFailedError,
    next_step="Look at the server's answer in the chained error.",
)
REFUSED_CREDENTIALS = Meaning(errors.AuthError, next_step=_LOGIN)
TOKEN_SERVER = Meaning(
    errors.AuthError, resend=True, next_step="The server that gives out tokens did not answer. " + _LATER
)
_UNREACHABLE = Meaning(
    errors.UnavailableError, resend=True, next_step="Check the network and the endpoint's address. " + _LATER
)
BROKEN_ANSWER = Meaning(errors.UnavailableError, resend=True, next_step=_LATER)
_BAD_ADDRESS = Meaning(errors.ConfigurationError, next_step=_ENDPOINT)
_UNSUPPORTED = Meaning(errors.UnsupportedError, next_step="The server does not offer this.")
SLOW_DOWN = Meaning(
    errors.RateLimitError,
    errors.JobFailedError,
    resend=True,
    rerun=True,
    next_step="Send less at once, or try again later.",
)

REASONS: Final[Mapping[str, Meaning]] = {
    "accessDenied": _DENIED,
    "attributeError": INVALID,
    "authError": REFUSED_CREDENTIALS,
    "backendError": _BUSY,
    "badGateway": FRONT_END,
    "badRequest": INVALID,
    "billingNotEnabled": Meaning(errors.BillingError, next_step="Link a billing account to the project."),
    "billingTierLimitExceeded": _TOO_BIG,
    "blocked": Meaning(
        errors.PermissionDeniedError,
        next_step="BigQuery has blocked this operation: ask Google Cloud support.",
    ),
    "duplicate": _EXISTS,
    "internalError": _BUSY,
    "invalid": INVALID,
    "invalidQuery": INVALID,
    "invalidUser": REFUSED_CREDENTIALS,
    "jobBackendError": _JOB_BROKE,
    "jobInternalError": _JOB_BROKE,
    "jobRateLimitExceeded": Meaning(
        errors.RateLimitError, errors.JobFailedError, rerun=True, next_step="Send fewer jobs at once."
    ),
    "notFound": _MISSING,
    "notImplemented": _UNSUPPORTED,
    "policyViolation": Meaning(
        errors.PermissionDeniedError, next_step="An organisation policy forbids it: ask its owner."
    ),
    "proxyAuthenticationRequired": Meaning(
        errors.AuthError, next_step="The proxy wants credentials: set HTTPS_PROXY with them."
    ),
    "quotaExceeded": Meaning(
        errors.QuotaError,
        next_step="Wait until that quota resets (daily ones at midnight Pacific), or have it raised.",
    ),
    "rateLimitExceeded": SLOW_DOWN,
    "resourceInUse": Meaning(
        errors.InvalidQueryError, next_step="It is not empty: delete what is in it, or use contents=True."
    ),
    "resourcesExceeded": _TOO_BIG,
    "responseTooLarge": Meaning(
        errors.InvalidQueryError, errors.JobFailedError, next_step="Write the result to a table."
    ),
    "serviceUnavailable": FRONT_END,
    "stopped": Meaning(errors.JobCancelledError, next_step="Run it again if that was not intended."),
    "tableUnavailable": _BUSY,
    "timeout": _TOO_BIG,
}
"""BigQuery's own words, in answers and in failed jobs."""

STATUSES: Final[Mapping[int, Meaning]] = {
    400: INVALID,
    401: REFUSED_CREDENTIALS,
    403: _DENIED,
    404: _MISSING,
    405: _UNSUPPORTED,
    407: REASONS["proxyAuthenticationRequired"],
    408: FRONT_END,
    409: _EXISTS,
    413: _TOO_BIG,
    429: SLOW_DOWN,
    499: REASONS["stopped"],
    501: _UNSUPPORTED,
}
"""HTTP statuses that come without a reason that we know; the other 5xx are the front end's."""

CLASSES: Final[Mapping[str, Meaning]] = {
    "builtins.ConnectionError": _UNREACHABLE,
    "builtins.TimeoutError": _UNREACHABLE,
    "bqvision._retry.MalformedAnswerError": BROKEN_ANSWER,
    "google.api_core.exceptions.Aborted": Meaning(
        errors.UnavailableError,
        next_step="Somebody else changed it at the same time: read it again, then retry.",
    ),
    "google.api_core.exceptions.AsyncRestUnsupportedParameterError": _UNSUPPORTED,
    "google.api_core.exceptions.ClientError": UNKNOWN,
    "google.api_core.exceptions.DataLoss": UNKNOWN,
    "google.api_core.exceptions.DuplicateCredentialArgs": Meaning(
        errors.ConfigurationError, next_step="Give one kind of credentials only."
    ),
    "google.api_core.exceptions.GoogleAPICallError": UNKNOWN,
    "google.api_core.exceptions.GoogleAPIError": UNKNOWN,
    "google.api_core.exceptions.Redirection": _BAD_ADDRESS,
    "google.api_core.exceptions.RetryError": FRONT_END,
    "google.api_core.exceptions.ServerError": FRONT_END,
    "google.auth.exceptions.GoogleAuthError": REFUSED_CREDENTIALS,
    "google.auth.exceptions.ResponseError": TOKEN_SERVER,
    "google.auth.exceptions.TimeoutError": TOKEN_SERVER,
    "google.auth.exceptions.TransportError": TOKEN_SERVER,
    "requests.exceptions.ChunkedEncodingError": BROKEN_ANSWER,
    "requests.exceptions.ConnectionError": _UNREACHABLE,
    "requests.exceptions.ContentDecodingError": BROKEN_ANSWER,
    "requests.exceptions.InvalidHeader": _BAD_ADDRESS,
    "requests.exceptions.InvalidSchema": _BAD_ADDRESS,
    "requests.exceptions.InvalidURL": _BAD_ADDRESS,
    "requests.exceptions.JSONDecodeError": BROKEN_ANSWER,
    "requests.exceptions.MissingSchema": _BAD_ADDRESS,
    "requests.exceptions.RequestException": UNKNOWN,
    "requests.exceptions.SSLError": Meaning(
        errors.ConfigurationError,
        next_step="Its certificate was refused: check the address, the clock, and REQUESTS_CA_BUNDLE.",
    ),
    "requests.exceptions.Timeout": _UNREACHABLE,
    "requests.exceptions.TooManyRedirects": _BAD_ADDRESS,
}
"""Errors that are no answer of BigQuery; the nearest base class that is listed counts."""
