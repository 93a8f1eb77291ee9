"""Comparisons: the same images, asked each way once, ranked by how right the answers are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

import bqvision as bv
from bqvision import Outcome
from bqvision.local import SimulatedBucket
from tests.evaluation.conftest import CAREFUL, CARELESS, FORBIDDEN, critic

if TYPE_CHECKING:
    from pathlib import Path

    from bqvision.testing import FaultPlan
    from tests.evaluation.conftest import Gallery

TRUTH = {
    "a.jpg": {"title": "Greed", "year": 1924},
    "b.jpg": {"title": "The Kid", "year": 1921},
    "c.jpg": {"title": "Wings", "year": 1927},
    "gone.jpg": {"title": "London After Midnight", "year": 1927},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Title(bv.ImageResult):
    """A record with one of the fields."""

    title: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Director(bv.ImageResult):
    """A record with neither of them."""

    director: str | None = None


@pytest.fixture
def three(gallery: Gallery) -> Gallery:
    """Three posters with truth, and one without."""
    gallery.paint("a.jpg", "Greed", 1924)
    gallery.paint("b.jpg", "The Kid", 1921)
    gallery.paint("c.jpg", "Wings", 1927)
    gallery.paint("d.jpg", "Sunrise", 1927)
    return gallery


def test_the_best_analysis_comes_first(three: Gallery) -> None:
    """Each is asked about the images that have truth, and a second comparison asks nothing."""
    analyses = three.pair()
    comparison = bv.compare(analyses, TRUTH)
    assert three.calls() == {"a.jpg": 2, "b.jpg": 2, "c.jpg": 2}
    assert (comparison.images, comparison.left_out, comparison.without_image) == (3, 0, 1)
    assert comparison.best == "careful"
    assert [row.name for row in comparison.rows] == ["careful", "careless"]
    careful, careless = comparison.rows
    assert (careful.accuracy, careless.accuracy) == (1.0, 0.5)
    assert (careful.tokens, careless.tokens) == (110, 55)
    assert [(score.accuracy, score.exact_accuracy) for score in careless.fields] == [(1.0, 0.0), (0.0, 0.0)]
    assert comparison["careless"]["title"].normalised == 3
    assert comparison["careless"].without_truth.count == 0
    assert careful.table == str(three.dataset.table_name("comparison_careful"))
    again = bv.compare(analyses, TRUTH)
    assert sum(three.calls().values()) == 6
    assert [row.report.calls for row in again.rows if row.report] == [0, 0]
    assert [(row.evaluation, row.tokens) for row in again.rows] == [
        (row.evaluation, row.tokens) for row in comparison.rows
    ]


def test_equal_accuracy_is_ranked_by_tokens(three: Gallery) -> None:
    """Where both are right, the one that takes fewer tokens is the better."""
    comparison = bv.compare(three.pair(), TRUTH, fields=["title"])
    assert comparison.fields == ("title",)
    assert [(row.name, row.accuracy) for row in comparison.rows] == [("careless", 1.0), ("careful", 1.0)]


def test_a_comparison_is_a_table_for_people(three: Gallery) -> None:
    """One line for each analysis, aligned; in a notebook its name is text."""
    careless, careful = three.pair().values()
    comparison = bv.compare({"<b>": careful, "careless": careless}, TRUTH, into="sh")
    lines = str(comparison).splitlines()
    assert lines[0] == "3 images compared on title, year; 1 row of the truth without an image"
    heads = "analysis accuracy title title exact year year exact OK failed tokens in out seconds calls"
    assert " ".join(lines[2].split()) == heads
    assert lines[3].split()[:9] == ["<b>", "100.0%", "100.0%", "100.0%", "100.0%", "100.0%", "3", "0", "100"]
    assert lines[4].split()[:10] == [
        "careless",
        "50.0%",
        "100.0%",
        "0.0%",
        "0.0%",
        "0.0%",
        "3",
        "0",
        "50",
        "5",
    ]
    assert len({len(line) for line in lines[2:]}) == 1
    page = comparison._repr_html_()
    assert "&lt;b&gt;" in page
    assert "<b>" not in page
    assert comparison.rows[0].table.endswith(".sh_b")


def test_max_images_takes_the_first_by_uri_and_uris_only_those(three: Gallery) -> None:
    """What is left out is counted, and not asked about."""
    analyses = three.pair()
    comparison = bv.compare(analyses, TRUTH, max_images=1)
    assert (comparison.images, comparison.left_out, comparison.without_image) == (1, 2, 1)
    assert three.calls() == {"a.jpg": 2}
    assert comparison["careful"]["year"].images == 1
    chosen = bv.compare(analyses, TRUTH, uris=[three.uri("b.jpg"), three.uri("c.jpg"), three.uri("d.jpg")])
    assert (chosen.images, chosen.left_out) == (2, 1)
    assert three.calls() == {"a.jpg": 2, "b.jpg": 2, "c.jpg": 2}
    assert "2 images compared on title, year; 1 image with truth left out; 1 row " in str(chosen)


def test_an_analysis_that_fails_leaves_the_others(three: Gallery) -> None:
    """A missing permission is that row's failure; once nothing is left, there is no best."""
    analyses = three.pair() | {"forbidden": three.ask(three.posters(), FORBIDDEN)}
    comparison = bv.compare(analyses, TRUTH)
    assert comparison.best == "careful"
    failed = comparison.rows[-1]
    assert (failed.name, failed.evaluation, failed.accuracy, failed.tokens) == ("forbidden", None, None, None)
    assert failed.failure is not None
    assert "PERMISSION_DENIED" in failed.failure
    assert failed.report is not None
    assert failed.report.calls == 3
    assert str(comparison).splitlines()[-1].startswith("forbidden: 3 images ended as PERMISSION")
    with pytest.raises(bv.RunError, match=r"analysis forbidden failed: .*PERMISSION_DENIED"):
        comparison["forbidden"]
    with pytest.raises(bv.InvalidInputError, match=r"no analysis 'other'.*Compared were careful"):
        comparison["other"]
    alone = bv.compare({"forbidden": analyses["forbidden"]}, TRUTH)
    with pytest.raises(bv.RunError, match="no analysis answered for every image; forbidden: "):
        _ = alone.best


