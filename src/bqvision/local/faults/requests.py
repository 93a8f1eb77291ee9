"""Requests that are not answered as they should be."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from bqvision.local.asgi import Answer, call
from bqvision.local.faults.transport import Connection
from bqvision.local.protocol import as_object, as_text
from bqvision.testing.operations import operation_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from bqvision.local.faults.ledger import Ledger
    from bqvision.testing.faults import Fault

_LOST_BYTES: Final = 10
"""A gzip stream ends with 8 bytes of checksum and length; without these and some of the data it is broken."""
_NO_CONTENT: Final = 204
_JSON: Final = ((b"content-type", b"application/json; charset=UTF-8"),)


class RequestFaults:
    """Lets faults strike the requests that call a method of BigQuery, and passes on the rest.

    Args:
        app: What answers when no fault does.
        ledger: Says which faults strike.
    """

    def __init__(self, app: ASGIApp, ledger: Ledger) -> None:
        self._app = app
        self._ledger = ledger

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or do to it what a fault says."""
        operation = operation_of(scope["method"], scope["path"]) if scope["type"] == "http" else None
        if operation is None:
            await self._app(scope, receive, send)
            return
        body = await _body(receive)
        if body is None:
            return
        fault = self._ledger.request(operation, _text(scope, body))
        if fault is None:
            await self._app(scope, _again(body, receive), send)
        else:
            await _Struck(self._app, scope, body, receive, send).by(fault)


class _Struck:
    """One request that a fault strikes."""

    def __init__(self, app: ASGIApp, scope: Scope, body: bytes, receive: Receive, send: Send) -> None:
        self._app = app
        self._scope = scope
        self._body = body
        self._send = send
        self._connection = Connection(scope, receive)

    async def by(self, fault: Fault) -> None:
        """Do to it what the fault says."""
        answer = await self._effect() if fault.after else None
        match fault.kind:
            case "answer":
                await self._respond(_error(fault))
            case "stall":
                await self._stall(fault, answer)
            case "reset":
                await self._connection.reset()
            case "close":
                await self._connection.close()
            case "cut":
                await self._cut(fault, _content(answer))
            case _:
                await self._respond(_damaged(fault, answer))

    async def _effect(self) -> Answer:
        return await call(
            self._app,
            self._scope["method"],
            self._scope["path"],
            query=self._scope["query_string"].decode("latin-1"),
            headers=self._scope["headers"],
            body=self._body,
        )

    async def _respond(self, answer: Answer) -> None:
        headers = [(name, value) for name, value in answer.headers if name != b"content-length"]
        if answer.status != _NO_CONTENT:
            headers.append((b"content-length", str(len(answer.body)).encode()))
        await self._send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await self._send({"type": "http.response.body", "body": answer.body})

    async def _stall(self, fault: Fault, answer: Answer | None) -> None:
        seconds = fault.options.get("seconds")
        await self._connection.silence(seconds if isinstance(seconds, int | float) else None)
        if seconds is not None:
            await self._respond(await self._effect() if answer is None else answer)

    async def _cut(self, fault: Fault, content: bytes) -> None:
        head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(content)}\r\n\r\n"
        self._connection.write(head.encode() + content[: len(content) // 2])
        if fault.options.get("reset"):
            await self._connection.reset()
        else:
            await self._connection.close()


def _error(fault: Fault) -> Answer:
    options = {name: as_text(value) for name, value in fault.options.items() if isinstance(value, str)}
    headers = [(b"content-type", options["content_type"].encode())]
    if "retry_after" in options:
        headers.append((b"retry-after", options["retry_after"].encode("latin-1", "replace")))
    status = fault.options["status"]
    assert isinstance(status, int)  # noqa: S101
    return Answer(status, tuple(headers), options["body"].encode("utf-8", "replace"))


def _damaged(fault: Fault, answer: Answer | None) -> Answer:
    """Return the true answer as a fault of its kind has it."""
    content = _content(answer)
    match fault.kind:
        case "half_json":
            return Answer(200, _JSON, content[: len(content) // 2])
        case "bad_gzip":
            squeezed = gzip.compress(content)[:-_LOST_BYTES]
            return Answer(200, (*_JSON, (b"content-encoding", b"gzip")), squeezed)
        case "rewrite":
            status = 200 if answer is None or answer.status == _NO_CONTENT else answer.status
            return Answer(status, _JSON, _rewritten(fault, content))
        case _:
            return Answer(200, _JSON, b"")


def _rewritten(fault: Fault, content: bytes) -> bytes:
    changes = fault.options["changes"]
    assert isinstance(changes, dict)  # noqa: S101
    try:
        truth = as_object(json.loads(content))
    except ValueError:
        truth = {}
    truth |= changes
    return json.dumps({name: value for name, value in truth.items() if value is not None}).encode()


def _content(answer: Answer | None) -> bytes:
    """Return an answer's body, which is an empty object where there is none to damage."""
    return answer.body if answer is not None and answer.body else b"{}"


async def _body(receive: Receive) -> bytes | None:
    """Return a request's whole body; None if its client left before that."""
    parts = bytearray()
    while (message := await receive())["type"] == "http.request":
        parts += message.get("body", b"")
        if not message.get("more_body", False):
            return bytes(parts)
    return None


def _again(body: bytes, receive: Receive) -> Receive:
    """Give the application the body that has been read already."""
    told = False

    async def replay() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


def _text(scope: Scope, body: bytes) -> str:
    headers: Sequence[tuple[bytes, bytes]] = scope["headers"]
    if (b"content-encoding", b"gzip") in headers:
        try:
            body = gzip.decompress(body)
        except (OSError, EOFError):
            body = b""
    query = unquote(scope["query_string"].decode("latin-1"))
    return f"{scope['path']}?{query}\n{body.decode('utf-8', 'replace')}"
