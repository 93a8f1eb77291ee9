"""The server process: `python -m bqvision.local._child`, started and told what to do by its parent.

This module is about being a process: it hears its settings over standard input, tells its port over standard
output, and ends with its parent. What it serves is in `application`, which is imported only after standard
output has been put out of the emulator's reach.
"""

from __future__ import annotations

import gc
import json
import logging
import os
import shutil
import signal
import sys
import threading
from typing import Final

from bqvision.local.config import ServerConfig

_PARENT_POLL_SECONDS: Final = 0.5


def main() -> None:
    """Serve until the parent closes our standard input, or is gone."""
    report = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # The emulator writes to standard output, which is the parent's way to hear from us.
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's; it closes our input.
    logging.basicConfig(level=logging.WARNING)
    config = ServerConfig.from_json(sys.stdin.readline())
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda _number, _frame: stop.set())
    threading.Thread(target=_watch, args=(stop, config.parent_pid), name="watch", daemon=True).start()
    threading.Thread(target=_read_input, args=(stop,), name="input", daemon=True).start()

    gc.disable()  # All that is loaded from here to the start stays; going through it again takes 0.1 s each time.
    from bqvision.local.application import Application

    application = Application(config)
    application.start()
    gc.freeze()
    gc.set_threshold(50_000)  # A parsed statement is many objects, in cycles; they go soon enough.
    gc.enable()
    print(json.dumps({"port": application.port}), file=report, flush=True)
    stop.wait()
    application.stop()
    shutil.rmtree(config.home, ignore_errors=True)  # A parent that was killed leaves it to us.
    os._exit(0)  # Vision calls that still run must not hold up the end.


def _read_input(stop: threading.Event) -> None:
    sys.stdin.read()
    stop.set()


def _watch(stop: threading.Event, parent_pid: int) -> None:
    """A process that the parent forked may keep our input open after the parent is gone."""
    while not stop.wait(_PARENT_POLL_SECONDS):
        if os.getppid() != parent_pid:
            stop.set()


if __name__ == "__main__":
    main()
