"""A vision model on an OpenAI-compatible server: what it sends, and what becomes of every kind of answer."""

from __future__ import annotations

import copy
import dataclasses
import json
import os
import pickle
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from email.utils import formatdate
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from google.oauth2.credentials import Credentials

import bqvision as bv
from bqvision.local import (
    BlockedRowError,
    Image,
    InputRowError,
    OpenAICompatible,
    PermanentRowError,
    RetryableRowError,
    RowError,
    VisionAnswer,
    VisionRequest,
)
from bqvision.local.chat_server import ChatServer
from bqvision.local.fences import unfenced
from bqvision.local.strict_schema import fits, is_strict, strict_schema
from bqvision.records import Outcome

from .openai_server import (
    MODEL,
    OpenAIServer,
    Reply,
    check_request,
    completion,
    decode,
    failure,
    picture,
    png,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bqvision.local import JsonValue, VisionModel

KEY = "sk-very-secret-0123456789"
PROMPT = "What is on this poster? Answer in JSON with two keys: title, year."
URL_ENDPOINT = "https://us-central1-aiplatform.googleapis.com/v1/projects/p/locations/us-central1/publishers/google/models/other"
SCHEMA: Mapping[str, JsonValue] = {
    "type": "OBJECT",
    "properties": {
        "title": {"type": "STRING", "description": "the film's name"},
        "year": {"type": "INTEGER", "nullable": True},
        "genre": {"type": "STRING", "enum": ["drama", "comedy"]},
    },
    "required": ["title", "year"],
}


@pytest.fixture
def there() -> Iterator[OpenAIServer]:
    """A server of the test's own, which at the end has had no request that OpenAI would refuse."""
    with OpenAIServer() as server:
        yield server


@contextmanager
def asking(there: OpenAIServer, **options: Any) -> Iterator[OpenAICompatible]:
    """A model on it."""
    model = OpenAICompatible(there.base_url, MODEL, **options)
    try:
        yield model
    finally:
        model.close()


def question(
    *images: bytes,
    prompt: str = PROMPT,
    schema: Mapping[str, JsonValue] | None = None,
    **parameters: JsonValue,
) -> VisionRequest:
    """A request about some images, which are taken for PNGs."""
    shown = tuple(Image(f"gs://b/{index}.png", "image/png", data) for index, data in enumerate(images))
    return VisionRequest(shown, prompt, schema, parameters)


def refused(there: OpenAIServer, reply: Reply, *images: bytes, **options: Any) -> RowError:
    """Return the error that a reply leads to; it shows neither the prompt nor the key."""
    there.reply = reply
    with asking(there, api_key=KEY, **options) as model, pytest.raises(RowError) as raised:
        model(question(*images))
    assert KEY not in str(raised.value)
    assert PROMPT not in str(raised.value)
    return raised.value


def test_a_request_is_one_that_openai_takes(there: OpenAIServer) -> None:
    """Prompt and image are one user message, text first; the parameters have OpenAI's names; the key is a bearer's."""
    there.reply = completion('{"title": "Metropolis"}')
    with asking(there, api_key=KEY) as model:
        answer = model(
            question(
                png(),
                temperature=0.2,
                top_p=0.9,
                max_output_tokens=100,
                stop_sequences=["END"],
                unknown_name=1,
            )
        )
    assert answer == VisionAnswer('{"title": "Metropolis"}', 21, 5, "STOP")
    (sent,) = there.requests
    (message,) = sent.pop("messages")
    assert sent == {"model": MODEL, "temperature": 0.2, "top_p": 0.9, "max_tokens": 100, "stop": ["END"]}
    assert message["content"][0] == {"type": "text", "text": PROMPT}
    assert decode(message["content"][1]["image_url"]["url"]) == ("png", png())
    assert there.paths == ["/v1/chat/completions"]
    assert there.keys == [f"Bearer {KEY}"]


def test_without_a_key_or_parameters_none_are_sent(there: OpenAIServer) -> None:
    """Nothing is sent that was not given, so the server's own defaults hold."""
    with asking(there) as model:
        model(question(png(), png(), temperature=None, stop_sequences=[]))
    (sent,) = there.requests
    assert sent.keys() == {"model", "messages"}
    assert [part["type"] for part in sent["messages"][0]["content"]] == ["text", "image_url", "image_url"]
    assert there.keys == [None]


def test_a_schema_is_sent_strict_and_nested_and_said(there: OpenAIServer) -> None:
    """Gemini's schema becomes OpenAI's: closed, all properties required, null for what may be missing."""
    there.reply = completion('{"title": "M", "year": 1931, "genre": null}')
    with asking(there) as model:
        model(question(png(), schema=SCHEMA))
    (sent,) = there.requests
    assert sent["response_format"] == {
        "type": "json_schema",
        "json_schema": {
            "name": "answer",
            "strict": True,
            "schema": {
                "type": "object",
                "properties": {
                    "title": {"type": "string", "description": "the film's name"},
                    "year": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
                    "genre": {"anyOf": [{"type": "string", "enum": ["drama", "comedy"]}, {"type": "null"}]},
                },
                "required": ["title", "year", "genre"],
                "additionalProperties": False,
            },
        },
    }


@pytest.mark.parametrize(
    "field",
    [
        {"$ref": "#/$defs/film"},
        {"const": "film"},
        {"oneOf": [{"type": "string"}, {"type": "integer"}]},
        {"type": "array", "items": {"allOf": [{"type": "string"}]}},
        {"anyOf": [{"type": "string"}, {"const": 5}]},
    ],
)
def test_a_schema_without_a_strict_form_is_sent_as_it_is(there: OpenAIServer, field: JsonValue) -> None:
    """Rather than without what it says; a server may enforce it all the same."""
    schema: Mapping[str, JsonValue] = {
        "type": "object",
        "properties": {"x": field, "y": {"type": "string", "maxLength": 9}},
        "required": ["x"],
        "$defs": {"film": {"type": "string"}},
    }
    there.reply = completion('```json\n{"x": ["film"]}\n```')
    with asking(there) as model:
        assert model(question(png(), schema=schema)).text == '{"x": ["film"]}'
    sent = there.requests[0]["response_format"]["json_schema"]
    assert (sent["strict"], sent["schema"]) == (False, schema)


def test_an_open_schema_is_not_sent_as_strict(there: OpenAIServer) -> None:
    """What OpenAI would refuse as strict, such as an object of any properties, is sent as not strict."""
    opened: list[Mapping[str, JsonValue]] = [
        {"type": "OBJECT"},
        {"type": "ARRAY", "items": {"type": "STRING"}},
    ]
    with asking(there) as model:
        for schema in opened:
            model(question(png(), schema=schema))
    assert [sent["response_format"]["json_schema"]["strict"] for sent in there.requests] == [False, False]


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ({"type": ["string", "null"]}, {"anyOf": [{"type": "string"}, {"type": "null"}]}),
        ({"type": "NUMBER", "format": "double", "minimum": 0}, {"type": "number"}),
        (
            {"type": "ARRAY", "items": {"type": "INTEGER", "nullable": True}, "maxItems": 3},
            {"type": "array", "items": {"anyOf": [{"type": "integer"}, {"type": "null"}]}},
        ),
        (
            {"type": ["STRING", "integer", "null"], "enum": ["a", 1, None], "description": "d"},
            {
                "description": "d",
                "anyOf": [
                    {"type": "string", "enum": ["a"]},
                    {"type": "integer", "enum": [1]},
                    {"type": "null"},
                ],
            },
        ),
        (
            {
                "type": ["array", "object"],
                "items": {"type": "string"},
                "properties": {"y": {"type": "number"}},
            },
            {
                "anyOf": [
                    {"type": "array", "items": {"type": "string"}},
                    {
                        "type": "object",
                        "properties": {"y": {"anyOf": [{"type": "number"}, {"type": "null"}]}},
                        "required": ["y"],
                        "additionalProperties": False,
                    },
                ]
            },
        ),
        (
            {"anyOf": [{"type": "STRING"}, {"type": "INTEGER"}], "nullable": True},
            {"anyOf": [{"type": "string"}, {"type": "integer"}, {"type": "null"}]},
        ),
        (
            {
                "type": "OBJECT",
                "properties": {"a": {"type": "BOOLEAN"}},
                "required": ["a"],
                "propertyOrdering": ["a"],
            },
            {
                "type": "object",
                "properties": {"a": {"type": "boolean"}},
                "required": ["a"],
                "additionalProperties": False,
            },
        ),
    ],
)
def test_every_kind_of_schema_has_a_strict_form(given: JsonValue, made: JsonValue) -> None:
    """Types in lists, nullable items, choices and nested objects are carried over; bounds and formats are not."""
    schema = strict_schema({"type": "OBJECT", "properties": {"x": given}, "required": ["x"]})
    assert schema["properties"] == {"x": made}
    assert is_strict(schema)


