"""Which analysis is right most often: what a comparison gives back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from typing_extensions import override

from bqvision._tables import Part, Table, as_html, as_text, number, percent
from bqvision._text import plural
from bqvision.errors import InvalidInputError, RunError
from bqvision.evaluating.scores import mean_accuracy
from bqvision.evaluating.truth import shown
from bqvision.records import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bqvision.evaluating.evaluation import Evaluation
    from bqvision.evaluating.scores import FieldScore
    from bqvision.report import RunReport


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonRow:
    """How right one of the analyses is, and what it took."""

    name: str
    table: str
    """Its results table."""
    fields: tuple[FieldScore, ...] = ()
    """How right it is in the fields that all are compared in; empty if it failed before any answer."""
    evaluation: Evaluation | None = None
    """How right it is in all of its fields; None if it failed before any answer."""
    report: RunReport | None = None
    """What this run did; None if one of its jobs failed."""
    failure: str | None = None
    """Why it failed, or did not answer for every image; None if it did."""

    @property
    def accuracy(self) -> float | None:
        """The mean of the accuracies of the fields that all are compared in."""
        return mean_accuracy(self.fields)

    @property
    def tokens(self) -> float | None:
        """Tokens for an image, in and out, on average over those that BigQuery counted them for."""
        found = self.evaluation
        if found is None or found.input_tokens is None or found.output_tokens is None:
            return None
        return found.input_tokens + found.output_tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Analyses of the same images, the best first; ``print`` shows it, and so does a notebook."""

    images: int
    """Images that each of them was asked about, which are those that have truth."""
    fields: tuple[str, ...]
    """The fields that all are compared in."""
    rows: tuple[ComparisonRow, ...]
    """By accuracy, then by tokens; those that did not answer for every image come last."""
    left_out: int = 0
    """Images that have truth, and were left out by ``max_images`` or ``uris``."""
    without_image: int = 0
    """Rows of the truth that are about no image of the object table."""

    @property
    def best(self) -> str:
        """The name of the best.

        Raises:
            RunError: None of them answered for every image.
        """
        first = self.rows[0]
        if first.failure is not None:
            raise RunError(
                f"no analysis answered for every image; {first.name}: {first.failure}",
                next_step="See what each of them met: print the comparison.",
            )
        return first.name

    def __getitem__(self, name: str) -> Evaluation:
        """Return how right one of them is, in all of its fields.

        Raises:
            InvalidInputError: There is none of this name.
            RunError: It failed before any answer.
        """
        for row in self.rows:
            if row.name == name:
                if row.evaluation is None:
                    raise RunError(
                        f"analysis {name} failed: {row.failure}",
                        resource=row.table,
                        next_step="Compare again once the cause is gone.",
                    )
                return row.evaluation
        raise InvalidInputError(
            f"no analysis {shown(name)} was compared",
            next_step=f"Compared were {', '.join(row.name for row in self.rows)}.",
        )

    @override
    def __str__(self) -> str:
        return as_text(self._parts())

    def _repr_html_(self) -> str:
        return as_html(self._parts())

    def _parts(self) -> Iterator[Part]:
        head = f"{plural(self.images, 'image')} compared on {', '.join(self.fields)}"
        if self.left_out:
            head += f"; {plural(self.left_out, 'image')} with truth left out"
        if self.without_image:
            head += f"; {plural(self.without_image, 'row')} of the truth without an image"
        yield head
        accuracies = [title for name in self.fields for title in (name, f"{name} exact")]
        yield Table(
            ["analysis", "accuracy", *accuracies, "OK", "failed", "tokens in", "out", "seconds", "calls"],
            [_cells(row, self.fields) for row in self.rows],
        )
        if failures := [f"{row.name}: {row.failure}" for row in self.rows if row.failure is not None]:
            yield "\n".join(failures)


def _cells(row: ComparisonRow, fields: tuple[str, ...]) -> list[str]:
    found, report = row.evaluation, row.report
    scores = [
        share for field in row.fields for share in (percent(field.accuracy), percent(field.exact_accuracy))
    ]
    return [
        row.name,
        percent(row.accuracy),
        *(scores or ["-"] * 2 * len(fields)),
        number(None if report is None else report.outcomes.get(Outcome.OK, 0)),
        number(None if report is None else report.failed),
        number(None if found is None else found.input_tokens),
        number(None if found is None else found.output_tokens),
        number(None if report is None else report.seconds, decimals=1),
        number(None if report is None else report.calls),
    ]
