"""Typed image analysis in BigQuery: ask Gemini about every image in a bucket, get typed records, lose no row."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bqvision import local, testing
    from bqvision._retry import RetryPolicy
    from bqvision.analysis import Analysis
    from bqvision.client import Client
    from bqvision.dataset import Dataset, DatasetInfo, TableInfo
    from bqvision.errors import (
        AlreadyExistsError,
        AuthError,
        BillingError,
        BqvisionError,
        ConfigurationError,
        IdCollisionError,
        IntegrityError,
        InvalidInputError,
        InvalidQueryError,
        JobCancelledError,
        JobError,
        JobFailedError,
        JobLostError,
        JobTimeoutError,
        LocalServerError,
        MissingExtraError,
        NotFoundError,
        PartialReadError,
        PermissionDeniedError,
        QuotaError,
        RateLimitError,
        ReadError,
        RunError,
        ServiceError,
        UnavailableError,
        UnexpectedError,
        UnsupportedError,
    )
    from bqvision.limits import RunOptions, Stop, StopReason
    from bqvision.object_table import ObjectInfo, ObjectTable, ObjectTableInfo, SignedUrl
    from bqvision.records import ImageResult, Outcome, PosterResult, Usage
    from bqvision.remote_model import RemoteModel, RemoteModelInfo
    from bqvision.report import RunReport
    from bqvision.run import AnalysisRun
    from bqvision.schema import Describe
    from bqvision.sql.compose import Parameter, Statement
    from bqvision.sql.names import DatasetName, ModelName, TableName

__version__ = "0.1.0"

# Where each public name lives; loaded when it is first asked for, so that importing the package stays cheap.
_HOMES = {
    "Analysis": "analysis",
    "AnalysisRun": "run",
    "Client": "client",
    "Dataset": "dataset",
    "DatasetInfo": "dataset",
    "DatasetName": "sql.names",
    "Describe": "schema",
    "ImageResult": "records",
    "ModelName": "sql.names",
    "ObjectInfo": "object_table",
    "ObjectTable": "object_table",
    "ObjectTableInfo": "object_table",
    "Outcome": "records",
    "Parameter": "sql.compose",
    "PosterResult": "records",
    "RemoteModel": "remote_model",
    "RemoteModelInfo": "remote_model",
    "RetryPolicy": "_retry",
    "RunOptions": "limits",
    "RunReport": "report",
    "SignedUrl": "object_table",
    "Statement": "sql.compose",
    "Stop": "limits",
    "StopReason": "limits",
    "TableInfo": "dataset",
    "TableName": "sql.names",
    "Usage": "records",
}

__all__ = [
    "AlreadyExistsError",
    "Analysis",
    "AnalysisRun",
    "AuthError",
    "BillingError",
    "BqvisionError",
    "Client",
    "ConfigurationError",
    "Dataset",
    "DatasetInfo",
    "DatasetName",
    "Describe",
    "IdCollisionError",
    "ImageResult",
    "IntegrityError",
    "InvalidInputError",
    "InvalidQueryError",
    "JobCancelledError",
    "JobError",
    "JobFailedError",
    "JobLostError",
    "JobTimeoutError",
    "LocalServerError",
    "MissingExtraError",
    "ModelName",
    "NotFoundError",
    "ObjectInfo",
    "ObjectTable",
    "ObjectTableInfo",
    "Outcome",
    "Parameter",
    "PartialReadError",
    "PermissionDeniedError",
    "PosterResult",
    "QuotaError",
    "RateLimitError",
    "ReadError",
    "RemoteModel",
    "RemoteModelInfo",
    "RetryPolicy",
    "RunError",
    "RunOptions",
    "RunReport",
    "ServiceError",
    "SignedUrl",
    "Statement",
    "Stop",
    "StopReason",
    "TableInfo",
    "TableName",
    "UnavailableError",
    "UnexpectedError",
    "UnsupportedError",
    "Usage",
    "local",
    "testing",
]


def __getattr__(name: str) -> object:
    if name in {"local", "testing"}:
        return import_module(f"bqvision.{name}")
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"bqvision.{_HOMES.get(name, 'errors')}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