@pytest.mark.parametrize(
    ("value", "good"),
    [
        ({"title": "M", "year": 1931, "genre": "drama"}, True),
        ({"title": "M", "year": None, "genre": None}, True),
        ({"title": "M", "year": 1931.0, "genre": None}, True),
        ({"title": "M", "year": "1931", "genre": None}, False),
        ({"title": "M", "year": True, "genre": None}, False),
        ({"title": "M", "year": 1931, "genre": "western"}, False),
        ({"title": "M", "year": 1931}, False),
        ({"title": "M", "year": 1931, "genre": None, "more": 1}, False),
        ([], False),
        (None, False),
    ],
)
def test_answers_are_checked_against_the_schema(value: JsonValue, good: bool) -> None:
    """Types, nulls, enums, missing and unknown properties are all looked at."""
    assert fits(value, strict_schema(SCHEMA)) is good


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ('{"title": "M", "year": 1, "genre": null}', '{"title": "M", "year": 1, "genre": null}'),
        (
            '```json\n{"title": "M", "year": 1, "genre": null}\n```',
            '{"title": "M", "year": 1, "genre": null}',
        ),
        ('```json\n{"title": "M", "year": "one"}\n```', '```json\n{"title": "M", "year": "one"}\n```'),
        ('{"title": 5}', '{"title": 5}'),
        ("I see a poster.", "I see a poster."),
        ('<think>Is it M?</think>\n\n{"title": "M"}', '{"title": "M"}'),
        ('Let me see.\n</think>{"title": "M"}', '{"title": "M"}'),
        ("<think>It never ends", ""),
        (None, ""),
    ],
)
def test_the_answer_is_the_text_without_thinking(there: OpenAIServer, content: str | None, text: str) -> None:
    """Thinking and a fence around JSON that fits go; an answer that doesn't fit the schema comes as it is."""
    there.reply = completion(content, reasoning_content="It may be M.", reasoning="It may be M.")
    with asking(there) as model:
        assert model(question(png(), schema=SCHEMA)).text == text


