"""What a run has done so far, and whether its limits let it go on."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from bqvision import _rest
from bqvision.limits import Stop, StopReason
from bqvision.records import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bqvision.claims import Batch
    from bqvision.limits import Limits

_ON: Final = "Everything paid for is kept: run it again to go on."
_STATUS_CHARS: Final = 200


@dataclass(slots=True)
class Tally:
    """The counts of one run."""

    limits: Limits
    asked: int = 0
    """Images that this run's jobs asked about."""
    calls: int = 0
    """Model calls of this run's jobs: an image that is asked about in three rounds has three."""
    joined: int = 0
    """Images of jobs that another run had begun."""
    refused: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    jobs: list[str] = field(default_factory=list[str])
    joined_jobs: list[str] = field(default_factory=list[str])
    running: list[str] = field(default_factory=list[str])
    """Jobs that were in flight when the run ended."""
    outcomes: Counter[Outcome] = field(default_factory=Counter[Outcome])
    """What the calls of this run's jobs came to."""
    unanswered: Counter[Outcome] = field(default_factory=Counter[Outcome])
    """What the round at hand left without an answer that may be asked for again."""
    rounds: int = 0
    left_out: Stop | None = None
    """The limit that has left images out."""
    stop: Stop | None = None
    """Why nothing more may begin."""

    @property
    def tokens(self) -> int:
        """Tokens that this run's calls took, in and out."""
        return self.input_tokens + self.output_tokens

    def room(self, *, retry: bool) -> int | None:
        """How many images may still be asked about; None for any number.

        Args:
            retry: Whether they were asked about in this run already, so that `max_images` does not count.
        """
        limits = self.limits
        rooms = [] if limits.max_calls is None else [limits.max_calls - self.calls]
        if limits.max_images is not None and not retry:
            rooms.append(limits.max_images - self.asked)
        return max(0, min(rooms)) if rooms else None

    def full(self, *, retry: bool) -> Stop:
        """Say which limit leaves images out.

        Args:
            retry: As for `room`.
        """
        limits = self.limits
        if limits.max_calls is not None and (
            retry
            or limits.max_images is None
            or limits.max_calls - self.calls <= limits.max_images - self.asked
        ):
            return Stop(StopReason.CALLS, f"max_calls={limits.max_calls:,} is reached", _ON)
        return Stop(StopReason.IMAGES, f"max_images={limits.max_images:,} is reached", _ON)

    def admits(self, batch: Batch, in_flight: int, *, retry: bool) -> Stop | bool:
        """Say whether a batch may begin: yes, not yet (its turn comes when others are done), or never.

        Args:
            batch: The batch.
            in_flight: Images of the batches that have begun and are not done.
            retry: As for `room`.
        """
        room = self.room(retry=retry)
        if room is not None and in_flight + batch.images > room:
            return not in_flight and self._too_large(batch, room, retry=retry)
        limits = self.limits
        if limits.max_tokens is None or self.calls == 0:
            return limits.max_tokens is None or in_flight == 0
        if self.tokens >= limits.max_tokens:
            return Stop(
                StopReason.TOKENS, f"{self.tokens:,} of max_tokens={limits.max_tokens:,} are used", _ON
            )
        each = self.tokens / self.calls
        if self.tokens + each * (in_flight + batch.images) <= limits.max_tokens:
            return True
        return not in_flight and Stop(
            StopReason.TOKENS,
            f"{self.tokens:,} of max_tokens={limits.max_tokens:,} are used, and the next {batch.images:,} images "
            f"would take about {each * batch.images:,.0f}",
            f"Everything paid for is kept: run it again to go on, with room for those {batch.images:,} images.",
        )

    def _too_large(self, batch: Batch, room: int, *, retry: bool) -> Stop:
        if room == 0:
            return self.full(retry=retry)
        return Stop(
            self.full(retry=retry).reason,
            f"an earlier run has claimed the next {batch.images:,} images as one job, and {room:,} are allowed",
            f"Everything paid for is kept: run it again, with room for {batch.images:,} images.",
        )

    def add(self, batch: Batch, rows: Sequence[Mapping[str, object]], *, joined: bool, retry: bool) -> None:
        """Count what a batch came to.

        Args:
            batch: The batch.
            rows: The rows of `bqvision.sql.batches.count_outcomes`.
            joined: Whether another run had begun it.
            retry: Whether its images were asked about in this run already.
        """
        counts = {Outcome(str(row["outcome"])): _rest.count(row, "images") for row in rows}
        images = sum(counts.values())
        self.unanswered[Outcome.RETRYABLE] += counts.get(Outcome.RETRYABLE, 0)
        if batch.output_limit is None:  # with a larger limit it was asked for once more already
            self.unanswered[Outcome.TRUNCATED] += counts.get(Outcome.TRUNCATED, 0)
        if joined:
            self.joined += images
        else:
            self.asked += 0 if retry else images
            self.calls += images
            self.outcomes.update(counts)
            self.input_tokens += sum(_rest.count(row, "input_tokens") for row in rows)
            self.output_tokens += sum(_rest.count(row, "output_tokens") for row in rows)
        self.stop = self.stop or _refusal(rows) or self._too_many_errors(batch)

    def _too_many_errors(self, batch: Batch) -> Stop | None:
        allowed = self.limits.max_error_ratio
        # One image says nothing about a share.
        if allowed is None or self.calls == 0 or (batch.images == 1 and self.calls == 1):
            return None
        failed = self.calls - self.outcomes[Outcome.OK]
        if failed <= allowed * self.calls:
            return None
        said = ", ".join(f"{count:,} {outcome}" for outcome, count in self.outcomes.most_common())
        return Stop(
            StopReason.ERRORS,
            f"{failed:,} of {self.calls:,} calls gave no usable answer, more than "
            f"max_error_ratio={allowed:g}: {said}",
            "Look at the error column of the results table; the rows paid for are kept.",
        )


_STEPS: Final[Mapping[Outcome, tuple[StopReason, str]]] = {
    Outcome.PERMISSION: (
        StopReason.PERMISSION,
        "Grant the connection's service account roles/aiplatform.user on the project and "
        "roles/storage.objectViewer on the bucket, wait a few minutes, and run it again: these images, and all that "
        "were not asked about, are asked then.",
    ),
    Outcome.QUOTA: (
        StopReason.QUOTA,
        "Wait until the quota resets (daily ones at midnight Pacific), or have it raised, and run it again: these "
        "images, and all that were not asked about, are asked then.",
    ),
}


def _refusal(rows: Sequence[Mapping[str, object]]) -> Stop | None:
    """The stop that one row suffices for, since all others would end alike."""
    for row in rows:
        if (step := _STEPS.get(Outcome(str(row["outcome"])))) is not None:
            reason, next_step = step
            said = str(row["status"])[:_STATUS_CHARS]
            return Stop(reason, f"{_rest.count(row, 'images'):,} images ended as {reason}: {said}", next_step)
    return None
