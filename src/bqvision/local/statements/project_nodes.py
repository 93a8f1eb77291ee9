"""What `parse` returns for statements about access and the project: one frozen dataclass per kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bqvision.local.statements.nodes import Path
    from bqvision.local.statements.tokens import Span
    from bqvision.local.statements.values import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeGrants:
    """`GRANT` or `REVOKE` of roles on a project or a connection; the emulator does those on datasets and tables.

    Attributes:
        revoke: Whether they are taken away.
        roles: The roles.
        kind: PROJECT or CONNECTION.
        path: What they are on.
        members: Whom they are given to or taken from, as it was written.
    """

    revoke: bool
    roles: tuple[str, ...]
    kind: str
    path: Path
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AlterProject:
    """`ALTER PROJECT ... SET OPTIONS`: options by lower-cased name; None takes one back."""

    project: str
    options: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class ProjectOptions:
    """`region-us.INFORMATION_SCHEMA.PROJECT_OPTIONS`, which the emulator doesn't have; `project` may be left out."""

    project: str | None
    location: str
    span: Span
