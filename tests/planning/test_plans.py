"""A plan says what a run would do, pays nothing, and is then done exactly."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

import pytest

import bqvision as bv
from bqvision import Outcome, StopReason
from bqvision.local import PermanentRowError
from tests.cinema import PROMPT, model_of
from tests.run.test_incremental import FIRST_VERSION

if TYPE_CHECKING:
    from tests.cinema import Cinema, Oracle

PRICES = bv.Prices(input_per_million=0.3, output_per_million=2.5)


def stop_of(report: bv.RunReport) -> bv.Stop:
    """Why a run ended early."""
    assert report.stopped is not None
    return report.stopped


def test_planning_calls_no_model_and_makes_no_table(cinema: Cinema) -> None:
    """What it says is all that comes of it."""
    cinema.show("a.jpg", "Sunrise", 1927)
    analysis = cinema.analysis()
    before = {table.name for table in cinema.dataset.tables()}
    plan = analysis.plan("results")
    assert (plan.images, plan.pending, plan.asked, plan.jobs, plan.left) == (1, 1, 1, 1, 0)
    assert cinema.calls() == {}
    assert {table.name for table in cinema.dataset.tables()} == before
    labels = [job.labels["bqvision"] for job in cinema.client.bigquery.list_jobs(max_results=2)]
    assert labels[0] == "survey_plan"


def test_everything_is_told_in_one_table(cinema: Cinema) -> None:
    """What is asked about, what is skipped and why, how many jobs, tokens and money."""
    for number in range(12):
        cinema.show(f"{number:02}.jpg", "Sunrise", 1927)
    cinema.hang("b.jpg", fail="blocked")
    analysis = cinema.analysis()
    analysis.run("results")
    for number in range(12, 25):
        cinema.show(f"{number:02}.jpg", "Greed", 1924)
    for name in ("d.txt", "a.txt", "c.txt", "b.txt"):
        cinema.store(name, b"text")
    cinema.store("empty.jpg", b"")
    plan = analysis.plan("results", batch_size=5, prices=PRICES)
    there = f"local-project.{cinema.folder.name}"
    size = sum((cinema.folder / f"{number}.jpg").stat().st_size for number in range(12, 25))
    assert str(plan) == "\n".join(
        [
            f"31 images in {there}.posters, for {there}.results",
            f"planned at {plan.planned_at:%Y-%m-%d %H:%M:%S} UTC",
            "",
            "images                                                         count",
            "to be asked about                                                 13",
            "refused: The file is empty.                                        1",
            "refused: The model does not read the content type text/plain.      4",
            "asked about before: OK                                            12",
            "asked about before: BLOCKED                                        1",
            "",
            f"The file is empty. {cinema.uri('empty.jpg')}",
            "The model does not read the content type text/plain. "
            f"{cinema.uri('a.txt')}, {cinema.uri('b.txt')}, {cinema.uri('c.txt')}, ...",
            "",
            f"4 jobs of at most 5 images, the first of one image; {size} bytes pending",
            "",
            "tokens   from     to     basis",
            "in      1,200  1,200  MEASURED",
            "out       120    120  MEASURED",
            "",
            "cost: 0.0007 USD",
        ]
    )
    assert (plan.bytes, plan.canary, plan.batch_size) == (size, True, 5)
    html = plan._repr_html_()
    assert "<td style" in html
    assert "cost: 0.0007 USD" in html


def test_html_shows_names_as_text(cinema: Cinema) -> None:
    """A file's name may hold what a notebook would obey."""
    cinema.store("<b>&.txt", b"text")
    html = cinema.analysis().plan("results")._repr_html_()
    assert "&lt;b&gt;&amp;.txt" in html
    assert "<b>" not in html


def test_no_images_are_no_work(cinema: Cinema) -> None:
    """Of an empty object table everything is zero, and its run does nothing."""
    analysis = cinema.analysis()
    plan = analysis.plan("results", prices=PRICES)
    assert (plan.images, plan.pending, plan.jobs, plan.bytes, plan.refused) == (0, 0, 0, 0, ())
    assert plan.cost == bv.Cost(0, 0, "USD")
    assert "cost" not in str(plan)
    report = analysis.run(plan).report
    assert (report.images, report.asked, report.stopped) == (0, 0, None)


