"""What the pytest fixture ``local_bigquery`` gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bqvision._retry import RetryPolicy
    from bqvision.client import Client
    from bqvision.local.simulated import SimulatedBucket
    from bqvision.local.vision import VisionModel
    from bqvision.testing.plan import FaultPlan


class LocalBigQuery(Protocol):
    """Starts a local BigQuery, which is stopped at the test's end; see `bqvision.Client.local`."""

    def __call__(
        self,
        *,
        buckets: Mapping[str, str | Path | SimulatedBucket],
        model: VisionModel | Mapping[str, VisionModel] | None = None,
        data_dir: str | Path | None = None,
        labels: Mapping[str, str] | None = None,
        retry: RetryPolicy | None = None,
        faults: FaultPlan | None = None,
    ) -> Client:
        """Return a client on a new local BigQuery."""
        ...
