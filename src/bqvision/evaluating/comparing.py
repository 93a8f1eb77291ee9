"""Run several analyses on the same images, and compare how right they are."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Final, Protocol, Unpack

from bqvision._text import plural
from bqvision.analysis import Analysis
from bqvision.errors import (
    InvalidInputError,
    InvalidQueryError,
    JobError,
    NotFoundError,
    PermissionDeniedError,
    QuotaError,
    RunError,
    UnsupportedError,
)
from bqvision.evaluating import truth as truths
from bqvision.evaluating.comparison import Comparison, ComparisonRow
from bqvision.evaluating.evaluation import check_fields, score
from bqvision.evaluating.expected import types_of
from bqvision.limits import Limits, RunOptions
from bqvision.records import ImageResult
from bqvision.sql.images import Images
from bqvision.sql.names import TableName
from bqvision.sql.pending import UNANSWERED
from bqvision.sql.truth import find_images

if TYPE_CHECKING:
    from bqvision.evaluating.expected import AnySchema
    from bqvision.evaluating.truth import Truth, TruthSource
    from bqvision.field_types import FieldType
    from bqvision.object_table import ObjectTable
    from bqvision.report import RunReport
    from bqvision.sql.compose import Statement

_NAMES_PER_QUERY: Final = 5_000
"""A query's parameters may be 10 MB, and a URI is 1,100 bytes at most."""
_MOST_IMAGES: Final = 10_000
"""So many the option ``uris`` takes."""
_OF_ONE_ANALYSIS: Final = (
    RunError,
    JobError,
    InvalidQueryError,
    NotFoundError,
    PermissionDeniedError,
    QuotaError,
    UnsupportedError,
)
"""What one analysis may meet and the next need not; whatever else goes wrong ends the comparison."""


class AnyRun(Protocol):
    """A run of any record class."""

    @property
    def report(self) -> RunReport:
        """What the run did."""
        ...

    def __iter__(self) -> Iterator[ImageResult]: ...


class AnyAnalysis(Protocol):
    """An analysis of any record class."""

    @property
    def images(self) -> ObjectTable:
        """What it asks about."""
        ...

    @property
    def group_by(self) -> str | None:
        """What makes several images one question."""
        ...

    @property
    def schema(self) -> AnySchema:
        """What its answers hold."""
        ...

    def run(self, into: str, **options: Unpack[RunOptions]) -> AnyRun:
        """Ask about every image."""
        ...

    def read(self, table: str) -> Iterator[ImageResult]:
        """Read what a run has stored."""
        ...

    def statements(self, into: str, **options: Unpack[RunOptions]) -> tuple[Statement, ...]:
        """Return what `run` sends, unsent."""
        ...


def compare(
    analyses: Mapping[str, AnyAnalysis],
    truth: TruthSource,
    *,
    into: str = "comparison",
    fields: Collection[str] | None = None,
    key: str | None = None,
    **options: Unpack[RunOptions],
) -> Comparison:
    """Run analyses on the same images, those that have truth, and compare how right they are.

    Each analysis is one `Analysis.run` into a results table of its own, ``<into>_<name>``, so the same comparison again
    pays for nothing. An analysis that BigQuery refuses, that lacks a permission or a quota, or that exceeds
    ``max_error_ratio`` is put down as failed, with what it did answer, and the others run all the same.

    Args:
        analyses: The analyses by name, all of the same object table.
        truth: What is right, as for `evaluate`.
        into: What the names of the results tables begin with; may have a dataset before it.
        fields: The fields to compare. Default: those that all of the records have and the truth has a column for.
        key: As for `evaluate`.
        **options: As for `Analysis.run`, of each. ``max_images`` is how many images each is asked about, the first
            by URI of those that have truth, and at most 10,000; ``uris`` takes from these only.

    Raises:
        InvalidInputError: An argument can not be right, the truth can not be read, does not fit the records, or is
            about no image, or about more than 10,000 without ``max_images``.
        NotFoundError: There is no such object table, model, dataset or table of truth.
        ServiceError: BigQuery refused, or could not be reached.
        ReadError: The truth or the records could not be read.
    """
    tables = _tables(analyses, into)
    first = _first_of_same_images(analyses)
    check_fields(fields)
    Limits.of(options)
    types = {name: types_of(analysis.schema) for name, analysis in analyses.items()}
    wanted = {field for kinds in types.values() for field in kinds}
    given = truths.read(truth, key=key, fields=wanted, dataset=first.images.dataset)
    compared = given.fields_of(_shared(types), fields)
    right = {
        name: given.typed(kinds, given.fields_of(kinds, None if fields is None else compared))
        for name, kinds in types.items()
    }
    first.images.describe()
    found = _find(first, next(iter(right.values())))
    options["uris"] = chosen = _choose(found, options.get("uris"), options.pop("max_images", None))
    for name, analysis in analyses.items():
        # A model that is missing is told before any is paid for.
        analysis.statements(tables[name], **options)
    rows = [
        _carry_out(name, analysis, tables[name], right[name].about(chosen), compared, options)
        for name, analysis in analyses.items()
    ]
    return Comparison(
        images=len(chosen),
        fields=compared,
        rows=tuple(sorted(rows, key=_rank)),
        left_out=len(found) - len(chosen),
        without_image=len(given.rows) - len(found),
    )


