"""Object tables over local folders."""

from __future__ import annotations

import base64
import hashlib
import os
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from google.api_core.exceptions import BadRequest, Conflict, GoogleAPICallError, NotFound
from google.cloud import bigquery

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Place


def test_the_schema_is_bigquerys(place: Place) -> None:
    """tables.get shows the columns of an object table with their types, and where the objects come from."""
    place.posters(options=", description = 'films'")
    table = place.client.get_table(f"{place.dataset}.posters")
    shape = [(field.name, field.field_type, field.mode) for field in table.schema]
    assert shape == [
        ("uri", "STRING", "NULLABLE"),
        ("generation", "INTEGER", "NULLABLE"),
        ("content_type", "STRING", "NULLABLE"),
        ("size", "INTEGER", "NULLABLE"),
        ("md5_hash", "STRING", "NULLABLE"),
        ("updated", "TIMESTAMP", "NULLABLE"),
        ("metadata", "RECORD", "REPEATED"),
        ("ref", "RECORD", "NULLABLE"),
    ]
    assert [field.name for field in table.schema[-1].fields] == ["uri", "version", "authorizer", "details"]
    resource = table.to_api_repr()
    assert resource["type"] == "EXTERNAL"
    assert resource["description"] == "films"
    assert resource["externalDataConfiguration"] == {
        "sourceUris": [place.uri()],
        "objectMetadata": "SIMPLE",
        "connectionId": "local-project.us.__default_cloudresource_connection__",
    }
    listed = {item.table_id: item.table_type for item in place.client.list_tables(place.dataset)}
    assert listed == {"posters": "EXTERNAL"}


def test_the_rows_tell_the_truth_about_the_files(place: Place) -> None:
    """Size, MD5, time, type and reference of every file, also in folders below."""
    data = b"\x89PNG" + bytes(300)
    path = place.put("below/der Golem é.png", data)
    place.put("film.webp", b"1")
    place.put("film.heic", b"1")
    place.put("film.unknown", b"1")
    place.posters()
    rows = {row["uri"].removeprefix(place.uri("")): row for row in place.sql("SELECT * FROM DS.posters")}
    assert {name: row["content_type"] for name, row in rows.items()} == {
        "below/der Golem é.png": "image/png",
        "film.webp": "image/webp",
        "film.heic": "image/heic",
        "film.unknown": "application/octet-stream",
    }
    row = rows["below/der Golem é.png"]
    assert row["size"] == len(data)
    assert row["md5_hash"] == base64.b64encode(hashlib.md5(data).digest()).decode()  # noqa: S324
    assert abs(row["updated"] - datetime.fromtimestamp(path.stat().st_mtime, UTC)) < timedelta(milliseconds=1)
    assert row["metadata"] == []
    assert row["ref"]["uri"] == row["uri"]
    assert row["ref"]["version"] == str(row["generation"])
    details = place.sql("SELECT JSON_VALUE(ref.details, '$.gcs_metadata.size') AS size FROM DS.posters")
    assert str(len(data)) in {row["size"] for row in details}


def test_without_caching_queries_see_the_folder_as_it_is(place: Place) -> None:
    """New, replaced and removed files show at once, and an unchanged file keeps its generation."""

    def listed() -> dict[str, int]:
        rows = place.sql("SELECT uri, generation FROM DS.posters")
        return {row["uri"].rpartition("/")[2]: row["generation"] for row in rows}

    place.put("a.png", b"1")
    place.put("b.png", b"1")
    place.posters()
    before = listed()
    place.put("c.png", b"1")
    place.put("b.png", b"22")
    after = listed()
    assert sorted(after) == ["a.png", "b.png", "c.png"]
    assert after["a.png"] == before["a.png"]
    assert after["b.png"] != before["b.png"]
    (place.folder / "a.png").unlink()
    assert sorted(listed()) == ["b.png", "c.png"]
    assert place.client.get_table(f"{place.dataset}.posters").num_rows == 2


