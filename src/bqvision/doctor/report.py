"""What a look at a project found: one line for each check, and the command that mends it."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from enum import StrEnum
from html import escape
from typing import TYPE_CHECKING, Final

from typing_extensions import override

from bqvision._text import plural
from bqvision.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class CheckStatus(StrEnum):
    """How a check ended."""

    OK = "OK"
    """It was looked at, and is as it should be."""
    FAILED = "FAILED"
    """It was looked at, and a run will fail on it."""
    UNKNOWN = "UNKNOWN"
    """It could not be looked at, or what was seen does not settle it."""
    NOTE = "NOTE"
    """Nothing was looked for; something to know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One line of a `Diagnosis`."""

    name: str
    """What was looked at, such as ``dataset``."""
    status: CheckStatus
    message: str
    """What was found."""
    command: str | None = None
    """The line, or lines, to run for a failed check to be mended, or for an open one to be settled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """What `bqvision.Client.doctor` found; printed, it is a table.

    A tick stands for OK, a cross for FAILED, a question mark for UNKNOWN, an i for NOTE; below a line stands the
    command that mends it.
    """

    checks: tuple[Check, ...]
    """In the order in which they build on each other."""

    @property
    def ok(self) -> bool:
        """Whether no check failed; some may be unknown."""
        return not self.failed

    @property
    def failed(self) -> tuple[Check, ...]:
        """The checks on which a run will fail."""
        return self._with(CheckStatus.FAILED)

    @property
    def unknown(self) -> tuple[Check, ...]:
        """The checks that could not be settled."""
        return self._with(CheckStatus.UNKNOWN)

    def __getitem__(self, name: str) -> Check:
        """Return the check of a name.

        Raises:
            InvalidInputError: There is none.
        """
        for check in self.checks:
            if check.name == name:
                return check
        raise InvalidInputError(
            f"there is no check {name[:80]!a}",
            next_step=f"There are: {', '.join(check.name for check in self.checks)}.",
        )

    def _with(self, status: CheckStatus) -> tuple[Check, ...]:
        return tuple(check for check in self.checks if check.status is status)

    @override
    def __str__(self) -> str:
        encoding = getattr(sys.stdout, "encoding", None)
        if encoding is None or _shows(encoding):
            return "\n".join(self._lines(_SIGNS))
        return "\n".join(self._lines(_PLAIN_SIGNS)).encode(encoding, "replace").decode(encoding)

    def _lines(self, signs: Mapping[CheckStatus, str]) -> Iterator[str]:
        width = max((len(check.name) for check in self.checks), default=0)
        for check in self.checks:
            yield f"{signs[check.status]} {check.name.ljust(width)}  {_visible(check.message)}"
            for line in (check.command or "").splitlines():
                yield f"    {_visible(line)}"
        yield self._summary()

    def _summary(self) -> str:
        counts = (f"{len(found)} {_WORDS[status]}" for status in CheckStatus if (found := self._with(status)))
        return f"{plural(len(self.checks), 'check')}: {', '.join(counts)}"

    def _repr_html_(self) -> str:
        rows = "\n".join(_row(check) for check in self.checks)
        return f"<table>\n<tbody>\n{rows}\n</tbody>\n</table>\n<p>{escape(self._summary())}</p>"


_SIGNS: Final = {
    CheckStatus.OK: "✓",
    CheckStatus.FAILED: "✗",
    CheckStatus.UNKNOWN: "?",
    CheckStatus.NOTE: "i",
}
_PLAIN_SIGNS: Final = {**_SIGNS, CheckStatus.OK: "+", CheckStatus.FAILED: "x"}
_WORDS: Final = {
    CheckStatus.OK: "ok",
    CheckStatus.FAILED: "failed",
    CheckStatus.UNKNOWN: "unknown",
    CheckStatus.NOTE: "to note",
}


def _shows(encoding: str) -> bool:
    """Whether an output can show the signs."""
    try:
        "".join(_SIGNS.values()).encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _row(check: Check) -> str:
    command = "" if check.command is None else f"<pre>{escape(_visible(check.command))}</pre>"
    cells = (_SIGNS[check.status], escape(check.name), escape(_visible(check.message)) + command)
    return f"<tr>{''.join(map(_cell, cells))}</tr>"


def _cell(html: str) -> str:
    return f'<td style="text-align: left; vertical-align: top; padding: 0.2em 0.6em">{html}</td>'


def _visible(text: str) -> str:
    # A name may hold what a terminal would obey.
    return "".join(
        char if char.isprintable() or char == "\n" else "\N{REPLACEMENT CHARACTER}" for char in text
    )