def test_what_is_added_or_replaced_later_is_not_asked_about(cinema: Cinema) -> None:
    """Only what was planned is paid for; the next run asks about the rest."""
    for name in ("kept.jpg", "replaced.jpg", "gone.jpg"):
        cinema.show(name, "Sunrise", 1927)
    analysis = cinema.analysis()
    plan = analysis.plan("results")
    cinema.show("added.jpg", "Greed", 1924)
    cinema.show("replaced.jpg", "Greed", 1924)
    cinema.store("added.txt", b"text")
    (cinema.folder / "gone.jpg").unlink()
    run = analysis.run(plan)
    assert [(poster.uri, poster.title) for poster in run] == [(cinema.uri("kept.jpg"), "Sunrise")]
    assert (run.report.asked, run.report.refused, run.report.unasked) == (1, 0, 3)
    assert analysis.run("results").report.asked == 2
    assert cinema.calls() == {"kept.jpg": 1, "added.jpg": 1, "replaced.jpg": 1}


def test_what_is_added_later_is_not_asked_about_among_some(cinema: Cinema) -> None:
    """Nor if it was named before it was there."""
    cinema.show("a.jpg", "Sunrise", 1927)
    cinema.show("c.jpg", "Sunrise", 1927)
    analysis = cinema.analysis()
    plan = analysis.plan("results", uris=[cinema.uri("a.jpg"), cinema.uri("b.jpg")])
    cinema.show("b.jpg", "Greed", 1924)
    assert plan.asked == analysis.run(plan).report.asked == 1
    assert cinema.calls() == {"a.jpg": 1}


def test_a_group_that_has_changed_is_not_asked_about(cinema: Cinema) -> None:
    """An image more or another one makes it another question; each image of a call is counted."""
    for name in ("a1.jpg", "a2.jpg", "a3.jpg", "b1.jpg"):
        cinema.show(name, "Sunrise", 1927)
    analysis = model_of(cinema.analysis()).analyze(
        cinema.dataset.object_table("posters"), prompt=PROMPT, group_by=r"/(\w)\d\.jpg$"
    )
    plan = analysis.plan("results", image_tokens=1000)
    assert (plan.images, plan.asked, plan.jobs) == (2, 2, 1)
    assert 4000 < plan.input_tokens.low < 4200
    cinema.show("b2.jpg", "Greed", 1924)
    run = analysis.run(plan)
    assert [poster.uri for poster in run] == ["a"]
    assert analysis.run("results").report.asked == 1


def test_running_it_again_asks_nothing(cinema: Cinema) -> None:
    """Even if a limit had left images out, and not the other images in their place."""
    for number in range(5):
        cinema.show(f"{number}.jpg", "Sunrise", 1927)
    analysis = cinema.analysis()
    plan = analysis.plan("results", max_images=2)
    assert (plan.pending, plan.asked, plan.left, plan.limit) == (5, 2, 3, StopReason.IMAGES)
    assert "left to a later run by max_images      3" in str(plan)
    for asked in (2, 0):
        report = analysis.run(plan).report
        assert (report.asked, report.unasked) == (asked, 3)
        assert str(stop_of(report)) == "all that was planned is done, 2 images. Plan again for the others."
    assert cinema.calls() == {"0.jpg": 1, "1.jpg": 1}
    again = analysis.plan("results")
    assert (again.pending, analysis.run(again).report.asked) == (3, 3)
    assert set(cinema.calls().values()) == {1}


def test_running_it_again_goes_on_after_a_failure(cinema: Cinema, oracle: Oracle) -> None:
    """An image for which a permission was missing is not done: the plan is carried out when the cause is gone."""
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        cinema.show(name, "Sunrise", 1927)
    analysis = cinema.analysis()
    plan = analysis.plan("results", max_images=2, batch_size=1, max_concurrent_jobs=1)

    def refuse(_: str) -> None:
        raise PermanentRowError("PERMISSION_DENIED: no access")

    oracle.watch = refuse
    try:
        with pytest.raises(bv.RunError, match="PERMISSION_DENIED"):
            analysis.run(plan)
    finally:
        oracle.watch = None
    assert sum(cinema.calls().values()) == 1
    assert analysis.run(plan).report.asked == 2
    assert analysis.run(plan).report.asked == 0


def test_images_that_were_turned_away_wait_for_the_same_plan(cinema: Cinema) -> None:
    """They were never answered, so they do not count as done."""
    cinema.show("a.jpg", "Sunrise", 1927)
    cinema.hang("b.jpg", busy="1", text='{"title": "Greed"}')
    analysis = cinema.analysis()
    plan = analysis.plan("results", max_rounds=1)
    assert stop_of(analysis.run(plan).report).reason is StopReason.ROUNDS
    assert analysis.run(plan).report.asked == 1
    assert analysis.run(plan).report.asked == 0
    assert cinema.calls() == {"a.jpg": 1, "b.jpg": 2}


