"""The work table: what is asked, what is refused, and how it is cut into batches, by Google's own evaluator."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from bqvision.errors import InvalidInputError
from bqvision.records import Outcome
from bqvision.sql import batches, work
from bqvision.sql.functions import FUNCTIONS
from bqvision.sql.names import TableName
from tests import googlesql
from tests.sql.samples import (
    FINGERPRINT,
    MODEL,
    POSTER,
    POSTERS,
    PROMPT,
    RESULTS,
    SCOPE,
    STATEMENTS,
    TUTORIAL,
    WORK,
)
from tests.sql.test_ledger import LEDGER, row

# The wheel takes no STRUCT cells: a text stands for the reference to the object.
IMAGES = {"uri": "STRING", "generation": "INT64", "ref": "STRING", "content_type": "STRING", "size": "INT64"}


def image(
    uri: str, generation: int = 1, kind: str | None = "image/jpeg", size: int | None = 1000
) -> list[Any]:
    """Return a row of the object table."""
    return [uri, generation, f"ref of {uri}", kind, size]


def claimed(
    images: Sequence[list[Any]],
    done: Sequence[list[Any]] = (),
    *,
    batch_size: int = 1000,
    limit: int | None = None,
    cut: work.Cut | None = None,
    **scope: Any,
) -> list[tuple[Any, ...]]:
    """Return the work table's rows as (uri, generation, attempt, refusal, limit, batch), by URI."""
    statement = work.create_work_table(
        WORK,
        scope=dataclasses.replace(SCOPE, **scope),
        cut=cut or work.Cut.of(5, batch_size=batch_size, limit=limit),
        run_id="run-9",
        billing_project="my-project",
    )
    _, _, select = statement.sql.partition("\nAS (\n")
    rows = googlesql.query(
        select.rpartition("\n)")[0],
        tables={str(POSTERS): (IMAGES, images), str(RESULTS): (LEDGER, done)},
        parameters=statement.parameters,
    )
    assert all(row[2] == f"ref of {row[0]}" for row in rows)
    assert all(row[8:12] == (str(POSTERS), "my-project", "run-9", False) for row in rows)
    return sorted((row[0], row[1], row[5], row[6], row[7], row[12]) for row in rows)


def pending(*args: Any, **options: Any) -> list[tuple[Any, ...]]:
    """Return the work table's rows as (uri, generation, attempt, refusal, batch), by URI."""
    return [
        (uri, generation, attempt, refusal, batch)
        for uri, generation, attempt, refusal, _, batch in claimed(*args, **options)
    ]


def test_everything_is_asked_once_at_first() -> None:
    """With an empty ledger every image is pending, at attempt 1."""
    assert pending([image("gs://b/2"), image("gs://b/1", 7)]) == [
        ("gs://b/1", 7, 1, None, 0),
        ("gs://b/2", 1, 1, None, 0),
    ]


@pytest.mark.parametrize("outcome", Outcome)
def test_final_rows_are_not_asked_again(outcome: Outcome) -> None:
    """Only outcomes that never were answers are asked again, and their attempts go on counting."""
    found = pending([image("gs://b/1")], [row("gs://b/1", 1, 3, outcome.value, 1)])
    never_answered = outcome in (Outcome.RETRYABLE, Outcome.QUOTA, Outcome.PERMISSION)
    assert found == ([("gs://b/1", 1, 4, None, 0)] if never_answered else [])


def test_outcomes_to_ask_again_can_be_chosen() -> None:
    """A retry may name the outcomes that it takes up again; none of them means only new images."""
    images = [image(f"gs://b/{name}") for name in "1234"]
    done = [
        row(f"gs://b/{name}", 1, 1, kind, 1)
        for name, kind in zip("123", ("OK", "TRUNCATED", "RETRYABLE"), strict=True)
    ]
    assert [uri for uri, *_ in pending(images, done, again=frozenset({Outcome.TRUNCATED}))] == [
        "gs://b/2",
        "gs://b/4",
    ]
    assert [uri for uri, *_ in pending(images, done, again=frozenset())] == ["gs://b/4"]


