"""The model calls of one statement: run step by step, until the statement has none."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bqvision.local.answers import answers
from bqvision.local.arguments import Arguments, check_names, read_arguments
from bqvision.local.call_access import CallAccess
from bqvision.local.functions import DEFAULT_ENDPOINT, FUNCTIONS
from bqvision.local.inference import Reply, replies
from bqvision.local.protocol import JSON, ApiError, invalid_query, unsupported
from bqvision.local.questions import questions
from bqvision.local.statements import ModelCall, Query, TableInput, next_step, parse, replaced

if TYPE_CHECKING:
    from bqvision.local.catalog import Connection
    from bqvision.local.jobs import Job
    from bqvision.local.names import Names
    from bqvision.local.reading import Reader
    from bqvision.local.rows import Rows
    from bqvision.local.runner import Services
    from bqvision.local.scratch import Scratch
    from bqvision.local.statements import QueryParameter, Step
    from bqvision.local.vision import VisionModel


@dataclass(frozen=True, slots=True)
class _Asked:
    """Who is asked by a call, and how."""

    arguments: Arguments
    endpoint: str
    model: VisionModel
    connection: Connection | None
    """The connection whose account asks; None is the caller."""


class ModelCalls:
    """Runs model calls.

    Args:
        services: What they work on.
        job: The job that they belong to.
        names: Completes the names in it.
        reader: Reads their input.
        scratch: Keeps input and answers.
    """

    def __init__(self, services: Services, job: Job, names: Names, reader: Reader, scratch: Scratch) -> None:
        self._services = services
        self._job = job
        self._names = names
        self._reader = reader
        self._scratch = scratch
        self._rows_done = 0
        self._access = CallAccess(services.control, services.definitions.connections)
        self.stats: list[JSON] = []
        """What the job tells of each call."""

    async def answered(self, statement: Query) -> Query:
        """Run all calls of a statement, and return it as one that reads their answers instead.

        Raises:
            ApiError: A call is wrong, failed, or can't be run here; if it is wrong, no model was asked.
            StatementError: One stands where it can't be run here.
        """
        await self.check(statement)
        while (step := next_step(statement)) is not None:
            table = await self._run(step, statement.parameters)
            statement = replaced(statement, step.reading(table))
        return statement

    async def check(self, statement: Query) -> None:
        """Refuse a statement whose calls are wrong, or can't be run here.

        Raises:
            ApiError: A call is wrong.
            StatementError: One stands where it can't be run here.
        """
        next_step(statement)
        for call in statement.model_calls:
            await self._asked(call, statement.parameters)

    async def _run(self, step: Step, parameters: tuple[QueryParameter, ...]) -> str:
        """Ask the models of one step, and return the table with its input and their answers."""
        rows = await self._input(step, parameters)
        kept = rows.without(step.columns)
        for call, column in zip(step.calls, step.columns or ("prompt",), strict=True):
            asked = await self._asked(call, parameters)
            _check_columns(kept, answers((), asked.arguments, asked.endpoint, column).columns, call)
            kept = kept.with_columns(await self._answers(asked, rows, column))
        return (await self._scratch.keep(kept)).sql

    async def _answers(self, asked: _Asked, rows: Rows, column: str) -> Rows:
        done = self._rows_done
        # Many rows take a while, in which the event loop answers others.
        questioned = await asyncio.to_thread(questions, rows, asked.arguments, column)
        refusal = self._access.endpoint_refusal(asked.connection)
        if refusal is not None:
            said = [Reply(None, refusal)] * len(questioned)
        else:
            said = await replies(
                questioned,
                asked.arguments,
                model=asked.model,
                models=self._services.models,
                buckets=self._services.buckets,
                unreadable=self._access.unreadable,
                progress=lambda now, total: self._job.progress(done + now, done + total),
            )
        self._rows_done += len(said)
        found = await asyncio.to_thread(answers, said, asked.arguments, asked.endpoint, column)
        self.stats.append(found.stats(asked.arguments.function.name))
        found.check(asked.arguments)
        return found.columns

    async def _asked(self, call: ModelCall, parameters: tuple[QueryParameter, ...]) -> _Asked:
        """Check what a call says, and find the model that it asks."""
        function = FUNCTIONS[call.function]
        check_names(function, call.arguments)
        question = function.positional[0] if function.scalar else None
        values = {
            name: await self._value(call, name, value, parameters)
            for name, value in call.arguments.items()
            if name != question
        }
        arguments = read_arguments(function, values)
        definitions = self._services.definitions
        connection = None
        if call.model is not None:
            model = definitions.model(self._names.resource(call.model))
            endpoint, connection = model.endpoint, definitions.connections.find(model.connection)
        else:
            endpoint = DEFAULT_ENDPOINT if arguments.endpoint is None else arguments.endpoint
            if arguments.connection is not None:
                connection = definitions.connections.for_call(arguments.connection, self._names)
        return _Asked(arguments, endpoint, self._services.models.find(endpoint), connection)

    async def _value(
        self, call: ModelCall, name: str, value: object, parameters: tuple[QueryParameter, ...]
    ) -> object:
        try:
            return await self._reader.value(value, parameters)
        except ApiError as error:
            raise invalid_query(
                f"the argument {name} of {call.function} must be a constant: {error.message}"
            ) from None

    async def _input(self, step: Step, parameters: tuple[QueryParameter, ...]) -> Rows:
        source = step.source
        if isinstance(source, TableInput):
            return await self._reader.table(self._names.resource(source.path))
        inner = parse(source.sql, parameters)
        if not isinstance(inner, Query) or inner.target is not None:
            raise unsupported("anything but a plain query as the input of a model call")
        try:
            return await self._reader.rows(inner.sql, inner.parameters)
        except ApiError as error:
            if not step.nested or error.reason != "invalidQuery":
                raise
            names = ", ".join(call.function for call in step.calls)
            raise ApiError(
                "notImplemented",
                f"not supported by the local BigQuery: {names} in a subquery that reads columns of the query around "
                f"it: put it into a subquery of its own over one table ({error.message})",
            ) from None


def _check_columns(rows: Rows, added: Rows, call: ModelCall) -> None:
    """Refuse an input that has a column which the call adds, before it is paid for.

    Raises:
        ApiError: It has one.
    """
    there = {name.lower() for name in rows.names}
    twice = next((name for name in added.names if name.lower() in there), None)
    if twice is not None:
        raise invalid_query(f"Duplicate column name {twice}: {call.function} adds it to an input that has it")
