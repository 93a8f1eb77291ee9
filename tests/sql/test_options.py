"""Options: URIs, endpoints, labels, numbers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bqvision.errors import InvalidInputError
from bqvision.sql import datasets, models, object_tables
from bqvision.sql.options import clean_description, clean_endpoint, clean_labels, clean_uri, clean_uris
from tests.sql.samples import DATASET, MODEL, POSTERS


@pytest.mark.parametrize(
    "uri",
    [
        "gs://posters/*",
        "gs://abc/a",
        "gs://my_bucket.example.com/a/b/*.png",
        'gs://bucket/it\'s "quoted" \\ and `ticked`; --.png',
        "gs://bucket/海报/*",
        "gs://bucket/pre*fix",
    ],
)
def test_legal_uris(uri: str) -> None:
    """Objects may be named almost anything, and one * may stand anywhere in the path."""
    assert clean_uri(uri) == uri


@pytest.mark.parametrize(
    ("uri", "reason"),
    [
        ("", "gs://"),
        ("s3://bucket/*", "gs://"),
        ("GS://bucket/*", "gs://"),
        ("/local/file", "gs://"),
        (None, "gs://"),
        ("gs://", "bucket"),
        ("gs:///a", "bucket"),
        ("gs://ab/x", "bucket"),
        ("gs://Posters/*", "bucket"),
        ("gs://post*/x", "bucket"),
        ("gs://*/x", "bucket"),
        ("gs://-bucket/x", "bucket"),
        ("gs://a..b/x", "bucket"),
        ("gs://" + "a" * 64 + "/x", "bucket"),
        ("gs://bucket\n/x", "bucket"),
        ("gs://bucket", "everything"),
        ("gs://bucket/", "everything"),
        ("gs://bucket/a*/b*", "at most one"),
        ("gs://bucket/a**", "at most one"),
        ("gs://bucket//a", "//"),
        ("gs://bucket/a//b", "//"),
        ("gs://bucket/a\nb", "control"),
        ("gs://bucket/a\0b", "control"),
        ("gs://bucket/a\u2028b", "control"),
        ("gs://bucket/\ud800", "gs://"),
        ("gs://bucket/" + "é" * 513, "1,024 bytes"),
    ],
)
def test_illegal_uris(uri: Any, reason: str) -> None:
    """The error says what is wrong and shows no more than the beginning."""
    with pytest.raises(InvalidInputError, match="Allowed") as caught:
        clean_uri(uri)
    assert reason in caught.value.next_step
    assert len(str(caught.value)) < 400


def test_uris_are_a_list_of_different_ones() -> None:
    """None, too many, the same twice, or a single string are refused."""
    many = [f"gs://bucket/{number}/*" for number in range(10_001)]
    assert clean_uris(many[:10_000]) == tuple(many[:10_000])
    wrong: list[Any] = [[], many, ["gs://bucket/*", "gs://bucket/*"], "gs://bucket/*", ["gs://bucket/*", 3]]
    for uris in wrong:
        with pytest.raises(InvalidInputError):
            clean_uris(uris)


@pytest.mark.parametrize(
    "endpoint",
    [
        "gemini-2.5-flash",
        "multimodalembedding@001",
        "https://aiplatform.googleapis.com/v1/projects/p/locations/global/publishers/google/models/gemini-2.5-flash",
        "https://us-central1-aiplatform.googleapis.com/v1/projects/p/locations/us-central1/endpoints/123",
        "https://aiplatform.us.rep.googleapis.com/v1/projects/p/locations/us/publishers/google/models/m",
    ],
)
def test_legal_endpoints(endpoint: str) -> None:
    """Short names and URLs at googleapis.com are endpoints; which models exist is not our business."""
    assert clean_endpoint(endpoint) == endpoint


@pytest.mark.parametrize(
    "endpoint",
    [
        "",
        " gemini-2.5-flash",
        "gemini 2.5",
        "gemini-2.5-flash\n",
        "gemini'",
        "-x",
        "http://aiplatform.googleapis.com/v1/models/m",
        "https://googleapis.com/v1",
        "https://evil.example/aiplatform.googleapis.com/v1",
        "https://aiplatform.googleapis.com.evil.example/v1",
        "https://evilgoogleapis.com/v1",
        "https://user:pw@aiplatform.googleapis.com/v1",
        "https://aiplatform.googleapis.com:444/v1",
        "https://aiplatform.googleapis.com",
        "https://aiplatform.googleapis.com/v1?key=secret",
        "https://aiplatform.googleapis.com/v1#x",
        "https://aiplatform.googleapis.com/v1\n",
        "https://aiplatform.googleapis.com//v1",
        None,
        3,
    ],
)
def test_illegal_endpoints(endpoint: Any) -> None:
    """Another host, scheme, port or a query is refused: an answer could come from anywhere."""
    with pytest.raises(InvalidInputError, match="endpoint") as caught:
        clean_endpoint(endpoint)
    assert "secret" not in str(caught.value)
    assert "pw" not in str(caught.value)


def test_labels_follow_bigquerys_rules() -> None:
    """Keys begin with a letter, values may be empty, and 64 are the limit."""
    legal = {"team": "film-1_x", "a": "", "a" * 63: "1" * 63}
    assert clean_labels(legal) == legal
    wrong: list[Any] = [{"": "x"}, {"Team": "x"}, {"1a": "x"}, {"a b": "x"}, {"a\n": "x"}, {"a" * 64: "x"}]
    wrong += [{"a": "X"}, {"a": "x y"}, {"a": "x" * 64}, {"a": 1}, {1: "a"}, {f"k{n}": "" for n in range(65)}]
    for labels in wrong:
        with pytest.raises(InvalidInputError):
            clean_labels(labels)


def test_description_is_a_text_of_bounded_length() -> None:
    """BigQuery's limit is 16,384 characters."""
    assert clean_description("x" * 16_384)
    wrong: list[Any] = ["x" * 16_385, "\ud800", 3]
    for description in wrong:
        with pytest.raises(InvalidInputError):
            clean_description(description)


