"""Several images in one question, and some images only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from google.cloud import bigquery

import bqvision as bv
from bqvision import Outcome
from tests.cinema import PROMPT
from tests.functions.asking import ROADS

if TYPE_CHECKING:
    from tests.cinema import Cinema, Oracle

PAGES = r"/([^/-]+)-[^/]*$"
"""Images are named film-page.jpg; what stands before the dash is the film."""


def books(cinema: Cinema, function: str = "ML.GENERATE_TEXT") -> bv.Analysis[bv.PosterResult]:
    """A question about all pages of each film."""
    if function == "AI.GENERATE":
        return cinema.posters().analyze(prompt=PROMPT, group_by=PAGES)
    return cinema.model.analyze(cinema.posters(), prompt=PROMPT, function=function, group_by=PAGES)  # type: ignore[call-overload, no-any-return]


@pytest.mark.parametrize("function", ROADS)
def test_images_of_a_group_are_one_question(cinema: Cinema, oracle: Oracle, function: str) -> None:
    """The model sees them together, in the order of their names; the record is the group's."""
    cinema.show("greed-1.jpg", "Greed", 1924)
    cinema.show("greed-2.jpg", "not this", 1)
    cinema.show("wings.jpg", "Wings", 1927)
    oracle.seen.clear()
    run = books(cinema, function).run(into="films")
    assert [(film.uri, film.title) for film in run] == [
        ("greed", "Greed"),
        (cinema.uri("wings.jpg"), "Wings"),
    ]
    assert sorted(oracle.seen) == [
        (cinema.uri("greed-1.jpg"), cinema.uri("greed-2.jpg")),
        (cinema.uri("wings.jpg"),),
    ]
    assert (run.report.images, run.report.calls) == (2, 2)


def test_a_group_is_asked_again_when_any_of_its_images_changes(cinema: Cinema) -> None:
    """Added, replaced or removed: each makes another question of it, and of no other group."""
    cinema.show("greed-1.jpg", "Greed", 1924)
    cinema.show("greed-2.jpg")
    cinema.show("wings-1.jpg", "Wings", 1927)
    asked: list[int] = []

    def ask() -> list[str | None]:
        run = books(cinema).run(into="films")
        asked.append(run.report.calls)
        return [film.title for film in run]

    assert ask() == ["Greed", "Wings"]
    assert ask() == ["Greed", "Wings"]
    cinema.show("greed-3.jpg")
    ask()
    cinema.show("greed-1.jpg", "Avarice", 1924)
    assert ask() == ["Avarice", "Wings"]
    (cinema.folder / "greed-2.jpg").unlink()
    ask()
    assert asked == [2, 0, 1, 1, 1]
    assert cinema.calls()["wings-1.jpg"] == 1


def test_files_that_the_model_would_refuse_are_left_out_of_their_group(
    cinema: Cinema, oracle: Oracle
) -> None:
    """A group of nothing else is put down as INPUT without asking."""
    cinema.show("greed-1.jpg", "Greed", 1924)
    cinema.store("greed-2.txt", b"a note")
    cinema.store("wings-1.txt", b"a note")
    oracle.seen.clear()
    run = books(cinema).run(into="films")
    assert [(film.uri, film.outcome) for film in run] == [("greed", Outcome.OK), ("wings", Outcome.INPUT)]
    assert oracle.seen == [(cinema.uri("greed-1.jpg"),)]
    assert run.report.refused == 1


def test_a_run_can_be_about_some_groups_only(cinema: Cinema) -> None:
    """A group is chosen by its name, as its record's URI gives it."""
    cinema.show("greed-1.jpg", "Greed", 1924)
    cinema.show("wings-1.jpg", "Wings", 1927)
    run = books(cinema).run(into="films", uris=["greed"])
    assert [(film.uri, film.title) for film in run] == [("greed", "Greed")]
    assert cinema.calls() == {"greed-1.jpg": 1}


def test_groups_in_one_statement(cinema: Cinema) -> None:
    """The tutorial's way asks about groups too."""
    cinema.show("greed-1.jpg", "Greed", 1924)
    cinema.show("greed-2.jpg")
    analysis = books(cinema)
    table = analysis.create_table(into="films")
    assert [(film.uri, film.title) for film in analysis.read(table)] == [("greed", "Greed")]


