"""Everything a contributor runs: `nox` passes all checks, `nox -s demo` runs the main job."""

from __future__ import annotations

import shutil
from pathlib import Path

import nox

ROOT = Path(__file__).parent
PROJECT = nox.project.load_toml("pyproject.toml")

nox.needs_version = ">=2024.10.9"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.sessions = ["lint", "typing", "tests", "docs"]
nox.options.stop_on_first_error = False


def group(name: str) -> list[str]:
    """The requirements of one dependency group of pyproject.toml."""
    return list(nox.project.dependency_groups(PROJECT, name))


@nox.session
def lint(session: nox.Session) -> None:
    """Style and formatting."""
    session.install(*group("lint"))
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def typing(session: nox.Session) -> None:
    """mypy --strict over everything, pyright strict over the package and the typing tests."""
    session.install("-e", ".[local]", *group("typing"), *group("test"), "nox")
    session.run("mypy")
    session.run("pyright")


@nox.session
def tests(session: nox.Session) -> None:
    """All tests, against the wheel that would be published."""
    wheel = build_wheel(session)
    session.install(f"{wheel}[local]", *group("test"))
    session.run("pytest", *(session.posargs or ["-n", "2", "--dist", "worksteal"]))


@nox.session
def docs(session: nox.Session) -> None:
    """The Sphinx pages and the examples in them; any warning is an error."""
    session.install("-e", ".[local]", *group("docs"))
    for builder in ("html", "doctest"):
        session.run(
            "sphinx-build", "-n", "-W", "--keep-going", "-b", builder, "docs", f"docs/_build/{builder}"
        )


@nox.session
def demo(session: nox.Session) -> None:
    """The main job on the local BigQuery: which film is on each poster, and from which year."""
    session.install(".[local]")
    session.run("python", "examples/movie_posters.py", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """Accuracy of the local reader on a folder of posters: nox -s bench -- --posters DIR."""
    session.install(".[local]")
    session.run("python", "benchmarks/poster_accuracy.py", *session.posargs)


@nox.session
def schedules(session: nox.Session) -> None:
    """Thousands of random schedules of faults, kills and crossing runs: nox -s schedules -- 5000."""
    wheel = build_wheel(session)
    session.install(f"{wheel}[local]", *group("test"))
    number = session.posargs[0] if session.posargs else "2000"
    session.run("pytest", "-n", "2", "tests/schedules", env={"BQVISION_SCHEDULES": number})


@nox.session
def simulate(session: nox.Session) -> None:
    """A run over a million made-up images on the local BigQuery: nox -s simulate -- --images 100000."""
    session.install(".[local]")
    session.run("python", "benchmarks/million_images.py", *session.posargs)


def build_wheel(session: nox.Session) -> Path:
    """Build the wheel with the project's own build backend and return its path."""
    session.install("hatchling")
    target = Path(session.create_tmp()) / "dist"
    shutil.rmtree(target, ignore_errors=True)
    session.run("python", "-m", "hatchling", "build", "-t", "wheel", "-d", str(target), silent=True)
    return next(target.glob("*.whl"))
