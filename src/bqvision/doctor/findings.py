"""How one look ended: a check without its name."""

from __future__ import annotations

from dataclasses import dataclass

from bqvision.doctor.report import CheckStatus


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found, and what mends it."""

    status: CheckStatus
    message: str
    command: str | None = None


def ok(message: str) -> Finding:
    """Return that all is well."""
    return Finding(CheckStatus.OK, message)


def failed(message: str, *commands: str) -> Finding:
    """Return what a run will fail on, and the lines that mend it."""
    return Finding(CheckStatus.FAILED, message, "\n".join(commands) or None)


def unknown(message: str, *commands: str) -> Finding:
    """Return what could not be settled, and the lines that would settle or mend it."""
    return Finding(CheckStatus.UNKNOWN, message, "\n".join(commands) or None)


def note(message: str) -> Finding:
    """Return what is good to know."""
    return Finding(CheckStatus.NOTE, message)
