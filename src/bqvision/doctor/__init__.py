"""One look at a project before the first run: what is there, what is missing, and which line mends it.

`bqvision.Client.doctor` looks; in a terminal, ``python -m bqvision.doctor --project my-project`` does.
"""

from __future__ import annotations

from bqvision.doctor.report import Check, CheckStatus, Diagnosis

__all__ = ["Check", "CheckStatus", "Diagnosis"]
