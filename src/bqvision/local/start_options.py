"""What a local BigQuery is started with, checked and put into the form in which its process is told."""

from __future__ import annotations

import importlib.util
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bqvision.errors import InvalidInputError, MissingExtraError
from bqvision.local.config import ModelRoute
from bqvision.local.openai_compatible import OpenAICompatible
from bqvision.local.scripted import ScriptedModel
from bqvision.local.simulated import SimulatedBucket

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from bqvision.local.vision import VisionModel

_NEEDED: Final = ("bqemulator", "duckdb", "duckdb_extension_spatial", "uvicorn")
_NEEDED_TO_READ: Final = ("rapidocr", "onnxruntime", "PIL")
_DEFAULT_ENDPOINTS: Final = "gemini-*"
_BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]")
_MEMBER: Final = re.compile(r"[A-Za-z]+:\S+")
_ROLE: Final = re.compile(r"(?:projects/[^/\s]+/|organizations/[^/\s]+/)?roles/\S+")


def places(buckets: Mapping[str, str | Path | SimulatedBucket]) -> dict[str, str | SimulatedBucket]:
    """Return the buckets, with their folders' whole paths.

    Raises:
        InvalidInputError: A folder is missing, or a name can't be a bucket's.
    """
    found: dict[str, str | SimulatedBucket] = {}
    for name, folder in buckets.items():
        if not _BUCKET.fullmatch(name):
            raise InvalidInputError(
                f"{name!r} is no bucket name: 3 to 222 lower-case letters, digits, dots, dashes, underscores"
            )
        if isinstance(folder, SimulatedBucket):
            found[name] = folder
            continue
        path = Path(folder).expanduser().resolve()
        if not path.is_dir():
            raise InvalidInputError(
                f"the folder {path} for the bucket {name!r} does not exist or is no folder",
                resource=f"gs://{name}",
                next_step="Make the folder, or map the bucket to another one.",
            )
        found[name] = str(path)
    return found


def model_routes(
    model: VisionModel | Mapping[str, VisionModel] | None,
) -> tuple[list[VisionModel], list[ModelRoute]]:
    """Tell the models that stay in this process from what the server is told of all of them.

    Raises:
        InvalidInputError: A model is not callable.
    """
    from bqvision.local.ocr import OCRReader

    if model is None:
        return [], [ModelRoute(_DEFAULT_ENDPOINTS, "ocr")]
    by_pattern = model if isinstance(model, Mapping) else {"*": model}
    models: list[VisionModel] = []
    routes: list[ModelRoute] = []
    for pattern, one in by_pattern.items():
        if not callable(one):
            raise InvalidInputError(f"the vision model for {pattern!r} is not callable")
        if isinstance(one, OCRReader):
            routes.append(ModelRoute(pattern, "ocr"))
        elif type(one) is ScriptedModel:
            routes.append(ModelRoute(pattern, "scripted", settings=one.settings()))
        elif type(one) is OpenAICompatible:
            routes.append(ModelRoute(pattern, "openai", settings=one.settings()))
        else:
            routes.append(ModelRoute(pattern, "parent", index=len(models)))
            models.append(one)
    return models, routes


def worker_count(workers: int | None) -> int:
    """Return how many images are read at once; None is one for each core.

    Raises:
        InvalidInputError: It is less than one.
    """
    if workers is None:
        cores = os.cpu_count()
        return 1 if cores is None else cores
    if workers < 1:
        raise InvalidInputError(f"workers must be at least 1, and is {workers}")
    return workers


def require_installed(routes: Iterable[ModelRoute]) -> None:
    """Refuse to start without the libraries of the extra; the reader's are needed where it answers.

    Raises:
        MissingExtraError: A library is not installed.
    """
    reads = any(route.kind == "ocr" for route in routes)
    needed = (*_NEEDED, *_NEEDED_TO_READ) if reads else _NEEDED
    missing = [name for name in needed if importlib.util.find_spec(name) is None]
    if missing:
        raise MissingExtraError(
            f"the local BigQuery needs {', '.join(missing)}, which is not installed",
            next_step='Run: pip install "bqvision[local]"',
        )


def check_bucket_role(buckets: Collection[str], bucket: str, member: str, role: str) -> None:
    """Refuse a role on a bucket that can't be given.

    Args:
        buckets: The names of all buckets.
        bucket: On which.
        member: To whom.
        role: The role.

    Raises:
        InvalidInputError: There is no such bucket, or the member or role can not be one.
    """
    if bucket not in buckets:
        raise InvalidInputError(f"{bucket!r} is none of the buckets: {', '.join(sorted(buckets))}")
    if not _MEMBER.fullmatch(member):
        raise InvalidInputError(f"{member!r} is no member: it must be like serviceAccount:name@example.com")
    if not _ROLE.fullmatch(role):
        raise InvalidInputError(f"{role!r} is no role: it must be like roles/storage.objectViewer")
