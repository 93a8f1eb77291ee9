"""SQL: pure functions from arguments to a `Statement`; one module for each kind of resource."""

from __future__ import annotations

from bqvision.sql.compose import Parameter, Statement

__all__ = ["Parameter", "Statement"]
