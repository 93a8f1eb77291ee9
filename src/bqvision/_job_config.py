"""What one job is: its id, its configuration, and whether a job that is there already is the same."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from google.cloud.bigquery import ArrayQueryParameter, QueryJobConfig, ScalarQueryParameter
    from google.cloud.bigquery.job import QueryJob

    from bqvision.sql.compose import Parameter, Statement

_OWN_ID: Final = "job_id"
_IDENTITY: Final = frozenset({"fingerprint", "run_id", _OWN_ID})
"""The parameters that say what a batch's job does: the question, the claim and the job."""
_ARRAY: Final = re.compile(r"ARRAY<(\w+)>")


def job_stem(label: str, *, project: str, location: str | None, key: str) -> str:
    """Return a job id without its attempt: the same for the same label, place and key.

    The statement's text has no part in it, so that two versions of this library that put the same thing in other
    words meet in one job.

    Args:
        label: The statement's label.
        project: Who is billed.
        location: Where it runs.
        key: What the job does, and for whom.
    """
    place = None if location is None else location.lower()  # US and us are one place
    identity = json.dumps([project, place, label, key])
    return f"bqv_{label}_{hashlib.sha256(identity.encode()).hexdigest()[:20]}"


def with_job_id(statement: Statement, job_id: str) -> Statement:
    """Return a statement that knows the job it runs as.

    A statement asks for that by a parameter ``job_id``, whatever its value: an id that says which statement it is
    can't stand in that statement's own text.

    Args:
        statement: What the job runs.
        job_id: The job.
    """
    filled = tuple(
        replace(parameter, value=job_id) if parameter.name == _OWN_ID else parameter
        for parameter in statement.parameters
    )
    return statement if filled == statement.parameters else replace(statement, parameters=filled)


def job_config(statement: Statement, labels: Mapping[str, str]) -> QueryJobConfig:
    """Return google's configuration of the job.

    Args:
        statement: What the job runs.
        labels: The job's labels; the statement's label is added as ``bqvision``.
    """
    from google.cloud.bigquery import QueryJobConfig

    config = QueryJobConfig()
    config.labels = {**labels, "bqvision": statement.label}
    if statement.parameters:
        config.query_parameters = [_google_parameter(parameter) for parameter in statement.parameters]
    return config


def configuration(job: QueryJob) -> Mapping[str, object]:
    """Return a job's configuration as BigQuery describes it.

    Args:
        job: The job; of any type, in spite of the annotation.
    """
    properties: Mapping[str, Mapping[str, object]] = job._properties  # pyright: ignore[reportPrivateUsage]
    return properties.get("configuration", {})


def same_job(resource: Mapping[str, object], statement: Statement) -> bool:
    """Return whether a job does the very work of a statement.

    It does if it runs this text with these parameters; or, put in other words by another version of this library,
    if it knows itself by this id and asks the same question for the same claim.

    Args:
        resource: The job's configuration as BigQuery describes it.
        statement: What it should run.
    """
    query = resource.get("query")
    if not isinstance(query, dict):
        return False
    wanted = [_google_parameter(parameter).to_api_repr() for parameter in statement.parameters]
    given = query.get("queryParameters") or []
    if query.get("query") == statement.sql and given == wanted:
        return True
    identity = [item for item in wanted if item.get("name") in _IDENTITY]
    return len(identity) == len(_IDENTITY) and all(item in given for item in identity)


def _google_parameter(parameter: Parameter) -> ScalarQueryParameter | ArrayQueryParameter:
    from google.cloud.bigquery import ArrayQueryParameter, ScalarQueryParameter

    value = parameter.value
    if isinstance(value, tuple):
        array = _ARRAY.fullmatch(parameter.type)
        return ArrayQueryParameter(parameter.name, array[1] if array else parameter.type, list(value))
    return ScalarQueryParameter(parameter.name, parameter.type, value)
