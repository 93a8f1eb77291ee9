"""A vision model on any OpenAI-compatible server: Ollama, vLLM, llama.cpp, LM Studio, or one in the cloud.

All four take the same request, and each refuses some other one:

- Ollama takes images as base64 data URIs of JPEG, PNG or WebP only, never as URLs, and makes a message of each
  content part, so that the text stands first (``FromChatRequest`` in its ``openai/openai.go``;
  https://docs.ollama.com/api/openai-compatibility). It ignores the API key, and ``strict``.
- llama.cpp reads the schema where OpenAI has it, in ``response_format.json_schema.schema``, and answers without
  one if it stands elsewhere (https://github.com/ggml-org/llama.cpp/issues/10732). Some chat templates drop it as
  well (https://github.com/ggml-org/llama.cpp/pull/21537), so the prompt says it too. Started without
  ``--mmproj`` it refuses images, with HTTP 500 (https://github.com/ggml-org/llama.cpp/issues/15377).
- vLLM enforces the same form (https://docs.vllm.ai/en/latest/features/structured_outputs/), and puts thinking
  into a field of its own if it was started with a reasoning parser; otherwise it stands in the text.
- LM Studio knows ``json_schema`` but not ``json_object``
  (https://lmstudio.ai/docs/advanced/structured-output), and its MLX engine refuses lists of types, so what can
  be null is ``anyOf`` (https://github.com/lmstudio-ai/lmstudio-bug-tracker/issues/909).
- OpenAI itself wants strict schemas closed, with every property required
  (https://platform.openai.com/docs/guides/structured-outputs).
"""

from __future__ import annotations

import importlib.util
import math
import re
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from typing_extensions import override

from bqvision.errors import InvalidInputError, MissingExtraError
from bqvision.local.chat_server import ChatServer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bqvision.local.vision import VisionAnswer, VisionRequest

_NEEDED: Final = ("httpx", "PIL")
_PRINTABLE: Final = re.compile(r"[!-~]+")
_PATH: Final = "/chat/completions"
_MAX_CONCURRENCY: Final = 1000


class _Asking:
    """Holds the server, which is no part of the data that a model is."""

    __slots__ = ("_server",)
    _server: ChatServer


@dataclass(frozen=True, slots=True)
class OpenAICompatible(_Asking):
    """A vision model that an OpenAI-compatible server answers for.

    It is data, so it runs in the local server's process, and asks with threads of its own beside those that read
    images there. The API key shows in no repr, error or log.

    Args:
        base_url: Where the server's API is; it usually ends in ``/v1``, as in ``http://localhost:11434/v1``.
        model: The server's name for the model, such as ``qwen3-vl:8b``.
        api_key: The API key; None sends none, which local servers are content with.
        timeout: Seconds to wait for a whole answer; then the row is retryable.
        concurrency: How many requests run at once.

    Raises:
        InvalidInputError: An argument is not of this kind.
        MissingExtraError: The extra ``local`` is not installed.
    """

    base_url: str
    model: str
    api_key: str | None = field(default=None, repr=False)
    timeout: float = 120.0
    concurrency: int = 8

    def __post_init__(self) -> None:
        base_url = _checked_url(self.base_url)
        if not _text(self.model).strip():
            raise _wrong(f"model must be the server's name for a model, and is {self.model!r}")
        if self.api_key is not None and not _PRINTABLE.fullmatch(_text(self.api_key)):
            raise _wrong("api_key must be a text of printable ASCII characters without spaces, or None")
        if type(self.timeout) not in {int, float} or not 0 < self.timeout < math.inf:
            raise _wrong(f"timeout must be a number of seconds over 0, and is {self.timeout!r}")
        if type(self.concurrency) is not int or not 1 <= self.concurrency <= _MAX_CONCURRENCY:
            raise _wrong(f"concurrency must be from 1 to {_MAX_CONCURRENCY}, and is {self.concurrency!r}")
        missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
        if missing:
            raise MissingExtraError(
                f"OpenAICompatible needs {', '.join(missing)}, which is not installed",
                next_step='Run: pip install "bqvision[local]"',
            )
        object.__setattr__(self, "base_url", base_url)
        object.__setattr__(self, "_server", ChatServer(**self.settings()))

    def __call__(self, request: VisionRequest, /) -> VisionAnswer:
        """Have the server's model answer a request.

        Raises:
            RetryableRowError: The server is overloaded, can't be reached, or failed for the moment.
            BlockedRowError: The model, or a filter around it, refused.
            InputRowError: An image can't be read, here or there.
            PermanentRowError: The server refuses such requests, or is not one that speaks this protocol.
        """
        return self._server.ask(request)

    def settings(self) -> Mapping[str, Any]:
        """Return the arguments that make an equal model, the API key among them."""
        return {part.name: getattr(self, part.name) for part in fields(self)}

    def close(self) -> None:
        """Close the connections to the server; a later request opens new ones."""
        self._server.close()

    @override
    def __reduce__(self) -> tuple[type[OpenAICompatible], tuple[object, ...]]:
        return OpenAICompatible, tuple(self.settings().values())


def _checked_url(given: object) -> str:
    """Return a base URL without its last slash.

    Nothing of a URL that is refused is shown: it may hold a password.
    """
    url = _text(given).rstrip("/")
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        good = parts.scheme in {"http", "https"} and host.encode("idna") and parts.port != 0
    except ValueError:  # also a UnicodeError, for a host that can't be looked up
        good = False
    if not good or not _PRINTABLE.fullmatch(url):
        raise _wrong("base_url must be an http or https URL, such as http://localhost:11434/v1")
    if "@" in url:
        raise _wrong("base_url must hold no user and no password", "Give the credential as api_key.")
    if "?" in url or "#" in url:
        raise _wrong("base_url must hold no query and no fragment")
    if url.endswith(_PATH):
        raise _wrong(f"base_url ends before {_PATH}, which is added", f"Leave {_PATH} out.")
    return url


def _text(value: object) -> str:
    # The types promise one; this is for callers without a type checker.
    return value if isinstance(value, str) else ""


def _wrong(what: str, next_step: str = "") -> InvalidInputError:
    return InvalidInputError(f"OpenAICompatible: {what}", next_step=next_step)
