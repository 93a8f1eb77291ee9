"""What bounds a run, as the caller says it, and why a run ended before all was done."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypedDict, cast

from typing_extensions import override

from bqvision.errors import InvalidInputError

DEFAULT_BATCH_SIZE: Final = 25_000
"""Images in one job, unless told otherwise: 10 million images are 400 jobs, and BigQuery runs the first 1,500
INSERTs of a day into a table at once (https://docs.cloud.google.com/bigquery/docs/data-manipulation-language). A job
that fails or is stopped puts at most so many answers at risk."""
TOKENS_PER_CALL: Final = 1_000
"""What a call is taken to need, as long as nothing is known: 258 tokens for a small image
(https://ai.google.dev/gemini-api/docs/tokens), the prompt, the thinking and the answer."""
_BATCHES_PER_LIMIT: Final = 10
_MOST_JOBS: Final = 100
_MOST_URIS: Final = 10_000
"""They are sent with several statements, each at most 1 MB of text and 10 MB in all."""


class RunOptions(TypedDict, total=False):
    """What a run may be told; every key has a default, for which None stands."""

    batch_size: int | None
    """The most images in one job; by default 25,000, or with ``max_tokens`` about a tenth of what that allows."""
    max_concurrent_jobs: int | None
    """The most jobs in flight at once; by default 4."""
    max_rounds: int | None
    """How often an image is asked about at most, as long as its outcome is RETRYABLE; by default 5 times."""
    round_wait: float | None
    """Seconds to wait before the second round, by default 15; doubled for each further one, with jitter."""
    max_images: int | None
    """Ask about at most so many images; the rest stay for the next run."""
    max_calls: int | None
    """Make at most so many model calls, those of further rounds included."""
    max_tokens: int | None
    """Begin no batch that would probably take the tokens, in and out, beyond this."""
    max_error_ratio: float | None
    """Stop if a larger share of the calls, 0 to 1, gave no usable answer; looked at after each batch."""
    timeout: float | None
    """Begin nothing after so many seconds; jobs in flight go on, and the next run joins them."""
    retry_truncated: bool | None
    """Whether an answer that the output limit cut is asked for once more, with the largest limit; by default not."""
    job_attempts: int | None
    """How often a batch may be run if its job fails for a passing reason, by default once; a failed job may have
    been paid for, and each further one is paid for again."""
    uris: Collection[str] | None
    """Only these images, or groups of them, by the URIs of their records, at most 10,000; no other is asked about,
    counted or read."""
    cancel_on_exit: bool | None
    """Whether jobs in flight are cancelled when the run is interrupted; by default they go on, and the next run
    joins them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The options of a run, checked; for each see `RunOptions`."""

    batch_size: int = DEFAULT_BATCH_SIZE
    max_concurrent_jobs: int = 4
    max_rounds: int = 5
    round_wait: float = 15.0
    max_images: int | None = None
    max_calls: int | None = None
    max_tokens: int | None = None
    max_error_ratio: float | None = None
    timeout: float | None = None
    retry_truncated: bool = False
    job_attempts: int = 1
    uris: tuple[str, ...] | None = None
    cancel_on_exit: bool = False

    @classmethod
    def of(cls, options: RunOptions) -> Limits:
        """Check the options of a run.

        Args:
            options: What the caller gave; None stands for the default.

        Raises:
            InvalidInputError: One is unknown or can not be right.
        """
        given = {
            name: value for name, value in cast("Mapping[str, object]", options).items() if value is not None
        }
        if unknown := sorted(given.keys() - cls.__slots__):
            raise InvalidInputError(
                f"a run has no option {', '.join(unknown)}",
                next_step=f"Use {', '.join(cls.__slots__)}.",
            )
        for name in ("max_rounds", "max_images", "max_calls", "max_tokens", "job_attempts"):
            _whole(name, given.get(name), 1, 10**15)
        _whole("batch_size", given.get("batch_size"), 1, 10_000_000)
        _whole("max_concurrent_jobs", given.get("max_concurrent_jobs"), 1, _MOST_JOBS)
        _real("max_error_ratio", given.get("max_error_ratio"), 1)
        _real("round_wait", given.get("round_wait"), 86_400)
        _real("timeout", given.get("timeout"), 10**9)
        for name in ("retry_truncated", "cancel_on_exit"):
            if type(given.get(name, False)) is not bool:
                raise InvalidInputError(f"{name} must be True or False")
        if "uris" in given:
            given["uris"] = _uris(given["uris"])
        tokens = given.get("max_tokens")
        if "batch_size" not in given and isinstance(tokens, int):
            given["batch_size"] = min(
                DEFAULT_BATCH_SIZE, max(1, tokens // (TOKENS_PER_CALL * _BATCHES_PER_LIMIT))
            )
        return cls(**given)  # type: ignore[arg-type]  # each was just checked


def _uris(value: object) -> tuple[str, ...]:
    if isinstance(value, str | Mapping) or not isinstance(value, Collection):
        raise InvalidInputError(
            "uris must be a list of URIs", next_step="Give, for example, uris=['gs://bucket/one.jpg']."
        )
    if not all(isinstance(uri, str) for uri in cast("Collection[object]", value)):
        raise InvalidInputError(
            "uris must be texts", next_step="Give, for example, [record.uri for record in run]."
        )
    chosen = sorted(set(cast("Collection[str]", value)))
    if not 0 < len(chosen) <= _MOST_URIS:
        raise InvalidInputError(
            f"uris holds {len(chosen):,} URIs, not 1 to {_MOST_URIS:,}",
            next_step="Make an object table over the images instead, or use max_images.",
        )
    return tuple(chosen)


def _whole(name: str, value: object, low: int, high: int) -> None:
    if value is not None and (type(value) is not int or not low <= value <= high):
        raise InvalidInputError(f"{name} must be a whole number from {low} to {high:,}")


def _real(name: str, value: object, high: float) -> None:
    if value is None:
        return
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        raise InvalidInputError(f"{name} must be a number")
    if not 0 <= value <= high:
        raise InvalidInputError(f"{name} must be from 0 to {high:,}")


class StopReason(StrEnum):
    """Why a run ended before every image had a final answer."""

    IMAGES = "IMAGES"
    """``max_images`` was reached."""
    CALLS = "CALLS"
    """``max_calls`` was reached."""
    TOKENS = "TOKENS"
    """``max_tokens`` was reached."""
    TIMEOUT = "TIMEOUT"
    """``timeout`` was over."""
    ROUNDS = "ROUNDS"
    """Some images are RETRYABLE still, after ``max_rounds`` rounds."""
    ERRORS = "ERRORS"
    """``max_error_ratio`` was exceeded; raised as a `RunError`."""
    PERMISSION = "PERMISSION"
    """The model or the images may not be used; raised as a `RunError`."""
    QUOTA = "QUOTA"
    """A quota is used up; raised as a `RunError`."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Why a run ended early, and how to go on."""

    reason: StopReason
    message: str
    """What happened."""
    next_step: str
    """How to go on."""

    @property
    def failure(self) -> bool:
        """Whether something is wrong that another run would meet too."""
        return self.reason in {StopReason.ERRORS, StopReason.PERMISSION, StopReason.QUOTA}

    @override
    def __str__(self) -> str:
        return f"{self.message}. {self.next_step}"
