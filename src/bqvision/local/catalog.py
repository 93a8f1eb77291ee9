"""What the local BigQuery keeps beside the emulator: object tables, remote models, connections."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import time
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, MutableMapping, Sequence
    from pathlib import Path

    from bqvision.local.protocol import Object

DEFAULT_CONNECTION: Final = "__default_cloudresource_connection__"
SCRATCH_DATASET: Final = "_bqvision_scratch"
"""Where the outputs of a model stand while a statement reads them; not listed."""


def project_number(project: str) -> int:
    """Return a project's number: twelve digits that stay the same."""
    return 100_000_000_000 + int(hashlib.sha256(project.encode()).hexdigest(), 16) % 900_000_000_000


def now_ms() -> int:
    """Return the time, in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


class DatasetName(NamedTuple):
    """A dataset's full name."""

    project: str
    dataset: str

    @override
    def __str__(self) -> str:
        return f"{self.project}:{self.dataset}"


class ResourceName(NamedTuple):
    """The full name of a table or model."""

    project: str
    dataset: str
    name: str

    @override
    def __str__(self) -> str:
        return f"{self.project}:{self.dataset}.{self.name}"

    @property
    def parent(self) -> DatasetName:
        """The dataset it stands in."""
        return DatasetName(self.project, self.dataset)

    @property
    def sql(self) -> str:
        """The name as SQL takes it."""
        return f"`{self.project}.{self.dataset}.{self.name}`"


class ConnectionName(NamedTuple):
    """A connection's full name."""

    project: str
    location: str
    name: str

    @override
    def __str__(self) -> str:
        return f"{self.project}.{self.location}.{self.name}"

    @property
    def path(self) -> str:
        """The name as REST has it."""
        return f"projects/{self.project}/locations/{self.location}/connections/{self.name}"


@dataclass(frozen=True, slots=True)
class ObjectTable:
    """An object table."""

    name: ResourceName
    uris: tuple[str, ...]
    connection: str
    max_staleness: str | None = None
    """As REST writes it: ``0-0 0 1:0:0``; None when the metadata is not cached."""
    metadata_cache_mode: str | None = None
    description: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    expires_ms: int | None = None
    created_ms: int = field(default_factory=now_ms)

    @property
    def cached(self) -> bool:
        """Whether queries read a listing that is only renewed by a refresh."""
        return self.max_staleness is not None

    def overlay(self) -> Object:
        """Return what ``tables.get`` says beyond an ordinary table."""
        external: Object = {
            "sourceUris": list(self.uris),
            "objectMetadata": "SIMPLE",
            "connectionId": self.connection,
        }
        body: Object = {"type": "EXTERNAL", "externalDataConfiguration": external}
        if self.metadata_cache_mode is not None:
            external["metadataCacheMode"] = self.metadata_cache_mode
        if self.max_staleness is not None:
            body["maxStaleness"] = self.max_staleness
        if self.description is not None:
            body["description"] = self.description
        if self.labels:
            body["labels"] = dict(self.labels)
        if self.expires_ms is not None:
            body["expirationTime"] = str(self.expires_ms)
        return body


@dataclass(frozen=True, slots=True)
class RemoteModel:
    """A remote model."""

    name: ResourceName
    endpoint: str
    connection: str
    location: str
    options: Mapping[str, str] = field(default_factory=dict[str, str])
    """Description, friendly name and the like, by their REST name."""
    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    created_ms: int = field(default_factory=now_ms)
    modified_ms: int = field(default_factory=now_ms)

    def resource(self) -> Object:
        """Return the model as ``models.get`` has it."""
        name = self.name
        body: Object = {
            "etag": f"{self.modified_ms:x}",
            "modelReference": {
                "projectId": name.project,
                "datasetId": name.dataset,
                "modelId": name.name,
            },
            "creationTime": str(self.created_ms),
            "lastModifiedTime": str(self.modified_ms),
            "modelType": "MODEL_TYPE_UNSPECIFIED",
            "location": self.location,
            "remoteModelInfo": {"endpoint": self.endpoint, "connection": self.connection},
        }
        body.update(self.options)
        if self.labels:
            body["labels"] = dict(self.labels)
        return body