@pytest.mark.parametrize(
    "expiration", [timedelta(minutes=59), timedelta(0), timedelta(days=-1), timedelta(days=40_000)]
)
def test_table_expiration_has_bounds(expiration: timedelta) -> None:
    """BigQuery's least is an hour."""
    with pytest.raises(InvalidInputError, match="default_table_expiration"):
        datasets.create_dataset(DATASET, default_table_expiration=expiration)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"replace": True, "if_not_exists": True}, "replace"),
        ({"max_staleness": timedelta(hours=1)}, "metadata_cache_mode"),
        ({"metadata_cache_mode": "MANUAL"}, "max_staleness"),
        ({"max_staleness": timedelta(minutes=29), "metadata_cache_mode": "MANUAL"}, "30 minutes"),
        ({"max_staleness": timedelta(days=8), "metadata_cache_mode": "MANUAL"}, "7 days"),
        ({"max_staleness": timedelta(0), "metadata_cache_mode": "MANUAL"}, "30 minutes"),
        ({"max_staleness": timedelta(hours=1), "metadata_cache_mode": "manual"}, "AUTOMATIC or MANUAL"),
        ({"max_staleness": timedelta(hours=1, microseconds=1), "metadata_cache_mode": "MANUAL"}, "fractions"),
    ],
)
def test_object_table_options_that_do_not_go_together(options: dict[str, Any], named: str) -> None:
    """Options that exclude or need each other, and staleness out of bounds, are refused."""
    with pytest.raises(InvalidInputError, match=named):
        object_tables.create_object_table(POSTERS, uris=["gs://posters/*"], **options)


def test_model_is_replaced_or_kept_but_not_both() -> None:
    """OR REPLACE and IF NOT EXISTS exclude each other."""
    with pytest.raises(InvalidInputError):
        models.create_remote_model(MODEL, endpoint="gemini-2.5-flash", replace=True, if_not_exists=True)


@pytest.mark.parametrize(
    "filters",
    [
        {"content_types": []},
        {"content_types": "image/png"},
        {"content_types": ["image/png", 1]},
        {"min_size": -1},
        {"min_size": True},
        {"min_size": 1.5},
        {"max_size": 2**63},
        {"limit": 0},
        {"limit": "1"},
    ],
)
def test_object_filters_are_checked(filters: dict[str, Any]) -> None:
    """A filter of the wrong type or range is refused before it is sent."""
    with pytest.raises(InvalidInputError):
        object_tables.list_objects(POSTERS, **filters)
