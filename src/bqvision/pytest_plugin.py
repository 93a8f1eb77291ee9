"""The pytest fixture ``local_bigquery``, which pytest finds by itself where bqvision is installed.

Nothing else is loaded until a test asks for it; ``-p no:bqvision`` switches it off.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping
    from pathlib import Path

    from bqvision._retry import RetryPolicy
    from bqvision.client import Client
    from bqvision.local.simulated import SimulatedBucket
    from bqvision.local.vision import VisionModel
    from bqvision.testing import FaultPlan, LocalBigQuery

_PASSED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note whether a test passed, for what its fixtures do behind it."""
    report = yield
    if call.when == "call":
        item.stash[_PASSED] = report.passed
    return report


@pytest.fixture
def local_bigquery(request: pytest.FixtureRequest) -> Iterator[LocalBigQuery]:
    """Start local BigQuerys: a function with the arguments of `bqvision.Client.local`, which returns a client.

    All that were started are closed behind the test. If it passed, it fails where one of its fault plans has faults
    left that did not strike; a test that failed has told what is wrong already.
    """
    plans: list[FaultPlan] = []
    with ExitStack() as clients:

        def start(
            *,
            buckets: Mapping[str, str | Path | SimulatedBucket],
            model: VisionModel | Mapping[str, VisionModel] | None = None,
            data_dir: str | Path | None = None,
            labels: Mapping[str, str] | None = None,
            retry: RetryPolicy | None = None,
            faults: FaultPlan | None = None,
        ) -> Client:
            from bqvision.client import Client

            client = clients.enter_context(
                Client.local(
                    buckets=buckets,
                    model=model,
                    data_dir=data_dir,
                    labels=labels,
                    retry=retry,
                    faults=faults,
                )
            )
            if faults is not None:
                plans.append(faults)
            return client

        yield start
    if request.node.stash.get(_PASSED, False):
        for plan in plans:
            plan.verify()
