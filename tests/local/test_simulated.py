"""Simulated buckets and scripted models: many made-up images, answered in the server."""

from __future__ import annotations

import json
import urllib.request
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from google.api_core.exceptions import BadRequest

from bqvision.errors import InvalidInputError
from bqvision.local import (
    Image,
    LocalServer,
    RetryableRowError,
    ScriptedModel,
    SimulatedBucket,
    VisionRequest,
    serve,
)
from bqvision.local.buckets import Buckets

from .conftest import connect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from google.cloud import bigquery

OBJECTS = 120_000
"""More than one part of a listing."""
BUCKET = SimulatedBucket(objects=OBJECTS, prefix="2025/scan-", size=100, seed=7)
FAILING = ScriptedModel(answer='{"n": {number}}', input_tokens=9, output_tokens=4, failing=0.2)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    """A server with a simulated bucket beside a folder, and a scripted model beside a callable."""
    folder = tmp_path_factory.mktemp("real")
    (folder / "a.png").write_bytes(b"1")
    models = {"gemini-*": FAILING, "sure-*": ScriptedModel()}
    with serve(buckets={"archive": BUCKET, "real": folder}, model=models) as running:
        yield running


@pytest.fixture(scope="module")
def client(server: LocalServer) -> Iterator[bigquery.Client]:
    """Google's client on the server."""
    with connect(server) as running:
        yield running


@pytest.fixture
def sql(client: bigquery.Client) -> Callable[..., list[dict[str, Any]]]:
    """Run a statement in a dataset of the test's own, with the models in it; ``DS`` stands for the dataset."""
    dataset = f"t{uuid.uuid4().hex[:10]}"
    client.create_dataset(dataset)

    def run(statement: str, uris: tuple[str, ...] = ()) -> list[dict[str, Any]]:
        text = statement.replace("DS.", f"{dataset}.")
        if uris:
            text += f" WITH CONNECTION DEFAULT OPTIONS(object_metadata = 'SIMPLE', uris = {list(uris)})"
        return [dict(row) for row in client.query(text, job_retry=None).result(timeout=60)]

    for name, endpoint in (("failing", "gemini-2.5-flash"), ("sure", "sure-1")):
        run(f"CREATE MODEL DS.{name} REMOTE WITH CONNECTION DEFAULT OPTIONS(ENDPOINT = '{endpoint}')")
    return run


def request(uri: str) -> VisionRequest:
    """A question about one image."""
    return VisionRequest((Image(uri, "image/png", b""),), "what is it?")


def test_a_listing_has_every_object_once(sql: Callable[..., list[dict[str, Any]]]) -> None:
    """All objects are in the table, told by their number, of the size and generation of the bucket."""
    sql("CREATE EXTERNAL TABLE DS.images", ("gs://archive/*",))
    (row,) = sql(
        "SELECT COUNT(DISTINCT uri) AS n, MIN(uri) AS first, MAX(uri) AS last, SUM(size) AS size, "
        "COUNT(DISTINCT generation) AS generations, COUNT(md5_hash) AS hashes FROM DS.images"
    )
    assert row == {
        "n": OBJECTS,
        "first": "gs://archive/2025/scan-000000000.png",
        "last": "gs://archive/2025/scan-000119999.png",
        "size": OBJECTS * 100,
        "generations": 1,
        "hashes": 0,
    }


def test_a_listing_says_what_each_object_says(sql: Callable[..., list[dict[str, Any]]]) -> None:
    """A row of the listing and a look at the object itself tell the same."""
    sql("CREATE EXTERNAL TABLE DS.images", ("gs://archive/*77.png",))
    rows = sql("SELECT * FROM DS.images ORDER BY uri")
    assert len(rows) == OBJECTS // 100
    buckets = Buckets({"archive": BUCKET})
    for row in rows:
        stored = buckets.stat(row["uri"])
        assert stored is not None
        assert row["generation"] == stored.generation
        assert row["content_type"] == stored.content_type == "image/png"
        assert row["size"] == stored.size == len(stored.path.read_bytes())
        assert row["md5_hash"] is buckets.md5(stored) is None
        assert int(row["updated"].timestamp() * 1_000_000) == stored.updated_us
        assert row["metadata"] == []
        ref = row["ref"]
        assert (ref["uri"], ref["version"]) == (stored.uri, str(stored.generation))
        assert ref["authorizer"].endswith("__default_cloudresource_connection__")
        about = json.loads(ref["details"])["gcs_metadata"]
        assert about == {
            "content_type": "image/png",
            "size": 100,
            "updated": stored.updated_us,
        }


