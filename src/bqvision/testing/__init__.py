"""A local BigQuery that misbehaves as planned, to test your own pipelines with.

A `FaultPlan` says what goes wrong: requests that are answered with an error or whose answer is lost, jobs that fail,
images that the model does not answer. It is given to `bqvision.Client.local`, to `bqvision.local.serve`, or to the
pytest fixture ``local_bigquery``, and keeps account of what struck.
"""

from __future__ import annotations

from bqvision.testing.faults import Fault, FaultKind, FaultsLeftError, Strike
from bqvision.testing.fixture import LocalBigQuery
from bqvision.testing.operations import Operation
from bqvision.testing.plan import FaultPlan

__all__ = ["Fault", "FaultKind", "FaultPlan", "FaultsLeftError", "LocalBigQuery", "Operation", "Strike"]
