"""What goes wrong first, and what the error says then."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import bqvision as bv

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cinema import Cinema


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    """The local BigQuery does not start over a folder that is not there."""
    with pytest.raises(bv.InvalidInputError, match="no-such-folder"):
        bv.Client.local(buckets={"posters": tmp_path / "no-such-folder"})


def test_a_bucket_that_is_not_mapped_is_named(cinema: Cinema) -> None:
    """The error names the bucket and those that are mapped."""
    table = cinema.dataset.object_table("posters")
    with pytest.raises(bv.ServiceError, match=r"elsewhere.*cinema"):
        table.create(uris=["gs://elsewhere/*"])


@pytest.mark.parametrize(
    "uri",
    [
        "gs://posters/*/*.jpg",
        "posters/*",
        "gs://posters",
        "gs://po*ters/a",
        "s3://posters/*",
        "gs://posters/a\n",
    ],
)
def test_a_uri_that_bigquery_can_not_list_is_refused_unsent(uri: str) -> None:
    """Two wildcards, another scheme, no path: refused before any request."""
    table = bv.Client("some-project", endpoint="http://127.0.0.1:9").dataset("films").object_table("posters")
    with pytest.raises(bv.InvalidInputError, match="URI") as caught:
        table.create(uris=[uri])
    assert caught.value.next_step


@pytest.mark.parametrize("name", ["", "a`b", "a;b", "a\\b", "a\nb", "films.posters.x.y"])
def test_a_name_that_can_not_be_is_refused_unsent(name: str) -> None:
    """Names are checked when the object is made."""
    dataset = bv.Client("some-project").dataset("films")
    with pytest.raises(bv.InvalidInputError):
        dataset.remote_model(name)
    with pytest.raises(bv.InvalidInputError):
        dataset.client.dataset(name)


@pytest.mark.parametrize("prompt", ["", "  \n", "x" * 64_001, "half \ud800 pair"])
def test_a_prompt_that_can_not_be_is_refused_unsent(prompt: str) -> None:
    """Empty, over the limit, or not Unicode; the error does not repeat it."""
    dataset = bv.Client("some-project").dataset("films")
    with pytest.raises(bv.InvalidInputError, match="prompt") as caught:
        dataset.remote_model("m").analyze(dataset.object_table("p"), prompt=prompt)
    assert len(str(caught.value)) < 300


def test_an_unknown_model_is_named(cinema: Cinema) -> None:
    """The run is refused before a results table is made."""
    model = cinema.dataset.remote_model("no-such-model")
    with pytest.raises(bv.NotFoundError, match="no-such-model"):
        model.analyze(cinema.posters(), prompt="Which film?").run(into="results")
    assert not [table for table in cinema.dataset.tables() if table.name.endswith(".results")]


def test_an_unknown_endpoint_is_named(cinema: Cinema) -> None:
    """The server says which endpoints it has."""
    with bv.Client.local(buckets={"cinema": cinema.folder}) as client:
        model = client.dataset("films").create().remote_model("m")
        with pytest.raises(bv.ServiceError, match=r"claude.*gemini-\*"):
            model.create(endpoint="claude-4")


def test_a_table_that_is_no_object_table_is_named(cinema: Cinema) -> None:
    """An ordinary table can not be analysed, nor pass for an object table."""
    cinema.rows("CREATE TABLE DS.plain AS SELECT 1 AS n")
    plain = cinema.dataset.object_table("plain")
    assert not plain.exists()
    for attempt in (
        plain.describe,
        lambda: plain.create(uris=cinema.uris, exists_ok=True),
        lambda: cinema.model.analyze(plain, prompt="Which film?").run(into="results"),
    ):
        with pytest.raises(bv.InvalidInputError, match="no object table but a TABLE"):
            attempt()


def test_a_missing_object_table_is_named(cinema: Cinema) -> None:
    """The run names the table that is not there."""
    missing = cinema.dataset.object_table("missing")
    with pytest.raises(bv.NotFoundError, match="missing"):
        cinema.model.analyze(missing, prompt="Which film?").run(into="results")


def test_a_missing_connection_is_named(cinema: Cinema) -> None:
    """An object table over a connection that is not there says which."""
    with pytest.raises(bv.NotFoundError, match=r"us\.no-such-connection"):
        cinema.dataset.object_table("posters").create(uris=cinema.uris, connection="us.no-such-connection")


def test_results_that_are_not_there_are_named(cinema: Cinema) -> None:
    """Reading, formatting and asking again need a table."""
    analysis = cinema.analysis()
    for attempt in (
        lambda: list(analysis.read("nowhere")),
        lambda: analysis.format("nowhere", "formatted"),
        lambda: analysis.retry_failed("nowhere"),
    ):
        with pytest.raises(bv.NotFoundError, match="nowhere"):
            attempt()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"temperature": 1.5}, "temperature"),
        ({"temperature": float("nan")}, "temperature"),
        ({"top_p": -0.1}, "top_p"),
        ({"max_output_tokens": 0}, "max_output_tokens"),
        ({"max_output_tokens": 8193}, "max_output_tokens"),
        ({"max_output_tokens": True}, "max_output_tokens"),
        ({"stop_sequences": [""]}, "stop_sequences"),
        ({"safety_settings": {"HARM_CATEGORY_RUDE": "BLOCK_NONE"}}, "HARM_CATEGORY_RUDE"),
        ({"safety_settings": {"HARM_CATEGORY_HARASSMENT": "NEVER"}}, "HARM_CATEGORY_HARASSMENT"),
        ({"model_params": {"contents": []}}, "contents"),
        ({"model_params": {"generation_config": {}}, "temperature": 0.2}, "excludes temperature"),
    ],
)
def test_arguments_out_of_range_are_refused_unsent(arguments: dict[str, object], said: str) -> None:
    """Each is named, with what is allowed."""
    dataset = bv.Client("some-project").dataset("films")
    with pytest.raises(bv.InvalidInputError, match=said):
        dataset.remote_model("m").analyze(dataset.object_table("p"), prompt="Which film?", **arguments)  # type: ignore[call-overload]


def test_options_that_exclude_each_other_are_refused_unsent() -> None:
    """Replace and exists_ok; a cache mode without a staleness."""
    table = bv.Client("some-project").dataset("films").object_table("posters")
    with pytest.raises(bv.InvalidInputError):
        table.create_statement(uris=["gs://posters/*"], replace=True, exists_ok=True)
    with pytest.raises(bv.InvalidInputError):
        table.create_statement(uris=["gs://posters/*"], metadata_cache_mode="MANUAL")


def test_a_server_that_can_not_be_reached_is_named() -> None:
    """After the retries, at once here, with the number of requests."""
    client = bv.Client(
        "some-project",
        endpoint="http://127.0.0.1:9",
        retry=bv.RetryPolicy(attempts=3, sleep=lambda _seconds: None),
    )
    with pytest.raises(bv.UnavailableError, match=r"127\.0\.0\.1") as caught:
        client.dataset("films").exists()
    assert caught.value.attempts == 3
    assert caught.value.retryable
    client.close()


def test_a_wrong_project_is_named(cinema: Cinema) -> None:
    """A project that the server does not serve answers as BigQuery does."""
    other = cinema.client.with_options(project="another-project")
    with pytest.raises(bv.BqvisionError, match="another-project"):
        other.dataset("films").describe()
    other.close()


def test_a_wrong_token_is_an_error_about_credentials(cinema: Cinema) -> None:
    """The local server lets nobody in without its token, and the error does not show the one that was tried."""
    from google.oauth2.credentials import Credentials

    wrong = cinema.client.with_options(credentials=Credentials(token="not-the-token"))  # type: ignore[no-untyped-call]
    with pytest.raises(bv.BqvisionError) as caught:
        wrong.dataset("films").describe()
    assert isinstance(caught.value, bv.AuthError | bv.PermissionDeniedError)
    assert "not-the-token" not in str(caught.value)
    wrong.close()


def run_python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a program in a process that knows nothing of this user's Google set-up."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("GOOGLE", "CLOUDSDK", "BQVISION"))
    }
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**kept, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_missing_credentials_say_how_to_get_some(tmp_path: Path) -> None:
    """The error names the command, and the way without a cloud."""
    program = "import bqvision as bv\nbv.Client('some-project').dataset('films').exists()"
    done = run_python(program, HOME=str(tmp_path), NO_GCE_CHECK="true")
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("bqvision.errors.AuthError")
    assert "gcloud auth application-default login" in last
    assert "Client.local" in last


def test_the_missing_extra_names_the_pip_command(tmp_path: Path) -> None:
    """Without bqvision[local] installed, Client.local says what to install."""
    program = (
        "import sys\n"
        "sys.modules['bqemulator'] = None\n"
        "import bqvision as bv\n"
        f"bv.Client.local(buckets={{'posters': {str(tmp_path)!r}}})"
    )
    done = run_python(program)
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("bqvision.errors.MissingExtraError")
    assert 'pip install "bqvision[local]"' in last


def test_importing_the_package_loads_none_of_its_dependencies() -> None:
    """No google, no retry library, nothing of the local BigQuery."""
    program = (
        "import sys, bqvision\n"
        "heavy = {'google', 'tenacity', 'bqemulator', 'duckdb', 'uvicorn', 'numpy', 'bqvision.local'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = run_python(program)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr
