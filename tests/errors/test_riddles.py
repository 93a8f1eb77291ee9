"""Google's riddles: each known text is a named error with the line to run, wherever it is said; no other is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import bqvision as bv
from bqvision import errors
from bqvision._google_errors import understand_job
from bqvision._riddles import RIDDLES
from bqvision._solutions import Solution, solve
from bqvision.claims import Batch
from bqvision.errors import BqvisionError, scrub
from bqvision.limits import Limits
from bqvision.outcomes import classify
from bqvision.records import Outcome
from bqvision.tally import Tally
from tests.cinema import Cinema
from tests.errors.texts import ACCOUNT, MEMBER, READ_POSTERS, TEXTS, Said
from tests.jobs.conftest import ASK, Bench
from tests.jobs.fault_server import Script, error

PAGE = Path(__file__).parents[2] / "docs" / "troubleshooting.rst"
MAX_CHARS = 600

texts = pytest.mark.parametrize("said", TEXTS, ids=lambda said: f"{said.error.__name__}-{said.text[:40]}")


@texts
def test_a_request_that_is_refused(bench: Bench, said: Said) -> None:
    """One request, the named error, and the line filled with what text and request name."""
    bench.server.plan("jobs.insert", error(said.status, said.reason, said.text))
    with bench.raises(said.error) as caught:
        bench.service.execute(ASK)
    assert said.line in caught.value.next_step
    assert said.line in str(caught.value)
    assert scrub(said.text[:200]) in caught.value.message
    assert caught.value.reason == said.reason
    assert (caught.value.attempts, caught.value.retryable) == (1, False)
    assert len(caught.value.message) <= MAX_CHARS
    assert len(caught.value.next_step) <= MAX_CHARS


@texts
def test_a_job_that_fails(bench: Bench, said: Said) -> None:
    """The same error, about the job; a free statement is not run again."""
    bench.server.scripts.append(Script(error=(said.reason, said.text)))
    with bench.raises(said.error) as caught:
        bench.service.execute(ASK, attempts=3)
    assert caught.value.job_id == bench.inserts[0]
    assert len(bench.server.jobs) == 1
    failure = understand_job({"reason": said.reason, "message": said.text}, project="my-project")
    assert said.line in failure.meaning.next_step


def stop_of(status: str, outcome: Outcome) -> bv.Stop:
    """Why a run stops of which one image ended so."""
    tally = Tally(Limits())
    counts = {"images": 1, "failed": 1, "input_tokens": None, "output_tokens": None}
    row = {"outcome": outcome.value, "status": status, **counts}
    tally.add(Batch(number=0, images=2, output_limit=None), [row], joined=False, retry=False)
    assert tally.stop is not None
    return tally.stop


def outcome_of(said: Said) -> Outcome:
    """What becomes of an image whose status is this text."""
    return classify(status=said.text, finish_reason=None, text=None, found=False)


STOPPING = [said for said in TEXTS if outcome_of(said) in {Outcome.PERMISSION, Outcome.QUOTA}]


@pytest.mark.parametrize("said", STOPPING, ids=lambda said: said.text[:50])
def test_an_image_that_ends_so(said: Said) -> None:
    """The run that it stops says the same line."""
    stop = stop_of(said.text, outcome_of(said))
    solution = solve(said.text)
    assert solution is not None
    assert stop.next_step.startswith(solution.next_step)
    assert "Then run it again" in stop.next_step


def test_an_image_that_ends_otherwise() -> None:
    """A status that nobody has seen before keeps the advice for all of its outcome."""
    assert "roles/aiplatform.user" in stop_of("PERMISSION_DENIED: no", Outcome.PERMISSION).next_step
    assert "midnight Pacific" in stop_of("Quota exceeded for GenAiInputTokensPerDay", Outcome.QUOTA).next_step


def test_a_run_says_what_to_grant(cinema: Cinema) -> None:
    """From the status of one image to the error of the run, by way of BigQuery."""
    uri = "gs://posters/a.jpg"
    cinema.hang(
        "a.jpg",
        fail="permanent",
        message=f"PERMISSION_DENIED: Permission denied while reading {uri}: {ACCOUNT} does not have "
        "storage.objects.get "
        "access to the Google Cloud Storage object.",
    )
    with pytest.raises(bv.RunError) as caught:
        cinema.analysis().run("results")
    assert caught.value.reason == bv.StopReason.PERMISSION
    assert READ_POSTERS in caught.value.next_step


def test_every_text_of_the_table_is_tried() -> None:
    """None is there that no test knows."""
    for riddle in RIDDLES:
        assert any(riddle.text.match(said.text) for said in TEXTS), riddle.text.pattern


def test_what_may_pass_is_left_to_pass(bench: Bench) -> None:
    """A text under a reason that is passing changes nothing: the request is sent again."""
    bench.server.plan("jobs.insert", error(503, "backendError", TEXTS[0].text))
    assert bench.service.execute(ASK).attempt == 0
    assert len(bench.inserts) == 2


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Access Denied: the moon is in the wrong phase", errors.PermissionDeniedError),
        (
            "Access Denied: Project our-data: User does not have bigquery.moons.phase permission in project our-data.",
            errors.PermissionDeniedError,
        ),
        ("Not found: Table my-project:films.results was not found in location US", errors.NotFoundError),
        ("Permission denied while reading the dataset", errors.PermissionDeniedError),
    ],
)
def test_other_texts_mean_what_their_reason_says(bench: Bench, text: str, kind: type[BqvisionError]) -> None:
    """A text, or a permission, that the table does not have keeps class and next step of its reason."""
    reason, status = ("notFound", 404) if kind is errors.NotFoundError else ("accessDenied", 403)
    steps: list[str] = []
    for message in (text, "no"):
        bench.server.plan("jobs.insert", error(status, reason, message))
        with bench.raises(kind) as caught:
            bench.service.execute(ASK)
        steps.append(caught.value.next_step)
    assert steps[0] == steps[1]


QUOTING = (
    'Syntax error: Unexpected string literal "{}" at [1:8]',
    "Syntax error: Unclosed string literal {} at [1:8]",
    "Unrecognized name: {} at [2:3]",
    "Unrecognized name: `{}`; Did you mean title? at [2:3]",
    "Invalid value: '{}'",
    "'{}' is no value of output_schema",
    'Could not cast literal "{}" to type INT64 at [1:1]',
    "Query error: Bad JSON: {}; error in MODEL_PARAMS",
    "No matching signature for function IF for argument types: {}",
    'Table name "{}" missing dataset while no default dataset is set in the request.',
    "Not found: Table {} was not found in location US",
    "Not found: Model my-project:films.{}",
    "Not found: URI gs://posters/{}",
    "INVALID_ARGUMENT: the image {} is broken",
    "Already Exists: Table my-project:films.{}",
    "Quota exceeded: Your project exceeded quota for {}",
    "Access Denied: Table my-project:films.{}: nobody may do this",
    "Query text: {}",
)
anything = st.text(max_size=80)
riddles = st.sampled_from([said.text for said in TEXTS])


@given(
    form=st.sampled_from(QUOTING),
    quoted=st.tuples(anything, riddles | anything, anything).map("".join),
)
@example(form=QUOTING[0], quoted=TEXTS[0].text)
@example(
    form="INVALID_ARGUMENT: the image {} is broken",
    quoted="Training Matrix Factorization models is not available for on-demand usage.",
)
def test_what_a_text_quotes_is_not_taken_for_one(form: str, quoted: str) -> None:
    """Prompts, names and files may hold any of the texts: the error stays what it was."""
    assert solve(form.format(quoted)) is None


name = st.from_regex(r"[A-Za-z0-9_]{1,300}", fullmatch=True)


@given(dataset=name, connection=name, file=anything)
def test_names_do_not_change_the_class(dataset: str, connection: str, file: str) -> None:
    """Whatever the things are called, and however long their names are."""
    told = {
        f"Not found: Dataset my-project:{dataset} was not found in location EU": errors.LocationError,
        f"Not found: Connection my-project.us.{connection[:200]}": errors.ConnectionNotFoundError,
        f"Access Denied: Table my-project:{dataset}.t: Permission bigquery.tables.getData denied on table "
        f"my-project:{dataset}.t (or it may not exist).": errors.PermissionDeniedError,
        f"PERMISSION_DENIED: Permission denied while reading gs://posters/{file}: {ACCOUNT} does not have "
        "storage.objects.get access": errors.BucketPermissionError,
    }
    for text, kind in told.items():
        solution = solve(text)
        assert solution is not None
        assert solution.error is kind
        assert len(solution.next_step) <= MAX_CHARS


@given(file=anything)
@example(file="a.jpg: mallory@example.com does not have storage.objects.get access to it")
def test_a_files_name_says_not_whom_to_grant(file: str) -> None:
    """The account is the one that the service itself names, at the end."""
    solution = solve(
        f"Permission denied while reading gs://posters/{file}: {ACCOUNT} does not have storage.objects.get access"
    )
    assert solution is not None
    assert f"--member={MEMBER} " in solution.next_step


SHELL = re.compile(r"[$&;|<>\\!#\n]")


@given(before=st.sampled_from(TEXTS), cut=st.integers(0, 200), put=anything)
def test_a_line_to_run_holds_names_only(before: Said, cut: int, put: str) -> None:
    """What a text was tampered with never reaches the line as more than a name."""
    solution = solve(before.text[:cut] + put + before.text[cut:])
    if solution is not None and solution.error is not errors.ReservationError:
        shown = solution.next_step.replace("; it takes", "")
        assert not SHELL.search(shown)


SECRETS = (
    "ya29.abcdef0123",
    "Authorization: Bearer abcdef0123456789",
    "https://storage.googleapis.com/b/o?X-Goog-Signature=abcdef0123&x=1",
    '{"access_token": "abcdef0123"}',
)


@given(said=st.sampled_from(TEXTS), secret=st.sampled_from(SECRETS), at=st.integers(0, 400))
def test_secrets_stay_out(said: Said, secret: str, at: int) -> None:
    """Wherever a careless server puts one, neither message nor next step repeats it."""
    text = f"{said.text[:at]} {secret} {said.text[at:]}"
    failure = understand_job({"reason": said.reason, "message": text})
    shown = str(failure.kind(failure.message, next_step=failure.meaning.next_step))
    assert "abcdef0123" not in shown
    assert "abcdef0123" not in failure.meaning.next_step


@given(text=st.text(max_size=3000))
@example(text="a" * 100_000)
@example(text=f"{ACCOUNT} " * 5_000)
@example(text="Permission denied while reading gs://" + "a@" * 5_000)
def test_any_text_can_be_asked_about(text: str) -> None:
    """None is too long or too odd."""
    solution = solve(text)
    assert solution is None or isinstance(solution, Solution)
    assert len(scrub(text)) <= MAX_CHARS


OTHER_HEADINGS = {
    "Resources exceeded, or 429 RESOURCE_EXHAUSTED",
    "A retryable error occurred: RESOURCE EXHAUSTED error from remote endpoint",
}
"""Headings of texts that are no matter of the set-up: the reason says what they mean."""


def headings() -> list[str]:
    """The texts that the page of troubles is about."""
    return re.findall(r"^(.+)\n\^{3,}$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)


def test_the_page_of_troubles_is_headed_by_the_texts() -> None:
    """Each heading is understood, and each text has its heading."""
    listed = [heading.replace("``", "") for heading in headings()]
    assert set(listed) >= OTHER_HEADINGS
    for heading in listed:
        assert heading in OTHER_HEADINGS or solve(heading) is not None, heading
    for riddle in RIDDLES:
        assert any(riddle.text.match(heading) for heading in listed), riddle.text.pattern