@pytest.mark.parametrize(
    "text",
    [
        "```json" + "\n" * 100_000 + "{",
        " " * 100_000 + "x",
        "```json\n{" + "\n" * 100_000,
        "<think>" * 30_000,
    ],
)
def test_an_endless_answer_is_read_in_time(there: OpenAIServer, text: str) -> None:
    """A model that writes line ends until its limit holds nobody up."""
    there.reply = completion(text)
    started = time.process_time()
    with asking(there) as model:
        said = model(question(png(), schema=SCHEMA)).text
    assert unfenced(text) is None
    assert time.process_time() - started < 5
    assert said == ("" if text.startswith("<think>") else text)


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ("```json\n{}\n```", "{}"),
        (" ``` [1] ``` ", "[1]"),
        ("``````", ""),
        ("```x```", ""),
        ("```", None),
        ("`````", None),
        ("```json {}", None),
        ("so: ```{}```", None),
        ("", None),
    ],
)
def test_a_fence_stands_around_all_of_an_answer(text: str, inside: str | None) -> None:
    """Its language is no part of what is in it."""
    assert unfenced(text) == inside


def test_without_a_schema_a_fence_stays(there: OpenAIServer) -> None:
    """Text is text: only an answer that was to be JSON is taken out of its fence."""
    there.reply = completion('```json\n{"a": 1}\n```')
    with asking(there) as model:
        assert model(question(png())).text == '```json\n{"a": 1}\n```'


def test_an_answer_that_was_cut_says_so(there: OpenAIServer) -> None:
    """finish_reason length is Gemini's MAX_TOKENS; the text so far is kept."""
    there.reply = completion('{"title": "Metr', finish_reason="length")
    with asking(there) as model:
        assert model(question(png())) == VisionAnswer('{"title": "Metr', 21, 5, "MAX_TOKENS")


def test_usage_may_be_missing_or_odd(there: OpenAIServer) -> None:
    """A server that counts no tokens, or badly, is answered for with 0."""
    body = {
        "choices": [{"message": {"content": "x"}}],
        "usage": {"prompt_tokens": "many", "completion_tokens": -1},
    }
    there.reply = Reply(body=json.dumps(body))
    with asking(there) as model:
        assert model(question(png())) == VisionAnswer("x", 0, 0, "STOP")


@pytest.mark.parametrize(
    "content",
    [
        [{"type": "text", "text": "Metr"}, {"type": "text", "text": "opolis"}],
        [{"type": "thinking", "thinking": "Hm."}, {"type": "text", "text": "Metropolis"}, "odd"],
    ],
)
def test_an_answer_may_come_in_parts(there: OpenAIServer, content: list[object]) -> None:
    """The texts are the answer."""
    there.reply = Reply(body=json.dumps({"choices": [{"message": {"content": content}}]}))
    with asking(there) as model:
        assert model(question(png())).text == "Metropolis"


@pytest.mark.parametrize(
    "reply",
    [completion(None, refusal="I can't help with that"), completion("So", finish_reason="content_filter")],
)
def test_a_refusal_blocks_the_row(there: OpenAIServer, reply: Reply) -> None:
    """A refusal by the model, or by a filter, is a blocked row."""
    assert isinstance(refused(there, reply, png()), BlockedRowError)


