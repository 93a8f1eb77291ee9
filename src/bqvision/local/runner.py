"""One query job: the statements that the gateway owns are done here, the rest goes to the emulator."""

from __future__ import annotations

import contextlib
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bqvision.local.catalog import SCRATCH_DATASET, ResourceName
from bqvision.local.inference import function_stats, generate_text
from bqvision.local.jobs import Job, Result
from bqvision.local.names import Names
from bqvision.local.protocol import JSON, ApiError, Object, as_object, as_text, unsupported
from bqvision.local.questions import Arguments
from bqvision.local.rows import Rows, column
from bqvision.local.statements import (
    CreateSchema,
    DropSchema,
    Expression,
    ModelCall,
    ParsedStatement,
    Query,
    QueryInput,
    QueryParameter,
    Script,
    SignedUrlCall,
    Span,
    StatementError,
    TableInput,
    UnsupportedStatementError,
    parse,
    rewrite,
)
from bqvision.local.table_options import keep_options

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

    from bqvision.local.buckets import Buckets
    from bqvision.local.definitions import Definitions
    from bqvision.local.emulator import Emulator
    from bqvision.local.models import VisionModels
    from bqvision.local.object_tables import ObjectTables
    from bqvision.local.signing import Signer

Parameters = tuple[QueryParameter, ...]


@dataclass(frozen=True, slots=True)
class Services:
    """What the statements work on."""

    emulator: Emulator
    definitions: Definitions
    tables: ObjectTables
    models: VisionModels
    buckets: Buckets
    signer: Signer


class Runner:
    """Runs query jobs.

    Args:
        services: What the statements work on.
        location: The location of this server.
    """

    def __init__(self, services: Services, location: str) -> None:
        self._services = services
        self._location = location

    async def run(self, job: Job) -> Result:
        """Do a query job's work.

        Raises:
            ApiError: The statement is wrong, failed, or can't be done here.
        """
        work = _Work(job, self._services, self._location)
        if work.query.get("destinationTable") is not None:
            raise unsupported("a query's destinationTable (CREATE TABLE ... AS works)")
        if work.query.get("useLegacySql") is True:
            return await work.forward(work.query)
        with _translated():
            return work.reported(await work.statement(parse(work.sql, work.parameters)))

    async def dry_run(self, job: Job) -> Result:
        """Check a statement and run nothing.

        Raises:
            ApiError: The statement is wrong, or can't be done here.
        """
        work = _Work(job, self._services, self._location)
        with _translated():
            statement = parse(work.sql, work.parameters)
            if not isinstance(statement, Query) or not _plain(statement):
                return Result(statistics={"query": {"totalBytesProcessed": "0"}})
            done = await work.rewritten(statement.sql, statement.parameters, {})
            return Result(statistics=done.statistics)