@pytest.mark.parametrize(
    ("uris", "count"),
    [
        (("gs://archive/2025/*",), OBJECTS),
        (("gs://archive/2025/scan-00000001*",), 10),
        (("gs://archive/*9.png",), OBJECTS // 10),
        (("gs://archive/2025/scan-00000*1.png",), 1_000),
        (("gs://archive/2025/scan-000000005.png",), 1),
        (("gs://archive/2025/scan-00000000*", "gs://archive/*scan-000000005.png"), 10),
        (("gs://archive/2025/scan-00000000*", "gs://real/*"), 11),
        (("gs://archive/2025/scan-000000005.png*.png",), 0),
        (("gs://archive/2025/scan-000120000.png", "gs://archive/2024/*", "gs://archive/*.jpg"), 0),
    ],
)
def test_patterns_match_as_in_a_folder(
    sql: Callable[..., list[dict[str, Any]]], uris: tuple[str, ...], count: int
) -> None:
    """One star stands for any text, start and end don't overlap, and an object is listed once."""
    sql("CREATE EXTERNAL TABLE DS.images", uris)
    assert sql("SELECT COUNT(*) AS n, COUNT(DISTINCT uri) AS uris FROM DS.images") == [
        {"n": count, "uris": count}
    ]


def test_two_stars_are_refused(sql: Callable[..., list[dict[str, Any]]]) -> None:
    """A pattern has one star at most, as for folders."""
    with pytest.raises(BadRequest, match=r"more than one \*"):
        sql("CREATE EXTERNAL TABLE DS.images", ("gs://archive/*/scan*",))


@pytest.mark.parametrize(
    "name",
    [
        "2025/scan-000120000.png",
        "2025/scan-5.png",
        "2025/scan-00000000५.png",
        "2025/scan-0000000005.png",
        "2025/scan-000000005.jpg",
        "2025/scan-",
        "scan-000000005.png",
        "",
    ],
)
def test_only_listed_objects_are_there(name: str) -> None:
    """A name that no listing has leads to no object."""
    assert Buckets({"archive": BUCKET}).stat(f"gs://archive/{name}") is None


def test_the_bytes_say_their_number(sql: Callable[..., list[dict[str, Any]]]) -> None:
    """A signed URL hands out the object's bytes, alike each time."""
    sql("CREATE EXTERNAL TABLE DS.images", ("gs://archive/*scan-000000042.png",))
    (row,) = sql("SELECT signed_url FROM EXTERNAL_OBJECT_TRANSFORM(TABLE DS.images, ['SIGNED_URL'])")
    with urllib.request.urlopen(row["signed_url"], timeout=10) as answer:
        data = answer.read()
    assert data.startswith(b"simulated object 42 of seed 7\n")
    assert len(data) == 100
    assert data == BUCKET.data(42)


def test_every_image_is_answered_by_one_call(
    sql: Callable[..., list[dict[str, Any]]], server: LocalServer
) -> None:
    """A model call over a simulated bucket answers each image by its number, and counts each call."""
    sql("CREATE EXTERNAL TABLE DS.images", ("gs://archive/2025/scan-00003*",))
    rows = sql(
        "SELECT uri, ml_generate_text_llm_result AS text, ml_generate_text_status AS status FROM "
        "ML.GENERATE_TEXT(MODEL DS.sure, (SELECT uri, ('what?', ref) AS prompt FROM DS.images), "
        "STRUCT(TRUE AS flatten_json_output))"
    )
    assert {row["uri"]: (json.loads(row["text"])["title"], row["status"]) for row in rows} == {
        f"gs://archive/2025/scan-0000{number}.png": (f"Film {number}", "") for number in range(30_000, 40_000)
    }
    calls = server.model_calls
    assert all(calls[row["uri"]] == 1 for row in rows)
    assert calls["gs://archive/2025/scan-000029999.png"] == 0


def test_a_share_of_images_fails_once(sql: Callable[..., list[dict[str, Any]]], server: LocalServer) -> None:
    """Images of the failing share get a retryable status at their first call and an answer at the next one."""
    sql("CREATE EXTERNAL TABLE DS.images", ("gs://archive/2025/scan-00005*",))
    ask = (
        "SELECT uri, ml_generate_text_result AS result, ml_generate_text_status AS status FROM "
        "ML.GENERATE_TEXT(MODEL DS.failing, TABLE DS.images, STRUCT('what?' AS prompt))"
    )
    first, second = ({row["uri"]: row for row in sql(ask)} for _ in range(2))
    failed = {uri for uri, row in first.items() if row["status"]}
    assert 1_800 < len(failed) < 2_200
    assert {first[uri]["status"] for uri in failed} == {
        "A retryable error occurred: RESOURCE EXHAUSTED error from remote endpoint"
    }
    assert not any(row["status"] for row in second.values())
    result = second["gs://archive/2025/scan-000050017.png"]["result"]
    assert json.loads(result["candidates"][0]["content"]["parts"][0]["text"]) == {"n": 50_017}
    assert result["usage_metadata"]["prompt_token_count"] == 9
    assert result["usage_metadata"]["candidates_token_count"] == 4
    calls = server.model_calls
    assert all(calls[uri] == 2 for uri in second)
    again = ScriptedModel(**FAILING.settings())
    assert failed == {uri for uri in second if refuses(again, uri)}


def refuses(model: ScriptedModel, uri: str) -> bool:
    """Ask about an image and say whether the model refused."""
    try:
        model(request(uri))
    except RetryableRowError:
        return True
    return False


def test_a_scripted_model_is_what_its_settings_are() -> None:
    """Equal models answer and fail alike; the seed says which images fail, the share says how many."""
    uris = [f"gs://b/{number}.png" for number in range(2_000)]
    one, same = ScriptedModel(failing=0.5, seed=1), ScriptedModel(failing=0.5, seed=1)
    assert one == same
    failed = [uri for uri in uris if refuses(one, uri)]
    assert failed == [uri for uri in uris if refuses(same, uri)]
    assert failed != [uri for uri in uris if refuses(ScriptedModel(failing=0.5, seed=2), uri)]
    assert 900 < len(failed) < 1_100
    assert not any(refuses(one, uri) for uri in uris)
    assert all(refuses(ScriptedModel(failing=1), uri) for uri in uris)
    assert not any(refuses(ScriptedModel(), uri) for uri in uris)


@pytest.mark.parametrize(
    ("uri", "number"),
    [
        ("gs://b2/a-000017.png", "17"),
        ("gs://b/7/8a.png", "8"),
        ("gs://b/9.jp2", "9"),
        ("gs://b/a.png", "0"),
        ("gs://b/0.png", "0"),
    ],
)
def test_an_answer_tells_the_image_by_its_number(uri: str, number: str) -> None:
    """The last number before the suffix is put into the answer."""
    answer = ScriptedModel(answer="{number} and {number}, {other}")(request(uri))
    assert answer.text == f"{number} and {number}, {{other}}"


def test_a_question_without_an_image_is_answered_too() -> None:
    """A prompt alone has no number."""
    assert ScriptedModel(answer="{number}")(VisionRequest((), "hello")).text == "0"


@pytest.mark.parametrize(
    "settings",
    [
        {"objects": -1},
        {"objects": 1.5},
        {"objects": True},
        {"objects": 10**9},
        {"objects": 1, "prefix": "a*"},
        {"objects": 1, "prefix": "a\nb"},
        {"objects": 1, "suffix": 5},
        {"objects": 1, "content_type": "png"},
        {"objects": 1, "size": 0},
        {"objects": 1, "size": 10**9},
        {"objects": 1, "seed": -1},
    ],
)
def test_a_bucket_that_can_not_be_is_refused(settings: dict[str, Any]) -> None:
    """Wrong arguments are named."""
    with pytest.raises(InvalidInputError, match=list(settings)[-1]):
        SimulatedBucket(**settings)


@pytest.mark.parametrize(
    "settings",
    [
        {"answer": None},
        {"input_tokens": -1},
        {"output_tokens": 2.5},
        {"failing": 1.01},
        {"failing": -0.1},
        {"failing": float("nan")},
        {"failing": "half"},
        {"seed": None},
    ],
)
def test_a_model_that_can_not_be_is_refused(settings: dict[str, Any]) -> None:
    """Wrong arguments are named."""
    with pytest.raises(InvalidInputError, match=next(iter(settings))):
        ScriptedModel(**settings)


def test_names_of_simulated_buckets_are_checked(tmp_path: Path) -> None:
    """A simulated bucket has a name that a bucket can have."""
    with pytest.raises(InvalidInputError, match="no bucket name"):
        serve(buckets={"Archive": SimulatedBucket(objects=1)})
