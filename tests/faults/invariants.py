"""What holds after every case of the fault matrix, whatever was injected."""

from __future__ import annotations

import pickle
import re
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import bqvision as bv
from bqvision.errors import JobError
from tests.faults.bench import PROMPT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from google.cloud.bigquery.job import QueryJob

    from bqvision.testing import Strike
    from tests.faults.bench import Case

_WINDOW = 16
_ROUND_WAIT_S = 300.0


def check_all(case: Case) -> None:
    """Check all invariants of a case; the faults end here, and the question is run once more."""
    errors_are_helpful(case)
    case.plan.verify()
    struck = case.plan.struck
    case.plan.clear()
    requests_are_bounded(case, struck)
    if not case.dataset.object_table("posters").exists():
        case.posters()
    case.wait_for_jobs()
    for run in case.runs:
        each_image_comes_once(run, all_of=None)
    jobs_are_declared(case.jobs())
    calls_are_declared(case)
    missing, before = case.unanswered(), case.calls()
    run = case.question(case.connect(retry=None)).run("results")
    each_image_comes_once(run, all_of=images_of(case))
    only_the_missing_was_asked(case, run, missing, before)
    ledger_has_no_twins(case)
    case.wait_for_jobs()
    jobs_are_declared(case.jobs())
    nothing_secret_was_said(case)


def images_of(case: Case) -> list[str]:
    """The URIs of the object table."""
    return [str(row["uri"]) for row in case.rows("SELECT uri FROM DS.posters ORDER BY uri")]


def each_image_comes_once(run: bv.AnalysisRun[bv.PosterResult], all_of: list[str] | None) -> None:
    """I1: no image comes twice in the records; and none is missing where the run says that it is done."""
    uris = [poster.uri for poster in run]
    assert len(uris) == len(set(uris)), "an image comes twice"
    if all_of is not None:
        assert uris == all_of
        assert run.report.stopped is None, run.report
        assert run.report.unasked == 0


def ledger_has_no_twins(case: Case) -> None:
    """I1: no image has two rows for one attempt at one question."""
    twins = case.rows(
        "SELECT uri FROM DS.results GROUP BY uri, generation, fingerprint, attempt HAVING COUNT(*) > 1"
    )
    assert twins == []


def calls_are_declared(case: Case) -> None:
    """I2: an image has one model call, and one more for each further round or attempt that was reported."""
    rounds = further_rounds(case)
    most = max(case.calls().values(), default=0)
    assert most <= 1 + rounds + case.extra_calls, case.calls()


def further_rounds(case: Case) -> int:
    """How many rounds beyond the first were reported."""
    reports = [run.report for run in case.runs]
    reports += [error.report for error in case.errors if isinstance(error, bv.RunError) and error.report]
    return sum(report.rounds - 1 for report in reports)


def jobs_are_declared(jobs: Iterable[QueryJob]) -> None:
    """I3: all ids are ours, and no job is followed by a next attempt unless it failed."""
    attempts: defaultdict[str, dict[int, QueryJob]] = defaultdict(dict)
    for job in jobs:
        ours = re.fullmatch(r"(bqv_insert_batch_[0-9a-f]{20})_a(\d+)", job.job_id)
        assert ours, job.job_id
        attempts[ours[1]][int(ours[2])] = job
    for stem, numbered in attempts.items():
        assert sorted(numbered) == list(range(len(numbered))), stem
        passed_over = [numbered[number] for number in sorted(numbered)[:-1]]
        assert all(job.error_result for job in passed_over), stem


def errors_are_helpful(case: Case) -> None:
    """I4: every error is ours, says what to do next, names the job, and is chained to what caused it."""
    for error in case.errors:
        assert isinstance(error, bv.BqvisionError)
        assert error.next_step
        assert error.next_step in str(error)
        if error.attempts:
            assert error.__cause__ is not None
        if error.statement is not None or isinstance(error, JobError):
            assert error.job_id, error
            assert error.location, error
            assert error.job_id in str(error)
        again = pickle.loads(pickle.dumps(error))  # noqa: S301
        assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))


def requests_are_bounded(case: Case, strikes: Sequence[Strike]) -> None:
    """I5: no request is sent more often than the policy allows, and no wait goes beyond its deadline."""
    policy = case.policy
    assert all(error.attempts <= policy.attempts for error in case.errors)
    calls = len(case.errors) + len(case.all_jobs())
    struck = Counter(strike.target for strike in strikes if "." in strike.target and strike.kind != "rewrite")
    assert max(struck.values(), default=0) <= policy.attempts * calls, struck
    rounds = further_rounds(case)
    assert max(case.elapsed, default=0.0) <= policy.timeout_s + _ROUND_WAIT_S * rounds
    assert not case.never & {*case.ear.requests, *(strike.target for strike in strikes)}


def nothing_secret_was_said(case: Case) -> None:
    """I6: neither logs nor errors, reports, runs, statements and clients hold a prompt, a token or a signature."""
    shown: list[object] = [*case.errors, *case.runs, *case.clients]
    shown += [run.report for run in case.runs]
    shown += [report for error in case.errors if (report := getattr(error, "report", None)) is not None]
    shown += [run.report.stopped for run in case.runs]
    shown += case.question().statements("results")
    texts = list(case.ear.texts)
    for thing in shown:
        texts.append(repr(thing))
        if not isinstance(thing, bv.Statement):  # whose text is what it is for
            texts.append(str(thing))
            texts.append(pickled(thing))
    for error in case.errors:
        texts += [repr(vars(error)), *getattr(error, "__notes__", ())]
    leaks = leaks_in(texts, case.secrets)
    assert leaks == []


def leaks_in(texts: Iterable[str], secrets: Iterable[str]) -> list[str]:
    """The texts that hold a secret, or sixteen characters of the prompt that stand side by side."""
    windows = {PROMPT[at : at + _WINDOW] for at in range(len(PROMPT) - _WINDOW + 1)}
    hidden = [*secrets, *windows]
    return [text[:400] for text in texts if any(secret in text for secret in hidden)]


def pickled(thing: object) -> str:
    """What the thing is when it is sent to another process; empty if it can't be."""
    try:
        return pickle.dumps(thing).decode("latin-1")
    except (TypeError, AttributeError, pickle.PicklingError):
        return ""


def only_the_missing_was_asked(
    case: Case, run: bv.AnalysisRun[bv.PosterResult], missing: set[str], before: Mapping[str, int]
) -> None:
    """I7: a rerun without faults completes, and asks what has no final answer, once, and nothing else."""
    after = case.calls()
    asked = {
        name: count - before.get(name, 0) for name, count in after.items() if count != before.get(name, 0)
    }
    assert asked == {uri.rpartition("/")[2]: 1 for uri in missing}
    assert run.report.asked == len(missing)
