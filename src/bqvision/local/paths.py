"""The paths of the server's own routes, beside BigQuery's methods."""

from __future__ import annotations

from typing import Final

MODEL_CALLS: Final = "/bqvision/model_calls"
FAULTS: Final = "/bqvision/faults"
RELEASE: Final = "/bqvision/faults/release"
