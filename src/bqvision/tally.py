"""What a run has done so far, and whether its limits let it go on."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from bqvision import _rest
from bqvision._calls import conceal
from bqvision._solutions import solve
from bqvision._text import plural
from bqvision.errors import scrub
from bqvision.limits import TOKENS_PER_CALL, Stop, StopReason
from bqvision.records import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bqvision.claims import Batch
    from bqvision.limits import Limits

_ON: Final = "Everything paid for is kept: run it again to go on."
_STATUS_CHARS: Final = 200
_AGAIN: Final = "Then run it again: these images, and all that were not asked about, are asked then."


@dataclass(slots=True)
class Tally:
    """The counts of one run."""

    limits: Limits
    prose: tuple[str, ...] = field(default=(), repr=False)
    """The prompt, which nothing may repeat."""
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

    @property
    def tokens_per_call(self) -> float:
        """What a call takes: as this run's calls did, or what it is taken to need while nothing is known."""
        return self.tokens / self.calls if self.tokens else TOKENS_PER_CALL

    def room(self, *, retry: bool) -> int | None:
        """How many images may still be asked about; None for any number.

        Args:
            retry: Whether they were asked about in this run already, so that `max_images` does not count.
        """
        return min(self._rooms(retry=retry).values(), default=None)

    def _rooms(self, *, retry: bool) -> Mapping[StopReason, int]:
        limits = self.limits
        rooms: dict[StopReason, int] = {}
        if limits.max_images is not None and not retry:
            rooms[StopReason.IMAGES] = max(0, limits.max_images - self.asked)
        if limits.max_calls is not None:
            rooms[StopReason.CALLS] = max(0, limits.max_calls - self.calls)
        if limits.max_tokens is not None:
            left = int(max(0, limits.max_tokens - self.tokens) / self.tokens_per_call)
            # One image tells what the others will take.
            rooms[StopReason.TOKENS] = max(left, 1 if self.calls == 0 else 0)
        return rooms

    def full(self, *, retry: bool) -> Stop:
        """Say which limit leaves images out.

        Args:
            retry: As for `room`.
        """
        rooms = self._rooms(retry=retry)
        reason = min(rooms, key=lambda one: rooms[one])
        limits = self.limits
        if reason is StopReason.IMAGES:
            return Stop(reason, f"max_images={limits.max_images:,} is reached", _ON)
        if reason is StopReason.CALLS:
            return Stop(reason, f"max_calls={limits.max_calls:,} is reached", _ON)
        return Stop(
            reason,
            f"{self.tokens:,} of max_tokens={limits.max_tokens:,} are used, "
            f"at about {self.tokens_per_call:,.0f} a call",
            _ON,
        )

    def admits(self, batch: Batch, in_flight: int, *, retry: bool) -> Stop | bool:
        """Say whether a batch may begin: yes, not yet (its turn comes when others are done), or never.

        Args:
            batch: The batch.
            in_flight: Images of the batches that have begun and are not done.
            retry: As for `room`.
        """
        room = self.room(retry=retry)
        if room is None or in_flight + batch.images <= room:
            return True
        return not in_flight and self.full(retry=retry)

    def left_by_others(self, batches: Sequence[Batch]) -> None:
        """Count what batches of a claim, that had been asked about before this run, left without an answer.

        Args:
            batches: Those that are in the ledger.
        """
        self.unanswered[Outcome.RETRYABLE] += sum(batch.retryable for batch in batches)
        self.unanswered[Outcome.TRUNCATED] += sum(
            batch.cut for batch in batches if batch.output_limit is None
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
        self.stop = self.stop or self._refusal(counts, rows) or self._too_many_errors(batch)

    def _refusal(self, counts: Mapping[Outcome, int], rows: Sequence[Mapping[str, object]]) -> Stop | None:
        """The stop that one row suffices for, since others would end alike, and pay for it."""
        for outcome, (reason, next_step) in _STEPS.items():
            if counts.get(outcome):
                status = str(next(row["status"] for row in rows if row["outcome"] == outcome.value))
                said = conceal(scrub(status), self.prose)[:_STATUS_CHARS]
                solution = solve(status)
                others = counts.get(Outcome.OK, 0)
                answered = f" ({others:,} in the same job were answered)" if others else ""
                return Stop(
                    reason,
                    f"{plural(counts[outcome], 'image')} ended as {reason}{answered}: {said}",
                    next_step if solution is None else f"{solution.next_step} {_AGAIN}",
                )
        return None

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
        "were not asked about, are asked then. On the local BigQuery, see that the model's server has the model, reads "
        "images and takes the key.",
    ),
    Outcome.QUOTA: (
        StopReason.QUOTA,
        "Wait until the quota resets (daily ones at midnight Pacific), or have it raised, and run it again: these "
        "images, and all that were not asked about, are asked then.",
    ),
}
