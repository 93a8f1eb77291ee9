"""Vision models of the parent process, called from the server process.

Any callable can be a model, also one that can't leave its process (a closure, a test's script). The parent
listens on a loopback port; the server opens one connection for each of its threads, shows its key, and sends
each request as a JSON header and the images' bytes. Every part is a frame: its length in 8 bytes, and the data.
"""

from __future__ import annotations

import contextlib
import hmac
import json
import socket
import threading
from typing import TYPE_CHECKING, Final

from bqvision.local.models import ModelError, checked
from bqvision.local.vision import (
    BlockedRowError,
    Image,
    InputRowError,
    PermanentRowError,
    RetryableRowError,
    RowError,
    VisionAnswer,
    VisionRequest,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bqvision.local.vision import JsonValue, VisionModel

_LENGTH_BYTES: Final = 8
_PART_BYTES: Final = 1 << 20
_ROW_ERRORS: Final[Mapping[str, type[RowError]]] = {
    kind.__name__: kind
    for kind in (RetryableRowError, BlockedRowError, InputRowError, PermanentRowError, RowError)
}


class ModelBridge:
    """The parent's end: answers calls of its models.

    Args:
        models: The models, which are called from several threads at once.
        key: What a caller must know.
    """

    def __init__(self, models: Sequence[VisionModel], key: bytes) -> None:
        self._models = models
        self._key = key
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._closed = False
        threading.Thread(target=self._accept, name="bqvision-bridge", daemon=True).start()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._listener.getsockname()[1])

    def close(self) -> None:
        """Take no further calls."""
        if not self._closed:
            self._closed = True
            # Closing a socket does not wake the thread that waits on it; a visitor does.
            with contextlib.suppress(OSError), socket.create_connection(self._listener.getsockname(), 1):
                pass

    def _accept(self) -> None:
        with self._listener:
            while not self._closed:
                visitor, _ = self._listener.accept()
                threading.Thread(
                    target=self._serve, args=(visitor,), name="bqvision-model", daemon=True
                ).start()

    def _serve(self, visitor: socket.socket) -> None:
        with contextlib.suppress(EOFError, OSError), visitor:
            visitor.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if not hmac.compare_digest(_receive(visitor, len(self._key)), self._key):
                return
            while True:
                header = json.loads(_receive(visitor))
                images = tuple(
                    Image(image["uri"], image["content_type"], _receive(visitor))
                    for image in header["images"]
                )
                request = VisionRequest(images, header["prompt"], header["schema"], header["parameters"])
                answer = _answer(self._models[header["model"]], request)
                _send(visitor, json.dumps(answer).encode())


def _answer(model: VisionModel, request: VisionRequest) -> Mapping[str, JsonValue]:
    try:
        answer = checked(model(request))
    except ModelError as error:
        return {"broken": str(error)}
    except RowError as error:
        kind = next(name for name, kind in _ROW_ERRORS.items() if isinstance(error, kind))  # pyright: ignore[reportUnnecessaryIsInstance]
        return {"row_error": kind, "message": str(error)}
    except BaseException as error:
        return {"broken": f"{type(error).__name__}: {error}"}
    return {
        "text": answer.text,
        "input_tokens": answer.input_tokens,
        "output_tokens": answer.output_tokens,
        "finish_reason": answer.finish_reason,
    }


class ParentModel:
    """The server's end: a vision model that the parent process answers for.

    Args:
        port: Where the parent listens.
        key: What it wants to know.
        index: Which of its models.
    """

    def __init__(self, port: int, key: bytes, index: int) -> None:
        self._address = ("127.0.0.1", port)
        self._key = key
        self._index = index
        self._threads = threading.local()

    def __call__(self, request: VisionRequest, /) -> VisionAnswer:
        """Have the parent answer a request.

        Raises:
            RowError: The model refused the row.
            ModelError: The model broke down, or the parent is gone.
        """
        header = {
            "model": self._index,
            "prompt": request.prompt,
            "schema": request.schema,
            "parameters": dict(request.parameters),
            "images": [{"uri": image.uri, "content_type": image.content_type} for image in request.images],
        }
        try:
            connection = self._connection()
            _send(connection, json.dumps(header).encode(), *(image.data for image in request.images))
            answer = json.loads(_receive(connection))
        except (EOFError, OSError) as error:
            self.close()
            raise ModelError("the process that started the server does not answer") from error
        if "broken" in answer:
            raise ModelError(answer["broken"])
        if "row_error" in answer:
            raise _ROW_ERRORS[answer["row_error"]](answer["message"])
        return VisionAnswer(**answer)

    def close(self) -> None:
        """Close the calling thread's connection; its next call opens another one."""
        connection: socket.socket | None = self._threads.__dict__.pop("connection", None)
        if connection is not None:
            connection.close()

    def _connection(self) -> socket.socket:
        connection: socket.socket | None = getattr(self._threads, "connection", None)
        if connection is None:
            connection = self._threads.connection = socket.create_connection(self._address)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            _send(connection, self._key)
        return connection


def _send(connection: socket.socket, *frames: bytes) -> None:
    for frame in frames:
        connection.sendall(len(frame).to_bytes(_LENGTH_BYTES, "big"))
        connection.sendall(frame)


def _receive(connection: socket.socket, limit: int | None = None) -> bytes:
    size = int.from_bytes(_exactly(connection, _LENGTH_BYTES), "big")
    if limit is not None and size > limit:
        raise EOFError
    return _exactly(connection, size)


def _exactly(connection: socket.socket, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        part = connection.recv(min(size - len(data), _PART_BYTES))
        if not part:
            raise EOFError
        data += part
    return bytes(data)
