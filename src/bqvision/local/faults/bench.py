"""Everything that a fault plan puts in the place of the local BigQuery's own parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bqvision.local.faults.api import FaultsApi
from bqvision.local.faults.jobs import FaultyRunner, Gate
from bqvision.local.faults.ledger import Ledger
from bqvision.local.faults.requests import RequestFaults
from bqvision.local.faults.rows import FaultyModels
from bqvision.local.faults.transport import FaultyProtocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.routing import Route
    from starlette.types import ASGIApp

    from bqvision.local.models import VisionModels
    from bqvision.local.runner import Runner, Services
    from bqvision.local.vision import VisionModel


class FaultBench:
    """The parts of one server that misbehave as one plan says."""

    protocol: Final = FaultyProtocol
    """The HTTP protocol, for uvicorn."""

    def __init__(self) -> None:
        self._ledger = Ledger()
        self._gate = Gate()

    def models(self, models: Mapping[str, VisionModel], workers: int) -> VisionModels:
        """Return vision models that a fault may answer for."""
        return FaultyModels(models, workers, self._ledger)

    def runner(self, services: Services) -> Runner:
        """Return a runner whose jobs may fail or be held."""
        return FaultyRunner(services, self._ledger, self._gate)

    def before(self, app: ASGIApp) -> ASGIApp:
        """Return the application behind what lets requests fail."""
        return RequestFaults(app, self._ledger)

    def routes(self) -> Sequence[Route]:
        """Return the routes by which the plan is told and asked."""
        return FaultsApi(self._ledger, self._gate).routes()
