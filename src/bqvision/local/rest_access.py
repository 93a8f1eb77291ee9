"""The REST methods about access: IAM policies, permissions, enabled services, billing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.responses import JSONResponse
from starlette.routing import Route

from bqvision.local.catalog import ConnectionName, ResourceName, project_number
from bqvision.local.policies import bucket_resource, project_resource
from bqvision.local.protocol import JSON, ApiError, Object, as_object, as_text, not_found
from bqvision.local.wire import json_body

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from starlette.requests import Request
    from starlette.responses import Response

    from bqvision.local.access_control import AccessControl
    from bqvision.local.buckets import Buckets
    from bqvision.local.catalog import Catalog
    from bqvision.local.definitions import Definitions

_PROJECTS: Final = ("/v1/projects/{project}", "/v3/projects/{project}")
_CONNECTION: Final = "/v1/projects/{project}/locations/{location}/connections/{name}"
_TABLE: Final = "/bigquery/v2/projects/{project}/datasets/{dataset}/tables/{name}"
_BUCKET: Final = "/storage/v1/b/{bucket}/iam"


class AccessApi:
    """Answers for Resource Manager, Service Usage, Cloud Billing and the policies of buckets and connections.

    Args:
        catalog: Knows the connections.
        control: Knows who may do what.
        definitions: Knows the tables.
        buckets: Knows the buckets.
    """

    def __init__(
        self, catalog: Catalog, control: AccessControl, definitions: Definitions, buckets: Buckets
    ) -> None:
        self._catalog = catalog
        self._control = control
        self._definitions = definitions
        self._buckets = buckets

    def routes(self) -> Sequence[Route]:
        """Return the routes."""
        projects = [
            Route(f"{project}:{method}", answer, methods=["POST"])
            for project in _PROJECTS
            for method, answer in (
                ("testIamPermissions", self.test_permissions),
                ("getIamPolicy", self.get_policy),
                ("setIamPolicy", self.set_policy),
            )
        ]
        return [
            *projects,
            Route("/v1/projects/{project}/services:batchGet", self.get_services, methods=["GET"]),
            Route("/v1/projects/{project}/services/{service}", self.get_service, methods=["GET"]),
            Route("/v1/projects/{project}/billingInfo", self.billing, methods=["GET"]),
            Route(f"{_TABLE}:testIamPermissions", self.test_table_permissions, methods=["POST"]),
            Route(f"{_CONNECTION}:testIamPermissions", self.test_permissions, methods=["POST"]),
            Route(f"{_CONNECTION}:getIamPolicy", self.get_policy, methods=["POST"]),
            Route(f"{_CONNECTION}:setIamPolicy", self.set_policy, methods=["POST"]),
            Route(f"{_BUCKET}/testPermissions", self.test_permissions, methods=["GET"]),
            Route(_BUCKET, self.get_policy, methods=["GET"]),
            Route(_BUCKET, self.set_policy, methods=["PUT"]),
        ]

    async def test_permissions(self, request: Request) -> Response:
        """Tell which of some permissions the caller has."""
        self._resource(request)
        if request.method == "GET":
            asked: Sequence[JSON] = request.query_params.getlist("permissions")
        else:
            given = (await json_body(request)).get("permissions")
            asked = given if isinstance(given, list) else []
        held: list[JSON] = [name for name in asked if isinstance(name, str) and self._control.held(name)]
        answer: Object = {"permissions": held} if held else {}
        return JSONResponse(answer)

    async def test_table_permissions(self, request: Request) -> Response:
        """tables.testIamPermissions."""
        params = request.path_params
        name = ResourceName(params["project"], params["dataset"], params["name"])
        if not await self._definitions.table_exists(name):
            raise not_found("Table", str(name))
        return await self.test_permissions(request)

    async def get_policy(self, request: Request) -> Response:
        """Return a policy."""
        return JSONResponse(self._policy(self._resource(request)))

    async def set_policy(self, request: Request) -> Response:
        """Put a policy in the place of the one that there is, if it is still the one that was read."""
        resource, body = self._resource(request), await json_body(request)
        policy = body if "bucket" in request.path_params else as_object(body.get("policy"))
        etag = as_text(policy.get("etag"))
        if etag and etag != self._control.policies.etag(resource):
            raise ApiError(
                "conditionNotMet",
                "There were concurrent policy changes. Please retry the whole read-modify-write with exponential "
                "backoff.",
                status=412 if "bucket" in request.path_params else 409,
            )
        self._control.policies.replace(resource, _bindings(policy))
        return JSONResponse(self._policy(resource))

    async def get_services(self, request: Request) -> Response:
        """services.batchGet."""
        names = [name.rpartition("/")[2] for name in request.query_params.getlist("names")]
        services: list[JSON] = [self._service(request.path_params["project"], name) for name in names]
        return JSONResponse({"services": services})

    async def get_service(self, request: Request) -> Response:
        """services.get."""
        params = request.path_params
        return JSONResponse(self._service(params["project"], params["service"]))

    async def billing(self, request: Request) -> Response:
        """projects.getBillingInfo."""
        project, enabled = request.path_params["project"], self._control.billing
        return JSONResponse(
            {
                "name": f"projects/{project}/billingInfo",
                "projectId": project,
                "billingAccountName": "billingAccounts/000000-000000-000000" if enabled else "",
                "billingEnabled": enabled,
            }
        )

    def _resource(self, request: Request) -> str:
        """Return the name of the resource that a request is about.

        Raises:
            ApiError: There is no such connection or bucket.
        """
        params = request.path_params
        if "bucket" in params:
            if params["bucket"] not in self._buckets.names:
                raise ApiError("notFound", "The specified bucket does not exist.")
            return bucket_resource(params["bucket"])
        if "location" in params:
            name = ConnectionName(params["project"], params["location"].lower(), params["name"])
            if name not in self._catalog.connections:
                raise ApiError("notFound", f"Not found: Connection {name.path}")
            return name.path
        return project_resource(params["project"])

    def _policy(self, resource: str) -> Object:
        bindings: list[JSON] = [
            {"role": role, "members": list(members)}
            for role, members in sorted(self._control.policies.bindings(resource).items())
        ]
        return {"version": 1, "etag": self._control.policies.etag(resource), "bindings": bindings}

    def _service(self, project: str, service: str) -> Object:
        parent = f"projects/{project_number(project)}"
        return {
            "name": f"{parent}/services/{service}",
            "parent": parent,
            "config": {"name": service},
            "state": "ENABLED" if self._control.enabled(service) else "DISABLED",
        }


def _bindings(policy: Object) -> Iterator[tuple[str, str]]:
    bindings = policy.get("bindings")
    for binding in bindings if isinstance(bindings, list) else []:
        given = as_object(binding)
        members = given.get("members")
        for member in members if isinstance(members, list) else []:
            yield as_text(given.get("role")), as_text(member)
