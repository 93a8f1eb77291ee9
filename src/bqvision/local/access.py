"""What a simulated project allows, as data: permissions, roles, APIs, billing."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from bqvision.errors import InvalidInputError

_PERMISSION: Final = re.compile(r"[a-z][a-z0-9]*(\.[a-zA-Z]+){2}")
_API: Final = re.compile(r"[a-z][a-z0-9-]*\.googleapis\.com")


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What the project of a local BigQuery allows, to rehearse a set-up in which something is missing.

    What is missing fails with the texts that Google's services fail with.

    Args:
        denied: Permissions that the caller lacks, such as ``bigquery.connections.use``.
        grants_needed: Whether a connection's service account has no role until one is granted.
        disabled_apis: Services that are not enabled, such as ``aiplatform.googleapis.com``.
        billing: Whether the project has a billing account; without one, statements that write or ask a model fail.
        propagation: How many statements that need a role still fail after it was granted.

    Raises:
        InvalidInputError: An argument is not of this kind.
    """

    denied: Iterable[str] = ()
    grants_needed: bool = True
    disabled_apis: Iterable[str] = ()
    billing: bool = True
    propagation: int = 0

    def __post_init__(self) -> None:
        for name, shape, example in (
            ("denied", _PERMISSION, "permissions such as 'bigquery.connections.use'"),
            ("disabled_apis", _API, "services such as 'aiplatform.googleapis.com'"),
        ):
            given: object = getattr(self, name)
            if isinstance(given, str) or not isinstance(given, Iterable):
                raise _invalid(f"{name} must be several {example}, and is {given!r}")
            values = tuple(given)
            for value in values:
                if not isinstance(value, str) or not shape.fullmatch(value):
                    raise _invalid(f"{name} must be {example}, and has {value!r}")
            object.__setattr__(self, name, values)
        for name in ("grants_needed", "billing"):
            flag: object = getattr(self, name)
            if type(flag) is not bool:
                raise _invalid(f"{name} must be True or False, and is {flag!r}")
        number: object = self.propagation
        if type(number) is not int or number < 0:
            raise _invalid(f"propagation must be a number of statements from 0, and is {number!r}")


def _invalid(what: str) -> InvalidInputError:
    return InvalidInputError(f"Access: {what}")