def test_images_that_another_run_answers_meanwhile_are_not_replaced_by_others(cinema: Cinema) -> None:
    """A plan of two of four images, after a run of one of them, has one left."""
    for number in range(4):
        cinema.show(f"{number}.jpg", "Sunrise", 1927)
    analysis = cinema.analysis()
    plan = analysis.plan("results", max_images=2)
    analysis.run("results", max_images=1)
    assert analysis.run(plan).report.asked == 1
    assert sum(cinema.calls().values()) == 2


def test_calls_and_tokens_limit_a_plan_too(cinema: Cinema) -> None:
    """The tightest limit is named; a call is taken to need 1,000 tokens until some are measured."""
    for number in range(6):
        cinema.show(f"{number}.jpg", "Sunrise", 1927)
    analysis = cinema.analysis()
    calls = analysis.plan("results", max_images=5, max_calls=4)
    assert (calls.asked, calls.limit) == (4, StopReason.CALLS)
    tokens = analysis.plan("results", max_tokens=3000, max_calls=4)
    assert (tokens.asked, tokens.limit, tokens.batch_size, tokens.jobs) == (3, StopReason.TOKENS, 1, 3)
    assert analysis.plan("results", max_images=6).limit is None
    analysis.run("results", max_images=1)
    measured = analysis.plan("results", max_tokens=350)
    assert (measured.pending, measured.asked) == (5, 3)
    report = analysis.run(measured).report
    assert (report.asked, len(report.jobs), measured.jobs) == (3, 3, 3)


def test_answers_that_were_cut_are_planned_with_the_larger_limit(cinema: Cinema) -> None:
    """They are a batch of their own, behind the others."""
    cinema.hang("cut.jpg", text='{"title": "Sun', finish_reason="MAX_TOKENS")
    images = cinema.posters()
    analysis = cinema.model.analyze(images, prompt=PROMPT, max_output_tokens=50)
    analysis.run("results")
    cinema.show("new.jpg", "Greed", 1924)
    assert analysis.plan("results").answered == {Outcome.TRUNCATED: 1}
    plan = analysis.plan("results", retry_truncated=True)
    report = analysis.run(plan).report
    assert (plan.pending, plan.jobs, plan.answered) == (2, 2, {})
    assert (report.asked, len(report.jobs)) == (2, 2)


