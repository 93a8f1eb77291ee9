"""Vision models behind their endpoints: which one answers, on which threads, how often it was asked."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from bqvision.local.buckets import matches
from bqvision.local.openai_compatible import OpenAICompatible
from bqvision.local.protocol import ApiError
from bqvision.local.vision import VisionAnswer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bqvision.local.vision import VisionModel, VisionRequest

T = TypeVar("T")


class ModelError(Exception):
    """A vision model broke down: neither an answer nor a row error."""


def checked(answer: object) -> VisionAnswer:
    """Return what a model gave as the answer that it promises.

    Raises:
        ModelError: It is none.
    """
    if not isinstance(answer, VisionAnswer):
        raise ModelError(f"it returned {type(answer).__name__} in the place of a VisionAnswer")
    for name in ("text", "finish_reason"):
        _check(answer, name, isinstance(getattr(answer, name), str), "a str")
    for name in ("input_tokens", "output_tokens"):
        count = getattr(answer, name)
        _check(answer, name, type(count) is int and count >= 0, "an int from 0 on")
    return answer


def _check(answer: VisionAnswer, name: str, good: bool, wanted: str) -> None:
    if not good:
        kind = type(getattr(answer, name)).__name__
        raise ModelError(f"it returned a VisionAnswer whose {name} must be {wanted}, and is of type {kind}")


class VisionModels:
    """The models, by patterns of endpoints.

    Args:
        models: Pattern to model; the first that matches answers.
        workers: How many calls run at once, of all models together that work on this machine. One that has
            another server work has threads of its own: they wait more than they work.
    """

    def __init__(self, models: Mapping[str, VisionModel], workers: int) -> None:
        self._models = dict(models)
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="vision")
        self._pools: dict[OpenAICompatible, ThreadPoolExecutor] = {}
        for model in models.values():
            if isinstance(model, OpenAICompatible) and model not in self._pools:
                self._pools[model] = ThreadPoolExecutor(model.concurrency, thread_name_prefix="vision-server")
        self.workers = workers
        self._lock = threading.Lock()
        self.calls: Counter[str] = Counter()
        """Calls so far, by object URI."""

    def find(self, endpoint: str) -> VisionModel:
        """Return the model that answers for an endpoint: a short name or a URL.

        Raises:
            ApiError: None does.
        """
        names = {endpoint, endpoint.rpartition("/")[2]}
        for pattern, model in self._models.items():
            if pattern in names or any(matches(pattern, name) for name in names):
                return model
        mapped = ", ".join(self._models) if self._models else "none"
        raise ApiError(
            "notFound",
            f"Not found: no vision model answers for the endpoint {endpoint} here; "
            f"mapped endpoints: {mapped}",
        )

    def workers_for(self, model: VisionModel) -> int:
        """Return how many calls of a model run at once."""
        return model.concurrency if isinstance(model, OpenAICompatible) else self.workers

    async def on_a_thread(self, work: Callable[[], T], *, model: VisionModel | None = None) -> T:
        """Do some work, which may ask models, on one of the threads.

        Args:
            work: What to do.
            model: The model that it asks, to do it on one of that model's threads; None is any.
        """
        pool = self._pools.get(model, self._pool) if isinstance(model, OpenAICompatible) else self._pool
        return await asyncio.get_running_loop().run_in_executor(pool, work)

    def ask(self, model: VisionModel, request: VisionRequest) -> VisionAnswer:
        """Ask a model, and count the call.

        Raises:
            RowError: The row can't be answered.
            ModelError: The model broke down.
        """
        with self._lock:
            for image in request.images:
                self.calls[image.uri] += 1
        return checked(model(request))

    def close(self) -> None:
        """Start no further call, and leave the servers that models were asked on."""
        for pool in (self._pool, *self._pools.values()):
            pool.shutdown(wait=False, cancel_futures=True)
        for model in self._models.values():
            if isinstance(model, OpenAICompatible):
                model.close()
