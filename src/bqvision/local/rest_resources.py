"""The REST resources that the emulator doesn't know or tells less of than BigQuery."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bqvision.local.catalog import SCRATCH_DATASET, Catalog, DatasetName, RemoteModel, ResourceName
from bqvision.local.protocol import JSON, ApiError, Object, as_object, as_text, duplicate, not_found
from bqvision.local.wire import ask, forwarded, json_body

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request

    from bqvision.local.asgi import Answer
    from bqvision.local.definitions import Definitions
    from bqvision.local.emulator import Emulator
    from bqvision.local.object_tables import ObjectTables

_MODEL_FIELDS: Final = ("description", "friendlyName", "expirationTime")
_KEPT_FIELDS: Final = ("expirationTime", "requirePartitionFilter", "maxStaleness")
"""What clients may say of a table and the emulator forgets."""


class ResourcesApi:
    """Answers for datasets, tables and models."""

    def __init__(
        self,
        catalog: Catalog,
        emulator: Emulator,
        tables: ObjectTables,
        definitions: Definitions,
        location: str,
    ) -> None:
        self._catalog = catalog
        self._emulator = emulator
        self._tables = tables
        self._definitions = definitions
        self._location = location

    def routes(self) -> Sequence[Route]:
        """Return the routes, below ``/bigquery/v2``."""
        datasets = "/bigquery/v2/projects/{project}/datasets"
        dataset = f"{datasets}/{{dataset}}"
        table, model = f"{dataset}/tables/{{name}}", f"{dataset}/models/{{name}}"
        return [
            Route(datasets, self.list_datasets, methods=["GET"]),
            Route(datasets, self.create_dataset, methods=["POST"]),
            Route(dataset, self.delete_dataset, methods=["DELETE"]),
            Route(f"{dataset}/tables", self.list_tables, methods=["GET"]),
            Route(f"{dataset}/tables", self.create_table, methods=["POST"]),
            Route(table, self.get_table, methods=["GET"]),
            Route(table, self.change_table, methods=["PATCH", "PUT"]),
            Route(table, self.delete_table, methods=["DELETE"]),
            Route(f"{table}/data", self.table_data, methods=["GET"]),
            Route(f"{dataset}/models", self.list_models, methods=["GET"]),
            Route(model, self.get_model, methods=["GET"]),
            Route(model, self.change_model, methods=["PATCH"]),
            Route(model, self.delete_model, methods=["DELETE"]),
        ]

    async def list_datasets(self, request: Request) -> Response:
        """datasets.list, without the hidden one."""
        answer = await ask(self._emulator, request)
        body = as_object(answer.json())
        found = body.get("datasets")
        if answer.status != 200 or not isinstance(found, list):
            return forwarded(answer)
        body["datasets"] = [
            entry
            for entry in found
            if as_object(as_object(entry).get("datasetReference")).get("datasetId") != SCRATCH_DATASET
        ]
        return JSONResponse(body)

    async def create_dataset(self, request: Request) -> Response:
        """datasets.insert, in this server's location unless the request says another."""
        body = await json_body(request)
        body.setdefault("location", self._location)
        reference = as_object(body.get("datasetReference"))
        name = DatasetName(request.path_params["project"], as_text(reference.get("datasetId")))
        if await self._definitions.exists(name):
            raise duplicate("Dataset", str(name))
        return forwarded(await ask(self._emulator, request, json.dumps(body).encode()))

    async def delete_dataset(self, request: Request) -> Response:
        """datasets.delete."""
        name = DatasetName(request.path_params["project"], request.path_params["dataset"])
        contents = request.query_params.get("deleteContents", "").lower() == "true"
        if not await self._definitions.exists(name):
            raise not_found("Dataset", str(name))
        if not contents:
            listed = await self._emulator.request("GET", f"/{name.project}/datasets/{name.dataset}/tables")
            if listed.get("tables"):
                raise ApiError("resourceInUse", f"Dataset {name} is still in use")
            self._definitions.check_empty(name)
        answer = await ask(self._emulator, request)
        if answer.status < 300:
            self._catalog.drop_dataset(name)
        return forwarded(answer)

    async def list_tables(self, request: Request) -> Response:
        """tables.list."""
        answer = await ask(self._emulator, request)
        body = as_object(answer.json())
        if answer.status != 200:
            return forwarded(answer)
        name = DatasetName(request.path_params["project"], request.path_params["dataset"])
        if not body.get("tables") and not await self._definitions.exists(name):
            raise not_found("Dataset", str(name))
        found = body.get("tables")
        for entry in found if isinstance(found, list) else []:
            item = as_object(entry)
            reference = as_object(item.get("tableReference"))
            if ResourceName(name.project, name.dataset, as_text(reference.get("tableId"))) in (
                self._catalog.object_tables
            ):
                item["type"] = "EXTERNAL"
        return JSONResponse(body)

    async def create_table(self, request: Request) -> Response:
        """tables.insert."""
        body = await json_body(request)
        name = _name(request, as_text(as_object(body.get("tableReference")).get("tableId")))
        if name in self._catalog.models:
            raise duplicate("Model", str(name))
        if "externalDataConfiguration" in body:
            raise ApiError(
                "notImplemented",
                "tables.insert of an external table is not supported by the local BigQuery; "
                "CREATE EXTERNAL TABLE makes object tables",
            )
        answer = await ask(self._emulator, request, json.dumps(body).encode())
        return self._with_overlay(name, answer, body)

    async def get_table(self, request: Request) -> Response:
        """tables.get."""
        name = _name(request)
        await self._tables.renew(name)
        return self._with_overlay(name, await ask(self._emulator, request), {})

    async def change_table(self, request: Request) -> Response:
        """tables.patch and tables.update."""
        name, body = _name(request), await json_body(request)
        if name in self._catalog.object_tables:
            raise ApiError("invalid", f"{name} is an object table, and object tables can't be changed")
        return self._with_overlay(name, await ask(self._emulator, request, json.dumps(body).encode()), body)

    async def delete_table(self, request: Request) -> Response:
        """tables.delete."""
        name = _name(request)
        if not await self._definitions.table_exists(name):
            raise not_found("Table", str(name))
        if name in self._catalog.object_tables:
            await self._tables.drop(name)
            return Response(status_code=204)
        self._catalog.overlays.pop(name, None)
        return forwarded(await ask(self._emulator, request))

    async def table_data(self, request: Request) -> Response:
        """tabledata.list, over a fresh listing."""
        await self._tables.read(_name(request))
        return forwarded(await ask(self._emulator, request))

    async def list_models(self, request: Request) -> Response:
        """models.list."""
        name = DatasetName(request.path_params["project"], request.path_params["dataset"])
        if not await self._definitions.exists(name):
            raise not_found("Dataset", str(name))
        models: list[JSON] = [model.resource() for model in self._catalog.models_of(name)]
        return JSONResponse({"models": models})

    async def get_model(self, request: Request) -> Response:
        """models.get."""
        return JSONResponse(self._model(request).resource())

    async def change_model(self, request: Request) -> Response:
        """models.patch."""
        model, body = self._model(request), await json_body(request)
        said: dict[str, str] = {key: str(body[key]) for key in _MODEL_FIELDS if key in body}
        labels = as_object(body.get("labels")) if "labels" in body else dict(model.labels)
        kept = {key: str(value) for key, value in labels.items() if value is not None}
        return JSONResponse(
            self._catalog.touch(model, options={**model.options, **said}, labels=kept).resource()
        )

    async def delete_model(self, request: Request) -> Response:
        """models.delete."""
        del self._catalog.models[self._model(request).name]
        self._catalog.save()
        return Response(status_code=204)

    def _model(self, request: Request) -> RemoteModel:
        return self._definitions.model(_name(request))

    def _with_overlay(self, name: ResourceName, answer: Answer, said: Object) -> Response:
        if answer.status != 200:
            return forwarded(answer)
        kept: Object = {key: said[key] for key in _KEPT_FIELDS if key in said}
        if kept:
            self._catalog.overlays[name] = {**self._catalog.overlays.get(name, {}), **kept}
            self._catalog.save()
        body: Object = {"location": self._location, **as_object(answer.json())}
        table = self._catalog.object_tables.get(name)
        if table is not None:
            body |= table.overlay()
            body["creationTime"] = str(table.created_ms)
        return JSONResponse(body | self._catalog.overlays.get(name, {}))


def _name(request: Request, name: str | None = None) -> ResourceName:
    params = request.path_params
    return ResourceName(params["project"], params["dataset"], params["name"] if name is None else name)
