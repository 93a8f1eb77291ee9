"""Who holds which role on what: the allow policies of projects, buckets and connections."""

from __future__ import annotations

import base64
import hashlib
import json
from collections import Counter
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bqvision.local.catalog import Catalog, Connection

AIPLATFORM_USER: Final = "roles/aiplatform.user"
LIST_OBJECTS: Final = "storage.objects.list"
READ_OBJECTS: Final = "storage.objects.get"
PREDICT: Final = "aiplatform.endpoints.predict"
_BUCKETS: Final = "projects/_/buckets/"
_OBJECT_VIEWER: Final = "roles/storage.objectViewer"
_ANY_OBJECT_ROLE: Final = frozenset(
    {_OBJECT_VIEWER, "roles/storage.objectUser", "roles/storage.objectAdmin", "roles/storage.admin"}
)
_PROJECT_ROLES: Final = frozenset({"roles/owner", "roles/editor"})
_ROLES: Final[Mapping[str, frozenset[str]]] = {
    PREDICT: _PROJECT_ROLES | {AIPLATFORM_USER, "roles/aiplatform.admin", "roles/aiplatform.serviceAgent"},
    LIST_OBJECTS: _ANY_OBJECT_ROLE
    | {
        "roles/storage.legacyBucketReader",
        "roles/storage.legacyBucketWriter",
        "roles/storage.legacyBucketOwner",
    },
    READ_OBJECTS: _ANY_OBJECT_ROLE | {"roles/storage.legacyObjectReader", "roles/storage.legacyObjectOwner"},
}
"""The roles that have a permission: https://cloud.google.com/iam/docs/roles-permissions."""


def project_resource(project: str) -> str:
    """Return the name of a project as a resource."""
    return f"projects/{project}"


def bucket_resource(bucket: str) -> str:
    """Return the name of a bucket as a resource."""
    return f"{_BUCKETS}{bucket}"


class Policies:
    """The policies of this server.

    Args:
        catalog: Where they are kept.
        grants_needed: Whether a connection's account has no role until one is granted.
        propagation: How many looks at a granted role don't see it yet.
    """

    def __init__(self, catalog: Catalog, *, grants_needed: bool, propagation: int) -> None:
        self._catalog = catalog
        self._grants_needed = grants_needed
        self._propagation = propagation
        self._unseen: Counter[tuple[str, str, str]] = Counter()

    def bindings(self, resource: str) -> Mapping[str, tuple[str, ...]]:
        """Return a resource's roles, and who holds them."""
        found = {role: list(members) for role, members in self._catalog.roles.get(resource, {}).items()}
        for connection in () if self._grants_needed else self._catalog.connections.values():
            if resource.startswith(_BUCKETS):
                found.setdefault(_OBJECT_VIEWER, []).append(connection.member)
            elif resource == project_resource(connection.name.project):
                found.setdefault(AIPLATFORM_USER, []).append(connection.member)
        return {role: tuple(dict.fromkeys(members)) for role, members in found.items() if members}

    def etag(self, resource: str) -> str:
        """Return what changes with a resource's policy."""
        text = json.dumps(self.bindings(resource), sort_keys=True)
        return base64.b64encode(hashlib.sha256(text.encode()).digest()[:8]).decode()

    def grant(self, resource: str, role: str, member: str, *, at_once: bool = False) -> None:
        """Give a role; who holds it already keeps it.

        Args:
            resource: On what.
            role: The role.
            member: To whom.
            at_once: Whether it is seen from now on.
        """
        members = self._catalog.roles.setdefault(resource, {}).setdefault(role, [])
        if member not in members:
            members.append(member)
            if not at_once:
                self._unseen[resource, role, member] = self._propagation
            self._catalog.save()

    def revoke(self, resource: str, role: str, member: str) -> None:
        """Take a role away."""
        members = self._catalog.roles.get(resource, {}).get(role, [])
        if member in members:
            members.remove(member)
            self._catalog.save()

    def replace(self, resource: str, bindings: Iterable[tuple[str, str]]) -> None:
        """Give these roles to these members, and take all others away."""
        wanted = dict.fromkeys(bindings)
        for role, members in list(self._catalog.roles.get(resource, {}).items()):
            for member in list(members):
                if (role, member) not in wanted:
                    self.revoke(resource, role, member)
        for role, member in wanted:
            self.grant(resource, role, member)

    def allow(self, connection: Connection, permission: str, *resources: str) -> bool:
        """Say whether a connection's account has a permission on any of these; a look at a new role may not see it."""
        if not self._grants_needed:
            return True
        granted = [
            (resource, role, connection.member)
            for resource in resources
            for role, members in self.bindings(resource).items()
            if role in _ROLES[permission] and connection.member in members
        ]
        seen = [grant for grant in granted if self._unseen[grant] == 0]
        if not seen:
            self._unseen.subtract(granted)
        return bool(seen)
