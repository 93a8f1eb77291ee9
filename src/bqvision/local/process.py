"""The server process, seen from the process that starts it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Final

from bqvision.errors import LocalServerError

if TYPE_CHECKING:
    from pathlib import Path

    from bqvision.local.bridge import ModelBridge
    from bqvision.local.config import ServerConfig

_START_SECONDS: Final = 60.0
_STOP_SECONDS: Final = 10.0
_SAID_CHARS: Final = 500


def spawn(log: Path) -> subprocess.Popen[str]:
    """Start the process, which waits to be told what to do; what it writes goes to the log."""
    with log.open("wb") as file:
        return subprocess.Popen(
            [sys.executable, "-m", "bqvision.local._child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=file,
            text=True,
            encoding="utf-8",
        )


def handshake(process: subprocess.Popen[str], config: ServerConfig, log: Path) -> int:
    """Tell the process what to do and wait until it serves.

    Returns:
        The port.

    Raises:
        LocalServerError: It ended, or did not serve in time.
    """
    assert process.stdin is not None  # noqa: S101
    assert process.stdout is not None  # noqa: S101
    timer = threading.Timer(_START_SECONDS, process.kill)
    timer.start()
    try:
        process.stdin.write(f"{config.to_json()}\n")
        process.stdin.flush()
        line = process.stdout.readline()
    except BrokenPipeError:
        line = ""
    finally:
        timer.cancel()
    if not line:
        process.wait(_STOP_SECONDS)
        said = log.read_text("utf-8", "replace").strip().rpartition("\n")[2]  # the error under the traceback
        for secret in (config.token, config.bridge_key):
            said = said.replace(secret, "[removed]") if secret else said
        raise LocalServerError(
            f"the local BigQuery did not start (exit code {process.returncode}): {said[:_SAID_CHARS]}",
            next_step="A taken port, or a data_dir that is damaged or in use, are usual causes.",
        )
    return int(json.loads(line)["port"])


def end(process: subprocess.Popen[str], bridge: ModelBridge | None, home: Path, owner: int) -> None:
    """End the process: closing its input is the sign. Then take away what was for it.

    Args:
        process: The process.
        bridge: The models that it called in this process.
        home: The folder that was made for it.
        owner: The process that started it; one forked from that has no say in it.
    """
    if os.getpid() != owner:
        return
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            try:
                pipe.close()
            except OSError:
                continue
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if bridge is not None:
        bridge.close()
    shutil.rmtree(home, ignore_errors=True)
