"""Same images, same prompt, any function: the same records."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

import bqvision as bv
from bqvision import Outcome
from tests.functions.asking import ROADS, Film, Scene, ask, ask_film

if TYPE_CHECKING:
    from tests.cinema import Cinema, Oracle

every_road = pytest.mark.parametrize("function", ROADS)


@every_road
def test_records_outcomes_and_tokens_are_the_same(cinema: Cinema, function: str) -> None:
    """An answer, a fenced one, a failure of each kind and a refused file: each road tells them alike."""
    cinema.show("a.jpg", "Sunrise", 1927)
    cinema.hang("b.jpg", text='{"title": "Greed", "year": "1924"}')
    cinema.hang("c.jpg", fail="blocked")
    cinema.hang("d.jpg", text='{"title": "Wi', finish_reason="MAX_TOKENS")
    cinema.hang("e.jpg", text="I can not say.")
    cinema.hang("f.jpg", fail="input", message="INVALID_ARGUMENT: no image")
    cinema.hang("g.jpg", text='{"title": "Metropolis", "year": "soon"}')
    cinema.hang("h.jpg", fail="permanent", message="FAILED_PRECONDITION: out of words")
    cinema.store("i.txt", b"no image")
    run = ask(cinema.model, cinema.posters(), function).run(into="results", batch_size=3)
    told = [
        (poster.uri.rpartition("/")[2], poster.title, poster.year, poster.outcome, poster.usage.output_tokens)
        for poster in run
    ]
    assert told == [
        ("a.jpg", "Sunrise", 1927, Outcome.OK, 10),
        ("b.jpg", "Greed", 1924, Outcome.OK, 10),
        ("c.jpg", None, None, Outcome.BLOCKED, 0),
        ("d.jpg", None, None, Outcome.TRUNCATED, 10),
        ("e.jpg", None, None, Outcome.UNPARSABLE, 10),
        ("f.jpg", None, None, Outcome.INPUT, None),
        ("g.jpg", "Metropolis", None, Outcome.OK, 10),
        ("h.jpg", None, None, Outcome.UNKNOWN, None),
        ("i.txt", None, None, Outcome.INPUT, None),
    ]
    errors = {poster.uri.rpartition("/")[2]: poster.error for poster in run}
    assert errors["g.jpg"] == "year: not an INT64"
    assert errors["c.jpg"] == "the model gave no answer (finish reason SAFETY)"
    assert errors["h.jpg"] == "FAILED_PRECONDITION: out of words"
    assert run.report.calls == 8
    assert (run.report.input_tokens, run.report.output_tokens) == (500, 50)
    assert sum(run.report.outcomes.values()) == run.report.images == 9


@every_road
def test_busy_images_are_asked_again_and_the_answered_never(cinema: Cinema, function: str) -> None:
    """The rounds, and a second run, pay for what has no answer yet and for nothing else."""
    cinema.show("a.jpg", "Sunrise", 1927)
    cinema.hang("b.jpg", text='{"title": "Greed"}', busy="1")
    analysis = ask(cinema.model, cinema.posters(), function)
    run = analysis.run(into="results", round_wait=0)
    assert [poster.title for poster in run] == ["Sunrise", "Greed"]
    analysis.run(into="results")
    assert cinema.calls() == {"a.jpg": 1, "b.jpg": 2}


@every_road
def test_the_one_statement_gives_a_table_that_reads_the_same(cinema: Cinema, function: str) -> None:
    """create_table, read and format know the columns of every function."""
    cinema.show("a.jpg", "Sunrise", 1927)
    cinema.hang("b.jpg", fail="permanent", message="FAILED_PRECONDITION: out of words")
    analysis = ask(cinema.model, cinema.posters(), function)
    table = analysis.create_table(into="answers", all_columns=True)
    told = [(poster.title, poster.year, poster.outcome) for poster in analysis.read(table)]
    assert told == [("Sunrise", 1927, Outcome.OK), (None, None, Outcome.UNKNOWN)]
    analysis.format(table, into="formatted")
    assert cinema.rows("SELECT title, year, outcome FROM DS.formatted ORDER BY uri") == [
        {"title": "Sunrise", "year": 1927, "outcome": "OK"},
        {"title": None, "year": None, "outcome": "UNKNOWN"},
    ]


@every_road
def test_any_record_comes_by_any_road(cinema: Cinema, function: str) -> None:
    """Lists and nested records are asked for, kept in typed columns, and read back."""
    answer = {
        "title": "Greed",
        "cast": ["Gibson Gowland", "ZaSu Pitts"],
        "scene": {"place": "desert", "people": 2},
    }
    cinema.hang("a.jpg", text=json.dumps(answer))
    run = ask_film(cinema, function).run(into="results")
    (film,) = run
    assert film == Film(
        uri=film.uri,
        generation=film.generation,
        outcome=Outcome.OK,
        text=film.text,
        usage=film.usage,
        title="Greed",
        cast=["Gibson Gowland", "ZaSu Pitts"],
        scene=Scene(place="desert", people=2),
    )
    rows = cinema.rows("SELECT title, `cast`, scene FROM DS.results")
    assert rows == [{"title": "Greed", "cast": ["Gibson Gowland", "ZaSu Pitts"], "scene": answer["scene"]}]


@every_road
def test_the_model_is_told_the_fields(cinema: Cinema, oracle: Oracle, function: str) -> None:
    """Whatever the function, the model gets a JSON schema of the record."""
    cinema.hang("a.jpg", text="{}")
    oracle.schemas.clear()
    ask_film(cinema, function).run(into="results")
    (schema,) = oracle.schemas
    assert schema is not None
    properties = schema["properties"]
    assert isinstance(properties, dict)
    assert list(properties) == ["title", "cast", "scene"]


def test_two_functions_are_two_questions(cinema: Cinema) -> None:
    """Answers of one function are never taken for those of another, in the same results table."""
    cinema.show("a.jpg", "Sunrise", 1927)
    for function in ROADS:
        run = ask(cinema.model, cinema.posters(), function).run(into="results")
        assert (run.report.calls, [poster.title for poster in run]) == (1, ["Sunrise"])
    assert cinema.calls() == {"a.jpg": len(ROADS)}


def test_a_prompt_can_carry_the_fields(cinema: Cinema, oracle: Oracle) -> None:
    """With schema="prompt" the fields stand behind the caller's words, and no schema is sent."""
    cinema.hang("a.jpg", text='{"title": "Greed"}')
    oracle.schemas.clear()
    oracle.prompts.clear()
    run = cinema.model.analyze(cinema.posters(), prompt="Read this.", record=Film, schema="prompt").run(
        "results"
    )
    assert [film.title for film in run] == ["Greed"]
    assert oracle.schemas == [None]
    (prompt,) = oracle.prompts
    assert prompt.startswith("Read this.\n\n")
    assert all(name in prompt for name in ("title", "cast", "scene", "place", "people"))


