"""The bench of the job tests: the real google client on a server that answers as scripted."""

from __future__ import annotations

from tests.jobs.conftest import bench

__all__ = ["bench"]
