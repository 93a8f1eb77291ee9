"""Vision models behind their endpoints: which one answers, on which threads, how often it was asked."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from bqvision.local.buckets import matches
from bqvision.local.protocol import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bqvision.local.vision import VisionAnswer, VisionModel, VisionRequest

T = TypeVar("T")


class ModelError(Exception):
    """A vision model broke down: neither an answer nor a row error."""


class VisionModels:
    """The models, by patterns of endpoints.

    Args:
        models: Pattern to model; the first that matches answers.
        workers: How many calls run at once.
    """

    def __init__(self, models: Mapping[str, VisionModel], workers: int) -> None:
        self._models = dict(models)
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="vision")
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
            if any(matches(pattern, name) for name in names):
                return model
        mapped = ", ".join(self._models) if self._models else "none"
        raise ApiError(
            "notFound",
            f"Not found: no vision model answers for the endpoint {endpoint} here; "
            f"mapped endpoints: {mapped}",
        )

    async def on_a_thread(self, work: Callable[[], T]) -> T:
        """Do some work, which may ask models, on one of the threads."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    def ask(self, model: VisionModel, request: VisionRequest) -> VisionAnswer:
        """Ask a model, and count the call.

        Raises:
            RowError: The row can't be answered.
            ModelError: The model broke down.
        """
        with self._lock:
            for image in request.images:
                self.calls[image.uri] += 1
        return model(request)

    def close(self) -> None:
        """Start no further call."""
        self._pool.shutdown(wait=False, cancel_futures=True)
