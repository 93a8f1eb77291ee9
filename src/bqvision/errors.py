"""Every error of bqvision.

The tree (indented classes are subclasses)::

    BqvisionError
    ├── InvalidInputError            (also ValueError) refused before any request was sent
    ├── ConfigurationError           no project, or a setting that can not be used
    │   └── MissingExtraError        (also ImportError) an optional dependency is not installed
    ├── AuthError                    credentials are missing or were refused
    ├── ServiceError                 BigQuery answered with an error, or could not be reached
    │   ├── UnavailableError         transient, and the retries are used up
    │   ├── RateLimitError           too many requests at once, and the retries are used up
    │   ├── QuotaError               a daily, project or custom quota is used up
    │   ├── PermissionDeniedError    the caller may not do this
    │   │   ├── ApiDisabledError         the project has not enabled a Google API
    │   │   ├── BucketPermissionError    the connection's account may not read the bucket
    │   │   └── ConnectionPermissionError  the caller may not use the connection, or it the model
    │   ├── BillingError             the project can not be billed
    │   ├── ReservationError         the project has no reservation of the edition that it takes
    │   ├── NotFoundError            the dataset, table, model or project does not exist
    │   │   ├── ConnectionNotFoundError  the connection does not exist at this location
    │   │   ├── LocationError            it is at another location, or the location is none
    │   │   └── ModelRetiredError        Google has withdrawn the Gemini model, or not offered it there
    │   ├── AlreadyExistsError       it exists already
    │   ├── InvalidQueryError        BigQuery refused the statement or the request
    │   ├── UnsupportedError         the server does not implement this
    │   └── UnexpectedError          an answer or a reason that bqvision does not know
    ├── JobError                     a job that exists did not do its work
    │   ├── JobFailedError           it ended with an error
    │   ├── JobCancelledError        it was cancelled, or stopped at its own time limit
    │   ├── JobTimeoutError          waiting took too long; the job goes on
    │   ├── JobLostError             it was made, and BigQuery no longer knows it
    │   └── IdCollisionError         its id is taken by a job with another statement
    ├── ReadError                    the rows of a finished job could not be read
    │   ├── PartialReadError         some rows were delivered, the rest could not be read
    │   └── IntegrityError           the pages contradict each other
    ├── RunError                     a run could not go on; the rows paid for are kept
    └── LocalServerError             the local BigQuery could not start, or died

``retryable`` says whether doing the same again later can help. No error holds a prompt, a statement's text,
a credential or a signed URL: what the server says is scrubbed and shortened.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar, Final

from typing_extensions import override

if TYPE_CHECKING:
    from bqvision.report import RunReport

_MAX_MESSAGE_CHARS: Final = 600
"""Server messages may quote the statement; what is wrong stands at their beginning."""

_SECRETS: Final = re.compile(
    r"""
      \b(?:X-Goog-(?:Signature|Credential|Security-Token)|Signature|GoogleAccessId
         |access_token|refresh_token|id_token|client_secret)["']?\s*[=:]\s*["']?[^\s&"',]+
    | \bBearer\s+[\w.~+/=-]{8,}
    | \bya29\.[\w.-]+
    | -----BEGIN[^-]*PRIVATE\ KEY-----.*?(?:-----END[^-]*PRIVATE\ KEY-----|\Z)
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)


def without_secrets(text: str) -> str:
    """Return a server's message without the credentials and signatures in it.

    Args:
        text: What the server said.
    """
    return _SECRETS.sub("[removed]", text)


def scrub(text: str) -> str:
    """Return a server's message fit for an error or a log.

    Args:
        text: What the server said.

    Returns:
        One line without credentials and signatures, at most 600 characters long.
    """
    line = " ".join(without_secrets(text).split())
    return line if len(line) <= _MAX_MESSAGE_CHARS else line[: _MAX_MESSAGE_CHARS - 1] + "…"


class BqvisionError(Exception):
    """The base of every error of bqvision.

    Attributes:
        message: What happened, without the context.
        statement: The label of the statement, such as ``create_object_table``.
        resource: The dataset, table or model that it was about.
        job_id: The BigQuery job.
        location: The location of the job or resource, such as ``US``.
        reason: BigQuery's own word for the error, such as ``accessDenied``.
        attempts: How many requests were sent for the call that failed, retries included; 0 if none was.
        retryable: Whether doing the same again later can help.
        next_step: What to do now.
    """

    default_retryable: ClassVar[bool] = False

    def __init__(
        self,
        message: str = "",
        *,
        statement: str | None = None,
        resource: str | None = None,
        job_id: str | None = None,
        location: str | None = None,
        reason: str | None = None,
        attempts: int = 0,
        retryable: bool | None = None,
        next_step: str = "",
    ) -> None:
        # The only positional argument is also the only one in `args`, so that pickle rebuilds the
        # error from `args` and restores the rest from `__dict__`.
        super().__init__(scrub(message))
        self.message = scrub(message)
        self.statement = statement
        self.resource = resource
        self.job_id = job_id
        self.location = location
        self.reason = reason
        self.attempts = attempts
        self.retryable = self.default_retryable if retryable is None else retryable
        self.next_step = next_step

    @override
    def __str__(self) -> str:
        """What happened, to what, and what to do next."""
        context = {
            "statement": self.statement,
            "resource": self.resource,
            "job": self.job_id,
            "location": self.location,
            "reason": self.reason,
            "requests": self.attempts if self.attempts > 1 else None,
        }
        known = ", ".join(f"{name} {value}" for name, value in context.items() if value is not None)
        said = f"{self.message} [{known}]" if known else self.message
        if not self.next_step:
            return said
        return f"{said}{'' if said.endswith(('.', '!', '?')) else '.'} {self.next_step}".strip()


