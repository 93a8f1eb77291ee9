"""What this server's caller, its connections' accounts and its project may do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bqvision.local.access import Access
from bqvision.local.policies import (
    AIPLATFORM_USER,
    LIST_OBJECTS,
    PREDICT,
    READ_OBJECTS,
    Policies,
    bucket_resource,
    project_resource,
)
from bqvision.local.refusals import (
    access_denied,
    api_disabled,
    billing_disabled,
    endpoint_denied,
    listing_denied,
    permission_denied,
    reading_denied,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bqvision.local.catalog import Catalog, Connection

CALLER: Final = "local@bqvision.invalid"
BIGQUERY_API: Final = "bigquery.googleapis.com"
CONNECTION_API: Final = "bigqueryconnection.googleapis.com"
VERTEX_API: Final = "aiplatform.googleapis.com"
SET_PROJECT_POLICY: Final = "resourcemanager.projects.setIamPolicy"
SET_BUCKET_POLICY: Final = "storage.buckets.setIamPolicy"
_DEFAULT_BUCKET_ROLES: Final = ("roles/storage.legacyBucketReader", "roles/storage.legacyObjectReader")


class AccessControl:
    """Checks against one description of access.

    Args:
        access: The description; None allows everything.
        catalog: Where the policies are kept.
    """

    def __init__(self, access: Access | None, catalog: Catalog) -> None:
        self._access = Access(grants_needed=False) if access is None else access
        self._denied = frozenset(self._access.denied)
        self._disabled = frozenset(self._access.disabled_apis)
        self.simulated: bool = access is not None
        """Whether anything is checked that a local server could do without."""
        self.policies = Policies(
            catalog, grants_needed=self._access.grants_needed, propagation=self._access.propagation
        )

    @property
    def billing(self) -> bool:
        """Whether the project has a billing account."""
        return self._access.billing

    def enabled(self, service: str) -> bool:
        """Say whether a service is enabled."""
        return service not in self._disabled

    def held(self, permission: str) -> bool:
        """Say whether the caller has a permission."""
        return permission not in self._denied

    def check(self, permission: str, kind: str, name: str) -> None:
        """Refuse what the caller may not do; see `permission_denied`.

        Raises:
            ApiError: The caller lacks the permission.
        """
        if not self.held(permission):
            raise permission_denied(permission, kind, name)

    def check_api(self, service: str, project: str) -> None:
        """Refuse the use of a service that is not enabled.

        Raises:
            ApiError: It is not.
        """
        if not self.enabled(service):
            raise api_disabled(service, project)

    def check_billing(self) -> None:
        """Refuse what a project without a billing account may not do.

        Raises:
            ApiError: It has none.
        """
        if not self.billing:
            raise billing_disabled()

    def check_endpoint(self, connection: Connection) -> None:
        """Refuse to make a model whose connection's account may not use its endpoint.

        Raises:
            ApiError: It may not.
        """
        refusal = self.endpoint_refusal(connection)
        if refusal is not None:
            raise access_denied(refusal)

    def endpoint_refusal(self, connection: Connection | None) -> str | None:
        """Return what an endpoint says to a connection's account, or to the caller; None if it answers."""
        if connection is None:
            return None if self.held(PREDICT) else endpoint_denied(CALLER)
        allowed = self.policies.allow(connection, PREDICT, project_resource(connection.name.project))
        return None if allowed else endpoint_denied(connection.service_account)

    def check_listing(self, connection: Connection, buckets: Iterable[str]) -> None:
        """Refuse to list buckets that a connection's account may not list.

        Raises:
            ApiError: It may not.
        """
        for bucket in buckets:
            if not self._may(connection, LIST_OBJECTS, bucket):
                raise listing_denied(connection.service_account, bucket)

    def reading_refusal(self, connection: Connection, bucket: str) -> str | None:
        """Return why the objects of a bucket can't be read for a call's rows; None if they can."""
        allowed = self._may(connection, READ_OBJECTS, bucket)
        return None if allowed else reading_denied(connection.service_account, bucket)

    def grant_default(
        self, connection: Connection, *, buckets: Iterable[str] = (), endpoint: bool = False
    ) -> None:
        """Give the default connection's account the roles that are needed, as far as the caller may."""
        if endpoint and self.held(SET_PROJECT_POLICY):
            project = project_resource(connection.name.project)
            self.policies.grant(project, AIPLATFORM_USER, connection.member, at_once=True)
        for bucket in buckets if self.held(SET_BUCKET_POLICY) else ():
            for role in _DEFAULT_BUCKET_ROLES:
                self.policies.grant(bucket_resource(bucket), role, connection.member, at_once=True)

    def _may(self, connection: Connection, permission: str, bucket: str) -> bool:
        project = project_resource(connection.name.project)
        return self.policies.allow(connection, permission, bucket_resource(bucket), project)


def bucket_of(uri: str) -> str:
    """Return the bucket in a ``gs://`` URI."""
    return uri.removeprefix("gs://").partition("/")[0]
