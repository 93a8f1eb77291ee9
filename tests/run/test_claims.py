"""Claims that went wrong: work tables that are stale, replaced, dropped, or whose first batch was turned away."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import bqvision as bv
from bqvision import Outcome
from tests.cinema import PROMPT

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cinema import Cinema


class Killed(BaseException):
    """The process is gone."""


def work_table(cinema: Cinema, analysis: bv.Analysis[bv.PosterResult]) -> str:
    """The name of the analysis' work table."""
    (create,) = (one for one in analysis.statements("results") if one.label == "create_work_table")
    return create.sql.split("`")[1]


def make_claim(
    cinema: Cinema, table: str, *, run_id: str, first: str = "0", project: str = "local-project"
) -> None:
    """Make a work table as a run does, of all images: some are batch 0, the others batch 1."""
    cinema.rows(
        f"""
        CREATE TABLE `{table}` AS
        SELECT uri, generation, ref, content_type, size, 1 AS attempt, CAST(NULL AS STRING) AS refusal,
          CAST(NULL AS INT64) AS output_limit, 'p.d.t' AS object_table, '{project}' AS billing_project,
          '{run_id}' AS run_id, FALSE AS retired,
          IF(ENDS_WITH(uri, '/{first}.jpg'), 0, 1) AS batch
        FROM DS.posters
        """
    )


def is_there(cinema: Cinema, table: str) -> bool:
    """Whether a table exists."""
    return table in {str(one.name) for one in cinema.dataset.tables()}


def acting_once(cinema: Cinema, table: str, act: Callable[[], object]) -> bv.RetryPolicy:
    """A policy that acts before the first batch is sent: after the second look at the work table's creation."""
    acted: list[bool] = []

    def clock() -> float:
        if not acted and counted(cinema, table) and is_there(cinema, table):
            acted.append(True)
            act()
        return 0.0

    return bv.RetryPolicy(clock=clock)


def counted(cinema: Cinema, table: str) -> bool:
    """Whether the batches of the claim have been counted."""
    jobs = cinema.client.bigquery.list_jobs()
    return any(job.labels.get("bqvision") == "count_batches" and table in job.query for job in jobs)


def test_a_stale_claim_is_dropped_and_not_asked(cinema: Cinema) -> None:
    """A work table made of a ledger that did not show the latest answers is void: nobody pays for it again."""
    for number in range(3):
        cinema.show(f"{number}.jpg", "Sunrise", 1927)
    analysis = cinema.analysis()
    analysis.run("results")
    table = work_table(cinema, analysis)
    make_claim(cinema, table, run_id="stale")
    report = analysis.run("results").report
    assert (report.calls, dict(report.outcomes)) == (0, {Outcome.OK: 3})
    assert set(cinema.calls().values()) == {1}
    assert not is_there(cinema, table)


def test_a_claim_that_was_turned_away_at_its_canary_is_made_anew(cinema: Cinema) -> None:
    """A run that died between its canary and the end leaves no large batch to walk into: one image goes first again."""
    for number in range(12):
        cinema.show(f"{number:02}.jpg", "Sunrise", 1927)
    analysis = cinema.analysis()
    analysis.run("results", max_images=1)
    cinema.rows("UPDATE DS.results SET outcome = 'PERMISSION', run_id = 'gone' WHERE TRUE")
    table = work_table(cinema, analysis)
    make_claim(cinema, table, run_id="gone", first="00")
    run = analysis.run("results")
    sizes = cinema.rows(
        "SELECT COUNT(*) AS images FROM DS.results WHERE run_id != 'gone' GROUP BY job_id ORDER BY images"
    )
    assert sizes == [{"images": 1}, {"images": 11}]
    assert dict(run.report.outcomes) == {Outcome.OK: 12}


def test_a_claim_whose_table_was_replaced_asks_about_nothing(cinema: Cinema) -> None:
    """If another claim stands under the name, a batch of the first finds no row of its own, and the other is joined."""
    for number in range(2):
        cinema.show(f"{number}.jpg", "Sunrise", 1927)
    analysis = cinema.analysis()
    table = work_table(cinema, analysis)

    def replace() -> None:
        cinema.rows(f"DROP TABLE `{table}`")
        make_claim(cinema, table, run_id="second")

    policy = acting_once(cinema, table, replace)
    dataset = cinema.client.with_options(retry=policy).dataset(cinema.folder.name)
    run = cinema.analysis_over("posters", dataset=dataset).run("results", batch_size=1)
    assert [poster.title for poster in run] == ["Sunrise", "Sunrise"]
    assert cinema.rows("SELECT DISTINCT run_id FROM DS.results") == [{"run_id": "second"}]
    assert set(cinema.calls().values()) == {1}
    assert not is_there(cinema, table)


def test_a_claim_whose_table_was_dropped_is_made_anew(cinema: Cinema) -> None:
    """A work table that expires or is deleted in mid-run costs nothing: what was not asked is claimed again."""
    for number in range(3):
        cinema.show(f"{number}.jpg", "Sunrise", 1927)
    analysis = cinema.analysis()
    table = work_table(cinema, analysis)
    policy = acting_once(cinema, table, lambda: cinema.rows(f"DROP TABLE `{table}`"))
    dataset = cinema.client.with_options(retry=policy).dataset(cinema.folder.name)
    run = cinema.analysis_over("posters", dataset=dataset).run("results", batch_size=1)
    assert len(list(run)) == 3
    assert set(cinema.calls().values()) == {1}


def test_a_missing_model_is_no_lost_claim(cinema: Cinema) -> None:
    """A model that is dropped in mid-run is said as such; with a model again, the next run goes on."""
    for number in range(2):
        cinema.show(f"{number}.jpg", "Sunrise", 1927)
    analysis = cinema.analysis()
    table = work_table(cinema, analysis)
    policy = acting_once(cinema, table, cinema.model.delete)
    dataset = cinema.client.with_options(retry=policy).dataset(cinema.folder.name)
    with pytest.raises(bv.NotFoundError, match="gemini-vision"):
        cinema.analysis_over("posters", dataset=dataset).run("results")
    assert is_there(cinema, table)
    model = cinema.model.create(endpoint="gemini-2.5-flash")
    again = model.analyze(analysis.images, prompt=PROMPT, temperature=0.2).run("results")
    assert dict(again.report.outcomes) == {Outcome.OK: 2}
    assert set(cinema.calls().values()) == {1}


def test_a_work_table_that_is_taken_up_is_kept_a_week_longer(cinema: Cinema) -> None:
    """Its expiry is put off, so that it does not vanish under a run that goes on for long."""
    cinema.show("0.jpg", "Sunrise", 1927)
    analysis = cinema.analysis()
    table = work_table(cinema, analysis)
    make_claim(cinema, table, run_id="left")
    assert cinema.client.bigquery.get_table(table).expires is None

    def look() -> None:
        expiries.append(cinema.client.bigquery.get_table(table).expires)

    expiries: list[object] = []
    policy = acting_once(cinema, table, look)
    dataset = cinema.client.with_options(retry=policy).dataset(cinema.folder.name)
    cinema.analysis_over("posters", dataset=dataset).run("results")
    assert len(expiries) == 1
    assert expiries[0] is not None
