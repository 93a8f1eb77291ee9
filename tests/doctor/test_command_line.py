"""The look in a terminal."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.doctor.conftest import Project


def _doctor(project: Project, *arguments: str, encoding: str = "utf-8") -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "BIGQUERY_EMULATOR_HOST": project.server.endpoint,
        "BQVISION_TOKEN": project.server.token,
        "PYTHONIOENCODING": encoding,
    }
    return subprocess.run(
        [sys.executable, "-m", "bqvision.doctor", "--project", "local-project", *arguments],
        env=environment,
        capture_output=True,
        encoding=encoding,
        timeout=60,
        check=False,
    )


def test_all_well_is_exit_code_0(open_project: Project) -> None:
    """The table is printed, with the image asked about."""
    done = _doctor(
        open_project, "--dataset", open_project.own, "--table", "posters", "--model", "gemini", "--ask"
    )
    assert done.stderr == ""
    assert done.returncode == 0
    assert "✓ model answers" in done.stdout


def test_a_failed_check_is_exit_code_1(open_project: Project) -> None:
    """With the command below it, in signs that the terminal can show."""
    done = _doctor(open_project, "--dataset", "nowhere", encoding="ascii")
    assert done.returncode == 1
    assert "x dataset" in done.stdout
    assert "    CREATE SCHEMA `local-project.nowhere`" in done.stdout


def test_bad_arguments_are_exit_code_1(open_project: Project) -> None:
    """The error is printed, not a traceback."""
    done = _doctor(open_project, "--table", "posters")
    assert done.returncode == 1
    assert done.stderr.startswith("InvalidInputError: images 'posters' leaves out its dataset")
