"""Questions whose answer is one value: typed, and every row accounted for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import bqvision as bv
from bqvision import Outcome

if TYPE_CHECKING:
    from tests.cinema import Cinema


def test_where_says_of_every_image_whether_it_holds(cinema: Cinema) -> None:
    """A yes, a no and a NULL are three different things, and all are there."""
    cinema.hang("a.jpg", text='{"result": true}')
    cinema.hang("b.jpg", text='{"result": false}')
    cinema.hang("c.jpg", fail="blocked")
    run = cinema.posters().where("The poster shows a train.").run(into="trains")
    assert [(image.holds, image.outcome) for image in run] == [
        (True, Outcome.OK),
        (False, Outcome.OK),
        (None, Outcome.UNKNOWN),
    ]
    (failed,) = [image for image in run if image.holds is None]
    assert failed.status == failed.error == "AI.IF gave NULL, which is all that it says of a row that failed"
    assert failed.usage == bv.Usage(None, None)
    assert cinema.rows("SELECT holds FROM DS.trains ORDER BY uri") == [
        {"holds": True},
        {"holds": False},
        {"holds": None},
    ]


def test_where_keeps_its_answers_and_its_order_of_asking(cinema: Cinema) -> None:
    """It is a run like any other: a second one asks nothing, and a failed row can be asked again."""
    cinema.hang("a.jpg", text='{"result": true}')
    cinema.hang("b.jpg", text='{"result": true}', busy="1")
    trains = cinema.posters().where("The poster shows a train.")
    first = trains.run(into="trains")
    assert [image.outcome for image in first] == [Outcome.OK, Outcome.UNKNOWN]
    assert trains.run(into="trains").report.calls == 0
    again = first.retry_failed(outcomes={Outcome.UNKNOWN})
    assert [image.holds for image in again] == [True, True]
    assert cinema.calls() == {"a.jpg": 1, "b.jpg": 2}


def test_a_job_in_which_all_rows_fail_is_an_error_and_stays_to_be_done(cinema: Cinema) -> None:
    """BigQuery fails such a job as a whole; nothing is written, and the next run asks again."""
    cinema.hang("a.jpg", text='{"result": true}', busy="1")
    trains = cinema.posters().where("The poster shows a train.")
    with pytest.raises(bv.InvalidQueryError, match=r"AI\.IF failed for 1 of 1 rows") as raised:
        trains.run(into="trains")
    assert "generate_bool" in raised.value.next_step
    assert not getattr(raised.value, "__notes__", [])  # no job goes on
    assert [image.holds for image in trains.run(into="trains")] == [True]


def test_classify_gives_one_category(cinema: Cinema) -> None:
    """A category that was not offered is no answer."""
    cinema.hang("a.jpg", text='{"result": "drama"}')
    cinema.hang("b.jpg", text='{"result": "opera"}')
    run = cinema.posters().classify(["drama", "comedy"], prompt="What kind of film?").run(into="kinds")
    assert [(image.category, image.outcome) for image in run] == [
        ("drama", Outcome.OK),
        (None, Outcome.UNKNOWN),
    ]


def test_classify_gives_any_number_of_categories(cinema: Cinema) -> None:
    """None that fits is an answer too, and not the same as a failed row."""
    cinema.hang("a.jpg", text='{"result": ["drama", "war"]}')
    cinema.hang("b.jpg", text='{"result": []}')
    cinema.hang("c.jpg", fail="blocked")
    run = (
        cinema.posters()
        .classify({"drama": "it is sad", "war": "soldiers", "comedy": "it is not sad"}, multi=True)
        .run(into="kinds")
    )
    assert [(image.categories, image.outcome) for image in run] == [
        (["drama", "war"], Outcome.OK),
        ([], Outcome.OK),
        ([], Outcome.UNKNOWN),
    ]


def test_score_rates_images(cinema: Cinema) -> None:
    """Scores are numbers, whole or not."""
    cinema.hang("a.jpg", text='{"result": 7.5}')
    cinema.hang("b.jpg", text='{"result": 3}')
    run = cinema.posters().score("From 0 to 10, how legible is the title?").run(into="scores")
    assert [image.score for image in run] == [7.5, 3.0]


def test_a_yes_or_no_with_a_status_and_tokens(cinema: Cinema) -> None:
    """AI.GENERATE_BOOL says why a row failed, what it took, and what the model said instead."""
    cinema.hang("a.jpg", text='{"result": true}')
    cinema.hang("b.jpg", text="Perhaps.")
    cinema.hang("c.jpg", fail="permanent", message="FAILED_PRECONDITION: out of words")
    run = cinema.posters().generate_bool("Is there a train?", endpoint="gemini-2.5-flash").run(into="trains")
    assert [(image.value, image.outcome, image.usage.output_tokens) for image in run] == [
        (True, Outcome.OK, 10),
        (None, Outcome.UNPARSABLE, 10),
        (None, Outcome.UNKNOWN, None),
    ]
    assert [image.text for image in run][1] == "Perhaps."


def test_numbers_are_asked_for(cinema: Cinema) -> None:
    """AI.GENERATE_INT and AI.GENERATE_DOUBLE give numbers, and a run of each has a table of its own."""
    cinema.hang("a.jpg", text='{"result": 3}')
    posters = cinema.posters()
    (people,) = posters.generate_int("How many people?").run(into="people")
    (share,) = posters.generate_double("Which share of it is red?").run(into="red")
    assert (people.value, share.value) == (3, 3.0)
    assert type(share.value) is float


def test_the_one_statement_of_a_value_reads_back(cinema: Cinema) -> None:
    """A table of AI.IF holds nothing but the value, and a NULL in it is still a row."""
    cinema.hang("a.jpg", text='{"result": true}')
    cinema.hang("b.jpg", fail="blocked")
    trains = cinema.posters().where("The poster shows a train.")
    table = trains.create_table(into="trains")
    assert [(image.holds, image.outcome) for image in trains.read(table)] == [
        (True, Outcome.OK),
        (None, Outcome.UNKNOWN),
    ]
    trains.format(table, into="formatted")
    assert cinema.rows("SELECT holds, outcome FROM DS.formatted ORDER BY uri") == [
        {"holds": True, "outcome": "OK"},
        {"holds": None, "outcome": "UNKNOWN"},
    ]


def test_the_one_statement_tells_no_category_from_no_answer(cinema: Cinema) -> None:
    """BigQuery stores a NULL array as an empty one, so the statement puts down what has failed."""
    cinema.hang("a.jpg", text='{"result": []}')
    cinema.hang("b.jpg", fail="blocked")
    kinds = cinema.posters().classify(["drama", "war"], multi=True)
    table = kinds.create_table(into="kinds")
    assert [image.outcome for image in kinds.read(table)] == [Outcome.OK, Outcome.UNKNOWN]
    kinds.format(table, into="formatted")
    assert cinema.rows("SELECT outcome FROM DS.formatted ORDER BY uri") == [
        {"outcome": "OK"},
        {"outcome": "UNKNOWN"},
    ]


@pytest.mark.parametrize(
    ("categories", "said"),
    [
        (["drama", "Drama"], "given twice"),
        (["drama", " drama "], "given twice"),
        ([], "empty"),
        ("drama", "a list of texts"),
        ([""], "not allowed"),
        ([3], "not allowed"),
        ({"drama": " "}, "not allowed"),
        (["tr\u00e8s\u00a0bon"], "not allowed"),
        ([" padded"], "not allowed"),
        (["a\tb"], "not allowed"),
    ],
)
def test_categories_that_can_not_be_are_refused(cinema: Cinema, categories: object, said: str) -> None:
    """They are literals in a statement that is paid for, so what is wrong with them is said before."""
    posters = cinema.dataset.object_table("posters")
    with pytest.raises(bv.InvalidInputError, match=said):
        posters.classify(categories)  # type: ignore[call-overload]


def test_a_token_limit_needs_a_function_that_counts_tokens(cinema: Cinema) -> None:
    """AI.IF tells no tokens, so a limit of them can not be kept."""
    cinema.hang("a.jpg", text='{"result": true}')
    trains = cinema.posters().where("A train.")
    for attempt in (trains.run, trains.statements):
        with pytest.raises(bv.InvalidInputError, match=r"AI\.IF does not give"):
            attempt(into="trains", max_tokens=1000)
    assert cinema.calls() == {}
