"""Which model answers for an endpoint, and on whose threads."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from bqvision.local import OpenAICompatible, VisionAnswer, VisionRequest
from bqvision.local.models import ModelError, VisionModels
from bqvision.local.protocol import ApiError

URL = "http://[::1]:8000/v1/projects/p/models/my-vlm"


def one(request: VisionRequest) -> VisionAnswer:
    """A model."""
    return VisionAnswer("one")


def two(request: VisionRequest) -> VisionAnswer:
    """Another one."""
    return VisionAnswer("two")


@pytest.mark.parametrize(
    ("patterns", "endpoint", "answer"),
    [
        ({"my-vlm": one}, "my-vlm", "one"),
        ({"my-vlm": one}, URL, "one"),
        ({URL: one}, URL, "one"),
        ({"gemini-*": one, "my-vlm": two}, "my-vlm", "two"),
        ({"gemini-*": one, "*": two}, "gemini-2.5-flash", "one"),
        ({"*": two, "gemini-*": one}, "gemini-2.5-flash", "two"),
        ({"https://*/gemini-*": one, "*": two}, "https://h/models/gemini-2.5-pro", "one"),
    ],
)
def test_the_first_pattern_that_matches_answers(
    patterns: dict[str, object], endpoint: str, answer: str
) -> None:
    """Patterns, exact names and whole URLs are looked at in their order, by the endpoint's name and its URL."""
    models = VisionModels(patterns, 1)  # type: ignore[arg-type]
    assert models.ask(models.find(endpoint), VisionRequest((), "x")).text == answer
    models.close()


@pytest.mark.parametrize("endpoint", ["my-vlm-2", "MY-VLM", "http://h/my-vlm/other", ""])
def test_what_matches_no_pattern_is_not_found(endpoint: str) -> None:
    """An exact name stands for itself only; the error says what there is."""
    models = VisionModels({"my-vlm": one, "gemini-*": two}, 1)
    with pytest.raises(ApiError, match=r"mapped endpoints: my-vlm, gemini-\*"):
        models.find(endpoint)
    models.close()


def test_a_model_on_a_server_has_threads_of_its_own() -> None:
    """Its calls meet in their number while every worker of this machine is busy, and those are free for others."""
    model = OpenAICompatible("http://localhost:1/v1", "m", concurrency=3)
    models = VisionModels(
        {"a": model, "b": OpenAICompatible("http://localhost:1/v1", "m", concurrency=3), "*": one}, 2
    )
    assert (models.workers, models.workers_for(model), models.workers_for(one)) == (2, 3, 2)
    gate, apart, together = threading.Event(), threading.Barrier(3), threading.Barrier(2)

    def held() -> str:
        together.wait(30)
        assert gate.wait(30)
        return threading.current_thread().name

    def asked() -> str:
        apart.wait(30)
        return threading.current_thread().name

    async def work() -> tuple[list[str], list[str]]:
        local = [asyncio.create_task(models.on_a_thread(held)) for _ in range(2)]
        remote = await asyncio.gather(*(models.on_a_thread(asked, model=models.find("b")) for _ in range(6)))
        gate.set()
        return list(await asyncio.gather(*local)), remote

    local, remote = asyncio.run(work())
    assert len(set(remote)) == 3
    assert not set(remote) & set(local)
    models.close()


def test_other_models_share_the_workers() -> None:
    """A model that works on this machine gets no threads of its own, named or not."""
    models = VisionModels({"*": one}, 1)

    async def names() -> set[int]:
        first = await models.on_a_thread(threading.get_ident)
        return {first, await models.on_a_thread(threading.get_ident, model=one)}

    assert len(asyncio.run(names())) == 1
    models.close()


def test_what_a_model_gives_is_looked_at_where_it_comes_in() -> None:
    """A model in this process can break its promise like one in another."""

    def broken(_: VisionRequest) -> VisionAnswer:
        return VisionAnswer(None)  # type: ignore[arg-type]

    models = VisionModels({"*": broken}, 1)
    with pytest.raises(ModelError, match="text must be a str"):
        models.ask(broken, VisionRequest((), "x"))
    models.close()


def test_calls_are_counted_by_object() -> None:
    """Every image of a request counts once for each time it is shown."""
    from bqvision.local import Image

    models = VisionModels({"*": one}, 4)
    images = tuple(Image(f"gs://b/{name}", "image/png", b"") for name in "ab")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: models.ask(one, VisionRequest(images, "x")), range(20)))
    models.ask(one, VisionRequest(images[:1], "x"))
    assert models.calls == {"gs://b/a": 21, "gs://b/b": 20}
    models.close()
