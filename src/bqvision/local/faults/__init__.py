"""The misbehaviour of the local BigQuery: loaded only when a `bqvision.testing.FaultPlan` was given."""

from __future__ import annotations

from bqvision.local.faults.bench import FaultBench

__all__ = ["FaultBench"]
