"""One statement for each function of `bqvision.sql` and variant that is worth a golden file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from bqvision.records import ImageResult, Outcome, PosterResult
from bqvision.schema import schema_of
from bqvision.sql import analysis, batches, datasets, ledger, models, object_tables, pending, work
from bqvision.sql.arguments import Arguments
from bqvision.sql.functions import FUNCTIONS
from bqvision.sql.images import Images
from bqvision.sql.names import ConnectionName, DatasetName, ModelName, TableName
from tests.sql import (
    cleanup_samples,
    connection_samples,
    doctor_samples,
    function_samples,
    planning_samples,
    rich_samples,
)

if TYPE_CHECKING:
    from bqvision.sql.compose import Statement

PROMPT = (
    "For the movie represented by this poster, what is the movie title and year of release? "
    "Answer in JSON format with two keys: title, year. title should be string, year should be integer."
)
FINGERPRINT = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
MOMENT = datetime(2030, 1, 2, 3, 4, 5, 678, tzinfo=UTC)

DATASET = DatasetName("my-project", "bqml_tutorial")
POSTERS = TableName("my-project", "bqml_tutorial", "movie_posters")
RESULTS = TableName("my-project", "bqml_tutorial", "movie_posters_results")
FORMATTED = TableName("my-project", "bqml_tutorial", "movie_posters_results_formatted")
MODEL = ModelName("my-project", "bqml_tutorial", "gemini-vision")
WORK = work.work_table_name(RESULTS, FINGERPRINT)
POSTER_URI = "gs://cloud-samples-data/vertex-ai/dataset-management/datasets/classic-movie-posters/*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover(ImageResult):
    """A record with a field of each type."""

    title: str | None = None
    pages: int | None = None
    price: float | None = None
    hardback: bool | None = None


POSTER = schema_of(PosterResult)
COVER = schema_of(Cover)
TUTORIAL = Arguments(prompt=PROMPT, temperature=0.2)
EVERYTHING = Arguments(
    prompt='What\'s this?\nSay "no\\thing" else.',
    temperature=0,
    top_p=0.95,
    max_output_tokens=500,
    stop_sequences=("END", "'"),
    safety_settings={
        "HARM_CATEGORY_HARASSMENT": "BLOCK_ONLY_HIGH",
        "HARM_CATEGORY_HATE_SPEECH": "BLOCK_LOW_AND_ABOVE",
    },
    flatten_json_output=False,
)
RAW_BODY = Arguments(
    prompt="What is this?", model_params={"generation_config": {"thinking_config": {"thinking_budget": 0}}}
)
FLAT = Arguments(prompt="What is this?", flatten_json_output=True)


SCOPE = pending.Scope(source=Images(table=POSTERS), ledger=RESULTS, fingerprint=FINGERPRINT)
RETRY = pending.Scope(
    source=Images(table=POSTERS),
    ledger=RESULTS,
    fingerprint=FINGERPRINT,
    new=False,
    again=frozenset({Outcome.RETRYABLE}),
    usual_limit=500,
    larger_limit=8192,
    runs=("run-1", "run-2"),
    retry=True,
)


def _batch(arguments: Arguments) -> Statement:
    return batches.insert_batch(
        ledger=RESULTS,
        work=WORK,
        batch=3,
        model=MODEL,
        arguments=arguments,
        schema=POSTER,
        fingerprint=FINGERPRINT,
        run_id="run-1",
        job_id="job-1",
    )


STATEMENTS: dict[str, Statement] = {
    "create_dataset": datasets.create_dataset(DATASET),
    "create_dataset_with_options": datasets.create_dataset(
        DATASET,
        if_not_exists=True,
        location="europe-west4",
        description="The owner's film posters",
        labels={"team": "film", "stage": ""},
        default_table_expiration=timedelta(hours=36),
    ),
    "drop_dataset": datasets.drop_dataset(DATASET),
    "drop_dataset_with_contents": datasets.drop_dataset(DATASET, if_exists=True, cascade=True),
    "create_object_table": object_tables.create_object_table(POSTERS, uris=[POSTER_URI], replace=True),
    "create_object_table_with_options": object_tables.create_object_table(
        POSTERS,
        uris=["gs://posters/*", "gs://more.posters.example.com/2030/*.png"],
        connection=ConnectionName("film", "us", "my-project"),
        if_not_exists=True,
        max_staleness=timedelta(hours=4),
        metadata_cache_mode="MANUAL",
        description="Posters",
        expiration=MOMENT,
    ),
    "list_objects": object_tables.list_objects(POSTERS),
    "list_objects_filtered": object_tables.list_objects(
        POSTERS,
        content_types=["image/jpeg", "image/png"],
        min_size=1,
        max_size=1_000_000,
        updated_after=MOMENT,
        updated_before=MOMENT + timedelta(days=1),
        limit=10,
    ),
    "count_objects": object_tables.count_objects(POSTERS),
    "count_objects_filtered": object_tables.count_objects(
        POSTERS, content_types=["image/jpeg"], max_size=100
    ),
    "refresh_object_table": object_tables.refresh_object_table(POSTERS),
    "sign_urls": object_tables.sign_urls(POSTERS),
    "drop_object_table": object_tables.drop_object_table(POSTERS),
    "drop_object_table_if_exists": object_tables.drop_object_table(POSTERS, if_exists=True),
    "create_remote_model": models.create_remote_model(MODEL, endpoint="gemini-2.5-flash", replace=True),
    "create_remote_model_by_url": models.create_remote_model(
        MODEL,
        endpoint="https://aiplatform.googleapis.com/v1/projects/p/locations/global/publishers/google/models/m",
        connection=ConnectionName("film", "us"),
        if_not_exists=True,
    ),
    "drop_model": models.drop_model(MODEL),
    "drop_model_if_exists": models.drop_model(MODEL, if_exists=True),
    "generate_text_table": analysis.generate_text_table(
        into=RESULTS, source=POSTERS, model=MODEL, arguments=TUTORIAL
    ),
    "generate_text_table_with_every_argument": analysis.generate_text_table(
        into=RESULTS, source=POSTERS, model=MODEL, arguments=EVERYTHING, replace=False
    ),
    "generate_text_table_with_model_params": analysis.generate_text_table(
        into=RESULTS, source=POSTERS, model=MODEL, arguments=RAW_BODY, all_columns=True
    ),
    "read_table": analysis.read_table(RESULTS),
    "format_table": analysis.format_table(
        source=RESULTS,
        into=FORMATTED,
        schema=POSTER,
        function=FUNCTIONS["ML.GENERATE_TEXT"],
        columns=("uri", "ml_generate_text_llm_result"),
    ),
    "format_table_of_responses": analysis.format_table(
        source=RESULTS,
        into=FORMATTED,
        schema=COVER,
        function=FUNCTIONS["ML.GENERATE_TEXT"],
        columns=("uri", "ml_generate_text_result", "ml_generate_text_status"),
        replace=False,
    ),
    "create_ledger": ledger.create_ledger(RESULTS, schema=COVER),
    "keep_ledger": ledger.keep_ledger(RESULTS),
    "add_column": ledger.add_column(RESULTS, column=ledger.Column("year", "INT64")),
    "read_ledger": ledger.read_ledger(
        RESULTS, source=Images(table=POSTERS), fingerprint=FINGERPRINT, schema=POSTER
    ),
    "ledger_summary": ledger.ledger_summary(RESULTS, source=Images(table=POSTERS), fingerprint=FINGERPRINT),
    "format_ledger": ledger.format_ledger(
        ledger=RESULTS, source=Images(table=POSTERS), into=FORMATTED, schema=POSTER, fingerprint=FINGERPRINT
    ),
    "survey": pending.survey(SCOPE),
    "survey_of_a_retry": pending.survey(RETRY),
    "create_work_table": work.create_work_table(
        WORK, scope=SCOPE, cut=work.Cut.of(5, batch_size=1000), run_id="run-1", billing_project="my-project"
    ),
    "create_work_table_limited": work.create_work_table(
        WORK,
        scope=SCOPE,
        cut=work.Cut.of(100, batch_size=10, limit=25),
        run_id="run-1",
        billing_project="my-project",
        expires_hours=1,
    ),
    "create_work_table_of_many": work.create_work_table(
        WORK,
        scope=SCOPE,
        cut=work.Cut.of(10_000_000, batch_size=25_000),
        run_id="run-1",
        billing_project="my-project",
    ),
    "create_work_table_of_a_few_out_of_many": work.create_work_table(
        WORK,
        scope=SCOPE,
        cut=work.Cut.of(10_000_000, batch_size=25_000, limit=100),
        run_id="run-1",
        billing_project="my-project",
    ),
    "create_work_table_of_a_retry": work.create_work_table(
        WORK, scope=RETRY, cut=work.Cut.of(5, batch_size=1000), run_id="run-3", billing_project="my-project"
    ),
    "retire_work_table": work.retire_work_table(WORK, run_id="run-1"),
    "count_wanted": pending.count_wanted(WORK, scope=SCOPE, run_id="run-1", batches=(1, 2)),
    "extend_work_table": work.extend_work_table(WORK),
    "count_batches": work.count_batches(WORK, ledger=RESULTS, fingerprint=FINGERPRINT),
    "count_outcomes": batches.count_outcomes(
        RESULTS, fingerprint=FINGERPRINT, run_id="run-1", job_id="job-1"
    ),
    "insert_refused": batches.insert_refused(
        ledger=RESULTS, work=WORK, fingerprint=FINGERPRINT, run_id="run-1", job_id="job-1"
    ),
    "insert_batch": _batch(TUTORIAL),
    "insert_batch_with_every_argument": _batch(EVERYTHING),
    "insert_batch_flattened": _batch(FLAT),
    "drop_work_table": work.drop_work_table(WORK),
    **cleanup_samples.STATEMENTS,
    **connection_samples.STATEMENTS,
    **doctor_samples.STATEMENTS,
    **function_samples.STATEMENTS,
    **planning_samples.STATEMENTS,
    **rich_samples.STATEMENTS,
}
