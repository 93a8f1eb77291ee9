"""A local BigQuery whose vision model answers what the image's bytes say, and a client of ours on it."""

from __future__ import annotations

import json
import threading
from collections import Counter
from typing import TYPE_CHECKING, TypeVar

import bqvision as bv
from bqvision.local import (
    BlockedRowError,
    InputRowError,
    LocalServer,
    PermanentRowError,
    RetryableRowError,
    VisionAnswer,
    VisionRequest,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

R = TypeVar("R", bound=bv.ImageResult)

PROMPT = (
    "For the movie represented by this poster, what is the movie title and year of release? "
    "Answer in JSON format with two keys: title, year. title should be string, year should be integer."
)

_FAILURES = {
    "retryable": RetryableRowError,
    "blocked": BlockedRowError,
    "input": InputRowError,
    "permanent": PermanentRowError,
}


def model_of(analysis: bv.Analysis[R]) -> bv.RemoteModel:
    """The remote model that an analysis asks."""
    assert analysis.model is not None
    return analysis.model


class Oracle:
    """A vision model that reads its answer, or its failure, in the image."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.gate = threading.Event()
        self.gate.set()
        self.limits: list[object] = []
        self.schemas: list[Mapping[str, object] | None] = []
        self.prompts: list[str] = []
        self.seen: list[tuple[str, ...]] = []
        self.watch: Callable[[str], object] | None = None
        self._calls: Counter[str] = Counter()

    def __call__(self, request: VisionRequest) -> VisionAnswer:
        """Do what the image says, once the gate is open."""
        self.entered.set()
        assert self.gate.wait(60)
        image = request.images[0]
        order: dict[str, str] = json.loads(image.data)
        self.limits.append(request.parameters.get("max_output_tokens"))
        self.schemas.append(request.schema)
        self.prompts.append(request.prompt)
        self.seen.append(tuple(shown.uri for shown in request.images))
        self._calls[image.uri] += 1
        if self.watch is not None:
            self.watch(image.uri)
        if self._calls[image.uri] <= int(order.get("busy", "0")):
            raise RetryableRowError("RESOURCE EXHAUSTED error from remote endpoint")
        if "fail" in order:
            raise _FAILURES[order["fail"]](order.get("message", "told to fail"))
        return VisionAnswer(order["text"], 100, 10, finish_reason=order.get("finish_reason", "STOP"))


class Cinema:
    """A bucket of posters of one test's own, and its dataset."""

    def __init__(self, folder: Path, server: LocalServer, client: bv.Client) -> None:
        self.folder = folder
        self.server = server
        self.client = client
        self.dataset = client.dataset(folder.name).create()
        self.model = self.dataset.remote_model("gemini-vision").create(endpoint="gemini-2.5-flash")

    @property
    def uris(self) -> list[str]:
        """What lists all posters of this test."""
        return [f"gs://cinema/{self.folder.name}/*"]

    def uri(self, name: str) -> str:
        """The URI of one poster."""
        return f"gs://cinema/{self.folder.name}/{name}"

    def show(self, name: str, title: str | None = None, year: int | None = None) -> None:
        """Hang a poster that the model reads."""
        answer = json.dumps({"title": title, "year": year})
        self.hang(name, text=f"```json\n{answer}\n```")

    def hang(self, name: str, **order: str) -> None:
        """Hang a poster that tells the model what to do: ``busy`` turns away so many calls before the answer."""
        self.store(name, json.dumps(order).encode())

    def store(self, name: str, data: bytes) -> None:
        """Store an object; one that is there is replaced."""
        (self.folder / name).write_bytes(data)

    def posters(self) -> bv.ObjectTable:
        """The object table over this test's posters."""
        return self.dataset.object_table("posters").create(uris=self.uris, replace=True)

    def analysis(self) -> bv.Analysis[bv.PosterResult]:
        """The tutorial's question about them."""
        return self.model.analyze(self.posters(), prompt=PROMPT, temperature=0.2)

    def analysis_over(self, table: str, *, dataset: bv.Dataset | None = None) -> bv.Analysis[bv.PosterResult]:
        """The tutorial's question about the images of a table that is there, from any client."""
        home = self.dataset if dataset is None else dataset
        model = home.remote_model("gemini-vision")
        return model.analyze(home.object_table(table), prompt=PROMPT, temperature=0.2)

    def rows(self, sql: str) -> list[dict[str, object]]:
        """Query with google's own client; ``DS`` stands for the dataset."""
        job = self.client.bigquery.query(sql.replace("DS.", f"{self.folder.name}."))
        return [dict(row.items()) for row in job.result()]

    def calls(self) -> Mapping[str, int]:
        """How often the model was asked about each poster of this test, by file name."""
        prefix = self.uri("")
        counted = dict(self.server.model_calls)
        return {uri.removeprefix(prefix): count for uri, count in counted.items() if uri.startswith(prefix)}
