"""The project's default connection: read, set, described, taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import bqvision as bv
from bqvision.local import serve

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[bv.Client]:
    """A client on a project of this module's own, since all share its default connection."""
    folder: Path = tmp_path_factory.mktemp("posters")
    (folder / "a.jpg").write_bytes(b"poster")
    with serve(buckets={"posters": folder}) as server, server.client() as running:
        yield running


def test_a_project_has_no_default_connection_at_first(client: bv.Client) -> None:
    """Describing it says what would make one."""
    assert client.default_connection(location="EU") is None
    default = client.connection("DEFAULT", location="EU")
    assert default.is_default
    assert not default.exists()
    with pytest.raises(bv.NotFoundError, match="no default connection") as caught:
        default.describe()
    assert "set_default_connection" in caught.value.next_step


def test_a_default_connection_is_set_and_taken_back(client: bv.Client) -> None:
    """By name or as a connection; the keyword is described as the connection that it stands for."""
    vision = client.connection("vision").create(description="Ours")
    for given in ("vision", "us.vision", vision):
        client.set_default_connection(given)
        found = client.default_connection()
        assert found is not None
        assert str(found.name) == str(vision.name)
        client.set_default_connection(None)
        assert client.default_connection() is None
    client.set_default_connection(vision)
    assert client.connection().exists()
    assert client.connection().describe() == vision.describe()
    assert client.default_connection(location="EU") is None
    client.set_default_connection("DEFAULT")
    assert client.default_connection() is None
    vision.delete()


def test_a_default_connection_elsewhere_is_set_there(client: bv.Client) -> None:
    """Where the connection is, not where the client is."""
    abroad = client.connection("abroad", location="EU").create()
    client.set_default_connection(abroad)
    assert client.default_connection() is None
    found = client.default_connection(location="eu")
    assert found is not None
    assert found.location == "eu"
    client.set_default_connection(None, location="EU")
    assert client.default_connection(location="eu") is None
    abroad.delete()


def test_the_one_that_bigquery_makes_is_found(client: bv.Client) -> None:
    """Once a statement has said DEFAULT; it can be granted roles by its name."""
    client.dataset("films").create().object_table("posters").create(uris=["gs://posters/*"])
    found = client.default_connection()
    assert found is not None
    info = client.connection().describe()
    assert info.name == str(found.name) == f"{client.project}.us.__default_cloudresource_connection__"
    (grant,) = client.connection().grant_statements().statements
    assert "us.__default_cloudresource_connection__" in grant.sql


@pytest.mark.parametrize("given", ["other-project.us.vision", "a b"])
def test_a_default_connection_that_can_not_be_is_refused_unsent(given: str) -> None:
    """It must be one of the project's own."""
    client = bv.Client("some-project", endpoint="http://127.0.0.1:9")
    with pytest.raises(bv.InvalidInputError):
        client.set_default_connection(given)


def test_the_statements_can_be_had_unsent() -> None:
    """They name the region and nothing else."""
    client = bv.Client("some-project", "europe-west4", endpoint="http://127.0.0.1:9")
    assert "`region-europe-west4`.INFORMATION_SCHEMA" in client.default_connection_statement().sql
    assert "`region-us.default_" in client.set_default_connection_statement("us.vision").sql
