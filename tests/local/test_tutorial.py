"""The tutorial of Google's documentation, statement for statement, through google's own client."""

from __future__ import annotations

import io
import time
from typing import TYPE_CHECKING

import PIL.Image
import PIL.ImageDraw
import PIL.ImageFont
import pytest

from bqvision.local import LocalServer, serve

from .conftest import connect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from google.cloud import bigquery

FOLDER = "vertex-ai/dataset-management/datasets/classic-movie-posters"
FILMS = {"metropolis.png": ("METROPOLIS", 1927), "nosferatu.png": ("NOSFERATU", 1922)}

CREATE_OBJECT_TABLE = """
CREATE OR REPLACE EXTERNAL TABLE `bqml_tutorial.movie_posters`
  WITH CONNECTION DEFAULT
  OPTIONS (
    object_metadata = 'SIMPLE',
    uris =
      ['gs://cloud-samples-data/vertex-ai/dataset-management/datasets/classic-movie-posters/*']);
"""
CREATE_MODEL = """
CREATE OR REPLACE MODEL `bqml_tutorial.gemini-vision`
  REMOTE WITH CONNECTION DEFAULT
  OPTIONS (ENDPOINT = 'gemini-2.5-flash');
"""
ANALYSE = """
CREATE OR REPLACE TABLE
`bqml_tutorial.movie_posters_results` AS (
SELECT
  uri,
  ml_generate_text_llm_result
FROM
  ML.GENERATE_TEXT( MODEL `bqml_tutorial.gemini-vision`,
    TABLE `bqml_tutorial.movie_posters`,
    STRUCT( 0.2 AS temperature,
      'For the movie represented by this poster, what is the movie title and year of release? Answer in JSON format with two keys: title, year. title should be string, year should be integer.' AS PROMPT,
      TRUE AS FLATTEN_JSON_OUTPUT)));
"""  # noqa: E501
SHOW = "SELECT * FROM `bqml_tutorial.movie_posters_results`;"
FORMAT = """
CREATE OR REPLACE TABLE
  `bqml_tutorial.movie_posters_results_formatted` AS (
  SELECT
    uri,
    JSON_QUERY(RTRIM(LTRIM(results.ml_generate_text_llm_result, " ```json"), "```"), "$.title") AS title,
    JSON_QUERY(RTRIM(LTRIM(results.ml_generate_text_llm_result, " ```json"), "```"), "$.year") AS year
  FROM
    `bqml_tutorial.movie_posters_results` results );
"""
SHOW_FORMATTED = "SELECT * FROM `bqml_tutorial.movie_posters_results_formatted`;"


def draw(title: str, year: int) -> bytes:
    """Draw a poster with a title and a year."""
    image = PIL.Image.new("RGB", (600, 800), "#f4e9d0")
    pen = PIL.ImageDraw.Draw(image)
    pen.text((300, 250), title, fill="#7a1010", anchor="mm", font=PIL.ImageFont.load_default(72))
    pen.text((300, 700), str(year), fill="#222222", anchor="mm", font=PIL.ImageFont.load_default(40))
    stored = io.BytesIO()
    image.save(stored, "PNG")
    return stored.getvalue()


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds what the tutorial's bucket would."""
    root = tmp_path_factory.mktemp("cloud-samples-data")
    (root / FOLDER).mkdir(parents=True)
    for name, film in FILMS.items():
        (root / FOLDER / name).write_bytes(draw(*film))
    return root


@pytest.fixture(scope="module")
def reading(bucket: Path) -> Iterator[LocalServer]:
    """A server whose model reads print."""
    with serve(buckets={"cloud-samples-data": bucket}) as running:
        yield running


def test_the_tutorials_statements_run_as_they_stand(reading: LocalServer) -> None:
    """Google's client runs every statement of the tutorial, and the posters' titles and years come out."""
    client = connect(reading)

    def run(sql: str) -> list[bigquery.Row]:
        return list(client.query(sql).result(timeout=120))

    begin = time.perf_counter()
    run("CREATE SCHEMA `bqml_tutorial`;")
    run(CREATE_OBJECT_TABLE)
    run(CREATE_MODEL)
    run(ANALYSE)
    results = run(SHOW)
    run(FORMAT)
    formatted = {row["uri"].rpartition("/")[2]: (row["title"], row["year"]) for row in run(SHOW_FORMATTED)}
    print(f"the tutorial took {time.perf_counter() - begin:.2f} s")

    assert list(results[0].keys()) == ["uri", "ml_generate_text_llm_result"]
    assert len(results) == len(FILMS)
    assert {name: (title.strip('"').upper(), int(year)) for name, (title, year) in formatted.items()} == FILMS


def test_damaged_files_give_row_statuses_and_no_failed_job(reading: LocalServer, bucket: Path) -> None:
    """A text named as an image, an empty file and a cut image give a status each; the good row is answered."""
    folder = bucket / "damaged"
    folder.mkdir()
    whole = draw("FAUST", 1926)
    (folder / "good.png").write_bytes(whole)
    (folder / "cut.png").write_bytes(whole[: len(whole) // 2])
    (folder / "empty.png").write_bytes(b"")
    (folder / "text.png").write_bytes(b"no image at all")
    (folder / "note.txt").write_bytes(b"a note")
    client = connect(reading)
    for sql in (
        "CREATE SCHEMA damaged",
        "CREATE EXTERNAL TABLE damaged.files WITH CONNECTION DEFAULT "
        "OPTIONS(object_metadata='SIMPLE', uris=['gs://cloud-samples-data/damaged/*'])",
        "CREATE MODEL damaged.model REMOTE WITH CONNECTION DEFAULT OPTIONS(ENDPOINT='gemini-2.5-flash')",
    ):
        client.query(sql).result()

    rows = client.query(
        "SELECT uri, ml_generate_text_llm_result AS text, ml_generate_text_status AS status "
        "FROM ML.GENERATE_TEXT(MODEL damaged.model, TABLE damaged.files, "
        "STRUCT('Answer in JSON format with two keys: title, year.' AS prompt, TRUE AS flatten_json_output))"
    ).result(timeout=120)

    found = {row["uri"].rpartition("/")[2]: (row["text"], row["status"]) for row in rows}
    text, status = found.pop("good.png")
    assert "FAUST" in text.upper()
    assert status == ""
    assert sorted(found) == ["cut.png", "empty.png", "note.txt", "text.png"]
    for text, status in found.values():
        assert text is None
        assert status.startswith("INVALID_ARGUMENT")
