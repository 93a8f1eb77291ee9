"""How right the answers of a run are, field by field, beside a truth."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import TYPE_CHECKING, Final, cast

from typing_extensions import override

from bqvision._tables import Part, Table, as_html, as_text, percent
from bqvision._text import plural
from bqvision.errors import InvalidInputError
from bqvision.evaluating import truth as truths
from bqvision.evaluating.expected import types_of
from bqvision.evaluating.scores import FieldScore, Miss, OutcomeScore, Tally, Unmatched, mean, mean_accuracy
from bqvision.records import Extracted, ImageResult, Outcome
from bqvision.run import AnalysisRun
from bqvision.schema import schema_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bqvision.dataset import Dataset
    from bqvision.evaluating.truth import Truth, TruthSource
    from bqvision.field_types import FieldType
    from bqvision.records import PydanticModel

_EXAMPLES: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """How right answers are, field by field; ``print`` shows it, and so does a notebook."""

    images: int
    """Records that were looked at. Each is either compared or counted in ``without_truth``."""
    compared: int
    """Images that the truth names."""
    fields: tuple[FieldScore, ...]
    """How right each field was, in the order of the record."""
    outcomes: tuple[OutcomeScore, ...]
    """How right the images of each outcome were; a failed image counts as missing in every field."""
    without_truth: Unmatched
    """Images that the truth does not name."""
    without_image: Unmatched
    """Images that the truth names, and that have no record."""
    input_tokens: float | None
    """Tokens in, on average over the compared images that BigQuery counted them for; None if it did for none."""
    output_tokens: float | None
    """Tokens out, on average over the compared images that BigQuery counted them for; None if it did for none."""
    _misses: tuple[Miss, ...] = field(repr=False)

    @property
    def accuracy(self) -> float | None:
        """The mean of the fields' accuracies; None if nothing was compared."""
        return mean_accuracy(self.fields)

    def __getitem__(self, name: str) -> FieldScore:
        """Return how right one field was.

        Raises:
            InvalidInputError: It was not compared.
        """
        for score in self.fields:
            if score.field == name:
                return score
        raise InvalidInputError(
            f"field {truths.shown(name)} was not compared",
            next_step=f"Compared were {', '.join(score.field for score in self.fields)}.",
        )

    def misses(self, name: str, limit: int | None = 20) -> Iterator[Miss]:
        """Return the images for which a field is not right, in the order of the records.

        Args:
            name: The field.
            limit: At most so many; None is all.

        Raises:
            InvalidInputError: The field was not compared.
        """
        score = self[name]
        return islice((miss for miss in self._misses if miss.field == score.field), limit)

    @override
    def __str__(self) -> str:
        return as_text(self._parts())

    def _repr_html_(self) -> str:
        return as_html(self._parts())

    def _parts(self) -> Iterator[Part]:
        yield f"{plural(self.compared, 'image')} compared"
        yield _fields_table(self.fields)
        if len(self.outcomes) > 1 or any(score.outcome is not Outcome.OK for score in self.outcomes):
            yield _outcomes_table(self.outcomes, [score.field for score in self.fields])
        left = [
            f"{plural(unmatched.count, noun)} {without}: {', '.join(unmatched.examples)}"
            + (", ..." if unmatched.count > len(unmatched.examples) else "")
            for unmatched, noun, without in (
                (self.without_truth, "image", "without truth"),
                (self.without_image, "row", "of the truth without an image"),
            )
            if unmatched.count
        ]
        if left:
            yield "\n".join(left)


def evaluate(
    run: Iterable[ImageResult],
    truth: TruthSource,
    *,
    fields: Collection[str] | None = None,
    key: str | None = None,
) -> Evaluation:
    """Compare the answers of a run with what is right.

    A field is right if it has the value that is expected, case, accents, punctuation and spaces aside; or no value
    where none is expected. Values are compared in the type of the record's field. An image that failed has no value.
    Only what the truth names is kept in memory.

    Args:
        run: A run, or any records.
        truth: What is right: the path of a CSV file in UTF-8, the name of a table as ``table``, ``dataset.table`` or
            ``project.dataset.table``, or a mapping of URI or file name to a mapping of field to value. An empty cell of
            a CSV file, a table's NULL and a mapping's None say that there is no value. The items of a list are written
            with a ``|`` between them.
        fields: The fields to compare. Default: all of the record that the truth has a column for; other columns are
            not looked at.
        key: The column that says which image a row is about, by its whole URI or by its file name. Default: the first
            of ``uri``, ``file``, ``file_name``.

    Raises:
        InvalidInputError: The truth can not be read or does not fit the record, or images can not be told apart.
        NotFoundError: There is no such table.
        ServiceError: BigQuery refused, or could not be reached.
        ReadError: The records or the table could not be read.
    """
    check_fields(fields)
    records, types, dataset = _opened(run)
    given = truths.read(truth, key=key, fields=types, dataset=dataset)
    return score(records, given.typed(types, given.fields_of(types, fields)))


