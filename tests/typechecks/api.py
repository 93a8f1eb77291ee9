"""What type checkers know of the public API; checked by mypy and pyright, never run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, assert_type

import bqvision as bv
from bqvision.local import LocalServer, VisionAnswer, VisionRequest, serve
from bqvision.testing import Fault, FaultPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class BookCover(bv.ImageResult):
    """A record of a user's own."""

    title: str | None = None
    isbn: Annotated[str | None, bv.Describe("13 digits below the barcode")] = None


def answer(request: VisionRequest) -> VisionAnswer:
    """A vision model of a user's own."""
    return VisionAnswer(request.prompt)


def resources(client: bv.Client) -> None:
    """Verbs return their own resource, and descriptions are typed."""
    dataset = client.dataset("films").create(exists_ok=True, default_table_expiration=timedelta(days=1))
    assert_type(dataset, bv.Dataset)
    assert_type(dataset.describe(), bv.DatasetInfo)
    assert_type(client.datasets(), Iterator[bv.Dataset])
    posters = dataset.object_table("posters").create(uris=["gs://posters/*"], metadata_cache_mode="MANUAL")
    assert_type(posters, bv.ObjectTable)
    assert_type(posters.describe(), bv.ObjectTableInfo)
    assert_type(posters.objects(min_size=1), Iterator[bv.ObjectInfo])
    assert_type(posters.count(), int)
    assert_type(posters.signed_urls(), Iterator[bv.SignedUrl])
    assert_type(posters.create_statement(uris=["gs://posters/*"]), bv.Statement)
    model = dataset.remote_model("gemini").create(endpoint="gemini-2.5-flash")
    assert_type(model, bv.RemoteModel)
    assert_type(model.describe().endpoint, str | None)


def posters(model: bv.RemoteModel, images: bv.ObjectTable) -> None:
    """Without a record class it is the poster's."""
    analysis = model.analyze(
        images, prompt="Which film?", safety_settings={"HARM_CATEGORY_HARASSMENT": "BLOCK_NONE"}
    )
    assert_type(analysis, bv.Analysis[bv.PosterResult])
    run = analysis.run(into="results")
    assert_type(run, bv.AnalysisRun[bv.PosterResult])
    assert_type(next(iter(run)), bv.PosterResult)
    assert_type(next(iter(run)).year, int | None)
    assert_type(run.report, bv.RunReport)
    assert_type(run.report.outcomes, Mapping[bv.Outcome, int])
    assert_type(analysis.create_table(into="table"), str)
    assert_type(analysis.read("table"), Iterator[bv.PosterResult])
    assert_type(analysis.statements(into="results"), tuple[bv.Statement, ...])


def limits(analysis: bv.Analysis[BookCover], options: bv.RunOptions) -> None:
    """Options are named and typed wherever a run can be told something, and a stop says why."""
    run = analysis.run("covers", max_calls=100, max_error_ratio=0.2, timeout=3600, retry_truncated=True)
    assert_type(run, bv.AnalysisRun[BookCover])
    assert_type(run.report.stopped, bv.Stop | None)
    assert_type(analysis.run("covers", **options), bv.AnalysisRun[BookCover])
    assert_type(analysis.statements("covers", batch_size=10), tuple[bv.Statement, ...])
    assert_type(run.retry_failed(max_rounds=1), bv.AnalysisRun[BookCover])
    try:
        assert_type(next(iter(run)), BookCover)
    except bv.PartialReadError as error:
        assert_type(run.resume(error), Iterator[BookCover])
    except bv.RunError as error:
        assert_type(error.report, bv.RunReport | None)


def faults() -> None:
    """A plan of faults goes to whatever starts a local BigQuery."""
    plan = FaultPlan()
    plan.answer("jobs.insert", 503, after=True)
    assert_type(plan.left, tuple[Fault, ...])
    with bv.Client.local(buckets={"posters": "posters"}, faults=plan) as client:
        assert_type(client, bv.Client)


def covers(model: bv.RemoteModel, images: bv.ObjectTable) -> None:
    """A record class flows through to the records."""
    run = model.analyze(images, prompt="Read this cover.", record=BookCover).run(into="covers")
    assert_type(run, bv.AnalysisRun[BookCover])
    assert_type(next(iter(run)), BookCover)
    assert_type(next(iter(run)).isbn, str | None)
    assert_type(run.retry_failed(outcomes={bv.Outcome.BLOCKED}), bv.AnalysisRun[BookCover])


def local() -> None:
    """A local client is a client; a plain function is a vision model."""
    with bv.Client.local(buckets={"posters": "posters"}, model=answer) as client:
        assert_type(client, bv.Client)
    with serve(buckets={"posters": "posters"}, model={"gemini-*": answer}) as server:
        assert_type(server, LocalServer)
        assert_type(server.model_calls, Mapping[str, int])
