"""Names in statements, completed as BigQuery completes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bqvision.local.catalog import ConnectionName, DatasetName, ResourceName
from bqvision.local.protocol import ApiError, Object, as_text

if TYPE_CHECKING:
    from collections.abc import Sequence


class Names:
    """Completes the names of one job's statements.

    Args:
        project: The job's project.
        default_dataset: The job's default dataset, as REST has it.
        location: Where the job runs, and connections are looked for.
    """

    def __init__(self, project: str, default_dataset: Object, location: str) -> None:
        self.project: str = project
        """The job's project."""
        self._default = default_dataset
        self.location: str = location
        """Where the job runs."""

    def complete(self, path: Sequence[str]) -> bool:
        """Say whether a path can be a table: a single word may also be a name that WITH gives."""
        return len(path) in {2, 3} or (len(path) == 1 and bool(self._default.get("datasetId")))

    def resource(self, path: Sequence[str]) -> ResourceName:
        """Return the table or model that a path names.

        Raises:
            ApiError: It has no dataset, or too many parts.
        """
        if len(path) == 3:
            return ResourceName(*path)
        if len(path) == 2:
            return ResourceName(self.project, *path)
        dataset = as_text(self._default.get("datasetId"))
        if len(path) != 1 or not dataset:
            name = ".".join(path)
            raise ApiError(
                "invalid", f'Table "{name}" must be qualified with a dataset (e.g. dataset.table).'
            )
        return ResourceName(as_text(self._default.get("projectId"), self.project), dataset, path[0])

    def dataset(self, path: Sequence[str]) -> DatasetName:
        """Return the dataset that a path names."""
        if len(path) not in {1, 2}:
            raise ApiError("invalid", f"{'.'.join(path)} is no name of a dataset")
        return DatasetName(*path) if len(path) == 2 else DatasetName(self.project, path[0])

    def connection(self, name: str | Sequence[str]) -> ConnectionName:
        """Return the connection that a dotted name stands for."""
        parts = name.split(".") if isinstance(name, str) else list(name)
        if not 1 <= len(parts) <= 3 or not all(parts):
            raise ApiError("invalid", f"{'.'.join(parts)} is no name of a connection")
        project, location = [self.project, self.location, *parts[:-1]][-2:]
        if len(parts) == 2:
            project = self.project
        return ConnectionName(project, location.lower(), parts[-1])