def _find(analysis: AnyAnalysis, truth: Truth) -> tuple[str, ...]:
    """The URIs of the images that have truth, in order."""
    service, location = analysis.images.dataset.service, analysis.images.dataset.location
    images = Images(table=analysis.images.name, group_by=analysis.group_by)
    named = list(truth.values)
    found: dict[str, str] = {}
    for start in range(0, len(named), _NAMES_PER_QUERY):
        part = named[start : start + _NAMES_PER_QUERY]
        statement = find_images(
            images,
            uris=[name for name in part if "/" in name],
            names=[name for name in part if "/" not in name],
        )
        for row in service.rows(service.execute(statement, location=location)):
            uri = str(row["uri"])
            other = found.setdefault(truth.image_of(uri) or uri, uri)
            if other != uri:
                raise InvalidInputError(
                    f"two images are called {truths.shown(truths.file_name(uri))}: {truths.shown(other)} and "
                    f"{truths.shown(uri)}",
                    next_step="Tell images of the same name apart by a column uri in the truth.",
                )
    return tuple(sorted(found.values()))


def _choose(found: tuple[str, ...], wanted: Collection[str] | None, most: int | None) -> tuple[str, ...]:
    allowed = None if wanted is None else frozenset(wanted)
    chosen = tuple(uri for uri in found if allowed is None or uri in allowed)[:most]
    if not chosen:
        images = "uris" if found else "images of the object table"
        raise InvalidInputError(
            f"none of the {images} has truth, so there is nothing to compare",
            next_step="Name images in the truth by their whole URI, or by what stands behind its last slash.",
        )
    if len(chosen) > _MOST_IMAGES:
        raise InvalidInputError(
            f"{len(chosen):,} images have truth, and at most {_MOST_IMAGES:,} are compared",
            next_step=f"Compare the first of them: max_images={_MOST_IMAGES}.",
        )
    return chosen


def _carry_out(
    name: str,
    analysis: AnyAnalysis,
    table: str,
    truth: Truth,
    fields: tuple[str, ...],
    options: RunOptions,
) -> ComparisonRow:
    full_name = str(analysis.images.dataset.table_name(table))
    failure = None
    try:
        run = analysis.run(table, **options)
        report, evaluation = run.report, score(run, truth)
    except _OF_ONE_ANALYSIS as error:
        failure = str(error)
        found = error.report if isinstance(error, RunError) else None
        if found is None or not found.outcomes.keys() - UNANSWERED:
            return ComparisonRow(name=name, table=full_name, report=found, failure=failure)
        # The next comparison would find these answers, and ask no more.
        asked = frozenset(options.get("uris") or ())
        stored = (record for record in analysis.read(table) if record.uri in asked)
        report, evaluation = found, score(stored, truth)
    if failure is None and (unasked := evaluation.without_image.count):
        failure = f"{plural(unasked, 'image')} without an answer. {report.stopped or 'Compare again.'}"
    return ComparisonRow(
        name=name,
        table=full_name,
        fields=tuple(evaluation[field] for field in fields),
        evaluation=evaluation,
        report=report,
        failure=failure,
    )


def _tables(analyses: object, into: str) -> dict[str, str]:
    """The results table of each analysis."""
    if not isinstance(analyses, Mapping) or not analyses:
        raise InvalidInputError(
            "analyses must be a mapping of at least one name to an analysis",
            next_step='Give, for example, {"short": model.analyze(...), "long": model.analyze(...)}.',
        )
    tables: dict[str, str] = {}
    taken: dict[str, object] = {}
    for name, analysis in analyses.items():
        if not isinstance(analysis, Analysis):
            raise InvalidInputError(
                f"{truths.shown(name)} is no analysis", next_step="Give what model.analyze(...) returns."
            )
        slug = re.sub(r"\W+", "_", name).strip("_") if isinstance(name, str) else ""
        other = taken.setdefault(slug.casefold(), name)
        if not slug or other != name:
            why = f"its table would be that of {truths.shown(other)}" if slug else "it has no letter"
            raise InvalidInputError(
                f"{truths.shown(name)} can not be the name of an analysis: {why}",
                next_step="Give each analysis a name that differs in letters or digits.",
            )
        tables[name] = f"{into}_{slug}"
        TableName.parse(tables[name], project="placeholder", dataset="placeholder")
    return tables


def _first_of_same_images(analyses: Mapping[str, AnyAnalysis]) -> AnyAnalysis:
    found = {(analysis.images.name, analysis.group_by): analysis for analysis in analyses.values()}
    if len(found) > 1:
        shown = (f"{table}{f' by {group_by}' if group_by else ''}" for table, group_by in found)
        raise InvalidInputError(
            f"the analyses are of different images: {', '.join(shown)}",
            next_step="Compare analyses of the same object table, with the same group_by.",
        )
    return next(iter(found.values()))


def _shared(types: Mapping[str, Mapping[str, FieldType]]) -> Mapping[str, FieldType]:
    """The fields that all of the records have."""
    first, *others = types.values()
    shared: dict[str, FieldType] = {
        name: kind for name, kind in first.items() if all(name in other for other in others)
    }
    if not shared:
        raise InvalidInputError(
            "the records of the analyses have no field in common",
            next_step="Compare analyses that ask for the same field.",
        )
    return shared


def _rank(row: ComparisonRow) -> tuple[bool, float, float]:
    accuracy = -1.0 if row.accuracy is None else row.accuracy
    return row.failure is not None, -accuracy, math.inf if row.tokens is None else row.tokens
