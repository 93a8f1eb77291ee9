"""Evaluations: every image and every row of the truth is accounted for, and people can read it."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

import bqvision as bv
from bqvision import Outcome, PosterResult, Usage, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tests.evaluation.conftest import Gallery

Truth: TypeAlias = "Mapping[str, Mapping[str, object]]"

names = st.sampled_from([f"{letter}.jpg" for letter in "abcdefgh"])
titles = st.sampled_from([None, "Greed", "GREED!", "Wings"])
years = st.sampled_from([None, 1924, 1927])
posters = st.builds(
    PosterResult,
    uri=names.map("gs://posters/{}".format),
    outcome=st.sampled_from(Outcome),
    title=titles,
    year=years,
)
truths = st.dictionaries(
    names,
    st.fixed_dictionaries({"title": titles}, optional={"year": years}),
    min_size=1,
)


def ok(
    name: str, title: str | None = None, year: int | None = None, usage: Usage | None = None
) -> PosterResult:
    """A record of an image that was read."""
    return PosterResult(
        uri=f"gs://posters/{name}", outcome=Outcome.OK, title=title, year=year, usage=usage or Usage()
    )


@given(st.lists(posters, min_size=1, unique_by=lambda record: record.uri), truths)
def test_every_image_is_accounted_for(
    records: list[PosterResult], truth: dict[str, dict[str, object]]
) -> None:
    """Counts add up over images, rows of the truth, fields and outcomes; a failed image is never right."""
    evaluation = bv.evaluate(records, truth)
    assert evaluation.images == len(records) == evaluation.compared + evaluation.without_truth.count
    assert len(truth) == evaluation.compared + evaluation.without_image.count
    assert sum(score.images for score in evaluation.outcomes) == evaluation.compared
    named = {record.uri.rpartition("/")[2]: record for record in records}
    for score in evaluation.fields:
        about = [name for name, values in truth.items() if name in named and score.field in values]
        assert score.images == len(about)
        parts = (score.exact, score.normalised, score.absent, score.missing, score.wrong, score.spurious)
        assert sum(parts) == score.images
        assert score.expected == sum(truth[name][score.field] is not None for name in about)
        assert score.right + len(list(evaluation.misses(score.field, limit=None))) == score.images
        assert score.right == sum(part.right[score.field] for part in evaluation.outcomes)
        assert score.images - score.right == sum(part.wrong[score.field] for part in evaluation.outcomes)
        failed = sum(named[name].outcome is not Outcome.OK for name in about)
        assert failed <= score.missing
        for part in evaluation.outcomes:
            assert part.outcome is Outcome.OK or part.right[score.field] == 0
        for share in (score.accuracy, score.exact_accuracy, score.precision, score.recall):
            assert share is None or 0 <= share <= 1


@given(st.lists(posters, min_size=1, unique_by=lambda record: record.uri), truths)
def test_whatever_is_found_can_be_shown(
    records: list[PosterResult], truth: dict[str, dict[str, object]]
) -> None:
    """Text and HTML exist for any evaluation, and their lines are aligned."""
    evaluation = bv.evaluate(records, truth)
    table = str(evaluation).split("\n\n")[1].splitlines()
    assert len({len(line) for line in table}) == 1
    assert evaluation._repr_html_().count("<tr>") >= 1 + len(evaluation.fields)


def test_an_evaluation_says_how_right_each_field_is() -> None:
    """Shares, misses and the averages of tokens, by hand."""
    records = [
        ok("a.jpg", "Greed", 1924, Usage(100, 10)),
        ok("b.jpg", "the kid", None, Usage(300, 20)),
        ok("c.jpg", "Wings", 1926),
        PosterResult(uri="gs://posters/d.jpg", outcome=Outcome.BLOCKED),
        ok("e.jpg", None, 1930),
        ok("z.jpg", "?", None, Usage(9, 9)),
    ]
    truth: Truth = {
        "a.jpg": {"title": "Greed", "year": 1924},
        "b.jpg": {"title": "The Kid", "year": 1921},
        "c.jpg": {"title": "Wings", "year": 1927},
        "d.jpg": {"title": "Sunrise", "year": None},
        "e.jpg": {"title": None, "year": None},
        "f.jpg": {"title": "Lost"},
    }
    evaluation = bv.evaluate(records, truth)
    title, year = evaluation["title"], evaluation["year"]
    assert (title.accuracy, title.exact_accuracy, title.precision, title.recall) == (0.8, 0.6, 1.0, 0.75)
    assert (year.accuracy, year.exact_accuracy, year.precision) == (0.2, 0.2, 1 / 3)
    assert evaluation.accuracy == 0.5
    assert (evaluation.input_tokens, evaluation.output_tokens) == (200, 15)
    assert [
        (miss.uri[-5], miss.field, miss.verdict, miss.expected, miss.got, miss.outcome)
        for miss in evaluation.misses("year")
    ] == [
        ("b", "year", Verdict.MISSING, 1921, None, Outcome.OK),
        ("c", "year", Verdict.WRONG, 1927, 1926, Outcome.OK),
        ("d", "year", Verdict.MISSING, None, None, Outcome.BLOCKED),
        ("e", "year", Verdict.SPURIOUS, None, 1930, Outcome.OK),
    ]
    assert [miss.uri for miss in evaluation.misses("year", limit=1)] == ["gs://posters/b.jpg"]
    assert (
        str(evaluation)
        == """\
