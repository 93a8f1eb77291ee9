"""Typed image analysis in BigQuery: ask Gemini about every image in a bucket, get typed records, lose no row."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bqvision import local, testing
    from bqvision._propagation import GrantProgress
    from bqvision._retry import RetryPolicy
    from bqvision.analysis import Analysis
    from bqvision.cleanup import CleanUp
    from bqvision.client import Client
    from bqvision.connection import Connection, ConnectionInfo
    from bqvision.contents import ContentInfo, Contents, Leftover
    from bqvision.dataset import Dataset, DatasetInfo, TableInfo
    from bqvision.doctor.report import Check, CheckStatus, Diagnosis
    from bqvision.errors import (
        AlreadyExistsError,
        ApiDisabledError,
        AuthError,
        BillingError,
        BqvisionError,
        BucketPermissionError,
        ConfigurationError,
        ConnectionNotFoundError,
        ConnectionPermissionError,
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
        LocationError,
        MissingExtraError,
        ModelRetiredError,
        NotFoundError,
        PartialReadError,
        PermissionDeniedError,
        QuotaError,
        RateLimitError,
        ReadError,
        ReservationError,
        RunError,
        ServiceError,
        UnavailableError,
        UnexpectedError,
        UnsupportedError,
    )
    from bqvision.estimates import Cost, Estimate, Prices, TokenBasis
    from bqvision.evaluating.comparing import compare
    from bqvision.evaluating.comparison import Comparison, ComparisonRow
    from bqvision.evaluating.evaluation import Evaluation, evaluate
    from bqvision.evaluating.matching import Verdict
    from bqvision.evaluating.scores import FieldScore, Miss, OutcomeScore, Unmatched
    from bqvision.evaluating.truth import TruthSource
    from bqvision.grants import Grants
    from bqvision.limits import RunOptions, Stop, StopReason
    from bqvision.object_table import ObjectInfo, ObjectTable, ObjectTableInfo, SignedUrl
    from bqvision.planning import Refused, RunPlan
    from bqvision.questions import EndpointOptions, GenerateOptions, ModelOptions
    from bqvision.records import Extracted, ImageResult, Outcome, PosterResult, Usage
    from bqvision.remote_model import RemoteModel, RemoteModelInfo
    from bqvision.report import RunReport
    from bqvision.run import AnalysisRun
    from bqvision.schema import Describe
    from bqvision.sql.compose import Parameter, Statement
    from bqvision.sql.names import ConnectionName, DatasetName, DefaultConnection, ModelName, TableName
    from bqvision.values import (
        BoolResult,
        CategoriesResult,
        CategoryResult,
        ConditionResult,
        FloatResult,
        IntResult,
        ScoreResult,
    )

__version__ = "0.1.0"

# Where each public name lives; loaded when it is first asked for, so that importing the package stays cheap.
_HOMES = {
    "Analysis": "analysis",
    "AnalysisRun": "run",
    "BoolResult": "values",
    "CategoriesResult": "values",
    "CategoryResult": "values",
    "Check": "doctor.report",
    "CheckStatus": "doctor.report",
    "CleanUp": "cleanup",
    "Client": "client",
    "Comparison": "evaluating.comparison",
    "ComparisonRow": "evaluating.comparison",
    "ConditionResult": "values",
    "Connection": "connection",
    "ConnectionInfo": "connection",
    "ConnectionName": "sql.names",
    "ContentInfo": "contents",
    "Contents": "contents",
    "Cost": "estimates",
    "Dataset": "dataset",
    "DatasetInfo": "dataset",
    "DatasetName": "sql.names",
    "DefaultConnection": "sql.names",
    "Describe": "schema",
    "Diagnosis": "doctor.report",
    "EndpointOptions": "questions",
    "Estimate": "estimates",
    "Evaluation": "evaluating.evaluation",
    "Extracted": "records",
    "FieldScore": "evaluating.scores",
    "FloatResult": "values",
    "GenerateOptions": "questions",
    "GrantProgress": "_propagation",
    "Grants": "grants",
    "ImageResult": "records",
    "IntResult": "values",
    "Leftover": "contents",
    "Miss": "evaluating.scores",
    "ModelName": "sql.names",
    "ModelOptions": "questions",
    "ObjectInfo": "object_table",
    "ObjectTable": "object_table",
    "ObjectTableInfo": "object_table",
    "Outcome": "records",
    "OutcomeScore": "evaluating.scores",
    "Parameter": "sql.compose",
    "PosterResult": "records",
    "Prices": "estimates",
    "Refused": "planning",
    "RemoteModel": "remote_model",
    "RemoteModelInfo": "remote_model",
    "RetryPolicy": "_retry",
    "RunOptions": "limits",
    "RunPlan": "planning",
    "RunReport": "report",
    "ScoreResult": "values",
    "SignedUrl": "object_table",
    "Statement": "sql.compose",
    "Stop": "limits",
    "StopReason": "limits",
    "TableInfo": "dataset",
    "TableName": "sql.names",
    "TokenBasis": "estimates",
    "TruthSource": "evaluating.truth",
    "Unmatched": "evaluating.scores",
    "Usage": "records",
    "Verdict": "evaluating.matching",
    "compare": "evaluating.comparing",
    "evaluate": "evaluating.evaluation",
}

__all__ = [
    "AlreadyExistsError",
    "Analysis",
    "AnalysisRun",
    "ApiDisabledError",
    "AuthError",
    "BillingError",
    "BoolResult",
    "BqvisionError",
    "BucketPermissionError",
    "CategoriesResult",
    "CategoryResult",
    "Check",
    "CheckStatus",
    "CleanUp",
    "Client",
    "Comparison",
    "ComparisonRow",
    "ConditionResult",
    "ConfigurationError",
    "Connection",
    "ConnectionInfo",
    "ConnectionName",
    "ConnectionNotFoundError",
    "ConnectionPermissionError",
    "ContentInfo",
    "Contents",
    "Cost",
    "Dataset",
    "DatasetInfo",
    "DatasetName",
    "DefaultConnection",
    "Describe",
    "Diagnosis",
    "EndpointOptions",
    "Estimate",
    "Evaluation",
    "Extracted",
    "FieldScore",
    "FloatResult",
    "GenerateOptions",
    "GrantProgress",
    "Grants",
    "IdCollisionError",
    "ImageResult",
    "IntResult",
    "IntegrityError",
    "InvalidInputError",
    "InvalidQueryError",
    "JobCancelledError",
    "JobError",
    "JobFailedError",
    "JobLostError",
    "JobTimeoutError",
    "Leftover",
    "LocalServerError",
    "LocationError",
    "Miss",
    "MissingExtraError",
    "ModelName",
    "ModelOptions",
    "ModelRetiredError",
    "NotFoundError",
    "ObjectInfo",
    "ObjectTable",
    "ObjectTableInfo",
    "Outcome",
    "OutcomeScore",
    "Parameter",
    "PartialReadError",
    "PermissionDeniedError",
    "PosterResult",
    "Prices",
    "QuotaError",
    "RateLimitError",
    "ReadError",
    "Refused",
    "RemoteModel",
    "RemoteModelInfo",
    "ReservationError",
    "RetryPolicy",
    "RunError",
    "RunOptions",
    "RunPlan",
    "RunReport",
    "ScoreResult",
    "ServiceError",
    "SignedUrl",
    "Statement",
    "Stop",
    "StopReason",
    "TableInfo",
    "TableName",
    "TokenBasis",
    "TruthSource",
    "UnavailableError",
    "UnexpectedError",
    "Unmatched",
    "UnsupportedError",
    "Usage",
    "Verdict",
    "compare",
    "evaluate",
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
