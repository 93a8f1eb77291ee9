"""What goes wrong with the requests."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from bqvision.errors import InvalidInputError
from bqvision.testing.accounting import Accounting
from bqvision.testing.checks import (
    check_count,
    check_json,
    check_operation,
    check_seconds,
    check_status,
    check_text,
)
from bqvision.testing.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bqvision._rest import JsonValue
    from bqvision.testing.faults import FaultKind
    from bqvision.testing.operations import Operation

MESSAGE: Final = "told so by a fault plan"
"""The text of errors for which none was given."""
_CODES: Final[Mapping[int, str]] = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ALREADY_EXISTS",
    412: "FAILED_PRECONDITION",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


class RequestFaults(Accounting):
    """The part of `FaultPlan` that is about requests and their answers."""

    def answer(
        self,
        operation: Operation,
        status: int,
        *,
        reason: str | None = None,
        message: str = MESSAGE,
        html: bool = False,
        retry_after: int | str | None = None,
        after: bool = False,
        times: int | None = 1,
        skip: int = 0,
        match: str | None = None,
    ) -> None:
        """Answer with an error.

        Args:
            operation: What is answered so.
            status: The HTTP status, from 400 to 599.
            reason: BigQuery's word for it, such as ``backendError``; without one the answer has no ``errors`` list,
                as when it comes from further outside.
            message: The error's text.
            html: Answer with the page of a front end, which is no JSON.
            retry_after: The header ``Retry-After``: seconds, or a date.
            after: Whether the request has its effect first.
            times: How many times; None is always.
            skip: How many requests are let pass first.
            match: What the request must hold.
        """
        check_status(status)
        if html and reason is not None:
            raise InvalidInputError("a front end's page has no reason")
        if retry_after is not None and not isinstance(retry_after, str):
            check_count("retry_after", retry_after, 0)
        error: dict[str, JsonValue] = {"code": status, "message": message}
        if status in _CODES:
            error["status"] = _CODES[status]
        if reason is not None:
            check_text("reason", reason)
            error["errors"] = [{"message": message, "domain": "global", "reason": reason}]
        page = f"<!DOCTYPE html><title>Error {status}</title><p>{message}"
        options: dict[str, JsonValue] = {
            "status": status,
            "reason": reason,
            "content_type": "text/html; charset=UTF-8" if html else "application/json; charset=UTF-8",
            "body": page if html else json.dumps({"error": error}),
            "retry_after": None if retry_after is None else str(retry_after),
        }
        self._request("answer", operation, after, times, skip, match, options)

    def reset(
        self,
        operation: Operation,
        *,
        after: bool = False,
        times: int | None = 1,
        skip: int = 0,
        match: str | None = None,
    ) -> None:
        """Reset the connection (RST) in the place of an answer."""
        self._request("reset", operation, after, times, skip, match)

    def lose(
        self, operation: Operation, *, times: int | None = 1, skip: int = 0, match: str | None = None
    ) -> None:
        """Do what the request asks, and reset the connection in the place of an answer."""
        self.reset(operation, after=True, times=times, skip=skip, match=match)

    def close(
        self,
        operation: Operation,
        *,
        after: bool = False,
        times: int | None = 1,
        skip: int = 0,
        match: str | None = None,
    ) -> None:
        """Close the connection (FIN) in the place of an answer."""
        self._request("close", operation, after, times, skip, match)

    def stall(
        self,
        operation: Operation,
        *,
        seconds: float | None = None,
        after: bool = False,
        times: int | None = 1,
        skip: int = 0,
        match: str | None = None,
    ) -> None:
        """Say nothing.

        Args:
            operation: What is not answered.
            seconds: How long; then the request goes on, even if the client has left. None is until the client
                leaves or the server stops.
            after: Whether the request has its effect before the silence, or behind it if that ends.
            times: How many times; None is always.
            skip: How many requests are let pass first.
            match: What the request must hold.
        """
        check_seconds(seconds)
        self._request("stall", operation, after, times, skip, match, {"seconds": seconds})

    def cut(
        self,
        operation: Operation,
        *,
        reset: bool = False,
        times: int | None = 1,
        skip: int = 0,
        match: str | None = None,
    ) -> None:
        """Announce the whole answer, send half of it, then close the connection, or ``reset`` it."""
        self._request("cut", operation, True, times, skip, match, {"reset": reset})

    def half_json(
        self, operation: Operation, *, times: int | None = 1, skip: int = 0, match: str | None = None
    ) -> None:
        """Answer 200 with the first half of the JSON, as if it were the whole."""
        self._request("half_json", operation, True, times, skip, match)

    def empty(
        self, operation: Operation, *, times: int | None = 1, skip: int = 0, match: str | None = None
    ) -> None:
        """Answer 200 with nothing in it."""
        self._request("empty", operation, True, times, skip, match)

    def bad_gzip(
        self, operation: Operation, *, times: int | None = 1, skip: int = 0, match: str | None = None
    ) -> None:
        """Answer 200 with a compressed body that ends too early."""
        self._request("bad_gzip", operation, True, times, skip, match)

    def rewrite(
        self,
        operation: Operation,
        changes: Mapping[str, JsonValue],
        *,
        times: int | None = 1,
        skip: int = 0,
        match: str | None = None,
    ) -> None:
        """Lie: answer the truth with some of its keys replaced.

        Args:
            operation: What is answered so.
            changes: The top-level keys and what they hold instead, such as ``{"totalRows": "9"}``; None takes a
                key away.
            times: How many times; None is always.
            skip: How many requests are let pass first.
            match: What the request must hold.
        """
        check_json(changes)
        self._request("rewrite", operation, True, times, skip, match, {"changes": dict(changes)})

    def _request(
        self,
        kind: FaultKind,
        operation: str,
        after: bool,
        times: int | None,
        skip: int,
        match: str | None,
        options: Mapping[str, JsonValue] | None = None,
    ) -> None:
        check_operation(operation)
        self._add(Fault(kind, operation, times, skip, after, match, {} if options is None else options))
