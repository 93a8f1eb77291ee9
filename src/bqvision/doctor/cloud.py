"""What Google's other APIs say of a project; all of it read-only, and each asked once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar, cast
from urllib.parse import quote

from bqvision import _rest
from bqvision.doctor.permissions import ALL, APIS
from bqvision.errors import BqvisionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from bqvision._jobs import Service
    from bqvision.sql.names import ConnectionName, TableName

_T = TypeVar("_T")

_BIGQUERY: Final = "bigquery.googleapis.com"
_BILLING: Final = "cloudbilling.googleapis.com"
_CONNECTIONS: Final = "bigqueryconnection.googleapis.com"
_PROJECTS: Final = "cloudresourcemanager.googleapis.com"
_SERVICES: Final = "serviceusage.googleapis.com"
_STORAGE: Final = "storage.googleapis.com"


class Memory:
    """What has been looked at; an error is an answer as well, and is not asked for again."""

    def __init__(self) -> None:
        self._seen: dict[object, object] = {}

    def once(self, key: object, look: Callable[[], _T]) -> _T:
        """Return what a look gives, or raise what it raised the first time.

        Args:
            key: What is looked at.
            look: How.

        Raises:
            BqvisionError: The look failed.
        """
        if key not in self._seen:
            try:
                self._seen[key] = look()
            except BqvisionError as error:
                self._seen[key] = error
        found = self._seen[key]
        if isinstance(found, BqvisionError):
            raise found
        return cast("_T", found)


class Cloud:
    """Looks at a project from outside of BigQuery.

    Args:
        service: The client's way to Google.
        project: The project.
    """

    def __init__(self, service: Service, project: str) -> None:
        self._service = service
        self._project = f"/v1/projects/{project}"
        self._memory = Memory()

    def disabled_apis(self) -> tuple[str, ...]:
        """Return those of the APIs needed that are not enabled.

        Raises:
            BqvisionError: It could not be looked at.
        """
        parent = self._project.removeprefix("/v1/")
        names = "&".join(f"names={quote(f'{parent}/services/{api}', safe='')}" for api in APIS)
        found = self._get(f"{self._project}/services:batchGet?{names}", _SERVICES)
        enabled = {
            str(service.get("name")).rpartition("/")[2]
            for service in _objects(found, "services")
            if service.get("state") == "ENABLED"
        }
        return tuple(api for api in APIS if api not in enabled)

    def billing(self) -> bool:
        """Return whether a billing account is linked and open.

        Raises:
            BqvisionError: It could not be looked at.
        """
        return self._get(f"{self._project}/billingInfo", _BILLING).get("billingEnabled") is True

    def held(self) -> frozenset[str]:
        """Return the caller's permissions on the project, of those that are needed.

        Raises:
            BqvisionError: It could not be looked at.
        """
        return self._held(self._project, _PROJECTS, (permission.name for permission in ALL))

    def held_on_table(self, table: TableName) -> frozenset[str]:
        """Return the caller's permissions on a table, of those that a table can have.

        Raises:
            BqvisionError: It could not be looked at.
        """
        path = f"/bigquery/v2/projects/{table.project}/datasets/{table.dataset}/tables/{quote(table.table, safe='')}"
        return self._held(path, _BIGQUERY, ("bigquery.tables.getData", "bigquery.tables.updateData"))

    def held_on_connection(self, connection: ConnectionName) -> frozenset[str]:
        """Return the caller's permissions on a connection.

        Raises:
            BqvisionError: It could not be looked at.
        """
        path = (
            f"/v1/projects/{connection.project}/locations/{connection.location}"
            f"/connections/{connection.connection}"
        )
        wanted = (permission.name for permission in ALL if permission.scope == "connection")
        return self._held(path, _CONNECTIONS, wanted)

    def roles_on_project(self, member: str) -> frozenset[str]:
        """Return the roles that a member is given on the project itself.

        Args:
            member: The member, such as ``serviceAccount:...``.

        Raises:
            BqvisionError: It could not be looked at.
        """
        return _roles(self._post(f"{self._project}:getIamPolicy", _PROJECTS, {}), member)

    def roles_on_bucket(self, bucket: str, member: str) -> frozenset[str]:
        """Return the roles that a member is given on a bucket itself.

        Args:
            bucket: The bucket's name.
            member: The member, such as ``serviceAccount:...``.

        Raises:
            BqvisionError: It could not be looked at.
        """
        return _roles(self._get(f"/storage/v1/b/{quote(bucket, safe='')}/iam", _STORAGE), member)

    def _held(self, path: str, host: str, permissions: Iterable[str]) -> frozenset[str]:
        asked: Mapping[str, _rest.JsonValue] = {"permissions": list(permissions)}
        return frozenset(_rest.texts(self._post(f"{path}:testIamPermissions", host, asked), "permissions"))

    def _get(self, path: str, host: str) -> Mapping[str, object]:
        return self._memory.once(path, lambda: self._service.call_rest("GET", path, host, None))

    def _post(self, path: str, host: str, body: Mapping[str, _rest.JsonValue]) -> Mapping[str, object]:
        return self._memory.once(path, lambda: self._service.call_rest("POST", path, host, body))


def _objects(resource: Mapping[str, object], key: str) -> Sequence[Mapping[str, object]]:
    found = resource.get(key)
    return cast("Sequence[Mapping[str, object]]", found) if isinstance(found, list) else ()


def _roles(policy: Mapping[str, object], member: str) -> frozenset[str]:
    # A binding with a condition may not hold where it is needed.
    return frozenset(
        str(binding.get("role"))
        for binding in _objects(policy, "bindings")
        if member in _rest.texts(binding, "members") and "condition" not in binding
    )
