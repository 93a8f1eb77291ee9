"""What a look does not do: it changes nothing, raises nothing, and says ok of nothing that it did not see."""

from __future__ import annotations

import re
import socket
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

import bqvision as bv
from bqvision import CheckStatus
from bqvision.local import Access, LocalServer, serve
from tests.doctor.conftest import Project, model
from tests.doctor.recorder import Recorder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ONCE = bv.RetryPolicy(attempts=1)

# https://cloud.google.com/iam/docs/permissions-reference
LOOKS = (
    "bigquery.config.get",
    "bigquery.connections.get",
    "bigquery.datasets.get",
    "bigquery.tables.get",
    "resourcemanager.projects.get",
    "resourcemanager.projects.getIamPolicy",
    "serviceusage.services.get",
    "storage.buckets.getIamPolicy",
)
"""Permissions that are needed to look, and not to ask the model."""


@pytest.fixture(scope="module")
def blind(shelf: Path) -> Iterator[LocalServer]:
    """A project whose caller may look at nothing."""
    access = Access(denied=LOOKS)
    with serve(buckets={"posters": shelf}, model=model, access=access, workers=1) as running:
        yield running


def test_nothing_is_changed(open_server: LocalServer, open_project: Project) -> None:
    """All that is sent reads: GETs, questions about permissions and policies, and SELECTs."""
    with Recorder(open_server.endpoint) as recorder:
        client = bv.Client(
            project=open_server.project, credentials=open_server.credentials, endpoint=recorder.endpoint
        )
        with client:
            found = client.doctor(
                dataset=open_project.own,
                images="posters",
                model="gemini",
                connection=open_project.own,
                bucket="posters",
                ask=True,
            )
    assert found["model answers"].status is CheckStatus.OK
    for asked in recorder.asked:
        if asked.sql is not None:
            assert asked.sql.startswith("SELECT"), asked.sql
        elif asked.method != "GET":
            assert re.search(r":(testIamPermissions|getIamPolicy)$", asked.path), asked
    assert {asked.method for asked in recorder.asked} == {"GET", "POST"}
    assert any(asked.sql for asked in recorder.asked)


def test_each_thing_is_looked_at_once(open_server: LocalServer, open_project: Project) -> None:
    """No description, policy or set of permissions is asked for twice."""
    with Recorder(open_server.endpoint) as recorder:
        client = bv.Client(
            project=open_server.project, credentials=open_server.credentials, endpoint=recorder.endpoint
        )
        with client:
            client.doctor(dataset=open_project.own, images="posters", model="gemini")
    looks = [
        (each.method, each.path)
        for each in recorder.asked
        if "/jobs" not in each.path and "/queries" not in each.path
    ]
    connection = f"/v1/projects/local-project/locations/us/connections/{open_project.own}"
    repeated = {look for look in looks if looks.count(look) > 1}
    assert repeated <= {("GET", connection)}
    assert len(looks) <= 12


def test_one_image_is_asked_about(open_server: LocalServer, open_project: Project) -> None:
    """However many there are, it is the smallest."""
    for number in range(5):
        open_project.hang(f"film_{number}.jpg", says="x" * (number + 1))
    open_project.look(ask=True)
    prefix = f"gs://posters/{open_project.own}/"
    calls = {uri: count for uri, count in open_server.model_calls.items() if uri.startswith(prefix)}
    assert calls == {f"{prefix}film_0.jpg": 1}


def test_what_may_not_be_looked_at_is_unknown(blind: LocalServer) -> None:
    """With the reason, and never ok."""
    with blind.client(retry=ONCE) as client:
        found = client.doctor(
            dataset="films", images="posters", model="gemini", connection="vision", bucket="posters"
        )
    unknown = {check.name for check in found.unknown}
    assert unknown >= {
        "APIs",
        "billing",
        "dataset",
        "connection",
        "connection account",
        "bucket",
        "object table",
    }
    assert "serviceusage.services.get" in found["APIs"].message
    assert "bigquery.connections.get" in found["connection"].message
    assert "bigquery.datasets.get" in found["dataset"].message
    assert {check.name for check in found.checks if check.status is CheckStatus.OK} <= {
        "credentials", "project", "permissions to build", "permissions to analyse"
    }  # fmt: skip


@pytest.fixture(scope="module")
def half(shelf: Path) -> Iterator[LocalServer]:
    """A project whose caller lacks some of what there is to hold."""
    denied = ("bigquery.tables.delete", "resourcemanager.projects.get", "storage.buckets.getIamPolicy")
    access = Access(denied=denied, grants_needed=False)
    with serve(buckets={"posters": shelf}, model=model, access=access, workers=1) as running:
        yield running


