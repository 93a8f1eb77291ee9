"""How right the answers were: the counts that an evaluation is made of."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bqvision.evaluating.matching import Verdict, is_value, judge
from bqvision.records import Outcome
from bqvision.schema import values_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from bqvision.records import ImageResult


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldScore:
    """How right one field was; its counts from ``exact`` to ``spurious`` add up to ``images``."""

    field: str
    images: int
    """Images that have a record, and for which the truth says what the field is, or that it is nothing."""
    expected: int
    """Of these, how many should have a value."""
    exact: int
    """The value that was expected."""
    normalised: int
    """The value that was expected, but for case, accents, punctuation and spaces; in a list, but for the order."""
    absent: int
    """No value, and rightly so."""
    missing: int
    """No value though one was expected; or no usable answer about the image at all, whatever was expected."""
    wrong: int
    """Another value than was expected."""
    spurious: int
    """A value where there is none."""

    @property
    def right(self) -> int:
        """Images for which the field is right, normalised or not."""
        return self.exact + self.normalised + self.absent

    @property
    def accuracy(self) -> float | None:
        """The share of images for which the field is right, normalised or not; None without images."""
        return _share(self.right, self.images)

    @property
    def exact_accuracy(self) -> float | None:
        """The share of images for which the field is right to the letter; None without images."""
        return _share(self.exact + self.absent, self.images)

    @property
    def precision(self) -> float | None:
        """The share of the values that came that are right; None if none came."""
        found = self.exact + self.normalised
        return _share(found, found + self.wrong + self.spurious)

    @property
    def recall(self) -> float | None:
        """The share of the expected values that were found; None if none was expected."""
        return _share(self.exact + self.normalised, self.expected)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeScore:
    """How right the images of one outcome were."""

    outcome: Outcome
    images: int
    """Images with this outcome that the truth names."""
    right: Mapping[str, int]
    """By field, how many of them are right."""
    wrong: Mapping[str, int]
    """By field, how many of them are not."""


@dataclass(frozen=True, slots=True)
class Unmatched:
    """What had no counterpart."""

    count: int = 0
    examples: tuple[str, ...] = ()
    """The first few."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Miss:
    """One field of one image that is not right."""

    uri: str
    field: str
    verdict: Verdict
    """Why it does not count as right."""
    expected: object
    """What the truth says, in the type of the field; None is nothing."""
    got: object
    """What the record has; None is nothing."""
    outcome: Outcome


class Tally:
    """Counts verdicts as records come.

    Args:
        fields: The fields that are compared.
    """

    def __init__(self, fields: tuple[str, ...]) -> None:
        self.fields = fields
        self.misses: list[Miss] = []
        self.input_tokens: list[float] = []
        self.output_tokens: list[float] = []
        self._verdicts: Counter[tuple[str, Verdict]] = Counter()
        self._expected: Counter[str] = Counter()
        self._images: Counter[Outcome] = Counter()
        self._right: Counter[tuple[Outcome, str]] = Counter()
        self._wrong: Counter[tuple[Outcome, str]] = Counter()

    def add(self, record: ImageResult, expected: Mapping[str, object]) -> None:
        """Count a record.

        Args:
            record: What came.
            expected: What is right, by field; a field that isn't there is not counted.
        """
        usable = record.outcome is Outcome.OK
        values = values_of(record) if usable else {}
        self._images[record.outcome] += 1
        if record.usage.input_tokens is not None:
            self.input_tokens.append(record.usage.input_tokens)
        if record.usage.output_tokens is not None:
            self.output_tokens.append(record.usage.output_tokens)
        for name, value in expected.items():
            got = values.get(name)
            verdict = judge(value, got) if usable else Verdict.MISSING
            self._verdicts[name, verdict] += 1
            self._expected[name] += is_value(value)
            (self._right if verdict.right else self._wrong)[record.outcome, name] += 1
            if not verdict.right:
                self.misses.append(
                    Miss(
                        uri=record.uri,
                        field=name,
                        verdict=verdict,
                        expected=value,
                        got=got,
                        outcome=record.outcome,
                    )
                )

    def field_score(self, name: str) -> FieldScore:
        """Return how right one field was."""
        counts = {verdict: self._verdicts[name, verdict] for verdict in Verdict}
        return FieldScore(
            field=name,
            images=sum(counts.values()),
            expected=self._expected[name],
            exact=counts[Verdict.EXACT],
            normalised=counts[Verdict.NORMALISED],
            absent=counts[Verdict.ABSENT],
            missing=counts[Verdict.MISSING],
            wrong=counts[Verdict.WRONG],
            spurious=counts[Verdict.SPURIOUS],
        )

    def outcome_scores(self) -> Iterator[OutcomeScore]:
        """Return how right the images of each outcome were, of those that there are."""
        for outcome in Outcome:
            if self._images[outcome]:
                yield OutcomeScore(
                    outcome=outcome,
                    images=self._images[outcome],
                    right={name: self._right[outcome, name] for name in self.fields},
                    wrong={name: self._wrong[outcome, name] for name in self.fields},
                )


def mean_accuracy(scores: Collection[FieldScore]) -> float | None:
    """Return the mean of fields' accuracies; None if nothing was compared."""
    return mean([share for score in scores if (share := score.accuracy) is not None])


def mean(values: Collection[float]) -> float | None:
    """Return the mean of some numbers; None if there are none."""
    return sum(values) / len(values) if values else None


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
