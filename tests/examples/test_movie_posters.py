"""The example that most people run first."""

from __future__ import annotations

import csv
import re
import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "examples"


def run_example(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the example as a user does."""
    return subprocess.run(
        [sys.executable, str(EXAMPLES / "movie_posters.py"), *arguments],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def plain(title: str) -> str:
    """A title without case and punctuation."""
    return re.sub(r"\W+", " ", title.casefold()).strip()


def test_the_sample_posters_are_read() -> None:
    """At least 14 of the 16 titles are right, and no year is wrong: one that is not printed is left out."""
    done = run_example()
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    lines = {
        line.split()[0]: line for line in done.stdout.splitlines() if re.match(r"\w+\.(jpg|png|webp) ", line)
    }
    with (EXAMPLES / "posters.csv").open(encoding="utf-8") as file:
        truth = list(csv.DictReader(file))
    assert len(lines) == len(truth) == 16
    right = 0
    for row in truth:
        line = lines[row["file"]]
        read, year = line[35:73], line[74:80].strip()
        right += plain(read) == plain(row["title"])
        assert year in {row["year"], "-"}
    assert right >= 14
    assert "16 images: 16 OK" in done.stdout


def test_a_folder_that_is_not_there_is_said_in_one_line(tmp_path: Path) -> None:
    """No traceback is needed to see what is wrong."""
    done = run_example("--images", str(tmp_path / "nowhere"))
    assert done.returncode == 1
    assert "nowhere" in done.stderr.strip().splitlines()[-1]