5 images compared

field  images  exact  normalised  absent  missing  wrong  spurious  accuracy  precision  recall
title       5      2           1       1        1      0         0     80.0%     100.0%   75.0%
year        5      1           0       0        2      1         1     20.0%      33.3%   33.3%

outcome  images  title right  title wrong  year right  year wrong
OK            4            4            0           1           3
BLOCKED       1            0            1           0           1

1 image without truth: gs://posters/z.jpg
1 row of the truth without an image: f.jpg"""
    )


def test_only_the_fields_that_are_wanted_are_compared() -> None:
    """In the order of the record; one that isn't there is refused with what is."""
    truth = {"a.jpg": {"title": "Greed", "year": "no number"}}
    evaluation = bv.evaluate([ok("a.jpg", "Greed")], truth, fields=["title"])
    assert [score.field for score in evaluation.fields] == ["title"]
    with pytest.raises(bv.InvalidInputError, match=r"field 'year' was not compared.*Compared were title"):
        evaluation.misses("year")
    with pytest.raises(bv.InvalidInputError, match=r"no director.*columns title, year;.*fields title, year"):
        bv.evaluate([ok("a.jpg")], truth, fields=["title", "director"])


@pytest.mark.parametrize("fields", ["title", [], [1], 5])
def test_fields_that_are_no_list_of_names_are_refused(fields: list[str]) -> None:
    """A single text is a slip, not a list of letters."""
    with pytest.raises(bv.InvalidInputError, match="fields must be a list"):
        bv.evaluate([ok("a.jpg")], {"a.jpg": {"title": "Greed"}}, fields=fields)


@pytest.mark.parametrize("records", [[], ["gs://posters/a.jpg"], [{"uri": "gs://posters/a.jpg"}]])
def test_what_holds_no_records_is_refused(records: Iterable[bv.ImageResult]) -> None:
    """Without a record there are no fields to compare."""
    with pytest.raises(bv.InvalidInputError, match="no record of an image"):
        bv.evaluate(records, {"a.jpg": {"title": "Greed"}})


def test_two_images_of_one_name_are_refused() -> None:
    """A file name says which image is meant only as long as one has it; whole URIs always do."""
    records = [ok("1/a.jpg", "Greed"), ok("2/a.jpg", "Wings")]
    with pytest.raises(
        bv.InvalidInputError, match=r"'a\.jpg': 'gs://posters/1/a\.jpg' and 'gs://posters/2/a\.jpg'"
    ):
        bv.evaluate(records, {"a.jpg": {"title": "Greed"}})
    truth = {"gs://posters/1/a.jpg": {"title": "Greed"}, "gs://posters/2/a.jpg": {"title": "Wings"}}
    assert bv.evaluate(records, truth)["title"].exact == 2


def test_names_are_shown_and_never_obeyed() -> None:
    """Markup is text in a notebook, and control characters are none in a terminal."""
    evaluation = bv.evaluate(
        [ok("<script>&.jpg", "Greed"), ok("\x1b[31m.jpg")], {"a.jpg": {"title": "Greed"}}
    )
    assert "gs://posters/&lt;script&gt;&amp;.jpg" in evaluation._repr_html_()
    assert "<script>" not in evaluation._repr_html_()
    assert "\x1b" not in str(evaluation)
    assert "gs://posters/\N{REPLACEMENT CHARACTER}[31m.jpg" in str(evaluation)


def test_only_a_few_examples_are_named() -> None:
    """Of many images without truth the first five are named, and the rest are counted."""
    evaluation = bv.evaluate(
        [ok(f"{number:04}.jpg") for number in range(1200)], {"a.jpg": {"title": "Greed"}}
    )
    assert evaluation.without_truth.count == 1200
    assert "1,200 images without truth: gs://posters/0000.jpg, " in str(evaluation)
    assert str(evaluation.without_truth.examples[-1]) == "gs://posters/0004.jpg"
    assert "gs://posters/0004.jpg, ...\n" in str(evaluation)


def test_a_run_is_evaluated_as_it_stands(gallery: Gallery) -> None:
    """A run may be given itself; of an empty one the fields are known all the same."""
    analysis = gallery.ask(gallery.posters(), "Answer in JSON with two keys: title, year.")
    truth: Truth = {
        gallery.uri("greed.jpg"): {"title": "GREED", "year": 1924},
        "kid.jpg": {"title": "The Kid"},
    }
    empty = bv.evaluate(analysis.run("results"), truth)
    assert (empty.images, empty.without_image.count, empty.accuracy) == (0, 2, None)
    gallery.paint("greed.jpg", "Greed", 1924)
    gallery.paint("kid.jpg", None, blocked=True)
    evaluation = bv.evaluate(analysis.run("results"), truth)
    assert (evaluation["title"].normalised, evaluation["title"].missing) == (1, 1)
    assert (evaluation["year"].images, evaluation["year"].exact) == (1, 1)
    assert {score.outcome: score.images for score in evaluation.outcomes} == {
        Outcome.OK: 1,
        Outcome.BLOCKED: 1,
    }
    assert bv.evaluate(analysis.read("results"), truth) == evaluation