def test_views_and_scripts_see_the_folder_as_it_is_too(place: Place) -> None:
    """A view over an object table, and a script with variables, read a fresh listing."""
    place.put("a.png", b"1")
    place.posters()
    place.sql("CREATE VIEW DS.names AS SELECT uri FROM DS.posters")
    place.put("b.png", b"1")
    assert place.sql("SELECT COUNT(*) AS n FROM DS.names") == [{"n": 2}]
    place.put("c.png", b"1")
    assert place.sql("DECLARE n INT64; SET n = (SELECT COUNT(*) FROM DS.posters); SELECT n;") == [{"n": 3}]


def test_a_file_of_the_same_size_and_time_order_gets_a_later_generation(place: Place) -> None:
    """A later change of the file is a higher generation."""
    path = place.put("a.png", b"1")
    place.posters()
    (before,) = place.sql("SELECT generation FROM DS.posters")
    later = path.stat().st_mtime_ns + 5_000_000
    path.write_bytes(b"2")
    os.utime(path, ns=(later, later))
    (after,) = place.sql("SELECT generation FROM DS.posters")
    assert after["generation"] > before["generation"]


def test_a_cached_listing_waits_for_the_refresh(place: Place) -> None:
    """With metadata_cache_mode MANUAL new files show after BQ.REFRESH_EXTERNAL_METADATA_CACHE only."""
    place.put("a.png", b"1")
    place.posters(options=", max_staleness = INTERVAL 1 HOUR, metadata_cache_mode = 'MANUAL'")
    place.put("b.png", b"1")
    count = "SELECT COUNT(*) AS n FROM DS.posters"
    assert place.sql(count) == [{"n": 1}]
    place.sql(f"CALL BQ.REFRESH_EXTERNAL_METADATA_CACHE('{place.dataset}.posters')")
    assert place.sql(count) == [{"n": 2}]
    resource = place.client.get_table(f"{place.dataset}.posters").to_api_repr()
    assert resource["externalDataConfiguration"]["metadataCacheMode"] == "MANUAL"
    assert resource["maxStaleness"] == "0-0 0 1:0:0"


@pytest.mark.parametrize(
    "options",
    ["", ", max_staleness = INTERVAL 1 HOUR, metadata_cache_mode = 'AUTOMATIC'"],
    ids=["none", "auto"],
)
def test_only_manual_caches_can_be_refreshed(place: Place, options: str) -> None:
    """A refresh of a table that is not cached by hand fails, as on BigQuery."""
    place.posters(options=options)
    with pytest.raises(BadRequest, match="metadata_cache_mode"):
        place.sql(f"CALL BQ.REFRESH_EXTERNAL_METADATA_CACHE('{place.dataset}.posters')")


@pytest.mark.parametrize(
    "options",
    [
        ", max_staleness = INTERVAL 1 HOUR",
        ", metadata_cache_mode = 'MANUAL'",
        ", max_staleness = INTERVAL 1 MINUTE, metadata_cache_mode = 'MANUAL'",
        ", max_staleness = INTERVAL 8 DAY, metadata_cache_mode = 'MANUAL'",
        ", max_staleness = INTERVAL 1 HOUR, metadata_cache_mode = 'SOMETIMES'",
    ],
)
def test_wrong_cache_settings_are_refused(place: Place, options: str) -> None:
    """Staleness and mode go together, and staleness is from 30 minutes to 7 days."""
    with pytest.raises(BadRequest):
        place.posters(options=options)


def test_uris_may_be_several(place: Place) -> None:
    """Several patterns make one table, each object once; a pattern without a star names one object."""
    for name in ("a.png", "b.png", "c.jpg", "d/e.jpg"):
        place.put(name, b"1")
    uris = ", ".join(f"'{place.uri(name)}'" for name in ("a*", "a.png", "*.jpg", "missing.png"))
    place.sql(
        "CREATE EXTERNAL TABLE DS.some WITH CONNECTION DEFAULT "
        f"OPTIONS(object_metadata = 'SIMPLE', uris = [{uris}])"
    )
    rows = place.sql("SELECT uri FROM DS.some ORDER BY uri")
    assert [row["uri"] for row in rows] == [place.uri(name) for name in ("a.png", "c.jpg", "d/e.jpg")]