@pytest.mark.parametrize(
    ("reply", "kind", "said"),
    [
        (failure(500, "CUDA out of memory"), RetryableRowError, "HTTP 500 from {url}: CUDA out of memory"),
        (failure(503), RetryableRowError, "HTTP 503 from {url}: no"),
        (failure(429, "slow down"), RetryableRowError, "HTTP 429 from {url}: slow down"),
        (failure(429, "wait", Retry_After="61"), RetryableRowError, "HTTP 429 from {url}: wait"),
        (failure(429, "wait", Retry_After="soon"), RetryableRowError, "HTTP 429 from {url}: wait"),
        (Reply(hang_up=True), RetryableRowError, "UNAVAILABLE: {url} can't be reached (RemoteProtocolError)"),
        (
            failure(401),
            PermanentRowError,
            "PERMISSION_DENIED: the server at {url} refused the API key (HTTP 401)",
        ),
        (
            failure(403),
            PermanentRowError,
            "PERMISSION_DENIED: the server at {url} refused the API key (HTTP 403)",
        ),
        (
            failure(404, f'model "{MODEL}" not found, try pulling it first'),
            PermanentRowError,
            "FAILED_PRECONDITION: the server at {url} does not have the model 'test-vlm:7b', or no /chat/completions "
            'at this base_url (it usually ends in /v1): HTTP 404: model "test-vlm:7b" not found, try pulling it first',
        ),
        (
            failure(500, "image input is not supported - hint: you may need to provide the mmproj"),
            PermanentRowError,
            "FAILED_PRECONDITION: the server at {url} does not have image input for the model 'test-vlm:7b'",
        ),
        (
            failure(400, "invalid image input"),
            InputRowError,
            "the server at {url} refused the image: HTTP 400: invalid image input",
        ),
        (failure(413, ""), InputRowError, "the server at {url} refused the image: HTTP 413"),
        (
            failure(400, f"context is too long: {PROMPT} {KEY} messages = [{{'role': 'user'}}]"),
            PermanentRowError,
            "FAILED_PRECONDITION: the server at {url} refused the request: HTTP 400: context is too long: "
            "[removed] [removed] messages =",
        ),
        (
            failure(400, f"can't read '{PROMPT[:30]}...' at 5"),
            PermanentRowError,
            "FAILED_PRECONDITION: the server at {url} refused the request: HTTP 400",
        ),
        (
            Reply(200, json.dumps({"error": {"message": "slow down", "code": 429}})),
            RetryableRowError,
            "HTTP 429 from {url}: slow down",
        ),
        (
            Reply(200, json.dumps({"error": {"message": "overloaded", "code": "overloaded"}})),
            RetryableRowError,
            "HTTP 500 from {url}: overloaded",
        ),
        (
            Reply(200, " " * 10_000_001),
            PermanentRowError,
            "FAILED_PRECONDITION: the server at {url} answered with more than 10 MB",
        ),
        (
            Reply(422, json.dumps({"detail": [{"type": "missing", "input": PROMPT}]})),
            PermanentRowError,
            "FAILED_PRECONDITION: the server at {url} refused the request: HTTP 422",
        ),
        (
            Reply(body="<html>Sign in</html>"),
            PermanentRowError,
            "FAILED_PRECONDITION: the server at {url} answered HTML, not a chat completion; "
            "is base_url right (it usually ends in /v1)?",
        ),
    ],
)
def test_refusals_are_row_errors(there: OpenAIServer, reply: Reply, kind: type[RowError], said: str) -> None:
    """Each way to refuse is the row error that a run can act on, and says which server and why."""
    error = refused(there, reply, png())
    assert (type(error), str(error)) == (kind, said.format(url=there.base_url))
    assert len(there.requests) == 1


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("Ollama is running", "something else than a JSON object"),
        ("[1]", "something else than a JSON object"),
        ('{"error": "Unexpected endpoint or method."}', "JSON without choices"),
        ('{"choices": []}', "an empty list of choices"),
        ('{"choices": ["x"]}', "a choice without a message"),
        ('{"choices": [{"text": "x"}]}', "a choice without a message"),
        ('{"choices": [{"message": {"content": 5}}]}', "a message whose content is no text"),
        ("[" * 100_000, "something else than a JSON object"),
    ],
)
def test_what_is_no_chat_completion_is_said(there: OpenAIServer, body: str, what: str) -> None:
    """A server that speaks another protocol is told by what it answers, and nothing breaks."""
    error = refused(there, Reply(body=body), png())
    assert isinstance(error, PermanentRowError)
    assert f"answered {what}, not a chat completion; is base_url right" in str(error)


def test_a_server_that_wants_a_key_says_so(there: OpenAIServer) -> None:
    """401 without a key given asks for one."""
    there.reply = failure(401)
    with (
        asking(there) as model,
        pytest.raises(PermanentRowError, match=r"PERMISSION_DENIED: .* wants an API key"),
    ):
        model(question(png()))


def test_nobody_there_is_retryable() -> None:
    """A refused connection may be a server that is starting."""
    with OpenAIServer() as gone:
        base_url = gone.base_url
    with pytest.raises(RetryableRowError, match=r"UNAVAILABLE: .* can't be reached \(ConnectError\)"):
        OpenAICompatible(base_url, MODEL)(question(png()))


def test_a_slow_server_is_retryable(there: OpenAIServer) -> None:
    """No answer within the timeout makes the row retryable."""
    there.gate.clear()
    try:
        error = refused(there, completion(), png(), timeout=0.05)
    finally:
        there.gate.set()
    assert (type(error), str(error)) == (
        RetryableRowError,
        f"DEADLINE_EXCEEDED: no answer from {there.base_url} in 0.05 s",
    )


def test_a_server_that_never_ends_its_answer_is_late_too() -> None:
    """A byte now and then doesn't prolong the time that an answer may take."""
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def drip() -> None:
            visitor, _ = listener.accept()
            with visitor, suppress(OSError):
                visitor.recv(65536)
                visitor.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
                while not ended.wait(0.02):
                    visitor.sendall(b" ")

        dripping = threading.Thread(target=drip)
        dripping.start()
        model = OpenAICompatible(f"http://127.0.0.1:{listener.getsockname()[1]}/v1", MODEL, timeout=0.3)
        try:
            with pytest.raises(RetryableRowError, match=r"DEADLINE_EXCEEDED: no answer from .* in 0.3 s"):
                model(question(png()))
        finally:
            ended.set()
            dripping.join()
            model.close()


