"""Which predefined role has a permission."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping


def member_of(account: str) -> str:
    """Return an account as IAM policies name it.

    Args:
        account: Its e-mail address.
    """
    kind = "serviceAccount" if account.endswith("gserviceaccount.com") else "user"
    return f"{kind}:{account}"


_PERMISSIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "roles/bigquery.admin": ("bigquery.config.update",),
    "roles/bigquery.connectionAdmin": (
        "bigquery.connections.create",
        "bigquery.connections.delegate",
        "bigquery.connections.delete",
        "bigquery.connections.setIamPolicy",
        "bigquery.connections.update",
    ),
    "roles/bigquery.connectionUser": (
        "bigquery.connections.get",
        "bigquery.connections.getIamPolicy",
        "bigquery.connections.list",
        "bigquery.connections.use",
    ),
    "roles/bigquery.dataEditor": (
        "bigquery.models.create",
        "bigquery.models.delete",
        "bigquery.models.updateData",
        "bigquery.models.updateMetadata",
        "bigquery.tables.create",
        "bigquery.tables.delete",
        "bigquery.tables.update",
        "bigquery.tables.updateData",
    ),
    "roles/bigquery.dataOwner": ("bigquery.datasets.delete", "bigquery.datasets.update"),
    "roles/bigquery.dataViewer": (
        "bigquery.datasets.get",
        "bigquery.models.getData",
        "bigquery.models.getMetadata",
        "bigquery.models.list",
        "bigquery.tables.get",
        "bigquery.tables.getData",
        "bigquery.tables.list",
    ),
    "roles/bigquery.jobUser": ("bigquery.jobs.create",),
    "roles/bigquery.user": ("bigquery.datasets.create",),
    "roles/browser": ("resourcemanager.projects.get",),
    "roles/resourcemanager.projectIamAdmin": (
        "resourcemanager.projects.getIamPolicy",
        "resourcemanager.projects.setIamPolicy",
    ),
    "roles/serviceusage.serviceUsageConsumer": ("serviceusage.services.get", "serviceusage.services.use"),
}
ROLE_OF: Final[Mapping[str, str]] = {
    permission: role for role, permissions in _PERMISSIONS.items() for permission in permissions
}
"""The smallest predefined role for what bqvision asks for: https://cloud.google.com/iam/docs/roles-permissions."""