def test_the_caller_may_know_better(cinema: Cinema) -> None:
    """Tokens that are given are taken as they are."""
    cinema.show("a.jpg", "Sunrise", 1927)
    plan = cinema.analysis().plan("results", image_tokens=516, output_tokens=20)
    assert plan.output_tokens == bv.Estimate(20, 20, bv.TokenBasis.GIVEN)
    assert plan.input_tokens.basis is bv.TokenBasis.GIVEN
    assert plan.input_tokens.low == plan.input_tokens.high == 516 + -(-len(PROMPT) // 4)


def test_statements_are_those_of_the_run(cinema: Cinema, oracle: Oracle) -> None:
    """Held to the moment of the plan, with the batches as they will be; and the prompt is in no repr."""
    for number in range(11):
        cinema.show(f"{number:02}.jpg", "Sunrise", 1927)
    plan = cinema.analysis().plan("results", batch_size=3, max_images=11)
    by_label = {statement.label: statement for statement in plan.statements}
    moments = {parameter.name: parameter.value for parameter in by_label["create_work_table"].parameters}
    assert moments["until"] == f"{plan.planned_at:%Y-%m-%d %H:%M:%S.%f}+00:00"
    assert "DIV(place, 3)" in by_label["create_work_table"].sql
    assert {"create_ledger", "survey", "insert_batch", "read_ledger"} <= by_label.keys()
    assert PROMPT not in repr(plan)
    assert pickle.loads(pickle.dumps(plan)) == plan  # noqa: S301


def test_a_plan_of_something_else_is_refused(cinema: Cinema) -> None:
    """Another question, record, model, object table or project: nothing is asked."""
    cinema.show("a.jpg", "Sunrise", 1927)
    analysis = cinema.analysis()
    plan = analysis.plan("results")
    other = cinema.dataset.object_table("other").create(uris=cinema.uris)
    elsewhere = cinema.client.with_options(project="other-project").dataset(
        f"local-project.{cinema.folder.name}"
    )
    wrong: list[tuple[bv.Analysis[bv.PosterResult], str]] = [
        (cinema.model.analyze(analysis.images, prompt="Another?", temperature=0.2), "another question"),
        (cinema.model.analyze(other, prompt=PROMPT, temperature=0.2), "another object table"),
        (
            cinema.analysis_over("local-project." + cinema.folder.name + ".posters", dataset=elsewhere),
            "billed",
        ),
    ]
    for another, message in wrong:
        with pytest.raises(bv.InvalidInputError, match=message) as raised:
            another.run(plan)
        assert "plan again" in raised.value.next_step
    cinema.model.create(endpoint="gemini-2.5-pro", replace=True)
    with pytest.raises(bv.InvalidInputError, match="another endpoint"):
        analysis.run(plan)
    assert cinema.calls() == {}


def test_options_are_given_to_the_plan(cinema: Cinema) -> None:
    """Not besides it."""
    cinema.show("a.jpg", "Sunrise", 1927)
    analysis = cinema.analysis()
    plan = analysis.plan("results", max_rounds=2)
    with pytest.raises(bv.InvalidInputError, match="max_images can not be given besides"):
        analysis.run(plan, max_images=1)  # type: ignore[call-overload]
    assert plan.options == {"max_rounds": 2}


@pytest.mark.parametrize(
    "options",
    [{"image_tokens": 0}, {"output_tokens": True}, {"output_tokens": 1.5}, {"max_images": 0}, {"nothing": 1}],
)
def test_what_can_not_be_right_is_refused(cinema: Cinema, options: dict[str, Any]) -> None:
    """Before any request: there is no such object table."""
    analysis = cinema.model.analyze(cinema.dataset.object_table("nowhere"), prompt=PROMPT)
    with pytest.raises(bv.InvalidInputError, match=next(iter(options))):
        analysis.plan("results", **options)


def test_what_is_not_there_is_named(cinema: Cinema) -> None:
    """A missing object table, and a results table that is none."""
    with pytest.raises(bv.NotFoundError):
        cinema.model.analyze(cinema.dataset.object_table("nowhere"), prompt=PROMPT).plan("results")
    analysis = cinema.analysis()
    cinema.rows("CREATE TABLE DS.sales (price INT64)")
    with pytest.raises(bv.InvalidInputError, match="no results table") as raised:
        analysis.plan("sales")
    assert str(raised.value.resource).endswith(".sales")


def test_a_results_table_of_an_earlier_version_is_read_as_it_is(cinema: Cinema) -> None:
    """Its rows count, and it gets its new columns from the run only."""
    cinema.show("a.jpg", "Sunrise", 1927)
    analysis = cinema.analysis()
    analysis.run("fresh")
    cinema.rows(FIRST_VERSION)
    columns = (
        "uri, generation, fingerprint, run_id, attempt, outcome, input_tokens, output_tokens, analysed_at"
    )
    cinema.rows(f"INSERT INTO DS.results ({columns}) SELECT {columns} FROM DS.fresh")
    cinema.show("b.jpg", "Greed", 1924)
    plan = analysis.plan("results")
    assert (plan.answered, plan.asked) == ({Outcome.OK: 1}, 1)
    assert plan.input_tokens.basis is bv.TokenBasis.MEASURED
    table = cinema.client.bigquery.get_table(f"{cinema.folder.name}.results")
    assert "output_limit" not in {column.name for column in table.schema}
    assert analysis.run(plan).report.asked == 1


def test_jobs_say_what_they_are_for(cinema: Cinema) -> None:
    """The function, and the results table where its name can be a label; the caller's labels are kept."""
    cinema.show("a.jpg", "Sunrise", 1927)
    cinema.posters()
    dataset = cinema.client.with_options(labels={"team": "film"}).dataset(cinema.folder.name)
    analysis = cinema.analysis_over("posters", dataset=dataset)
    for table, told in (("results", "results"), ("Results_2030", None)):
        (job_id,) = analysis.run(table).report.jobs
        labels = dict(cinema.client.bigquery.get_job(job_id).labels)
        assert labels.pop("bqvision_run")
        assert labels.pop("bqvision_table", None) == told
        assert labels == {
            "team": "film",
            "bqvision": "insert_batch",
            "bqvision_function": "ml_generate_text",
            "bqvision_dataset": cinema.folder.name,
        }
