"""Rehearse a big run: made-up images, a scripted model, and a real run on the local BigQuery.

    python benchmarks/million_images.py [--images 1000000] [--batch-size 25000] [--concurrent 4] [--peer 50000]

It prints seconds and images per second for each phase, the memory of the client and of the server, whether every image
has exactly one model call and one row in the results table, and the speed beside that of the bare statement of
Google's tutorial, which has no work table, no batches and no ledger. Memory is read from /proc, so only on Linux.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import bqvision as bv
from bqvision.local import LocalServer, ScriptedModel, SimulatedBucket, serve

PROMPT = "Title and year of the film on this poster, in JSON."
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Memory:
    """What a process holds, in MB."""

    now: int
    peak: int
    """The most since the process began."""

    @classmethod
    def of(cls, pid: int) -> Memory:
        """Read a process's memory; zeros where there is no /proc."""
        try:
            status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
        except OSError:
            return cls(0, 0)
        values = dict(line.split(":", 1) for line in status.splitlines())
        now, peak = (int(values[name].split()[0]) // 1024 for name in ("VmRSS", "VmHWM"))
        return cls(now, peak)


@dataclass(slots=True)
class Bench:
    """The lines of the table, and the clock that fills it."""

    server: LocalServer
    seconds: dict[str, float] = field(default_factory=dict[str, float])

    def timed(self, phase: str, images: int, work: Callable[[], T]) -> T:
        """Do a phase's work and print its line."""
        begin = time.perf_counter()
        result = work()
        self.seconds[phase] = time.perf_counter() - begin
        self.line(phase, images, self.seconds[phase])
        return result

    def line(self, phase: str, images: int, seconds: float) -> None:
        """Print one line of the table."""
        client, server = Memory.of(os.getpid()), Memory.of(self.server.pid)
        print(
            f"{phase:<28}{images:>11,}{seconds:>9.1f}{images / max(seconds, 1e-6):>12,.0f}"
            f"{client.now:>9,}{client.peak:>9,}{server.now:>9,}{server.peak:>9,}",
            flush=True,
        )


def heading() -> None:
    """Print the head of the table."""
    print(f"{'':<60}{'client MB':>18}{'server MB':>18}")
    names = "".join(f"{name:>{width}}" for name, width in (("images", 11), ("seconds", 9), ("images/s", 12)))
    print(f"{'phase':<28}{names}" + 2 * f"{'now':>9}{'peak':>9}")


def spans(client: bv.Client) -> dict[str, tuple[float, int]]:
    """Return the seconds from the first start to the last end, and the number, of the run's jobs by their kind."""
    kinds = {"CREATE TABLE `": "  of it: work table", "INSERT INTO": "  of it: batches"}
    found: dict[str, list[tuple[float, float]]] = {}
    for job in client.bigquery.list_jobs():
        for begin, kind in kinds.items():
            sql = str(getattr(job, "query", ""))
            if sql.startswith(begin) and (kind.endswith("batches") or "__work" in sql.partition("\n")[0]):
                found.setdefault(kind, []).append((job.started.timestamp(), job.ended.timestamp()))
    return {
        kind: (max(end for _, end in times) - min(start for start, _ in times), len(times))
        for kind, times in found.items()
    }


def check(server: LocalServer, client: bv.Client, run: bv.AnalysisRun[bv.PosterResult], images: int) -> bool:
    """Say whether each image has one call and one row."""
    rows = client.bigquery.query(
        f"SELECT COUNT(*) AS n, COUNT(DISTINCT uri) AS uris, COUNTIF(outcome = 'OK') AS ok FROM `{run.table}`"
    ).result()
    ledger = next(iter(rows))
    calls = {uri: count for uri, count in server.model_calls.items() if uri.startswith("gs://archive/")}
    called_once = sum(count == 1 for count in calls.values())
    print(f"\nledger: {ledger.n:,} rows for {ledger.uris:,} images, {ledger.ok:,} of them OK")
    print(f"model:  {called_once:,} images with one call, {len(calls) - called_once:,} with more")
    return (ledger.n, ledger.uris, ledger.ok, called_once, len(calls)) == (images,) * 5


def measure(arguments: argparse.Namespace, server: LocalServer, client: bv.Client) -> bool:
    """Do all phases; return whether everything was there exactly once."""
    bench, images, peer = Bench(server), arguments.images, arguments.peer
    dataset = client.dataset("rehearsal").create()
    model = dataset.remote_model("gemini").create(endpoint="gemini-2.5-flash")
    sample = dataset.object_table("sample").create(uris=["gs://sample/*"])
    bare = model.analyze(sample, prompt=PROMPT)
    bare.create_table(into="bare")  # Warm-up.

    def ask_bare(when: str) -> None:
        bench.timed(f"bare statement, {when}", peer, lambda: bare.create_table(into="bare"))
        bench.timed(f"  to columns, {when}", peer, lambda: bare.format("bare", into="typed"))

    heading()
    bench.line("start", 0, 0)
    table = bench.timed(
        "object table", images, lambda: dataset.object_table("images").create(uris=["gs://archive/*"])
    )
    ask_bare("before")
    analysis = model.analyze(table, prompt=PROMPT)
    run = bench.timed(
        "run",
        images,
        lambda: analysis.run(
            into="answers", batch_size=arguments.batch_size, max_concurrent_jobs=arguments.concurrent
        ),
    )
    for phase, (seconds, jobs) in spans(client).items():
        bench.line(f"{phase} ({jobs})", images, seconds)
    records = bench.timed("records read back", images, lambda: sum(1 for _ in run))
    ask_bare("after")
    print(f"\n{run.report}")
    exact = check(server, client, run, images) and records == images
    asking, reading = (
        sum(bench.seconds[f"{phase}, {when}"] for when in ("before", "after"))
        for phase in ("bare statement", "  to columns")
    )
    speed, asked, typed = images / bench.seconds["run"], 2 * peer / asking, 2 * peer / (asking + reading)
    print(f"speed:  {speed:,.0f} images/s in the run")
    print(
        f"        {speed / asked:.2f} of the bare statement's {asked:,.0f}, which leaves the answers unread"
    )
    print(f"        {speed / typed:.2f} of the {typed:,.0f} that it makes with the answers in typed columns")
    print("exact:  every image once" if exact else "exact:  NO")
    return exact


def main() -> int:
    """Run the rehearsal."""
    parser = argparse.ArgumentParser(description="Rehearse a big run on the local BigQuery.")
    parser.add_argument("--images", type=int, default=1_000_000, help="images of the run (default 1,000,000)")
    parser.add_argument("--batch-size", type=int, default=25_000, help="images in a job (default 25,000)")
    parser.add_argument("--concurrent", type=int, default=4, help="jobs in flight at once (default 4)")
    parser.add_argument(
        "--peer", type=int, default=50_000, help="images of the bare statement (default 50,000)"
    )
    arguments = parser.parse_args()
    buckets = {name: SimulatedBucket(objects=getattr(arguments, option)) for name, option in BUCKETS.items()}
    with (
        serve(buckets=buckets, model=ScriptedModel()) as server,
        server.client(connection="DEFAULT") as client,
    ):
        return 0 if measure(arguments, server, client) else 1


BUCKETS = {"archive": "images", "sample": "peer"}
"""Bucket names, and the argument that tells how many objects each has."""


if __name__ == "__main__":
    sys.exit(main())
