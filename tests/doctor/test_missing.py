"""What is missing is crossed, with the command that mends it; once that is done, the line is ticked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bqvision import CheckStatus
from bqvision.local import Access, LocalServer, serve
from tests.doctor.conftest import Project, model

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def test_a_project_that_is_set_up_is_ticked_throughout(open_project: Project) -> None:
    """Every line but the note on reservations, and the model is asked once."""
    before = open_project.server.model_calls[f"gs://posters/{open_project.own}/metropolis.jpg"]
    found = open_project.look(ask=True)
    assert {check.name: check.message for check in found.checks if check.status is not CheckStatus.OK} == {
        "reservation": "Gemini on object tables may need one: Google's pages contradict each other"
    }
    assert found.ok
    assert open_project.server.model_calls[f"gs://posters/{open_project.own}/metropolis.jpg"] == before + 1


def test_a_missing_dataset(new_project: Project) -> None:
    """The statement that makes it, where the client works."""
    missing = new_project.check("dataset")
    assert missing.status is CheckStatus.FAILED
    assert missing.command == (
        f"CREATE SCHEMA `local-project.{new_project.own}`\nOPTIONS (\n  location = 'US'\n);"
    )
    new_project.run(missing.command)
    assert new_project.check("dataset").status is CheckStatus.OK


def test_a_dataset_elsewhere(new_project: Project) -> None:
    """The client is told where it is."""
    new_project.client.dataset(new_project.own, location="EU").create()
    elsewhere = new_project.check("dataset")
    assert elsewhere.status is CheckStatus.FAILED
    assert "is at EU, and would be asked at US" in elsewhere.message
    assert elsewhere.command == f"client.dataset('local-project.{new_project.own}', location='EU')"
    there = new_project.client.dataset(new_project.own, location="EU")
    assert new_project.client.doctor(dataset=there)["dataset"].status is CheckStatus.OK


def test_a_missing_connection(new_project: Project) -> None:
    """The statement that makes it; then its account is shown."""
    missing = new_project.check("connection")
    assert missing.status is CheckStatus.FAILED
    assert missing.message == f"there is no connection local-project.us.{new_project.own}"
    new_project.run(missing.command)
    there = new_project.check("connection")
    assert there.status is CheckStatus.OK
    assert str(new_project.connection.describe().service_account) in there.message


def test_a_connection_elsewhere(new_project: Project) -> None:
    """A connection at EU is none for a dataset at US; one of the same name there is made."""
    new_project.client.connection(f"eu.{new_project.own}").create()
    elsewhere = new_project.client.doctor(dataset=new_project.dataset, connection=f"eu.{new_project.own}")
    assert elsewhere["connection"].status is CheckStatus.FAILED
    assert "can not be used for datasets at US" in elsewhere["connection"].message
    new_project.run(elsewhere["connection"].command)
    assert new_project.check("connection").status is CheckStatus.OK


def test_the_default_connection_is_left_to_bigquery(new_project: Project) -> None:
    """It need not be there, if the caller may have it made."""
    found = new_project.client.doctor()
    assert found["connection"].status is CheckStatus.OK
    assert "which BigQuery makes" in found["connection"].message
    assert found["connection account"].status is CheckStatus.UNKNOWN


def test_an_account_that_may_not_call_gemini(new_project: Project) -> None:
    """The GRANT; it is the one that `Connection.grant_statements` prints."""
    new_project.connection.create()
    missing = new_project.check("connection account")
    assert missing.status is CheckStatus.FAILED
    assert "roles/aiplatform.user is missing" in missing.message
    assert missing.command == str(new_project.connection.grant_statements())
    new_project.run(missing.command)
    assert new_project.check("connection account").status is CheckStatus.OK


def test_an_account_that_may_not_read_the_bucket(new_project: Project) -> None:
    """The gcloud line for the bucket, not for the project."""
    new_project.connection.create()
    missing = new_project.check("bucket")
    account = new_project.connection.describe().service_account
    assert missing.status is CheckStatus.FAILED
    assert missing.command == (
        f"gcloud storage buckets add-iam-policy-binding gs://posters "
        f"--member=serviceAccount:{account} --role=roles/storage.objectViewer"
    )
    new_project.run(missing.command)
    assert new_project.check("bucket").status is CheckStatus.OK


def test_a_connection_that_was_made_again(new_project: Project) -> None:
    """Its account is another one, without roles: the objects are no longer listed until the bucket's is granted."""
    new_project.set_up()
    new_project.connection.delete()
    new_project.connection.create()
    found = new_project.look()
    assert [check.name for check in found.failed] == ["connection account", "bucket"]
    assert found["objects"].status is CheckStatus.UNKNOWN
    new_project.run(found["bucket"].command)
    assert new_project.check("bucket").status is CheckStatus.OK
    assert new_project.check("objects").status is CheckStatus.OK