class _Work:
    """The statements of one job."""

    def __init__(self, job: Job, services: Services, location: str) -> None:
        self._job = job
        self._services = services
        self.query = as_object(job.configuration.get("query"))
        self.sql = as_text(self.query.get("query"))
        given = self.query.get("queryParameters")
        self.parameters: Parameters = tuple(
            QueryParameter.from_rest(as_object(item)) for item in (given if isinstance(given, list) else ())
        )
        self._functions: list[JSON] = []
        self._names = Names(job.project, as_object(self.query.get("defaultDataset")), location)

    async def statement(self, statement: ParsedStatement) -> Result:
        """Run one statement, or a script of several."""
        match statement:
            case Script():
                return await self._script(statement)
            case Query():
                return await self._query(statement)
            case _ if self._job.late_error is not None:
                raise self._job.late_error
            case CreateSchema() | DropSchema():
                return await self._services.definitions.schema(
                    statement, self._names, lambda: self.rewritten(statement.sql, (), {})
                )
            case _:
                return Result(
                    statistics={"query": await self._services.definitions.run(statement, self._names)}
                )

    def reported(self, result: Result) -> Result:
        """Return the job's result with what its model functions did."""
        return result.telling("genAiStats", {"functionStats": self._functions}) if self._functions else result

    async def forward(self, query: Object) -> Result:
        """Have the emulator run a query: what comes before only read and asked.

        Raises:
            ApiError: It failed, or was to fail.
        """
        if self._job.late_error is not None:
            raise self._job.late_error
        done = await self._services.emulator.run_job(
            self._job.project, {**self._job.configuration, "query": query}
        )
        return Result.from_resource(done)

    async def rewritten(self, sql: str, parameters: Parameters, replacements: Mapping[Span, str]) -> Result:
        """Have the emulator run a statement, in words that it understands as BigQuery does."""
        return await self.forward(self._emulated(sql, parameters, replacements))

    def _emulated(self, sql: str, parameters: Parameters, replacements: Mapping[Span, str]) -> Object:
        text = rewrite(sql, parameters, replacements)
        given: list[JSON] = [parameter.to_rest() for parameter in text.parameters]  # type: ignore[misc]
        return {
            **self.query,
            "query": text.sql,
            "useLegacySql": False,
            "parameterMode": "NAMED",
            "queryParameters": given,
        }

    async def _script(self, script: Script) -> Result:
        """Run a script's statements one by one if the gateway has a part in any, else as one."""
        if script.procedural:  # What it reads shows only when it runs.
            for table in list(self._services.definitions.catalog.object_tables):
                await self._services.tables.read(table)
            return await self.rewritten(script.sql, script.parameters, {})
        parsed = [parse(text, script.parameters) for text in script.statements]
        if all(isinstance(one, Query) and _plain(one) and not self._objects(one) for one in parsed):
            return await self.rewritten(script.sql, script.parameters, {})
        result = Result()
        for one in parsed:
            result = await self.statement(one)
        return result.telling("statementType", "SCRIPT")

    async def _query(self, statement: Query) -> Result:
        self._services.definitions.check_target(statement.target, self._names)
        objects = self._objects(statement)
        for table in objects:
            await self._services.tables.read(table)
        replacements: dict[Span, str] = {}
        scratch: list[ResourceName] = []
        try:
            for call in statement.model_calls:
                scratch.append(await self._model_call(call, statement.parameters))
                replacements[call.span] = scratch[-1].sql
            for signed in statement.signed_url_calls:
                scratch.append(await self._signed_urls(signed))
                replacements[signed.span] = scratch[-1].sql
            target = statement.target
            if target is not None and target.kind.startswith("ALTER") and target.options_span is not None:
                replacements[target.options_span] = "()"  # The emulator passes over constants only.
            result = await self.rewritten(statement.sql, statement.parameters, replacements)
        finally:
            for table in scratch:
                await self._services.emulator.drop_table(table)
        if target is not None and self._names.complete(target.path):
            name = self._names.resource(target.path)
            catalog = self._services.definitions.catalog
            catalog.set_view(name, objects if target.kind.endswith("VIEW") else ())
            if target.kind == "ALTER TABLE" and target.options_span is None:
                with contextlib.suppress(ApiError):  # A table that was renamed is not there.
                    await self._services.emulator.renew_schema(name)
            await keep_options(
                catalog,
                name,
                target,
                result,
                lambda value: self._evaluated(value, statement.parameters),
            )
        return result

    def _objects(self, statement: Query) -> Sequence[ResourceName]:
        """Return the object tables that a statement may read."""
        paths = [path for path in statement.table_paths if self._names.complete(path)]
        catalog = self._services.definitions.catalog
        found: set[ResourceName] = set()
        for name in map(self._names.resource, paths):
            found.update(catalog.views.get(name, ()))
            if name in catalog.object_tables:
                found.add(name)
        return sorted(found)

    async def _model_call(self, call: ModelCall, parameters: Parameters) -> ResourceName:
        """Run the model on a call's input and keep input and outputs in a scratch table."""
        if call.function != "ML.GENERATE_TEXT" or call.model is None or call.source is None:
            raise unsupported(call.function)
        services, job = self._services, self._job
        model = services.definitions.model(self._names.resource(call.model))
        vision = services.models.find(model.endpoint)
        arguments = Arguments.read(
            {name: await self._evaluated(value, parameters) for name, value in call.arguments.items()}
        )
        rows = await self._input(call.source, parameters)
        answers = await generate_text(
            rows,
            arguments,
            endpoint=model.endpoint,
            model=vision,
            models=services.models,
            buckets=services.buckets,
            progress=job.progress,
        )
        self._functions.append(function_stats(call.function, answers))
        return await self._keep(rows.with_columns(answers))

    async def _input(self, source: TableInput | QueryInput, parameters: Parameters) -> Rows:
        if isinstance(source, TableInput):
            return await self._whole(self._names.resource(source.path))
        inner = parse(source.sql, parameters)
        if not isinstance(inner, Query) or not _plain(inner):
            raise unsupported("anything but a plain query as the input of a model call")
        return await self._fetch(self._emulated(inner.sql, inner.parameters, {}))

    async def _whole(self, table: ResourceName) -> Rows:
        return await self._fetch({"query": f"SELECT * FROM {table.sql}", "useLegacySql": False})

    async def _evaluated(self, value: object, parameters: Parameters) -> object:
        if not isinstance(value, Expression):
            return value
        rows = await self._fetch(self._emulated(f"SELECT {value.sql} AS value", parameters, {}))
        return rows.values("value")[0]

    async def _fetch(self, query: Object) -> Rows:
        return await self._services.emulator.fetch(self._job.project, {"query": query})

    async def _signed_urls(self, call: SignedUrlCall) -> ResourceName:
        table = self._names.resource(call.path)
        if not self._services.definitions.is_object_table(table):
            raise ApiError(
                "invalidQuery", f"EXTERNAL_OBJECT_TRANSFORM needs an object table; {table} is none"
            )
        rows = await self._whole(table)
        urls = [self._services.signer.url(uri) for uri in rows.values("uri")]
        return await self._keep(rows.with_columns(Rows.of([column("signed_url", "STRING")], [urls])))

    async def _keep(self, rows: Rows) -> ResourceName:
        table = ResourceName(self._job.project, SCRATCH_DATASET, f"t{uuid.uuid4().hex}")
        await self._services.definitions.make_scratch(self._job.project)
        await self._services.emulator.create_table(table, rows)
        return table


@contextlib.contextmanager
def _translated() -> Generator[None]:
    """Give the refusals of the statements' reader BigQuery's form."""
    try:
        yield
    except UnsupportedStatementError as error:
        raise ApiError("notImplemented", f"not supported by the local BigQuery: {error}") from None
    except StatementError as error:
        raise ApiError("invalidQuery", str(error), location="query") from None


def _plain(statement: Query) -> bool:
    return not statement.model_calls and not statement.signed_url_calls