def test_a_host_that_can_not_be_looked_up_is_a_row_error() -> None:
    """Its name is wrong in a way that only the library for it finds."""
    with pytest.raises(PermanentRowError, match="has a name that can't be looked up"):
        OpenAICompatible("http://xn--a/v1", MODEL)(question(png()))


@pytest.mark.parametrize(
    ("status", "given", "waits"),
    [
        (429, "7", [7.0, 7.0]),
        (503, "0.5", [0.5, 0.5]),
        (429, formatdate(1_000_030, usegmt=True), [30.0, 30.0]),
    ],
)
def test_retry_after_is_honoured_twice(
    there: OpenAIServer, status: int, given: str, waits: list[float]
) -> None:
    """A server that says when it has room is asked again then; after two waits the row is left for a later round."""
    slept: list[float] = []
    chat = ChatServer(there.base_url, MODEL, None, 30, 1, sleep=slept.append, now=lambda: 1_000_000.0)
    busy = failure(status, "busy", Retry_After=given)
    there.reply = iter([busy, completion("at last")]).__next__
    assert chat.ask(question(png())).text == "at last"
    assert slept == waits[:1]
    slept.clear()
    there.reply = busy
    with pytest.raises(RetryableRowError, match=f"HTTP {status}"):
        chat.ask(question(png()))
    assert slept == waits
    assert len(there.requests) == 5
    chat.close()


@pytest.mark.parametrize(
    ("kind", "mode", "sent"),
    [
        ("PNG", "RGBA", "png"),
        ("JPEG", "L", "jpeg"),
        ("MPO", "RGB", "jpeg"),
        ("WEBP", "RGB", "jpeg"),
        ("WEBP", "RGBA", "png"),
        ("GIF", "P", "jpeg"),
        ("TIFF", "CMYK", "jpeg"),
    ],
)
def test_images_go_as_jpeg_or_png(there: OpenAIServer, kind: str, mode: str, sent: str) -> None:
    """JPEG and PNG go as they are, by what they are and not by their name; all others are made one of them."""
    data = picture(kind, mode)
    with asking(there) as model:
        model(question(data))
    arrived, bytes_there = decode(there.requests[0]["messages"][0]["content"][1]["image_url"]["url"])
    assert arrived == sent
    assert (bytes_there == data) is (kind in {"PNG", "JPEG", "MPO"})


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not an image",
        picture("PNG")[:40],
        picture("PNG").replace(b"IDAT", b"IDAT\1", 1),
        picture("WEBP")[:-20],
        picture("JPEG")[:20],
    ],
)
def test_an_image_that_cant_be_decoded_is_not_sent(there: OpenAIServer, data: bytes) -> None:
    """It is an input error, without a request."""
    with asking(there) as model, pytest.raises(InputRowError, match="the image can't be decoded"):
        model(question(data))
    assert there.requests == []


def test_heic_without_a_decoder_says_which(there: OpenAIServer) -> None:
    """HEIC needs a package that is no dependency; the row names it."""
    code = (
        "import sys; sys.modules['pillow_heif'] = None\n"
        "from bqvision.local import Image, OpenAICompatible, VisionRequest\n"
        "image = Image('gs://b/i.heic', 'image/heic', b'\\0\\0\\0\\x18ftypheic')\n"
        f"model = OpenAICompatible({there.base_url!r}, 'm')\n"
        "try:\n    model(VisionRequest((image,), 'x'))\nexcept Exception as error:\n    print(repr(error))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.startswith("InputRowError")
    assert "pip install pillow-heif" in done.stdout
    assert there.requests == []


def test_a_question_without_words_or_images_is_refused(there: OpenAIServer) -> None:
    """There must be something to ask; an image alone is enough."""
    with asking(there) as model:
        with pytest.raises(InputRowError, match="prompt is empty"):
            model(question(prompt=" "))
        model(question(png(), prompt=""))
    assert len(there.requests) == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"base_url": "localhost:11434/v1"}, "base_url must be an http or https URL"),
        ({"base_url": "ftp://h/v1"}, "base_url must be an http or https URL"),
        ({"base_url": "http://"}, "base_url must be an http or https URL"),
        ({"base_url": "http://a..b/v1"}, "base_url must be an http or https URL"),
        ({"base_url": "http://h:99999/v1"}, "base_url must be an http or https URL"),
        ({"base_url": "http://h/ v1"}, "base_url must be an http or https URL"),
        ({"base_url": None}, "base_url must be an http or https URL"),
        ({"base_url": f"http://me:{KEY}@h/v1"}, "base_url must hold no user and no password"),
        ({"base_url": f"http://h/v1?key={KEY}"}, "base_url must hold no query"),
        ({"base_url": "http://h/v1#x"}, "base_url must hold no query and no fragment"),
        ({"base_url": "http://h/v1/chat/completions/"}, "base_url ends before /chat/completions"),
        ({"model": " "}, "model must be the server's name"),
        ({"model": None}, "model must be the server's name"),
        ({"api_key": ""}, "api_key must be"),
        ({"api_key": f"{KEY}\n"}, "api_key must be"),
        ({"api_key": f"ü{KEY}"}, "api_key must be"),
        ({"timeout": 0}, "timeout must be"),
        ({"timeout": float("nan")}, "timeout must be"),
        ({"timeout": "9"}, "timeout must be"),
        ({"concurrency": 0}, "concurrency must be"),
        ({"concurrency": 1.5}, "concurrency must be"),
    ],
)
def test_bad_settings_are_refused_at_once(options: dict[str, Any], message: str) -> None:
    """Each is refused when the model is made, and no message shows a secret."""
    with pytest.raises(bv.InvalidInputError, match=message) as raised:
        OpenAICompatible(**{"base_url": "http://localhost/v1", "model": "m", **options})
    assert KEY not in str(raised.value)


