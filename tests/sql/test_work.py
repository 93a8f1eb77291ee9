"""The work table: what is asked, what is refused, and how it is cut into batches, by Google's own evaluator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from bqvision.errors import InvalidInputError
from bqvision.records import Outcome
from bqvision.sql import work
from bqvision.sql.names import TableName
from tests import googlesql
from tests.sql.samples import FINGERPRINT, MODEL, POSTER, POSTERS, PROMPT, RESULTS, STATEMENTS, TUTORIAL, WORK
from tests.sql.test_ledger import LEDGER, row

# The wheel takes no STRUCT cells: a text stands for the reference to the object.
IMAGES = {"uri": "STRING", "generation": "INT64", "ref": "STRING", "content_type": "STRING", "size": "INT64"}


def image(
    uri: str, generation: int = 1, kind: str | None = "image/jpeg", size: int | None = 1000
) -> list[Any]:
    """Return a row of the object table."""
    return [uri, generation, f"ref of {uri}", kind, size]


def pending(
    images: Sequence[list[Any]], done: Sequence[list[Any]] = (), **options: Any
) -> list[tuple[Any, ...]]:
    """Return the work table's rows as (uri, generation, attempt, refusal, batch), by URI."""
    given: dict[str, Any] = {"batch_size": 1000, **options}
    statement = work.create_work_table(WORK, source=POSTERS, ledger=RESULTS, fingerprint=FINGERPRINT, **given)
    _, _, select = statement.sql.partition("\nAS (\n")
    rows = googlesql.query(
        select.rpartition("\n)")[0],
        tables={str(POSTERS): (IMAGES, images), str(RESULTS): (LEDGER, done)},
        parameters=statement.parameters,
    )
    assert all(ref == f"ref of {uri}" for uri, _, ref, *_ in rows)
    return sorted(
        (uri, generation, attempt, refusal, batch)
        for uri, generation, _, _, _, attempt, refusal, batch in rows
    )


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
    assert [uri for uri, *_ in pending(images, done, again=[Outcome.TRUNCATED])] == ["gs://b/2", "gs://b/4"]
    assert [uri for uri, *_ in pending(images, done, again=[])] == ["gs://b/4"]


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
    found = pending(images, batch_size=2, max_images=3)
    assert [(uri, batch) for uri, _, _, _, batch in found] == [
        ("gs://b/0", 0),
        ("gs://b/0.txt", -1),
        ("gs://b/1", 0),
        ("gs://b/2", 1),
    ]


def test_batches_are_counted() -> None:
    """Refused images are a batch of their own, the first; of a batch in the ledger the job is told."""
    rows: list[list[object]] = [["gs://b/1", 0], ["gs://b/2", 0], ["gs://b/3", 1], ["gs://b/4", -1]]
    written: list[list[object]] = [
        ["gs://b/1", "run-1", "job-7"],
        ["gs://b/2", "run-1", "job-7"],
        ["gs://b/2", "run-0", "job-8"],
        ["gs://b/3", "run-0", "job-9"],
    ]
    statement = STATEMENTS["count_batches"]
    tables: dict[str, googlesql.Table] = {
        str(WORK): ({"uri": "STRING", "batch": "INT64"}, rows),
        str(RESULTS): ({"uri": "STRING", "run_id": "STRING", "job_id": "STRING"}, written),
    }
    found = googlesql.query(statement.sql, tables=tables, parameters=statement.parameters)
    assert found == [(-1, 1, None), (0, 2, "job-7"), (1, 1, None)]


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
    }
    rows = [["gs://b/1", 5, 2, "The file is empty.", -1], ["gs://b/2", 5, 1, None, 0]]
    select = "SELECT" + statement.sql.partition("SELECT")[2].replace(", CURRENT_TIMESTAMP()", "")
    found = googlesql.query(select, tables={str(WORK): (columns, rows)}, parameters=statement.parameters)
    why = "The file is empty."
    assert found == [("gs://b/1", 5, FINGERPRINT, "run-1", 2, why, "INPUT", why, "job-1")]


def test_prompt_is_a_parameter() -> None:
    """The prompt is not in the text, so no message about the statement shows it."""
    statement = STATEMENTS["insert_batch"]
    assert "movie" not in statement.sql.replace("bqml_tutorial.movie_posters", "")
    assert {parameter.name: parameter.value for parameter in statement.parameters}["prompt"] == PROMPT


def test_the_model_is_called_in_one_place() -> None:
    """Each step of the statement is read once, so that no image is asked about twice."""
    for name in ("insert_batch", "insert_batch_with_every_argument", "insert_batch_flattened"):
        sql = STATEMENTS[name].sql
        assert sql.count("ML.GENERATE_TEXT") == 1
        for step in ("_output", "_response", "_found", "_parsed", "_values", "_typed"):
            assert sql.count(f"FROM {step}\n") == 1


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
    [{"batch_size": 0}, {"batch_size": True}, {"batch_size": 1.5}, {"max_images": 0}, {"expires_hours": 0}],
)
def test_illegal_numbers_are_refused(option: dict[str, Any]) -> None:
    """Sizes, limits and hours are positive integers."""
    with pytest.raises(InvalidInputError, match=next(iter(option))):
        pending([], **option)


def test_refused_batch_is_never_asked() -> None:
    """The batch of refused images can't be sent to the model."""
    with pytest.raises(InvalidInputError, match="batch"):
        work.insert_batch(
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
