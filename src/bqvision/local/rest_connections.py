"""The Connection API."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse
from starlette.routing import Route

from bqvision.local.catalog import Catalog, Connection, ConnectionName, now_ms
from bqvision.local.protocol import JSON, ApiError, Object, as_text, duplicate, unsupported
from bqvision.local.wire import json_body

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request
    from starlette.responses import Response


class ConnectionsApi:
    """Answers for connections."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def routes(self) -> Sequence[Route]:
        """Return the routes."""
        every = "/v1/projects/{project}/locations/{location}/connections"
        one = f"{every}/{{name}}"
        return [
            Route(every, self.create, methods=["POST"]),
            Route(every, self.list, methods=["GET"]),
            Route(one, self.get, methods=["GET"]),
            Route(one, self.change, methods=["PATCH"]),
            Route(one, self.delete, methods=["DELETE"]),
        ]

    async def create(self, request: Request) -> Response:
        """Make a connection."""
        body, params = await json_body(request), request.path_params
        given = request.query_params.get("connectionId")
        name = ConnectionName(
            params["project"],
            params["location"].lower(),
            given if given else f"connection-{now_ms():x}",
        )
        if name in self._catalog.connections:
            raise duplicate("Connection", str(name))
        if "cloudResource" not in body:
            raise unsupported("a connection other than cloudResource")
        connection = Connection(name, as_text(body.get("friendlyName")), as_text(body.get("description")))
        self._catalog.connections[name] = connection
        self._catalog.save()
        return JSONResponse(connection.resource())

    async def list(self, request: Request) -> Response:
        """List a location's connections."""
        params = request.path_params
        place = (params["project"], params["location"].lower())
        connections: list[JSON] = [
            connection.resource()
            for name, connection in sorted(self._catalog.connections.items())
            if (name.project, name.location) == place
        ]
        return JSONResponse({"connections": connections})

    async def get(self, request: Request) -> Response:
        """Return a connection."""
        return JSONResponse(self._find(request).resource())

    async def change(self, request: Request) -> Response:
        """Change a connection's texts."""
        connection, body = self._find(request), await json_body(request)
        changed = replace(
            connection,
            friendly_name=as_text(body.get("friendlyName"), connection.friendly_name),
            description=as_text(body.get("description"), connection.description),
            modified_ms=now_ms(),
        )
        self._catalog.connections[connection.name] = changed
        self._catalog.save()
        return JSONResponse(changed.resource())

    async def delete(self, request: Request) -> Response:
        """Delete a connection."""
        del self._catalog.connections[self._find(request).name]
        self._catalog.save()
        empty: Object = {}
        return JSONResponse(empty)

    def _find(self, request: Request) -> Connection:
        params = request.path_params
        name = ConnectionName(params["project"], params["location"].lower(), params["name"])
        connection = self._catalog.connections.get(name)
        if connection is None:
            raise ApiError("notFound", f"Not found: Connection {name.path}")
        return connection
