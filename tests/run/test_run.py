"""Runs: every image asked once, every row kept."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

import bqvision as bv
from bqvision import Outcome
from tests.cinema import PROMPT, model_of

if TYPE_CHECKING:
    from tests.cinema import Cinema, Oracle

PROMPT_OF_TWO_KEYS = "Title and year of this film? Answer in JSON with two keys: title, year."


def test_a_run_gives_one_typed_record_per_image(cinema: Cinema) -> None:
    """The records come by URI, with title, year, raw answer and tokens, and the report counts them."""
    cinema.show("b.jpg", "Greed", 1924)
    cinema.show("a.png", "The Kid", 1921)
    run = cinema.analysis().run(into="results")
    first, second = list(run)
    assert (first.uri, first.title, first.year) == (cinema.uri("a.png"), "The Kid", 1921)
    assert (second.title, second.year, second.outcome) == ("Greed", 1924, Outcome.OK)
    assert second.generation is not None
    assert second.status == ""
    assert second.error is None
    assert second.text == '```json\n{"title": "Greed", "year": 1924}\n```'
    assert second.usage == bv.Usage(100, 10)
    report = run.report
    assert (report.images, report.asked, report.refused) == (2, 2, 0)
    assert dict(report.outcomes) == {Outcome.OK: 2}
    assert (report.input_tokens, report.output_tokens) == (200, 20)
    assert len(report.jobs) == 1
    assert report.table == str(cinema.dataset.table_name("results"))
    assert str(report).startswith("2 images: 2 OK\nasked 2 in 1 job (0 answered before, 0 refused unasked)\n")


def test_a_second_run_asks_nothing(cinema: Cinema) -> None:
    """What is answered is not paid for again, whoever asks."""
    cinema.show("a.jpg", "Sunrise", 1927)
    analysis = cinema.analysis()
    analysis.run(into="results")
    again = analysis.run(into="results")
    assert [poster.title for poster in again] == ["Sunrise"]
    assert (again.report.asked, again.report.jobs) == (0, ())
    assert cinema.calls() == {"a.jpg": 1}


def test_new_and_replaced_images_are_asked_and_no_others(cinema: Cinema) -> None:
    """A replaced image has another generation; its latest answer counts, and the old row stays."""
    cinema.show("a.jpg", "Sunrise", 1927)
    cinema.show("b.jpg", "Wings", None)
    analysis = cinema.analysis()
    analysis.run(into="results")
    cinema.show("b.jpg", "Wings", 1927)
    cinema.show("c.jpg", "Greed", 1924)
    run = analysis.run(into="results")
    assert [(poster.title, poster.year) for poster in run] == [
        ("Sunrise", 1927),
        ("Wings", 1927),
        ("Greed", 1924),
    ]
    assert run.report.asked == 2
    assert cinema.calls() == {"a.jpg": 1, "b.jpg": 2, "c.jpg": 1}
    assert cinema.rows("SELECT COUNT(*) AS rows_ FROM DS.results") == [{"rows_": 4}]


@dataclass(frozen=True, slots=True, kw_only=True)
class TitleOnly(bv.ImageResult):
    """A record with fewer fields."""

    title: str | None = None


@pytest.mark.parametrize("change", ["prompt", "temperature", "record", "endpoint"])
def test_another_question_asks_all_and_keeps_the_old_rows(cinema: Cinema, change: str) -> None:
    """Prompt, parameters, record and endpoint are part of the question; the first one's rows stay readable."""
    cinema.show("a.jpg", "Sunrise", 1927)
    first = cinema.analysis()
    first.run(into="results")
    posters, model = first.images, model_of(first)
    other: bv.Analysis[bv.PosterResult] | bv.Analysis[TitleOnly]
    if change == "prompt":
        other = model.analyze(posters, prompt="What? Answer in JSON: title, year.", temperature=0.2)
    elif change == "temperature":
        other = model.analyze(posters, prompt=PROMPT, temperature=0.3)
    elif change == "record":
        other = model.analyze(posters, prompt=PROMPT, temperature=0.2, record=TitleOnly)
    else:
        model.create(endpoint="gemini-2.5-pro", replace=True)
        other = model.analyze(posters, prompt=PROMPT, temperature=0.2)
    run = other.run(into="results")
    assert run.report.asked == 1
    assert [poster.title for poster in run] == ["Sunrise"]
    assert cinema.calls() == {"a.jpg": 2}
    assert cinema.rows("SELECT COUNT(DISTINCT fingerprint) AS questions FROM DS.results") == [
        {"questions": 2}
    ]


