"""What a REST request needs before it is answered: an enabled API, and a permission of the caller."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bqvision.local.access_control import BIGQUERY_API, CONNECTION_API, SET_BUCKET_POLICY, SET_PROJECT_POLICY
from bqvision.local.protocol import ApiError
from bqvision.local.wire import refusal

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from bqvision.local.access_control import AccessControl

_RESOURCE_MANAGER: Final = "cloudresourcemanager.googleapis.com"
_SERVICE_USAGE: Final = "serviceusage.googleapis.com"
_BILLING: Final = "cloudbilling.googleapis.com"
_STORAGE: Final = "storage.googleapis.com"
_PROJECT: Final = r"/bigquery/v2/projects/(?P<project>[^/:]+)"
_DATASET: Final = rf"{_PROJECT}/datasets/(?P<dataset>[^/:]+)"
_TABLE: Final = rf"{_DATASET}/tables/(?P<name>[^/:]+)"
_MODEL: Final = rf"{_DATASET}/models/(?P<name>[^/:]+)"
_CONNECTIONS: Final = r"/v1/(?P<resource>projects/(?P<project>[^/:]+)/locations/[^/:]+)/connections"
_CONNECTION: Final = r"/v1/(?P<resource>projects/(?P<project>[^/:]+)/locations/[^/:]+/connections/[^/:]+)"
_ANY_PROJECT: Final = r"/v[13]/(?P<resource>projects/(?P<project>[^/:]+))"
_BUCKET: Final = r"/storage/v1/b/(?P<resource>[^/]+)/iam"


@dataclass(frozen=True, slots=True)
class _Rule:
    """What one kind of request needs.

    Args:
        methods: The HTTP methods.
        path: The path's shape.
        service: The service that must be enabled.
        permission: The permission that the caller must have; empty for none.
        kind: On what; empty for a resource of an API beside BigQuery.
    """

    methods: str
    path: str
    service: str
    permission: str = ""
    kind: str = ""


_RULES: Final = (
    _Rule(
        "POST", rf"(?:/upload)?{_PROJECT}/(?:jobs|queries)", BIGQUERY_API, "bigquery.jobs.create", "Project"
    ),
    _Rule("POST", rf"{_PROJECT}/datasets", BIGQUERY_API, "bigquery.datasets.create", "Project"),
    _Rule("GET", _DATASET, BIGQUERY_API, "bigquery.datasets.get", "Dataset"),
    _Rule("PATCH PUT", _DATASET, BIGQUERY_API, "bigquery.datasets.update", "Dataset"),
    _Rule("DELETE", _DATASET, BIGQUERY_API, "bigquery.datasets.delete", "Dataset"),
    _Rule("GET", rf"{_DATASET}/tables", BIGQUERY_API, "bigquery.tables.list", "Dataset"),
    _Rule("POST", rf"{_DATASET}/tables", BIGQUERY_API, "bigquery.tables.create", "Dataset"),
    _Rule("GET", _TABLE, BIGQUERY_API, "bigquery.tables.get", "Table"),
    _Rule("PATCH PUT", _TABLE, BIGQUERY_API, "bigquery.tables.update", "Table"),
    _Rule("DELETE", _TABLE, BIGQUERY_API, "bigquery.tables.delete", "Table"),
    _Rule("GET", rf"{_TABLE}/data", BIGQUERY_API, "bigquery.tables.getData", "Table"),
    _Rule("POST", rf"{_TABLE}/insertAll", BIGQUERY_API, "bigquery.tables.updateData", "Table"),
    _Rule("GET", rf"{_DATASET}/models", BIGQUERY_API, "bigquery.models.list", "Dataset"),
    _Rule("GET", _MODEL, BIGQUERY_API, "bigquery.models.getMetadata", "Model"),
    _Rule("PATCH", _MODEL, BIGQUERY_API, "bigquery.models.updateMetadata", "Model"),
    _Rule("DELETE", _MODEL, BIGQUERY_API, "bigquery.models.delete", "Model"),
    _Rule("GET", _CONNECTIONS, CONNECTION_API, "bigquery.connections.list"),
    _Rule("POST", _CONNECTIONS, CONNECTION_API, "bigquery.connections.create"),
    _Rule("GET", _CONNECTION, CONNECTION_API, "bigquery.connections.get"),
    _Rule("PATCH", _CONNECTION, CONNECTION_API, "bigquery.connections.update"),
    _Rule("DELETE", _CONNECTION, CONNECTION_API, "bigquery.connections.delete"),
    _Rule("POST", rf"{_CONNECTION}:getIamPolicy", CONNECTION_API, "bigquery.connections.getIamPolicy"),
    _Rule("POST", rf"{_CONNECTION}:setIamPolicy", CONNECTION_API, "bigquery.connections.setIamPolicy"),
    _Rule("POST", rf"{_CONNECTION}:testIamPermissions", CONNECTION_API),
    _Rule(
        "POST", rf"{_ANY_PROJECT}:getIamPolicy", _RESOURCE_MANAGER, "resourcemanager.projects.getIamPolicy"
    ),
    _Rule("POST", rf"{_ANY_PROJECT}:setIamPolicy", _RESOURCE_MANAGER, SET_PROJECT_POLICY),
    _Rule("POST", rf"{_ANY_PROJECT}:testIamPermissions", _RESOURCE_MANAGER),
    _Rule("GET", rf"{_ANY_PROJECT}/services.*", _SERVICE_USAGE, "serviceusage.services.get"),
    _Rule("GET", rf"{_ANY_PROJECT}/billingInfo", _BILLING, "resourcemanager.projects.get"),
    _Rule("GET", _BUCKET, _STORAGE, "storage.buckets.getIamPolicy"),
    _Rule("PUT", _BUCKET, _STORAGE, SET_BUCKET_POLICY),
)


class RestPermissions:
    """Refuses requests, and passes on the rest.

    Args:
        app: What answers them.
        control: Says what is allowed.
        project: The project of requests about buckets.
    """

    def __init__(self, app: ASGIApp, control: AccessControl, project: str) -> None:
        self._app = app
        self._control = control
        self._project = project
        self._rules = tuple((rule, re.compile(rule.path)) for rule in _RULES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        try:
            if scope["type"] == "http":
                self._check(scope["method"], scope["path"])
        except ApiError as error:
            await refusal(error)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _check(self, method: str, path: str) -> None:
        for rule, shape in self._rules:
            match = shape.fullmatch(path) if method in rule.methods.split() else None
            if match is None:
                continue
            parts = match.groupdict()
            self._control.check_api(rule.service, parts.get("project", self._project))
            if rule.permission:
                self._control.check(rule.permission, rule.kind, _name(rule, parts))


def _name(rule: _Rule, parts: dict[str, str]) -> str:
    match rule.kind:
        case "Project":
            return parts["project"]
        case "Dataset":
            return f"{parts['project']}:{parts['dataset']}"
        case "Table" | "Model":
            return f"{parts['project']}:{parts['dataset']}.{parts['name']}"
        case _:
            return f"//{rule.service}/{parts['resource']}"
