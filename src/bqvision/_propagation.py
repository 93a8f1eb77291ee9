"""Waiting for a grant to be seen: IAM tells its servers one after the other, which takes minutes.

A statement that needs a role of a connection's account fails until then, with the text that it fails with when nobody
granted anything. So a statement is run again only if it is free, the role was granted through this service a short
while ago, and the text is the one that the missing role has:
https://cloud.google.com/iam/docs/access-change-propagation.
"""

from __future__ import annotations

import logging
import re
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bqvision._retry import RetryPolicy
    from bqvision.errors import BqvisionError

_log: Final = logging.getLogger("bqvision.setup")

Grant = Literal["account", "model role", "bucket role"]
"""What has to be seen everywhere: that the account exists, or a role of its."""

_PAUSE_S: Final = 10.0
_TEXTS: Final[Mapping[Grant, tuple[str, re.Pattern[str]]]] = {
    "account": (
        "grant_project_role",
        re.compile(r"service account .* does not exist|concurrent policy changes", re.IGNORECASE),
    ),
    "model role": (
        "create_remote_model",
        re.compile(r"does not have the permission to access or use the endpoint", re.IGNORECASE),
    ),
    "bucket role": (
        "create_object_table",
        re.compile(
            r"permission denied while (?:globbing|reading)|does not have storage\.objects\.(?:list|get) access",
            re.IGNORECASE,
        ),
    ),
}
"""The free statement that needs it, and what that says without it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantProgress:
    """A look at a grant that is not seen everywhere yet."""

    statement: str
    """The label of the statement that waits for it."""
    account: str
    """The connection's service account."""
    waited_s: float
    """How long ago it was granted, in seconds."""
    left_s: float
    """For how many seconds more the statement is tried."""


@dataclass(frozen=True, slots=True)
class _Given:
    grant: Grant
    account: str
    since: float
    wait_s: float
    progress: Callable[[GrantProgress], object] | None


class Propagation:
    """What was granted through one service, and may not be seen yet.

    Args:
        policy: The clock, and how to wait.
    """

    def __init__(self, policy: RetryPolicy) -> None:
        self._policy = policy
        self._lock = threading.Lock()
        self._given: dict[tuple[Grant, str], _Given] = {}

    def expect(
        self,
        grant: Grant,
        account: str,
        *,
        wait_s: float,
        progress: Callable[[GrantProgress], object] | None,
    ) -> None:
        """Have statements run again for a while that fail for want of what was just granted.

        Args:
            grant: What was granted.
            account: To which service account.
            wait_s: For how many seconds from now.
            progress: Told before each further try.
        """
        with self._lock:
            self._given[grant, account] = _Given(grant, account, self._policy.clock(), wait_s, progress)

    def again(self, label: str, error: BqvisionError) -> bool:
        """Wait, and return whether to run a statement again; if not, the error says what was waited for.

        Args:
            label: The statement's label.
            error: What it failed with.
        """
        given = self._missed(label, error.message)
        if given is None:
            return False
        waited_s = self._policy.clock() - given.since
        left_s = given.wait_s - waited_s
        if left_s <= 0:
            error.retryable = True
            error.next_step = (
                f"What {given.account} needs was granted {waited_s:.0f} seconds ago and is not in effect yet. That "
                "can take Google several minutes: run it again later."
            )
            return False
        _log.info(
            "%s: what %s was granted %.0f s ago is not seen yet; trying for %.0f s more",
            label,
            given.account,
            waited_s,
            left_s,
        )
        if given.progress is not None:
            given.progress(
                GrantProgress(statement=label, account=given.account, waited_s=waited_s, left_s=left_s)
            )
        self._policy.sleep(min(_PAUSE_S, left_s))
        return True

    def _missed(self, label: str, message: str) -> _Given | None:
        with self._lock:
            given = tuple(self._given.values())
        for one in given:
            needed_by, text = _TEXTS[one.grant]
            if label == needed_by and text.search(message) and _may_be_about(one.account, message):
                return one
        return None


def _may_be_about(account: str, message: str) -> bool:
    return account in message or "gserviceaccount.com" not in message