def test_a_bucket_that_is_not_there(new_project: Project) -> None:
    """The line that shows which there are."""
    new_project.connection.create()
    found = new_project.client.doctor(connection=new_project.own, bucket="gs://nowhere/films")["bucket"]
    assert (found.status, found.command) == (CheckStatus.FAILED, "gcloud storage ls gs://nowhere")


def test_a_missing_object_table(new_project: Project) -> None:
    """The statement that makes it over the bucket, with the connection."""
    new_project.set_up()
    new_project.images.delete()
    missing = new_project.check("object table")
    assert missing.status is CheckStatus.FAILED
    assert new_project.check("objects").status is CheckStatus.UNKNOWN
    new_project.run(missing.command)
    assert new_project.check("object table").status is CheckStatus.OK
    assert new_project.images.describe().uris == ("gs://posters/*",)


def test_a_table_that_is_no_object_table(new_project: Project) -> None:
    """Its kind is told."""
    new_project.set_up()
    new_project.client.bigquery.query(f"CREATE TABLE {new_project.own}.plain (n INT64)").result()
    found = new_project.client.doctor(images=new_project.dataset.object_table("plain"))["object table"]
    assert found.status is CheckStatus.FAILED
    assert "no object table but a TABLE" in found.message


def test_an_object_table_without_objects(new_project: Project) -> None:
    """The line that lists the place; an image there ticks it."""
    new_project.set_up()
    (new_project.folder / "metropolis.jpg").unlink()
    empty = new_project.check("objects")
    assert empty.status is CheckStatus.FAILED
    assert empty.command == f"gcloud storage ls 'gs://posters/{new_project.own}/*'"
    new_project.hang("wings.png")
    assert new_project.check("objects").message == "1 image that Gemini reads"


def test_objects_that_gemini_does_not_read(new_project: Project) -> None:
    """They are counted by reason; only if there is nothing else, the line is crossed."""
    new_project.set_up()
    new_project.hang("notes.txt")
    new_project.hang("empty.jpg", says="")
    some = new_project.check("objects")
    assert some.status is CheckStatus.OK
    assert some.message.startswith("1 image that Gemini reads; not asked about: ")
    assert "1 (The file is empty)" in some.message
    assert "1 (The model does not read the content type text/plain)" in some.message
    (new_project.folder / "metropolis.jpg").unlink()
    none = new_project.check("objects")
    assert none.status is CheckStatus.FAILED
    assert none.message.startswith("2 objects, and none that Gemini reads: ")


def test_a_missing_model(new_project: Project) -> None:
    """The statement that makes it, with the endpoint that was asked about."""
    new_project.set_up()
    new_project.model.delete()
    missing = new_project.client.doctor(
        images=new_project.images, model="gemini", connection=new_project.own, endpoint="gemini-2.5-pro"
    )["remote model"]
    assert missing.status is CheckStatus.FAILED
    new_project.run(missing.command)
    assert new_project.check("remote model").status is CheckStatus.OK
    assert str(new_project.model.describe().endpoint).endswith("gemini-2.5-pro")


def test_a_model_is_not_asked_unasked(open_project: Project) -> None:
    """That would cost something, so whether it answers stays open."""
    found = open_project.check("model answers")
    assert found.status is CheckStatus.UNKNOWN
    assert "which is paid for" in found.message


def test_a_question_without_a_remote_model(open_project: Project) -> None:
    """AI.GENERATE is asked, with the endpoint that was given."""
    found = open_project.client.doctor(images=open_project.images, endpoint="gemini-2.5-flash", ask=True)
    assert found["model answers"].status is CheckStatus.OK
    assert found["remote model"].status is CheckStatus.NOTE
    assert found["connection account"].status is CheckStatus.NOTE


RETIRED = (
    "NOT_FOUND: Publisher Model `projects/p/locations/us/publishers/google/models/gemini-1.0-pro` was not found or "
    "your project does not have access to it."
)


@pytest.mark.parametrize(
    ("says", "status"),
    [
        (f"permanent:{RETIRED}", CheckStatus.FAILED),
        ("unreadable:INVALID_ARGUMENT: the image is broken", CheckStatus.FAILED),
        ("permanent:PERMISSION_DENIED: not you", CheckStatus.FAILED),
        ("busy:RESOURCE EXHAUSTED", CheckStatus.UNKNOWN),
    ],
)
def test_an_answer_that_does_not_come(open_project: Project, says: str, status: CheckStatus) -> None:
    """What passes by itself stays open; what does not is crossed, with what the model said."""
    open_project.hang("metropolis.jpg", says=says)
    found = open_project.check("model answers", ask=True)
    assert found.status is status
    assert says.partition(": ")[2][:20] in found.message


