"""What a statement needs before it is run: permissions of the caller, billing, APIs, and its datasets' location."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bqvision.local.access_control import VERTEX_API
from bqvision.local.protocol import ApiError, as_text
from bqvision.local.refusals import no_dataset_there
from bqvision.local.statements import (
    CreateObjectTable,
    CreateRemoteModel,
    CreateSchema,
    DropExternalTable,
    DropModel,
    DropSchema,
    Query,
    RefreshObjectTable,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bqvision.local.access_control import AccessControl
    from bqvision.local.catalog import DatasetName, ResourceName
    from bqvision.local.emulator import Emulator
    from bqvision.local.names import Names
    from bqvision.local.statements import ParsedStatement, Path

_DEFINITIONS: Final[Mapping[type, tuple[str, str]]] = {
    CreateObjectTable: ("bigquery.tables.create", "Dataset"),
    CreateRemoteModel: ("bigquery.models.create", "Dataset"),
    DropExternalTable: ("bigquery.tables.delete", "Table"),
    DropModel: ("bigquery.models.delete", "Model"),
    RefreshObjectTable: ("bigquery.tables.update", "Table"),
}
"""The permission that a statement needs, and on what."""
_CHANGES: Final[Mapping[str, tuple[str, str]]] = {
    "CREATE": ("bigquery.tables.create", "Dataset"),
    "DROP": ("bigquery.tables.delete", "Table"),
    "ALTER": ("bigquery.tables.update", "Table"),
}
_CHANGES_ROWS: Final = ("bigquery.tables.updateData", "Table")


class StatementChecks:
    """Checks statements where access is simulated.

    Args:
        control: Says what is allowed.
        emulator: Knows the datasets and tables.
    """

    def __init__(self, control: AccessControl, emulator: Emulator) -> None:
        self._control = control
        self._emulator = emulator

    async def check(self, statement: ParsedStatement, names: Names, *, located: bool) -> None:
        """Refuse a statement that may not be run.

        Args:
            statement: The statement; of a script's statements, each comes by itself.
            names: Completes the names in it.
            located: Whether the job was sent to a location.

        Raises:
            ApiError: The caller lacks a permission, the project has no billing account or not the API, or a
                dataset is elsewhere.
        """
        if not self._control.simulated:
            return
        match statement:
            case Query():
                await self._check_query(statement, names, located)
            case CreateSchema():
                self._control.check(
                    "bigquery.datasets.create", "Project", names.dataset(statement.path).project
                )
            case DropSchema():
                self._control.check("bigquery.datasets.delete", "Dataset", str(names.dataset(statement.path)))
            case (
                CreateObjectTable()
                | CreateRemoteModel()
                | DropExternalTable()
                | DropModel()
                | RefreshObjectTable()
            ):
                name = names.resource(statement.path)
                if isinstance(statement, CreateObjectTable | CreateRemoteModel):
                    self._control.check_billing()
                self._check_permission(_DEFINITIONS[type(statement)], name)
                if located:
                    await self._check_location(name.parent, names)
            case _:
                pass

    async def _check_query(self, statement: Query, names: Names, located: bool) -> None:
        target = statement.target
        if target is not None or statement.model_calls:
            self._control.check_billing()
        if statement.model_calls:
            self._control.check_api(VERTEX_API, names.project)
        if target is not None and names.complete(target.path):
            verb = target.kind.partition(" ")[0]
            self._check_permission(_CHANGES.get(verb, _CHANGES_ROWS), names.resource(target.path))
        for call in statement.model_calls:
            if call.model is not None:
                self._control.check("bigquery.models.getData", "Model", str(names.resource(call.model)))
        paths = {*statement.table_paths, *(() if target is None else (target.path,))}
        for dataset in dict.fromkeys(name.parent for name in _resources(paths, names)) if located else ():
            await self._check_location(dataset, names)
        if not self._control.held("bigquery.tables.getData"):
            await self._check_reading(statement, names)

    async def _check_reading(self, statement: Query, names: Names) -> None:
        written = None if statement.target is None else statement.target.path
        for name in _resources({path for path in statement.table_paths if path != written}, names):
            path = f"/{name.project}/datasets/{name.dataset}/tables/{name.name}"
            if await self._found(path) is not None:
                self._control.check("bigquery.tables.getData", "Table", str(name))

    def _check_permission(self, needed: tuple[str, str], name: ResourceName) -> None:
        permission, kind = needed
        self._control.check(permission, kind, str(name.parent if kind == "Dataset" else name))

    async def _check_location(self, dataset: DatasetName, names: Names) -> None:
        found = await self._found(f"/{dataset.project}/datasets/{dataset.dataset}")
        if found and found.upper() != names.location.upper():
            raise no_dataset_there(dataset, names.location)

    async def _found(self, path: str) -> str | None:
        """Return where a resource is; None if it is not there."""
        try:
            return as_text((await self._emulator.request("GET", path)).get("location"))
        except ApiError:
            return None


def _resources(paths: set[Path], names: Names) -> Iterator[ResourceName]:
    """Yield the tables and models that some paths may be."""
    for path in sorted(paths):
        if names.complete(path):
            yield names.resource(path)
