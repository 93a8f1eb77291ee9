"""An OpenAI-compatible server, asked over HTTP: its answers, and its refusals as row errors.

The statuses name what bqvision's outcomes are told by. A server that is set up wrong (no such model, no image
input, a refused key) gets a text that leads to the outcome PERMISSION: such rows were never answered, so the run
stops at once and asks them again when the server has been put right.
"""

from __future__ import annotations

import json
import re
import threading
import time
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from bqvision.errors import scrub
from bqvision.local.chat_messages import (
    NoCompletionError,
    error_message,
    error_status,
    read_answer,
    request_body,
)
from bqvision.local.vision import InputRowError, PermanentRowError, RetryableRowError, RowError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import httpx

    from bqvision.local.vision import VisionAnswer, VisionRequest

_RETRIES: Final = 2
_MAX_WAIT_SECONDS: Final = 60.0
_CONNECT_SECONDS: Final = 10.0
_MAX_BYTES: Final = 10_000_000
_QUOTED_CHARS: Final = 200
_TELLING_CHARS: Final = 12
"""So many characters of a prompt tell something of it."""
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_TOO_MANY_REQUESTS: Final = 429
_PASSING: Final = frozenset({408, 425, _TOO_MANY_REQUESTS})
_NO_IMAGES: Final = re.compile(
    r"image input is not supported|mmproj|not a multimodal model|missing data required for image"
    r"|unsupported content part|(?:does not|doesn't) support (?:image|vision|multi)",
    re.IGNORECASE,
)
"""llama.cpp says it with 500, Ollama with 500, vLLM with 400."""
_ABOUT_IMAGE: Final = re.compile(r"\bimages?\b|base64|data ur[il]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Response:
    """What a server answered over HTTP."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: str = field(repr=False)


class ChatServer:
    """One server and one of its models.

    Args:
        base_url: Where its API is, without a slash at the end.
        model: Its name for the model.
        api_key: The bearer token; None sends none.
        timeout: Seconds to wait for a whole answer.
        concurrency: How many requests run at once; further ones wait.
        sleep: Waits so many seconds before a request is repeated.
        now: The time, in seconds since 1970.
    """

    def __init__(
        self,
        base_url: str,
        model: str,
        api_key: str | None,
        timeout: float,
        concurrency: int,
        *,
        sleep: Callable[[float], object] = time.sleep,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._base_url = base_url
        self._model = model
        self._api_key = api_key
        self._timeout = timeout
        self._concurrency = concurrency
        self._sleep = sleep
        self._now = now
        self._lock = threading.Lock()
        self._turns = threading.Semaphore(concurrency)
        self._opened: httpx.Client | None = None

    def ask(self, request: VisionRequest) -> VisionAnswer:
        """Have the model answer a request.

        Where the server says by Retry-After that it has room again within a minute, it is asked again then,
        twice at most.

        Raises:
            RowError: It did not.
        """
        body = json.dumps(request_body(self._model, request)).encode()
        response = self._post(body)
        for _ in range(_RETRIES):
            wait = self._wanted_wait(response)
            if wait is None:
                break
            self._sleep(wait)
            response = self._post(body)
        if response.status != 200:
            raise self._refusal(response, request)
        try:
            return read_answer(response.body, request.schema)
        except NoCompletionError as error:
            raise self._wrong(
                f"answered {error}, not a chat completion; is base_url right (it usually ends in /v1)?"
            ) from None

    def close(self) -> None:
        """Close the connections; a later request opens new ones."""
        with self._lock:
            opened, self._opened = self._opened, None
        if opened is not None:
            opened.close()

    def _post(self, body: bytes) -> _Response:
        import httpx

        url = f"{self._base_url}/chat/completions"
        try:
            with self._turns:  # Waiting for one is no fault of the server.
                until = time.monotonic() + self._timeout
                with self._client().stream("POST", url, content=body) as response:
                    return self._received(response, until)
        except httpx.TimeoutException:
            raise self._late() from None
        except httpx.HTTPError as error:
            raise RetryableRowError(
                f"UNAVAILABLE: {self._base_url} can't be reached ({type(error).__name__})"
            ) from None
        except (httpx.InvalidURL, UnicodeError):
            raise self._wrong("has a name that can't be looked up") from None

    def _received(self, response: httpx.Response, until: float) -> _Response:
        """Read a body, no longer than an answer may take and no further than one can be long."""
        data = bytearray()
        for part in response.iter_bytes():
            data += part
            if len(data) > _MAX_BYTES:
                raise self._wrong(f"answered with more than {_MAX_BYTES // 1_000_000} MB")
            if time.monotonic() > until:
                raise self._late()
        body = data.decode("utf-8", "replace")
        status = error_status(body) if response.status_code == 200 else response.status_code
        return _Response(status, response.headers, body)

    def _client(self) -> httpx.Client:
        import httpx

        with self._lock:
            if self._opened is None:
                key = {} if self._api_key is None else {"Authorization": f"Bearer {self._api_key}"}
                self._opened = httpx.Client(
                    headers={"Content-Type": "application/json", **key},
                    timeout=httpx.Timeout(
                        self._timeout, connect=min(self._timeout, _CONNECT_SECONDS), pool=None
                    ),
                    limits=httpx.Limits(
                        max_connections=self._concurrency, max_keepalive_connections=self._concurrency
                    ),
                    # No proxy that the environment names reaches this machine's own servers.
                    trust_env=urlsplit(self._base_url).hostname not in _LOOPBACK,
                )
            return self._opened

    def _wanted_wait(self, response: _Response) -> float | None:
        """Return for how long a turned-away request is to wait; None is not at all, or for too long."""
        given = response.headers.get("Retry-After")
        if response.status not in {_TOO_MANY_REQUESTS, 503} or given is None:
            return None
        try:
            seconds = float(given)
        except ValueError:
            try:
                seconds = parsedate_to_datetime(given).timestamp() - self._now()
            except ValueError:
                return None
        return seconds if 0 < seconds <= _MAX_WAIT_SECONDS else None

    def _refusal(self, response: _Response, request: VisionRequest) -> RowError:
        status, whole = response.status, error_message(response.body)
        said = self._quoted(whole, request)
        if status in {401, 403}:
            key = "wants an API key" if self._api_key is None else "refused the API key"
            return PermanentRowError(
                f"PERMISSION_DENIED: the server at {self._base_url} {key} (HTTP {status})"
            )
        if _NO_IMAGES.search(whole):
            return self._wrong(f"does not have image input for the model {self._model!r}")
        if status in _PASSING or status >= 500:
            return RetryableRowError(f"HTTP {status} from {self._base_url}{said}")
        if status == 404:
            return self._wrong(
                f"does not have the model {self._model!r}, or no /chat/completions at this base_url "
                f"(it usually ends in /v1): HTTP 404{said}"
            )
        if status == 413 or (request.images and _ABOUT_IMAGE.search(whole)):
            return InputRowError(f"the server at {self._base_url} refused the image: HTTP {status}{said}")
        return self._wrong(f"refused the request: HTTP {status}{said}")

    def _late(self) -> RetryableRowError:
        return RetryableRowError(f"DEADLINE_EXCEEDED: no answer from {self._base_url} in {self._timeout:g} s")

    def _wrong(self, what: str) -> PermanentRowError:
        return PermanentRowError(f"FAILED_PRECONDITION: the server at {self._base_url} {what}")

    def _quoted(self, said: str, request: VisionRequest) -> str:
        """Return a server's words fit for a status: nothing where they tell of the prompt, and never the key."""
        for private in (request.prompt.strip(), self._api_key):
            if private:
                said = said.replace(private, "[removed]")
        said = scrub(said)[:_QUOTED_CHARS]
        return f": {said}" if said and not _tells(said, request.prompt) else ""


def _tells(said: str, prompt: str) -> bool:
    """Say whether words hold a part of a prompt."""
    prompt = prompt.strip()
    size = min(len(prompt), _TELLING_CHARS)
    return size > 0 and any(said[start : start + size] in prompt for start in range(len(said) - size + 1))
