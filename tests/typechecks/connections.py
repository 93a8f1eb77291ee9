"""What type checkers know of connections; checked by mypy and pyright, never run."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import assert_type

import bqvision as bv


def connections(client: bv.Client) -> None:
    """Verbs return their own resource, and descriptions are typed."""
    vision = client.connection("vision", location="eu").create(exists_ok=True, description="Reads posters")
    assert_type(vision, bv.Connection)
    assert_type(vision.location, str)
    assert_type(vision.exists(), bool)
    info = vision.describe()
    assert_type(info, bv.ConnectionInfo)
    assert_type(info.service_account, str | None)
    assert_type(info.created, datetime | None)
    assert_type(client.connections(), Iterator[bv.Connection])
    assert_type(client.default_connection(), bv.Connection | None)
    assert_type(client.set_default_connection_statement(None), bv.Statement)
    client.set_default_connection(vision)
    client.set_default_connection("vision", location="eu")


def grants(vision: bv.Connection) -> None:
    """What is left to do is typed, and so is what a callback is told."""

    def tell(look: bv.GrantProgress) -> None:
        assert_type(look.account, str)
        assert_type(look.left_s, float)

    left = vision.grant(buckets=["posters"], wait_s=60, progress=tell)
    assert_type(left, bv.Grants)
    assert_type(left.gcloud, tuple[str, ...])
    assert_type(vision.grant_statements().statements, tuple[bv.Statement, ...])
    vision.granted(progress=print)


def use(client: bv.Client, vision: bv.Connection) -> None:
    """A connection can be given wherever its name can."""
    dataset = client.with_options(connection=vision).dataset("films")
    posters = dataset.object_table("posters").create(uris=["gs://posters/*"], connection=vision)
    dataset.remote_model("m").create(endpoint="gemini-2.5-flash", connection="us.vision")
    assert_type(posters.where("A train.", connection=vision), bv.Analysis[bv.ConditionResult])
    assert_type(bv.Client("some-project", connection=vision), bv.Client)
