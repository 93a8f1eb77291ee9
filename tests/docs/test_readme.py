"""The README's program does what the README says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def blocks(language: str) -> list[str]:
    """The README's code blocks of a language."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def test_the_program_prints_what_the_readme_shows() -> None:
    """Line by line, but for how long it took and how many tokens that made."""
    program, printed = blocks("python")[0], blocks("text")[0]
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    measured = re.compile(r"[\d,]+ tokens in, [\d,]+ out, [\d.]+ s")
    assert measured.sub("", done.stdout).splitlines() == measured.sub("", printed).splitlines()
    assert measured.search(done.stdout)


def test_the_commands_are_those_that_ci_runs() -> None:
    """Continuous integration calls the README's test command."""
    commands = [line.split("#")[0].strip() for line in blocks("console")[0].splitlines()]
    assert commands == ['pip install "nox[uv]" && nox -s demo', 'pip install "nox[uv]" && nox']
    assert '"nox[uv]" && nox' in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
