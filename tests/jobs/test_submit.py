"""Starting jobs while BigQuery misbehaves: one statement is one job."""

from __future__ import annotations

import pytest
from google.cloud import bigquery

from bqvision._jobs import Service
from bqvision.errors import (
    AlreadyExistsError,
    AuthError,
    BillingError,
    BqvisionError,
    ConfigurationError,
    IdCollisionError,
    InvalidQueryError,
    JobLostError,
    PermissionDeniedError,
    QuotaError,
    RateLimitError,
    UnavailableError,
    UnsupportedError,
)

from .conftest import ASK, LITERAL, PROMPT, Bench
from .fault_server import (
    BAD_GZIP,
    CLOSE,
    CUT,
    CUT_RESET,
    EMPTY,
    HALF_JSON,
    RESET,
    STALL,
    Fault,
    after,
    error,
    html,
)

BEFORE = [
    [RESET],
    [CLOSE],
    [error(503, "backendError")] * 3,
    [html(502)],
    [html(429)],
    [error(503, None)],
    [error(500, "internalError")],
    [error(403, "rateLimitExceeded")],
]
UNUSUAL = [
    [html(504)],
    [html(408)],
    [error(500, "neverHeardOf")],
    [error(503, "serviceUnavailable")],
    [error(400, "tableUnavailable")],
]
LOST = [[after(RESET)] * n for n in (1, 2, 3)] + [[after(CLOSE)], [after(error(503, "backendError"))]]
BROKEN = [[after(HALF_JSON)], [after(EMPTY)], [after(BAD_GZIP)], [after(CUT)], [after(CUT_RESET)]]


@pytest.mark.parametrize("faults", BEFORE + UNUSUAL, ids=lambda faults: f"{faults[0].kind}{faults[0].status}")
def test_failed_inserts_are_sent_again(bench: Bench, faults: list[Fault]) -> None:
    """S1, S4: a request that failed for a passing reason is sent again, as the same job."""
    bench.server.plan("jobs.insert", *faults)
    job = bench.service.execute(ASK)
    assert bench.inserts == [job.job_id] * (len(faults) + 1)
    assert list(bench.server.jobs) == [job.job_id]
    assert job.attempt == 0


@pytest.mark.parametrize("faults", LOST + BROKEN, ids=lambda faults: f"{len(faults)} {faults[0].kind}")
def test_a_lost_answer_ends_in_the_same_job(bench: Bench, faults: list[Fault]) -> None:
    """S2, S3: the job was made and its answer lost or broken: it is adopted, not made again."""
    bench.server.plan("jobs.insert", *faults)
    job = bench.service.execute(ASK)
    assert set(bench.inserts) == {job.job_id}
    assert len(bench.inserts) == len(faults) + 1
    assert list(bench.server.jobs) == [job.job_id]


def test_a_silent_server_is_given_up_per_request(bench: Bench) -> None:
    """S2, S10: no answer within the request's timeout counts as lost; the job is adopted."""
    bench.server.plan("jobs.insert", after(STALL))
    job = bench.serve(request_timeout_s=0.2).execute(ASK)
    assert bench.inserts == [job.job_id] * 2
    assert list(bench.server.jobs) == [job.job_id]


def test_a_server_that_stays_silent_is_unavailable(bench: Bench) -> None:
    """S10: nothing hangs, and the error names the host and the job."""
    bench.server.plan("jobs.insert", STALL, STALL)
    service = bench.serve(request_timeout_s=0.1, policy=bench.limited(attempts=2))
    with bench.raises(UnavailableError) as caught:
        service.execute(ASK)
    assert caught.value.attempts == len(bench.inserts) == 2
    assert "127.0.0.1" in str(caught.value)
    assert not bench.server.jobs


def test_retry_after_is_kept(bench: Bench) -> None:
    """S5: the wait is at least what the server asks for."""
    bench.server.plan("jobs.insert", html(429, Retry_After="7"))
    bench.service.execute(ASK)
    assert bench.clock.slept[0] >= 7
    assert len(bench.inserts) == 2