def test_the_key_shows_in_no_repr() -> None:
    """Neither the model's repr nor a copy's nor the repr of its pickle's copy has the key; equal models are equal."""
    model = OpenAICompatible("http://localhost:1234/v1/", "m", KEY, timeout=5, concurrency=2)
    copy = pickle.loads(pickle.dumps(model))  # noqa: S301
    assert (copy, hash(copy)) == (model, hash(model))
    assert copy.api_key == KEY
    assert (
        repr(model)
        == repr(copy)
        == "OpenAICompatible(base_url='http://localhost:1234/v1', model='m', timeout=5, concurrency=2)"
    )


def test_a_model_is_data() -> None:
    """It can be taken apart, copied and changed like any other dataclass."""
    model = OpenAICompatible("http://localhost:1234/v1", "m", KEY)
    assert dataclasses.asdict(model) == {
        "base_url": "http://localhost:1234/v1", "model": "m", "api_key": KEY, "timeout": 120.0, "concurrency": 8,
    }  # fmt: skip
    assert copy.deepcopy(model) == model
    assert dataclasses.replace(model, model="n").model == "n"


@pytest.mark.parametrize("module", ["httpx", "PIL"])
def test_a_missing_extra_names_the_command(module: str) -> None:
    """Without the extra the error says which pip command brings it, and importing works all the same."""
    code = (
        f"import sys; sys.modules['{module}'] = None\nimport bqvision as bv\n"
        "try:\n    bv.local.OpenAICompatible('http://localhost/v1', 'm')\n"
        "except bv.MissingExtraError as error:\n    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert module in done.stdout
    assert 'pip install "bqvision[local]"' in done.stdout


def test_httpx_is_loaded_late() -> None:
    """Making a model loads neither httpx nor Pillow."""
    code = (
        "import sys; from bqvision.local import OpenAICompatible; OpenAICompatible('http://localhost/v1', 'm')\n"
        "print(sorted({'httpx', 'PIL'} & sys.modules.keys()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "[]\n"


def test_as_many_requests_run_at_once_as_was_said(there: OpenAIServer) -> None:
    """Three requests are at the server and no fourth, however many threads ask; then the others follow."""
    there.gate.clear()
    with asking(there, concurrency=3) as model, ThreadPoolExecutor(9) as pool:
        asked = [pool.submit(model, question(png())) for _ in range(9)]
        try:
            assert all(there.arrivals.acquire(timeout=30) for _ in range(3))
            assert not there.arrivals.acquire(timeout=0.2)
        finally:
            there.gate.set()
        assert [one.result().text for one in asked] == ["{}"] * 9
    assert there.most == 3


def test_the_checker_refuses_what_openai_refuses() -> None:
    """Unknown keys, wrong types, the flat schema form and open schemas do not pass the tests' own check."""
    text = {"type": "text", "text": "x {}"}
    good: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": [text]}]}
    assert check_request(good) == []
    open_schema = {"name": "a", "strict": True, "schema": {}}
    wrongs: list[dict[str, Any]] = [
        {"max_output_tokens": 5},
        {"temperature": "warm"},
        {"stop": []},
        {"messages": [{"role": "user", "content": "x"}]},
        {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": "data:,"}]}]},
        {
            "messages": [
                {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "http://h"}}]}
            ]
        },
        {"response_format": {"type": "json_schema", "schema": {}}},
        {"response_format": {"type": "json_schema", "json_schema": open_schema}},
    ]
    for wrong in wrongs:
        assert check_request({**good, **wrong}) != [], wrong


# From here on the model answers for Gemini, on the local BigQuery.


@pytest.fixture(scope="module")
def vlm() -> Iterator[OpenAIServer]:
    """The OpenAI-compatible server behind the local BigQuery of these tests."""
    with OpenAIServer() as server:
        yield server


