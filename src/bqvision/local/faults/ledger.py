"""Which faults are planned, which one strikes next, and what has struck."""

from __future__ import annotations

import re
import threading
from collections import Counter
from typing import TYPE_CHECKING

from bqvision.local.buckets import matches
from bqvision.testing.faults import Account, Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from bqvision.testing.faults import FaultKind

_NOT_OF_REQUESTS: frozenset[FaultKind] = frozenset({"fail_job", "hold_job", "row", "failed_rows"})


class _Entry:
    """One planned fault and its counters, which rows have one of for each image."""

    def __init__(self, number: int, fault: Fault) -> None:
        self.number = number
        self.fault = fault
        self.match = None if fault.match is None else re.compile(fault.match)
        self._passed: Counter[str] = Counter()
        self._struck: Counter[str] = Counter()

    def strikes(self, key: str) -> bool:
        """Count one that fits, and say whether it is struck."""
        if self.fault.times is not None and self._struck[key] >= self.fault.times:
            return False
        if self._passed[key] < self.fault.skip:
            self._passed[key] += 1
            return False
        self._struck[key] += 1
        return True

    @property
    def count(self) -> int:
        """How many times it struck."""
        return self._struck.total()

    @property
    def left(self) -> bool:
        """Whether there are strikes to come."""
        struck = [count for count in self._struck.values() if count]
        return not struck or (self.fault.times is not None and min(struck) < self.fault.times)


class Ledger:
    """The faults of one server; asked from the event loop and from the models' threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: list[_Entry] = []
        self._strikes: list[tuple[int, str]] = []

    def add(self, faults: Iterable[Fault]) -> None:
        """Plan further faults, behind those that are there."""
        with self._lock:
            self._entries += [
                _Entry(number, fault) for number, fault in enumerate(faults, len(self._entries))
            ]

    def clear(self) -> None:
        """Forget all faults, and what struck."""
        with self._lock:
            self._entries.clear()
            self._strikes.clear()

    def account(self) -> Account:
        """Tell what struck, and what is left."""
        with self._lock:
            left = {entry.number: entry.count for entry in self._entries if entry.left}
            return Account(tuple(self._strikes), left)

    def request(self, operation: str, text: str) -> Fault | None:
        """Return the fault that strikes a request.

        Args:
            operation: The method that it calls.
            text: Its path and body.
        """

        def fits(fault: Fault) -> bool:
            return fault.kind not in _NOT_OF_REQUESTS and fault.target in {"*", operation}

        return self._strike(fits, operation, text)

    def job(self, kind: FaultKind, statement: str, name: str, text: str) -> Fault | None:
        """Return the fault of one kind that strikes a job.

        Args:
            kind: The kind.
            statement: The label of its statement, or an empty text.
            name: What it is called in the account.
            text: Its statement and parameters.
        """

        def fits(fault: Fault) -> bool:
            return fault.kind == kind and fault.target in {"", statement}

        return self._strike(fits, name, text)

    def row(self, uris: Sequence[str]) -> Fault | None:
        """Return the fault that strikes a row.

        Args:
            uris: The images that it shows.
        """
        return next((fault for uri in uris if (fault := self._row(uri)) is not None), None)

    def _row(self, uri: str) -> Fault | None:
        return self._strike(lambda fault: fault.kind == "row" and matches(fault.target, uri), uri, key=uri)

    def _strike(
        self, fits: Callable[[Fault], bool], target: str, text: str = "", key: str = ""
    ) -> Fault | None:
        """Offer something to the faults in order, and note the one that strikes it."""
        with self._lock:
            for entry in self._entries:
                found = fits(entry.fault) and (entry.match is None or entry.match.search(text) is not None)
                if found and entry.strikes(key):
                    self._strikes.append((entry.number, target))
                    return entry.fault
        return None
