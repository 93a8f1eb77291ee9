"""Taking away what a run left: its work table, and if wanted its results; and datasets that end by themselves."""

from __future__ import annotations

import secrets
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from typing_extensions import override

from bqvision import _rest
from bqvision.contents import is_work_table, leftovers_of
from bqvision.errors import BqvisionError, InvalidInputError, JobError
from bqvision.leftovers import who_is_at_work
from bqvision.run import AnalysisRun
from bqvision.sql import work as work_sql
from bqvision.sql.cleanup import count_other_rows, drop_content
from bqvision.sql.datasets import TEMPORARY
from bqvision.sql.ledger import ledger_columns
from bqvision.sql.names import DatasetName, TableName

if TYPE_CHECKING:
    from datetime import timedelta

    from bqvision._jobs import Service
    from bqvision.client import Client
    from bqvision.contents import Leftover
    from bqvision.dataset import Dataset
    from bqvision.plan import Plan
    from bqvision.schema import R
    from bqvision.sql.compose import Statement

_ATTEMPTS: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanUp:
    """What became of the tables that a run made; ``print`` shows it."""

    removed: tuple[str, ...]
    """Tables that were deleted; of a dry run, those that would be."""
    missing: tuple[str, ...]
    """Tables that were not there."""
    left: Mapping[str, str]
    """Tables that were left alone, and why."""
    dry_run: bool

    @property
    def done(self) -> bool:
        """Whether nothing had to be left alone."""
        return not self.left

    @override
    def __str__(self) -> str:
        removed = "to be removed" if self.dry_run else "removed"
        lines = [f"{removed}: {name}" for name in self.removed]
        lines += [f"not there: {name}" for name in self.missing]
        lines += [f"left alone: {name}: {why}" for name, why in self.left.items()]
        return "\n".join(lines)


def clean_up(
    service: Service,
    what: AnalysisRun[R] | Leftover,
    *,
    results: bool,
    formatted: bool,
    wait: float,
    dry_run: bool,
) -> CleanUp:
    """Take away what a run left; see `bqvision.Client.clean_up`.

    Args:
        service: The way to BigQuery.
        what: The run, or a work table that was found.
        results: Whether the results table goes too.
        formatted: Whether the tables go too that `AnalysisRun.format` has made.
        wait: Seconds to wait at most for jobs that are under way.
        dry_run: Whether this is only to be told.
    """
    if not isinstance(what, AnalysisRun):
        if results or formatted:
            raise InvalidInputError(
                "of a left-over work table only the table itself can be removed",
                resource=what.name,
                next_step="Leave out results= and formatted=, or give the run.",
            )
        sweep = _Sweep(service, location=what.location, dry_run=dry_run)
        work, ledger = TableName.parse(what.name), TableName.parse(what.results)
        with sweep.telling():
            sweep.work_table(work, ledger, wait=wait)
        return sweep.told()
    plan = what._plan  # pyright: ignore[reportPrivateUsage]
    sweep = _Sweep(service, location=plan.analysis.dataset.location, dry_run=dry_run)
    with sweep.telling():
        if formatted:
            for name, created in what.formatted.items():
                sweep.formatted_table(TableName.parse(name), created)
        sweep.work_table(plan.work_table, plan.ledger, wait=wait)
        if results:
            sweep.results_table(plan)
    return sweep.told()