@pytest.fixture(scope="module")
def posters(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder behind the bucket ``posters``."""
    return tmp_path_factory.mktemp("posters")


@pytest.fixture(scope="module")
def client(vlm: OpenAIServer, posters: Path) -> Iterator[bv.Client]:
    """A client on it, which has other models beside."""

    def other(request: VisionRequest) -> VisionAnswer:
        return VisionAnswer('{"title": "by another model"}')

    models: dict[str, VisionModel] = {
        "my-vlm": other,
        URL_ENDPOINT: other,
        "gemini-*": bv.local.OpenAICompatible(base_url=vlm.base_url, model=MODEL, api_key=KEY, concurrency=3),
    }
    with bv.Client.local(buckets={"posters": posters}, model=models) as client:
        client.dataset("d").create()
        yield client


def analysis(
    client: bv.Client, folder: Path, endpoint: str = "gemini-2.5-flash", **images: bytes
) -> bv.Analysis[bv.PosterResult]:
    """The tutorial's question about some images, in a folder of their own."""
    folder.mkdir()
    for name, data in images.items():
        (folder / name.replace("_", ".")).write_bytes(data)
    dataset = client.dataset("d")
    table = dataset.object_table(folder.name).create(uris=[f"gs://posters/{folder.name}/*"])
    model = dataset.remote_model(f"{folder.name}_model").create(endpoint=endpoint)
    return model.analyze(table, prompt=PROMPT, temperature=0.2)


def test_a_run_gets_typed_records_from_the_server(
    client: bv.Client, vlm: OpenAIServer, posters: Path
) -> None:
    """Every way to answer ends as its outcome, as with Gemini; what was busy is asked again."""
    run = analysis(
        client,
        posters / "typed",
        plain_png=png(say='{"title": "Metropolis", "year": 1927}'),
        fenced_png=png(say='```json\n{"title": "Sunrise", "year": 1927}\n```'),
        thinking_png=png(say='<think>A boat?</think>{"title": "The Navigator", "year": 1924}'),
        wrong_png=png(say='{"title": "M", "year": "long ago"}'),
        prose_png=png(say="A poster."),
        busy_png=png(say='{"title": "Safety Last!", "year": 1923}', busy=1),
        cut_png=png(say='{"title": "The Gold', finish_reason="length"),
        filtered_png=png(say="", finish_reason="content_filter"),
        refused_png=png(status=400, message="Invalid image data"),
        overflow_png=png(status=400, message="the context is too long"),
        html_png=png(body="<html></html>"),
        broken_png=b"no image",
        picture_webp=picture("WEBP"),
    ).run(into="typed_results", round_wait=0.001)
    found = {record.uri.rpartition("/")[2]: record for record in run}
    assert {name: record.outcome for name, record in found.items()} == {
        "plain.png": Outcome.OK,
        "fenced.png": Outcome.OK,
        "thinking.png": Outcome.OK,
        "wrong.png": Outcome.OK,
        "prose.png": Outcome.UNPARSABLE,
        "busy.png": Outcome.OK,
        "cut.png": Outcome.TRUNCATED,
        "filtered.png": Outcome.BLOCKED,
        "refused.png": Outcome.INPUT,
        "overflow.png": Outcome.UNKNOWN,
        "html.png": Outcome.UNKNOWN,
        "broken.png": Outcome.INPUT,
        "picture.webp": Outcome.OK,
    }
    titles = {name: (record.title, record.year) for name, record in found.items() if record.title is not None}
    assert titles == {
        "plain.png": ("Metropolis", 1927),
        "fenced.png": ("Sunrise", 1927),
        "thinking.png": ("The Navigator", 1924),
        "wrong.png": ("M", None),
        "busy.png": ("Safety Last!", 1923),
    }
    assert found["wrong.png"].error is not None
    assert "year" in found["wrong.png"].error
    assert found["plain.png"].usage == bv.Usage(21, 5)
    assert set(vlm.keys) == {f"Bearer {KEY}"}
    assert all(sent["temperature"] == 0.2 for sent in vlm.requests)


def test_a_full_server_that_has_room_soon_costs_no_round(
    client: bv.Client, vlm: OpenAIServer, posters: Path
) -> None:
    """429 with Retry-After is waited for within the call, so the row is done in the first round."""
    replies = iter(
        [failure(429, "busy", Retry_After="0.01"), completion('{"title": "Nosferatu", "year": 1922}')]
    )
    vlm.reply = replies.__next__
    run = analysis(client, posters / "waiting", a_png=png()).run(into="waiting_results", max_rounds=1)
    assert [(record.title, record.year) for record in run] == [("Nosferatu", 1922)]


@pytest.mark.parametrize(
    ("name", "reply", "said"),
    [
        ("key", failure(401), "refused the API key"),
        ("absent", failure(404, "model not found"), f"does not have the model '{MODEL}'"),
        ("blind", failure(500, "image input is not supported"), "does not have image input"),
    ],
)
def test_a_server_that_is_set_up_wrong_stops_the_run(
    client: bv.Client, vlm: OpenAIServer, posters: Path, name: str, reply: Reply, said: str
) -> None:
    """The run stops and says why; put right, the next run asks the same images."""
    asked = analysis(client, posters / name, a_png=png())
    vlm.reply = reply
    with pytest.raises(bv.RunError, match=said) as raised:
        asked.run(into=f"{name}_results")
    assert raised.value.reason == "PERMISSION"
    assert KEY not in str(raised.value)
    vlm.reply = completion('{"title": "Faust", "year": 1926}')
    assert [record.title for record in asked.run(into=f"{name}_results")] == ["Faust"]


def test_a_schema_in_the_statement_reaches_the_server(
    client: bv.Client, vlm: OpenAIServer, posters: Path
) -> None:
    """A response schema in model_params is sent, and its answer is plain JSON."""
    analysis(client, posters / "schema", a_png=png())
    vlm.reply = completion('```json\n{"title": "M", "year": 1931, "genre": "drama"}\n```')
    params = {"generation_config": {"max_output_tokens": 99, "response_schema": SCHEMA}}
    sql = (
        "SELECT ml_generate_text_llm_result AS text FROM ML.GENERATE_TEXT(MODEL d.schema_model, TABLE d.schema, "
        f"STRUCT('look' AS prompt, TRUE AS flatten_json_output, '{json.dumps(params)}' AS model_params))"
    ).replace("film's", "film")
    (row,) = client.bigquery.query(sql).result()
    assert json.loads(row.text) == {"title": "M", "year": 1931, "genre": "drama"}
    sent = vlm.requests[-1]
    assert sent["max_tokens"] == 99
    assert sent["response_format"]["json_schema"]["strict"] is True


def test_a_run_asks_as_many_at_once_as_was_said(client: bv.Client, vlm: OpenAIServer, posters: Path) -> None:
    """Three images meet at the server, on threads of their own beside those for the machine's cores."""
    vlm.reply = completion('{"title": "Nosferatu"}')
    images = {f"i{number}_png": png(number=number) for number in range(6)}
    asked = analysis(client, posters / "together", "gemini-2.5-flash", **images)
    vlm.most = 0
    vlm.meeting = threading.Barrier(3)
    try:
        run = asked.run(into="together_results", max_rounds=1)
    finally:
        vlm.meeting = None
    assert [record.title for record in run] == ["Nosferatu"] * 6
    assert vlm.most == 3


@pytest.mark.parametrize(("name", "endpoint"), [("named", "my-vlm"), ("located", URL_ENDPOINT)])
def test_other_endpoints_have_other_models(
    client: bv.Client, vlm: OpenAIServer, posters: Path, name: str, endpoint: str
) -> None:
    """An exact name and a whole URL are patterns too; their models answer and the server hears nothing."""
    before = len(vlm.requests)
    run = analysis(client, posters / name, endpoint, a_png=png()).run(into=f"{name}_results")
    assert [record.title for record in run] == ["by another model"]
    assert len(vlm.requests) == before


def test_the_key_travels_over_standard_input_only(client: bv.Client) -> None:
    """The server process has it in neither its command line, its environment nor its log."""
    server = client._server
    assert server is not None
    for name in ("cmdline", "environ"):
        assert KEY not in Path(f"/proc/{server.pid}/{name}").read_text()
    assert KEY not in server._log.read_text()
    assert KEY not in repr(server)


def test_the_terminal_server_takes_it_too(there: OpenAIServer, posters: Path) -> None:
    """The options of `python -m bqvision.local` name server, model and the variable that holds the key."""
    folder = posters / "terminal"
    folder.mkdir()
    (folder / "a.png").write_bytes(png(say='{"title": "Faust"}'))
    with subprocess.Popen(
        [
            *(sys.executable, "-m", "bqvision.local", "--bucket", f"posters={folder}"),
            *(
                "--openai-base-url",
                there.base_url,
                "--openai-model",
                MODEL,
                "--openai-api-key-env",
                "VLM_KEY",
            ),
        ],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "VLM_KEY": KEY},
    ) as process:
        assert process.stdout is not None
        endpoint, token, project = (process.stdout.readline().split()[-1] for _ in range(3))
        try:
            credentials = Credentials(token=token)  # type: ignore[no-untyped-call]
            with bv.Client(project=project, endpoint=endpoint, credentials=credentials) as client:
                dataset = client.dataset("d").create()
                table = dataset.object_table("t").create(uris=["gs://posters/*"])
                model = dataset.remote_model("m").create(endpoint="gemini-2.5-flash")
                (record,) = model.analyze(table, prompt=PROMPT).run(into="r")
        finally:
            process.terminate()
    assert record.title == "Faust"
    assert there.keys == [f"Bearer {KEY}"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            ["--openai-base-url", "http://localhost/v1"],
            "--openai-base-url and --openai-model are given together",
        ),
        (["--openai-model", "m"], "--openai-base-url and --openai-model are given together"),
        (
            [
                "--openai-base-url",
                "http://localhost/v1",
                "--openai-model",
                "m",
                "--openai-api-key-env",
                "NOT_SET",
            ],
            "the environment variable NOT_SET, for the API key, is not set",
        ),
    ],
)
def test_half_a_model_on_the_command_line_is_refused(options: list[str], said: str) -> None:
    """What is missing is said, and nothing is started."""
    done = subprocess.run(
        [sys.executable, "-m", "bqvision.local", *options],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert said in done.stderr
