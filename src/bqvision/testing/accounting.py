"""A plan's other half: bringing it to a server, and keeping account of what struck there."""

from __future__ import annotations

import threading

from typing_extensions import override

from bqvision.errors import InvalidInputError, LocalServerError
from bqvision.testing.checks import check_count, check_match
from bqvision.testing.faults import Account, Bench, Fault, FaultsLeftError, Strike


class Accounting:
    """Faults that are planned, sent to one server, and accounted for."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._planned: list[Fault] = []
        self._bench: Bench | None = None
        self._closed = False
        self._account: Account | None = Account()
        """The account of a server that is closed; None if it ended before it gave one."""

    @property
    def struck(self) -> tuple[Strike, ...]:
        """What has struck so far, in order.

        Raises:
            LocalServerError: The server ended before it was closed.
        """
        with self._lock:
            strikes = self._current().strikes
            return tuple(Strike(self._planned[number].kind, target) for number, target in strikes)

    @property
    def left(self) -> tuple[Fault, ...]:
        """The planned faults that have not struck as often as planned.

        A fault that strikes any number of times is left until it struck once. A fault of rows is left until it
        struck an image, and each image that it struck as often as planned.

        Raises:
            LocalServerError: The server ended before it was closed.
        """
        return tuple(fault for fault, _ in self._left())

    def verify(self) -> None:
        """Check that every planned fault struck as often as planned.

        Raises:
            FaultsLeftError: Some did not.
            LocalServerError: The server ended before it was closed.
        """
        left = self._left()
        if left:
            lines = [
                f"  {fault}: struck {count} of {fault.times} times"
                if fault.times
                else f"  {fault}: never struck"
                for fault, count in left
            ]
            message = "\n".join(["planned faults are left:", *lines])
            raise FaultsLeftError(message, tuple(fault for fault, _ in left))

    def clear(self) -> None:
        """Forget all faults, and what struck: the server behaves again, and held jobs go on.

        For a server that several tests share.

        Raises:
            LocalServerError: The server ended before it was closed.
        """
        with self._lock:
            if self._bench is not None:
                self._bench.clear()
            self._planned.clear()
            self._account = Account()

    def check_unused(self) -> None:
        """Refuse a second server, which would make it unclear where a fault struck.

        Raises:
            InvalidInputError: The plan has had one already.
        """
        with self._lock:
            if self._bench is not None or self._closed:
                raise InvalidInputError(
                    "this fault plan has had a local BigQuery already", next_step="Make a plan for each."
                )

    def attach(self, bench: Bench) -> None:
        """Let the faults strike a server: the server calls this once it runs.

        Args:
            bench: The server.

        Raises:
            InvalidInputError: The plan has had one already.
            LocalServerError: The server does not answer.
        """
        with self._lock:
            self.check_unused()
            if self._planned:
                bench.plan(self._planned)
            self._bench = bench

    def detach(self) -> None:
        """Take the server's account before it stops: the server calls this."""
        with self._lock:
            if self._bench is None:
                return
            try:
                self._account = self._bench.account()
            except LocalServerError:
                self._account = None
            self._bench, self._closed = None, True

    def _add(self, fault: Fault) -> None:
        check_count("times", fault.times, 1, none=True)
        check_count("skip", fault.skip, 0)
        check_match(fault.match)
        with self._lock:
            if self._closed:
                raise InvalidInputError("the local BigQuery that this fault plan was for is closed")
            if self._bench is not None:
                self._bench.plan([fault])
            self._planned.append(fault)

    def _release(self) -> None:
        with self._lock:
            if self._bench is not None:
                self._bench.release()

    def _left(self) -> list[tuple[Fault, int]]:
        with self._lock:
            if self._bench is None and not self._closed:
                return [(fault, 0) for fault in self._planned]
            left = self._current().left
            return [(self._planned[number], count) for number, count in sorted(left.items())]

    def _current(self) -> Account:
        account = self._account if self._bench is None else self._bench.account()
        if account is None:
            raise LocalServerError("the local BigQuery ended before it could tell which faults struck")
        return account

    @override
    def __repr__(self) -> str:
        with self._lock:
            faults = ", ".join(str(fault) for fault in self._planned)
        return f"<FaultPlan {faults}>" if faults else "<FaultPlan, empty>"
