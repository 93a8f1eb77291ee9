"""The texts with which Google's services refuse a set-up, and what to do about each.

A text counts only where what the server said begins with it, so that nothing that the server quotes, be it a prompt, a
name or a file, is taken for one. Only what is made of the characters of names is filled into a line.

Google publishes no list of them: beside each stands where people met it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from bqvision import errors


@dataclass(frozen=True, slots=True)
class Riddle:
    """One text that names the wrong thing, or no way out."""

    text: re.Pattern[str]
    """Its part that stays the same; the groups are the names in it."""
    error: type[errors.BqvisionError]
    next_step: str
    """What to do; the names that `bqvision._solutions` fills in stand in braces."""
    role: str = ""
    """The role that is missing; empty if it is another matter, or the permission in the text says which."""


_SOON: Final = "it takes effect after some minutes"

_LEAD: Final = (
    r"(?:(?:Access Denied|Access Not Configured|BigQuery BigQuery|Query error|Permission[ _]denied|Invalid[ _]argument"
    r"|Forbidden|Error)[:.] *|\d{3} +)*"
)
"""What one service or another puts before the same text."""
_ACCOUNT: Final = r"(?P<account>[\w.+-]{1,64}@[\w.-]{1,100})"
_PROJECT: Final = r"(?P<project>(?:[a-z0-9-]{1,60}\.[a-z0-9.-]{1,60}:)?[a-z0-9-]{1,60})"
_LOCATION: Final = r"(?P<location>[a-z0-9-]{1,40})"
_CONNECTION: Final = (
    rf"(?:(?:(?:projects/)?{_PROJECT}(?:/locations/|\.))?{_LOCATION}(?:/connections/|\.))?"
    r"(?P<connection>[\w-]{1,200})"
)
_DATASET: Final = rf"{_PROJECT}[:.](?P<dataset>\w{{1,1024}})"
_BUCKET: Final = r"gs://(?P<bucket>[a-z0-9][a-z0-9._-]{1,220})"
_NAMED_BUCKET: Final = rf"(?:.*?Please make sure {_BUCKET})?"
_PERMISSION: Final = r"(?P<permission>[a-z]+\.[a-z]+\.[a-z]+)"
_RESOURCE: Final = rf"denied on resource '(?://[a-z.]+\.googleapis\.com/)?projects/{_PROJECT}"
_CONDITION: Final = r"[a-z][\w ./()-]{0,120}?"
"""The beginning of a sentence that names a feature and quotes nothing."""

_ENDPOINT: Final = (
    "The connection's service account {account} lacks {role}. The project's owner runs: {grant} (or in Python "
    f'client.connection("{{connection}}").grant(); {_SOON}).{{who}}'
)
_READ: Final = (
    "The connection's service account {account} may not read the bucket. Its owner runs: gcloud storage buckets "
    f"add-iam-policy-binding gs://{{bucket}} --member={{member}} --role={{role}} ({_SOON}).{{who}}"
)
_ASK: Final = (
    "gcloud projects add-iam-policy-binding {project} --member={caller} --role={role} --condition=None "
    f"({_SOON})."
)
_CALLER: Final = "You lack {permission}. The project's owner runs: " + _ASK
_ON_DATASET: Final = (
    'You lack {role}. The dataset\'s owner runs: GRANT `{role}` ON SCHEMA `{project}.{dataset}` TO "{caller}" '
    "(what does not exist, or not at this location, is refused in the same words)."
)
_BILL: Final = (
    "Who may bill runs: gcloud billing accounts list, then: gcloud billing projects link {project} "
    "--billing-account=ACCOUNT_ID (the sandbox is not enough)."
)
_ENABLE: Final = (
    f"The project's owner runs: gcloud services enable {{service}} --project={{project}} ({_SOON})."
)
_RESERVE: Final = (
    "It takes slots of an Enterprise reservation. An administrator runs: bq mk --reservation --project_id={project} "
    "--location={location} --edition=ENTERPRISE --autoscale_max_slots=50 vision && bq mk --reservation_assignment "
    "--project_id={project} --location={location} --reservation_id={project}:{location}.vision "
    "--assignee_type=PROJECT --assignee_id={project} --job_type=QUERY (slots cost money while they run)."
)


def _begins(text: str) -> re.Pattern[str]:
    return re.compile(_LEAD + text, re.IGNORECASE | re.DOTALL)


def _states(text: str) -> re.Pattern[str]:
    """Begin without a status code: what follows one may be the name of an image, which may say anything."""
    return re.compile(text, re.IGNORECASE | re.DOTALL)


RIDDLES: Final = (
    # GoogleCloudPlatform/marketing-analytics-jumpstart#192
    Riddle(
        _begins(rf"(?:The )?(?:{_ACCOUNT} )?does not have the permission to access or use the endpoint"),
        errors.ConnectionPermissionError,
        _ENDPOINT,
        role="roles/aiplatform.user",
    ),
    # rpurinton/gemini-php#4: Vertex AI's own words
    Riddle(
        _begins(rf"Permission 'aiplatform\.endpoints\.predict' {_RESOURCE}"),
        errors.ConnectionPermissionError,
        _ENDPOINT,
        role="roles/aiplatform.user",
    ),
    # cal-itp/data-infra#4131, dbt-labs/docs.getdbt.com#716
    Riddle(
        _begins(
            rf"Permission denied while globbing file pattern(?:\. {_ACCOUNT} does not have storage\.)?{_NAMED_BUCKET}"
        ),
        errors.BucketPermissionError,
        _READ,
        role="roles/storage.objectViewer",
    ),
    # Only its beginning is known. The account is the last one, since a file's name may look like it.
    Riddle(
        _begins(
            r"Permission denied while reading(?=\W*\Z|.*(?:gs://|\bstorage\.|\bfile\b|\bobject\b))"
            rf"(?:[\w :'\"]{{0,20}}{_BUCKET})?(?:.*\s{_ACCOUNT} does not have storage\.)?"
        ),
        errors.BucketPermissionError,
        _READ,
        role="roles/storage.objectViewer",
    ),
    # zetaalphavector/InPars#13: Cloud Storage's own words
    Riddle(
        _begins(
            rf"{_ACCOUNT} does not have storage\.(?:objects|buckets)\.(?:get|list) access to the Google Cloud Storage"
            + _NAMED_BUCKET
        ),
        errors.BucketPermissionError,
        _READ,
        role="roles/storage.objectViewer",
    ),
    # googleapis/nodejs-bigquery#978, looker-open-source/looker-explore-assistant#38
    Riddle(
        _begins(rf"Not found: Connection {_CONNECTION}"),
        errors.ConnectionNotFoundError,
        'client.connection("{connection}", location="{location}").create() makes it. A connection serves the datasets '
        "of its own location only, and DEFAULT needs none.",
    ),
    # world-federation-of-advertisers/cross-media-measurement#4378, looker-open-source/looker-explore-assistant#70
    Riddle(
        _begins(
            rf"Connection \S+: (?:The )?(?:User )?(?:{_ACCOUNT} )?does not have {_PERMISSION} permission"
            rf"(?: for connection {_CONNECTION})?"
        ),
        errors.ConnectionPermissionError,
        "You lack {permission}. The connection's owner runs: bq add-iam-policy-binding --connection --member={caller} "
        f"--role={{role}} {{project}}.{{location}}.{{connection}} ({_SOON}).",
    ),
    # vyasadi/Free_Code_Camp_Material#1
    Riddle(_begins(r"Billing has not been enabled for this project"), errors.BillingError, _BILL),
    # GoogleCloudPlatform/java-docs-samples#276
    Riddle(_begins(rf"Project {_PROJECT} \(#\d+\) has billing disabled"), errors.BillingError, _BILL),
    # Google's front end, for any API
    Riddle(
        _begins(
            r"This API method requires billing to be enabled"
            r"(?:\. Please enable billing on project #?(?P<project>[a-z0-9-]{1,60}))?"
        ),
        errors.BillingError,
        _BILL,
    ),
    # google-gemini/gemini-cli#1053, genkit-ai/genkit#4688
    Riddle(
        _begins(
            rf"(?:Not[ _]found: )?Publisher Model `?projects/{_PROJECT}/locations/{_LOCATION}/publishers/[\w-]+/models/"
            r"(?P<model>[\w.@-]{1,100})`? (?:was )?not found"
        ),
        errors.ModelRetiredError,
        "{model} is withdrawn, or not offered at {location}. Take a model of "
        "https://cloud.google.com/vertex-ai/generative-ai/docs/learn/model-versions: "
        "dataset.remote_model(...).create(endpoint=..., replace=True). A URL of locations/global serves most places.",
    ),
    # googleapis/google-cloud-python#15691, doitintl/bigquery-grafana#192
    Riddle(
        _begins(rf"Not found: Dataset {_DATASET} was not found in location {_LOCATION}"),
        errors.LocationError,
        'client.dataset("{project}.{dataset}").describe().location says where it is: give that as '
        "Client(location=...). If it is nowhere, .create() makes it.",
    ),
    # ergut/mcp-bigquery-server#4, m-lab/prometheus-bigquery-exporter#60
    Riddle(
        _begins(r"Cannot parse .{0,40}?as CloudRegion"),
        errors.LocationError,
        "The location is none of BigQuery's, or the project does not exist. Give Client(project=..., location=...) an "
        "existing id, and US, EU or a region such as europe-west4, not a zone and not global.",
    ),
    # googleapis/nodejs-bigquery#842
    Riddle(
        _begins(
            r"Cannot read and write in different locations: source: (?P<source>[a-z0-9-]{1,40}), destination: "
            + _LOCATION
        ),
        errors.LocationError,
        "Bucket and dataset are apart. Make the dataset where the bucket is: "
        'client.dataset(..., location="{source}").',
    ),
    # kristeligt-dagblad/dbt_ml#21
    Riddle(
        _states(rf"{_CONDITION} (?:is|are) not (?:available|supported) (?:for|in|with|on) on-demand"),
        errors.ReservationError,
        _RESERVE,
    ),
    # Said of BigQuery ML to projects on a Standard reservation
    Riddle(
        _states(
            rf"{_CONDITION} (?:is|are) (?:disallowed|not (?:available|supported)) in (?:the )?STANDARD edition"
        ),
        errors.ReservationError,
        _RESERVE,
    ),
    # https://cloud.google.com/bigquery/docs/generate-text has had the rule for some models; the words are not known
    Riddle(
        _states(rf"{_CONDITION} requires? an?(?: [a-z]+){{0,5}} reservation"),
        errors.ReservationError,
        _RESERVE,
    ),
    # xlang-ai/Spider2#34, igrigorik/gharchive.org#237, r-dbi/bigrquery#237
    Riddle(
        _begins(
            rf"Project \S+: (?:The )?(?:user )?(?:{_ACCOUNT} )?does not have (?P<permission>bigquery\.jobs\.create) "
            rf"permission in project {_PROJECT}"
        ),
        errors.PermissionDeniedError,
        "Jobs run in {project}: if it is not yours, give Client(project=...) one that is. If it is, its owner runs: "
        + _ASK,
    ),
    # jswortz/spotify_mpd_two_tower#5
    Riddle(
        _begins(
            rf"Project \S+: (?:The )?(?:user )?(?:{_ACCOUNT} )?does not have {_PERMISSION} "
            rf"permission in project {_PROJECT}"
        ),
        errors.PermissionDeniedError,
        _CALLER,
    ),
    # objectiv/objectiv-analytics#949, hashicorp/terraform-provider-google#9577
    Riddle(
        _begins(
            rf"(?:(?:Dataset|Table|Model|View) \S+: )?Permission {_PERMISSION} denied on (?:dataset|table|model|view) "
            + _DATASET
        ),
        errors.PermissionDeniedError,
        _ON_DATASET,
    ),
    # mozilla/bigquery-etl#3193, stanford-esrg/LEO_HitchHiking#2
    Riddle(
        _begins(
            rf"(?:Table \S+: )?(?:The )?(?:user )?(?:{_ACCOUNT} )?does not have permission to query table {_DATASET}"
        ),
        errors.PermissionDeniedError,
        _ON_DATASET,
        role="roles/bigquery.dataViewer",
    ),
    # googleapis/python-bigquery-dataframes: what Resource Manager and the other APIs say
    Riddle(
        _begins(rf"Permission '{_PERMISSION}' {_RESOURCE}"),
        errors.PermissionDeniedError,
        _CALLER,
    ),
    # google-github-actions/auth#250
    Riddle(
        _begins(rf"Caller does not have required permission to use project {_PROJECT}"),
        errors.PermissionDeniedError,
        "The credentials' quota project is not yours to use. Its owner runs: "
        + _ASK
        + " Or take your own: gcloud auth "
        "application-default set-quota-project YOUR_PROJECT",
        role="roles/serviceusage.serviceUsageConsumer",
    ),
    # hafenkran/duckdb-bigquery#203
    Riddle(
        _begins(r"(?:VPC Service Controls: )?Request is prohibited by organization's policy"),
        errors.PermissionDeniedError,
        "A service perimeter forbids it, whatever your roles: give its administrator the identifier in the message.",
    ),
    # googleapis/google-cloud-python#4140, googlecodelabs/feedback#1772
    Riddle(
        _begins(
            rf"[a-z][\w ]{{0,80}} has not been used in project {_PROJECT} before or it is disabled"
            r"(?:.*?/apis/(?:api|library)/(?P<service>[a-z]+\.googleapis\.com))?"
        ),
        errors.ApiDisabledError,
        _ENABLE,
    ),
    # forseti-security/forseti-security#737: said of projects that don't exist, too
    Riddle(
        _begins(rf"The project {_PROJECT} has not enabled BigQuery"),
        errors.ApiDisabledError,
        "Check the spelling: the same is said of a project that is not there. If it is right, its owner runs: gcloud "
        f"services enable bigquery.googleapis.com --project={{project}} ({_SOON}).",
    ),
    # GoogleCloudPlatform/cdmc#50
    Riddle(
        _begins(rf"Service account {_ACCOUNT} does not exist"),
        errors.NotFoundError,
        "A new connection's account takes a minute to be known everywhere: wait, and run it again. An old one is gone "
        "with its connection.",
    ),
    # Vertex AI's quotas: https://cloud.google.com/vertex-ai/generative-ai/docs/quotas
    Riddle(
        _begins(r"Quota exceeded for aiplatform\.googleapis\.com/\w"),
        errors.QuotaError,
        "It is Vertex AI's quota, not BigQuery's. Have it raised at "
        "https://console.cloud.google.com/iam-admin/quotas?project={project}, or take a model without one: "
        "Gemini 2.0 and later share theirs.",
    ),
)
