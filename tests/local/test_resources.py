"""Models, connections, datasets and tables of the local BigQuery, through google's clients."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from google.api_core.exceptions import BadRequest, Conflict, NotFound
from google.cloud import bigquery, bigquery_connection_v1
from google.cloud.bigquery_connection_v1.services.connection_service.transports import (
    ConnectionServiceRestTransport,
)

if TYPE_CHECKING:
    from bqvision.local import LocalServer

    from .conftest import Place


def test_a_remote_model_tells_endpoint_and_connection(place: Place) -> None:
    """models.get has what BigQuery has of a remote model."""
    place.model("gemini-vision")
    resource = place.client.get_model(f"{place.dataset}.gemini-vision").to_api_repr()
    assert resource["modelType"] == "MODEL_TYPE_UNSPECIFIED"
    assert resource["location"] == "US"
    assert resource["remoteModelInfo"] == {
        "endpoint": "scripted-1",
        "connection": "local-project.us.__default_cloudresource_connection__",
    }
    assert [model.model_id for model in place.client.list_models(place.dataset)] == ["gemini-vision"]


def test_models_are_created_replaced_changed_and_dropped(place: Place) -> None:
    """The forms of CREATE and DROP MODEL, models.patch and models.delete do what they say."""
    name = f"{place.dataset}.model"
    place.model()
    create = "CREATE MODEL {}DS.model REMOTE WITH CONNECTION DEFAULT OPTIONS(ENDPOINT = 'scripted-2')"
    with pytest.raises(Conflict):
        place.sql(create.format(""))
    place.sql(create.format("IF NOT EXISTS "))
    model = place.client.get_model(name)
    assert model.to_api_repr()["remoteModelInfo"]["endpoint"] == "scripted-1"
    model.description, model.labels = "reads posters", {"team": "film"}
    changed = place.client.update_model(model, ["description", "labels"])
    assert (changed.description, changed.labels) == ("reads posters", {"team": "film"})
    place.sql("DROP MODEL DS.model")
    place.sql("DROP MODEL IF EXISTS DS.model")
    with pytest.raises(NotFound):
        place.sql("DROP MODEL DS.model")
    place.model()
    place.client.delete_model(name)
    with pytest.raises(NotFound):
        place.client.get_model(name)


def test_models_and_tables_share_their_names(place: Place) -> None:
    """A name is a table's or a model's."""
    place.model("thing")
    with pytest.raises(Conflict):
        place.sql("CREATE TABLE DS.thing AS SELECT 1 AS n")
    with pytest.raises(Conflict):
        place.posters("thing")
    place.sql("CREATE TABLE DS.plain AS SELECT 1 AS n")
    with pytest.raises(Conflict):
        place.model("plain")


def test_an_unmapped_endpoint_is_refused_with_the_mapped_ones(place: Place) -> None:
    """No vision model answers for it; the error says which endpoints have one."""
    with pytest.raises(NotFound, match=r"gpt-9.*scripted-\*"):
        place.sql("CREATE MODEL DS.m REMOTE WITH CONNECTION DEFAULT OPTIONS(ENDPOINT = 'gpt-9')")


def test_an_endpoint_may_be_a_url(place: Place) -> None:
    """URL endpoints find their model by the last part of the path."""
    url = (
        "https://aiplatform.googleapis.com/v1/projects/p/locations/global/publishers/google/models/scripted-1"
    )
    place.sql(f"CREATE MODEL DS.m REMOTE WITH CONNECTION DEFAULT OPTIONS(ENDPOINT = '{url}')")
    assert place.client.get_model(f"{place.dataset}.m").to_api_repr()["remoteModelInfo"]["endpoint"] == url


def test_named_connections_must_be_there(place: Place) -> None:
    """CREATE CONNECTION makes what object tables and models name; a missing one is refused."""
    model = f"CREATE MODEL DS.m REMOTE WITH CONNECTION `us.{place.name}` OPTIONS(ENDPOINT = 'scripted-1')"
    with pytest.raises(NotFound, match=place.name):
        place.sql(model)
    place.sql(
        f"CREATE CONNECTION `local-project.us.{place.name}` OPTIONS(connection_type = 'CLOUD_RESOURCE')"
    )
    with pytest.raises(Conflict):
        place.sql(f"CREATE CONNECTION `us.{place.name}` OPTIONS(connection_type = 'CLOUD_RESOURCE')")
    place.sql(model)
    info = place.client.get_model(f"{place.dataset}.m").to_api_repr()["remoteModelInfo"]
    assert info["connection"] == f"local-project.us.{place.name}"
    place.sql(f"DROP CONNECTION `us.{place.name}`")
    with pytest.raises(NotFound):
        place.sql(f"DROP CONNECTION `us.{place.name}`")


def test_the_connection_api_works_with_googles_client(place: Place, server: LocalServer) -> None:
    """Create, get, list and delete, with Conflict and NotFound where they belong."""
    transport = ConnectionServiceRestTransport(
        host=server.endpoint.removeprefix("http://"), url_scheme="http", credentials=server.credentials
    )
    client = bigquery_connection_v1.ConnectionServiceClient(transport=transport)
    parent = f"projects/{server.project}/locations/us"
    name = f"{parent}/connections/{place.name}"
    wanted = bigquery_connection_v1.Connection(
        friendly_name="posters", cloud_resource=bigquery_connection_v1.CloudResourceProperties()
    )
    made = client.create_connection(parent=parent, connection_id=place.name, connection=wanted)
    assert made.name == name
    assert made.cloud_resource.service_account_id
    with pytest.raises(Conflict):
        client.create_connection(parent=parent, connection_id=place.name, connection=wanted)
    assert client.get_connection(name=name).friendly_name == "posters"
    assert name in [connection.name for connection in client.list_connections(parent=parent)]
    client.delete_connection(name=name)
    with pytest.raises(NotFound):
        client.get_connection(name=name)
    transport.close()  # type: ignore[no-untyped-call]


def test_datasets_keep_what_their_statement_says(place: Place) -> None:
    """CREATE SCHEMA's options show in datasets.get."""
    name = f"{place.name}_more"
    place.sql(
        f"CREATE SCHEMA {name} OPTIONS(description = 'films', labels = [('team', 'film')], "
        "default_table_expiration_days = 2.5, location = 'EU')"
    )
    dataset = place.client.get_dataset(name)
    assert dataset.description == "films"
    assert dataset.labels == {"team": "film"}
    assert dataset.default_table_expiration_ms == 2.5 * 86_400_000
    assert dataset.location == "EU"
    with pytest.raises(Conflict):
        place.sql(f"CREATE SCHEMA {name}")
    place.sql(f"CREATE SCHEMA IF NOT EXISTS {name} OPTIONS(description = 'others')")
    assert place.client.get_dataset(name).description == "films"
    with pytest.raises(Conflict):
        place.client.create_dataset(name)