@dataclass(slots=True)
class _Sweep:
    service: Service
    location: str | None
    dry_run: bool
    removed: list[str] = field(default_factory=list[str])
    missing: list[str] = field(default_factory=list[str])
    left: dict[str, str] = field(default_factory=dict[str, str])

    def told(self) -> CleanUp:
        return CleanUp(
            removed=tuple(self.removed),
            missing=tuple(self.missing),
            left=dict(self.left),
            dry_run=self.dry_run,
        )

    @contextmanager
    def telling(self) -> Generator[None]:
        """Say on an error what was done before it."""
        try:
            yield
        except BqvisionError as error:
            if self.removed and not self.dry_run:
                error.add_note(f"Removed before that: {', '.join(self.removed)}. Call it again for the rest.")
            raise

    def formatted_table(self, name: TableName, created: str | None) -> None:
        resource = self._look(name)
        if resource is None:
            return
        if _created(resource) != created:
            self.left[str(name)] = "it has been replaced since this run made it"
            return
        self._drop(name, drop_content("TABLE", name), _created(resource))

    def work_table(self, work: TableName, ledger: TableName, *, wait: float) -> None:
        resource = self._look(work)
        if resource is None:
            return
        if not is_work_table(resource):
            self.left[str(work)] = "it has not the columns of a work table, so no run has made it"
            return
        created = _created(resource)
        why = who_is_at_work(
            self.service,
            work,
            ledger,
            created=created,
            location=self.location,
            wait=0.0 if self.dry_run else wait,
            retire=not self.dry_run,
        )
        if why is not None:
            self.left[str(work)] = why
            return
        self._drop(work, work_sql.drop_work_table(work), created)

    def results_table(self, plan: Plan[R]) -> None:
        ledger = plan.ledger
        resource = self._look(ledger)
        if resource is None:
            return
        why = self._why_keep(plan, resource)
        if why is not None:
            self.left[str(ledger)] = why
            return
        self._drop(ledger, drop_content("TABLE", ledger), _created(resource))

    def _why_keep(self, plan: Plan[R], resource: Mapping[str, object]) -> str | None:
        """Why a results table is not this run's alone; None if it is."""
        ledger, work = plan.ledger, str(plan.work_table)
        if work in self.left:
            return "the work table could not be removed, so answers may come in still"
        own = {column.name.lower() for column in ledger_columns(plan.analysis.schema)}
        if {name.lower() for name in _rest.columns(resource)} != own:
            return "it has not the columns of this run's results, or more"
        for found in leftovers_of(self.service, ledger.in_dataset):
            if found.results == str(ledger) and found.name != work:
                return f"another analysis is asked into it, by its work table {found.name}"
        counted = count_other_rows(ledger, fingerprint=plan.fingerprint)
        job = self.service.execute(counted, location=self.location)
        (row,) = self.service.rows(job)
        count = _rest.count(row, "others")
        return f"it holds {count:,} rows of other analyses" if count else None

    def _look(self, name: TableName) -> Mapping[str, object] | None:
        resource = self.service.get_table(name)
        if resource is None:
            self.missing.append(str(name))
        return resource

    def _drop(self, name: TableName, statement: Statement, created: str | None) -> None:
        """Drop a table, unless another one has its name by now."""
        for last in (False,) * (_ATTEMPTS - 1) + (True,):
            there = self.service.get_table(name)
            if there is not None and _created(there) != created:
                self.left[str(name)] = "another table has its name by now"
                return
            if there is None or self.dry_run:
                break
            try:
                # Each table has a job of its own, so that a late one can not drop the next table of that name.
                self.service.execute(statement, key=f"{name} {created}", attempts=1, location=self.location)
            except JobError as error:
                if last or not error.retryable:
                    raise
            else:
                break
        self.removed.append(str(name))


def _created(resource: Mapping[str, object]) -> str | None:
    return _rest.text(resource, "creationTime")


@contextmanager
def temporary_dataset(
    client: Client,
    prefix: str,
    *,
    expires: timedelta,
    location: str | None,
    labels: Mapping[str, str] | None,
) -> Generator[Dataset]:
    """Make a dataset of a random name, and delete it with all that is in it; see `Client.temporary_dataset`.

    Args:
        client: The client that works on it.
        prefix: How its name begins.
        expires: How long what is in it lives if it is not deleted.
        location: Where it is made.
        labels: More labels for it.
    """
    name = DatasetName(client.project, f"{prefix}_{secrets.token_hex(8)}")
    dataset = client.dataset(str(name), location=location)
    line = (
        f"client.dataset({str(name)!r}, location={dataset.location!r}).delete(contents=True, missing_ok=True)"
    )
    dataset.create(
        default_table_expiration=expires,
        description="Temporary; made by bqvision.",
        labels={**(labels if labels is not None else {}), **TEMPORARY},
    )
    try:
        yield dataset
    except BaseException as first:
        try:
            dataset.delete(contents=True, missing_ok=True)
        except BqvisionError as error:
            first.add_note(
                f"The temporary dataset {name} could not be deleted ({error}). Delete it with: {line}"
            )
        raise
    try:
        dataset.delete(contents=True, missing_ok=True)
    except BqvisionError as error:
        error.add_note(f"The temporary dataset {name} is still there. Delete it with: {line}")
        raise
