"""The rounds of a run: everything once, then only what had no answer for a passing reason, with growing waits."""

from __future__ import annotations

import logging
import math
import random
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from bqvision import claims
from bqvision.batches import ask
from bqvision.limits import Stop, StopReason
from bqvision.records import Outcome
from bqvision.sql.work import Cut
from bqvision.tally import Tally

if TYPE_CHECKING:
    from bqvision.claims import Claim, Survey
    from bqvision.plan import Plan
    from bqvision.schema import R
    from bqvision.sql.pending import Scope

_log: Final = logging.getLogger("bqvision.run")

_LONGEST_WAIT_S: Final = 300.0


class Rounds:
    """The claims of one run, one after the other.

    Args:
        plan: What to ask, and where the answers go.
    """

    def __init__(self, plan: Plan[R]) -> None:
        self._plan = plan
        self._limits = plan.limits
        self._policy = plan.service.policy
        self.tally = Tally(plan.limits)
        """What was done."""
        self.images = 0
        """Images in the object table when the run began."""
        self._runs: tuple[str, ...] = ()
        timeout = plan.limits.timeout
        self._deadline = math.inf if timeout is None else self._policy.clock() + timeout

    def carry_out(self) -> None:
        """Ask about everything, then again about what is RETRYABLE, until all is answered or a limit is met."""
        self._first_round()
        self._further_rounds()
        self.tally.stop = self.tally.stop or self.tally.left_out

    def _further_rounds(self) -> None:
        tally = self.tally
        tally.rounds = 1
        while tally.stop is None and self._unanswered():
            if tally.rounds >= self._limits.max_rounds:
                count = tally.unanswered[Outcome.RETRYABLE]
                if count:
                    tally.stop = Stop(
                        StopReason.ROUNDS,
                        f"{count:,} images are RETRYABLE still after {tally.rounds} rounds",
                        "Run it again later: they, and no others, are asked about again.",
                    )
                return
            if not self._wait():
                return
            tally.rounds += 1
            tally.unanswered.clear()
            self._round(claims.survey(self._plan, self._scope(retry=True)), retry=True)

    def _unanswered(self) -> bool:
        cut = 0 if self._plan.scope().larger_limit is None else self.tally.unanswered[Outcome.TRUNCATED]
        return bool(self.tally.unanswered[Outcome.RETRYABLE] or cut)

    def _wait(self) -> bool:
        """Wait before the next round; say whether there is time for it."""
        if not self.tally.unanswered[Outcome.RETRYABLE]:
            return True  # what was cut need not cool down
        longest = min(self._limits.round_wait * 2 ** (self.tally.rounds - 1), _LONGEST_WAIT_S)
        # Many runs that were turned away together must not come back together.
        wait_s = random.uniform(longest / 2, longest)  # noqa: S311
        if self._policy.clock() + wait_s >= self._deadline:
            self.tally.stop = Stop(
                StopReason.TIMEOUT,
                f"the timeout of {self._limits.timeout:g} seconds leaves no time for another round; "
                f"{self.tally.unanswered[Outcome.RETRYABLE]:,} images are RETRYABLE",
                "Everything paid for is kept: run it again to go on.",
            )
            return False
        self._policy.sleep(wait_s)
        return True

    def _first_round(self) -> None:
        """Ask about everything once, beginning with the claim that another run, or one that was cut off, left."""
        there = claims.survey(self._plan, self._scope(retry=False))
        self.images = there.images
        left = claims.find(self._plan, adopted=True)
        if left is not None:
            self._ask(left, retry=False)
            there = claims.survey(self._plan, self._scope(retry=False))
        self._round(there, retry=False)

    def _round(self, there: Survey, *, retry: bool) -> None:
        """Claim and ask until a claim of this run's own is done: another run's may hold other images."""
        tally = self.tally
        while tally.stop is None:
            room = tally.room(retry=retry)
            claimed = self._claim(there, retry=retry)
            if claimed is None:
                return
            if self._ask(claimed, retry=retry) and not claimed.adopted:
                if room is not None and there.pending > room:
                    tally.left_out = tally.full(retry=retry)
                return
            there = claims.survey(self._plan, self._scope(retry=retry))

    def _scope(self, *, retry: bool) -> Scope:
        first = self._plan.scope()
        if not retry:
            return replace(first, runs=self._runs)
        return replace(first, new=False, again=frozenset({Outcome.RETRYABLE}), runs=self._runs, retry=True)

    def _claim(self, there: Survey, *, retry: bool) -> Claim | None:
        """Claim what there is to ask, as far as the limits leave room; None if there is nothing."""
        if not there.pending and not there.refused:
            return None
        room = self.tally.room(retry=retry)
        if room == 0 and there.pending:
            self.tally.stop = self.tally.full(retry=retry)
            return None
        cut = Cut.of(there.pending, batch_size=self._limits.batch_size, limit=room)
        return claims.claim(self._plan, self._scope(retry=retry), cut)

    def _ask(self, claimed: Claim, *, retry: bool) -> bool:
        """Ask about a claim and drop it; say whether all of it was done."""
        if claimed.run_id is not None:
            self._runs = (*self._runs, claimed.run_id)
        asked = ask(self._plan, claimed, self.tally, deadline=self._deadline, retry=retry)
        stop = self.tally.stop
        turned_away = stop is not None and stop.reason in {StopReason.PERMISSION, StopReason.QUOTA}
        # Nobody goes on with a claim that was turned away at its first batch, so it can be dropped too.
        if asked.done or (turned_away and not asked.beyond_first):
            claims.drop(self._plan, claimed.key)
        return asked.done
