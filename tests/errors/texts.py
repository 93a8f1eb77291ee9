"""What Google's services say when a set-up is not right, and what must come of it."""

from __future__ import annotations

from dataclasses import dataclass

from bqvision import errors

ACCOUNT = "bqcx-123456789012-ab1c@gcp-sa-bigquery-condel.iam.gserviceaccount.com"
MEMBER = f"serviceAccount:{ACCOUNT}"
NO_ACCOUNT = 'ACCOUNT is what client.connection("CONNECTION").describe().service_account says.'
READ_POSTERS = (
    "gcloud storage buckets add-iam-policy-binding gs://posters "
    f"--member={MEMBER} --role=roles/storage.objectViewer "
)


def on_project(project: str, role: str, member: str = "user:YOU@EXAMPLE.COM") -> str:
    """The line that grants a role on a project."""
    return (
        f"gcloud projects add-iam-policy-binding {project} --member={member} --role={role} --condition=None "
    )


def reserve(project: str) -> str:
    """The line that makes a reservation."""
    return f"bq mk --reservation --project_id={project} --location=LOCATION --edition=ENTERPRISE "


@dataclass(frozen=True)
class Said:
    """One text, as a request of the project my-project is answered with it."""

    text: str
    error: type[errors.BqvisionError]
    line: str
    """What the next step holds, to the letter."""
    reason: str = "accessDenied"
    status: int = 403


