"""Everything that the server process serves, put together."""

from __future__ import annotations

import asyncio
import socket
import threading
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final

import uvicorn

from bqvision.local.access_control import AccessControl
from bqvision.local.bridge import ParentModel
from bqvision.local.buckets import Buckets
from bqvision.local.catalog import Catalog
from bqvision.local.connections import Connections
from bqvision.local.definitions import Definitions
from bqvision.local.emulator import Emulator
from bqvision.local.gateway import gateway
from bqvision.local.grants import Grants
from bqvision.local.jobs import JobTable
from bqvision.local.models import VisionModels
from bqvision.local.object_tables import ObjectTables
from bqvision.local.openai_compatible import OpenAICompatible
from bqvision.local.rest_access import AccessApi
from bqvision.local.rest_connections import ConnectionsApi
from bqvision.local.rest_jobs import JobsApi
from bqvision.local.rest_permissions import RestPermissions
from bqvision.local.rest_resources import ResourcesApi
from bqvision.local.runner import Runner, Services
from bqvision.local.scripted import ScriptedModel
from bqvision.local.signing import Signer
from bqvision.local.statement_checks import StatementChecks
from bqvision.local.uploads import UploadsApi

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp

    from bqvision.local.config import ServerConfig
    from bqvision.local.faults import FaultBench
    from bqvision.local.vision import VisionModel

_STOP_SECONDS: Final = 2.0


class Application:
    """The gateway on its own thread and event loop, the emulator on another.

    Args:
        config: What the parent told.

    Raises:
        OSError: The port is taken.
    """

    def __init__(self, config: ServerConfig) -> None:
        # asyncio turns delays off (TCP_NODELAY) only where the protocol is named: 40 ms a request.
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(("127.0.0.1", config.port))
        data = Path(config.data_dir)
        self._emulator = Emulator(
            project=config.project,
            data_dir=data if config.persistent else None,
            staging_dir=data / "uploads",
            spill_dir=Path(config.home) / "spilled",
        )
        bench = _bench(config)
        make_models = VisionModels if bench is None else bench.models
        self._models = make_models(_models(config), config.workers)
        self._server = uvicorn.Server(
            uvicorn.Config(
                _gateway(config, self._emulator, self._models, f"http://127.0.0.1:{self.port}", bench),
                http="auto" if bench is None else bench.protocol,
                log_config=None,
                access_log=False,
                lifespan="off",
                timeout_graceful_shutdown=1,
            )
        )
        self._thread = threading.Thread(target=self._serve, name="gateway", daemon=True)

    @property
    def port(self) -> int:
        """The port on 127.0.0.1."""
        return int(self._socket.getsockname()[1])

    def start(self) -> None:
        """Start serving; requests that come from now on wait at most for the loop's start."""
        self._emulator.start()
        self._socket.listen()
        self._thread.start()
        # DuckDB needs it for the first rows that are stored, and it takes a second to load.
        threading.Thread(target=import_module, args=("pyarrow.dataset",), daemon=True).start()

    def stop(self) -> None:
        """Stop serving and close the database."""
        self._server.should_exit = True
        self._thread.join(_STOP_SECONDS)
        self._models.close()
        self._emulator.stop()

    def _serve(self) -> None:
        asyncio.run(self._server.serve(sockets=[self._socket]))


def _bench(config: ServerConfig) -> FaultBench | None:
    if not config.faults:
        return None
    from bqvision.local.faults import FaultBench

    return FaultBench()


def _gateway(
    config: ServerConfig, emulator: Emulator, models: VisionModels, endpoint: str, bench: FaultBench | None
) -> ASGIApp:
    buckets = Buckets(
        {name: Path(bucket) if isinstance(bucket, str) else bucket for name, bucket in config.buckets.items()}
    )
    catalog = Catalog(Path(config.data_dir) / "catalog.json" if config.persistent else None)
    control = AccessControl(config.access, catalog)
    connections = Connections(catalog, control)
    grants = Grants(catalog, connections, control)
    tables = ObjectTables(catalog, buckets, emulator, connections, control)
    definitions = Definitions(catalog, connections, grants, tables, emulator, models, config.location)
    signer = Signer(endpoint)
    jobs = JobTable(config.location)
    make_runner = Runner if bench is None else bench.runner
    checks = StatementChecks(control, emulator)
    runner = make_runner(Services(emulator, definitions, tables, models, buckets, signer, control, checks))
    routes = [
        *JobsApi(jobs, runner, emulator).routes(),
        *UploadsApi(jobs, emulator).routes(),
        *ResourcesApi(catalog, emulator, tables, definitions, config.location).routes(),
        *ConnectionsApi(catalog).routes(),
        *AccessApi(catalog, control, definitions, buckets).routes(),
        *(() if bench is None else bench.routes()),
    ]

    def guarded(app: ASGIApp) -> ASGIApp:
        checked = RestPermissions(app, control, config.project) if control.simulated else app
        return checked if bench is None else bench.before(checked)

    return gateway(
        routes,
        token=config.token,
        emulator=emulator,
        models=models,
        buckets=buckets,
        signer=signer,
        before=guarded,
    )


def _models(config: ServerConfig) -> Mapping[str, VisionModel]:
    models: dict[str, VisionModel] = {}
    for route in config.models:
        if route.kind == "ocr":
            from bqvision.local.ocr import OCRReader

            models[route.pattern] = OCRReader()
        elif route.kind == "scripted":
            models[route.pattern] = ScriptedModel(**route.settings)
        elif route.kind == "openai":
            models[route.pattern] = OpenAICompatible(**route.settings)
        elif config.bridge_port is not None:
            key = bytes.fromhex(config.bridge_key)
            models[route.pattern] = ParentModel(config.bridge_port, key, route.index)
    return models
