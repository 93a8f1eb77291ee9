"""The methods of BigQuery's REST API: their names, and the requests that call them."""

from __future__ import annotations

import re
from typing import Final, Literal, TypeAlias, get_args

Operation: TypeAlias = Literal[
    "*",
    "jobs.insert",
    "jobs.get",
    "jobs.list",
    "jobs.cancel",
    "jobs.delete",
    "jobs.query",
    "jobs.getQueryResults",
    "datasets.insert",
    "datasets.get",
    "datasets.list",
    "datasets.patch",
    "datasets.update",
    "datasets.delete",
    "tables.insert",
    "tables.get",
    "tables.list",
    "tables.patch",
    "tables.update",
    "tables.delete",
    "tabledata.list",
    "tabledata.insertAll",
    "models.get",
    "models.list",
    "models.patch",
    "models.delete",
    "connections.create",
    "connections.get",
    "connections.list",
    "connections.patch",
    "connections.delete",
]
"""A method by the name that BigQuery's REST reference has for it; ``*`` is any of them."""

OPERATIONS: Final[tuple[Operation, ...]] = get_args(Operation)

_ID: Final = "[^/]+"
_PROJECT: Final = rf"/bigquery/v2/projects/{_ID}"
_DATASET: Final = rf"{_PROJECT}/datasets/{_ID}"
_PLACES: Final = rf"/v1/projects/{_ID}/locations/{_ID}"


def _collection(kind: str, path: str, make: str = "insert") -> tuple[tuple[str, str, str], ...]:
    """Return the methods of one kind of resource, each with its HTTP method and its path."""
    return (
        (f"{kind}.{make}", "POST", path),
        (f"{kind}.list", "GET", path),
        (f"{kind}.get", "GET", f"{path}/{_ID}"),
        (f"{kind}.patch", "PATCH", f"{path}/{_ID}"),
        (f"{kind}.update", "PUT", f"{path}/{_ID}"),
        (f"{kind}.delete", "DELETE", f"{path}/{_ID}"),
    )


_METHODS: Final = tuple(
    (operation, method, re.compile(pattern))
    for operation, method, pattern in (
        ("jobs.insert", "POST", rf"(?:/upload)?{_PROJECT}/jobs"),
        ("jobs.list", "GET", rf"{_PROJECT}/jobs"),
        ("jobs.get", "GET", rf"{_PROJECT}/jobs/{_ID}"),
        ("jobs.cancel", "POST", rf"{_PROJECT}/jobs/{_ID}/cancel"),
        ("jobs.delete", "DELETE", rf"{_PROJECT}/jobs/{_ID}/delete"),
        ("jobs.query", "POST", rf"{_PROJECT}/queries"),
        ("jobs.getQueryResults", "GET", rf"{_PROJECT}/queries/{_ID}"),
        *_collection("datasets", rf"{_PROJECT}/datasets"),
        *_collection("tables", rf"{_DATASET}/tables"),
        ("tabledata.list", "GET", rf"{_DATASET}/tables/{_ID}/data"),
        ("tabledata.insertAll", "POST", rf"{_DATASET}/tables/{_ID}/insertAll"),
        *_collection("models", rf"{_DATASET}/models"),
        *_collection("connections", rf"{_PLACES}/connections", make="create"),
    )
    if operation in OPERATIONS
)


def operation_of(method: str, path: str) -> str | None:
    """Return the name of the method that a request calls.

    Args:
        method: The HTTP method.
        path: The decoded path, with the API's own prefix.

    Returns:
        The name; None for a request that calls none of BigQuery's.
    """
    return next(
        (name for name, verb, pattern in _METHODS if verb == method and pattern.fullmatch(path)),
        None,
    )
