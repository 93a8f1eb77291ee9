"""What is in a dataset is listed first, and nothing else is deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import bqvision as bv

if TYPE_CHECKING:
    from bqvision.testing import FaultPlan
    from tests.cinema import Cinema

MADE = (
    "CREATE TABLE DS.plain AS SELECT 1 AS a",
    "CREATE VIEW DS.seen AS SELECT 1 AS a",
    "CREATE MATERIALIZED VIEW DS.kept AS SELECT a FROM DS.plain",
    "CREATE SNAPSHOT TABLE DS.then CLONE DS.plain",
    "CREATE FUNCTION DS.plus(x INT64) AS (x + 1)",
    "CREATE TABLE FUNCTION DS.every(x INT64) AS SELECT x AS a",
    "CREATE PROCEDURE DS.work() BEGIN SELECT 1; END",
)


def fill(cinema: Cinema) -> None:
    """Make one thing of each kind."""
    cinema.posters()
    for statement in MADE:
        cinema.rows(statement)


def test_each_thing_in_a_dataset_is_listed_with_its_kind(cinema: Cinema) -> None:
    """Tables of every kind, the model and the routines; an object table is told from other external tables."""
    fill(cinema)
    contents = cinema.dataset.contents()
    assert {item.name.rsplit(".", 1)[1]: item.kind for item in contents} == {
        "posters": "OBJECT_TABLE",
        "plain": "TABLE",
        "seen": "VIEW",
        "kept": "MATERIALIZED_VIEW",
        "then": "SNAPSHOT",
        "gemini-vision": "MODEL",
        "plus": "SCALAR_FUNCTION",
        "every": "TABLE_VALUED_FUNCTION",
        "work": "PROCEDURE",
    }
    assert len(contents) == 9
    assert contents.counts["MODEL"] == 1
    assert [item.name for item in contents.of("VIEW")] == [f"{cinema.dataset.name}.seen"]
    assert all(item.created is not None for item in contents)
    first, *lines = str(contents).splitlines()
    assert first == f"{cinema.dataset.name}: 9 items"
    assert "  OBJECT_TABLE           posters" in lines


def test_an_empty_dataset_says_so_and_a_missing_one_is_an_error(cinema: Cinema) -> None:
    """Nothing in it is no error; no dataset is."""
    cinema.model.delete()
    contents = cinema.dataset.contents()
    assert (len(contents), str(contents)) == (0, f"{cinema.dataset.name}: empty")
    cinema.dataset.delete(contents=contents)
    with pytest.raises(bv.NotFoundError):
        cinema.dataset.contents()


def test_a_dataset_is_deleted_with_what_was_listed(cinema: Cinema) -> None:
    """Each thing of every kind goes by its name, then the empty dataset."""
    fill(cinema)
    cinema.dataset.delete(contents=cinema.dataset.contents())
    assert not cinema.dataset.exists()
    assert not cinema.model.exists()


def test_a_dataset_that_holds_more_than_was_listed_is_left_as_it_is(cinema: Cinema) -> None:
    """A table that came later, or that replaced one that was listed, stops it before anything is deleted."""
    cinema.rows("CREATE TABLE DS.plain AS SELECT 1 AS a")
    listed = cinema.dataset.contents()
    cinema.rows("CREATE OR REPLACE TABLE DS.plain AS SELECT 'mine' AS a")
    cinema.rows("CREATE TABLE DS.precious AS SELECT 'mine' AS a")
    with pytest.raises(bv.InvalidInputError, match=r"not listed: \S+\.plain, \S+\.precious") as refused:
        cinema.dataset.delete(contents=listed)
    assert "Nothing was deleted" in refused.value.next_step
    assert len(cinema.dataset.contents()) == len(listed) + 1


def test_the_contents_of_another_dataset_are_refused_before_any_request(cinema: Cinema) -> None:
    """The list says which dataset it is of."""
    with pytest.raises(bv.InvalidInputError, match=r"those of other-project\.films"):
        cinema.dataset.delete(contents=bv.Contents("other-project.films", ()))
    assert cinema.dataset.exists()


def test_what_can_not_be_deleted_by_name_is_refused_before_anything_is_deleted(cinema: Cinema) -> None:
    """A kind of thing that bqvision does not know is named."""
    name = f"{cinema.dataset.name}.friends"
    listed = bv.Contents(str(cinema.dataset.name), (bv.ContentInfo(name=name, kind="GRAPH", created=None),))
    with pytest.raises(bv.InvalidInputError, match="friends is a GRAPH"):
        cinema.dataset.delete(contents=listed)
    assert cinema.model.exists()


def test_a_deletion_that_broke_off_is_finished_by_the_same_call(cinema: Cinema, faults: FaultPlan) -> None:
    """A permission is missing for one table; what went before is gone, and the second call takes the rest."""
    fill(cinema)
    listed = cinema.dataset.contents()
    faults.fail_job("drop_content", reason="accessDenied", match="then")
    with pytest.raises(bv.BqvisionError, match="told so by a fault plan"):
        cinema.dataset.delete(contents=listed)
    assert 0 < len(cinema.dataset.contents()) < len(listed)
    cinema.dataset.delete(contents=listed)
    assert not cinema.dataset.exists()
    cinema.dataset.delete(contents=listed, missing_ok=True)
    with pytest.raises(bv.NotFoundError):
        cinema.dataset.delete(contents=listed)


def test_a_lost_answer_to_a_deletion_is_no_error(cinema: Cinema, faults: FaultPlan) -> None:
    """The job that was started is adopted."""
    faults.lose("jobs.insert", match="DROP MODEL")
    cinema.dataset.delete(contents=cinema.dataset.contents())
    assert not cinema.dataset.exists()
