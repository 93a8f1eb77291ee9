"""What the process that started the server asks of it beside BigQuery's methods."""

from __future__ import annotations

import json
import urllib.request
from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from bqvision.errors import LocalServerError
from bqvision.local.paths import FAULTS, MODEL_CALLS, RELEASE
from bqvision.testing.faults import Account

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bqvision.testing.faults import Fault

_TIMEOUT_SECONDS: Final = 30


class Control:
    """The way to a running server's own routes.

    Args:
        endpoint: Where it answers.
        token: What it wants to know.
        running: Says whether it still runs.
    """

    def __init__(self, endpoint: str, token: str, running: Callable[[], bool]) -> None:
        self._endpoint = endpoint
        self._token = token
        self._running = running
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def model_calls(self) -> Mapping[str, int]:
        """Return the number of calls that the vision model has had, by object URI."""
        return Counter(self._ask("GET", MODEL_CALLS))

    def grant_bucket_role(self, bucket: str, member: str, role: str) -> None:
        """Give a role on a bucket, as gcloud does: read the policy, add to it, write it."""
        path = f"/storage/v1/b/{bucket}/iam"
        policy = self._ask("GET", path)
        policy["bindings"].append({"role": role, "members": [member]})
        self._ask("PUT", path, policy)

    def plan(self, faults: Sequence[Fault]) -> None:
        """Plan further faults."""
        self._ask("POST", FAULTS, {"faults": [asdict(fault) for fault in faults]})

    def account(self) -> Account:
        """Tell which faults struck, and which are left."""
        told = self._ask("GET", FAULTS)
        return Account(
            tuple((number, target) for number, target in told["strikes"]),
            {int(number): count for number, count in told["left"].items()},
        )

    def release(self) -> None:
        """Let the held jobs go on."""
        self._ask("POST", RELEASE)

    def clear(self) -> None:
        """Forget all faults and what struck, and let the held jobs go on."""
        self._ask("DELETE", FAULTS)

    def _ask(self, method: str, path: str, body: object = None) -> Any:
        request = urllib.request.Request(  # noqa: S310
            f"{self._endpoint}{path}",
            None if body is None else json.dumps(body).encode(),
            {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"},
            method=method,
        )
        try:
            with self._opener.open(request, timeout=_TIMEOUT_SECONDS) as answer:
                content = answer.read()
        except OSError as error:
            raise LocalServerError(
                f"the local BigQuery at {self._endpoint} does not answer"
                + ("" if self._running() else ": it has ended"),
                next_step="Ask before the server, or the client that started it, is closed.",
            ) from error
        return json.loads(content) if content else None
