"""bqemulator inside this process: its REST application on an event loop of its own.

The emulator runs SQL on its event loop, so a long statement would hold up everything that shares the
loop. It therefore lives on its own thread, and is asked by calling its ASGI application there: it needs
no port, so nothing but the gateway can reach it, and no second HTTP hop is paid for.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from bqemulator.api.app import create_app
from bqemulator.api.dependencies import AppContext
from bqemulator.catalog.duckdb_repository import DuckDBCatalogRepository
from bqemulator.catalog.memory_repository import MemoryCatalogRepository
from bqemulator.catalog.models import TableSchema
from bqemulator.config import LogLevel, PersistenceMode, Settings
from bqemulator.domain.clock import SystemClock
from bqemulator.domain.events import EventBus
from bqemulator.jobs.executor import JOB_RESULTS, JOB_SCHEMAS
from bqemulator.jobs.upload_session_manager import UploadSessionManager
from bqemulator.observability.logging_ import configure_logging
from bqemulator.observability.metrics import MetricsRegistry
from bqemulator.row_access.policy import RowAccessPolicyManager
from bqemulator.storage.engine import DuckDBEngine
from bqemulator.storage.sql_identifiers import quoted_table_ref
from bqemulator.udf.runtime import UDFRegistry

# sqlglot knows a dialect once it is defined.
import bqvision.local.parsing  # noqa: F401  # pyright: ignore[reportUnusedImport]
from bqvision.local.asgi import Answer, call
from bqvision.local.engine import Engine
from bqvision.local.protocol import JSON, ApiError, Object, as_object
from bqvision.local.rows import Rows
from bqvision.local.time_travel import RecentSnapshots

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence

    from bqemulator.catalog.repository import CatalogRepository

    from bqvision.local.catalog import ResourceName

T = TypeVar("T")
API = "/bigquery/v2/projects"
_START_SECONDS = 60.0


class Emulator:
    """The emulator on its thread.

    Args:
        project: The project of requests that name none.
        data_dir: Where tables are kept; None keeps them in memory.
        staging_dir: Where uploads are staged.
        spill_dir: Where data goes that has no place in memory.
    """

    def __init__(self, *, project: str, data_dir: Path | None, staging_dir: Path, spill_dir: Path) -> None:
        self._settings = Settings(
            default_project_id=project,
            persistence_mode=PersistenceMode.EPHEMERAL if data_dir is None else PersistenceMode.PERSISTENT,
            data_dir=data_dir,
            enable_format_extensions=False,
            query_cache_ttl_seconds=0,
            upload_staging_dir=staging_dir,
            log_level=LogLevel.ERROR,
            metrics_enabled=False,
        )
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="bqemulator", daemon=True)
        self._engine = Engine(self._settings, spill_dir)

    def start(self) -> None:
        """Open the database; returns when requests can be sent."""
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._compose(), self._loop).result(_START_SECONDS)

    def stop(self) -> None:
        """Close the database."""
        with contextlib.suppress(Exception):
            asyncio.run_coroutine_threadsafe(self._engine.stop(), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)

    async def _compose(self) -> None:
        settings, engine, clock, events = self._settings, self._engine, SystemClock(), EventBus()
        configure_logging(level=settings.log_level, fmt=settings.log_format)
        await engine.start()
        catalog: CatalogRepository
        if settings.persistence_mode is PersistenceMode.EPHEMERAL:
            catalog = MemoryCatalogRepository(engine)
        else:
            catalog = kept = DuckDBCatalogRepository(engine)
            kept.ensure_ready()
        routines = UDFRegistry(settings)
        self._context = AppContext(
            settings=settings,
            clock=clock,
            engine=engine,
            catalog=catalog,
            metrics=MetricsRegistry(),
            events=events,
            udf_registry=routines,
            snapshots=RecentSnapshots(
                engine=engine,
                catalog=catalog,
                clock=clock,
                events=events,
                retention_days=settings.time_travel_retention_days,
            ),
            row_access=RowAccessPolicyManager(catalog=catalog, clock=clock),
            upload_sessions=UploadSessionManager(
                staging_dir=settings.upload_staging_dir,
                max_bytes=settings.upload_max_bytes,
                ttl_seconds=settings.upload_session_ttl_seconds,
                clock=clock,
            ),
        )
        routines.hydrate(catalog, engine)
        self._app = create_app(self._context)

    async def send(
        self,
        method: str,
        path: str,
        *,
        query: str = "",
        headers: Sequence[tuple[bytes, bytes]] = ((b"content-type", b"application/json"),),
        body: bytes = b"",
    ) -> Answer:
        """Send one request, whatever its answer.

        Args:
            method: The HTTP method.
            path: The decoded path.
            query: The query string, without the question mark.
            headers: Header names in lower case.
            body: The body.
        """

        async def ask() -> Answer:
            return await call(self._app, method, path, query=query, headers=headers, body=body)

        return await self._on_emulator(ask)

    async def request(
        self, method: str, path: str, *, query: str = "", body: Mapping[str, JSON] | None = None
    ) -> Object:
        """Send a JSON request to a path below ``/bigquery/v2/projects``.

        Raises:
            ApiError: The emulator refused it.
        """
        data = b"" if body is None else json.dumps(body).encode()
        answer = await self.send(method, f"{API}{path}", query=query, body=data)
        if answer.status >= 400:
            raise ApiError.from_body(answer.status, answer.json())
        return as_object(answer.json())

    async def run_job(self, project: str, configuration: Mapping[str, JSON]) -> Object:
        """Run one job under an id of its own.

        Returns:
            The finished job, which may have failed.

        Raises:
            ApiError: The request was refused.
        """
        reference: Object = {"projectId": project, "jobId": f"r{uuid.uuid4().hex}"}
        body: Object = {"jobReference": reference, "configuration": dict(configuration)}
        return await self.request("POST", f"/{project}/jobs", body=body)

    async def fetch(self, project: str, configuration: Mapping[str, JSON]) -> Rows:
        """Run one query and take its rows.

        Returns:
            The rows.

        Raises:
            ApiError: The statement was refused or failed.
        """
        job = await self.run_job(project, configuration)
        error = as_object(as_object(job.get("status")).get("errorResult"))
        if error:
            raise ApiError.from_proto(error)
        job_id = str(as_object(job["jobReference"])["jobId"])

        async def take() -> Rows:
            schema: Sequence[JSON] = JOB_SCHEMAS.pop(job_id)
            return Rows(schema, JOB_RESULTS.pop(job_id))

        return await self._on_emulator(take)

    async def forget(self, job_id: str) -> None:
        """Drop the rows of a finished job."""

        async def drop() -> None:
            JOB_RESULTS.pop(job_id, None)
            JOB_SCHEMAS.pop(job_id, None)

        await self._on_emulator(drop)

    async def create_table(self, name: ResourceName, rows: Rows) -> None:
        """Make a table and fill it.

        Raises:
            ApiError: It is there already, or its dataset is not.
        """
        reference: Object = {"projectId": name.project, "datasetId": name.dataset, "tableId": name.name}
        await self.request(
            "POST",
            f"/{name.project}/datasets/{name.dataset}/tables",
            body={"tableReference": reference, "schema": {"fields": rows.storable_fields}},
        )
        await self.fill_table(name, rows)

    async def fill_table(self, name: ResourceName, rows: Rows) -> None:
        """Put these rows in the place of all that a table holds."""
        table, view = quoted_table_ref(name.project, name.dataset, name.name), f"rows_{uuid.uuid4().hex}"

        async def fill() -> None:
            with _registered(self._engine, view, rows):
                self._engine.execute("BEGIN TRANSACTION")
                try:
                    self._engine.execute(f"DELETE FROM {table}")
                    self._engine.execute(f"INSERT INTO {table} SELECT * FROM {view}")
                except BaseException:
                    self._engine.execute("ROLLBACK")
                    raise
                self._engine.execute("COMMIT")
            meta = self._context.catalog.get_table(name.project, name.dataset, name.name)
            if meta is not None:
                self._context.catalog.update_table(meta.model_copy(update={"num_rows": len(rows)}))

        await self._on_emulator(fill)

    async def renew_schema(self, name: ResourceName) -> None:
        """Note the columns of a table that was altered; the emulator goes on telling those that it was made with.

        Raises:
            ApiError: There is no such table.
        """
        query: Object = {"query": f"SELECT * FROM {name.sql} LIMIT 0", "useLegacySql": False}
        rows = await self.fetch(name.project, {"query": query})

        async def note() -> None:
            meta = self._context.catalog.get_table(name.project, name.dataset, name.name)
            if meta is not None:
                schema = TableSchema.model_validate({"fields": rows.fields})
                self._context.catalog.update_table(meta.model_copy(update={"schema_": schema}))

        await self._on_emulator(note)

    async def drop_table(self, name: ResourceName) -> None:
        """Drop a table; one that is not there is no error."""
        with contextlib.suppress(ApiError):
            await self.request("DELETE", f"/{name.project}/datasets/{name.dataset}/tables/{name.name}")

    async def _on_emulator(self, work: Callable[[], Awaitable[T]]) -> T:
        async def run() -> T:
            return await work()

        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(run(), self._loop))


@contextlib.contextmanager
def _registered(engine: DuckDBEngine, view: str, rows: Rows) -> Generator[None]:
    engine.connection.register(view, rows.table)
    try:
        yield
    finally:
        engine.connection.unregister(view)