def test_a_retry_after_beyond_the_deadline_fails_at_once(bench: Bench) -> None:
    """S5: a wait that can not be waited for is told to the caller instead."""
    bench.server.plan("jobs.insert", html(429, Retry_After="86400"))
    with bench.raises(RateLimitError) as caught:
        bench.service.execute(ASK)
    assert "86400 seconds" in str(caught.value)
    assert caught.value.retryable
    assert not bench.clock.slept


def test_retry_after_may_be_a_date(bench: Bench) -> None:
    """S5: a date counts from the answer's own date."""
    dates = {"Retry_After": "Wed, 01 Jan 2025 00:00:30 GMT", "Date": "Wed, 01 Jan 2025 00:00:00 GMT"}
    bench.server.plan("jobs.insert", Fault("answer", 503, b"{}", dates))
    bench.service.execute(ASK)
    assert len(bench.inserts) == 2


def test_an_outage_ends_as_unavailable_and_a_rerun_adopts(bench: Bench) -> None:
    """S6: after all attempts the error names the job; the same call later is the same job."""
    bench.server.plan("jobs.insert", after(error(503, "backendError")), *[error(503, "backendError")] * 3)
    with bench.raises(UnavailableError) as caught:
        bench.service.execute(ASK, key="night")
    found = caught.value
    assert found.attempts == len(bench.inserts) == 4
    assert found.retryable
    assert found.reason == "backendError"
    assert found.statement == "ask"
    assert found.__cause__ is not None
    job = bench.serve().execute(ASK, key="night")
    assert found.job_id == job.job_id
    assert list(bench.server.jobs) == [job.job_id]


def test_the_deadline_bounds_the_attempts(bench: Bench) -> None:
    """No wait is begun that ends after the policy's deadline."""
    bench.server.plan("jobs.insert", *[html(503, Retry_After="30")] * 3)
    with bench.raises(UnavailableError):
        bench.serve(policy=bench.limited(attempts=100, timeout_s=75)).execute(ASK)
    assert bench.clock.now_s <= 75
    assert len(bench.inserts) == 3


def test_an_id_taken_by_another_statement_is_refused(bench: Bench) -> None:
    """S7: nothing is run or adopted when the stored job has another text or other parameters."""
    job = bench.service.execute(ASK, key="k")
    stored = bench.server.jobs[job.job_id].resource["configuration"]["query"]
    kept = dict(stored)
    for changed in ({"query": kept["query"] + " "}, {"queryParameters": kept["queryParameters"][:1]}):
        stored.update({**kept, **changed})
        with bench.raises(IdCollisionError) as caught:
            bench.service.execute(ASK, key="k")
        assert caught.value.job_id == job.job_id
    assert len(bench.server.jobs) == 1


def test_a_job_that_is_found_late_is_adopted(bench: Bench) -> None:
    """S8: "not found" right after "already exists" is waited out."""
    bench.server.plan("jobs.insert", after(RESET))
    bench.server.plan("jobs.get", error(404, "notFound"), error(404, "notFound"))
    job = bench.service.execute(ASK)
    assert list(bench.server.jobs) == [job.job_id]
    assert len(bench.server.sent("jobs.get")) == 3


def test_a_job_that_is_never_found_is_lost(bench: Bench) -> None:
    """S8: never a second id; the error names the one that was given."""
    bench.server.plan("jobs.insert", after(RESET))
    bench.server.plan("jobs.get", *[error(404, "notFound")] * 4)
    with bench.raises(JobLostError) as caught:
        bench.service.execute(ASK)
    assert set(bench.inserts) == {caught.value.job_id}
    assert caught.value.attempts == 4


@pytest.mark.parametrize(
    ("status", "reason", "kind"),
    [
        (403, "accessDenied", PermissionDeniedError),
        (403, "billingNotEnabled", BillingError),
        (403, "quotaExceeded", QuotaError),
        (429, "quotaExceeded", QuotaError),
        (400, "invalidQuery", InvalidQueryError),
        (501, "notImplemented", UnsupportedError),
    ],
)
def test_a_refusal_is_final(bench: Bench, status: int, reason: str, kind: type[BqvisionError]) -> None:
    """S9: one request, no job, the exact error, and nothing of the prompt or a token in it."""
    message = f"Refused near '{PROMPT}' and '{LITERAL}', Bearer ya29.s3cr3t X-Goog-Signature=abc123signature"
    bench.server.plan("jobs.insert", error(status, reason, message))
    with bench.raises(kind) as caught:
        bench.service.execute(ASK)
    assert len(bench.inserts) == 1
    assert not bench.server.jobs
    assert not bench.clock.slept
    assert caught.value.reason == reason
    assert not caught.value.retryable
    assert "Refused near" in str(caught.value)