def test_an_unmapped_bucket_is_named_with_the_mapped_ones(place: Place) -> None:
    """A bucket without a folder is refused with the buckets that have one."""
    with pytest.raises(NotFound, match=r"nowhere is not mapped.*objects"):
        place.sql(
            "CREATE EXTERNAL TABLE DS.t WITH CONNECTION DEFAULT "
            "OPTIONS(object_metadata = 'SIMPLE', uris = ['gs://nowhere/*'])"
        )


@pytest.mark.parametrize("uri", ["gs://objects/*/a*", "/etc/*", "gs://objects", "gs://obj*/a"])
def test_wrong_uris_are_refused(place: Place, uri: str) -> None:
    """Two stars, other schemes and a star in the bucket are no patterns."""
    with pytest.raises(GoogleAPICallError) as caught:
        place.sql(
            "CREATE EXTERNAL TABLE DS.t WITH CONNECTION DEFAULT "
            f"OPTIONS(object_metadata = 'SIMPLE', uris = ['{uri}'])"
        )
    assert caught.value.code == 400


def test_paths_can_not_leave_the_bucket(place: Place) -> None:
    """Dots in a URI don't climb out of the folder."""
    place.sql(
        "CREATE EXTERNAL TABLE DS.t WITH CONNECTION DEFAULT OPTIONS(object_metadata = 'SIMPLE', "
        "uris = ['gs://objects/../../etc/passwd', 'gs://objects/../*', 'gs://objects/x/../../*'])"
    )
    assert place.sql("SELECT * FROM DS.t") == []


def test_a_linked_folder_holds_no_objects(place: Place, tmp_path: Path) -> None:
    """Neither a listing nor an object's own URI leads through a link to another folder."""
    (tmp_path / "secret.png").write_bytes(b"1")
    place.put("a.png", b"1")
    (place.folder / "link").symlink_to(tmp_path)
    place.sql(
        "CREATE EXTERNAL TABLE DS.t WITH CONNECTION DEFAULT OPTIONS(object_metadata = 'SIMPLE', "
        f"uris = ['{place.uri()}', '{place.uri('link/secret.png')}'])"
    )
    assert [row["uri"] for row in place.sql("SELECT uri FROM DS.t")] == [place.uri("a.png")]


def test_object_tables_are_read_only(place: Place) -> None:
    """DML, ALTER TABLE and DROP TABLE on an object table are refused; DROP EXTERNAL TABLE works."""
    place.posters()
    for sql in (
        "DELETE FROM DS.posters WHERE TRUE",
        "INSERT DS.posters (uri) VALUES ('x')",
        "UPDATE DS.posters SET size = 1 WHERE TRUE",
        "TRUNCATE TABLE DS.posters",
        "DROP TABLE DS.posters",
    ):
        with pytest.raises(BadRequest):
            place.sql(sql)
    with pytest.raises(Conflict):
        place.sql("CREATE OR REPLACE TABLE DS.posters AS SELECT 1 AS n")
    place.sql("DROP EXTERNAL TABLE DS.posters")
    with pytest.raises(NotFound):
        place.client.get_table(f"{place.dataset}.posters")


def test_drop_external_table_drops_nothing_else(place: Place) -> None:
    """It fails on an ordinary table, also with IF EXISTS, and on a name that is not there."""
    place.sql("CREATE TABLE DS.t AS SELECT 1 AS n")
    for sql in ("DROP EXTERNAL TABLE DS.t", "DROP EXTERNAL TABLE IF EXISTS DS.t"):
        with pytest.raises(BadRequest):
            place.sql(sql)
    with pytest.raises(NotFound):
        place.sql("DROP EXTERNAL TABLE DS.nothing")
    place.sql("DROP EXTERNAL TABLE IF EXISTS DS.nothing")


def test_create_replace_and_only_if_missing(place: Place) -> None:
    """A taken name is a conflict, OR REPLACE replaces, IF NOT EXISTS leaves what is there."""
    place.put("a.png", b"1")
    create = (
        "CREATE {} EXTERNAL TABLE {} DS.posters WITH CONNECTION DEFAULT "
        f"OPTIONS(object_metadata = 'SIMPLE', uris = ['{place.uri('{}')}'])"
    )
    place.sql(create.format("", "", "*"))
    with pytest.raises(Conflict):
        place.sql(create.format("", "", "none*"))
    count = "SELECT COUNT(*) AS n FROM DS.posters"
    place.sql(create.format("", "IF NOT EXISTS", "none*"))
    assert place.sql(count) == [{"n": 1}]
    place.sql(create.format("OR REPLACE", "", "none*"))
    assert place.sql(count) == [{"n": 0}]
    place.sql("CREATE TABLE DS.plain AS SELECT 1 AS n")
    with pytest.raises(Conflict):
        place.posters("plain")


