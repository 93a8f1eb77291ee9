"""The server process: starting, refusing strangers, keeping data, ending with its parent."""

from __future__ import annotations

import json
import os
import pickle
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from google.api_core.exceptions import Forbidden
from google.cloud import bigquery
from google.oauth2.credentials import Credentials

import bqvision as bv
from bqvision.errors import InvalidInputError, LocalServerError
from bqvision.local import LocalServer, VisionAnswer, VisionRequest, serve

from .conftest import connect


def ask(url: str, **headers: str) -> tuple[int, dict[str, object]]:
    """Send a GET, and return status and body of the answer."""
    try:
        request = urllib.request.Request(url, headers=headers)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def alive(pid: int) -> bool:
    """Say whether a process runs."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def until(condition: object, seconds: float) -> bool:
    """Poll until a callable says so."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():  # type: ignore[operator]
            return True
        threading.Event().wait(0.05)
    return False


def answer(request: VisionRequest) -> VisionAnswer:
    """A model that says one word."""
    return VisionAnswer("word")


@pytest.mark.parametrize("token", ["", "Bearer ", "Bearer wrong", "Basic abc"])
def test_without_the_token_nothing_is_told(server: LocalServer, token: str) -> None:
    """A wrong or missing bearer token is refused with 403, on every path."""
    for path in (
        "/bigquery/v2/projects/p/datasets",
        "/bqvision/model_calls",
        "/docs",
        "/metrics",
        "/healthz",
    ):
        status, body = ask(f"{server.endpoint}{path}", **({"Authorization": token} if token else {}))
        assert status == 403
        assert body["error"]["errors"][0]["reason"] == "accessDenied"  # type: ignore[index]


def test_googles_client_with_a_wrong_token_is_forbidden(server: LocalServer) -> None:
    """403 makes google's client raise Forbidden at once, without trying to renew the credentials."""
    client = bigquery.Client(
        project=server.project,
        credentials=Credentials(token="wrong"),  # type: ignore[no-untyped-call]
        client_options={"api_endpoint": server.endpoint},
    )
    with pytest.raises(Forbidden):
        client.get_dataset("any")


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "", "["])
def test_a_foreign_host_is_refused(server: LocalServer, host: str) -> None:
    """A request for another host name is refused, also with the token: no page in a browser gets through."""
    status, _ = ask(
        f"{server.endpoint}/bigquery/v2/projects/p/datasets",
        Authorization=f"Bearer {server.token}",
        Host=host,
    )
    assert status in {400, 403}


def test_every_way_to_write_the_path_works(server: LocalServer) -> None:
    """Clients that leave the prefix out, or say it twice over, reach the same methods."""
    for path in (
        "/bigquery/v2/projects/p/datasets",
        "/projects/p/datasets",
        "//bigquery/v2/projects/p/datasets",
    ):
        status, body = ask(f"{server.endpoint}{path}", Authorization=f"Bearer {server.token}")
        assert (status, body["kind"]) == (200, "bigquery#datasetList")


def test_an_unknown_method_is_bigquerys_error(server: LocalServer) -> None:
    """A path that nothing answers for gives 404 in JSON."""
    status, body = ask(f"{server.endpoint}/nothing/here", Authorization=f"Bearer {server.token}")
    assert status == 404
    assert "error" in body or "detail" in body


def test_the_server_listens_on_one_loopback_port_only(server: LocalServer) -> None:
    """Neither the emulator nor the gateway listens anywhere else."""
    pid = server._process.pid
    inodes = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        try:
            target = str(link.readlink())
        except OSError:
            continue
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    listening = []
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and fields[9] in inodes:
                listening.append(fields[1])
    port = int(server.endpoint.rpartition(":")[2])
    assert listening == [f"0100007F:{port:04X}"]


def test_secrets_show_nowhere(server: LocalServer) -> None:
    """Neither the command line, the environment, the repr nor the log has the token."""
    pid = server._process.pid
    assert server.token not in Path(f"/proc/{pid}/cmdline").read_text()
    assert server.token not in Path(f"/proc/{pid}/environ").read_text()
    assert server.token not in server._log.read_text()
    assert server.token not in repr(server)


def test_credentials_pickle(server: LocalServer) -> None:
    """The credentials can go to another process."""
    assert pickle.loads(pickle.dumps(server.credentials)).token == server.token  # noqa: S301


