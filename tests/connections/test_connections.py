"""Connections: created, described, listed, deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from google.cloud import bigquery_connection_v1

import bqvision as bv

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bqvision._rest import JsonValue
    from bqvision.testing import FaultPlan

NOWHERE = "http://127.0.0.1:9"


def test_a_connection_is_made_without_any_request() -> None:
    """With a server that can not be reached, its names can be had."""
    client = bv.Client("some-project", endpoint=NOWHERE)
    connection = client.connection("vision")
    assert str(connection) == "us.vision"
    assert str(connection.name) == "some-project.us.vision"
    assert connection.location == "us"
    assert "us.vision" not in repr(client)


@pytest.mark.parametrize(
    ("given", "location", "full"),
    [
        ("vision", None, "some-project.us.vision"),
        ("vision", "EU", "some-project.eu.vision"),
        ("europe-west4.vision", None, "some-project.europe-west4.vision"),
        ("other-project.US.vision", "us", "other-project.us.vision"),
        ("projects/other-project/locations/eu/connections/vision", None, "other-project.eu.vision"),
        ("DEFAULT", None, "DEFAULT"),
        (None, "eu", "DEFAULT"),
    ],
)
def test_a_name_may_leave_out_what_the_client_knows(
    given: str | None, location: str | None, full: str
) -> None:
    """Project and location are the client's unless they are given, and `DEFAULT` stays the keyword."""
    client = bv.Client("some-project", endpoint=NOWHERE)
    assert str(client.connection(given, location=location).name) == full


@pytest.mark.parametrize(
    ("given", "location"),
    [
        ("", None),
        ("a b", None),
        ("a`b", None),
        ("us.vision.x.y", None),
        ("us.vision", "eu"),
        ("vision", "moon base"),
    ],
)
def test_a_name_that_can_not_be_is_refused_unsent(given: str, location: str | None) -> None:
    """Nor may the name and the location contradict each other."""
    client = bv.Client("some-project", endpoint=NOWHERE)
    with pytest.raises(bv.InvalidInputError) as caught:
        client.connection(given, location=location)
    assert caught.value.next_step


@pytest.mark.parametrize("verb", ["create", "delete"])
def test_the_keyword_is_no_connection_to_create_or_delete(verb: str) -> None:
    """It is refused before any request, and the error says to name one."""
    default = bv.Client("some-project", endpoint=NOWHERE).connection()
    with pytest.raises(bv.InvalidInputError, match="DEFAULT is a keyword") as caught:
        getattr(default, verb)()
    assert f".{verb}()" in caught.value.next_step


def test_a_connection_has_the_texts_it_was_given(client: bv.Client, name: str) -> None:
    """It comes back as BigQuery describes it, with the account to grant roles to."""
    connection = client.connection(name)
    assert not connection.exists()
    assert connection.create(friendly_name="Posters", description="Reads posters") is connection
    info = connection.describe()
    assert info.name == f"{client.project}.us.{name}"
    assert info.location == "us"
    assert (info.friendly_name, info.description) == ("Posters", "Reads posters")
    assert info.service_account is not None
    assert info.service_account.endswith("@gcp-sa-bigquery-condel.iam.gserviceaccount.com")
    assert info.created is not None
    assert info.created.tzinfo is not None
    assert connection.exists()


def test_google_s_own_client_has_the_same_connection(client: bv.Client, connection: bv.Connection) -> None:
    """It is a Cloud resource connection, made with nothing of ours in it."""
    transport = bigquery_connection_v1.ConnectionServiceClient.get_transport_class("rest")(
        host=str(client.endpoint), credentials=client.bigquery._credentials
    )
    project, location, name = str(connection.name).split(".")
    with bigquery_connection_v1.ConnectionServiceClient(transport=transport) as google:
        found = google.get_connection(name=f"projects/{project}/locations/{location}/connections/{name}")
    assert "cloud_resource" in found
    assert found.cloud_resource.service_account_id == connection.describe().service_account
    assert not found.description


def test_creating_a_connection_twice_is_an_error_unless_it_is_meant(
    client: bv.Client, connection: bv.Connection
) -> None:
    """With exists_ok it is left as it is."""
    with pytest.raises(bv.AlreadyExistsError) as caught:
        connection.create(description="another")
    assert "exists_ok=True" in caught.value.next_step
    connection.create(exists_ok=True, description="another")
    assert connection.describe().description is None


