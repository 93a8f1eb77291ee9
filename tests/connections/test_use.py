"""Connections in object tables, remote models, clients and questions, and where they may be."""

from __future__ import annotations

import pytest

import bqvision as bv

NOWHERE = "http://127.0.0.1:9"
URIS = ["gs://posters/*"]


def some_client(**options: object) -> bv.Client:
    """A client whose server can not be reached."""
    return bv.Client("some-project", endpoint=NOWHERE, **options)  # type: ignore[arg-type]


def test_a_connection_can_be_given_wherever_its_name_can() -> None:
    """To an object table, a remote model, a client, and a question without a remote model."""
    client = some_client()
    vision = client.connection("vision")
    dataset = client.dataset("films")
    posters, model = dataset.object_table("posters"), dataset.remote_model("gemini")
    named = "CONNECTION `some-project.us.vision`"
    assert named in posters.create_statement(uris=URIS, connection=vision).sql
    assert named in model.create_statement(endpoint="gemini-2.5-flash", connection=vision).sql
    question = posters.where("A train.", endpoint="gemini-2.5-flash", connection=vision)
    assert "us.vision" in question.table_statement(into="trains").sql
    for other in (some_client(connection=vision), client.with_options(connection=vision)):
        films = other.dataset("films").object_table("posters")
        assert "CONNECTION `us.vision`" in films.create_statement(uris=URIS).sql


def test_the_default_connection_is_the_keyword() -> None:
    """It is no name in backticks, whether it is given as the word, as a connection, or not at all."""
    client = some_client()
    posters = client.dataset("films").object_table("posters")
    for given in (None, "DEFAULT", client.connection(), client.connection("DEFAULT")):
        assert "WITH CONNECTION DEFAULT\n" in posters.create_statement(uris=URIS, connection=given).sql


@pytest.mark.parametrize(
    ("connection", "location"),
    [
        ("us.vision", "US"),
        ("US.vision", "us"),
        ("eu.vision", "EU"),
        ("europe-west4.vision", "europe-west4"),
        ("vision", "asia-south1"),
        ("DEFAULT", "EU"),
    ],
)
def test_a_connection_at_the_dataset_s_location_is_taken(connection: str, location: str) -> None:
    """However the location is spelled; and one without a location, which BigQuery looks up at the right one."""
    dataset = some_client().dataset("films", location=location)
    dataset.object_table("posters").create_statement(uris=URIS, connection=connection)
    dataset.remote_model("m").create_statement(endpoint="gemini-2.5-flash", connection=connection)


@pytest.mark.parametrize(
    ("connection", "location"),
    [
        ("us.vision", "EU"),
        ("eu.vision", "US"),
        ("us-central1.vision", "US"),
        ("us.vision", "us-central1"),
        ("europe-west4.vision", "EU"),
        ("eu.vision", "europe-west4"),
        ("other-project.us-east4.vision", "us-east1"),
    ],
)
def test_a_connection_elsewhere_is_refused_unsent(connection: str, location: str) -> None:
    """A multi-region is a location of its own; the error names both, and the line that makes a fitting one."""
    client = some_client()
    dataset = client.dataset("films", location=location)
    at = client.connection(connection).location
    for given in (connection, client.connection(connection)):
        for create in (
            lambda given=given: dataset.object_table("posters").create(uris=URIS, connection=given),
            lambda given=given: dataset.remote_model("m").create(endpoint="gemini", connection=given),
        ):
            with pytest.raises(
                bv.InvalidInputError, match=f"connection is at {at} .* at {location}"
            ) as caught:
                create()
            assert f"client.connection('vision', location={location.lower()!r})" in caught.value.next_step


def test_the_client_s_connection_is_checked_too() -> None:
    """A dataset elsewhere than the client's connection needs one of its own."""
    elsewhere = some_client(connection="us.vision").dataset("films", location="EU")
    with pytest.raises(bv.InvalidInputError, match="at us and the dataset at EU"):
        elsewhere.object_table("posters").create(uris=URIS)


def test_a_connection_of_the_client_s_own_location_fits_its_datasets(
    client: bv.Client, connection: bv.Connection, dataset: bv.Dataset
) -> None:
    """BigQuery writes the location of a connection in lower-case letters, and a dataset's in upper-case ones."""
    assert (connection.location, client.location) == ("us", "US")
    statement = dataset.object_table("posters").create_statement(uris=URIS, connection=connection)
    assert f"`{connection.name}`" in statement.sql
