"""Nasty names, options and prompts; and that nothing secret is ever said."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

import bqvision as bv
from tests.cinema import model_of
from tests.faults.bench import BATCH, PROMPT, SIGNATURE, Case
from tests.faults.invariants import leaks_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from bqvision.local import LocalServer

NASTY = (
    "a`b",
    "a\\",
    "a; DROP TABLE b",
    "a -- b'",
    "a\nb",
    "a\0b",
    "a\u202eb",
    "a\ud800",
    "`; DROP SCHEMA x CASCADE; --",
    "a'b",
    'a"b',
    "",
    "a/*b*/",
    "{{a}}",
)
PROMPTS = (
    "It's `this`; DROP TABLE posters; -- \\' \\\\ end in JSON: title",
    "line\nline\r\nline\ttab in JSON: title",
    "'''; SELECT @prompt, {prompt} %s \\u0041 \\x41 JSON: title",
    "\u202etfel ot thgir, \u2028 separator, \x01 control, 映画 🎬 e\u0301 JSON: title",
    "ends in a backslash \\",
)


def test_names_that_can_not_be_are_refused_before_any_request(case: Case) -> None:
    """X1: in every name, URI, location and endpoint: an error that says what is allowed, and nothing is sent."""
    analysis = case.films()
    home = case.dataset
    places: list[Callable[[str], object]] = [
        case.client.dataset,
        home.object_table,
        home.remote_model,
        lambda text: case.client.dataset("films", location=text),
        lambda text: case.client.with_options(project=text, endpoint=case.server.endpoint).project,
        lambda text: home.object_table("t").create(uris=[text]),
        lambda text: home.object_table("t").create(uris=["gs://cinema/*"], connection=text),
        lambda text: home.remote_model("m").create(endpoint=text),
        lambda text: analysis.create_table(text),
        lambda text: home.create(labels={text: "a"}),
    ]
    case.ear.requests.clear()
    for text in NASTY:
        for number, place in enumerate(places):
            if text == "" and number == 4:
                continue  # that is no project, so the environment's is asked for
            with pytest.raises(bv.InvalidInputError), case.noted():
                place(text)
    assert case.ear.requests == []


def test_names_that_only_look_alike_are_names_of_their_own(case: Case) -> None:
    """X1: a Cyrillic letter, a blank and a dash are legal in a table's name, and BigQuery gets them as they are.

    The local BigQuery takes plain letters only, and says so of that very name.
    """
    name = "p\u043esters \u2013 2"
    with pytest.raises(bv.InvalidQueryError, match=name), case.noted():
        case.dataset.object_table(name).create(uris=case.uris)
    (job,) = case.jobs("create_object_table")
    assert f".{name}`" in job.query
    assert case.calls() == {}


def test_prompts_arrive_at_the_model_as_they_are(case: Case, heard: list[str]) -> None:
    """X1: quotes, backslashes, comments, line breaks, controls and scripts are text, and no part of the statement."""
    case.films("a.jpg")
    model = case.dataset.remote_model("echo").create(endpoint="gemini-echo")
    posters = case.dataset.object_table("posters")
    heard.clear()
    prompt = "\n".join(PROMPTS)
    analysis = model.analyze(posters, prompt=prompt, stop_sequences=[text[:20] for text in PROMPTS])
    assert [poster.title for poster in analysis.run("echoes")] == ["heard"]
    analysis.create_table("table")
    assert heard == [prompt, prompt]
    assert posters.exists()
    case.extra_calls = 2


def test_a_prompt_with_half_a_character_is_refused(case: Case) -> None:
    """X1: half of a surrogate pair is no text that BigQuery takes."""
    analysis = case.films("a.jpg")
    with pytest.raises(bv.InvalidInputError), case.noted():
        model_of(analysis).analyze(analysis.images, prompt="JSON: title \ud800").run("results")


def test_nothing_secret_is_said_by_a_run_at_which_everything_goes_wrong(case: Case) -> None:
    """X2: a server that repeats all it should not, in errors of requests and jobs; every logger is heard."""
    analysis = case.films()
    message = case.leaky("so sorry:")
    case.plan.answer("jobs.insert", 503, reason="backendError", message=message, match=BATCH)
    case.plan.answer("jobs.get", 503, message=message, match=BATCH)
    case.hold_until("jobs.get")
    case.plan.fail_job("insert_batch", reason="invalidQuery", message=message)
    error = case.fails(bv.InvalidQueryError, analysis)
    assert "so sorry" in str(error)
    assert leaks_in([str(error), repr(error), *getattr(error, "__notes__", ())], case.secrets) == []
    assert {"bqvision", "google", "urllib3"} <= case.ear.loggers


def test_the_check_for_secrets_finds_them(case: Case, server: LocalServer) -> None:
    """X2: in a log of any library at any level, in whole or in part; else the check would be worth nothing."""
    case.films("a.jpg")
    for said in (f"Bearer {server.token}", f"?X-Goog-Signature={SIGNATURE}&", f"near {PROMPT[20:40]!r}"):
        before = len(case.ear.texts)
        logging.getLogger("google.cloud.bigquery").debug("%s", said)
        assert leaks_in(case.ear.texts[before:], case.secrets)
        del case.ear.texts[before:]
