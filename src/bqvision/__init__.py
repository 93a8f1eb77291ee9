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
    from bqvision.evaluating.comparing import compare
    from bqvision.evaluating.comparison import Comparison, ComparisonRow
    from bqvision.evaluating.evaluation import Evaluation, evaluate
    from bqvision.evaluating.matching import Verdict
    from bqvision.evaluating.scores import FieldScore, Miss, OutcomeScore, Unmatched
    from bqvision.evaluating.truth import TruthSource
    from bqvision.limits import RunOptions, Stop, StopReason
    from bqvision.object_table import ObjectInfo, ObjectTable, ObjectTableInfo, SignedUrl
    from bqvision.questions import EndpointOptions, GenerateOptions, ModelOptions
    from bqvision.records import Extracted, ImageResult, Outcome, PosterResult, Usage
    from bqvision.remote_model import RemoteModel, RemoteModelInfo
    from bqvision.report import RunReport
    from bqvision.run import AnalysisRun
    from bqvision.schema import Describe
    from bqvision.sql.compose import Parameter, Statement
    from bqvision.sql.names import DatasetName, ModelName, TableName
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
    "Client": "client",
    "Comparison": "evaluating.comparison",
    "ComparisonRow": "evaluating.comparison",
    "ConditionResult": "values",
    "Dataset": "dataset",
    "DatasetInfo": "dataset",
    "DatasetName": "sql.names",
    "Describe": "schema",
    "EndpointOptions": "questions",
    "Evaluation": "evaluating.evaluation",
    "Extracted": "records",
    "FieldScore": "evaluating.scores",
    "FloatResult": "values",
    "GenerateOptions": "questions",
    "ImageResult": "records",
    "IntResult": "values",
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
    "RemoteModel": "remote_model",
    "RemoteModelInfo": "remote_model",
    "RetryPolicy": "_retry",
    "RunOptions": "limits",
    "RunReport": "report",
    "ScoreResult": "values",
    "SignedUrl": "object_table",
    "Statement": "sql.compose",
    "Stop": "limits",
    "StopReason": "limits",
    "TableInfo": "dataset",
    "TableName": "sql.names",
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
    "AuthError",
    "BillingError",
    "BoolResult",
    "BqvisionError",
    "CategoriesResult",
    "CategoryResult",
    "Client",
    "Comparison",
    "ComparisonRow",
    "ConditionResult",
    "ConfigurationError",
    "Dataset",
    "DatasetInfo",
    "DatasetName",
    "Describe",
    "EndpointOptions",
    "Evaluation",
    "Extracted",
    "FieldScore",
    "FloatResult",
    "GenerateOptions",
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
    "LocalServerError",
    "Miss",
    "MissingExtraError",
    "ModelName",
    "ModelOptions",
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
    "QuotaError",
    "RateLimitError",
    "ReadError",
    "RemoteModel",
    "RemoteModelInfo",
    "RetryPolicy",
    "RunError",
    "RunOptions",
    "RunReport",
    "ScoreResult",
    "ServiceError",
    "SignedUrl",
    "Statement",
    "Stop",
    "StopReason",
    "TableInfo",
    "TableName",
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
