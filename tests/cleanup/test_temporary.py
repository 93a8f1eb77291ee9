"""Datasets that end with a block of code, or by themselves."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

import bqvision as bv

if TYPE_CHECKING:
    from bqvision.testing import FaultPlan
    from tests.cinema import Cinema


def test_a_temporary_dataset_goes_at_the_end_with_its_contents(client: bv.Client) -> None:
    """It has a random name, labels and an expiry while it is there."""
    with (
        client.temporary_dataset(labels={"team": "archive"}) as dataset,
        client.temporary_dataset("other", expires=timedelta(hours=2)) as second,
    ):
        client.bigquery.query(f"CREATE TABLE `{dataset.name}.t` AS SELECT 1 AS a").result()
        info = dataset.describe()
        assert dict(info.labels) == {"team": "archive", "bqvision": "temporary"}
        assert info.default_table_expiration == timedelta(days=1)
        assert dataset.name.dataset.startswith("bqvision_tmp_")
        assert second.name.dataset.startswith("other_")
        assert second.describe().default_table_expiration == timedelta(hours=2)
    assert not dataset.exists()
    assert not second.exists()


def test_it_goes_when_the_block_fails_too(client: bv.Client) -> None:
    """The block's own error comes out as it was."""
    with pytest.raises(ZeroDivisionError) as raised, client.temporary_dataset() as dataset:
        _ = 1 / 0
    assert not dataset.exists()
    assert not hasattr(raised.value, "__notes__")


def test_one_that_is_gone_already_is_no_error(client: bv.Client) -> None:
    """The block may delete it itself."""
    with client.temporary_dataset() as dataset:
        dataset.delete(contents=True)
    assert not dataset.exists()


def test_what_can_not_be_right_is_refused_before_anything_is_made(client: bv.Client) -> None:
    """A name that can not be one, and an expiry that BigQuery does not take."""
    for wrong in (
        client.temporary_dataset("no-dataset"),
        client.temporary_dataset(expires=timedelta(minutes=5)),
    ):
        with pytest.raises(bv.InvalidInputError), wrong:
            pytest.fail("it began")


@pytest.mark.parametrize("location", [None, "EU"])
def test_one_that_can_not_be_deleted_is_named_with_the_line_that_deletes_it(
    client: bv.Client, faults: FaultPlan, location: str | None
) -> None:
    """The error says what is left, and what to run."""
    faults.answer("jobs.insert", 403, reason="accessDenied", match="DROP SCHEMA")
    with (
        pytest.raises(bv.PermissionDeniedError) as raised,
        client.temporary_dataset(location=location) as dataset,
    ):
        pass
    (note,) = raised.value.__notes__
    line = note.partition("Delete it with: ")[2]
    assert line == (
        f"client.dataset('{dataset.name}', location='{location or 'US'}')"
        ".delete(contents=True, missing_ok=True)"
    )
    dataset.delete(contents=True, missing_ok=True)
    assert not dataset.exists()


def test_the_first_error_is_not_hidden_by_the_second(client: bv.Client, faults: FaultPlan) -> None:
    """If the block fails and the deletion too, the block's error has a note about the dataset."""
    faults.answer("jobs.insert", 403, reason="accessDenied", match="DROP SCHEMA")
    with pytest.raises(ZeroDivisionError) as raised, client.temporary_dataset() as dataset:
        _ = 1 / 0
    (note,) = raised.value.__notes__
    assert str(dataset.name) in note
    assert ".delete(contents=True" in note
    dataset.delete(contents=True)


def test_results_in_a_temporary_dataset_keep_its_expiry(cinema: Cinema) -> None:
    """Elsewhere a results table lives for ever; here the safety net is for it too."""
    cinema.show("a.jpg", "Sunrise", 1927)
    with cinema.client.temporary_dataset() as dataset:
        images = dataset.object_table("posters").create(uris=cinema.uris)
        model = dataset.remote_model("gemini-vision").create(endpoint="gemini-2.5-flash")
        question = model.analyze(images, prompt="Which film? Answer in JSON with two keys: title, year.")
        table = question.run("results").table
        # As BigQuery gives it to every table of a dataset with a default expiry.
        cinema.rows(
            f"ALTER TABLE `{table}` SET OPTIONS "
            "(expiration_timestamp = TIMESTAMP_ADD(CURRENT_TIMESTAMP(), INTERVAL 1 DAY))"
        )
        assert [poster.title for poster in question.run("results")] == ["Sunrise"]
        assert cinema.client.bigquery.get_table(table).expires is not None
    assert not dataset.exists()
