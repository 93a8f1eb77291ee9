"""Projects in which something is missing: one local BigQuery for each description of access."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
import uuid
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest
from google.api_core.exceptions import GoogleAPICallError
from google.cloud import bigquery

from bqvision.local import ScriptedModel, serve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bqvision.local import Access, LocalServer

BUCKET = "films-bucket"


class Project:
    """A simulated project, and one dataset in it for each test."""

    def __init__(self, server: LocalServer) -> None:
        self.server = server
        self.name = server.project
        self.client = bigquery.Client(
            project=server.project,
            credentials=server.credentials,
            client_options={"api_endpoint": server.endpoint},
        )
        self.dataset = ""

    def close(self) -> None:
        """Let the connections go."""
        self.client.close()  # type: ignore[no-untyped-call]

    def fresh(self) -> Project:
        """Make a dataset, and return this project."""
        self.dataset = f"d{uuid.uuid4().hex[:10]}"
        self.client.create_dataset(self.dataset)
        return self

    def sql(self, sql: str, location: str = "US") -> list[dict[str, Any]]:
        """Run a statement; ``DS`` in it stands for the dataset. Return its rows."""
        job = self.client.query(sql.replace("DS.", f"{self.dataset}."), location=location, job_retry=None)
        return [dict(row) for row in job.result(timeout=60)]

    def refused(self, sql: str, location: str = "US") -> tuple[str, str]:
        """Run a statement that has to fail. Return the reason and the text."""
        with pytest.raises(GoogleAPICallError) as caught:
            self.sql(sql, location)
        error = caught.value.errors[0]
        return str(error["reason"]), str(error["message"])

    def rest(self, method: str, path: str, body: object = None) -> Any:
        """Send a request, and return what the answer holds."""
        request = urllib.request.Request(
            f"{self.server.endpoint}{path}",
            None if body is None else json.dumps(body).encode(),
            {"Authorization": f"Bearer {self.server.token}", "Content-Type": "application/json"},
            method=method,
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read())

    def rest_refused(self, method: str, path: str, body: object = None) -> tuple[int, str]:
        """Send a request that has to be refused. Return the status and the text."""
        with pytest.raises(urllib.error.HTTPError) as caught:
            self.rest(method, path, body)
        with caught.value as error:
            return error.code, json.loads(error.read())["error"]["message"]

    def connection(self) -> str:
        """Make a connection, and return its name."""
        name = f"c{uuid.uuid4().hex[:10]}"
        self.sql(f"CREATE CONNECTION `us.{name}` OPTIONS(connection_type = 'CLOUD_RESOURCE')")
        return name

    def account(self, connection: str) -> str:
        """Return a connection's service account."""
        path = f"/v1/projects/{self.name}/locations/us/connections/{connection}"
        return str(self.rest("GET", path)["cloudResource"]["serviceAccountId"])

    def open_bucket(self, connection: str, role: str = "roles/storage.objectViewer") -> None:
        """Give a connection's account a role on the bucket."""
        self.server.grant_bucket_role(BUCKET, f"serviceAccount:{self.account(connection)}", role)

    def may_ask(self, connection: str) -> None:
        """Give a connection's account the role that models need."""
        self.sql(
            f"GRANT `roles/aiplatform.user` ON PROJECT `{self.name}` TO 'connection:{self.name}.us.{connection}'"
        )


def table(connection: str, options: str = "") -> str:
    """Return the statement that makes an object table."""
    return (
        f"CREATE OR REPLACE EXTERNAL TABLE DS.posters WITH CONNECTION {connection} "
        f"OPTIONS(object_metadata = 'SIMPLE', uris = ['gs://{BUCKET}/*']{options})"
    )


def model(connection: str) -> str:
    """Return the statement that makes a remote model."""
    return (
        f"CREATE OR REPLACE MODEL `DS.gemini` REMOTE WITH CONNECTION {connection} "
        "OPTIONS(ENDPOINT = 'gemini-2.5-flash')"
    )


ASK = (
    "SELECT uri, result, status FROM "
    "AI.GENERATE_TEXT(MODEL DS.gemini, TABLE DS.posters, STRUCT('What is it?' AS prompt))"
)


@pytest.fixture(scope="session")
def project_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Access | None], Project]]:
    """Starts a project for a description of access, once in the session."""
    folder = tmp_path_factory.mktemp("films")
    (folder / "one.png").write_bytes(b"one")
    projects: dict[str, Project] = {}
    with ExitStack() as running:

        def start(access: Access | None) -> Project:
            key = repr(access)
            if key not in projects:
                model = ScriptedModel("a film")
                server = running.enter_context(
                    serve(buckets={BUCKET: folder}, model=model, access=access, workers=1)
                )
                projects[key] = Project(server)
                running.callback(projects[key].close)
            return projects[key].fresh()

        yield start
