"""One query job: the statements that the gateway owns are done here, the rest goes to the emulator."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bqvision.local.jobs import Job, Result
from bqvision.local.model_calls import ModelCalls
from bqvision.local.names import Names
from bqvision.local.paid_targets import is_done
from bqvision.local.protocol import JSON, ApiError, Object, as_object, as_text, invalid_query, unsupported
from bqvision.local.reading import Reader
from bqvision.local.rows import Rows, column
from bqvision.local.scratch import Scratch
from bqvision.local.statements import (
    CreateSchema,
    DropSchema,
    ParsedStatement,
    Query,
    QueryParameter,
    Script,
    SignedUrlCall,
    Span,
    StatementError,
    UnsupportedStatementError,
    model_functions,
    parse,
    replaced,
)
from bqvision.local.table_options import keep_options

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

    from bqvision.local.access_control import AccessControl
    from bqvision.local.buckets import Buckets
    from bqvision.local.catalog import ResourceName
    from bqvision.local.definitions import Definitions
    from bqvision.local.emulator import Emulator
    from bqvision.local.models import VisionModels
    from bqvision.local.object_tables import ObjectTables
    from bqvision.local.signing import Signer
    from bqvision.local.statement_checks import StatementChecks

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
    control: AccessControl
    checks: StatementChecks


class Runner:
    """Runs query jobs.

    Args:
        services: What the statements work on.
    """

    def __init__(self, services: Services) -> None:
        self._services = services

    async def run(self, job: Job) -> Result:
        """Do a query job's work.

        Raises:
            ApiError: The statement is wrong, failed, or can't be done here.
        """
        work = _Work(job, self._services)
        if work.query.get("destinationTable") is not None:
            raise unsupported("a query's destinationTable (CREATE TABLE ... AS works)")
        if work.query.get("useLegacySql") is True:
            return await work.forward(work.query)
        try:
            with _translated():
                return work.reported(await work.statement(parse(work.sql, work.parameters)))
        finally:
            job.result = work.reported(job.result)  # A job that failed tells what its models did, too.

    async def dry_run(self, job: Job) -> Result:
        """Check a statement and run nothing.

        Raises:
            ApiError: The statement is wrong, or can't be done here.
        """
        work = _Work(job, self._services)
        with _translated():
            statement = parse(work.sql, work.parameters)
            await work.check_access(statement)
            if not isinstance(statement, Query) or not _plain(statement):
                if isinstance(statement, Query):
                    await work.check(statement)
                return Result(statistics={"query": {"totalBytesProcessed": "0"}})
            done = await work.rewritten(statement.sql, statement.parameters, {})
            return Result(statistics=done.statistics)


class _Work:
    """The statements of one job."""

    def __init__(self, job: Job, services: Services) -> None:
        self._job = job
        self._services = services
        self.query = as_object(job.configuration.get("query"))
        self.sql = as_text(self.query.get("query"))
        given = self.query.get("queryParameters")
        self.parameters: Parameters = tuple(
            QueryParameter.from_rest(as_object(item)) for item in (given if isinstance(given, list) else ())
        )
        self._functions: list[JSON] = []
        self._reader = Reader(services.emulator, job.project, self.query)
        self._names = Names(job.project, as_object(self.query.get("defaultDataset")), job.location)

    async def statement(self, statement: ParsedStatement) -> Result:
        """Run one statement, or a script of several."""
        await self.check_access(statement)
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

    async def check_access(self, statement: ParsedStatement) -> None:
        """Refuse a statement that the caller or the project may not run, or not where the job runs.

        Raises:
            ApiError: It is so.
        """
        await self._services.checks.check(statement, self._names, located=self._job.located)

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
        return await self.forward(self._reader.configuration(sql, parameters, replacements))

    async def _script(self, script: Script) -> Result:
        """Run a script's statements one by one if the gateway has a part in any, else as one."""
        if script.procedural:  # What it reads shows only when it runs.
            if functions := model_functions(script.sql):
                raise unsupported(f"{functions[0]} in a script with procedural language or a transaction")
            for table in list(self._services.definitions.catalog.object_tables):
                await self._services.tables.read(table)
            return await self.rewritten(script.sql, script.parameters, {})
        parsed = [parse(text, script.parameters) for text in script.statements]
        if all(isinstance(one, Query) and _plain(one) and not self._objects(one) for one in parsed):
            for one in parsed:
                await self.check_access(one)
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
        target = statement.target
        if statement.model_calls and await is_done(target, self._names, self._services.definitions):
            return Result(
                statistics={
                    "query": {"statementType": "CREATE_TABLE_AS_SELECT", "ddlOperationPerformed": "SKIP"}
                }
            )
        scratch = self._scratch()
        calls = self._calls(scratch)
        try:
            plain = await calls.answered(await self._with_tables(statement, scratch))
            replacements: dict[Span, str] = {}
            options = None if plain.target is None else plain.target.options_span
            if options is not None and plain.target is not None and plain.target.kind.startswith("ALTER"):
                replacements[options] = "()"  # The emulator passes over constants only.
            result = await self.rewritten(plain.sql, plain.parameters, replacements)
        finally:
            self._functions += calls.stats
            await scratch.drop()
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
                lambda value: self._reader.value(value, statement.parameters),
            )
        return result

    async def check(self, statement: Query) -> None:
        """Refuse a statement whose model calls are wrong; nothing is asked.

        Raises:
            ApiError: They are.
            StatementError: One stands where it can't be run here.
        """
        await self._calls(self._scratch()).check(statement)

    def _scratch(self) -> Scratch:
        return Scratch(self._services.emulator, self._services.definitions, self._job.project)

    def _calls(self, scratch: Scratch) -> ModelCalls:
        return ModelCalls(self._services, self._job, self._names, self._reader, scratch)

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

    async def _with_tables(self, statement: Query, scratch: Scratch) -> Query:
        """Return a statement that reads signed URLs and the project's options from tables."""
        tables = {
            call.span: (await scratch.keep(await self._signed_urls(call))).sql
            for call in statement.signed_url_calls
        }
        for read in statement.project_options:
            rows = self._services.definitions.grants.options(read, self._names)
            tables[read.span] = (await scratch.keep(rows)).sql
        return replaced(statement, tables) if tables else statement

    async def _signed_urls(self, call: SignedUrlCall) -> Rows:
        table = self._names.resource(call.path)
        if not self._services.definitions.is_object_table(table):
            raise invalid_query(f"EXTERNAL_OBJECT_TRANSFORM needs an object table; {table} is none")
        rows = await self._reader.table(table)
        urls = [self._services.signer.url(uri) for uri in rows.values("uri")]
        return rows.with_columns(Rows.of([column("signed_url", "STRING")], [urls]))


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
    return not (statement.model_calls or statement.signed_url_calls or statement.project_options)