def test_the_last_attempt_decides() -> None:
    """An answer after a failure is final, and so is a failure after nothing."""
    done = [
        row("gs://b/1", 1, 1, "RETRYABLE", 1),
        row("gs://b/1", 1, 2, "OK", 2),
        row("gs://b/2", 1, 2, "QUOTA", 2),
        row("gs://b/2", 1, 1, "RETRYABLE", 1),
    ]
    assert pending([image("gs://b/1"), image("gs://b/2")], done) == [("gs://b/2", 1, 3, None, 0)]


def test_a_replaced_image_and_another_question_are_new() -> None:
    """Rows of another generation or fingerprint don't count."""
    done = [row("gs://b/1", 1, 1, "OK", 1), row("gs://b/2", 1, 1, "OK", 1, fingerprint="other")]
    assert pending([image("gs://b/1", 2), image("gs://b/2")], done) == [
        ("gs://b/1", 2, 1, None, 0),
        ("gs://b/2", 1, 1, None, 0),
    ]


def test_an_image_listed_twice_is_asked_once() -> None:
    """Overlapping URIs of the object table cost nothing twice."""
    assert pending([image("gs://b/1"), image("gs://b/1")]) == [("gs://b/1", 1, 1, None, 0)]


@pytest.mark.parametrize(
    ("uri", "kind", "size", "refusal"),
    [
        ("gs://b/1", "image/png", 1, None),
        ("gs://b/1", "IMAGE/JPEG", 31_457_280, None),
        ("gs://b/1", "image/heif", 1, None),
        ("gs://b/1.JPG", "application/octet-stream", 1, None),
        ("gs://b/1.webp", None, 1, None),
        ("gs://b/1", "image/gif", 1, "The model does not read the content type image/gif."),
        ("gs://b/1.png", "text/plain", 1, "The model does not read the content type text/plain."),
        ("gs://b/1.png.txt", None, 1, "The model does not read the content type (none)."),
        ("gs://b/1.png\n", None, 1, "The model does not read the content type (none)."),
        ("gs://b/1", "image/png", 0, "The file is empty."),
        ("gs://b/1", "text/plain", None, "The file is empty."),
        ("gs://b/1", "image/png", 31_457_281, "The file is larger than 30 MB."),
    ],
)
def test_what_the_model_would_refuse_is_not_asked(
    uri: str, kind: str | None, size: int | None, refusal: str | None
) -> None:
    """Unsupported, empty and too large files are refused with the reason, before they cost anything."""
    assert pending([image(uri, 1, kind, size)]) == [(uri, 1, 1, refusal, -1 if refusal else 0)]


def test_batches_are_cut_by_uri() -> None:
    """Batches are full but for the last, in the order of URIs, and refused images take no place in them."""
    names = [f"gs://b/{number:02}" for number in range(7)]
    images = [image(name) for name in reversed(names)] + [image("gs://b/005", size=0)]
    found = {uri: batch for uri, _, _, _, batch in pending(images, batch_size=3)}
    assert found == dict(zip(names, (0, 0, 0, 1, 1, 1, 2), strict=True)) | {"gs://b/005": -1}


def test_a_limit_counts_only_what_is_asked() -> None:
    """The limit takes the first images by URI; refused ones are free and come along."""
    images = [image(f"gs://b/{number}") for number in range(5)] + [image("gs://b/0.txt", kind="text/plain")]
    found = pending(images, batch_size=2, limit=3)
    assert [(uri, batch) for uri, _, _, _, batch in found] == [
        ("gs://b/0", 0),
        ("gs://b/0.txt", -1),
        ("gs://b/1", 0),
        ("gs://b/2", 1),
    ]


def test_more_than_a_few_images_have_a_canary() -> None:
    """The first image is a batch of its own; those that were turned away before come last, never as the canary."""
    names = [f"gs://b/{number:02}" for number in range(12)]
    done = [row("gs://b/00", 1, 1, "PERMISSION", 1)]
    cut = work.Cut.of(12, batch_size=5)
    found = {uri: batch for uri, _, _, _, batch in pending([image(name) for name in names], done, cut=cut)}
    assert found == dict(zip(names, (3, 0, 1, 1, 1, 1, 2, 2, 2, 2, 2, 3), strict=True))