def test_an_empty_match_is_no_group(cinema: Cinema) -> None:
    """Images of whose URIs nothing matches have nothing in common."""
    cinema.show("a.jpg", "Greed", 1924)
    cinema.show("b.jpg", "Wings", 1927)
    analysis = cinema.model.analyze(cinema.posters(), prompt=PROMPT, group_by=r"[a-z]([0-9]*)\.jpg$")
    assert [film.title for film in analysis.run(into="films")] == ["Greed", "Wings"]


@pytest.mark.parametrize("pattern", ["(", "(?=x)", "(a)(b)", ""])
def test_a_pattern_that_can_not_be_is_refused(cinema: Cinema, pattern: str) -> None:
    """It goes into SQL, so what RE2 would refuse is refused before."""
    with pytest.raises(bv.InvalidInputError, match="group_by"):
        cinema.dataset.object_table("posters").where("A train.", group_by=pattern)


def test_a_run_can_be_about_some_images_only(cinema: Cinema) -> None:
    """Only they are asked about, counted and read; the next run goes on with the rest."""
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        cinema.show(name, name, 1927)
    analysis = cinema.analysis()
    chosen = [cinema.uri("b.jpg"), cinema.uri("c.jpg"), cinema.uri("gone.jpg")]
    some = analysis.run(into="results", uris=chosen)
    assert [poster.title for poster in some] == ["b.jpg", "c.jpg"]
    assert (some.report.images, some.report.calls, some.report.deleted) == (2, 2, 0)
    assert dict(some.report.outcomes) == {Outcome.OK: 2}
    rest = analysis.run(into="results")
    assert (rest.report.images, rest.report.calls) == (3, 1)
    assert cinema.calls() == {"a.jpg": 1, "b.jpg": 1, "c.jpg": 1}


def test_what_follows_a_run_about_some_images_is_about_them_too(cinema: Cinema) -> None:
    """Asking again and formatting go no further than the run went."""
    cinema.hang("a.jpg", fail="blocked")
    cinema.hang("b.jpg", fail="blocked")
    analysis = cinema.analysis()
    analysis.run(into="results")
    some = analysis.run(into="results", uris=[cinema.uri("a.jpg")])
    again = some.retry_failed(outcomes={Outcome.BLOCKED})
    assert [poster.uri for poster in again] == [cinema.uri("a.jpg")]
    assert cinema.calls() == {"a.jpg": 2, "b.jpg": 1}
    some.format(into="formatted")
    assert cinema.rows("SELECT uri FROM DS.formatted") == [{"uri": cinema.uri("a.jpg")}]


def test_a_claim_of_other_images_is_not_waited_for(cinema: Cinema) -> None:
    """Where nothing of the chosen images is left to ask, another run's work is no concern."""
    for name in ("a.jpg", "b.jpg"):
        cinema.show(name, name, 1927)
    analysis = cinema.analysis()
    chosen = [cinema.uri("a.jpg")]
    analysis.run(into="results", uris=chosen)
    _, _, create_work, *_ = analysis.statements(into="results")
    given = [
        bigquery.ScalarQueryParameter(one.name, "STRING", one.value)
        if isinstance(one.value, str)
        else bigquery.ArrayQueryParameter(one.name, "STRING", list(one.value))
        for one in create_work.parameters
        if isinstance(one.value, str | tuple)
    ]
    config = bigquery.QueryJobConfig(query_parameters=given)
    cinema.client.bigquery.query(create_work.sql, job_config=config).result()
    run = analysis.run(into="results", uris=chosen, timeout=0.5)
    assert run.report.stopped is None
    assert [poster.title for poster in run] == ["a.jpg"]


@pytest.mark.parametrize(
    "uris",
    [[], "gs://b/a.jpg", ["a.jpg"], {"gs://b/a.jpg": 1}, 3, [3], [f"gs://b/{n}" for n in range(10_001)]],
)
def test_uris_that_can_not_be_are_refused(cinema: Cinema, uris: object) -> None:
    """Before any request."""
    cinema.show("a.jpg", "Greed", 1924)
    with pytest.raises(bv.InvalidInputError, match="uris"):
        cinema.analysis().run(into="results", uris=uris)  # type: ignore[call-overload]
    assert cinema.calls() == {}
