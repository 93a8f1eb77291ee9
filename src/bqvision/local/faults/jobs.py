"""Jobs that fail, are held, or report what is not true."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import TYPE_CHECKING

from typing_extensions import override

from bqvision.local.protocol import JSON, ApiError, Object, as_object, as_text
from bqvision.local.runner import Runner

if TYPE_CHECKING:
    from bqvision.local.faults.ledger import Ledger
    from bqvision.local.jobs import Job, Result
    from bqvision.local.runner import Services
    from bqvision.testing.faults import Fault, FaultKind


class Gate:
    """Where held jobs wait."""

    def __init__(self) -> None:
        self._opened = asyncio.Event()

    def open(self) -> None:
        """Let all go on that wait now."""
        self._opened.set()
        self._opened = asyncio.Event()

    async def wait(self, seconds: float | None) -> None:
        """Wait until the gate is opened, no longer than this."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._opened.wait()


class FaultyRunner(Runner):
    """Runs query jobs, some of them not as they should be.

    Args:
        services: What the statements work on.
        ledger: Says which faults strike.
        gate: Where held jobs wait.
    """

    def __init__(self, services: Services, ledger: Ledger, gate: Gate) -> None:
        super().__init__(services)
        self._ledger = ledger
        self._gate = gate

    @override
    async def run(self, job: Job) -> Result:
        """Do a job's work, or what a fault says.

        Raises:
            ApiError: It failed.
        """
        held = self._fault("hold_job", job)
        failing = self._fault("fail_job", job)
        if held is not None:
            seconds = held.options.get("seconds")
            await self._gate.wait(seconds if isinstance(seconds, int | float) else None)
        if failing is not None:
            error = ApiError(str(failing.options["reason"]), str(failing.options["message"]))
            if not failing.options.get("paid"):
                raise error
            job.late_error = error
        result = await super().run(job)
        return self._reported(job, result)

    def _fault(self, kind: FaultKind, job: Job) -> Fault | None:
        statement = as_text(as_object(job.configuration.get("labels")).get("bqvision"))
        query = as_object(job.configuration.get("query"))
        text = f"{as_text(query.get('query'))}\n{json.dumps(query.get('queryParameters', []))}"
        return self._ledger.job(kind, statement, statement if statement else job.job_id, text)

    def _reported(self, job: Job, result: Result) -> Result:
        """Return a result whose statistics may count failed rows wrongly."""
        stats = as_object(as_object(result.statistics.get("query")).get("genAiStats"))
        functions = stats.get("functionStats")
        if not isinstance(functions, list):
            return result
        fault = self._fault("failed_rows", job)
        if fault is None:
            return result
        count = str(fault.options["count"])
        wrong: list[JSON] = []
        for function in map(as_object, functions):
            errors: Object = {**as_object(function.get("errorStats")), "numFailedRows": count}
            wrong.append({**function, "errorStats": errors})
        return result.telling("genAiStats", {**stats, "functionStats": wrong})
