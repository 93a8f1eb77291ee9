"""Jobs that are sent to a server which loses, breaks, delays or refuses the request: one job, or none, never two."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from google.cloud.bigquery.job import QueryJob

import bqvision as bv
from tests.faults.bench import BATCH, Case, requests_of

if TYPE_CHECKING:
    from bqvision.local import LocalServer

THEIRS = "SELECT 'of somebody else' AS said"


def batch(number: int) -> str:
    """What the request holds that starts one batch, and no other."""
    return rf"(?s)(?=.*{BATCH}).*batch = {number}\b"


def test_what_fails_before_it_has_an_effect_is_sent_again_under_the_same_id(case: Case) -> None:
    """S1: RST, FIN, 503, 502, 429 and pages of a front end, nine times in a row: one job in the end."""
    analysis = case.films()
    case.plan.reset("jobs.insert", match=BATCH)
    case.plan.close("jobs.insert", match=BATCH)
    message = case.leaky("try again")
    case.plan.answer("jobs.insert", 503, reason="backendError", message=message, times=3, match=BATCH)
    case.plan.answer("jobs.insert", 502, html=True, match=BATCH)
    case.plan.answer("jobs.insert", 429, html=True, match=BATCH)
    case.plan.answer("jobs.insert", 503, message=message, match=BATCH)
    case.plan.answer("jobs.insert", 403, reason="rateLimitExceeded", message=message, match=BATCH)
    run = case.ask(analysis)
    assert run.report.calls == 2
    assert [job.job_id for job in case.jobs()] == list(run.report.jobs)


def made_once(case: Case, label: str, times: int) -> bool:
    """Say whether a statement without a key has had so many jobs, each as the first attempt."""
    return [job.job_id[-3:] for job in case.jobs(label)] == ["_a0"] * times


def test_a_job_whose_answer_is_lost_is_adopted(case: Case) -> None:
    """S2: the job is there, and its answer is lost by RST, FIN, a 503 or silence, once or three times in a row."""
    case.films()
    impatient = case.connect(request_timeout_s=0.7)
    case.plan.lose("jobs.insert", times=3, match=batch(0))
    case.plan.stall("jobs.insert", after=True, match=batch(1))
    run = case.ask(case.question(impatient), batch_size=1)
    assert len(case.jobs()) == 2
    assert (run.report.asked, run.report.joined) == (2, 0), "they are this run's own jobs"
    free = requests_of("create_object_table")
    message = case.leaky("is it there?", quoting=False)
    case.plan.close("jobs.insert", after=True, match=free)
    case.plan.answer(
        "jobs.insert", 503, reason="backendError", message=message, after=True, times=2, match=free
    )
    case.posters()
    assert made_once(case, "create_object_table", 2)


def test_a_job_whose_answer_is_broken_is_adopted(case: Case) -> None:
    """S3: half of the JSON, nothing at all, broken compression, or a body that ends too early by FIN or RST."""
    analysis = case.films()
    case.plan.half_json("jobs.insert", match=batch(0))
    case.plan.cut("jobs.insert", match=batch(1))
    run = case.ask(analysis, batch_size=1)
    assert len(case.jobs()) == 2
    assert (run.report.asked, run.report.joined) == (2, 0)
    free = requests_of("create_object_table")
    case.plan.half_json("jobs.insert", match=free)
    case.posters()
    case.plan.empty("jobs.insert", match=free)
    case.posters()
    case.plan.bad_gzip("jobs.insert", match=free)
    case.posters()
    case.plan.cut("jobs.insert", match=free)
    case.posters()
    case.plan.cut("jobs.insert", reset=True, match=free)
    case.posters()
    assert case.struck("jobs.insert") == 7
    assert made_once(case, "create_object_table", 6)


def test_failures_that_googles_client_gives_up_at_are_sent_again(case: Case) -> None:
    """S4: 504 and 408 without a reason, and 5xx with a reason that nobody knows."""
    analysis = case.films()
    case.plan.answer("jobs.insert", 504, match=BATCH)
    case.plan.answer("jobs.insert", 408, match=BATCH)
    case.plan.answer("jobs.insert", 500, reason="neverHeardOf", match=BATCH)
    case.plan.answer("jobs.insert", 503, reason="serviceUnavailable", match=BATCH)
    case.ask(analysis)
    assert len(case.jobs()) == 1
    assert case.struck("jobs.insert") == 4


def test_a_server_that_asks_to_wait_is_waited_for(case: Case) -> None:
    """S5: Retry-After is kept; but who is asked to wait for a day learns it at once, with the time."""
    analysis = case.films()
    case.plan.answer("jobs.insert", 429, message=case.leaky("slow"), retry_after=86_400, match=BATCH)
    error = case.fails(bv.RateLimitError, analysis)
    assert "86400 seconds" in str(error)
    assert (error.attempts, error.retryable, case.jobs()) == (1, True, [])
    case.clock.waits.clear()
    case.plan.answer("jobs.insert", 429, retry_after=7, match=BATCH)
    case.ask(analysis)
    assert sum(wait >= 7 for wait in case.clock.waits) == 1
    assert len(case.jobs()) == 1


def test_a_server_that_stays_down_is_given_up(case: Case) -> None:
    """S6: after the policy's tries, with the job's id; the job that may be there is adopted by the next run."""
    analysis = case.films()
    tries = case.policy.attempts
    for number, after in enumerate((False, True), 1):
        message = case.leaky("down")
        case.plan.answer(
            "jobs.insert", 503, reason="backendError", message=message, after=after, times=tries, match=BATCH
        )
        error = case.fails(bv.UnavailableError, analysis)
        assert (error.attempts, error.retryable) == (tries, True)
        assert case.struck("jobs.insert") == tries * number
        assert (error.job_id or "").startswith("bqv_insert_batch_")
        assert [job.job_id for job in case.jobs()] == ([error.job_id] if after else [])


def taken_id(case: Case) -> str:
    """Be refused at the first batch, and let somebody else take its job's id; return that."""
    case.films()
    case.plan.answer("jobs.insert", 403, reason="accessDenied", match=BATCH)
    job_id = case.fails(bv.PermissionDeniedError).job_id or ""
    theirs = case.client.bigquery.query(THEIRS, job_id=job_id, job_retry=None)
    theirs.result()
    return job_id


