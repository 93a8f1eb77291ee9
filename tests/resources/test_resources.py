"""Datasets, object tables and remote models: created, described, listed, deleted."""

from __future__ import annotations

import base64
import hashlib
import urllib.request
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

import bqvision as bv

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cinema import Cinema

NOWHERE = "http://127.0.0.1:9"
MAKE_CONNECTION = "CREATE CONNECTION IF NOT EXISTS `us.vision` OPTIONS (connection_type = 'CLOUD_RESOURCE')"


def test_objects_are_made_without_any_request() -> None:
    """With a server that can not be reached, everything can be described and every statement be had."""
    client = bv.Client("some-project", endpoint=NOWHERE)
    dataset = client.dataset("films")
    posters = dataset.object_table("posters")
    model = dataset.remote_model("gemini-vision")
    analysis = model.analyze(posters, prompt="Which film?")
    statements = (
        dataset.create_statement(),
        dataset.delete_statement(),
        posters.create_statement(uris=["gs://posters/*"]),
        posters.objects_statement(),
        posters.count_statement(),
        posters.refresh_statement(),
        posters.signed_urls_statement(),
        posters.delete_statement(),
        model.create_statement(endpoint="gemini-2.5-flash"),
        model.delete_statement(),
        analysis.table_statement(into="answers"),
    )
    assert len({statement.label for statement in statements}) == len(statements)
    assert all("some-project.films" in statement.sql for statement in statements)


def test_a_dataset_has_the_options_it_was_given(client: bv.Client) -> None:
    """Description, labels and default expiry come back as BigQuery describes them."""
    dataset = client.dataset("options_of_a_dataset")
    assert not dataset.exists()
    dataset.create(
        description="Films of the twenties",
        labels={"team": "archive"},
        default_table_expiration=timedelta(days=3),
    )
    assert dataset.exists()
    info = dataset.describe()
    assert info.name == f"{client.project}.options_of_a_dataset"
    assert info.location == "US"
    assert info.description == "Films of the twenties"
    assert dict(info.labels) == {"team": "archive"}
    assert info.default_table_expiration == timedelta(days=3)
    assert info.created is not None
    assert info.created.tzinfo is not None
    assert "options_of_a_dataset" in {found.name.dataset for found in client.datasets()}
    dataset.delete()
    assert not dataset.exists()


def test_creating_a_dataset_twice_is_an_error_unless_it_is_meant(client: bv.Client) -> None:
    """Without exists_ok it is refused; with it, only a dataset at another location is."""
    dataset = client.dataset("twice").create()
    with pytest.raises(bv.AlreadyExistsError):
        dataset.create()
    dataset.create(exists_ok=True)
    with pytest.raises(bv.AlreadyExistsError, match="at US"):
        client.dataset("twice", location="EU").create(exists_ok=True)
    dataset.delete()
    with pytest.raises(bv.NotFoundError):
        dataset.delete()
    dataset.delete(missing_ok=True)


def test_a_dataset_with_contents_goes_only_when_it_is_said(cinema: Cinema) -> None:
    """Its tables and models are listed, and deleted with it."""
    cinema.posters()
    assert [(table.name, table.kind) for table in cinema.dataset.tables()] == [
        (str(cinema.dataset.table_name("posters")), "EXTERNAL")
    ]
    with pytest.raises(bv.InvalidQueryError):
        cinema.dataset.delete()
    cinema.dataset.delete(contents=True)
    assert not cinema.dataset.exists()
    assert not cinema.model.exists()


def test_an_object_table_lists_its_objects_as_they_are(cinema: Cinema) -> None:
    """Size, MD5, content type and time are the file's, and a replaced file is another generation."""
    cinema.store("a.jpg", b"first")
    cinema.store("b.webp", b"second one")
    posters = cinema.posters()
    first, second = list(posters.objects())
    assert (first.uri, first.content_type, first.size) == (cinema.uri("a.jpg"), "image/jpeg", 5)
    assert first.md5_hash == base64.b64encode(hashlib.md5(b"first").digest()).decode()  # noqa: S324
    assert (second.content_type, second.size) == ("image/webp", 10)
    assert first.updated is not None
    assert datetime.now(UTC) - first.updated < timedelta(minutes=5)
    cinema.store("a.jpg", b"other")
    cinema.store("c.png", b"third")
    replaced, same, _added = list(posters.objects())
    assert replaced.generation != first.generation
    assert same == second
    assert posters.count() == 3


@pytest.mark.parametrize(
    ("choose", "names"),
    [
        (lambda table: table.objects(content_types=["image/png", "image/webp"]), ["b.webp", "c.png"]),
        (lambda table: table.objects(min_size=3), ["b.webp", "c.png"]),
        (lambda table: table.objects(max_size=3), ["a.jpg", "b.webp"]),
        (
            lambda table: table.objects(updated_after=datetime(2000, 1, 1, tzinfo=UTC), limit=2),
            ["a.jpg", "b.webp"],
        ),
        (lambda table: table.objects(updated_before=datetime(2000, 1, 1, tzinfo=UTC)), []),
    ],
)
def test_objects_can_be_filtered(
    cinema: Cinema, choose: Callable[[bv.ObjectTable], list[bv.ObjectInfo]], names: list[str]
) -> None:
    """By type, size and time, with a limit."""
    for name, size in (("a.jpg", 1), ("b.webp", 3), ("c.png", 5)):
        cinema.store(name, b"x" * size)
    found = [info.uri.rsplit("/", 1)[-1] for info in choose(cinema.posters())]
    assert found == names