def test_a_missing_folder_is_refused_with_bucket_and_path(tmp_path: Path) -> None:
    """The error names the bucket and the folder."""
    with pytest.raises(InvalidInputError, match=r"nowhere.*posters"):
        serve(buckets={"posters": tmp_path / "nowhere"})
    with pytest.raises(InvalidInputError, match="UPPER"):
        serve(buckets={"UPPER": tmp_path})
    with pytest.raises(InvalidInputError, match="project"):
        serve(buckets={}, project="Not A Project")
    with pytest.raises(InvalidInputError, match="callable"):
        serve(buckets={}, model={"gemini-*": "a name"})  # type: ignore[dict-item]
    with pytest.raises(InvalidInputError, match="workers"):
        serve(buckets={}, workers=0)


def test_a_taken_port_is_a_clear_error() -> None:
    """The error says that the server did not start, and why."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(LocalServerError, match=r"did not start.*[Aa]ddress already in use"):
            serve(buckets={}, model=answer, port=taken.getsockname()[1])


def test_what_was_kept_is_there_after_a_new_start(tmp_path: Path) -> None:
    """With a data_dir tables, object tables, models and connections outlive the server."""
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "a.png").write_bytes(b"1")
    data = tmp_path / "data"
    setup = (
        "CREATE SCHEMA kept",
        "CREATE TABLE kept.t OPTIONS(description = 'kept') AS SELECT 1 AS n",
        "CREATE CONNECTION `us.c` OPTIONS(connection_type = 'CLOUD_RESOURCE')",
        "CREATE EXTERNAL TABLE kept.images WITH CONNECTION `us.c` "
        "OPTIONS(object_metadata = 'SIMPLE', uris = ['gs://images/*'])",
        "CREATE MODEL kept.m REMOTE WITH CONNECTION `us.c` OPTIONS(ENDPOINT = 'gemini-2.5-flash')",
    )
    buckets = {"images": tmp_path / "images"}
    with serve(buckets=buckets, model=answer, data_dir=data) as first, connect(first) as client:
        for sql in setup:
            client.query(sql, job_retry=None).result()
    assert not first.running
    (tmp_path / "images" / "b.png").write_bytes(b"1")
    with serve(buckets=buckets, model=answer, data_dir=data) as second, connect(second) as client:
        assert [row.n for row in client.query("SELECT n FROM kept.t").result()] == [1]
        assert client.get_table("kept.t").description == "kept"
        rows = client.query(
            "SELECT ml_generate_text_llm_result AS text FROM ML.GENERATE_TEXT(MODEL kept.m, TABLE kept.images, "
            "STRUCT('x' AS prompt, TRUE AS flatten_json_output))"
        ).result()
        assert [row.text for row in rows] == ["word", "word"]
    assert data.exists()


def test_closing_leaves_nothing_behind(tmp_path: Path) -> None:
    """Process, temporary folder and port are gone after close, which may be called twice."""
    server = serve(buckets={"images": tmp_path}, model=answer)
    pid, home = server._process.pid, server._log.parent
    assert alive(pid)
    assert server.running
    server.close()
    server.close()
    assert not alive(pid)
    assert not home.exists()
    assert "stopped" in repr(server)
    with pytest.raises(LocalServerError, match="it has ended"):
        _ = server.model_calls


PARENT = """
import os, sys, time
from bqvision.local import serve, VisionAnswer
server = serve(buckets={}, model=lambda request: VisionAnswer("x"))
child = server._process.pid
if sys.argv[1] == "forked":
    if os.fork() == 0:
        time.sleep(60)
        os._exit(0)
print(child, server._log.parent, flush=True)
time.sleep(60)
"""

LEAVING_CHILD = """
import os, sys
from bqvision.local import serve, VisionAnswer
with serve(buckets={}, model=lambda request: VisionAnswer("x")) as server:
    child = os.fork()
    if child == 0:
        sys.exit(0)
    os.waitpid(child, 0)
    print(server._log.exists(), dict(server.model_calls))