def test_a_dataset_that_is_not_there_is_not_found(place: Place) -> None:
    """An object table needs its dataset."""
    with pytest.raises(NotFound):
        place.sql(
            "CREATE EXTERNAL TABLE nowhere.t WITH CONNECTION DEFAULT "
            f"OPTIONS(object_metadata = 'SIMPLE', uris = ['{place.uri()}'])"
        )


def test_signed_urls_hand_out_the_bytes(place: Place) -> None:
    """EXTERNAL_OBJECT_TRANSFORM adds URLs that need no token; a changed one leads nowhere."""
    place.put("a b.png", b"the bytes")
    place.posters()
    (row,) = place.sql(
        "SELECT uri, signed_url FROM EXTERNAL_OBJECT_TRANSFORM(TABLE DS.posters, ['SIGNED_URL'])"
    )
    assert row["uri"] == place.uri("a b.png")
    with urllib.request.urlopen(row["signed_url"], timeout=10) as answer:
        assert answer.read() == b"the bytes"
        assert answer.headers["content-type"] == "image/png"
    for wrong in (
        row["signed_url"].replace("a%20b", "other"),
        row["signed_url"].replace("Expires=1", "Expires=2"),
        row["signed_url"].replace("/objects/objects/", "/objects/objects/../objects/"),
        row["signed_url"].partition("?")[0],
    ):
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(wrong, timeout=10)
        caught.value.close()
        assert caught.value.code == 403


def test_deleting_a_dataset_with_contents_deletes_object_tables_and_models(place: Place) -> None:
    """Object tables and models go with their dataset, and hold it as long as they are there."""
    place.posters()
    place.model()
    with pytest.raises(BadRequest, match="still in use"):
        place.client.delete_dataset(place.dataset)
    place.sql("DROP EXTERNAL TABLE DS.posters")
    with pytest.raises(BadRequest, match="still in use"):
        place.sql(f"DROP SCHEMA {place.dataset}")
    place.posters()
    place.client.delete_dataset(place.dataset, delete_contents=True)
    place.sql(f"CREATE SCHEMA {place.dataset}")
    assert list(place.client.list_tables(place.dataset)) == []
    assert list(place.client.list_models(place.dataset)) == []
    place.model()
    place.sql(f"DROP SCHEMA {place.dataset} CASCADE")
    with pytest.raises(NotFound):
        place.client.get_model(f"{place.dataset}.model")


def test_many_files_are_listed_once_and_quickly(place: Place) -> None:
    """Ten thousand files make a table, and an unchanged folder is not stored again."""
    for index in range(10_000):
        (place.folder / f"{index:05}.png").write_bytes(b"%d" % index)
    place.posters()
    before = datetime.now(UTC)
    assert place.sql("SELECT COUNT(DISTINCT md5_hash) AS n FROM DS.posters") == [{"n": 10_000}]
    assert datetime.now(UTC) - before < timedelta(seconds=10)


def test_queries_with_parameters_read_object_tables(place: Place) -> None:
    """Filters are parameters, also arrays and times."""
    place.put("a.png", b"1")
    place.put("b.jpg", b"22")
    place.posters()
    config = bigquery.QueryJobConfig(
        query_parameters=[
            bigquery.ArrayQueryParameter("types", "STRING", ["image/jpeg", "image/webp"]),
            bigquery.ScalarQueryParameter("size", "INT64", 2),
        ]
    )
    rows = place.client.query(
        f"SELECT uri FROM `{place.dataset}.posters` "
        "WHERE content_type IN UNNEST(@types) AND size >= @size AND size >= @size",
        job_config=config,
    ).result()
    assert [row.uri for row in rows] == [place.uri("b.jpg")]