def theirs_is_there(case: Case, job_id: str) -> bool:
    """Say whether the other job is what it was."""
    job = case.client.bigquery.get_job(job_id)
    return isinstance(job, QueryJob) and job.query == THEIRS


def test_an_id_that_belongs_to_another_statement_is_left_alone(case: Case) -> None:
    """S7: nothing is run and nothing overwritten; the other job stays what it is."""
    job_id = taken_id(case)
    error = case.fails(bv.IdCollisionError)
    assert (error.job_id, error.location) == (job_id, "US")
    assert case.calls() == {}
    assert theirs_is_there(case, job_id)
    case.drop_work_tables()


def test_after_a_collision_the_next_run_gets_a_job_of_its_own(case: Case) -> None:
    """S7: as the error's next step says."""
    taken_id(case)
    try:
        error = case.fails(bv.IdCollisionError)
        assert "Run it again" in error.next_step
        case.ask()
    finally:
        case.drop_work_tables()


def test_a_job_that_is_hard_to_find_is_waited_for(case: Case) -> None:
    """S8: the id is taken, and jobs.get does not know it yet: it is asked until it does."""
    analysis = case.films()
    case.plan.lose("jobs.insert", match=BATCH)
    case.plan.answer("jobs.get", 404, reason="notFound", times=2, match=BATCH)
    run = case.ask(analysis)
    assert len(case.jobs()) == 1
    assert run.report.asked == 2


def test_a_job_that_is_never_found_gets_no_second_id(case: Case) -> None:
    """S8: the id is taken and the job unknown, whether it is there or not: an error that names it, and no other job."""
    analysis = case.films()
    text = case.leaky("Already Exists: Job local-project:US.bqv")
    case.plan.answer("jobs.insert", 409, reason="duplicate", message=text, match=BATCH)
    error = case.fails(bv.JobLostError, analysis)
    assert (error.attempts, case.jobs()) == (case.policy.attempts, [])
    case.plan.lose("jobs.insert", match=BATCH)
    case.plan.answer("jobs.get", 404, reason="notFound", times=None, match=BATCH)
    error = case.fails(bv.JobLostError, analysis)
    assert error.attempts == case.policy.attempts == case.struck("jobs.get")
    assert [job.job_id for job in case.jobs()] == [error.job_id]


def test_a_refusal_is_final(case: Case) -> None:
    """S9: missing permission, billing or quota and a wrong statement: one request, no job, the exact error."""
    analysis = case.films()
    refusals: list[tuple[int, str, type[bv.ServiceError]]] = [
        (403, "accessDenied", bv.PermissionDeniedError),
        (403, "billingNotEnabled", bv.BillingError),
        (403, "quotaExceeded", bv.QuotaError),
        (400, "invalidQuery", bv.InvalidQueryError),
    ]
    for number, (status, reason, kind) in enumerate(refusals, 1):
        case.plan.answer("jobs.insert", status, reason=reason, message=case.leaky("No"), match=BATCH)
        error = case.fails(kind, analysis)
        assert case.struck("jobs.insert") == number
        assert (error.attempts, error.reason, error.retryable) == (1, reason, False)
        assert "No near" in str(error)
    assert case.jobs() == []


def test_a_silent_server_is_asked_again_after_the_timeout(case: Case) -> None:
    """S10: no answer to jobs.insert, jobs.get or tables.get: the time for one request ends it, and not the run."""
    case.films()
    case.plan.stall("jobs.insert", match=BATCH)
    case.plan.stall("tables.get", match="tables/results")
    case.plan.stall("jobs.get", match=BATCH)
    case.hold_until("jobs.get")
    case.ask(case.question(case.connect(request_timeout_s=0.4)))
    assert len(case.jobs()) == 1


def test_a_server_that_never_answers_ends_as_unavailable(case: Case) -> None:
    """S10: nothing hangs for ever."""
    case.films()
    case.plan.stall("jobs.insert", times=None, match=BATCH)
    policy = bv.RetryPolicy(attempts=3, sleep=case.clock.sleep, clock=case.clock.read)
    error = case.fails(bv.UnavailableError, case.question(case.connect(retry=policy, request_timeout_s=0.3)))
    assert (error.attempts, case.struck("jobs.insert")) == (3, 3)
    assert case.jobs() == []


def test_a_server_that_can_not_be_reached(case: Case, server: LocalServer) -> None:
    """S11: TLS that fails is final at once; a refused connection and an unknown host are tried as often as allowed."""
    case.films()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        closed = f"http://127.0.0.1:{taken.getsockname()[1]}"
    endpoints: list[tuple[str, type[bv.BqvisionError], int]] = [
        (server.endpoint.replace("http:", "https:"), bv.ConfigurationError, 1),
        (closed, bv.UnavailableError, case.policy.attempts),
        ("https://bigquery.invalid", bv.UnavailableError, case.policy.attempts),
    ]
    for endpoint, kind, attempts in endpoints:
        client = case.client.with_options(endpoint=endpoint)
        error = case.fails(kind, case.question(client))
        assert error.attempts == attempts
        assert endpoint.rpartition("/")[2] in str(error)
        client.close()
