"""Vision models of the parent process, called over the bridge."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

import pytest

from bqvision.local import (
    BlockedRowError,
    Image,
    InputRowError,
    PermanentRowError,
    RetryableRowError,
    RowError,
    VisionAnswer,
    VisionRequest,
)
from bqvision.local.bridge import ModelBridge, ParentModel
from bqvision.local.models import ModelError

KEY = b"k" * 32
REQUEST = VisionRequest(
    (Image("gs://b/é.png", "image/png", b"\0" * 300_000), Image("gs://b/2.png", "image/png", b"x")),
    "what\n\x00 is 'this'?",
    {"type": "object"},
    {"temperature": 0.5},
)
BROKEN = {
    "no text": VisionAnswer(None),  # type: ignore[arg-type]
    "no reason": VisionAnswer("x", finish_reason=None),  # type: ignore[arg-type]
    "no tokens": VisionAnswer("x", input_tokens=None),  # type: ignore[arg-type]
    "no number": VisionAnswer("x", output_tokens=float("nan")),  # type: ignore[arg-type]
    "not sent": VisionAnswer("x", output_tokens=object()),  # type: ignore[arg-type]
    "negative": VisionAnswer("x", output_tokens=-1),
}
seen: list[VisionRequest] = []


class OwnError(RetryableRowError):
    """A row error of a user's own."""


def model(request: VisionRequest) -> VisionAnswer:
    """Do what the prompt names."""
    seen.append(request)
    kinds: tuple[type[RowError], ...] = (RetryableRowError, BlockedRowError, InputRowError, PermanentRowError)
    errors = {error.__name__: error for error in (*kinds, RowError, OwnError)}
    if request.prompt in errors:
        raise errors[request.prompt]("why")
    if request.prompt == "bug":
        raise KeyError("what")
    if request.prompt == "nothing":
        return None  # type: ignore[return-value]
    if request.prompt in BROKEN:
        return BROKEN[request.prompt]
    return VisionAnswer("å answer", 5, 6, "MAX_TOKENS")


@contextlib.contextmanager
def calling(bridge: ModelBridge, index: int = 1, key: bytes = KEY) -> Iterator[ParentModel]:
    """Return a caller whose connection is closed at the end."""
    caller = ParentModel(bridge.port, key, index)
    yield caller
    caller.close()


@pytest.fixture
def bridge() -> Iterator[ModelBridge]:
    """A bridge to the model."""
    opened = ModelBridge([lambda request: VisionAnswer("other"), model], KEY)
    yield opened
    opened.close()


def test_requests_and_answers_cross_whole(bridge: ModelBridge) -> None:
    """Images, prompt, schema and parameters arrive as they are, and so does the answer; several in a row."""
    with calling(bridge) as caller, calling(bridge, 0) as other:
        for _ in range(3):
            assert caller(REQUEST) == VisionAnswer("å answer", 5, 6, "MAX_TOKENS")
            assert seen[-1] == REQUEST
        assert other(REQUEST).text == "other"


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        ("RetryableRowError", RetryableRowError),
        ("BlockedRowError", BlockedRowError),
        ("InputRowError", InputRowError),
        ("PermanentRowError", PermanentRowError),
        ("RowError", RowError),
        ("OwnError", RetryableRowError),
    ],
)
def test_row_errors_cross_by_class(bridge: ModelBridge, raised: str, expected: type[RowError]) -> None:
    """A row error arrives as the class that the server tells apart, with its text."""
    with calling(bridge) as caller, pytest.raises(expected, match="why") as caught:
        caller(VisionRequest((), raised))
    assert type(caught.value) is expected


@pytest.mark.parametrize(
    ("prompt", "text"),
    [
        ("bug", "KeyError"),
        ("nothing", "NoneType"),
        ("no text", "text must be a str, and is of type NoneType"),
        ("no reason", "finish_reason must be a str"),
        ("no tokens", "input_tokens must be an int"),
        ("no number", "output_tokens must be an int from 0 on, and is of type float"),
        ("not sent", "output_tokens must be an int"),
        ("negative", "output_tokens must be an int from 0 on"),
    ],
)
def test_a_broken_model_is_no_row_error(bridge: ModelBridge, prompt: str, text: str) -> None:
    """Other exceptions and other values are the model's fault, and the next call works."""
    with calling(bridge) as caller:
        with pytest.raises(ModelError, match=text):
            caller(VisionRequest((), prompt))
        assert caller(REQUEST).text == "å answer"


def test_without_the_key_nothing_is_answered(bridge: ModelBridge) -> None:
    """A caller with another key, a silent one and one with a huge frame reach no model and stop nobody."""
    before = len(seen)
    with calling(bridge, key=b"w" * 32) as stranger, pytest.raises(ModelError, match="does not answer"):
        stranger(REQUEST)
    with socket.create_connection(("127.0.0.1", bridge.port)) as silent:
        with socket.create_connection(("127.0.0.1", bridge.port)) as huge:
            huge.sendall(b"\xff" * 8)
            assert huge.recv(1) == b""
        assert len(seen) == before
        with calling(bridge) as caller:
            assert caller(REQUEST).text == "å answer"
        silent.close()


def test_after_close_nothing_listens(bridge: ModelBridge) -> None:
    """A closed bridge refuses connections."""
    port = bridge.port
    bridge.close()
    with pytest.raises(ModelError):
        ParentModel(port, KEY, 1)(REQUEST)
