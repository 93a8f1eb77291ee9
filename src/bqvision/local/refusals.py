"""The texts with which Google's services refuse what a set-up doesn't allow.

A job fails with reason ``accessDenied`` for most of them, a request is answered with 403. Where the texts were
published: text and account of a missing endpoint role in GoogleCloudPlatform/marketing-analytics-jumpstart#192, a
missing bucket role in dbt-labs/docs.getdbt.com#716, permissions of the caller on
https://cloud.google.com/bigquery/docs/troubleshoot-access-control.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bqvision.local.catalog import project_number
from bqvision.local.protocol import ApiError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bqvision.local.catalog import ConnectionName, DatasetName

_APIS: Final[Mapping[str, str]] = {
    "aiplatform.googleapis.com": "Vertex AI API",
    "bigquery.googleapis.com": "BigQuery API",
    "bigqueryconnection.googleapis.com": "BigQuery Connection API",
    "cloudbilling.googleapis.com": "Cloud Billing API",
    "cloudresourcemanager.googleapis.com": "Cloud Resource Manager API",
    "serviceusage.googleapis.com": "Service Usage API",
    "storage.googleapis.com": "Cloud Storage JSON API",
}


def access_denied(what: str) -> ApiError:
    """Return the refusal of what a permission or role is missing for."""
    return ApiError("accessDenied", what)


def permission_denied(permission: str, kind: str, name: str) -> ApiError:
    """Return the refusal of a caller who lacks a permission.

    Args:
        permission: The permission.
        kind: Of what it is: Project, Dataset, Table, Model, Connection; anything else is a resource of another API.
        name: Its name.
    """
    match kind:
        case "Project":
            return access_denied(
                f"Access Denied: Project {name}: User does not have {permission} permission in project {name}."
            )
        case "Connection":
            return access_denied(
                f"Access Denied: Connection {name}: User does not have {permission} permission for connection {name}."
            )
        case "Dataset" | "Table" | "Model":
            where = f"{kind.lower()} {name}"
            return access_denied(
                f"Access Denied: {kind} {name}: Permission {permission} denied on {where} (or it may not exist)."
            )
        case _:
            return access_denied(
                f"Permission '{permission}' denied on resource '{name}' (or it may not exist)."
            )


def api_disabled(service: str, project: str) -> ApiError:
    """Return the refusal of a service that the project has not enabled."""
    number = project_number(project)
    return access_denied(
        f"{_APIS.get(service, service)} has not been used in project {number} before or it is disabled. "
        f"Enable it by visiting https://console.developers.google.com/apis/api/{service}/overview?project={number} "
        "then retry. If you enabled this API recently, wait a few minutes for the action to propagate to our systems "
        "and retry."
    )


def billing_disabled() -> ApiError:
    """Return the refusal of a project without a billing account."""
    return ApiError(
        "billingNotEnabled",
        "Billing has not been enabled for this project. Enable billing at https://console.cloud.google.com/billing.",
    )


def endpoint_denied(account: str) -> str:
    """Return what a model's endpoint says to an account that may not use it."""
    return (
        f"{account} does not have the permission to access or use the endpoint. Please grant the Vertex AI user role "
        "to the service account following https://cloud.google.com/bigquery/docs/generate-text-tutorial"
        "#grant-permissions. If issue persists, contact bqml-feedback@google.com for help."
    )


def listing_denied(account: str, bucket: str) -> ApiError:
    """Return the refusal to list a bucket."""
    return access_denied(
        f"Access Denied: BigQuery BigQuery: Permission denied while globbing file pattern. {account} does not have "
        "storage.objects.list access to the Google Cloud Storage bucket. Permission 'storage.objects.list' denied on "
        f"resource (or it may not exist). Please make sure gs://{bucket}/* is accessible via appropriate IAM roles, "
        "e.g. Storage Object Viewer or Storage Object Creator."
    )


def reading_denied(account: str, bucket: str) -> str:
    """Return what the rows say whose objects in a bucket may not be read."""
    return (
        f"PERMISSION_DENIED: Permission denied while reading gs://{bucket}/*: {account} does not have "
        "storage.objects.get access to the Google Cloud Storage object."
    )


def no_connection(name: ConnectionName) -> ApiError:
    """Return a job's error about a connection that is not there."""
    return ApiError("notFound", f"Not found: Connection {name}")


def no_dataset_there(dataset: DatasetName, location: str) -> ApiError:
    """Return a job's error about a dataset in another location."""
    return ApiError("notFound", f"Not found: Dataset {dataset} was not found in location {location}")
