"""Datasets, tables and models that are created while answers get lost, others do the same, or a grant is missing."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from google.cloud import bigquery

import bqvision as bv
from tests.faults.bench import Case, requests_of

if TYPE_CHECKING:
    from collections.abc import Callable

ACCOUNT = "bqcx-1234567890-abcd@gcp-sa-bigquery-condel.iam.gserviceaccount.com"
NO_ENDPOINT = (
    f"{ACCOUNT} does not have the permission to access or use the endpoint. "
    "Please grant the Vertex AI user role to the service account."
)


def test_every_answer_of_a_whole_program_may_get_lost(case: Case) -> None:
    """D1: dataset, object table, model, results table and work table are each made once, and so is every other job."""
    labels = [
        "create_dataset",
        "create_object_table",
        "create_remote_model",
        "create_ledger",
        "survey",
        "create_work_table",
        "count_batches",
        "insert_batch",
        "count_outcomes",
        "drop_work_table",
        "ledger_summary",
        "read_ledger",
    ]
    for label in labels:
        case.plan.lose("jobs.insert", match=requests_of(label))
    case.show("a.jpg", "Sunrise", 1927)
    home = case.client.dataset(f"{case.folder.name}_lost").create()
    posters = home.object_table("posters").create(uris=case.uris)
    model = home.remote_model("gemini").create(endpoint="gemini-2.5-flash")
    run = model.analyze(posters, prompt="Title?").run("results")
    assert [poster.title for poster in run] == ["Sunrise"]
    for label in labels:
        # Whatever names the dataset in its text; the others have ids of their own, too.
        assert len(case.jobs(label)) <= 2
    assert case.calls() == {"a.jpg": 1}
    case.extra_calls = 1  # the question of the invariants is another one
    home.delete(contents=True)
    case.posters()


def test_what_somebody_else_made_in_the_meantime_is_taken_if_it_is_the_same(case: Case) -> None:
    """D1: four threads create the same dataset, object table and model, and all have them."""
    case.show("a.jpg", "Sunrise", 1927)
    name = f"{case.folder.name}_shared"
    errors: list[BaseException] = []
    ready = threading.Barrier(4)

    def together(act: Callable[[], object]) -> None:
        ready.wait(30)
        try:
            act()
        except BaseException as error:
            errors.append(error)

    home = case.client.dataset(name)
    posters, model = home.object_table("posters"), home.remote_model("gemini")
    for act in (
        lambda: home.create(exists_ok=True),
        lambda: posters.create(uris=case.uris, exists_ok=True),
        lambda: model.create(endpoint="gemini-2.5-flash", exists_ok=True),
    ):
        threads = [threading.Thread(target=together, args=(act,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert errors == []
    assert [poster.uri for poster in posters.objects()] == [case.uri("a.jpg")]
    with pytest.raises(bv.AlreadyExistsError) as caught, case.noted():
        home.create()
    assert "exists_ok=True" in caught.value.next_step
    home.delete(contents=True)


def test_a_dataset_that_is_elsewhere_is_not_taken(case: Case) -> None:
    """D1: one of that name at another location does not match, and the error names the location."""
    name = f"{case.folder.name}_abroad"
    there = bigquery.Dataset(f"{case.server.project}.{name}")
    there.location = "EU"
    case.client.bigquery.create_dataset(there)
    with pytest.raises(bv.AlreadyExistsError, match="at EU") as caught, case.noted():
        case.client.dataset(name).create(exists_ok=True)
    assert "location='EU'" in caught.value.next_step


def test_a_model_whose_connection_lacks_a_role_fails_at_once(case: Case) -> None:
    """D3: nobody granted anything in this program, so nothing is waited for; the account and the role are named."""
    model = case.dataset.remote_model("other")
    for number, reason in enumerate(("accessDenied", "invalidQuery"), 1):
        case.plan.fail_job("create_remote_model", reason=reason, message=NO_ENDPOINT)
        with pytest.raises(bv.ConnectionPermissionError) as caught, case.noted():
            model.create(endpoint="gemini-2.5-flash")
        assert ACCOUNT in str(caught.value)
        assert "Vertex AI user role" in str(caught.value)
        assert not caught.value.retryable
        assert case.struck("create_remote_model") == number
    assert not model.exists()