def test_what_was_answered_before_too_much_failed_is_compared(three: Gallery) -> None:
    """The next comparison finds the same answers, and asks no more."""
    three.paint("c.jpg", "Wings", 1927, blocked=True)
    analyses = {"careful": three.ask(three.posters(), CAREFUL)}
    analyses["careful"].run("comparison_careful", uris=[three.uri("d.jpg")])
    first = bv.compare(analyses, TRUTH, max_error_ratio=0.1).rows[0]
    assert first.failure is not None
    assert "max_error_ratio" in first.failure
    assert first.evaluation is not None
    assert first.evaluation.without_truth.count == 0
    second = bv.compare(analyses, TRUTH, max_error_ratio=0.1).rows[0]
    assert second.failure is None
    assert (first.evaluation, first.fields, first.table) == (second.evaluation, second.fields, second.table)
    assert three.calls() == dict.fromkeys(("a.jpg", "b.jpg", "c.jpg", "d.jpg"), 1)


def test_a_job_that_fails_is_that_rows_failure_too(three: Gallery, plan: FaultPlan) -> None:
    """Nothing is known of its images, and the next comparison asks about them."""
    plan.fail_job("insert_batch", reason="invalid", message="no luck today")
    analyses = three.pair()
    comparison = bv.compare(analyses, TRUTH)
    failed = comparison.rows[-1]
    assert (failed.name, failed.report, failed.fields) == ("careless", None, ())
    assert failed.table == str(three.dataset.table_name("comparison_careless"))
    assert failed.failure is not None
    assert "no luck today" in failed.failure
    line = next(line for line in str(comparison).splitlines() if line.startswith("careless "))
    assert line.split() == ["careless", *("-",) * 11]
    assert bv.compare(analyses, TRUTH)["careless"]["title"].right == 3