"""


@pytest.mark.parametrize("way", ["alone", "forked"])
def test_the_server_ends_when_its_parent_is_killed(way: str) -> None:
    """After kill -9 of the parent the server ends by itself, also if a sibling keeps its input open.

    Its temporary folder goes with it.
    """
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, way], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert parent.stdout is not None
    with parent.stdout:
        pid, home = parent.stdout.readline().split()
    child = int(pid)
    try:
        assert alive(child)
        parent.send_signal(signal.SIGKILL)
        parent.wait(10)
        assert until(lambda: not alive(child), 10)
        assert not Path(home).exists()
    finally:
        os.killpg(parent.pid, signal.SIGKILL) if way == "forked" else None


def test_a_forked_process_that_ends_leaves_the_server_alone() -> None:
    """What a process forked from the parent closes on its way out is not its to close."""
    done = subprocess.run(
        [sys.executable, "-c", LEAVING_CHILD], stdout=subprocess.PIPE, text=True, check=True, timeout=60
    )
    assert done.stdout == "True {}\n"


def test_a_damaged_data_dir_is_a_clear_error(tmp_path: Path) -> None:
    """The error names the file, and is no traceback."""
    (tmp_path / "catalog.json").write_text("{broken")
    with pytest.raises(LocalServerError, match=r"did not start.*catalog\.json is damaged") as raised:
        serve(buckets={}, model=answer, data_dir=tmp_path)
    assert "Traceback" not in str(raised.value)


def test_the_cloud_connection_of_the_environment_is_not_a_local_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """BQVISION_CONNECTION is set for the cloud; the local program runs all the same."""
    monkeypatch.setenv("BQVISION_CONNECTION", "eu.mine")
    (tmp_path / "a.jpg").write_bytes(b"1")
    with bv.Client.local(buckets={"images": tmp_path}, model=answer) as client:
        table = client.dataset("d").create().object_table("t").create(uris=["gs://images/*"])
        assert table.count() == 1


def test_it_runs_in_a_terminal(tmp_path: Path) -> None:
    """`python -m bqvision.local` says where it is and how to use it, and Ctrl-C ends it cleanly."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bqvision.local", "--bucket", f"posters={tmp_path}", "--project", "my-films"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    endpoint = process.stdout.readline().split()[1]
    token = process.stdout.readline().split()[1]
    status, body = ask(f"{endpoint}/projects/my-films/datasets", Authorization=f"Bearer {token}")
    assert (status, body["kind"]) == (200, "bigquery#datasetList")
    process.send_signal(signal.SIGINT)
    with process.stdout, process.stderr:  # type: ignore[union-attr]
        assert "BIGQUERY_EMULATOR_HOST" in process.stdout.read()
        assert process.stderr.read() == ""  # type: ignore[union-attr]
    assert process.wait(20) == 0


def test_the_terminal_refuses_a_missing_folder(tmp_path: Path) -> None:
    """A missing folder ends it with a message and no traceback."""
    done = subprocess.run(
        [sys.executable, "-m", "bqvision.local", "--bucket", f"posters={tmp_path / 'nowhere'}"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "nowhere" in done.stderr
    assert "Traceback" not in done.stderr


def test_calls_of_one_model_run_at_the_same_time(tmp_path: Path) -> None:
    """As many images as there are workers are with the model at once."""
    for index in range(6):
        (tmp_path / f"{index}.png").write_bytes(b"x")
    together = threading.Barrier(3, timeout=20)

    def meet(request: VisionRequest) -> VisionAnswer:
        together.wait()
        return VisionAnswer(request.prompt)

    with serve(buckets={"images": tmp_path}, model=meet, workers=3) as server, connect(server) as client:
        for sql in (
            "CREATE SCHEMA d",
            "CREATE EXTERNAL TABLE d.t WITH CONNECTION DEFAULT "
            "OPTIONS(object_metadata = 'SIMPLE', uris = ['gs://images/*'])",
            "CREATE MODEL d.m REMOTE WITH CONNECTION DEFAULT OPTIONS(ENDPOINT = 'anything')",
        ):
            client.query(sql, job_retry=None).result()
        sql = "SELECT * FROM ML.GENERATE_TEXT(MODEL d.m, TABLE d.t, STRUCT('x' AS prompt, TRUE AS flatten_json_output))"
        assert {row.ml_generate_text_llm_result for row in client.query(sql, job_retry=None).result()} == {
            "x"
        }
        assert dict(server.model_calls) == {f"gs://images/{index}.png": 1 for index in range(6)}


@pytest.mark.parametrize("module", ["bqemulator", "duckdb_extension_spatial", "rapidocr"])
def test_a_missing_extra_names_the_command(module: str) -> None:
    """Without the extra the error says which pip command brings it."""
    code = (
        f"import sys; sys.modules['{module}'] = None\n"
        "from bqvision.errors import MissingExtraError\nfrom bqvision.local import serve\n"
        "try:\n    serve(buckets={})\nexcept MissingExtraError as error:\n    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert module in done.stdout
    assert 'pip install "bqvision[local]"' in done.stdout


def test_importing_the_package_is_light() -> None:
    """`import bqvision.local` loads neither google's modules nor the emulator nor the OCR engine."""
    code = (
        "import bqvision.local, sys\n"
        "heavy = {'google', 'bqemulator', 'duckdb', 'pyarrow', 'uvicorn', 'rapidocr', 'numpy', 'tenacity'}\n"
        "print(sorted(heavy & sys.modules.keys()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "[]"