@pytest.fixture
def half_project(half: LocalServer, shelf: Path) -> Iterator[Project]:
    """A test's part of it, with nothing there."""
    with Project(half, shelf) as project:
        yield project


def test_a_bucket_whose_policy_may_not_be_read(half_project: Project) -> None:
    """Who reads it is unknown, until an object table that lists it proves it."""
    half_project.connection.create()
    before = half_project.check("bucket")
    assert before.status is CheckStatus.UNKNOWN
    assert "storage.buckets.getIamPolicy" in before.message
    assert str(before.command).startswith("gcloud storage buckets add-iam-policy-binding gs://posters ")
    half_project.dataset.create()
    half_project.images.create(uris=half_project.uris, connection=half_project.own)
    assert half_project.check("bucket").status is CheckStatus.OK


def test_a_cached_list_proves_nothing(half_project: Project) -> None:
    """The objects of a table with a cache were listed some time ago, perhaps by another account."""
    half_project.connection.create()
    half_project.dataset.create()
    half_project.images.create(
        uris=half_project.uris,
        connection=half_project.own,
        max_staleness=timedelta(hours=1),
        metadata_cache_mode="MANUAL",
    )
    assert half_project.check("bucket").status is CheckStatus.UNKNOWN


def test_permissions_that_may_be_held_on_the_dataset(half_project: Project) -> None:
    """Google has no test for a dataset: what is not held on the project is open, and its GRANT is for the dataset."""
    before = half_project.check("permissions to analyse")
    assert (before.status, before.message) == (CheckStatus.FAILED, "bigquery.tables.delete is missing")
    half_project.dataset.create()
    found = half_project.check("permissions to analyse")
    assert found.status is CheckStatus.UNKNOWN
    assert "bigquery.tables.delete is not held on the project, and may be on the dataset" in found.message
    assert found.command == (
        f"GRANT `roles/bigquery.dataEditor` ON SCHEMA `local-project.{half_project.own}` "
        "TO 'user:YOU@EXAMPLE.COM';"
    )


def test_permissions_that_are_not_needed_any_more(half_project: Project) -> None:
    """Who only analyses need not be able to set up what is there."""
    before = half_project.check("permissions to set up")
    assert (before.status, before.message) == (
        CheckStatus.FAILED,
        "resourcemanager.projects.get is missing",
    )
    half_project.connection.create()
    half_project.dataset.create()
    after = half_project.check("permissions to set up")
    assert after.status is CheckStatus.NOTE
    assert after.message.endswith("is not held, and not needed: what it takes is there")


def test_no_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """That is a line like the others, and nothing else is looked at."""
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "missing.json"))
    monkeypatch.delenv("BIGQUERY_EMULATOR_HOST", raising=False)
    found = bv.Client(project="my-project").doctor(dataset="films")
    assert found["credentials"].status is CheckStatus.FAILED
    assert found["credentials"].command == "gcloud auth application-default login"
    others = [check for check in found.checks if check.name not in {"credentials", "reservation"}]
    assert {check.message for check in others} == {"not looked at: credentials comes first"}
    assert {check.status for check in others} == {CheckStatus.UNKNOWN}


def test_no_answer() -> None:
    """A server that is not there is told as such, and is asked once."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{taken.getsockname()[1]}"
        found = bv.Client(project="my-project", endpoint=endpoint, retry=ONCE).doctor()
    assert found["credentials"].status is CheckStatus.UNKNOWN
    assert [check.name for check in found.failed] == ["project"]
    assert "could not be reached" in found["project"].message


def test_no_secret_is_shown(open_server: LocalServer, open_project: Project) -> None:
    """Neither the token nor what was asked stands in what is printed."""
    found = open_project.look(ask=True)
    assert open_server.token not in f"{found} {found!r} {found._repr_html_()}"
    assert "Read the text" not in f"{found} {found!r}"


@pytest.mark.parametrize(
    "arguments",
    [
        {"dataset": "no-dashes"},
        {"images": "posters"},
        {"model": "gemini"},
        {"connection": "a.b.c.d e"},
        {"endpoint": "http://elsewhere.example/model"},
        {"bucket": "No Bucket"},
        {"ask": "yes", "dataset": "films", "images": "posters"},
        {"ask": True},
    ],
)
def test_bad_arguments_are_refused(arguments: dict[str, Any]) -> None:
    """Before anything is sent: this client has nobody to send it to."""
    with pytest.raises(bv.InvalidInputError):
        bv.Client(project="my-project", endpoint="http://127.0.0.1:9").doctor(**arguments)