def test_images_that_are_one_question_are_compared_as_one(three: Gallery) -> None:
    """With ``group_by`` the truth is about groups, and both must have the same."""
    images = three.posters()
    pattern = r"^gs://.*/[ab]"
    one, two = (
        three.model.analyze(images, prompt=prompt, group_by=pattern) for prompt in (CAREFUL, CARELESS)
    )
    truth = {three.uri("a"): {"title": "Greed", "year": 1924}, three.uri("b"): {"title": "Kid", "year": 1921}}
    comparison = bv.compare({"one": one, "two": two}, truth)
    assert comparison.images == 2
    assert (comparison["one"]["title"].right, comparison["one"]["year"].right) == (1, 2)
    with pytest.raises(bv.InvalidInputError, match=r"different images: .* by .*, .*posters"):
        bv.compare({"one": one, "two": three.ask(images, CARELESS)}, truth)


def test_one_that_was_stopped_before_the_end_is_not_ranked_among_the_others(three: Gallery) -> None:
    """What it did answer can be seen; it comes last, and goes on with the next comparison."""
    analyses = three.pair()
    analyses["careless"].run("comparison_careless")
    comparison = bv.compare(analyses, TRUTH, max_calls=1, fields=["title"])
    assert [row.name for row in comparison.rows] == ["careless", "careful"]
    stopped = comparison.rows[1]
    assert stopped.failure is not None
    assert stopped.failure.startswith("2 images without an answer. max_calls=1 is reached")
    assert comparison["careful"]["title"].exact == 1
    assert bv.compare(analyses, TRUTH).best == "careful"
    assert max(three.calls().values()) == 2


def test_a_failed_image_counts_as_missing(three: Gallery) -> None:
    """It is no failure of the analysis, and lowers its accuracy."""
    three.paint("c.jpg", "Wings", 1927, blocked=True)
    comparison = bv.compare(three.pair(), TRUTH)
    careful = comparison["careful"]
    assert (careful["title"].missing, careful["title"].accuracy) == (1, 2 / 3)
    assert [score.outcome for score in careful.outcomes] == [Outcome.OK, Outcome.BLOCKED]
    assert comparison.rows[0].failure is None


def test_records_of_different_classes_are_compared_in_what_they_share(three: Gallery) -> None:
    """The title is compared; the other's year is in its own evaluation."""
    images = three.posters()
    short = three.model.analyze(images, prompt="Answer in JSON with one key: title.", record=Title)
    comparison = bv.compare({"both": three.ask(images, CAREFUL), "title": short}, TRUTH)
    assert comparison.fields == ("title",)
    assert comparison["both"]["year"].exact == 3
    other = three.model.analyze(images, prompt="Answer in JSON with one key: director.", record=Director)
    with pytest.raises(bv.InvalidInputError, match="no field in common"):
        bv.compare({"both": three.ask(images, CAREFUL), "director": other}, TRUTH)


def test_truth_by_file_or_table_will_do(three: Gallery, tmp_path: Path) -> None:
    """As for an evaluation."""
    path = tmp_path / "truth.csv"
    path.write_text(f"poster,title\n{three.uri('a.jpg')},Greed\n", encoding="utf-8")
    assert bv.compare(three.pair(), path, key="poster").images == 1
    three.rows("CREATE TABLE DS.films AS SELECT 'b.jpg' AS file, 1921 AS year")
    assert bv.compare(three.pair(), "films").fields == ("year",)
    assert three.calls() == {"a.jpg": 2, "b.jpg": 2}


