"""The same run every night: new and replaced images only, deleted ones reported, several analyses in one table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bqvision as bv
from bqvision import Outcome

if TYPE_CHECKING:
    from tests.cinema import Cinema

QUESTION = "Which film? Answer in JSON with two keys: title, year."

FIRST_VERSION = """
CREATE TABLE DS.results (
  uri STRING, generation INT64, fingerprint STRING, run_id STRING, attempt INT64, status STRING, outcome STRING,
  error STRING, text STRING, finish_reason STRING, input_tokens INT64, output_tokens INT64, job_id STRING,
  analysed_at TIMESTAMP, title STRING, year INT64
)
"""


def test_deleted_images_are_reported_and_not_asked(cinema: Cinema) -> None:
    """They are no records of the run and are counted as deleted; their rows stay in the table."""
    cinema.show("a.jpg", "Sunrise", 1927)
    cinema.show("b.jpg", "Greed", 1924)
    analysis = cinema.analysis()
    analysis.run("results")
    (cinema.folder / "a.jpg").unlink()
    run = analysis.run("results")
    assert [poster.title for poster in run] == ["Greed"]
    assert (run.report.images, run.report.deleted, run.report.asked) == (1, 1, 0)
    assert dict(run.report.outcomes) == {Outcome.OK: 1}
    assert "1 image deleted since; the rows are kept" in str(run.report)
    assert [poster.title for poster in analysis.read("results")] == ["Greed"]
    assert cinema.rows("SELECT COUNT(*) AS rows_ FROM DS.results") == [{"rows_": 2}]
    assert cinema.calls() == {"a.jpg": 1, "b.jpg": 1}


def test_an_image_that_comes_back_is_known_if_it_is_the_same(cinema: Cinema) -> None:
    """Gone and back in the same generation, it has its answer; in another, it is a new one."""
    cinema.show("a.jpg", "Sunrise", 1927)
    analysis = cinema.analysis()
    analysis.run("results")
    away = cinema.folder.with_suffix(".away")
    (cinema.folder / "a.jpg").rename(away)
    assert list(analysis.run("results")) == []
    away.rename(cinema.folder / "a.jpg")
    run = analysis.run("results")
    assert ([poster.title for poster in run], run.report.asked, run.report.deleted) == (["Sunrise"], 0, 0)


def test_two_object_tables_in_one_results_table_keep_apart(cinema: Cinema) -> None:
    """The same question about two sets of images: each sees its own, and an image in both is paid for once."""
    for name in ("a1.jpg", "a2.jpg", "b1.jpg"):
        cinema.show(name, name, 1927)
    everything = cinema.posters()
    some = cinema.dataset.object_table("some").create(uris=[cinema.uri("a*")])
    of_some = cinema.model.analyze(some, prompt=QUESTION)
    of_all = cinema.model.analyze(everything, prompt=QUESTION)
    first = of_some.run("results")
    assert [poster.title for poster in first] == ["a1.jpg", "a2.jpg"]
    second = of_all.run("results")
    assert (second.report.asked, len(list(second))) == (1, 3)
    third = of_some.run("results")
    assert (third.report.images, third.report.deleted, dict(third.report.outcomes)) == (2, 0, {Outcome.OK: 2})
    assert set(cinema.calls().values()) == {1}


def test_the_model_behind_a_name_may_change_and_change_back(cinema: Cinema) -> None:
    """Another endpoint asks anew; the first one's answers are there when it comes back."""
    cinema.show("a.jpg", "Sunrise", 1927)
    analysis = cinema.analysis()
    analysis.run("results")
    cinema.model.create(endpoint="gemini-2.5-pro", replace=True)
    assert analysis.run("results").report.asked == 1
    cinema.model.create(endpoint="gemini-2.5-flash", replace=True)
    assert analysis.run("results").report.asked == 0
    assert cinema.calls() == {"a.jpg": 2}


def test_a_results_table_of_an_earlier_version_gets_new_columns(cinema: Cinema) -> None:
    """Its rows count as answers, and nothing in it is lost."""
    cinema.show("a.jpg", "Sunrise", 1927)
    analysis = cinema.analysis()
    analysis.run("fresh")
    cinema.rows(FIRST_VERSION)
    columns = (
        "uri, generation, fingerprint, run_id, attempt, status, outcome, error, text, finish_reason, "
        "input_tokens, output_tokens, job_id, analysed_at, title, year"
    )
    cinema.rows(f"INSERT INTO DS.results ({columns}) SELECT {columns} FROM DS.fresh")
    cinema.show("b.jpg", "Greed", 1924)
    run = analysis.run("results")
    assert run.report.asked == 1
    assert [(poster.title, poster.year) for poster in run] == [("Sunrise", 1927), ("Greed", 1924)]
    table = cinema.client.bigquery.get_table(f"{cinema.folder.name}.results")
    assert [field.name for field in table.schema][-2:] == ["object_table", "output_limit"]
    assert cinema.rows("SELECT uri, object_table IS NULL AS old FROM DS.results ORDER BY uri") == [
        {"uri": cinema.uri("a.jpg"), "old": True},
        {"uri": cinema.uri("b.jpg"), "old": False},
    ]
    assert cinema.calls() == {"a.jpg": 1, "b.jpg": 1}


def test_an_image_that_arrives_while_runs_overlap_is_asked_once(cinema: Cinema) -> None:
    """The second run shares the first one's claim, and only then asks about what came in between."""
    cinema.show("a.jpg", "Sunrise", 1927)
    cinema.posters()
    second: list[bv.AnalysisRun[bv.PosterResult]] = []

    def clock() -> float:
        names = [table.name for table in cinema.dataset.tables()]
        if not second and not arrived and any("__work_" in str(name) for name in names):
            arrived.append(True)
            cinema.show("b.jpg", "Greed", 1924)
            second.append(cinema.analysis_over("posters").run("results"))
        return 0.0

    arrived: list[bool] = []
    dataset = cinema.client.with_options(retry=bv.RetryPolicy(clock=clock)).dataset(cinema.folder.name)
    first = cinema.analysis_over("posters", dataset=dataset).run("results")
    assert len(second) == 1
    assert [poster.title for poster in second[0]] == ["Sunrise", "Greed"]
    assert [poster.title for poster in first] == ["Sunrise", "Greed"]
    assert cinema.calls() == {"a.jpg": 1, "b.jpg": 1}
