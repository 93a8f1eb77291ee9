"""Requests and answers: JSON bodies, errors in BigQuery's form, and passing on to the emulator."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response

from bqvision.local.protocol import ApiError, Object

if TYPE_CHECKING:
    from starlette.requests import Request

    from bqvision.local.asgi import Answer
    from bqvision.local.emulator import Emulator

_OWN_HEADERS = frozenset({b"authorization", b"content-length", b"accept-encoding", b"transfer-encoding"})
_HOP_HEADERS = frozenset({b"content-length", b"connection", b"date", b"server", b"transfer-encoding"})


async def json_body(request: Request) -> Object:
    """Return the JSON object that a request carries.

    Raises:
        ApiError: It carries none.
    """
    data = await request.body()
    try:
        if request.headers.get("content-encoding") == "gzip":
            data = gzip.decompress(data)
        body = json.loads(data) if data else {}
    except (ValueError, OSError):
        body = None
    if not isinstance(body, dict):
        raise ApiError("badRequest", "the request's body is no JSON object")
    return body


def refusal(error: ApiError) -> Response:
    """Return an error as an answer."""
    return JSONResponse(error.body(), error.status)


async def ask(emulator: Emulator, request: Request, body: bytes | None = None) -> Answer:
    """Send a request on to the emulator as it came.

    Args:
        emulator: Where to.
        request: The request.
        body: Another body in the place of its own.
    """
    data = await request.body() if body is None else body
    headers = [(name, value) for name, value in request.headers.raw if name not in _OWN_HEADERS]
    if body is not None:
        headers = [(name, value) for name, value in headers if name != b"content-encoding"]
    return await emulator.send(
        request.method,
        request.scope["path"],
        query=request.scope["query_string"].decode("latin-1"),
        headers=[*headers, (b"content-length", str(len(data)).encode())],
        body=data,
    )


def forwarded(answer: Answer) -> Response:
    """Return the emulator's answer; its breakdowns become refusals that nobody repeats."""
    if answer.status >= 500:
        try:
            return refusal(ApiError.from_body(answer.status, answer.json()))
        except ValueError:
            return refusal(ApiError("notImplemented", "not supported by the local BigQuery"))
    response = Response(answer.body, answer.status)
    response.raw_headers = [
        *((name, value) for name, value in answer.headers if name not in _HOP_HEADERS),
        (b"content-length", str(len(answer.body)).encode()),
    ]
    return response
