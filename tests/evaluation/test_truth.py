"""Reading what is right: a CSV file, a mapping or a table, and what is refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

import bqvision as bv
from bqvision import Outcome

if TYPE_CHECKING:
    from pathlib import Path

    from tests.evaluation.conftest import Gallery

POSTERS = [
    bv.PosterResult(uri="gs://posters/greed.jpg", outcome=Outcome.OK, title="Greed", year=1924),
    bv.PosterResult(uri="gs://posters/old/ben.jpg", outcome=Outcome.OK, title="Ben-Hur, A Tale", year=None),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Flags(bv.ImageResult):
    """A record of other types."""

    colour: bool | None = None
    score: float | None = None


def write(folder: Path, text: str | bytes) -> Path:
    """Write a CSV file as it stands."""
    path = folder / "truth.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def exact(evaluation: bv.Evaluation) -> dict[str, int]:
    """How many images each field is right for, to the letter or rightly empty."""
    return {score.field: score.exact + score.absent for score in evaluation.fields}


@pytest.mark.parametrize(
    "text",
    [
        'file,title,year\ngreed.jpg,Greed,1924\nben.jpg,"Ben-Hur, A Tale",\n',
        '\ufefffile,title,year\r\ngreed.jpg,Greed,1924\r\nben.jpg,"Ben-Hur, A Tale",\r\n',
        ' File , Title ,YEAR\n\ngreed.jpg , Greed,1924.0\n,,\nben.jpg,"Ben-Hur, A Tale", \n',
        "uri,file,title,year,director\n"
        "gs://posters/greed.jpg,x,Greed,1924,von Stroheim\n"
        'gs://posters/old/ben.jpg,y,"Ben-Hur, A Tale",,Niblo\n',
        'file_name,title,year\ngreed.jpg,Greed,1924\n"gs://posters/old/ben.jpg","Ben-Hur, A Tale",""',
    ],
    ids=["plain", "bom-crlf", "blanks", "uri-first", "uri-among-names"],
)
def test_a_csv_file_is_read_as_people_write_it(tmp_path: Path, text: str) -> None:
    """BOM, line ends, quotes, blanks, case of the header and further columns do not matter."""
    path = write(tmp_path, text)
    for source in (path, str(path)):
        evaluation = bv.evaluate(POSTERS, source)
        assert evaluation.compared == 2
        assert exact(evaluation) == {"title": 2, "year": 2}
        assert evaluation["year"].absent == 1


def test_the_column_that_names_the_images_can_be_chosen(tmp_path: Path) -> None:
    """With `key` any column may say which image a row is about."""
    path = write(tmp_path, "poster,file,year\ngreed.jpg,1,1924\n")
    assert bv.evaluate(POSTERS, path, key="Poster")["year"].exact == 1
    assert bv.evaluate(POSTERS, path).compared == 0


def test_values_are_compared_in_the_type_of_the_field(tmp_path: Path) -> None:
    """The text of a number or a truth value is no text to a field that is none."""
    records = [Flags(uri="gs://b/a.jpg", outcome=Outcome.OK, colour=False, score=2.5)]
    evaluation = bv.evaluate(records, write(tmp_path, "file,colour,score\na.jpg,FALSE,2.50\n"))
    assert exact(evaluation) == {"colour": 1, "score": 1}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("\n\r\n \n", "is empty"),
        ("file,title\n", "the truth has no rows"),
        ("title,year\nGreed,1924\n", "does not say which image.*columns title, year.*uri, file or file_name"),
        (
            "file,director\ngreed.jpg,x\n",
            "nothing in common.*columns director; the record has the fields title, year",
        ),
        (
            "file,year\ngreed.jpg,MCMXXIV\n",
            "line 2 of truth.csv: year is 'MCMXXIV', and must be a whole number",
        ),
        (
            'file,title\n"greed\n.jpg",x\nben.jpg,a,b\n',
            "line 4 of truth.csv has 3 cells, and the header has 2",
        ),
        ("file,title\ngreed.jpg\n", "line 2 of truth.csv has 1 cell, "),
        ("file,title\ngreed.jpg,a\ngreed.jpg,a\n", "names 'greed.jpg' twice: in line 2 .* and in line 3"),
        ("file,title,Title\ngreed.jpg,a,b\n", "two columns of the same name"),
        ("file,title\n,Greed\n", "line 2 of truth.csv names no image but ''"),
        ("file,title\nold/ben.jpg,Ben\n", "names no image but 'old/ben.jpg'.*begins with gs://"),
        ('file,title\ngreed.jpg,"Greed\n', "is no CSV"),
        ('file,title\ngreed.jpg,"Greed" x\n', "is no CSV"),
        (b"file,title\ngreed.jpg,Am\xe9lie\n", "is not UTF-8"),
    ],
)
def test_a_csv_file_that_can_not_be_right_is_refused(tmp_path: Path, text: str | bytes, message: str) -> None:
    """The message says what is wrong, and in which line."""
    with pytest.raises(bv.InvalidInputError, match=f"(?s){message}"):
        bv.evaluate(POSTERS, write(tmp_path, text))


@pytest.mark.parametrize(
    ("truth", "message"),
    [
        ("nowhere/truth.csv", "can not be read: No such file"),
        ("dataset.table", "plain records do not say where it is"),
        ({}, "the truth has no rows"),
        ({"a.jpg": "Greed"}, "is no mapping of field to value"),
        ({"a.jpg": {"year": 1.5}}, "the entry of 'a.jpg': year is '1.5', and must be a whole number"),
        ({"a.jpg": {"titel": "Greed"}}, "columns titel; the record has the fields title, year"),
        ({"b/a.jpg": {"title": "Greed"}}, "names no image but 'b/a.jpg'"),
        ({1: {"title": "Greed"}}, "names no image but '1'"),
        ([], "the truth is a list"),
        (None, "the truth is a NoneType"),
    ],
)
def test_a_truth_of_another_kind_is_refused(truth: bv.TruthSource, message: str) -> None:
    """So is a mapping that does not fit, and a file that is not there."""
    with pytest.raises(bv.InvalidInputError, match=message):
        bv.evaluate(POSTERS, truth)


def test_two_rows_about_one_image_are_refused() -> None:
    """A row by URI and one by file name contradict each other, or will."""
    truth = {"greed.jpg": {"year": 1924}, "gs://posters/greed.jpg": {"year": 1925}}
    with pytest.raises(bv.InvalidInputError, match=r"two rows .* 'gs://posters/greed\.jpg'"):
        bv.evaluate(POSTERS, truth)


def test_a_table_is_read_with_the_run_that_it_belongs_to(gallery: Gallery) -> None:
    """NULL is for no value, further columns are left where they are, and any form of the name will do."""
    gallery.paint("greed.jpg", "Greed", 1924)
    gallery.paint("kid.jpg", "The Kid")
    run = gallery.ask(gallery.posters(), "Answer in JSON with two keys: title, year.").run("results")
    gallery.rows(
        "CREATE TABLE DS.films AS SELECT 'greed.jpg' AS File, 'Greed' AS Title, 1924 AS year, [1] AS more "
        "UNION ALL SELECT 'kid.jpg', 'The  Kid', NULL, [2]"
    )
    name = str(gallery.dataset.table_name("films"))
    for table in ("films", name.split(".", 1)[1], name):
        evaluation = bv.evaluate(run, table)
        assert (evaluation["title"].exact, evaluation["title"].normalised) == (1, 1)
        assert (evaluation["year"].exact, evaluation["year"].absent) == (1, 1)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("SELECT 'a.jpg' AS picture, 'x' AS title", "columns picture, title"),
        (
            "SELECT 'a.jpg' AS file, 'x' AS director",
            "columns director; the record has the fields title, year",
        ),
        ("SELECT CAST(NULL AS STRING) AS file, 'x' AS title", "row 1 of films names no image"),
        ("SELECT 'a.jpg' AS file, TRUE AS year", "row 1 of films: year is 'True'"),
        ("SELECT 'a.jpg' AS file, 1 AS year FROM UNNEST([]) AS nothing", "the truth has no rows"),
    ],
)
def test_a_table_that_does_not_fit_is_refused(gallery: Gallery, rows: str, message: str) -> None:
    """As a CSV file is."""
    gallery.paint("a.jpg", "Greed")
    run = gallery.ask(gallery.posters(), "Answer in JSON with two keys: title, year.").run("results")
    gallery.rows(f"CREATE TABLE DS.films AS {rows}")
    with pytest.raises(bv.InvalidInputError, match=message):
        bv.evaluate(run, "films")
    with pytest.raises(bv.NotFoundError, match=r"no such table of truth.*ends in \.csv"):
        bv.evaluate(run, "films_2")