def test_only_what_was_no_answer_is_asked_again(cinema: Cinema) -> None:
    """A retryable row is asked by the next run; blocked, unreadable and unknown ones are final."""
    cinema.hang("blocked.jpg", fail="blocked")
    cinema.hang("broken.jpg", fail="input", message="the image is cut")
    cinema.hang("busy.jpg", fail="retryable")
    cinema.hang("odd.jpg", fail="permanent", message="Something odd.")
    cinema.hang("prose.jpg", text="I do not know this film.")
    analysis = cinema.analysis()
    run = analysis.run(into="results", max_rounds=1)
    outcomes = {poster.uri.rsplit("/", 1)[-1]: poster.outcome for poster in run}
    assert outcomes == {
        "blocked.jpg": Outcome.BLOCKED,
        "broken.jpg": Outcome.INPUT,
        "busy.jpg": Outcome.RETRYABLE,
        "odd.jpg": Outcome.UNKNOWN,
        "prose.jpg": Outcome.UNPARSABLE,
    }
    assert all(poster.error and poster.title is None for poster in run)
    assert run.report.failed == 5
    cinema.client.bigquery.get_table(run.table)  # the rows are kept
    again = analysis.run(into="results", max_rounds=1)
    assert again.report.asked == 1
    assert cinema.calls()["busy.jpg"] == 2
    assert max(cinema.calls().values()) == 2
    attempts = cinema.rows("SELECT attempt FROM DS.results WHERE uri LIKE '%busy.jpg' ORDER BY attempt")
    assert attempts == [{"attempt": 1}, {"attempt": 2}]


def test_failed_images_can_be_asked_again_on_request(cinema: Cinema) -> None:
    """Outcomes that are final for a run are asked again when the caller names them, and only they."""
    cinema.show("a.jpg", "Sunrise", 1927)
    cinema.hang("b.jpg", fail="blocked")
    run = cinema.analysis().run(into="results")
    again = run.retry_failed(outcomes={Outcome.BLOCKED})
    assert again.report.asked == 1
    assert len(list(again)) == 2
    assert cinema.calls() == {"a.jpg": 1, "b.jpg": 2}
    with pytest.raises(bv.InvalidInputError, match="OK is not among it"):
        run.retry_failed(outcomes={Outcome.OK})


def test_files_that_the_model_does_not_take_are_put_down_unasked(cinema: Cinema) -> None:
    """A text, a GIF and an empty file become INPUT rows at no cost; rows in are rows out."""
    cinema.show("a.jpg", "Sunrise", 1927)
    cinema.store("b.gif", b"GIF89a")
    cinema.store("c.txt", b"hello")
    cinema.store("d.jpg", b"")
    run = cinema.analysis().run(into="results")
    assert [poster.outcome for poster in run] == [Outcome.OK, Outcome.INPUT, Outcome.INPUT, Outcome.INPUT]
    errors = [poster.error for poster in run]
    assert errors[1:] == [
        "The model does not read the content type image/gif.",
        "The model does not read the content type text/plain.",
        "The file is empty.",
    ]
    assert (run.report.asked, run.report.refused) == (1, 3)
    assert cinema.calls() == {"a.jpg": 1}


