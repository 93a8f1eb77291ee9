"""What a call to google's client is about, and its error turned into ours on the way out."""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeVar, cast

from bqvision._google_errors import Failure, understand
from bqvision.errors import BqvisionError, scrub

if TYPE_CHECKING:
    from collections.abc import Generator

    from google.api_core.retry import Retry

    from bqvision._retry import Calls
    from bqvision.sql.compose import Statement

_E = TypeVar("_E", bound=BqvisionError)

_WINDOW_CHARS: Final = 16
_LITERAL: Final = re.compile(r"'((?:[^'\\]|\\.)*)'", re.DOTALL)
_NAME_LIKE: Final = re.compile(r"[\w.:/*@-]*", re.ASCII)
"""Names, URIs and endpoints, which a message may repeat."""


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a call is about; goes into its error."""

    statement: str | None = None
    """The label of the statement."""
    prose: tuple[str, ...] = field(default=(), repr=False)
    """Prompts and the like, which no message may repeat."""
    resource: str | None = None
    job_id: str | None = None
    location: str | None = None

    def error(
        self,
        kind: type[_E],
        message: str,
        *,
        reason: str | None = None,
        attempts: int = 0,
        retryable: bool | None = None,
        next_step: str = "",
    ) -> _E:
        """Return an error of ours that says what it is about.

        Args:
            kind: Its class.
            message: What happened; what it quotes of the prose is left out.
            reason: BigQuery's word for it.
            attempts: How many requests were sent.
            retryable: Whether the same can succeed later. Default: as the class says.
            next_step: What to do now.
        """
        return kind(
            conceal(scrub(message), self.prose),
            statement=self.statement,
            resource=self.resource,
            job_id=self.job_id,
            location=self.location,
            reason=reason,
            attempts=attempts,
            retryable=retryable,
            next_step=next_step,
        )

    def failed(self, failure: Failure, *, attempts: int = 0) -> BqvisionError:
        """Return the error for a failure that was understood.

        Args:
            failure: What went wrong.
            attempts: How many requests were sent.
        """
        return self.error(
            failure.kind,
            failure.message,
            reason=failure.reason,
            attempts=attempts,
            retryable=failure.transient,
            next_step=failure.meaning.next_step,
        )


@contextmanager
def translated(about: About, calls: Calls) -> Generator[None]:
    """Turn google's errors into ours, with what the call was about and how many requests it took.

    Args:
        about: What the call is about.
        calls: The retry that the call was given.

    Raises:
        BqvisionError: The call failed; chained to google's error.
    """
    try:
        yield
    except BqvisionError:
        raise
    except Exception as error:
        raise about.failed(understand(error), attempts=calls.requests) from error


def retry_argument(calls: Calls) -> Retry:
    """Return our policy as google's ``retry=``: all that its client ever does with that is to call it."""
    return cast("Retry", calls.wrap)


def prose_of(statement: Statement) -> tuple[str, ...]:
    """Return a statement's literals and parameter values but for names and URIs.

    Args:
        statement: The statement.
    """
    values = [match[1] for match in _LITERAL.finditer(statement.sql)]
    for parameter in statement.parameters:
        value = parameter.value
        values += [str(item) for item in value] if isinstance(value, tuple) else [str(value)]
    return tuple(value for value in values if not _NAME_LIKE.fullmatch(value))


def conceal(text: str, prose: tuple[str, ...]) -> str:
    """Return a server's message without what it quotes of the prose.

    Args:
        text: What the server said.
        prose: What it may not repeat.

    Returns:
        The text, each passage of 16 or more characters that stands in the prose replaced by ``[…]``.
    """
    quoted = [False] * len(text)
    for start in range(len(text) - _WINDOW_CHARS + 1):
        window = text[start : start + _WINDOW_CHARS]
        if any(window in passage for passage in prose):
            quoted[start : start + _WINDOW_CHARS] = [True] * _WINDOW_CHARS
    shown = ("\0" if hidden else character for character, hidden in zip(text, quoted, strict=True))
    return re.sub("\0+", "[…]", "".join(shown))
