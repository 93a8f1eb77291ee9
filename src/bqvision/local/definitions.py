"""The statements that define things: datasets, object tables, remote models, connections."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final, TypeAlias

from bqvision.local.access_control import bucket_of
from bqvision.local.catalog import (
    SCRATCH_DATASET,
    Catalog,
    DatasetName,
    ObjectTable,
    RemoteModel,
    ResourceName,
)
from bqvision.local.metadata_cache import staleness
from bqvision.local.protocol import JSON, ApiError, Object, as_object, duplicate, not_found, unsupported
from bqvision.local.statements import (
    AlterProject,
    ChangeGrants,
    CreateConnection,
    CreateObjectTable,
    CreateRemoteModel,
    CreateSchema,
    DropConnection,
    DropExternalTable,
    DropModel,
    DropSchema,
    RefreshObjectTable,
    Target,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from bqvision.local.connections import Connections
    from bqvision.local.emulator import Emulator
    from bqvision.local.grants import Grants
    from bqvision.local.jobs import Result
    from bqvision.local.models import VisionModels
    from bqvision.local.names import Names
    from bqvision.local.object_tables import ObjectTables

Definition: TypeAlias = (
    CreateObjectTable
    | DropExternalTable
    | RefreshObjectTable
    | CreateRemoteModel
    | DropModel
    | CreateConnection
    | DropConnection
    | ChangeGrants
    | AlterProject
)
_CHANGES: Final = frozenset({"INSERT", "UPDATE", "DELETE", "MERGE", "TRUNCATE"})


@dataclass(frozen=True, slots=True)
class Definitions:
    """Runs them against the catalog and the emulator."""

    catalog: Catalog
    connections: Connections
    grants: Grants
    tables: ObjectTables
    emulator: Emulator
    models: VisionModels
    location: str
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def run(self, statement: Definition, names: Names) -> Object:
        """Run one statement.

        Returns:
            The job's query statistics.

        Raises:
            ApiError: It can't be done.
        """
        # One after the other, since looking whether a name is taken and taking it are two steps.
        async with self.lock:
            return await self._run(statement, names)

    async def _run(self, statement: Definition, names: Names) -> Object:
        match statement:
            case CreateObjectTable():
                return await self._create_object_table(statement, names)
            case DropExternalTable():
                return await self._drop_external_table(statement, names)
            case RefreshObjectTable():
                await self.tables.refresh(names.resource(statement.path))
                return {"statementType": "CALL"}
            case CreateRemoteModel():
                return await self._create_model(statement, names)
            case DropModel():
                return self._drop_model(statement, names)
            case CreateConnection():
                return self.connections.create(statement, names)
            case DropConnection():
                return self.connections.drop(statement, names)
            case ChangeGrants():
                return self.grants.change(statement, names)
            case AlterProject():
                return self.grants.alter_project(statement)

    async def schema(
        self, statement: CreateSchema | DropSchema, names: Names, forward: Callable[[], Awaitable[Result]]
    ) -> Result:
        """Create or drop a dataset; the emulator does the main part."""
        dataset = names.dataset(statement.path)
        there = await self.exists(dataset)
        if isinstance(statement, DropSchema):
            if not there and not statement.if_exists:
                raise not_found("Dataset", str(dataset), self.location)
            if not statement.cascade:
                self.check_empty(dataset)
            result = await forward()
            self.catalog.drop_dataset(dataset)
            return result
        if there and not statement.if_not_exists:
            raise duplicate("Dataset", str(dataset))
        result = await forward()
        if not there:
            path = f"/{dataset.project}/datasets/{dataset.dataset}"
            await self.emulator.request("PATCH", path, body=self._dataset_options(statement))
        return result

    def _dataset_options(self, statement: CreateSchema) -> Object:
        options: Object = {"location": self.location if statement.location is None else statement.location}
        if statement.description is not None:
            options["description"] = statement.description
        if statement.labels:
            options["labels"] = dict(statement.labels)
        if statement.default_table_expiration_days is not None:
            milliseconds = int(statement.default_table_expiration_days * 86_400_000)
            options["defaultTableExpirationMs"] = str(milliseconds)
        return options

    def is_object_table(self, name: ResourceName) -> bool:
        """Say whether a name is an object table's."""
        return name in self.catalog.object_tables

    def model(self, name: ResourceName) -> RemoteModel:
        """Return a model.

        Raises:
            ApiError: There is none.
        """
        model = self.catalog.models.get(name)
        if model is None:
            raise not_found("Model", str(name))
        return model

    def check_empty(self, dataset: DatasetName) -> None:
        """Refuse to drop a dataset that holds models; the emulator looks at its tables itself.

        Raises:
            ApiError: It holds one.
        """
        if any(self.catalog.models_of(dataset)):
            raise ApiError("resourceInUse", f"Dataset {dataset} is still in use")

    def check_target(self, target: Target | None, names: Names) -> None:
        """Refuse a statement that changes what can't be changed, or takes a name that is taken.

        Raises:
            ApiError: It does.
        """
        if target is None or not names.complete(target.path):
            return
        name = names.resource(target.path)
        if name in self.catalog.object_tables:
            if target.kind in _CHANGES:
                raise ApiError("invalidQuery", f"{name} is an object table, and object tables are read-only")
            if target.kind.startswith("CREATE"):
                raise duplicate("Table", f"{name} (an object table)")
            raise ApiError(
                "invalidQuery",
                f"{name} is an external table: {target.kind} can't be used, DROP EXTERNAL TABLE can",
            )
        if name in self.catalog.models and target.kind.startswith("CREATE"):
            raise duplicate("Model", str(name))

    async def make_scratch(self, project: str) -> None:
        """Make the hidden dataset for outputs."""
        reference: Object = {"projectId": project, "datasetId": SCRATCH_DATASET}
        try:
            await self.emulator.request("POST", f"/{project}/datasets", body={"datasetReference": reference})
        except ApiError as error:
            if error.reason != "duplicate":
                raise

    async def _create_object_table(self, statement: CreateObjectTable, names: Names) -> Object:
        name = names.resource(statement.path)
        operation = await self._claim(name, statement, "Table")
        if operation == "SKIP":
            return _statistics("CREATE_EXTERNAL_TABLE", operation, name)
        if isinstance(statement.expiration, datetime) or statement.expiration is None:
            expiration = statement.expiration
        else:
            raise unsupported("an expiration_timestamp that is no constant")
        mode = statement.metadata_cache_mode
        buckets = sorted({bucket_of(uri) for uri in statement.uris})
        connection = self.connections.for_table(statement.connection, names, buckets)
        table = ObjectTable(
            name=name,
            uris=tuple(statement.uris),
            connection=str(connection.name),
            max_staleness=staleness(statement.max_staleness, mode),
            metadata_cache_mode=mode,
            description=statement.description,
            labels=dict(statement.labels),
            expires_ms=None if expiration is None else int(expiration.timestamp() * 1000),
        )
        await self.tables.create(table)
        return _statistics("CREATE_EXTERNAL_TABLE", operation, name)

    async def _drop_external_table(self, statement: DropExternalTable, names: Names) -> Object:
        name = names.resource(statement.path)
        if name in self.catalog.object_tables:
            await self.tables.drop(name)
            return _statistics("DROP_EXTERNAL_TABLE", "DROP", name)
        if await self.table_exists(name):
            raise ApiError("invalidQuery", f"{name} is not an external table; use DROP TABLE or DROP VIEW")
        if not statement.if_exists:
            raise not_found("Table", str(name))
        return _statistics("DROP_EXTERNAL_TABLE", "SKIP", name)

    async def _create_model(self, statement: CreateRemoteModel, names: Names) -> Object:
        name = names.resource(statement.path)
        operation = await self._claim(name, statement, "Model")
        if operation == "SKIP":
            return _statistics("CREATE_MODEL", operation, name)
        if not statement.endpoint:
            raise unsupported("a remote model without the option ENDPOINT")
        self.models.find(statement.endpoint)
        connection = self.connections.for_model(statement.connection, names)
        self.catalog.models[name] = RemoteModel(
            name, statement.endpoint, str(connection.name), names.location
        )
        self.catalog.save()
        return _statistics("CREATE_MODEL", operation, name)

    def _drop_model(self, statement: DropModel, names: Names) -> Object:
        name = names.resource(statement.path)
        if self.catalog.models.pop(name, None) is not None:
            self.catalog.save()
            return _statistics("DROP_MODEL", "DROP", name)
        if not statement.if_exists:
            raise not_found("Model", str(name))
        return _statistics("DROP_MODEL", "SKIP", name)

    async def _claim(
        self, name: ResourceName, statement: CreateObjectTable | CreateRemoteModel, kind: str
    ) -> str:
        """Say what creating under a name comes to: CREATE, REPLACE, or SKIP.

        Raises:
            ApiError: The dataset is not there, or the name is taken.
        """
        if not await self.exists(name.parent):
            raise not_found("Dataset", str(name.parent), self.location)
        model = name in self.catalog.models
        table = name in self.catalog.object_tables or await self.table_exists(name)
        if not model and not table:
            return "CREATE"
        if statement.if_not_exists:
            return "SKIP"
        same_kind = model if kind == "Model" else name in self.catalog.object_tables
        if not statement.replace or not same_kind:
            raise duplicate("Model" if model else "Table", str(name))
        return "REPLACE"

    async def exists(self, dataset: DatasetName) -> bool:
        """Say whether a dataset is there."""
        return await self._found(f"/{dataset.project}/datasets/{dataset.dataset}")

    async def table_exists(self, name: ResourceName) -> bool:
        """Say whether the emulator has a table or view of this name."""
        return await self._found(f"/{name.project}/datasets/{name.dataset}/tables/{name.name}")

    async def _found(self, path: str) -> bool:
        try:
            await self.emulator.request("GET", path)
        except ApiError as error:
            if error.reason in {"notFound", "accessDenied"}:
                return False
            raise
        return True


def _statistics(statement_type: str, operation: str, name: ResourceName) -> Object:
    target: Mapping[str, JSON] = {
        "projectId": name.project,
        "datasetId": name.dataset,
        "tableId": name.name,
    }
    return {
        "statementType": statement_type,
        "ddlOperationPerformed": operation,
        "ddlTargetTable": as_object(dict(target)),
    }