def test_batches_are_jobs_that_each_append_to_the_results(cinema: Cinema) -> None:
    """Five images in batches of two make three jobs, and each row names its job."""
    for number in range(5):
        cinema.show(f"{number}.jpg", f"Film {number}", 1920 + number)
    run = cinema.analysis().run(into="results", batch_size=2)
    assert len(run.report.jobs) == 3
    named = cinema.rows("SELECT job_id, COUNT(*) AS images FROM DS.results GROUP BY job_id")
    assert {row["job_id"]: row["images"] for row in named} == dict(
        zip(run.report.jobs, (2, 2, 1), strict=True)
    )
    assert len(list(run)) == 5


def test_max_images_leaves_the_rest_for_the_next_run(cinema: Cinema) -> None:
    """A capped run asks so many, and the next goes on where it stopped."""
    for number in range(5):
        cinema.show(f"{number}.jpg", f"Film {number}")
    analysis = cinema.analysis()
    assert analysis.run(into="results", max_images=2).report.asked == 2
    rest = analysis.run(into="results")
    assert rest.report.asked == 3
    assert set(cinema.calls().values()) == {1}


def test_two_runs_at_once_share_the_work_and_pay_once(cinema: Cinema, oracle: Oracle) -> None:
    """Runs of the same question in two threads join each other's jobs and see the same records."""
    for number in range(6):
        cinema.show(f"{number}.jpg", f"Film {number}")
    analysis = cinema.analysis()
    runs: list[bv.AnalysisRun[bv.PosterResult]] = []
    oracle.gate.clear()
    oracle.entered.clear()
    threads = [
        threading.Thread(target=lambda: runs.append(analysis.run(into="results", batch_size=3)))
        for _ in range(2)
    ]
    try:
        threads[0].start()
        assert oracle.entered.wait(30)
        threads[1].start()
    finally:
        oracle.gate.set()
    for thread in threads:
        thread.join(60)
    assert len(runs) == 2
    assert list(runs[0]) == list(runs[1])
    assert len(list(runs[0])) == 6
    assert set(cinema.calls().values()) == {1}


def test_the_work_table_is_gone_after_a_run(cinema: Cinema) -> None:
    """Only the results stay in the dataset."""
    cinema.show("a.jpg", "Sunrise", 1927)
    cinema.analysis().run(into="results")
    names = {table.name.rsplit(".", 1)[-1] for table in cinema.dataset.tables()}
    assert names == {"posters", "results"}


def test_an_object_table_without_objects_gives_an_empty_run(cinema: Cinema) -> None:
    """No image is no error: the report says so."""
    run = cinema.analysis().run(into="results")
    assert list(run) == []
    assert str(run.report).startswith("0 images: no results\nasked 0 in 0 jobs")


def test_a_table_of_another_kind_is_not_written_to(cinema: Cinema) -> None:
    """A table that is no results table is refused before anything is asked, and stays as it is."""
    cinema.show("a.jpg", "Sunrise", 1927)
    cinema.rows("CREATE TABLE DS.other AS SELECT 1 AS n")
    with pytest.raises(bv.InvalidInputError, match=r"no results table.*\.other\]\. Give"):
        cinema.analysis().run(into="other")
    assert cinema.rows("SELECT * FROM DS.other") == [{"n": 1}]
    assert cinema.calls() == {}


def test_the_results_table_gets_the_columns_of_another_record(cinema: Cinema) -> None:
    """Two analyses with different records live in one table, each with its own rows."""
    cinema.show("a.jpg", "Sunrise", 1927)
    posters = cinema.posters()
    titles = cinema.model.analyze(posters, prompt="Title in JSON: title", record=TitleOnly)
    titles.run(into="results")
    both = cinema.model.analyze(posters, prompt="Title and year in JSON: title, year")
    run = both.run(into="results")
    assert [poster.year for poster in run] == [1927]
    assert [record.title for record in titles.read("results")] == ["Sunrise"]