def test_a_rate_limit_under_another_reason_is_retried(bench: Bench) -> None:
    """S1: "too many table update operations" is a rate limit, whatever its reason says."""
    message = "Exceeded rate limits: too many table update operations for this table"
    bench.server.plan("jobs.insert", error(400, "invalidQuery", message))
    bench.service.execute(ASK)
    assert len(bench.inserts) == 2


def test_tls_failures_are_not_retried(bench: Bench) -> None:
    """S11: a server that does not speak TLS will not learn it."""
    with bench.raises(ConfigurationError) as caught:
        bench.serve(url=bench.server.url.replace("http:", "https:")).execute(ASK)
    assert caught.value.attempts == 1
    assert "127.0.0.1" in str(caught.value)


def test_a_refused_connection_is_retried_then_unavailable(bench: Bench) -> None:
    """S11: the server is down; the error names its address."""
    with bench.raises(UnavailableError) as caught:
        bench.serve(url="http://127.0.0.1:9").execute(ASK)
    assert caught.value.attempts == 4
    assert "127.0.0.1:9" in str(caught.value)


def test_a_host_that_has_no_address_is_unavailable(bench: Bench) -> None:
    """S11: a name that does not resolve; the error names it."""
    service = bench.serve(url="http://bigquery.invalid", policy=bench.limited(attempts=2))
    with bench.raises(UnavailableError) as caught:
        service.execute(ASK)
    assert caught.value.attempts == 2
    assert "bigquery.invalid" in str(caught.value)


def test_requests_carry_place_labels_and_parameters(bench: Bench) -> None:
    """Every job has a location, labels and its parameters, and reports what it did."""
    job = bench.service.execute(ASK, location="EU", labels={"run": "x"})
    sent = bench.server.sent("jobs.insert")[0]
    assert sent.body["jobReference"]["location"] == "EU"
    assert sent.body["configuration"]["labels"] == {"team": "films", "run": "x", "bqvision": "ask"}
    assert [p["parameterValue"]["value"] for p in sent.body["configuration"]["query"]["queryParameters"]] == [
        PROMPT,
        "7",
    ]
    assert sent.headers["X-Server-Timeout"] == "5.0"
    assert (job.location, job.statement, job.total_bytes_processed) == ("EU", "ask", 12)
    assert PROMPT not in repr(job)


def test_the_key_makes_the_id(bench: Bench) -> None:
    """The same statement and key are one job; another key, or none, is another job."""
    first = bench.service.execute(ASK, key="a")
    again = bench.serve().execute(ASK, key="a")
    others = [bench.service.execute(ASK, key="b"), bench.service.execute(ASK), bench.service.execute(ASK)]
    assert first.job_id == again.job_id
    assert len({first.job_id, *(job.job_id for job in others)}) == 4
    assert first.job_id.startswith("bqv_ask_")
    assert first.job_id.endswith("_a0")


def test_a_table_that_exists_is_no_adoption(bench: Bench) -> None:
    """A conflict about a table is the statement's error, not a job that is there."""
    bench.server.plan("jobs.insert", error(409, "duplicate", "Already Exists: Table my-project:d.t"))
    with bench.raises(AlreadyExistsError):
        bench.service.execute(ASK)
    assert not bench.server.sent("jobs.get")


def test_credentials_missing_in_the_client_pass_through(bench: Bench) -> None:
    """An error of ours from making the client is not wrapped again."""

    def no_client() -> bigquery.Client:
        raise AuthError("none", next_step="log in")

    service = Service(
        bigquery=no_client, project=lambda: "my-project", location="US", policy=bench.policy, labels={}
    )
    with bench.raises(AuthError) as caught:
        service.execute(ASK)
    assert caught.value.message == "none"
