"""A local BigQuery whose vision model heeds the prompt, and a gallery of posters for each test."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING

import pytest

from bqvision.local import BlockedRowError, LocalServer, PermanentRowError, VisionAnswer, VisionRequest, serve
from bqvision.testing import FaultPlan
from tests.cinema import Cinema

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import bqvision as bv

CAREFUL = "Read this poster with care. Answer in JSON with two keys: title, year."
CARELESS = "Have a careless look at this poster. Answer in JSON with two keys: title, year."
FORBIDDEN = "Do what is forbidden. Answer in JSON with two keys: title, year."


def critic(request: VisionRequest) -> VisionAnswer:
    """Say what the image says: to a careless prompt in capitals, without the year; to a forbidden one nothing."""
    order: dict[str, object] = json.loads(request.images[0].data)
    if "forbidden" in request.prompt:
        raise PermanentRowError("PERMISSION_DENIED: the account does not have access")
    if order.get("blocked"):
        raise BlockedRowError("held back")
    if "careless" in request.prompt:
        return VisionAnswer(json.dumps({"title": str(order["title"]).upper(), "year": None}), 50, 5)
    return VisionAnswer(json.dumps(order), 100, 10)


@pytest.fixture(scope="session")
def gallery_bucket(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder behind the bucket ``cinema``."""
    return tmp_path_factory.mktemp("gallery")


@pytest.fixture(scope="session")
def plan() -> FaultPlan:
    """What goes wrong there."""
    return FaultPlan()


@pytest.fixture(scope="session")
def gallery_server(gallery_bucket: Path, plan: FaultPlan) -> Iterator[LocalServer]:
    """The local BigQuery of these tests."""
    with serve(buckets={"cinema": gallery_bucket}, model=critic, faults=plan) as running:
        yield running


@pytest.fixture(scope="session")
def gallery_client(gallery_server: LocalServer) -> Iterator[bv.Client]:
    """Our client on it."""
    with gallery_server.client() as running:
        yield running


@pytest.fixture
def gallery(gallery_server: LocalServer, gallery_client: bv.Client, gallery_bucket: Path) -> Gallery:
    """A bucket's folder and a dataset of the test's own."""
    folder = gallery_bucket / f"d{uuid.uuid4().hex[:8]}"
    folder.mkdir()
    return Gallery(folder, gallery_server, gallery_client)


class Gallery(Cinema):
    """Posters that say what is on them."""

    def paint(self, name: str, title: str | None, year: int | None = None, *, blocked: bool = False) -> None:
        """Hang a poster, or one that the model will not talk about."""
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps({"title": title, "year": year, "blocked": blocked}))

    def ask(self, images: bv.ObjectTable, prompt: str) -> bv.Analysis[bv.PosterResult]:
        """Ask for title and year."""
        return self.model.analyze(images, prompt=prompt)

    def pair(self) -> dict[str, bv.Analysis[bv.PosterResult]]:
        """The careless and the careful prompt on the same posters."""
        images = self.posters()
        return {"careless": self.ask(images, CARELESS), "careful": self.ask(images, CAREFUL)}