def test_with_the_search_the_fields_stand_in_the_prompt(cinema: Cinema) -> None:
    """Models before Gemini 3 refuse a schema beside the search, and would refuse every image."""
    analysis = cinema.model.analyze(
        cinema.posters(), prompt="Read this.", record=Film, ground_with_google_search=True
    )
    assert analysis.arguments.model_params is None
    assert analysis.arguments.prompt is not None
    assert "scene" in analysis.arguments.prompt


def test_what_a_function_lacks_is_refused_before_any_request(cinema: Cinema) -> None:
    """The message names the function that has it, or the method that asks it."""
    posters = cinema.posters()
    with pytest.raises(bv.InvalidInputError, match=r"AI\.GENERATE_TEXT has no argument flatten_json_output"):
        cinema.model.analyze(posters, prompt="?", function="AI.GENERATE_TEXT", flatten_json_output=True)
    with pytest.raises(bv.InvalidInputError, match=r"AI\.GENERATE_TABLE has no argument model_params"):
        cinema.model.analyze(posters, prompt="?", function="AI.GENERATE_TABLE", model_params={"a": 1})
    with pytest.raises(bv.InvalidInputError, match=r"\.analyze\(\.\.\.\) of the object table"):
        cinema.model.analyze(posters, prompt="?", function="AI.GENERATE")  # type: ignore[call-overload]
    with pytest.raises(
        bv.InvalidInputError, match=r"no option temperature\b.* argument of ML\.GENERATE_TEXT"
    ):
        posters.analyze(prompt="?", temperature=0.2)  # type: ignore[call-overload]
    with pytest.raises(bv.InvalidInputError, match="always has the record's fields"):
        cinema.model.analyze(posters, prompt="?", function="AI.GENERATE_TABLE", schema="prompt")
    with pytest.raises(bv.InvalidInputError, match="schema can not be 'sql'"):
        cinema.model.analyze(posters, prompt="?", schema="sql")  # type: ignore[call-overload]
