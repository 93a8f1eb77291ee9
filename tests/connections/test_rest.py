"""Requests to Google's other APIs, as the checks before a first run send them."""

from __future__ import annotations

import pytest
from google.auth.credentials import AnonymousCredentials

import bqvision as bv
from bqvision._rest_calls import origin

HOST = "cloudresourcemanager.googleapis.com"


def path_of(client: bv.Client) -> str:
    """The path that asks what the caller may do."""
    return f"/v1/projects/{client.project}:testIamPermissions"


def test_another_api_is_asked_at_the_client_s_endpoint(client: bv.Client) -> None:
    """With the client's credentials; the answer is the JSON object."""
    asked = {"permissions": ["bigquery.jobs.create"]}
    assert client.service.call_rest("POST", path_of(client), HOST, asked) == asked


def test_what_another_api_refuses_is_an_error_of_ours(client: bv.Client) -> None:
    """It names the path, and is chained to google's."""
    with pytest.raises(bv.ServiceError) as caught:
        client.service.call_rest("GET", "/v1/nothing/here", HOST)
    assert "/v1/nothing/here" in str(caught.value)
    assert caught.value.__cause__ is not None
    assert caught.value.attempts == 1


def test_an_api_that_can_not_be_reached_is_asked_as_often_as_the_policy_says() -> None:
    """Connections and other APIs share the one policy, and the error counts the requests."""
    client = bv.Client(
        "some-project",
        endpoint="http://127.0.0.1:9",
        retry=bv.RetryPolicy(attempts=3, sleep=lambda _seconds: None),
    )
    for ask in (
        lambda: client.service.call_rest("GET", path_of(client), HOST),
        lambda: client.connection("vision").exists(),
        lambda: list(client.connections()),
    ):
        with pytest.raises(bv.UnavailableError) as caught:
            ask()
        assert caught.value.attempts == 3
    client.close()


def test_without_an_endpoint_each_api_is_asked_at_its_own_host() -> None:
    """The local server stands for all of them only where the client was told so."""
    client = bv.Client("some-project", credentials=AnonymousCredentials())  # type: ignore[no-untyped-call]
    assert origin(client.bigquery, HOST) == f"https://{HOST}"
    client.close()
