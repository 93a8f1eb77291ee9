"""Vision models of the parent process, called from the server process.

Any callable can be a model, also one that can't leave its process (a closure, a test's script). The parent
listens on a loopback port that wants a key; the server opens one connection for each of its threads and
sends requests as a JSON header and the images' bytes.
"""

from __future__ import annotations

import contextlib
import json
import threading
from multiprocessing.connection import Client, Connection, Listener
from typing import TYPE_CHECKING, Final

from bqvision.local.models import ModelError
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
        self._listener = Listener(("127.0.0.1", 0), authkey=key)
        self._closed = False
        threading.Thread(target=self._accept, name="bqvision-bridge", daemon=True).start()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._listener.address[1])

    def close(self) -> None:
        """Take no further calls."""
        self._closed = True
        with contextlib.suppress(OSError):
            self._listener.close()

    def _accept(self) -> None:
        while not self._closed:
            try:
                connection = self._listener.accept()
            except Exception:
                continue
            threading.Thread(
                target=self._serve, args=(connection,), name="bqvision-model", daemon=True
            ).start()

    def _serve(self, connection: Connection) -> None:
        with contextlib.suppress(EOFError, OSError), connection:
            while True:
                header = json.loads(connection.recv_bytes())
                images = tuple(
                    Image(image["uri"], image["content_type"], connection.recv_bytes())
                    for image in header["images"]
                )
                request = VisionRequest(images, header["prompt"], header["schema"], header["parameters"])
                answer = _answer(self._models[header["model"]], request)
                connection.send_bytes(json.dumps(answer).encode())


def _answer(model: VisionModel, request: VisionRequest) -> Mapping[str, JsonValue]:
    try:
        answer = model(request)
    except RowError as error:
        kind = next(name for name, kind in _ROW_ERRORS.items() if isinstance(error, kind))  # pyright: ignore[reportUnnecessaryIsInstance]
        return {"row_error": kind, "message": str(error)}
    except BaseException as error:
        return {"broken": f"{type(error).__name__}: {error}"}
    if not isinstance(answer, VisionAnswer):  # pyright: ignore[reportUnnecessaryIsInstance]
        return {"broken": f"it returned {type(answer).__name__} in the place of a VisionAnswer"}
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
            connection.send_bytes(json.dumps(header).encode())
            for image in request.images:
                connection.send_bytes(image.data)
            answer = json.loads(connection.recv_bytes())
        except (EOFError, OSError) as error:
            raise ModelError("the process that started the server does not answer") from error
        if "broken" in answer:
            raise ModelError(answer["broken"])
        if "row_error" in answer:
            raise _ROW_ERRORS[answer["row_error"]](answer["message"])
        return VisionAnswer(**answer)

    def _connection(self) -> Connection:
        connection: Connection | None = getattr(self._threads, "connection", None)
        if connection is None:
            connection = self._threads.connection = Client(self._address, authkey=self._key)
        return connection
