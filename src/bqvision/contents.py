"""What is in a dataset: its tables, models and routines, and the work tables that runs have left there."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from typing_extensions import override

from bqvision import _rest
from bqvision._text import plural
from bqvision.sql.cleanup import drop_content
from bqvision.sql.names import ModelName, TableName
from bqvision.sql.work import WORK_COLUMNS

if TYPE_CHECKING:
    from bqvision._jobs import Service
    from bqvision.sql.compose import Statement
    from bqvision.sql.names import DatasetName

_WORK_TABLE: Final = re.compile(r"(.+)__work_[0-9a-f]{12}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentInfo:
    """One thing in a dataset."""

    name: str
    """``project.dataset.name``."""
    kind: str
    """``TABLE``, ``VIEW``, ``OBJECT_TABLE``, ``MODEL``, ``PROCEDURE`` or another of BigQuery's words."""
    created: datetime | None


@dataclass(frozen=True, slots=True)
class Contents:
    """All that is in a dataset, as it was when it was listed; ``print`` shows it."""

    dataset: str
    """``project.dataset``."""
    items: tuple[ContentInfo, ...]
    """Tables of all kinds first, then models, then routines, each in BigQuery's order."""

    @property
    def counts(self) -> Mapping[str, int]:
        """How many there are of each kind."""
        return Counter(item.kind for item in self.items)

    def of(self, kind: str) -> tuple[ContentInfo, ...]:
        """Return what is of one kind, such as ``OBJECT_TABLE``."""
        return tuple(item for item in self.items if item.kind == kind)

    def __iter__(self) -> Iterator[ContentInfo]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    @override
    def __str__(self) -> str:
        if not self.items:
            return f"{self.dataset}: empty"
        width = max(len(kind) for kind in self.counts)
        lines = [
            f"  {item.kind:{width}}  {item.name.removeprefix(f'{self.dataset}.')}" for item in self.items
        ]
        return "\n".join([f"{self.dataset}: {plural(len(self), 'item')}", *lines])


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftover:
    """A run's work table: of a run at work, or of one that was cut off."""

    name: str
    """``project.dataset.table``."""
    results: str
    """The results table that its images were to be asked into."""
    location: str | None
    created: datetime | None
    expires: datetime | None
    """When BigQuery deletes it by itself."""


def contents_of(service: Service, dataset: DatasetName) -> Contents:
    """List a dataset: one listing for each of tables, models and routines.

    BigQuery lists an object table as one of the external tables, so these are looked at one by one.

    Args:
        service: The way to BigQuery.
        dataset: The dataset.

    Raises:
        NotFoundError: There is no such dataset.
        ServiceError: BigQuery refused, or could not be reached.
    """
    items: list[ContentInfo] = []
    for resource in service.list_tables(dataset):
        name = TableName.parse(_id(resource, "table"), project=dataset.project, dataset=dataset.dataset)
        kind, described = _rest.text(resource, "type") or "TABLE", resource
        if kind == "EXTERNAL":
            described = service.get_table(name) or resource
            kind = "OBJECT_TABLE" if _rest.is_object_table(described) else kind
        items.append(_item(str(name), kind, described))
    items += [_item(f"{dataset}.{_id(one, 'model')}", "MODEL", one) for one in service.list_models(dataset)]
    items += [
        _item(f"{dataset}.{_id(one, 'routine')}", _rest.text(one, "routineType") or "ROUTINE", one)
        for one in service.list_routines(dataset)
    ]
    return Contents(str(dataset), tuple(items))


def drop_statement(item: ContentInfo) -> Statement:
    """Return the statement that deletes one thing; a missing one is no error.

    Args:
        item: The thing.

    Raises:
        InvalidInputError: It is of a kind that can not be deleted by name.
    """
    name = ModelName.parse(item.name) if item.kind == "MODEL" else TableName.parse(item.name)
    return drop_content(item.kind, name)


def leftovers_of(service: Service, dataset: DatasetName) -> Iterator[Leftover]:
    """Find the work tables in a dataset, by name and by columns.

    Args:
        service: The way to BigQuery.
        dataset: The dataset.

    Raises:
        NotFoundError: There is no such dataset.
        ServiceError: BigQuery refused, or could not be reached.
    """
    for resource in service.list_tables(dataset):
        found = _WORK_TABLE.fullmatch(_id(resource, "table"))
        if found is None:
            continue
        name = TableName(dataset.project, dataset.dataset, found[0])
        table = service.get_table(name)
        if table is None or not is_work_table(table):
            continue
        yield Leftover(
            name=str(name),
            results=f"{dataset}.{found[1]}",
            location=_rest.text(table, "location"),
            created=_rest.time(table, "creationTime"),
            expires=_rest.time(table, "expirationTime"),
        )


def is_work_table(resource: Mapping[str, object]) -> bool:
    """Return whether a table, as the REST API describes it, has a work table's columns, and no others."""
    return _rest.columns(resource).keys() == WORK_COLUMNS


def _id(resource: Mapping[str, object], kind: str) -> str:
    return str(_rest.mapping(resource, f"{kind}Reference")[f"{kind}Id"])


def _item(name: str, kind: str, resource: Mapping[str, object]) -> ContentInfo:
    return ContentInfo(name=name, kind=kind, created=_rest.time(resource, "creationTime"))