@dataclass(frozen=True, slots=True)
class Connection:
    """A connection to Cloud resources."""

    name: ConnectionName
    friendly_name: str = ""
    description: str = ""
    created_ms: int = field(default_factory=now_ms)
    modified_ms: int = field(default_factory=now_ms)

    @property
    def service_account(self) -> str:
        """The account that it acts as; a connection that is made again has another one."""
        digest = hashlib.sha256(f"{self.name} {self.created_ms}".encode()).digest()
        own = base64.b32encode(digest).decode().lower()[:4]
        return (
            f"bqcx-{project_number(self.name.project)}-{own}@gcp-sa-bigquery-condel.iam.gserviceaccount.com"
        )

    @property
    def member(self) -> str:
        """The account as a policy names it."""
        return f"serviceAccount:{self.service_account}"

    def resource(self) -> Object:
        """Return the connection as the Connection API has it."""
        body: Object = {
            "name": self.name.path,
            "cloudResource": {"serviceAccountId": self.service_account},
            "creationTime": str(self.created_ms),
            "lastModifiedTime": str(self.modified_ms),
        }
        if self.friendly_name:
            body["friendlyName"] = self.friendly_name
        if self.description:
            body["description"] = self.description
        return body


class Catalog:
    """Object tables, remote models and connections, kept in a file if there is one.

    Args:
        file: Where they are kept from start to start; None keeps them in memory.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self.object_tables: dict[ResourceName, ObjectTable] = {}
        self.models: dict[ResourceName, RemoteModel] = {}
        self.connections: dict[ConnectionName, Connection] = {}
        self.default_connections: dict[str, str] = {}
        """Which connection DEFAULT stands for, by ``project.location``, where one was set."""
        self.roles: dict[str, dict[str, list[str]]] = {}
        """Who holds which role on which resource."""
        self.overlays: dict[ResourceName, Object] = {}
        """What ``tables.get`` says of ordinary tables beyond what the emulator keeps."""
        self.views: dict[ResourceName, tuple[ResourceName, ...]] = {}
        """Which object tables stand behind which view."""
        if file is not None and file.exists():
            try:
                self._load(json.loads(file.read_text("utf-8")))
            except (ValueError, KeyError, TypeError) as error:
                raise ValueError(f"{file} is damaged: {error}") from error

    def models_of(self, dataset: DatasetName) -> Iterator[RemoteModel]:
        """Yield a dataset's models by name."""
        return (model for name, model in sorted(self.models.items()) if name.parent == dataset)

    def set_view(self, view: ResourceName, tables: Sequence[ResourceName]) -> None:
        """Note which object tables a view reads; none for what is no view."""
        before = self.views.pop(view, ())
        if tables:
            self.views[view] = tuple(tables)
        if before or tables:
            self.save()

    def drop_dataset(self, dataset: DatasetName) -> None:
        """Forget everything that stands in a dataset."""
        kept: tuple[MutableMapping[ResourceName, Any], ...] = (
            self.object_tables,
            self.models,
            self.overlays,
            self.views,
        )
        for resources in kept:
            for name in [name for name in resources if name.parent == dataset]:
                del resources[name]
        self.save()

    def touch(self, model: RemoteModel, **changes: Any) -> RemoteModel:
        """Change a model."""
        changed = self.models[model.name] = replace(model, modified_ms=now_ms(), **changes)
        self.save()
        return changed

    def save(self) -> None:
        """Write the file, all of it or nothing."""
        if self._file is None:
            return
        text = json.dumps(
            {
                "object_tables": [asdict(table) for table in self.object_tables.values()],
                "models": [asdict(model) for model in self.models.values()],
                "connections": [asdict(connection) for connection in self.connections.values()],
                "default_connections": self.default_connections,
                "roles": self.roles,
                "views": [[view, tables] for view, tables in self.views.items()],
                "overlays": [[list(name), body] for name, body in self.overlays.items()],
            },
            indent=1,
        )
        draft = self._file.with_suffix(".new")
        draft.write_text(text, "utf-8")
        os.replace(draft, self._file)  # noqa: PTH105

    def _load(self, kept: dict[str, Any]) -> None:
        for values in kept["object_tables"]:
            values |= {"name": ResourceName(*values["name"]), "uris": tuple(values["uris"])}
            self.object_tables[values["name"]] = ObjectTable(**values)
        for values in kept["models"]:
            values |= {"name": ResourceName(*values["name"])}
            self.models[values["name"]] = RemoteModel(**values)
        for values in kept["connections"]:
            values |= {"name": ConnectionName(*values["name"])}
            self.connections[values["name"]] = Connection(**values)
        self.default_connections = kept.get("default_connections", {})
        self.roles = kept.get("roles", {})
        for view, tables in kept["views"]:
            self.views[ResourceName(*view)] = tuple(ResourceName(*table) for table in tables)
        for name, body in kept["overlays"]:
            self.overlays[ResourceName(*name)] = body