def score(records: Iterable[ImageResult], truth: Truth) -> Evaluation:
    """Compare records with a truth.

    Raises:
        InvalidInputError: Two records are about the same row of the truth.
    """
    seen: dict[str, str] = {}
    tally = Tally(truth.fields)
    total = 0
    strangers: list[str] = []
    for record in records:
        total += 1
        image = truth.image_of(record.uri)
        if image is None:
            strangers += [record.uri] if len(strangers) < _EXAMPLES else []
            continue
        if image in seen:
            raise InvalidInputError(
                f"two records are about {truths.shown(image)}: {truths.shown(seen[image])} and "
                f"{truths.shown(record.uri)}",
                next_step="Tell images of the same name apart by a column uri in the truth.",
            )
        seen[image] = record.uri
        tally.add(record, truth.values[image])
    left = [image for image in truth.values if image not in seen]
    return Evaluation(
        images=total,
        compared=len(seen),
        fields=tuple(tally.field_score(name) for name in truth.fields),
        outcomes=tuple(tally.outcome_scores()),
        without_truth=Unmatched(total - len(seen), tuple(strangers)),
        without_image=Unmatched(len(left), tuple(left[:_EXAMPLES])),
        input_tokens=mean(tally.input_tokens),
        output_tokens=mean(tally.output_tokens),
        _misses=tuple(tally.misses),
    )


def check_fields(fields: object) -> None:
    """Refuse what is no collection of field names."""
    if fields is None:
        return
    names = list(fields) if isinstance(fields, Collection) and not isinstance(fields, str) else []
    if not names or not all(isinstance(name, str) for name in names):
        raise InvalidInputError(
            "fields must be a list of at least one field's name",
            next_step='Give, for example, fields=["title"].',
        )


def _opened(
    run: Iterable[ImageResult],
) -> tuple[Iterable[ImageResult], Mapping[str, FieldType], Dataset | None]:
    """The records, the types of their fields, and where a table is looked for."""
    if isinstance(run, AnalysisRun):
        analysis = run.analysis
        return run, types_of(analysis.schema), analysis.images.dataset
    records = iter(run)
    first = next(records, None)
    model = cast("PydanticModel | None", first.value) if isinstance(first, Extracted) else None
    if not isinstance(first, ImageResult) or (isinstance(first, Extracted) and model is None):
        raise InvalidInputError(
            "there is no record of an image to compare",
            next_step="Give what analysis.run(into=...) returns.",
        )
    types = types_of(schema_of(type(first))) if model is None else types_of(schema_of(type(model)))
    return chain([first], records), types, None


def _fields_table(scores: Iterable[FieldScore]) -> Table:
    header = ("field", "images", "exact", "normalised", "absent", "missing", "wrong", "spurious")
    rows = [
        (
            score.field,
            *(
                f"{count:,}"
                for count in (
                    score.images,
                    score.exact,
                    score.normalised,
                    score.absent,
                    score.missing,
                    score.wrong,
                    score.spurious,
                )
            ),
            *map(percent, (score.accuracy, score.precision, score.recall)),
        )
        for score in scores
    ]
    return Table((*header, "accuracy", "precision", "recall"), rows)


def _outcomes_table(scores: Iterable[OutcomeScore], fields: Collection[str]) -> Table:
    header = ["outcome", "images"]
    for name in fields:
        header += [f"{name} right", f"{name} wrong"]
    rows = [
        [
            str(score.outcome),
            f"{score.images:,}",
            *(f"{counts[name]:,}" for name in fields for counts in (score.right, score.wrong)),
        ]
        for score in scores
    ]
    return Table(header, rows)
