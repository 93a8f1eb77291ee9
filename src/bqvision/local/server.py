"""The local BigQuery as its user has it: started, asked where it is, and stopped."""

from __future__ import annotations

import os
import re
import secrets
import tempfile
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Final

from typing_extensions import override

from bqvision.errors import InvalidInputError
from bqvision.local.bridge import ModelBridge
from bqvision.local.config import ServerConfig
from bqvision.local.control import Control
from bqvision.local.process import end, handshake, spawn
from bqvision.local.start_options import (
    check_bucket_role,
    model_routes,
    places,
    require_installed,
    worker_count,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType
    from typing import Any, Self

    from google.oauth2.credentials import Credentials

    from bqvision.client import Client
    from bqvision.local.access import Access
    from bqvision.local.simulated import SimulatedBucket
    from bqvision.local.vision import VisionModel
    from bqvision.testing.plan import FaultPlan

_PROJECT: Final = re.compile(r"[a-z][a-z0-9-]{1,60}[a-z0-9]")


def serve(
    *,
    buckets: Mapping[str, str | Path | SimulatedBucket],
    model: VisionModel | Mapping[str, VisionModel] | None = None,
    data_dir: str | Path | None = None,
    project: str = "local-project",
    location: str = "US",
    port: int = 0,
    workers: int | None = None,
    faults: FaultPlan | None = None,
    access: Access | None = None,
) -> LocalServer:
    """Start a local BigQuery in a process of its own.

    Args:
        buckets: Bucket names and the folders that stand for them; or a `SimulatedBucket`, to rehearse with more
            images than there are.
        model: What answers for remote models: one callable for all endpoints, or callables by endpoint
            pattern (``gemini-*``), the first that matches. None reads the print on the images (OCR) for
            ``gemini-*``. Callables run in this process, and several calls run at once; a `ScriptedModel` or an
            `OpenAICompatible`, being data, runs in the server.
        data_dir: Where datasets, tables, models and connections are kept; None keeps them until the end.
        project: The project id.
        location: The location of datasets and jobs that name none.
        port: The port on 127.0.0.1; 0 takes a free one.
        workers: How many images are read at once; None is one for each core. An `OpenAICompatible` has its own
            number.
        faults: What goes wrong; None is nothing.
        access: What the project allows; None is everything.

    Returns:
        The server, running. It is a context manager that stops it.

    Raises:
        InvalidInputError: A bucket's folder is missing, or a name can't be used.
        MissingExtraError: The extra ``local`` is not installed.
        LocalServerError: The server did not start.
    """
    return LocalServer(
        buckets=buckets,
        model=model,
        data_dir=data_dir,
        project=project,
        location=location,
        port=port,
        workers=workers,
        faults=faults,
        access=access,
    )


class LocalServer:
    """A running local BigQuery; made by `serve`."""

    def __init__(
        self,
        *,
        buckets: Mapping[str, str | Path | SimulatedBucket],
        model: VisionModel | Mapping[str, VisionModel] | None,
        data_dir: str | Path | None,
        project: str,
        location: str,
        port: int,
        workers: int | None,
        faults: FaultPlan | None,
        access: Access | None,
    ) -> None:
        mapped = places(buckets)
        if not _PROJECT.fullmatch(project):
            raise InvalidInputError(f"{project!r} is no project id: lower-case letters, digits and dashes")
        if faults is not None:
            faults.check_unused()
        models, routes = model_routes(model)
        require_installed(routes)
        self._project = project
        self._location = location
        self._buckets = frozenset(mapped)
        self._faults = faults
        self._token = secrets.token_urlsafe(32)
        key = secrets.token_bytes(32)
        bridge = ModelBridge(models, key) if models else None
        home = Path(tempfile.mkdtemp(prefix="bqvision-"))
        data = home if data_dir is None else Path(data_dir).expanduser().resolve()
        config = ServerConfig(
            token=self._token,
            project=project,
            location=location,
            port=port,
            buckets=mapped,
            home=str(home),
            data_dir=str(data),
            persistent=data_dir is not None,
            parent_pid=os.getpid(),
            workers=worker_count(workers),
            models=tuple(routes),
            faults=faults is not None,
            bridge_port=None if bridge is None else bridge.port,
            bridge_key="" if bridge is None else key.hex(),
            access=access,
        )
        self._log = home / "server.log"
        self._process = spawn(self._log)
        self._stop = weakref.finalize(self, end, self._process, bridge, home, os.getpid())
        try:
            data.mkdir(parents=True, exist_ok=True)
            self._endpoint = f"http://127.0.0.1:{handshake(self._process, config, self._log)}"
            process = self._process  # Not the server, which must not live for as long as the plan.
            self._control = Control(self._endpoint, self._token, lambda: process.poll() is None)
            if faults is not None:
                faults.attach(self._control)
        except BaseException:
            self._stop()
            raise

    @property
    def endpoint(self) -> str:
        """Where it answers, such as ``http://127.0.0.1:9050``."""
        return self._endpoint

    @property
    def token(self) -> str:
        """The bearer token that every request needs."""
        return self._token

    @property
    def project(self) -> str:
        """The project id."""
        return self._project

    @property
    def location(self) -> str:
        """The location of datasets and jobs that name none."""
        return self._location

    @property
    def credentials(self) -> Credentials:
        """Credentials for google's clients."""
        from google.oauth2.credentials import Credentials

        return Credentials(token=self._token)  # type: ignore[no-untyped-call]

    @property
    def pid(self) -> int:
        """The id of its process, to look at its memory."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it still serves."""
        return self._stop.alive and self._process.poll() is None

    @property
    def model_calls(self) -> Mapping[str, int]:
        """How many calls the vision model has had so far, by object URI; 0 for all others.

        Raises:
            LocalServerError: The server has ended.
        """
        return self._control.model_calls()

    def grant_bucket_role(self, bucket: str, member: str, role: str) -> None:
        """Give a role on a bucket, as ``gcloud storage buckets add-iam-policy-binding`` does.

        Args:
            bucket: One of the buckets.
            member: To whom, such as ``serviceAccount:bqcx-...@gcp-sa-bigquery-condel.iam.gserviceaccount.com``.
            role: The role, such as ``roles/storage.objectViewer``.

        Raises:
            InvalidInputError: There is no such bucket, or the member or role can not be one.
            LocalServerError: The server has ended, or the caller may not do it.
        """
        check_bucket_role(self._buckets, bucket, member, role)
        self._control.grant_bucket_role(bucket, member, role)

    def client(self, **options: Any) -> Client:
        """Return a client on this server.

        Args:
            **options: Any other option of `bqvision.Client`.
        """
        from bqvision.client import Client

        return Client(
            project=self._project,
            location=self._location,
            credentials=self.credentials,
            endpoint=self._endpoint,
            **options,
        )

    def close(self) -> None:
        """Stop the server; what it kept in memory is gone."""
        if self._faults is not None:
            self._faults.detach()
        self._stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @override
    def __repr__(self) -> str:
        state = "running" if self.running else "stopped"
        return f"<LocalServer {self._endpoint} {state}>"