class InvalidInputError(BqvisionError, ValueError):
    """An argument was refused before any request was sent."""


class ConfigurationError(BqvisionError):
    """A setting is missing or can not be used."""


class MissingExtraError(ConfigurationError, ImportError):
    """An optional dependency is not installed; the next step is the pip command."""


class AuthError(BqvisionError):
    """Credentials are missing, expired or were refused."""


class ServiceError(BqvisionError):
    """BigQuery answered with an error, or could not be reached."""


class UnavailableError(ServiceError):
    """BigQuery could not be reached or failed for the moment, and the retries are used up."""

    default_retryable = True


class RateLimitError(ServiceError):
    """Too many requests at once, and the retries are used up."""

    default_retryable = True


class QuotaError(ServiceError):
    """A daily, project or custom quota is used up; a retry soon does not help."""


class PermissionDeniedError(ServiceError):
    """The caller, or the connection's service account, may not do this."""


class ApiDisabledError(PermissionDeniedError):
    """The project has not enabled a Google API; the next step is the line that enables it."""


class BucketPermissionError(PermissionDeniedError):
    """The connection's service account may not list or read the bucket; the next step names account and role."""


class ConnectionPermissionError(PermissionDeniedError):
    """The caller may not use the connection, or its service account not the model; the next step names the role."""


class BillingError(ServiceError):
    """The project has no working billing account."""


class ReservationError(ServiceError):
    """It takes slots of an edition, and the project is not assigned to such a reservation."""


class NotFoundError(ServiceError):
    """The project, dataset, table, model or connection does not exist at this location."""


class ConnectionNotFoundError(NotFoundError):
    """The connection does not exist at this location."""


class LocationError(NotFoundError):
    """What is asked for is at another location, or the location is none of BigQuery's."""


class ModelRetiredError(NotFoundError):
    """Google does not serve the model, or not at this location: it is withdrawn, or was never offered there."""


class AlreadyExistsError(ServiceError):
    """What should be created exists already."""


class InvalidQueryError(ServiceError):
    """BigQuery refused the statement or the request as it stands."""


class UnsupportedError(ServiceError):
    """The server does not implement what was asked."""


class UnexpectedError(ServiceError):
    """An answer, or a reason in it, that bqvision does not know."""


class JobError(BqvisionError):
    """A job that exists did not do its work."""


class JobFailedError(JobError):
    """The job ended with an error; it wrote nothing."""


class JobCancelledError(JobError):
    """The job was cancelled, or BigQuery stopped it at its own time limit."""


class JobTimeoutError(JobError):
    """Waiting for the job took longer than allowed; the job goes on."""

    default_retryable = True


class JobLostError(JobError):
    """The job was made, and BigQuery answers that there is no such job."""


class IdCollisionError(JobError):
    """The job's id belongs to a job with another statement or other parameters."""


class ReadError(BqvisionError):
    """The rows of a finished job could not be read."""


class PartialReadError(ReadError):
    """Some rows were delivered and the rest could not be read.

    Attributes:
        rows_read: How many rows were delivered; reading can go on from there without a new job.
    """

    def __init__(
        self,
        message: str = "",
        *,
        rows_read: int = 0,
        statement: str | None = None,
        resource: str | None = None,
        job_id: str | None = None,
        location: str | None = None,
        reason: str | None = None,
        attempts: int = 0,
        retryable: bool | None = None,
        next_step: str = "",
    ) -> None:
        super().__init__(
            message,
            statement=statement,
            resource=resource,
            job_id=job_id,
            location=location,
            reason=reason,
            attempts=attempts,
            retryable=retryable,
            next_step=next_step,
        )
        self.rows_read = rows_read


class IntegrityError(ReadError):
    """The pages of a result contradict each other: a repeated page, or a row count that is not kept."""


class RunError(BqvisionError):
    """A run stopped since something is wrong that every further image would meet; the rows paid for are kept.

    ``reason`` is that of a `bqvision.StopReason`, one of PERMISSION, QUOTA and ERRORS.

    Attributes:
        report: What the run did, and how its images stand.
    """

    report: RunReport | None = None


class LocalServerError(BqvisionError):
    """The local BigQuery could not start, or died."""
