"""Names of things in BigQuery.

A name object exists only for a legal name: construction raises `InvalidInputError` otherwise.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final, Self, TypeAlias

from typing_extensions import override

from bqvision.errors import InvalidInputError
from bqvision.sql.compose import SQL, Composable, Identifier
from bqvision.sql.options import match, refuse, string

__all__ = [
    "DEFAULT",
    "Connection",
    "ConnectionName",
    "DatasetName",
    "DefaultConnection",
    "ModelName",
    "TableName",
    "clean_location",
    "clean_project",
    "parse_connection",
]

_PROJECT: Final = re.compile(r"(?:[a-z0-9][a-z0-9.-]{0,62}\.[a-z]{2,63}:)?[a-z][a-z0-9-]{4,28}[a-z0-9]")
_LOCATION: Final = re.compile(r"[A-Za-z]{2,20}(?:-[A-Za-z0-9]{1,20}){0,3}")
_DATASET: Final = re.compile(r"[A-Za-z0-9_]{1,1024}")
_MODEL: Final = re.compile(r"[A-Za-z0-9_-]{1,1024}")
_CONNECTION: Final = re.compile(r"[A-Za-z0-9_-]{1,100}")
_MAX_TABLE_BYTES: Final = 1024


def clean_project(project: str) -> str:
    """Return the project id, or raise `InvalidInputError`."""
    allowed = "6 to 30 lower-case letters, digits and dashes, a letter first, no dash last"
    return match(_PROJECT, "project", project, allowed)


def clean_location(location: str) -> str:
    """Return the location, such as ``US`` or ``europe-west4``, or raise `InvalidInputError`."""
    return match(_LOCATION, "location", location, "a region or multi-region such as US or europe-west4")


@dataclass(frozen=True, slots=True)
class DatasetName(Composable):
    """A dataset's full name.

    Attributes:
        project: The project id.
        dataset: Letters, digits and ``_``, at most 1,024.
    """

    project: str
    dataset: str

    def __post_init__(self) -> None:
        clean_project(self.project)
        match(_DATASET, "dataset", self.dataset, "letters, digits and _, at most 1,024")

    @classmethod
    def parse(cls, name: str, *, project: str | None = None) -> Self:
        """Read ``project.dataset``, or ``dataset`` with a default project."""
        return cls(*_split(name, "dataset", (project,)))

    @property
    @override
    def text(self) -> str:
        return Identifier(self.project, self.dataset).text

    @override
    def __str__(self) -> str:
        return f"{self.project}.{self.dataset}"


@dataclass(frozen=True, slots=True)
class _Member(Composable):
    project: str
    dataset: str

    @property
    def in_dataset(self) -> DatasetName:
        """The dataset that it is in."""
        return DatasetName(self.project, self.dataset)

    @property
    @override
    def text(self) -> str:
        return Identifier(str(self)).text


@dataclass(frozen=True, slots=True)
class TableName(_Member):
    """A table's full name.

    Attributes:
        project: The project id.
        dataset: The dataset id.
        table: Letters, marks, digits, spaces, dashes and connectors such as ``_``, at most 1,024 UTF-8 bytes.
    """

    table: str

    def __post_init__(self) -> None:
        DatasetName(self.project, self.dataset)
        allowed = "letters, marks, digits, spaces, dashes and _, at most 1,024 bytes of UTF-8"
        if not _is_table(string("table", self.table, allowed)):
            raise refuse("table", self.table, allowed)

    @classmethod
    def parse(cls, name: str, *, project: str | None = None, dataset: str | None = None) -> Self:
        """Read ``project.dataset.table``, or a shorter form with defaults for what is left out."""
        return cls(*_split(name, "table", (project, dataset)))

    @override
    def __str__(self) -> str:
        return f"{self.project}.{self.dataset}.{self.table}"


def _is_table(table: object) -> bool:
    if not isinstance(table, str) or not table.isprintable():
        return False
    legal = all(
        (category := unicodedata.category(char))[0] in "LMN" or category in ("Pc", "Pd", "Zs")
        for char in table
    )
    return legal and 0 < len(table.encode()) <= _MAX_TABLE_BYTES


@dataclass(frozen=True, slots=True)
class ModelName(_Member):
    """A model's full name.

    Attributes:
        project: The project id.
        dataset: The dataset id.
        model: Letters, digits, ``_`` and dashes, at most 1,024.
    """

    model: str

    def __post_init__(self) -> None:
        DatasetName(self.project, self.dataset)
        match(_MODEL, "model", self.model, "letters, digits, _ and dashes, at most 1,024")

    @classmethod
    def parse(cls, name: str, *, project: str | None = None, dataset: str | None = None) -> Self:
        """Read ``project.dataset.model``, or a shorter form with defaults for what is left out."""
        return cls(*_split(name, "model", (project, dataset)))

    @override
    def __str__(self) -> str:
        return f"{self.project}.{self.dataset}.{self.model}"


def _split(name: str, what: str, defaults: tuple[str | None, ...]) -> list[str]:
    # From the right: an old project id may hold dots ("example.com:project"), the other parts may not.
    parts = string(what, name, "a name").rsplit(".", len(defaults))
    missing = len(defaults) + 1 - len(parts)
    known = defaults[:missing]
    if None in known:
        raise InvalidInputError(
            f"the {what} name {name[:80]!a} leaves out its {('project', 'dataset')[known.index(None)]}",
            next_step="Write the full name, with dots between its parts.",
        )
    return [part for part in known if part is not None] + parts


@dataclass(frozen=True, slots=True)
class ConnectionName(Composable):
    """A connection's name; BigQuery fills in a project and location that are left out.

    Attributes:
        connection: Letters, digits, ``_`` and dashes.
        location: Where it is, such as ``us``.
        project: The project id; only beside a location.
    """

    connection: str
    location: str | None = None
    project: str | None = None

    def __post_init__(self) -> None:
        match(_CONNECTION, "connection", self.connection, "letters, digits, _ and dashes, at most 100")
        if self.location is not None:
            clean_location(self.location)
        if self.project is not None:
            clean_project(self.project)
            if self.location is None:
                raise InvalidInputError("a connection with a project also needs its location")

    @property
    @override
    def text(self) -> str:
        return Identifier(str(self)).text

    @override
    def __str__(self) -> str:
        return ".".join(part for part in (self.project, self.location, self.connection) if part is not None)


@dataclass(frozen=True, slots=True)
class DefaultConnection(Composable):
    """The project's default connection: the keyword DEFAULT."""

    @property
    @override
    def text(self) -> str:
        return SQL("DEFAULT").text

    @override
    def __str__(self) -> str:
        return "DEFAULT"


DEFAULT: Final = DefaultConnection()
"""The project's default connection."""

Connection: TypeAlias = ConnectionName | DefaultConnection


def parse_connection(name: str | None) -> Connection:
    """Read a connection.

    Args:
        name: ``project.location.connection``, ``location.connection``, ``connection``, the full resource name
            ``projects/p/locations/l/connections/c``; or None or ``DEFAULT`` for the default connection.

    Returns:
        Its name, or `DEFAULT`.

    Raises:
        InvalidInputError: It is none of these.
    """
    if name is None or name == "DEFAULT":
        return DEFAULT
    resource = re.fullmatch(r"projects/([^/]*)/locations/([^/]*)/connections/([^/]*)", name)
    parts = resource.groups() if resource else name.rsplit(".", 2)
    return ConnectionName(*reversed(parts))
