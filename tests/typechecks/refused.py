"""Calls that must not type-check: mypy warns of an ignore that is no longer needed, so this file holds them."""

from __future__ import annotations

import bqvision as bv
from bqvision.testing import FaultPlan


class NotARecord:
    """No `ImageResult`."""


def refused(
    client: bv.Client, model: bv.RemoteModel, images: bv.ObjectTable, run: bv.AnalysisRun[bv.PosterResult]
) -> None:
    """Each line is wrong, and a type checker says so."""
    client.dataset(3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.dataset("films").object_table("p").create()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    images.create(uris=["gs://p/*"], metadata_cache_mode="SOMETIMES")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    model.analyze(images)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
    model.analyze("posters", prompt="Which film?")  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]
    model.analyze(images, prompt="Which film?", record=NotARecord)  # type: ignore[type-var]  # pyright: ignore[reportArgumentType, reportCallIssue]
    model.analyze(images, prompt="Which film?", temperatur=0.2)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
    model.analyze(images, prompt="Which film?", safety_settings={"RUDE": "NEVER"})  # type: ignore[dict-item]  # pyright: ignore[reportArgumentType, reportCallIssue]
    _ = next(iter(run)).director  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    next(iter(run)).title = "Greed"  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
    run.retry_failed(max_call=3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    run.retry_failed(max_calls="3")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    FaultPlan().answer("jobs.inser", 503)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