def test_connections_are_listed_by_location(client: bv.Client, connection: bv.Connection, name: str) -> None:
    """Those of other locations are not among them."""
    abroad = client.connection(name, location="EU").create()
    assert str(connection.name) in [str(found.name) for found in client.connections()]
    assert [str(found.name) for found in client.connections(location="eu")] == [str(abroad.name)]
    abroad.delete()
    assert list(client.connections(location="EU")) == []


def test_a_deleted_connection_is_gone(connection: bv.Connection) -> None:
    """Deleting it again is an error unless that is fine."""
    connection.delete()
    assert not connection.exists()
    with pytest.raises(bv.ConnectionNotFoundError, match="no such connection"):
        connection.describe()
    with pytest.raises(bv.ConnectionNotFoundError):
        connection.delete()
    connection.delete(missing_ok=True)


def test_what_another_server_does_not_know_is_no_missing_connection(
    client: bv.Client, connection: bv.Connection, plan: FaultPlan
) -> None:
    """A page that says 404 is an error, and not taken for "there is none"."""
    plan.answer("connections.get", 404, html=True)
    with pytest.raises(bv.NotFoundError, match="a page instead of an answer"):
        connection.exists()
    plan.answer("connections.delete", 404, html=True)
    with pytest.raises(bv.NotFoundError):
        connection.delete(missing_ok=True)
    plan.answer("connections.get", 404, message="Requested entity was not found.")
    assert not connection.exists()


@pytest.mark.parametrize("kind", ["cloudSql", "spark", "somethingNew"])
def test_a_connection_of_another_kind_is_not_taken(
    client: bv.Client, connection: bv.Connection, plan: FaultPlan, kind: str
) -> None:
    """It exists neither for us nor in the list, and the errors say what it is."""
    empty: Mapping[str, JsonValue] = {}
    other: Mapping[str, JsonValue] = {"cloudResource": None, kind: empty}
    plan.rewrite("connections.get", other, times=3)
    assert not connection.exists()
    shown = kind if kind != "somethingNew" else "connection of another kind"
    with pytest.raises(bv.InvalidInputError, match=shown):
        connection.describe()
    with pytest.raises(bv.AlreadyExistsError, match=shown):
        connection.create(exists_ok=True)
    resource: JsonValue = {"name": "projects/p/locations/us/connections/sql", kind: empty}
    plan.rewrite("connections.list", {"connections": [resource]})
    assert list(client.connections()) == []


def test_a_listing_is_read_page_by_page(client: bv.Client, plan: FaultPlan) -> None:
    """Each page is asked for by the token of the one before, and pages that run in a circle are an error."""
    empty: Mapping[str, JsonValue] = {}
    pages: list[Mapping[str, JsonValue]] = []
    for number, token in enumerate(("more", "")):
        name = f"projects/some-project/locations/us/connections/c{number}"
        pages.append({"connections": [{"name": name, "cloudResource": empty}], "nextPageToken": token})
    plan.rewrite("connections.list", pages[1], match="pageToken=more")
    plan.rewrite("connections.list", pages[0])
    assert [str(found) for found in client.connections()] == ["some-project.us.c0", "some-project.us.c1"]
    plan.rewrite("connections.list", pages[0], times=2)
    with pytest.raises(bv.IntegrityError, match="circle"):
        list(client.connections())


def test_a_connection_has_no_account_for_a_moment(connection: bv.Connection, plan: FaultPlan) -> None:
    """Then it is described without one, and its grants can not be said."""
    plan.rewrite("connections.get", {"cloudResource": {}}, times=2)
    assert connection.describe().service_account is None
    with pytest.raises(bv.NotFoundError, match="no service account yet"):
        connection.grant_statements()


@pytest.mark.parametrize(("argument", "value"), [("description", "x" * 16_385), ("friendly_name", "\ud800")])
def test_a_text_that_can_not_be_is_refused_unsent(argument: str, value: str) -> None:
    """It is checked before any request."""
    connection = bv.Client("some-project", endpoint=NOWHERE).connection("vision")
    with pytest.raises(bv.InvalidInputError, match=argument):
        connection.create(**{argument: value})  # type: ignore[arg-type]
