"""What a run did, and how its images stand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from typing_extensions import override

from bqvision._text import plural
from bqvision.records import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bqvision.limits import Stop


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """What a run did, and how its images stand now; ``print`` shows it."""

    table: str
    """The results table, as ``project.dataset.table``."""
    images: int
    """Images in the object table when the run began."""
    asked: int
    """Images that this run's jobs asked the model about."""
    calls: int
    """Model calls of this run's jobs, one for each image and round."""
    joined: int = 0
    """Images that jobs of another run, or of one that was cut off, asked about while this one waited for them."""
    refused: int
    """Images of a type or size that Gemini does not take, put down as INPUT without asking, free of charge."""
    deleted: int = 0
    """Images that were asked about once and are gone from the object table; their rows are kept."""
    outcomes: Mapping[Outcome, int]
    """How many images stand at each outcome, by their latest row; earlier runs of this analysis included."""
    rounds: int = 1
    """How often images were asked about, RETRYABLE ones again."""
    input_tokens: int
    """Tokens that went into this run's calls, where BigQuery said."""
    output_tokens: int
    """Tokens that came out of this run's calls, where BigQuery said; thinking included."""
    jobs: tuple[str, ...]
    """The ids of this run's jobs that called the model."""
    joined_jobs: tuple[str, ...] = ()
    """The ids of the jobs that it joined."""
    running: tuple[str, ...] = ()
    """The ids of jobs that were in flight when the run ended at its timeout; the next run joins them."""
    stopped: Stop | None = None
    """Why the run ended before every image had a final answer, and how to go on; None if it did not."""
    seconds: float
    """How long the run took."""

    @property
    def failed(self) -> int:
        """How many images have no record that can be used."""
        return sum(count for outcome, count in self.outcomes.items() if outcome is not Outcome.OK)

    @property
    def unasked(self) -> int:
        """How many images have not been asked about yet."""
        return max(0, self.images - sum(self.outcomes.values()))

    @override
    def __str__(self) -> str:
        counts = [f"{count:,} {outcome}" for outcome, count in self.outcomes.items()]
        if self.unasked and (self.stopped or counts):
            counts.append(f"{self.unasked:,} not asked yet")
        before = max(0, self.images - self.asked - self.refused - self.joined - self.unasked)
        again = self.calls - self.asked
        asked = f"asked {self.asked:,} in {plural(len(self.jobs), 'job')}"
        if again > 0:
            asked += f", {plural(self.rounds, 'round')} and {plural(self.calls, 'call')}"
        if self.joined:
            asked += f", joined {plural(len(self.joined_jobs), 'job')} of another run for {self.joined:,}"
        lines = [
            f"{plural(self.images, 'image')}: {', '.join(counts) if counts else 'no results'}",
            f"{asked} ({before:,} answered before, {self.refused:,} refused unasked)",
            f"{self.input_tokens:,} tokens in, {self.output_tokens:,} out, {self.seconds:.1f} s",
        ]
        if self.deleted:
            lines.append(f"{plural(self.deleted, 'image')} deleted since; the rows are kept")
        if self.stopped is not None:
            lines.append(f"stopped: {self.stopped}")
        return "\n".join([*lines, f"results in {self.table}"])
