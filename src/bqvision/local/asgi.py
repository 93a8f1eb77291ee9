"""Asking an ASGI application that runs in this process."""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from starlette.types import Message

    from bqvision.local.protocol import JSON


@dataclass(frozen=True, slots=True)
class Answer:
    """What the emulator answered."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes

    def json(self) -> JSON:
        """Return the body as JSON; an empty body is null."""
        return json.loads(self.body) if self.body else None


async def call(
    app: Callable[..., Awaitable[None]],
    method: str,
    path: str,
    *,
    query: str,
    headers: Sequence[tuple[bytes, bytes]],
    body: bytes,
) -> Answer:
    """Send one request.

    Args:
        app: The application.
        method: The HTTP method.
        path: The decoded path.
        query: The query string, without the question mark.
        headers: Header names in lower case.
        body: The body.

    Returns:
        The answer, whatever its status.
    """
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": quote(path).encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": list(headers),
        "client": ("127.0.0.1", 0),
        "server": ("127.0.0.1", 80),
    }
    status, answered, parts = 500, (), bytearray()
    sent = False

    async def receive() -> Message:
        nonlocal sent
        if sent:
            await asyncio.Event().wait()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        nonlocal status, answered
        if message["type"] == "http.response.start":
            status, answered = message["status"], tuple(message.get("headers", ()))
        elif message["type"] == "http.response.body":
            parts.extend(message.get("body", b""))

    # An error that the application doesn't catch has been answered (500) before it is raised again.
    with contextlib.suppress(Exception):
        await app(scope, receive, send)
    return Answer(status, answered, bytes(parts))
