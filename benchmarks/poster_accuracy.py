"""Measure the local reader on a folder of posters: titles found, years right, null or wrong, and seconds.

    python benchmarks/poster_accuracy.py --posters DIR [--jobs 2]

DIR holds the images and a manifest.csv with the columns file, title and year.
"""

from __future__ import annotations

import argparse
import csv
import difflib
import json
import mimetypes
import re
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from bqvision.local.ocr import OCRReader
from bqvision.local.vision import Image, RowError, VisionRequest

PROMPT = (
    "For the movie represented by this poster, what is the movie title and year of release? "
    "Answer in JSON format with two keys: title, year. title should be string, year should be integer."
)


@dataclass(frozen=True, slots=True)
class Poster:
    """One row of the manifest."""

    path: Path
    title: str
    year: int


@dataclass(frozen=True, slots=True)
class Reading:
    """What the reader said of one poster."""

    poster: Poster
    title: str | None
    year: int | None
    error: str = ""

    @property
    def similarity(self) -> float:
        """How alike the expected and the read title are, 0 to 1, as difflib counts."""
        return difflib.SequenceMatcher(None, plain(self.poster.title), plain(self.title or "")).ratio()

    @property
    def found(self) -> bool:
        """Whether the title is right but for case and punctuation."""
        return plain(self.poster.title) == plain(self.title or "")

    @property
    def year_verdict(self) -> str:
        """One word: right, null or wrong."""
        if self.year is None:
            return "null"
        return "right" if self.year == self.poster.year else "wrong"


def plain(text: str) -> str:
    """Return a title in folded case, without punctuation."""
    return " ".join(re.sub(r"[^\w\s]|_", "", text.casefold()).split())


def load(folder: Path) -> list[Poster]:
    """Return the posters that the folder's manifest lists."""
    with (folder / "manifest.csv").open(encoding="utf-8", newline="") as manifest:
        return [
            Poster(folder / row["file"], row["title"], int(row["year"])) for row in csv.DictReader(manifest)
        ]


def read(reader: OCRReader, poster: Poster) -> Reading:
    """Ask the reader about one poster."""
    content_type = mimetypes.guess_type(poster.path)[0] or "application/octet-stream"
    image = Image(uri=poster.path.name, content_type=content_type, data=poster.path.read_bytes())
    try:
        answer = reader(VisionRequest(images=(image,), prompt=PROMPT))
    except RowError as error:
        return Reading(poster, None, None, str(error))
    fields = json.loads(answer.text.removeprefix("```json").removesuffix("```"))
    return Reading(poster, fields["title"], fields["year"])


def report(readings: list[Reading], seconds: float) -> None:
    """Print a line per poster and the totals."""
    for reading in readings:
        verdict = "found " if reading.found else "missed"
        detail = reading.error or f"expected {reading.poster.title!r}, read {reading.title!r}"
        year = reading.year_verdict + ("" if reading.year is None else f" ({reading.year})")
        print(f"{verdict}  {reading.poster.path.name:<32} year {year:<13} {detail}")
    total = len(readings)
    found = sum(reading.found for reading in readings)
    alike = sum(reading.similarity >= 0.85 for reading in readings)
    years = Counter(reading.year_verdict for reading in readings)
    print(f"titles found: {found} of {total} ({found / total:.0%})")
    print(f"titles at least 0.85 alike: {alike} of {total} ({alike / total:.0%})")
    print(f"years: {years['right']} right, {years['null']} null, {years['wrong']} wrong")
    print(f"{seconds:.1f} s, models' start included")


def main() -> None:
    """Run the measurement."""
    parser = argparse.ArgumentParser(description="Measure the local reader on a folder of posters.")
    parser.add_argument("--posters", type=Path, required=True, help="folder with the images and manifest.csv")
    parser.add_argument(
        "--jobs", type=int, default=2, help="worker threads, each with its own engine (default 2)"
    )
    arguments = parser.parse_args()
    posters = load(arguments.posters)
    reader = OCRReader()
    start = time.perf_counter()
    with ThreadPoolExecutor(arguments.jobs) as pool:
        readings = list(pool.map(lambda poster: read(reader, poster), posters))
    report(readings, time.perf_counter() - start)


if __name__ == "__main__":
    main()