TEXTS = (
    Said(
        f"{ACCOUNT} does not have the permission to access or use the endpoint. Please grant the Vertex AI "
        "user role to "
        f"{ACCOUNT} following "
        "https://cloud.google.com/bigquery/docs/generate-text-tutorial#grant-permissions. If issue "
        "persists, contact bqml-feedback@google.com for help.",
        errors.ConnectionPermissionError,
        f'GRANT `roles/aiplatform.user` ON PROJECT `my-project` TO "{MEMBER}" ',
        reason="invalidQuery",
        status=400,
    ),
    Said(
        "Permission denied: does not have the permission to access or use the endpoint",
        errors.ConnectionPermissionError,
        NO_ACCOUNT,
    ),
    Said(
        "Permission 'aiplatform.endpoints.predict' denied on resource "
        "'//aiplatform.googleapis.com/projects/our-models/"
        "locations/us-east4/publishers/google/models/gemini-pro' (or it may not exist).",
        errors.ConnectionPermissionError,
        'GRANT `roles/aiplatform.user` ON PROJECT `our-models` TO "serviceAccount:ACCOUNT" ',
    ),
    Said(
        f"Access Denied: BigQuery BigQuery: Permission denied while globbing file pattern. {ACCOUNT} does not have "
        "storage.objects.list access to the Google Cloud Storage bucket. Permission 'storage.objects.list' denied on "
        "resource (or it may not exist). Please make sure gs://posters/*/*.jpg is accessible via "
        "appropriate IAM roles, "
        "e.g. Storage Object Viewer or Storage Object Creator.",
        errors.BucketPermissionError,
        READ_POSTERS,
    ),
    Said(
        "Access Denied: BigQuery BigQuery: Permission denied while globbing file pattern.",
        errors.BucketPermissionError,
        NO_ACCOUNT,
    ),
    Said("Permission denied while reading", errors.BucketPermissionError, NO_ACCOUNT),
    Said(
        f"PERMISSION_DENIED: Permission denied while reading gs://posters/a b.jpg: {ACCOUNT} does not have "
        "storage.objects.get access to the Google Cloud Storage object.",
        errors.BucketPermissionError,
        READ_POSTERS,
    ),
    Said(
        "films@example.com does not have storage.objects.get access to the Google Cloud Storage object. Permission "
        "'storage.objects.get' denied on resource (or it may not exist).",
        errors.BucketPermissionError,
        "gs://BUCKET --member=user:films@example.com --role=roles/storage.objectViewer ",
    ),
    Said(
        "Not found: Connection projects/our-data/locations/us/connections/vision",
        errors.ConnectionNotFoundError,
        'client.connection("vision", location="us").create()',
        reason="notFound",
        status=404,
    ),
    Said(
        "Not found: Connection my-project.europe-west4.vision",
        errors.ConnectionNotFoundError,
        'client.connection("vision", location="europe-west4").create()',
        reason="notFound",
        status=404,
    ),
    Said(
        "Not found: Connection us.vision",
        errors.ConnectionNotFoundError,
        'client.connection("vision", location="us").create()',
        reason="notFound",
        status=404,
    ),
    Said(
        "Not found: Connection vision",
        errors.ConnectionNotFoundError,
        'client.connection("vision", location="LOCATION").create()',
        reason="notFound",
        status=404,
    ),
    Said(
        "Access Denied: Connection our-data.us.vision: User does not have bigquery.connections.use permission for "
        "connection our-data.us.vision.",
        errors.ConnectionPermissionError,
        "bq add-iam-policy-binding --connection --member=user:YOU@EXAMPLE.COM --role=roles/bigquery.connectionUser "
        "our-data.us.vision ",
    ),
    Said(
        "Access Denied: Connection projects/our-data/locations/eu/connections/vision: User does not have "
        "bigquery.connections.delegate permission for connection projects/our-data/locations/eu/connections/vision.",
        errors.ConnectionPermissionError,
        "--role=roles/bigquery.connectionAdmin our-data.eu.vision ",
    ),
    Said(
        "Billing has not been enabled for this project. Enable billing at "
        "https://console.cloud.google.com/billing. DML "
        "queries are not allowed in the free tier. Set up a billing account to remove this restriction.",
        errors.BillingError,
        "gcloud billing projects link my-project --billing-account=ACCOUNT_ID ",
        reason="billingNotEnabled",
    ),
    Said(
        "Project our-data (#808448574146) has billing disabled. Please enable it.",
        errors.BillingError,
        "gcloud billing projects link our-data --billing-account=ACCOUNT_ID ",
        reason="forbidden",
    ),
    Said(
        "This API method requires billing to be enabled. Please enable billing on project #532202917955 by visiting "
        "https://console.developers.google.com/billing/enable?project=532202917955 then retry.",
        errors.BillingError,
        "gcloud billing projects link 532202917955 --billing-account=ACCOUNT_ID ",
        reason="forbidden",
    ),
    Said(
        "Publisher Model `projects/our-data/locations/us/publishers/google/models/gemini-1.0-pro` was not "
        "found or your "
        "project does not have access to it. Please ensure you are using a valid model version. For more information, "
        "see: https://cloud.google.com/vertex-ai/generative-ai/docs/learn/model-versions",
        errors.ModelRetiredError,
        "gemini-1.0-pro is withdrawn, or not offered at us.",
        reason="notFound",
        status=404,
    ),
    Said(
        "NOT_FOUND: Publisher Model `projects/our-data/locations/us-central1/publishers/google/models/"
        "gemini-2.5-pro-preview-06-05` not found.",
        errors.ModelRetiredError,
        "gemini-2.5-pro-preview-06-05 is withdrawn, or not offered at us-central1.",
        reason="invalidQuery",
        status=400,
    ),
    Said(
        "Not found: Dataset my-project:films was not found in location EU",
        errors.LocationError,
        'client.dataset("my-project.films").describe().location',
        reason="notFound",
        status=404,
    ),
    Said(
        "Cannot parse  as CloudRegion.",
        errors.LocationError,
        "Client(project=..., location=...)",
        reason="badRequest",
        status=400,
    ),
    Said(
        "Cannot read and write in different locations: source: us-east1, destination: asia-northeast1",
        errors.LocationError,
        'client.dataset(..., location="us-east1")',
        reason="invalid",
        status=400,
    ),
    Said(
        "Training Matrix Factorization models is not available for on-demand usage. To train, please set "
        "up a reservation "
        "(flex or regular) based on instructions in BigQuery public docs.",
        errors.ReservationError,
        reserve("my-project"),
        reason="invalidQuery",
        status=400,
    ),
    Said(
        "Using BQML related functionalities is disallowed in STANDARD edition.",
        errors.ReservationError,
        reserve("my-project"),
        reason="invalidQuery",
        status=400,
    ),
    Said(
        "ML.GENERATE_TEXT over this model requires an Enterprise or Enterprise Plus reservation.",
        errors.ReservationError,
        reserve("my-project"),
    ),
    Said(
        "Access Denied: Project our-data: User does not have bigquery.jobs.create permission in project our-data.",
        errors.PermissionDeniedError,
        on_project("our-data", "roles/bigquery.jobUser"),
    ),
    Said(
        "Access Denied: Project our-data: The user films@example.com does not have bigquery.jobs.create permission in "
        "project our-data.",
        errors.PermissionDeniedError,
        on_project("our-data", "roles/bigquery.jobUser", "user:films@example.com"),
    ),
    Said(
        "Access Denied: Project our-data: User does not have bigquery.datasets.create permission in project our-data.",
        errors.PermissionDeniedError,
        on_project("our-data", "roles/bigquery.user"),
    ),
    Said(
        "Access Denied: Table our-data:films.posters: Permission bigquery.tables.getData denied on table "
        "our-data:films.posters (or it may not exist).",
        errors.PermissionDeniedError,
        'GRANT `roles/bigquery.dataViewer` ON SCHEMA `our-data.films` TO "user:YOU@EXAMPLE.COM" ',
    ),
    Said(
        "Access Denied: Dataset example.com:our-data:films: Permission bigquery.tables.create denied on dataset "
        "example.com:our-data:films (or it may not exist).",
        errors.PermissionDeniedError,
        'GRANT `roles/bigquery.dataEditor` ON SCHEMA `example.com:our-data.films` TO "user:YOU@EXAMPLE.COM" ',
    ),
    Said(
        "Access Denied: Table our-data:films.posters: User does not have permission to query table "
        "our-data:films.posters, or perhaps it does not exist in location US.",
        errors.PermissionDeniedError,
        'GRANT `roles/bigquery.dataViewer` ON SCHEMA `our-data.films` TO "user:YOU@EXAMPLE.COM" ',
    ),
    Said(
        "Permission 'resourcemanager.projects.setIamPolicy' denied on resource "
        "'//cloudresourcemanager.googleapis.com/projects/our-data' (or it may not exist).",
        errors.PermissionDeniedError,
        on_project("our-data", "roles/resourcemanager.projectIamAdmin"),
        reason="forbidden",
    ),
    Said(
        "Caller does not have required permission to use project our-data. Grant the caller the "
        "roles/serviceusage.serviceUsageConsumer role, or a custom role with the "
        "serviceusage.services.use permission, by "
        "visiting https://console.developers.google.com/iam-admin/iam/project?project=our-data and then retry.",
        errors.PermissionDeniedError,
        on_project("our-data", "roles/serviceusage.serviceUsageConsumer"),
        reason="forbidden",
    ),
    Said(
        "VPC Service Controls: Request is prohibited by organization's policy. "
        "vpcServiceControlsUniqueIdentifier: aB3-x",
        errors.PermissionDeniedError,
        "service perimeter",
        reason="policyViolation",
    ),
    Said(
        "BigQuery Connection API has not been used in project 123456789012 before or it is disabled. "
        "Enable it by visiting "
        "https://console.developers.google.com/apis/api/bigqueryconnection.googleapis.com/overview?p"
        "roject=123456789012 "
        "then retry. If you enabled this API recently, wait a few minutes for the action to propagate to "
        "our systems and "
        "retry.",
        errors.ApiDisabledError,
        "gcloud services enable bigqueryconnection.googleapis.com --project=123456789012 ",
    ),
    Said(
        "Access Not Configured. Vertex AI API has not been used in project our-data before or it is "
        "disabled. Enable it by "
        "visiting https://console.developers.google.com/apis/api/aiplatform.googleapis.com/overview?project=our-data",
        errors.ApiDisabledError,
        "gcloud services enable aiplatform.googleapis.com --project=our-data ",
    ),
    Said(
        "The project our-data has not enabled BigQuery.",
        errors.ApiDisabledError,
        "gcloud services enable bigquery.googleapis.com --project=our-data ",
        reason="invalid",
        status=400,
    ),
    Said(
        f"Service account {ACCOUNT} does not exist.",
        errors.NotFoundError,
        "wait, and run it again",
        reason="badRequest",
        status=400,
    ),
    Said(
        "Quota exceeded for aiplatform.googleapis.com/online_prediction_requests_per_base_model with base model: "
        "textembedding-gecko. Please submit a quota increase request.",
        errors.QuotaError,
        "https://console.cloud.google.com/iam-admin/quotas?project=my-project",
        reason="quotaExceeded",
    ),
)
