"""The server's ASGI application: who may ask, what is answered here, what goes on to the emulator."""

from __future__ import annotations

import hmac
import re
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bqvision.local.paths import MODEL_CALLS
from bqvision.local.protocol import ApiError
from bqvision.local.signing import PREFIX, Signer
from bqvision.local.wire import ask, forwarded, refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.requests import Request
    from starlette.types import ASGIApp, Receive, Scope, Send

    from bqvision.local.buckets import Buckets
    from bqvision.local.emulator import Emulator
    from bqvision.local.models import VisionModels

_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_PREFIXES: Final = (
    (re.compile(r"/+(?:bigquery/v2/+)?(?=projects/)"), "/bigquery/v2/"),
    (re.compile(r"/+(?:resumable/)?upload/+(?:bigquery/v2/+)?(?=projects/)"), "/upload/bigquery/v2/"),
)
"""Clients disagree about what is the host and what the path."""


def gateway(
    routes: Sequence[Route],
    *,
    token: str,
    emulator: Emulator,
    models: VisionModels,
    buckets: Buckets,
    signer: Signer,
    before: Callable[[ASGIApp], ASGIApp],
) -> ASGIApp:
    """Return the application.

    Args:
        routes: What is answered by the gateway itself.
        token: The bearer token that every request needs.
        emulator: Where the rest goes.
        models: Tells how often an object was shown to a model.
        buckets: Where signed URLs lead.
        signer: Checks them.
        before: Puts before the application, behind the check of the token, what lets requests fail.
    """

    async def model_calls(_: Request) -> Response:
        return JSONResponse(dict(models.calls))

    async def stored(request: Request) -> Response:
        name, params = request.path_params["name"], request.query_params
        found = None
        if signer.valid(name, params.get("Expires", ""), params.get("Signature", "")):
            found = buckets.stat(f"gs://{name}")
        if found is None:
            raise ApiError(
                "accessDenied", "the URL is not signed by this server, has expired, or leads nowhere"
            )
        return Response(found.path.read_bytes(), media_type=found.content_type)

    async def rest(request: Request) -> Response:
        return forwarded(await ask(emulator, request))

    methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    app = Starlette(
        routes=[
            Route(MODEL_CALLS, model_calls, methods=["GET"]),
            Route(f"{PREFIX}{{name:path}}", stored, methods=["GET"]),
            *routes,
            Route("/{path:path}", rest, methods=methods),
        ],
        exception_handlers={ApiError: _refused, HTTPException: _http_error, Exception: _broken},
    )
    return _Guard(before(app), token)


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)  # noqa: S101
    return refusal(error)


async def _http_error(_: Request, error: Exception) -> Response:
    return refusal(ApiError("notFound", "no such method", status=getattr(error, "status_code", 404)))


async def _broken(_: Request, error: Exception) -> Response:
    text = f"the local BigQuery broke down: {type(error).__name__}"
    return refusal(ApiError("notImplemented", text))


def _host(header: str) -> str | None:
    try:
        return urlsplit(f"//{header}").hostname
    except ValueError:
        return None


class _Guard:
    """Lets in only who knows the token and asks for a loopback host.

    A refusal is 403 and not 401, which would make google's credentials try to renew themselves.
    """

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._expected = f"Bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        host = _host(headers.get(b"host", b"").decode("latin-1"))
        signed = scope["path"].startswith(PREFIX) and scope["method"] in {"GET", "HEAD"}
        known = hmac.compare_digest(headers.get(b"authorization", b""), self._expected)
        if host not in _LOOPBACK or not (known or signed):
            why = (
                "the bearer token is missing or wrong"
                if host in _LOOPBACK
                else "the Host is not a loopback name"
            )
            await refusal(ApiError("accessDenied", f"Access Denied: {why}"))(scope, receive, send)
            return
        path: str = scope["path"]
        for shape, full in _PREFIXES:
            if shape.match(path):
                path = shape.sub(full, path, count=1)
                break
        await self._app({**scope, "path": path}, receive, send)
