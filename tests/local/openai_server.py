"""An OpenAI-compatible server on this machine, which does what the images say and checks every request."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import re
import threading
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final

from PIL import Image
from PIL.PngImagePlugin import PngInfo
from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType
    from typing import Self

MODEL: Final = "test-vlm:7b"
_TYPES: Final = {"string", "integer", "number", "boolean", "null", "array", "object"}


def png(**order: object) -> bytes:
    """Return a small PNG; a server reads the order in it."""
    made = io.BytesIO()
    notes = PngInfo()
    notes.add_text("order", json.dumps(order))
    Image.new("RGB", (8, 8), "red").save(made, "PNG", pnginfo=notes)
    return made.getvalue()


def picture(kind: str, mode: str = "RGB") -> bytes:
    """Return a small image of a format."""
    made = io.BytesIO()
    image = Image.new(mode, (8, 8), (0, 0, 255, 128) if mode == "RGBA" else "blue")
    if kind == "MPO":
        image.save(made, kind, save_all=True, append_images=[image])
    else:
        image.save(made, kind)
    return made.getvalue()


@dataclass(frozen=True, slots=True)
class Reply:
    """One HTTP answer."""

    status: int = 200
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    hang_up: bool = False
    """Close the connection without an answer."""


def completion(content: str | None = "{}", *, finish_reason: str = "stop", **message: object) -> Reply:
    """Return a chat completion, with 21 tokens in and 5 out."""
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": content, **message},
        "finish_reason": finish_reason,
    }
    usage = {"prompt_tokens": 21, "completion_tokens": 5, "total_tokens": 26}
    return Reply(
        body=json.dumps(
            {"id": "c1", "object": "chat.completion", "model": MODEL, "choices": [choice], "usage": usage}
        )
    )


def failure(status: int, message: str = "no", **headers: str) -> Reply:
    """Return an error in OpenAI's form; ``_`` in a header's name stands for a dash."""
    body = {"error": {"message": message, "type": "error", "param": None, "code": None}}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, json.dumps(body), named)


def check_request(body: object) -> list[str]:
    """Check a body against OpenAI's request schema, as far as a question about images goes; return what is wrong.

    After ``CreateChatCompletionRequest`` in https://github.com/openai/openai-openapi and the rules for strict
    schemas in https://platform.openai.com/docs/guides/structured-outputs.
    """
    try:
        _check(body)
    except AssertionError as error:
        return [str(error)]
    return []


def _keys(value: object, where: str, needed: set[str], others: set[str] = frozenset()) -> dict[str, Any]:  # type: ignore[assignment]
    assert isinstance(value, dict), f"{where} is no object"
    assert needed <= value.keys(), f"{where} lacks {needed - value.keys()}"
    assert value.keys() <= needed | others, f"{where} has unknown {value.keys() - needed - others}"
    return value


def _check(body: object) -> None:
    numbers = {"temperature": (float, 0, 2), "top_p": (float, 0, 1), "max_tokens": (int, 1, 10**6)}
    top = _keys(body, "request", {"model", "messages"}, {*numbers, "stop", "response_format"})
    assert isinstance(top["model"], str), "model is no string"
    for name, (kind, low, high) in numbers.items():
        if name in top:
            assert type(top[name]) in {int, kind}, f"{name} is no {kind.__name__}"
            assert low <= top[name] <= high, f"{name} is out of range"
    stop = top.get("stop", ["x"])
    assert isinstance(stop, list), "stop is no list"
    assert stop, "stop is empty"
    assert all(isinstance(one, str) for one in stop), "stop holds something else than strings"
    assert isinstance(top["messages"], list), "messages is no list"
    (message,) = top["messages"]
    assert _keys(message, "message", {"role", "content"})["role"] == "user", "the role is not user"
    parts = message["content"]
    assert isinstance(parts, list), "content is no list of parts"
    assert parts, "content is empty"
    assert [part["type"] for part in parts] == sorted((part["type"] for part in parts), reverse=True), (
        "an image stands before the text"
    )
    for part in parts:
        if part["type"] == "text":
            text = _keys(part, "text part", {"type", "text"})["text"]
            assert isinstance(text, str), "text is no string"
            assert text.strip(), "the text is empty"
        else:
            assert part["type"] == "image_url", f"unknown part {part['type']}"
            link = _keys(_keys(part, "image part", {"type", "image_url"})["image_url"], "image_url", {"url"})
            named, data = decode(link["url"])
            with Image.open(io.BytesIO(data)) as image:
                image.load()
                formats = {"png": {"PNG"}, "jpeg": {"JPEG", "MPO"}}
                assert image.format in formats[named], "the type is not the image's"
    if "response_format" in top:
        form = _keys(top["response_format"], "response_format", {"type", "json_schema"})
        assert form["type"] == "json_schema", "response_format is no json_schema"
        schema = _keys(form["json_schema"], "json_schema", {"name", "strict", "schema"})
        assert re.fullmatch(r"[\w-]{1,64}", schema["name"]), "the schema's name is none"
        assert isinstance(schema["strict"], bool), "strict is no boolean"
        assert json.dumps(schema["schema"]) in parts[0]["text"], "the prompt doesn't say the schema"
        if schema["strict"]:
            assert schema["schema"].get("type") == "object", "the schema is of no object"
            _check_strict(schema["schema"], "schema")


def _check_strict(schema: object, where: str) -> None:
    assert isinstance(schema, dict), f"{where} is no object"
    if "anyOf" in schema:
        for choice in _keys(schema, where, {"anyOf"}, {"description"})["anyOf"]:
            _check_strict(choice, where)
        return
    assert schema.get("type") in _TYPES, f"{where} has no type"
    if schema["type"] == "object":
        _keys(schema, where, {"type", "properties", "required", "additionalProperties"}, {"description"})
        assert schema["additionalProperties"] is False, f"{where} allows other properties"
        assert schema["required"] == list(schema["properties"]), f"{where} doesn't require all properties"
        for name, one in schema["properties"].items():
            _check_strict(one, f"{where}.{name}")
    elif schema["type"] == "array":
        _check_strict(_keys(schema, where, {"type", "items"}, {"description"})["items"], f"{where}[]")
    else:
        _keys(schema, where, {"type"}, {"description", "enum"})


def decode(url: str) -> tuple[str, bytes]:
    """Return type and bytes of a data URI that every server takes."""
    found = re.fullmatch(r"data:image/(png|jpeg);base64,([A-Za-z0-9+/]+={0,2})", url)
    assert found is not None, "no data URI of a JPEG or PNG"
    return found[1], base64.b64decode(found[2], validate=True)


class OpenAIServer:
    """The server, running on a port of its own; every request is checked and kept.

    A PNG by `png` says what the answer is: ``say`` and ``finish_reason`` for a completion, ``busy`` for so many
    refusals with 500 before it. Other requests get what `reply` holds.
    """

    def __init__(self) -> None:
        self.reply: Reply | Callable[[], Reply] = completion()
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.paths: list[str] = []
        self.problems: list[str] = []
        self.gate = threading.Event()
        self.gate.set()
        self.arrivals = threading.Semaphore(0)
        """Released by every request that comes in."""
        self.meeting: threading.Barrier | None = None
        """Where requests wait for each other, if anywhere."""
        self.most = 0
        """How many requests were under way at once."""
        self._running = 0
        self._seen: Counter[str] = Counter()
        self._lock = threading.Lock()
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            @override
            def log_message(self, format: str, *args: object) -> None:
                """Be silent."""

            def do_POST(self) -> None:
                data = self.rfile.read(int(self.headers["Content-Length"]))
                server.keys.append(self.headers["Authorization"])
                server.paths.append(self.path)
                reply = server.answer(json.loads(data), self.headers["Content-Type"])
                if reply.hang_up:
                    self.close_connection = True
                    return
                said = reply.body.encode()
                with contextlib.suppress(ConnectionError):  # One that asked did not wait.
                    self.send_response(reply.status)
                    for name, value in reply.headers.items():
                        self.send_header(name, value)
                    self.send_header("Content-Length", str(len(said)))
                    self.end_headers()
                    self.wfile.write(said)

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    @property
    def base_url(self) -> str:
        """Where its API is."""
        return f"http://127.0.0.1:{self._http.server_port}/v1"

    def answer(self, body: dict[str, Any], content_type: str) -> Reply:
        """Answer one request."""
        with self._lock:
            self._running += 1
            self.most = max(self.most, self._running)
            self.requests.append(body)
            self.problems += check_request(body)
            if content_type != "application/json":
                self.problems.append(f"the content type is {content_type}")
        self.arrivals.release()
        try:
            if self.meeting is not None:
                self.meeting.wait(30)
            assert self.gate.wait(30)
            return self._reply(body)
        finally:
            with self._lock:
                self._running -= 1

    def _reply(self, body: dict[str, Any]) -> Reply:
        for part in body["messages"][0]["content"]:
            if part["type"] == "image_url":
                _, data = decode(part["image_url"]["url"])
                with Image.open(io.BytesIO(data)) as image:
                    noted = image.info.get("order", "{}")
                order = json.loads(noted)
                with self._lock:
                    self._seen[noted] += 1
                if self._seen[noted] <= order.get("busy", 0):
                    return failure(500, "CUDA out of memory")
                if "status" in order:
                    return failure(order["status"], order.get("message", ""))
                if "body" in order:
                    return Reply(body=order["body"])
                if "say" in order:
                    return completion(order["say"], finish_reason=order.get("finish_reason", "stop"))
        return self.reply if isinstance(self.reply, Reply) else self.reply()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()
        if error is None:
            assert self.problems == []