def test_a_retired_model_is_replaced(open_project: Project) -> None:
    """The statement puts one that exists in its place."""
    open_project.hang("metropolis.jpg", says=f"permanent:{RETIRED}")
    retired = open_project.check("model answers", ask=True)
    assert str(retired.command).startswith("CREATE OR REPLACE MODEL")
    open_project.run(retired.command)
    open_project.hang("metropolis.jpg")
    assert open_project.check("model answers", ask=True).status is CheckStatus.OK


@pytest.fixture(scope="module")
def broke(shelf: Path) -> Iterator[LocalServer]:
    """A project that has neither a billing account nor all APIs."""
    disabled = (
        "aiplatform.googleapis.com",
        "cloudresourcemanager.googleapis.com",
        "storage.googleapis.com",
    )
    access = Access(disabled_apis=disabled, billing=False)
    with serve(buckets={"posters": shelf}, model=model, access=access, workers=1) as running:
        yield running


def test_apis_and_billing(broke: LocalServer, open_project: Project) -> None:
    """One line enables all that are missing, one links a billing account."""
    with broke.client() as client:
        found = client.doctor()
    assert [check.name for check in found.failed] == ["APIs", "billing"]
    assert found["APIs"].command == (
        "gcloud services enable aiplatform.googleapis.com storage.googleapis.com --project=local-project"
    )
    assert found["billing"].command == (
        "gcloud billing projects link local-project --billing-account=BILLING_ACCOUNT_ID"
    )
    enabled = open_project.look()
    assert enabled["APIs"].status is enabled["billing"].status is CheckStatus.OK


@pytest.fixture(scope="module")
def poor(shelf: Path) -> Iterator[LocalServer]:
    """A project whose caller may do little."""
    denied = (
        "aiplatform.endpoints.predict",
        "bigquery.config.update",
        "bigquery.datasets.create",
        "bigquery.connections.use",
        "bigquery.tables.create",
    )
    with serve(
        buckets={"posters": shelf}, model=model, access=Access(denied=denied, grants_needed=False), workers=1
    ) as running:
        yield running


def test_an_api_that_only_the_look_needs(broke: LocalServer) -> None:
    """Without Resource Manager the permissions are unknown, with the line that enables it."""
    with broke.client() as client:
        found = client.doctor()["permissions to build"]
    assert found.status is CheckStatus.UNKNOWN
    assert (
        found.command == "gcloud services enable cloudresourcemanager.googleapis.com --project=local-project"
    )


def test_permissions_of_the_caller(poor: LocalServer, open_project: Project) -> None:
    """Each line names what is missing for its purpose, and the narrowest role that has it."""
    with poor.client() as client:
        found = client.doctor()
    set_up, build, analyse = (found[f"permissions to {name}"] for name in ("set up", "build", "analyse"))
    assert set_up.message == (
        "bigquery.datasets.create, bigquery.connections.use, bigquery.config.update are missing"
    )
    assert build.message == "bigquery.tables.create, bigquery.connections.use are missing"
    assert analyse.message == "bigquery.tables.create is missing"
    assert {check.status for check in (set_up, build, analyse)} == {CheckStatus.FAILED}
    assert str(set_up.command).splitlines() == [
        "gcloud projects add-iam-policy-binding local-project --member=user:YOU@EXAMPLE.COM "
        f"--role={role} --condition=None"
        for role in ("roles/bigquery.user", "roles/bigquery.connectionUser", "roles/bigquery.admin")
    ]
    allowed = open_project.look()
    assert {allowed[check.name].status for check in (set_up, build, analyse)} == {CheckStatus.OK}


def test_a_caller_who_may_not_call_gemini(poor: LocalServer) -> None:
    """Without a remote model and a connection, the role is the caller's."""
    with poor.client() as client:
        found = client.doctor(images="films.posters")["permissions to analyse"]
    assert found.status is CheckStatus.FAILED
    assert "aiplatform.endpoints.predict" in found.message
    assert str(found.command).splitlines()[-1] == (
        "gcloud projects add-iam-policy-binding local-project --member=user:YOU@EXAMPLE.COM "
        "--role=roles/aiplatform.user --condition=None"
    )


def test_a_default_connection_that_can_not_be_made(poor: LocalServer, shelf: Path) -> None:
    """An administrator's line makes a named one."""
    with Project(poor, shelf) as project:
        missing = project.client.doctor()["connection"]
        assert missing.status is CheckStatus.FAILED
        assert "bigquery.config.update is missing" in missing.message
        project.run(missing.command)
        found = project.client.doctor(connection="vision")["connection"]
    assert found.status is CheckStatus.OK
