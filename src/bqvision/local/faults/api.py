"""How a `bqvision.testing.FaultPlan` talks to its server."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bqvision.local.paths import FAULTS, RELEASE
from bqvision.local.protocol import ApiError
from bqvision.local.wire import json_body
from bqvision.testing.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request

    from bqvision.local.faults.jobs import Gate
    from bqvision.local.faults.ledger import Ledger


class FaultsApi:
    """Answers for the plan of this server.

    Args:
        ledger: The plan's faults.
        gate: Where held jobs wait.
    """

    def __init__(self, ledger: Ledger, gate: Gate) -> None:
        self._ledger = ledger
        self._gate = gate

    def routes(self) -> Sequence[Route]:
        """Return the routes."""
        return [
            Route(FAULTS, self.plan, methods=["POST"]),
            Route(FAULTS, self.account, methods=["GET"]),
            Route(FAULTS, self.clear, methods=["DELETE"]),
            Route(RELEASE, self.release, methods=["POST"]),
        ]

    async def plan(self, request: Request) -> Response:
        """Take further faults."""
        faults = (await json_body(request)).get("faults")
        try:
            self._ledger.add([Fault(**fault) for fault in faults])  # type: ignore[union-attr, arg-type]
        except TypeError:
            raise ApiError("badRequest", "the request's body holds no faults") from None
        return Response(status_code=204)

    async def account(self, _: Request) -> Response:
        """Tell what struck, and what is left."""
        return JSONResponse(asdict(self._ledger.account()))

    async def clear(self, _: Request) -> Response:
        """Forget all faults and what struck, and let the held jobs go on."""
        self._ledger.clear()
        self._gate.open()
        return Response(status_code=204)

    async def release(self, _: Request) -> Response:
        """Let the held jobs go on."""
        self._gate.open()
        return Response(status_code=204)
