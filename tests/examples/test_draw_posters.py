"""The sample posters: drawn by the project, the same every time, and listed truly."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageChops, ImageStat
from rapidocr import RapidOCR
from rapidocr.ch_ppocr_rec.typings import TextRecOutput

EXAMPLES = Path(__file__).parents[2] / "examples"
MARK = "Sample poster drawn by the bqvision project"
IMAGE_DESCRIPTION = 0x010E
POSTERS = sorted(path.name for path in (EXAMPLES / "posters").iterdir())


def drawn(out: Path) -> Path:
    """Run the program as a user does."""
    subprocess.run([sys.executable, EXAMPLES / "draw_posters.py", "--out", out], check=True, timeout=120)
    return out


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with newly drawn posters and their list."""
    return drawn(tmp_path_factory.mktemp("fresh"))


@pytest.fixture(scope="module")
def reader() -> RapidOCR:
    """A reader of print."""
    return RapidOCR()


def manifest(folder: Path) -> list[dict[str, str]]:
    """Read a list of posters."""
    with (folder / "posters.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_drawing_twice_gives_the_same_bytes(fresh: Path, tmp_path: Path) -> None:
    """The program has no chance and no clock in it."""
    again = drawn(tmp_path)
    for name in POSTERS:
        assert (again / "posters" / name).read_bytes() == (fresh / "posters" / name).read_bytes(), name


@pytest.mark.parametrize("name", POSTERS)
def test_the_committed_poster_is_what_the_program_draws(fresh: Path, name: str) -> None:
    """Pixels agree, but for what another release of an image codec may round differently."""
    with Image.open(EXAMPLES / "posters" / name) as committed, Image.open(fresh / "posters" / name) as now:
        difference = ImageChops.difference(committed.convert("RGB"), now.convert("RGB"))
    assert max(ImageStat.Stat(difference).mean) < 1.0


def test_the_list_is_what_the_program_writes(fresh: Path) -> None:
    """The committed list is the program's own, byte for byte."""
    assert (fresh / "posters.csv").read_bytes() == (EXAMPLES / "posters.csv").read_bytes()


def test_the_list_names_every_picture_and_nothing_else_is_there() -> None:
    """A bucket over the folder holds the listed posters only."""
    rows = manifest(EXAMPLES)
    assert [row["file"] for row in rows] == POSTERS
    assert len(rows) >= 14
    assert {Path(name).suffix for name in POSTERS} == {".jpg", ".png", ".webp"}
    assert sum(row["year_printed"] == "no" for row in rows) >= 3
    assert all(1890 < int(row["year"]) < 1929 for row in rows)


def test_the_readme_lists_the_same_films() -> None:
    """What a reader is told agrees with the list."""
    readme = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    for row in manifest(EXAMPLES):
        year = row["year"] if row["year_printed"] == "yes" else f"{row['year']}, not printed"
        assert f"| {row['title']} | {year} | `{row['file']}` |" in readme


@pytest.mark.parametrize("name", POSTERS)
def test_a_poster_is_small(name: str) -> None:
    """The pictures are light enough to ship."""
    path = EXAMPLES / "posters" / name
    assert path.stat().st_size < 80_000
    with Image.open(path) as image:
        assert image.size == (600, 900)


@pytest.mark.parametrize("name", POSTERS)
def test_a_poster_says_who_drew_it(reader: RapidOCR, name: str) -> None:
    """The mark is in the metadata, and can be read at the foot."""
    with Image.open(EXAMPLES / "posters" / name) as image:
        assert image.getexif()[IMAGE_DESCRIPTION] == MARK
        foot = image.convert("RGB").crop((140, 872, 460, 896))
    line = reader(np.asarray(foot)[:, :, ::-1], use_det=False, use_cls=False)
    assert isinstance(line, TextRecOutput)
    words = "".join(line.txts or ())
    assert MARK.replace(" ", "") in words.replace(" ", "")
