"""The statements on models by function: what a batch sends, and the one statement of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bqvision.records import PosterResult
from bqvision.schema import schema_of
from bqvision.sql import analysis, batches, pending, truth, work
from bqvision.sql.arguments import Arguments
from bqvision.sql.functions import FUNCTIONS
from bqvision.sql.images import Images
from bqvision.sql.names import ModelName, TableName
from bqvision.values import BoolResult, CategoriesResult, CategoryResult, ConditionResult, ScoreResult

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bqvision.schema import RecordSchema
    from bqvision.sql.compose import Statement
    from bqvision.sql.functions import FunctionName

FINGERPRINT = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
POSTERS = TableName("my-project", "bqml_tutorial", "movie_posters")
RESULTS = TableName("my-project", "bqml_tutorial", "movie_posters_results")
FORMATTED = TableName("my-project", "bqml_tutorial", "movie_posters_results_formatted")
MODEL = ModelName("my-project", "bqml_tutorial", "gemini-vision")
WORK = work.work_table_name(RESULTS, FINGERPRINT)
POSTER = schema_of(PosterResult)

_TITLE = "title STRING, year INT64"
_ARGUMENTS: Mapping[FunctionName, tuple[Arguments, RecordSchema[Any]]] = {
    "AI.GENERATE_TEXT": (
        Arguments(
            function="AI.GENERATE_TEXT",
            prompt="Which film?",
            temperature=0.2,
            ground_with_google_search=True,
            request_type="SHARED",
        ),
        POSTER,
    ),
    "AI.GENERATE_TABLE": (
        Arguments(function="AI.GENERATE_TABLE", prompt="Which film?", temperature=1.5, output_schema=_TITLE),
        POSTER,
    ),
    "AI.GENERATE": (
        Arguments(
            function="AI.GENERATE",
            prompt="Which film?",
            endpoint="gemini-2.5-flash",
            connection="us.vision",
            model_params={"generation_config": {"temperature": 0.2}},
            request_type="DEDICATED",
            output_schema=_TITLE,
        ),
        POSTER,
    ),
    "AI.GENERATE_BOOL": (
        Arguments(function="AI.GENERATE_BOOL", prompt="Is there a train?"),
        schema_of(BoolResult),
    ),
    "AI.IF": (
        Arguments(function="AI.IF", prompt="There is a train.", endpoint="gemini-2.5-flash"),
        schema_of(ConditionResult),
    ),
    "AI.CLASSIFY": (
        Arguments(function="AI.CLASSIFY", categories={"drama": None, "it's comedy": None}),
        schema_of(CategoryResult),
    ),
    "AI.SCORE": (Arguments(function="AI.SCORE", prompt="How legible is it?"), schema_of(ScoreResult)),
}
_MULTI = Arguments(
    function="AI.CLASSIFY",
    prompt="What kind of film?",
    categories={"drama": "it is sad", "comedy": None},
    output_mode="multi",
)


def _batch(arguments: Arguments, schema: RecordSchema[Any]) -> Statement:
    return batches.insert_batch(
        ledger=RESULTS,
        work=WORK,
        batch=3,
        model=None if arguments.declared.scalar else MODEL,
        arguments=arguments,
        schema=schema,
        fingerprint=FINGERPRINT,
        run_id="run-1",
        job_id="job-1",
    )


def _table(arguments: Arguments, images: Images, *, all_columns: bool = False) -> Statement:
    return analysis.generate_table(
        into=RESULTS,
        images=images,
        model=None if arguments.declared.scalar else MODEL,
        arguments=arguments,
        all_columns=all_columns,
    )


def _name(function: FunctionName) -> str:
    return function.lower().replace(".", "_")


ALL = Images(table=POSTERS)
PAGES = Images(table=POSTERS, group_by=r"^gs://films/([^/]+)/")
SOME = Images(table=POSTERS, uris=("gs://films/1.jpg", "gs://films/2.jpg"))

STATEMENTS: dict[str, Statement] = {
    "read_truth": truth.read_truth(RESULTS, columns=["file", "Title"]),
    "find_images": truth.find_images(ALL, uris=["gs://b/'.jpg"], names=["`.jpg"]),
    "find_images_of_groups": truth.find_images(PAGES, uris=[], names=["a"]),
    **{f"insert_batch_by_{_name(name)}": _batch(*asked) for name, asked in _ARGUMENTS.items()},
    "insert_batch_by_ai_classify_multi": _batch(_MULTI, schema_of(CategoriesResult)),
    "generate_text_table_by_ai_generate_text": analysis.generate_text_table(
        into=RESULTS,
        source=POSTERS,
        model=MODEL,
        arguments=Arguments(function="AI.GENERATE_TEXT", prompt="Which film?", temperature=0.2),
    ),
    **{
        f"generate_table_by_{_name(name)}": _table(_ARGUMENTS[name][0], ALL)
        for name in ("AI.GENERATE_TABLE", "AI.GENERATE", "AI.IF")
    },
    "generate_table_of_groups": _table(_ARGUMENTS["AI.GENERATE"][0], PAGES, all_columns=True),
    "format_table_by_ai_generate": analysis.format_table(
        source=RESULTS,
        into=FORMATTED,
        schema=POSTER,
        function=FUNCTIONS["AI.GENERATE"],
        columns=("uri", "title", "year", "full_response", "status"),
    ),
    "format_table_by_ai_if": analysis.format_table(
        source=RESULTS,
        into=FORMATTED,
        schema=schema_of(ConditionResult),
        function=FUNCTIONS["AI.IF"],
        columns=("uri", "answer"),
    ),
    "survey_of_groups": pending.survey(pending.Scope(source=PAGES, ledger=RESULTS, fingerprint=FINGERPRINT)),
    "survey_of_some": pending.survey(pending.Scope(source=SOME, ledger=RESULTS, fingerprint=FINGERPRINT)),
}