def test_datasets_are_there_or_not(place: Place) -> None:
    """Getting, dropping and deleting a dataset that is not there is NotFound."""
    for call in (
        place.client.get_dataset,
        place.client.delete_dataset,
        lambda name: list(place.client.list_tables(name)),
    ):
        with pytest.raises(NotFound):
            call("nowhere")
    with pytest.raises(NotFound):
        place.sql("DROP SCHEMA nowhere")
    place.sql("DROP SCHEMA IF EXISTS nowhere")
    place.sql("CREATE TABLE DS.t AS SELECT 1 AS n")
    with pytest.raises(BadRequest):
        place.sql(f"DROP SCHEMA {place.dataset}")


def test_tables_keep_what_their_statement_says(place: Place) -> None:
    """Expiration, description and labels of CREATE TABLE show in tables.get."""
    place.sql(
        "CREATE TABLE DS.t OPTIONS(description = 'work', labels = [('kind', 'work')], "
        "expiration_timestamp = TIMESTAMP_ADD(CURRENT_TIMESTAMP(), INTERVAL 6 HOUR)) AS SELECT 1 AS n"
    )
    table = place.client.get_table(f"{place.dataset}.t")
    assert table.description == "work"
    assert table.labels == {"kind": "work"}
    assert timedelta(hours=5) < table.expires - datetime.now(UTC) < timedelta(hours=7)
    place.sql("CREATE TABLE IF NOT EXISTS DS.t OPTIONS(description = 'other') AS SELECT 2 AS n")
    assert place.client.get_table(f"{place.dataset}.t").description == "work"
    place.sql("CREATE OR REPLACE TABLE DS.t AS SELECT 2 AS n")
    assert place.client.get_table(f"{place.dataset}.t").expires is None


def test_tables_made_over_rest_keep_their_expiration(place: Place) -> None:
    """tables.insert and tables.patch keep what the emulator forgets."""
    table = bigquery.Table(
        f"{place.server.project}.{place.dataset}.t", schema=[bigquery.SchemaField("n", "INTEGER")]
    )
    table.expires = datetime.now(UTC) + timedelta(days=1)
    place.client.create_table(table)
    assert place.client.get_table(table).expires is not None
    place.client.delete_table(table)
    with pytest.raises(NotFound):
        place.client.delete_table(table)
