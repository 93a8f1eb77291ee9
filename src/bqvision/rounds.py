"""The rounds of a run: everything once, then only what had no answer for a passing reason, with growing waits."""

from __future__ import annotations

import logging
import math
import random
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from bqvision import claims
from bqvision._text import plural
from bqvision.batches import ask
from bqvision.errors import IdCollisionError, IntegrityError, NotFoundError, RunError
from bqvision.limits import Stop, StopReason
from bqvision.records import Outcome
from bqvision.sql.work import Cut
from bqvision.tally import Tally

if TYPE_CHECKING:
    from bqvision.batches import Asked
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
        self.tally = Tally(plan.limits, prose=plan.analysis.arguments.prose)
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
            # Another run may have had the answers in the meantime.
            again = claims.survey(self._plan, self._scope(retry=True)).pending
            if not again:
                return
            if tally.rounds >= self._limits.max_rounds:
                tally.stop = Stop(
                    StopReason.ROUNDS,
                    f"{plural(again, 'image')} would be asked again still after {plural(tally.rounds, 'round')}",
                    "Run it again later: they, and no others, are asked about again.",
                )
                return
            if not self._wait(again):
                return
            tally.rounds += 1
            tally.unanswered.clear()
            self._round(claims.survey(self._plan, self._scope(retry=True)), retry=True)

    def _unanswered(self) -> int:
        """How many images the round at hand has left to be asked about again."""
        cut = 0 if self._plan.scope().larger_limit is None else self.tally.unanswered[Outcome.TRUNCATED]
        return self.tally.unanswered[Outcome.RETRYABLE] + cut

    def _wait(self, again: int) -> bool:
        """Wait before the next round, of so many images; say whether there is time for it."""
        if not self.tally.unanswered[Outcome.RETRYABLE]:
            return True  # what was cut need not cool down
        longest = min(self._limits.round_wait * 2 ** (self.tally.rounds - 1), _LONGEST_WAIT_S)
        # Many runs that were turned away together must not come back together.
        wait_s = random.uniform(longest / 2, longest)  # noqa: S311
        if self._policy.clock() + wait_s >= self._deadline:
            self.tally.stop = self._timed_out(
                f"or would be before another round; {plural(again, 'image')} would be asked again"
            )
            return False
        self._policy.sleep(wait_s)
        return True

    def _first_round(self) -> None:
        """Ask about everything once, beginning with the claim that another run, or one that was cut off, left."""
        there = claims.survey(self._plan, self._scope(retry=False))
        self.images = there.images
        if self._limits.uris is not None and not (there.pending or there.refused):
            return  # a claim of other images is no concern of this run
        left = claims.find(self._plan, adopted=True)
        if left is not None:
            self._take_over(left)
            there = claims.survey(self._plan, self._scope(retry=False))
        self._round(there, retry=False)

    def _round(self, there: Survey, *, retry: bool) -> None:
        """Claim and ask until nothing in the scope is left: another run's claim may hold other images."""
        tally = self.tally
        while tally.stop is None:
            room = tally.room(retry=retry)
            claimed = self._claim(there, room, retry=retry)
            if claimed is None:
                return
            if claimed.adopted:
                self._take_over(claimed)
            elif self._ask(claimed, retry=retry):
                if room is None or there.pending <= room or not claimed.batches:
                    return
                if not tally.room(retry=retry):  # what a call takes is known better now, so there may be more
                    tally.left_out = tally.full(retry=retry)
                    return
            there = claims.survey(self._plan, self._scope(retry=retry))

    def _take_over(self, claimed: Claim) -> None:
        """Go on with the claim of another run if this one may; else retire it, so that what is left is claimed anew."""
        project = self._plan.service.project
        if claimed.billing_project not in {None, project}:
            raise RunError(
                f"a run that is billed to project {claimed.billing_project} has claimed these images, and this one is "
                f"billed to {project}: they could not join each other's jobs, and would both pay",
                resource=str(self._plan.work_table),
                reason="CLAIMED",
                next_step=f"Let that run end, or finish it with Client(project={claimed.billing_project!r}).",
            )
        try:
            fits = claims.fits(self._plan, claimed, self.tally.room(retry=False))
            if not claimed.waiting or not fits:
                self._give_up(claimed)
                return
        except NotFoundError:
            if claims.present(self._plan, claimed):
                raise
            return  # its owner has finished it
        self.tally.left_by_others([batch for batch in claimed.batches if batch.job_id is not None])
        self._ask(claimed, retry=False)

    def _give_up(self, claimed: Claim) -> None:
        """Do away with a claim that is not for this run, as soon as nobody else works on it."""
        if not claimed.waiting:
            claims.drop(self._plan, claimed.key)
            return
        if not (claimed.retired or claimed.turned_away):
            _log.info("%s: another run has claimed images; waiting for it", self._plan.ledger)
            if not claims.wait_for_owner(self._plan, claimed, deadline=self._deadline):
                if self._policy.clock() >= self._deadline:
                    self.tally.stop = self._timed_out("waiting for another run's claim")
                return
        self.tally.running += claims.retire(self._plan, claimed, deadline=self._deadline)
        if self.tally.running:
            self.tally.stop = self._timed_out(f"waiting for {', '.join(self.tally.running)}")

    def _scope(self, *, retry: bool) -> Scope:
        first = self._plan.scope()
        if not retry:
            return replace(first, runs=self._runs)
        return replace(first, new=False, again=frozenset({Outcome.RETRYABLE}), runs=self._runs, retry=True)

    def _claim(self, there: Survey, room: int | None, *, retry: bool) -> Claim | None:
        """Claim what there is to ask, as far as the limits leave room; None if there is nothing."""
        if not there.pending and not there.refused:
            return None
        if room == 0 and there.pending:
            self.tally.stop = self.tally.full(retry=retry)
            return None
        limit = room if there.pending else None
        size = self._limits.batch_size
        cut = Cut.of(there.pending, batch_size=size, limit=limit, canary=self._plan.canary)
        return claims.claim(self._plan, self._scope(retry=retry), cut)

    def _ask(self, claimed: Claim, *, retry: bool) -> bool:
        """Ask about a claim and drop it; say whether all of it was done."""
        if claimed.run_id is not None:
            self._runs = (*self._runs, claimed.run_id)
        try:
            asked = ask(self._plan, claimed, self.tally, deadline=self._deadline, retry=retry)
        except (IdCollisionError, IntegrityError):
            # It would end so for ever; a new claim has other ids, and holds what is missing.
            claims.retire(self._plan, claimed, deadline=self._deadline)
            raise
        if asked.done or self._turned_away(asked):
            claims.drop(self._plan, claimed.key)
        return asked.done

    def _turned_away(self, asked: Asked) -> bool:
        """Whether a claim ended at its first batch for want of a permission or a quota: nobody goes on with it."""
        stop = self.tally.stop
        return (
            stop is not None
            and stop.reason in {StopReason.PERMISSION, StopReason.QUOTA}
            and not asked.beyond_first
        )

    def _timed_out(self, doing: str) -> Stop:
        return Stop(
            StopReason.TIMEOUT,
            f"the timeout of {self._limits.timeout or 0:g} seconds is over, {doing}",
            "Everything paid for is kept: run it again to go on.",
        )