@pytest.mark.parametrize("flatten", [None, True, False])
def test_the_tutorial_way_reads_back_into_the_same_records(cinema: Cinema, flatten: bool | None) -> None:
    """One CREATE TABLE AS, flattened or not, with all columns kept: the records are those of a run."""
    cinema.show("a.jpg", "Sunrise", 1927)
    cinema.hang("b.jpg", fail="retryable")
    analysis = cinema.model.analyze(cinema.posters(), prompt=PROMPT_OF_TWO_KEYS, flatten_json_output=flatten)
    table = analysis.create_table("plain", all_columns=True)
    records = list(analysis.read(table))
    assert [(record.title, record.year, record.outcome) for record in records] == [
        ("Sunrise", 1927, Outcome.OK),
        (None, None, Outcome.RETRYABLE),
    ]
    tokens = bv.Usage(100, 10) if flatten is False else bv.Usage()
    assert records[0].usage == tokens
    formatted = analysis.format(table, "formatted")
    assert formatted == str(cinema.dataset.table_name("formatted"))
    rows = cinema.rows("SELECT title, year, outcome FROM DS.formatted ORDER BY uri")
    assert rows == [
        {"title": "Sunrise", "year": 1927, "outcome": "OK"},
        {"title": None, "year": None, "outcome": "RETRYABLE"},
    ]


def test_format_gives_typed_columns_in_bigquery(cinema: Cinema) -> None:
    """The formatted table has STRING and INT64 columns, one row per image."""
    cinema.show("a.jpg", "Sunrise", 1927)
    cinema.hang("b.jpg", text='{"title": "Wings", "year": "1927?"}')
    run = cinema.analysis().run(into="results")
    run.format(into="formatted")
    table = cinema.client.bigquery.get_table(f"{cinema.folder.name}.formatted")
    assert [(field.name, field.field_type) for field in table.schema] == [
        ("uri", "STRING"),
        ("title", "STRING"),
        ("year", "INTEGER"),
        ("outcome", "STRING"),
        ("error", "STRING"),
    ]
    assert cinema.rows("SELECT title, year, error FROM DS.formatted ORDER BY uri") == [
        {"title": "Sunrise", "year": 1927, "error": None},
        {"title": "Wings", "year": None, "error": "year: not an INT64"},
    ]
    with pytest.raises(bv.AlreadyExistsError):
        run.format(into="formatted", replace=False)


def test_a_wrong_field_leaves_the_others(cinema: Cinema) -> None:
    """A year that is no integer is None and named in the error; the title stays, and the row is OK."""
    cinema.hang("a.jpg", text='{"title": "The Iron Horse", "year": "1912?"}')
    (poster,) = cinema.analysis().run(into="results")
    assert (poster.title, poster.year, poster.outcome) == ("The Iron Horse", None, Outcome.OK)
    assert poster.error == "year: not an INT64"


def test_a_cut_answer_is_told_from_a_bad_one(cinema: Cinema) -> None:
    """The finish reason says whether the output limit cut it."""
    cinema.hang("a.jpg", text='{"title": "The Ir', finish_reason="MAX_TOKENS")
    cinema.hang("b.jpg", text='{"title": "The Ir')
    run = cinema.analysis().run(into="results")
    assert [poster.outcome for poster in run] == [Outcome.TRUNCATED, Outcome.UNPARSABLE]


def test_what_is_sent_is_what_statements_say(cinema: Cinema) -> None:
    """Every statement of a run is among those that it names beforehand, down to the text."""
    cinema.show("a.jpg", "Sunrise", 1927)
    cinema.store("b.txt", b"text")
    analysis = cinema.analysis()
    promised = {statement.sql for statement in analysis.statements(into="results")}
    known = {job.job_id for job in cinema.client.bigquery.list_jobs()}
    list(analysis.run(into="results"))
    jobs = [job for job in cinema.client.bigquery.list_jobs() if job.job_id not in known]
    assert {job.query for job in jobs if cinema.folder.name in job.query} == promised