def test_an_object_table_is_described_as_it_was_created(cinema: Cinema) -> None:
    """Several URIs, a named connection, a cache and a description."""
    cinema.rows(MAKE_CONNECTION)
    uris = [*cinema.uris, "gs://cinema/other/*.png"]
    table = cinema.dataset.object_table("cached").create(
        uris=uris,
        connection="us.vision",
        max_staleness=timedelta(hours=4),
        metadata_cache_mode="MANUAL",
        description="posters",
    )
    info = table.describe()
    assert info.uris == tuple(uris)
    assert info.connection is not None
    assert info.connection.endswith("us.vision")
    assert info.metadata_cache_mode == "MANUAL"
    assert info.max_staleness is not None
    assert info.description == "posters"


def test_a_cached_listing_changes_when_it_is_refreshed(cinema: Cinema) -> None:
    """With a manual cache a new object shows after refresh; a table without a cache refuses one."""
    table = cinema.dataset.object_table("cached").create(
        uris=cinema.uris, max_staleness=timedelta(hours=1), metadata_cache_mode="MANUAL"
    )
    table.refresh()
    cinema.store("a.jpg", b"new")
    assert table.count() == 0
    table.refresh()
    assert table.count() == 1
    with pytest.raises(bv.InvalidQueryError):
        cinema.posters().refresh()


def test_an_object_table_is_replaced_or_kept_as_it_is_said(cinema: Cinema) -> None:
    """A second create is refused, replaces, or leaves what is there."""
    table = cinema.dataset.object_table("posters").create(uris=cinema.uris)
    with pytest.raises(bv.AlreadyExistsError):
        table.create(uris=cinema.uris)
    table.create(uris=["gs://cinema/elsewhere/*"], exists_ok=True)
    assert table.describe().uris == tuple(cinema.uris)
    table.create(uris=["gs://cinema/elsewhere/*"], replace=True)
    assert table.describe().uris == ("gs://cinema/elsewhere/*",)
    table.delete()
    assert not table.exists()
    with pytest.raises(bv.NotFoundError):
        table.delete()
    table.delete(missing_ok=True)


def test_a_signed_url_reads_the_object_and_is_kept_secret(cinema: Cinema) -> None:
    """Anybody may fetch it, so no repr shows it."""
    cinema.store("a.jpg", b"the picture")
    (signed,) = cinema.posters().signed_urls()
    with urllib.request.urlopen(signed.url, timeout=10) as answer:
        assert answer.read() == b"the picture"
    assert signed.url not in repr(signed)


def test_a_remote_model_is_described_replaced_and_deleted(cinema: Cinema) -> None:
    """Its endpoint and connection are what BigQuery reports."""
    url = "https://aiplatform.googleapis.com/v1/projects/p/locations/global/publishers/google/models/gemini-2.5-pro"
    cinema.rows(MAKE_CONNECTION)
    model = cinema.dataset.remote_model("other").create(endpoint=url, connection="us.vision")
    info = model.describe()
    assert info.endpoint == url
    assert info.connection is not None
    assert info.connection.endswith("us.vision")
    with pytest.raises(bv.AlreadyExistsError):
        model.create(endpoint="gemini-2.5-flash")
    model.create(endpoint="gemini-2.5-flash", exists_ok=True)
    assert model.describe().endpoint == url
    model.create(endpoint="gemini-2.5-flash", replace=True)
    assert model.describe().endpoint == "gemini-2.5-flash"
    model.delete()
    assert not model.exists()
    with pytest.raises(bv.NotFoundError):
        model.delete()
    model.delete(missing_ok=True)


def test_options_change_on_a_copy(client: bv.Client) -> None:
    """The copy has the new settings and the rest of the old; the first client stays as it is."""
    copy = client.with_options(location="EU", labels={"team": "archive"}, connection="eu.vision")
    assert (copy.project, copy.endpoint, copy.location) == (client.project, client.endpoint, "EU")
    assert dict(copy.labels) == {"team": "archive"}
    assert str(copy.connection_name) == "eu.vision"
    assert client.location == "US"
    copy.close()


def test_settings_come_from_the_environment_unless_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """Argument, then environment, then default."""
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "from-environment")
    monkeypatch.setenv("BQVISION_LOCATION", "europe-west4")
    monkeypatch.setenv("BQVISION_CONNECTION", "eu.vision")
    monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", "127.0.0.1:9050")
    client = bv.Client()
    assert client.project == "from-environment"
    assert client.location == "europe-west4"
    assert str(client.connection_name) == "eu.vision"
    assert client.endpoint == "http://127.0.0.1:9050"
    given = bv.Client("given-project", "US", endpoint=NOWHERE, connection="us.other")
    assert (given.project, given.location, given.endpoint) == ("given-project", "US", NOWHERE)
    assert str(given.connection_name) == "us.other"


def test_every_job_has_the_labels_of_the_client(cinema: Cinema) -> None:
    """Labels stand on each job, for cost attribution."""
    labelled = cinema.client.with_options(labels={"team": "archive"})
    labelled.dataset(cinema.folder.name).object_table("posters").create(uris=cinema.uris)
    jobs = [job for job in labelled.bigquery.list_jobs() if cinema.folder.name in job.query]
    assert {"bqvision": "create_object_table", "team": "archive"} in [job.labels for job in jobs]
    labelled.close()
