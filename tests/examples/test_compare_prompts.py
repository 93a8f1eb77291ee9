"""The example that chooses between prompts."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

EXAMPLE = Path(__file__).parents[2] / "examples" / "compare_prompts.py"


def run_example(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the example as a user does."""
    return subprocess.run(
        [sys.executable, str(EXAMPLE), *arguments], capture_output=True, text=True, timeout=240, check=False
    )


def test_the_prompt_that_asks_for_both_is_the_better_one() -> None:
    """Both read the titles; only the tutorial's asks for the year, and no year that it gives is wrong."""
    done = run_example("--max-images", "6")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    head, _, titles, first, second, *rest = done.stdout.splitlines()
    assert head == "6 images compared on title, year; 10 images with truth left out"
    assert titles.split()[:4] == ["analysis", "accuracy", "title", "title"]
    assert first.split()[:6] == ["tutorial", "91.7%", "100.0%", "100.0%", "83.3%", "83.3%"]
    assert second.split()[:7] == ["title", "only", "50.0%", "100.0%", "100.0%", "0.0%", "0.0%"]
    assert "The best is 'tutorial':" in rest
    assert rest[-1] == "year of nosferatu.jpg: expected 1922, got None"


def test_a_truth_that_is_not_there_is_said_in_one_line(tmp_path: Path) -> None:
    """No traceback is needed to see what is wrong."""
    done = run_example("--truth", str(tmp_path / "nowhere.csv"))
    assert done.returncode == 1
    assert "nowhere.csv can not be read" in done.stderr.strip().splitlines()[-1]