def test_ten_images_are_one_batch() -> None:
    """A few images need no canary."""
    images = [image(f"gs://b/{number}") for number in range(10)]
    assert {batch for *_, batch in pending(images, cut=work.Cut.of(10, batch_size=1000))} == {0}


def test_many_images_are_numbered_in_shards() -> None:
    """No step sorts all of them; every image is in one batch, and no batch is larger than it may be."""
    images = [image(f"gs://b/{number}") for number in range(60)]
    cut = work.Cut(batch_size=7, shards=3, canary=True)
    batches = Counter(batch for *_, batch in pending(images, cut=cut))
    assert sum(batches.values()) == 60
    assert max(batches.values()) <= 7
    assert batches[0] == 1
    assert {batch // 1_000_000 for batch in batches} == {0, 1, 2}


@pytest.mark.parametrize(
    ("pending", "limit", "shards", "keep", "sampled"),
    [
        (10, None, 1, None, False),
        (1_000_000, None, 1, None, False),
        (10_000_000, None, 10, None, False),
        (100_000_000, None, 100, None, False),
        (100_000_000, 100, 1, 100, True),
        (100_000_000, 3_000_000, 3, 1_000_000, False),
        (100, 1000, 1, 1000, False),
    ],
)
def test_the_cut_follows_the_number_of_images(
    pending: int, limit: int | None, shards: int, keep: int | None, sampled: bool
) -> None:
    """A shard is a million images at most, and a limit is kept over all of them."""
    cut = work.Cut.of(pending, batch_size=25_000, limit=limit)
    assert (cut.shards, cut.keep, cut.sample is not None) == (shards, keep, sampled)
    assert limit is None or cut.shards * (cut.keep or 0) <= limit


def test_a_few_out_of_many_are_exactly_so_many() -> None:
    """A sample by hash is larger than needed, and then cut."""
    images = [image(f"gs://b/{number}") for number in range(200)]
    found = pending(images, cut=work.Cut(batch_size=10, keep=20, sample=(200, 60)))
    assert len(found) == 20
    assert Counter(batch for *_, batch in found) == {0: 10, 1: 10}


def test_cut_answers_are_asked_again_once_with_a_larger_limit() -> None:
    """They have batches of their own; an answer that was cut at that limit already is final."""
    images = [image(f"gs://b/{name}") for name in "1234"]
    done = [
        row("gs://b/1", 1, 1, "TRUNCATED", 1, output_limit=100),
        row("gs://b/2", 1, 2, "TRUNCATED", 1, output_limit=8192),
        row("gs://b/3", 1, 1, "TRUNCATED", 1),
    ]
    assert claimed(images, done, larger_limit=8192) == [
        ("gs://b/1", 1, 2, None, 8192, 10**15),
        ("gs://b/3", 1, 2, None, 8192, 10**15),
        ("gs://b/4", 1, 1, None, None, 0),
    ]
    assert [uri for uri, *_ in claimed(images, done)] == ["gs://b/4"]


def test_what_was_asked_with_a_larger_limit_keeps_it() -> None:
    """A failure for a passing reason does not send it back to the limit that cut the answer."""
    done = [
        row("gs://b/1", 1, 1, "TRUNCATED", 1, output_limit=100),
        row("gs://b/1", 1, 2, "RETRYABLE", 2, output_limit=8192),
        row("gs://b/2", 1, 1, "RETRYABLE", 1, output_limit=100),
    ]
    images = [image("gs://b/1"), image("gs://b/2")]
    assert claimed(images, done, usual_limit=100) == [
        ("gs://b/1", 1, 3, None, 8192, 10**15),
        ("gs://b/2", 1, 2, None, None, 0),
    ]


def test_what_of_a_claim_is_wanted_is_counted() -> None:
    """An image that is gone, replaced or answered by now is not; of other batches nothing is counted."""
    work_rows = [
        [f"gs://b/{name}", 1, batch, "run-1"]
        for name, batch in (("1", 1), ("2", 1), ("3", 1), ("4", 1), ("5", 7))
    ]
    tables: dict[str, googlesql.Table] = {
        str(WORK): (
            {"uri": "STRING", "generation": "INT64", "batch": "INT64", "run_id": "STRING"},
            work_rows,
        ),
        str(POSTERS): (
            IMAGES,
            [image("gs://b/1"), image("gs://b/2", 2), image("gs://b/3"), image("gs://b/5")],
        ),
        str(RESULTS): (LEDGER, [row("gs://b/3", 1, 1, "OK", 1)]),
    }
    statement = STATEMENTS["count_wanted"]
    assert googlesql.query(statement.sql, tables=tables, parameters=statement.parameters) == [(4, 1)]


def test_a_retry_takes_up_only_what_its_runs_left() -> None:
    """Neither new images nor what other runs left, nor what has an answer by now; else it is the other way round."""
    images = [image(f"gs://b/{name}") for name in "1234"]
    done = [
        row("gs://b/1", 1, 1, "RETRYABLE", 1, run_id="run-1"),
        row("gs://b/2", 1, 1, "RETRYABLE", 1, run_id="run-0"),
        row("gs://b/3", 1, 1, "RETRYABLE", 1, run_id="run-1"),
        row("gs://b/3", 1, 2, "OK", 2, run_id="run-2"),
    ]
    retry: dict[str, Any] = {
        "new": False,
        "again": frozenset({Outcome.RETRYABLE}),
        "runs": ("run-1",),
        "retry": True,
    }
    assert [uri for uri, *_ in claimed(images, done, **retry)] == ["gs://b/1"]
    assert [uri for uri, *_ in claimed(images, done, runs=("run-1",))] == ["gs://b/2", "gs://b/4"]


def test_the_survey_counts_what_a_claim_would_hold() -> None:
    """All images once, those to ask, those to refuse."""
    images = [image(f"gs://b/{name}") for name in "1234"] + [image("gs://b/1"), image("gs://b/5", size=0)]
    done = [row("gs://b/1", 1, 1, "OK", 1), row("gs://b/2", 1, 1, "RETRYABLE", 1)]
    statement = STATEMENTS["survey"]
    tables: dict[str, googlesql.Table] = {str(POSTERS): (IMAGES, images), str(RESULTS): (LEDGER, done)}
    assert googlesql.query(statement.sql, tables=tables, parameters=statement.parameters) == [(5, 3, 1)]


def test_a_scope_of_nothing_is_refused() -> None:
    """Neither new images nor any outcome would ask about nothing."""
    with pytest.raises(InvalidInputError, match="neither new ones nor any outcome"):
        dataclasses.replace(SCOPE, new=False, again=frozenset())


def test_batches_are_counted() -> None:
    """Refused images are a batch of their own, the first; of a batch in the ledger the job is told."""
    rows = [
        [f"gs://b/{name}", 1, attempt, batch, "run-1", None, "my-project", False]
        for name, attempt, batch in (("1", 1, 0), ("2", 2, 0), ("3", 1, 1), ("4", 1, -1), ("5", 2, 2))
    ]
    written = [
        row("gs://b/1", 1, 1, "OK", 1, run_id="run-1", job_id="job-7"),
        row("gs://b/2", 1, 2, "QUOTA", 1, run_id="run-1", job_id="job-7"),
        row("gs://b/2", 1, 1, "QUOTA", 1, run_id="run-0", job_id="job-8"),
        row("gs://b/3", 9, 1, "OK", 1, run_id="run-0", job_id="job-9"),
        row("gs://b/3", 1, 1, "OK", 1, run_id="run-0", job_id="job-9", fingerprint="other"),
        row("gs://b/5", 1, 2, "OK", 1, run_id="run-0", job_id="job-6"),
    ]
    statement = STATEMENTS["count_batches"]
    columns = {
        "uri": "STRING",
        "generation": "INT64",
        "attempt": "INT64",
        "batch": "INT64",
        "run_id": "STRING",
        "output_limit": "INT64",
        "billing_project": "STRING",
        "retired": "BOOL",
    }
    tables: dict[str, googlesql.Table] = {str(WORK): (columns, rows), str(RESULTS): (LEDGER, written)}
    found = googlesql.query(statement.sql, tables=tables, parameters=statement.parameters)
    claim = ("run-1", "my-project", False, None)
    assert found == [
        (-1, *claim, 1, None, 0, 0, 0, 0),
        (0, *claim, 2, "job-7", 1, 0, 0, 0),
        (1, *claim, 1, None, 0, 0, 0, 0),
        (2, *claim, 1, None, 0, 0, 0, 1),
    ]


def test_refused_images_are_written_with_their_reason() -> None:
    """Each refused image has one INPUT row; the model is not called."""
    statement = STATEMENTS["insert_refused"]
    assert "ML." not in statement.sql
    columns = {
        "uri": "STRING",
        "generation": "INT64",
        "attempt": "INT64",
        "refusal": "STRING",
        "batch": "INT64",
        "object_table": "STRING",
        "run_id": "STRING",
        "retired": "BOOL",
    }
    rows = [
        ["gs://b/1", 5, 2, "The file is empty.", -1, "p.d.t", "run-1", False],
        ["gs://b/2", 5, 1, None, 0, "p.d.t", "run-1", False],
        ["gs://b/3", 5, 2, "The file is empty.", -1, "p.d.t", "run-2", False],
        ["gs://b/4", 5, 2, "The file is empty.", -1, "p.d.t", "run-1", True],
    ]
    select = "SELECT" + statement.sql.partition("SELECT")[2].replace(", CURRENT_TIMESTAMP()", "")
    found = googlesql.query(select, tables={str(WORK): (columns, rows)}, parameters=statement.parameters)
    why = "The file is empty."
    assert found == [("gs://b/1", 5, "p.d.t", FINGERPRINT, "run-1", 2, why, "INPUT", why, "job-1")]


def test_prompt_is_a_parameter() -> None:
    """The prompt is not in the text, so no message about the statement shows it."""
    statement = STATEMENTS["insert_batch"]
    assert "movie" not in statement.sql.replace("bqml_tutorial.movie_posters", "")
    assert {parameter.name: parameter.value for parameter in statement.parameters}["prompt"] == PROMPT


def test_the_model_is_called_in_one_place() -> None:
    """Each step of the statement is read once, so that no image is asked about twice."""
    batches = {
        name: statement.sql for name, statement in STATEMENTS.items() if statement.label == "insert_batch"
    }
    assert len(batches) > len(FUNCTIONS) / 2
    for name, sql in batches.items():
        assert sum(sql.count(f"{function}(") for function in FUNCTIONS) == 1, name
        for step in ("_response", "_found", "_parsed", "_values", "_typed"):
            assert sql.count(f"FROM {step}\n") == 1, name


def test_work_table_is_named_after_ledger_and_question() -> None:
    """Two runs of the same analysis meet at one name, and others don't."""
    assert WORK.table == "movie_posters_results__work_0f1e2d3c4b5a"
    assert WORK.in_dataset == RESULTS.in_dataset
    wrong: list[Any] = ["", "short", "ABCDEF0123456789", "a`b0123456789", None]
    for fingerprint in wrong:
        with pytest.raises(InvalidInputError, match="fingerprint"):
            work.work_table_name(RESULTS, fingerprint)
    with pytest.raises(InvalidInputError, match="table"):
        work.work_table_name(TableName("my-project", "d", "x" * 1020), FINGERPRINT)


@pytest.mark.parametrize(
    "option",
    [{"batch_size": 0}, {"batch_size": True}, {"batch_size": 1.5}, {"limit": 0}],
)
def test_illegal_numbers_are_refused(option: dict[str, Any]) -> None:
    """Sizes, limits and hours are positive integers."""
    with pytest.raises(InvalidInputError, match=r"batch_size|max_images"):
        work.Cut.of(5, **{"batch_size": 1, **option})
    with pytest.raises(InvalidInputError, match="expires_hours"):
        work.extend_work_table(WORK, expires_hours=0)


def test_refused_batch_is_never_asked() -> None:
    """The batch of refused images can't be sent to the model."""
    with pytest.raises(InvalidInputError, match="batch"):
        batches.insert_batch(
            ledger=RESULTS,
            work=WORK,
            batch=work.REFUSED_BATCH,
            model=MODEL,
            arguments=TUTORIAL,
            schema=POSTER,
            fingerprint=FINGERPRINT,
            run_id="run-1",
            job_id="job-1",
        )
