"""The one retry policy: how often, how long and after which errors a request is sent again.

google's client does nothing with its ``retry=`` argument but ``call = retry(call)``, so `Calls.wrap` can be
that argument and every request of bqvision, page fetches included, goes through this policy and no other.
"""

from __future__ import annotations

import math
import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, ParamSpec

from bqvision._google_errors import understand
from bqvision.errors import InvalidInputError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tenacity import RetryCallState  # noqa: TID251  # this is the module that knows it

_P = ParamSpec("_P")


class MalformedAnswerError(Exception):
    """The server answered with success, but not with a JSON object."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How often and how long one request is repeated while BigQuery can not be reached or fails briefly.

    Waits grow exponentially and are drawn at random; a server's Retry-After is kept. Where it can not help,
    nothing is repeated: a refused statement, a missing permission, a used-up quota.
    """

    attempts: int = 10
    """The most times that one request is sent."""
    timeout_s: float = 600.0
    """The most seconds that one request may take, repetitions and waits included."""
    wait_initial_s: float = 1.0
    """The upper bound of the first wait, in seconds; it doubles each time."""
    wait_max_s: float = 60.0
    """The upper bound of every wait, in seconds."""
    sleep: Callable[[float], None] = time.sleep
    """How to wait; also used between looks at a running job."""
    clock: Callable[[], float] = time.monotonic
    """A clock in seconds that never goes back."""

    def __post_init__(self) -> None:
        if self.attempts < 1:
            raise InvalidInputError("a retry policy's attempts must be 1 or more; 1 sends every request once")
        for name in ("timeout_s", "wait_initial_s", "wait_max_s"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0):
                raise InvalidInputError(f"a retry policy's {name} must be a number of seconds, 0 or more")

    def begin(self, *, until_found: bool = False) -> Calls:
        """Return the retry of one call to google's client.

        Args:
            until_found: Whether "not found" is repeated too, for what is known to exist.
        """
        return Calls(self, until_found=until_found)

    def pause_s(self, times: int) -> float:
        """Return how many seconds to wait after the ``times``-th failure, counted from 1."""
        return random.uniform(0, min(self.wait_initial_s * 2 ** (times - 1), self.wait_max_s))  # noqa: S311


class Calls:
    """The retry of one call to google's client, and how many requests it took.

    Args:
        policy: When to stop and how long to wait.
        until_found: Whether "not found" is repeated too.
    """

    def __init__(self, policy: RetryPolicy, *, until_found: bool = False) -> None:
        self._policy = policy
        self._until_found = until_found
        self.requests = 0
        """How many requests the call has sent; while paging, those for the latest page."""

    def wrap(self, call: Callable[_P, object]) -> Callable[_P, object]:
        """Return a callable that sends the request until it is answered or the policy gives up.

        The last error is raised as it is.
        """

        def run(*args: _P.args, **kwargs: _P.kwargs) -> object:
            import tenacity  # noqa: TID251

            policy = self._policy
            started = policy.clock()
            self.requests = 0

            def send() -> object:
                self.requests += 1
                answer = call(*args, **kwargs)
                # The client hands an empty body on as bytes, and fails over it later.
                if not isinstance(answer, dict):
                    raise MalformedAnswerError(type(answer).__name__)
                return answer

            def wait_s(state: RetryCallState) -> float:
                asked_s = understand(_error(state)).retry_after_s
                return max(0.0 if asked_s is None else asked_s, policy.pause_s(state.attempt_number))

            def stop(state: RetryCallState) -> bool:
                # A wait that would end after the deadline is not begun: the caller learns at once.
                end = policy.clock() - started + state.upcoming_sleep
                return state.attempt_number >= policy.attempts or end >= policy.timeout_s

            return tenacity.Retrying(
                stop=stop,
                wait=wait_s,
                retry=tenacity.retry_if_exception(self._again),
                sleep=policy.sleep,
                reraise=True,
            )(send)

        return run

    def _again(self, error: BaseException) -> bool:
        if not isinstance(error, Exception):
            return False
        meaning = understand(error).meaning
        return meaning.resend or (self._until_found and meaning.error is NotFoundError)


def _error(state: RetryCallState) -> BaseException:
    error = state.outcome.exception() if state.outcome is not None else None
    if error is None:
        raise AssertionError("only errors are repeated")
    return error