def test_what_can_not_be_compared_is_refused_before_anything_is_asked(three: Gallery, tmp_path: Path) -> None:
    """Names, images, fields, options and truth are looked at first."""
    analyses = three.pair()
    careful = analyses["careful"]
    three.dataset.object_table("others").create(uris=three.uris)
    others = three.analysis_over("others")
    broken = tmp_path / "broken.csv"
    broken.write_text("file,year\na.jpg,soon\n", encoding="utf-8")
    known = {job.job_id for job in three.client.bigquery.list_jobs()}

    def refused(message: str, given: object, truth: bv.TruthSource = TRUTH, **options: object) -> None:
        with pytest.raises(bv.InvalidInputError, match=message):
            bv.compare(given, truth, **options)  # type: ignore[arg-type]

    refused("analyses must be a mapping", {})
    refused("analyses must be a mapping", [careful])
    refused("'a' is no analysis", {"a": "careful"})
    refused("can not be the name of an analysis: it has no letter", {" ": careful})
    refused("can not be the name of an analysis: it has no letter", {1: careful})
    refused("its table would be that of 'a b'", {"a b": careful, "A-B": careful})
    refused("table .* is not allowed", analyses, into="re/sults")
    refused("different images: .*posters, .*others", {"one": careful, "two": others})
    refused("a run has no option max_image", analyses, max_image=1)
    refused("max_images must be a whole number", analyses, max_images=0)
    refused("uris must be a list", analyses, uris=three.uri("a.jpg"))
    refused("fields must be a list", analyses, fields="title")
    refused("no director", analyses, fields=["director"])
    refused("line 2 of broken.csv: year is 'soon'", analyses, broken)
    assert {job.job_id for job in three.client.bigquery.list_jobs()} == known
    assert three.calls() == {}


def test_images_that_can_not_be_told_apart_or_are_not_there_are_refused(three: Gallery) -> None:
    """Nothing is asked about either."""
    three.paint("more/a.jpg", "Greed too", 1924)
    analyses = three.pair()
    with pytest.raises(
        bv.InvalidInputError, match=r"two images are called 'a\.jpg': .*/a\.jpg' and .*/more/a\.jpg'"
    ):
        bv.compare(analyses, TRUTH)
    with pytest.raises(bv.InvalidInputError, match="none of the images of the object table has truth"):
        bv.compare(analyses, {"gone.jpg": {"title": "London After Midnight"}})
    with pytest.raises(bv.InvalidInputError, match="none of the uris has truth"):
        bv.compare(analyses, {"b.jpg": {"title": "The Kid"}}, uris=[three.uri("d.jpg")])
    nothing = three.dataset.remote_model("nothing").analyze(three.posters(), prompt=CARELESS)
    with pytest.raises(bv.NotFoundError, match="no such model"):
        bv.compare({**analyses, "nothing": nothing}, {"b.jpg": {"title": "The Kid"}})
    missing = three.ask(three.dataset.object_table("missing"), CARELESS)
    with pytest.raises(bv.NotFoundError, match="no such object table"):
        bv.compare({"careless": missing}, TRUTH)
    assert three.calls() == {}


def test_more_images_than_a_run_takes_are_refused_in_words_of_a_comparison() -> None:
    """Before any is asked about; ``max_images`` takes the first of them."""
    bucket = SimulatedBucket(10_001)
    with bv.Client.local(buckets={"many": bucket}, model=critic) as client:
        dataset = client.dataset("films").create()
        images = dataset.object_table("images").create(uris=["gs://many/*"])
        analysis = (
            dataset.remote_model("gemini").create(endpoint="gemini-2.5-flash").analyze(images, prompt=CAREFUL)
        )
        truth = {f"gs://many/{bucket.name(index)}": {"title": "Greed"} for index in range(10_001)}
        with pytest.raises(bv.InvalidInputError, match=r"10,001 images have truth.*max_images=10000"):
            bv.compare({"careful": analysis}, truth)
