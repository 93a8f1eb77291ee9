"""The readers that must agree, as one parametrised fixture."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from google.api_core.client_options import ClientOptions
from google.cloud.bigquery import Client

from bqvision.local import RowError, VisionAnswer, VisionRequest, serve
from tests.answers.evaluators import Evaluator, LocalBigQuery, google, python


def _no_model(request: VisionRequest) -> VisionAnswer:
    raise RowError("these tests ask no model")


@pytest.fixture(scope="session")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalBigQuery]:
    """The local BigQuery as a reader."""
    with serve(buckets={"none": tmp_path_factory.mktemp("none")}, model=_no_model) as server:
        options = ClientOptions(api_endpoint=server.endpoint)
        with Client(project=server.project, credentials=server.credentials, client_options=options) as client:
            yield LocalBigQuery(client)


@pytest.fixture(params=["python", "google", "local"])
def evaluator(request: pytest.FixtureRequest) -> Evaluator:
    """Each of the readers in turn."""
    if request.param == "local":
        found: LocalBigQuery = request.getfixturevalue("local")
        return found
    return {"python": python, "google": google}[request.param]
