"""The connection under a request, for faults that HTTP has no words for."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import TYPE_CHECKING, Final

from typing_extensions import override
from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    from starlette.types import Receive, Scope

_KEY: Final = "bqvision.protocol"
_AT_ONCE: Final = struct.pack("ii", 1, 0)


class FaultyProtocol(H11Protocol):
    """Uvicorn's HTTP, which hands its connection to the application."""

    silent = False
    """Whether the client is to hear nothing, not even that the server stops."""

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Put the connection where each request's scope takes its state from."""
        super().connection_made(transport)
        self.app_state = {**self.app_state, _KEY: self}

    @override
    def shutdown(self) -> None:
        """Let go of the client when the server stops."""
        super().shutdown()
        if self.silent:
            self.transport.abort()


class Connection:
    """The connection of one request that is not answered as HTTP has it."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self._protocol: FaultyProtocol = scope["state"][_KEY]
        self._receive = receive

    def write(self, data: bytes) -> None:
        """Send bytes as they are."""
        self._protocol.transport.write(data)

    async def close(self) -> None:
        """End the connection properly (FIN)."""
        self._protocol.transport.close()
        await self._gone()

    async def reset(self) -> None:
        """Break the connection off (RST)."""
        transport = self._protocol.transport
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        transport.abort()
        await self._gone()

    async def silence(self, seconds: float | None) -> None:
        """Say nothing for so long; None is until the client leaves or the server stops."""
        self._protocol.silent = True
        await (self._gone() if seconds is None else asyncio.sleep(seconds))
        self._protocol.silent = False

    async def _gone(self) -> None:
        """Wait until there is no connection: uvicorn expects an answer until then."""
        while (await self._receive())["type"] != "http.disconnect":
            pass
