"""The least permissions that set-up, building and analysing need, as data.

Sources are the "Required permissions" of https://docs.cloud.google.com/bigquery/docs/object-tables,
https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/bigqueryml-syntax-create-remote-model,
https://docs.cloud.google.com/bigquery/docs/default-connections and
https://docs.cloud.google.com/bigquery/docs/work-with-objectref; the roles are those of
https://docs.cloud.google.com/bigquery/docs/access-control.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from bqvision.grants import BUCKET_ROLE
from bqvision.sql.connections import MODEL_ROLE

Scope: TypeAlias = Literal["project", "dataset", "connection"]
"""The narrowest resource on which a permission can be held."""

CALLS_GEMINI: Final = frozenset(
    {MODEL_ROLE, "roles/aiplatform.admin", "roles/aiplatform.serviceAgent", "roles/owner", "roles/editor"}
)
"""The roles that let an account call Gemini."""
READS_BUCKETS: Final = frozenset(
    {BUCKET_ROLE, "roles/storage.objectUser", "roles/storage.objectAdmin", "roles/storage.admin"}
)
"""The roles that let an account list and read objects, on a bucket or its project."""
READS_IN_TWO: Final = frozenset({"roles/storage.legacyBucketReader", "roles/storage.legacyObjectReader"})
"""The two roles, on a bucket only, that do so together; BigQuery grants them to the default connection."""

APIS: Final = (
    "bigquery.googleapis.com",
    "bigqueryconnection.googleapis.com",
    "aiplatform.googleapis.com",
    "storage.googleapis.com",
)
"""The services that are called, by bqvision or by BigQuery."""


@dataclass(frozen=True, slots=True)
class Permission:
    """One permission of the caller."""

    name: str
    role: str
    """The narrowest predefined role that holds it."""
    scope: Scope


_DATA_EDITOR: Final = "roles/bigquery.dataEditor"
_CONNECTION_ADMIN: Final = "roles/bigquery.connectionAdmin"
_CONNECTION_USER: Final = "roles/bigquery.connectionUser"

_RUN_JOBS: Final = Permission("bigquery.jobs.create", "roles/bigquery.jobUser", "project")
_USE_CONNECTION: Final = (
    Permission("bigquery.connections.use", _CONNECTION_USER, "connection"),
    Permission("bigquery.connections.delegate", _CONNECTION_ADMIN, "connection"),
)

SET_UP: Final = (
    Permission("bigquery.datasets.create", "roles/bigquery.user", "project"),
    Permission("bigquery.connections.create", _CONNECTION_ADMIN, "project"),
    Permission("bigquery.connections.get", _CONNECTION_USER, "connection"),
    *_USE_CONNECTION,
    Permission("resourcemanager.projects.get", "roles/browser", "project"),
    Permission("resourcemanager.projects.setIamPolicy", "roles/resourcemanager.projectIamAdmin", "project"),
)
"""Once for each project: the dataset, the connection, and the roles of the connection's account."""

DEFAULT_CONNECTION: Final = (
    Permission("bigquery.config.get", "roles/bigquery.user", "project"),
    Permission("bigquery.config.update", "roles/bigquery.admin", "project"),
)
"""Beside `SET_UP`, where BigQuery has yet to make the project's default connection."""

BUILD: Final = (
    _RUN_JOBS,
    Permission("bigquery.tables.create", _DATA_EDITOR, "dataset"),
    Permission("bigquery.tables.getData", _DATA_EDITOR, "dataset"),
    Permission("bigquery.tables.update", _DATA_EDITOR, "dataset"),
    Permission("bigquery.tables.updateData", _DATA_EDITOR, "dataset"),
    Permission("bigquery.models.create", _DATA_EDITOR, "dataset"),
    Permission("bigquery.models.getData", _DATA_EDITOR, "dataset"),
    Permission("bigquery.models.updateData", _DATA_EDITOR, "dataset"),
    Permission("bigquery.models.updateMetadata", _DATA_EDITOR, "dataset"),
    *_USE_CONNECTION,
)
"""For object tables and remote models."""

ANALYSE: Final = (
    _RUN_JOBS,
    Permission("bigquery.tables.create", _DATA_EDITOR, "dataset"),
    Permission("bigquery.tables.delete", _DATA_EDITOR, "dataset"),
    Permission("bigquery.tables.get", _DATA_EDITOR, "dataset"),
    Permission("bigquery.tables.getData", _DATA_EDITOR, "dataset"),
    Permission("bigquery.tables.updateData", _DATA_EDITOR, "dataset"),
    Permission("bigquery.models.getData", _DATA_EDITOR, "dataset"),
    Permission("bigquery.models.getMetadata", _DATA_EDITOR, "dataset"),
    Permission("bigquery.objectRefs.read", "roles/bigquery.objectRefReader", "connection"),
)
"""For every run: the results table, the work table that each run makes and drops, and reading through ``ref``."""

AS_CALLER: Final = (Permission("aiplatform.endpoints.predict", MODEL_ROLE, "project"),)
"""Beside `ANALYSE`, where Gemini is asked with neither a remote model nor a connection; see
https://docs.cloud.google.com/bigquery/docs/permissions-for-ai-functions."""

ALL: Final = tuple(dict.fromkeys((*SET_UP, *DEFAULT_CONNECTION, *BUILD, *ANALYSE, *AS_CALLER)))
"""All of them, asked for in one request."""
