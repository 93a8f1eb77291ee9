"""A claim: the work table that a run made, or found there, and what of it is still to be asked.

The table's creation is atomic, so of two runs of the same analysis one makes it and the other joins. What a claim
is called, its name and the moment of its creation, is alike in every process; the jobs take their ids from it.
"""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from bqvision import _rest
from bqvision._jobs import Slowing
from bqvision.errors import (
    AlreadyExistsError,
    IdCollisionError,
    InvalidQueryError,
    JobCancelledError,
    JobError,
    JobFailedError,
    NotFoundError,
)
from bqvision.sql.work import REFUSED_BATCH, Cut

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bqvision._jobs import RunningJob
    from bqvision.plan import Plan
    from bqvision.schema import R
    from bqvision.sql.pending import Scope

_log: Final = logging.getLogger("bqvision.run")

SILENCE_S: Final = 10.0
"""For so long a run that is alive has nothing in flight at most: between two batches it asks two short questions."""
LOOK_S: Final = 2.0
LOOKED_AT: Final = 10
EVER_IN_FLIGHT: Final = 200
"""Twice as many as may be in flight at once, since some of those that come first may have failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Some images of a claim that one job asks about."""

    number: int
    images: int
    output_limit: int | None
    """The output limit to ask with; None for the usual one."""
    job_id: str | None = None
    """The job that wrote it into the ledger, if one has."""
    turned_away: int = 0
    """How many of its rows ended as PERMISSION or QUOTA."""
    retryable: int = 0
    cut: int = 0
    """How many of its rows ended as TRUNCATED."""

    @property
    def refused(self) -> bool:
        """Whether these images are put down without asking."""
        return self.number == REFUSED_BATCH


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The images that are being asked about, frozen and cut into batches."""

    key: str
    """Its work table and the moment of its creation."""
    run_id: str | None
    """Its name in the ledger; None if it holds no image."""
    billing_project: str | None
    """Whose jobs ask about it."""
    retired: bool
    """Whether no job may begin any more."""
    batches: tuple[Batch, ...]
    adopted: bool
    """Whether it was there before: another run is at work, or one was cut off."""

    @property
    def waiting(self) -> tuple[Batch, ...]:
        """The batches that no job has written into the ledger."""
        return tuple(batch for batch in self.batches if batch.job_id is None)

    @property
    def turned_away(self) -> bool:
        """Whether a permission or a quota was missing, so that its owner has stopped by itself."""
        return any(batch.turned_away for batch in self.batches)


@dataclass(frozen=True, slots=True)
class Survey:
    """What there is to ask."""

    images: int
    """Images in the object table."""
    pending: int
    """Images to ask about."""
    refused: int
    """Images to put down without asking."""


def survey(plan: Plan[R], scope: Scope) -> Survey:
    """Count what there is to ask.

    Args:
        plan: The run.
        scope: What may be asked about.
    """
    (row,) = plan.rows(plan.survey(scope))
    return Survey(_rest.count(row, "images"), _rest.count(row, "pending"), _rest.count(row, "refused"))


def claim(plan: Plan[R], scope: Scope, cut: Cut) -> Claim:
    """Claim what is to be asked, or join the claim that is there.

    Args:
        plan: The run.
        scope: What may be asked about.
        cut: How it is cut into batches.
    """
    while True:
        adopted, run_id = False, secrets.token_hex(8)
        try:
            plan.execute(plan.create_work(scope, cut, run_id=run_id))
        except AlreadyExistsError:
            adopted = True
        found = find(plan, adopted=adopted)
        if found is not None:
            # Whose it is, its name says: between the two steps another run may have made a claim of its own.
            return replace(found, adopted=adopted if found.run_id is None else found.run_id != run_id)
        # Another run finished that claim in the meantime.
        plan.service.policy.sleep(plan.service.policy.pause_s(1))


def find(plan: Plan[R], *, adopted: bool) -> Claim | None:
    """Return the claim that is there; None if there is none, or it went, or was void and has been dropped.

    Args:
        plan: The run.
        adopted: Whether another run made it.
    """
    key = _key(plan)
    if key is None:
        return None
    try:
        if adopted:
            plan.execute(plan.extend_work())
        rows = list(plan.rows(plan.count_batches()))
    except NotFoundError:
        return None
    if key != _key(plan):
        # What was counted may be the next claim's.
        return None
    if any(_rest.count(row, "overtaken") for row in rows):
        # It was made of a ledger that did not show the end of the claim before. Nobody asks a void claim.
        _log.debug("%s is void: its images have been asked about since", plan.work_table)
        drop(plan, key)
        return None
    return Claim(
        key=key,
        run_id=next((str(row["run_id"]) for row in rows), None),
        billing_project=next((str(row["billing_project"]) for row in rows), None),
        retired=any(row["retired"] is True for row in rows),
        batches=tuple(_batch(row) for row in rows),
        adopted=adopted,
    )


def fits(plan: Plan[R], claimed: Claim, room: int | None) -> bool:
    """Whether a run may go on with a claim that another one made, as it stands.

    It may not ask about what its own caller did not name, or does no longer, nor in larger jobs than allowed, nor
    beyond a limit. After a permission or a quota was missing, one image must go first again.

    Args:
        plan: The run.
        claimed: The claim.
        room: How many images the run may ask about; None for any number.
    """
    if claimed.retired or claimed.turned_away:
        return False
    waiting = [batch for batch in claimed.waiting if not batch.refused]
    if not waiting:
        return True
    images = sum(batch.images for batch in waiting)
    if max(batch.images for batch in waiting) > plan.limits.batch_size or (
        room is not None and images > room
    ):
        return False
    numbers = tuple(batch.number for batch in waiting)
    (row,) = plan.rows(plan.count_wanted(numbers, run_id=claimed.run_id or ""))
    return _rest.count(row, "wanted") == _rest.count(row, "images")


def wait_for_owner(plan: Plan[R], claimed: Claim, *, deadline: float) -> bool:
    """Wait until nobody works on a claim: nothing of it has been in flight for a while, or it has gone.

    A run that would cut a claim anew while its owner is at work would only be in its way, and the owner in its own.

    Args:
        plan: The run.
        claimed: The claim.
        deadline: When to wait no longer, by the policy's clock.

    Returns:
        Whether it can be retired; if not, it has gone, or the time is over.
    """
    policy = plan.service.policy
    jobs = [job_of(plan, claimed, batch) for batch in claimed.waiting]
    silent_since = policy.clock()
    while present(plan, claimed):
        now = policy.clock()
        if any(job.in_flight() for job in jobs[:LOOKED_AT]):
            silent_since = now
        elif now - silent_since >= SILENCE_S:
            return True
        if now >= deadline:
            return False
        policy.sleep(min(LOOK_S, deadline - now))
        fresh = find(plan, adopted=False)
        if fresh is None or fresh.key != claimed.key:
            return False
        if len(fresh.waiting) < len(jobs):
            silent_since = now
            jobs = [job_of(plan, fresh, batch) for batch in fresh.waiting]
    return False


def retire(plan: Plan[R], claimed: Claim, *, deadline: float) -> list[str]:
    """Give up a claim for all runs that share it, so that its images can be claimed anew; nothing is lost.

    Jobs that begin from now on find no image. To be sure of those that have begun, each is sent once more: either it
    is there, and is waited for, since it may have found its images; or it begins now, and asks about nothing. That
    needs no trust in a "not found", which BigQuery may say of a job that is there. Only then the work table goes.

    Args:
        plan: The run.
        claimed: The claim.
        deadline: When to wait no longer, by the policy's clock.

    Returns:
        The jobs that are still in flight at the deadline; the claim is there still, then.
    """
    if not claimed.retired and claimed.run_id is not None:
        try:
            plan.execute(plan.retire_work(run_id=claimed.run_id))
        except (InvalidQueryError, JobError):
            # Two that retire it at once may be in each other's way; one of them is enough.
            found = find(plan, adopted=False)
            if found is not None and found.key == claimed.key and not found.retired:
                raise
    fresh = find(plan, adopted=False)
    if fresh is None or fresh.key != claimed.key:
        return []
    # Batches begin in their order, and so many at most are in flight.
    jobs = [job_of(plan, fresh, batch) for batch in fresh.waiting[:EVER_IN_FLIGHT]]
    policy = plan.service.policy
    slowing = Slowing(policy)
    while jobs := [job for job in jobs if not _has_ended(job)]:
        left_s = deadline - policy.clock()
        if left_s <= 0:
            return [job.about.job_id or "" for job in jobs]
        slowing.pause(left_s)
    drop(plan, claimed.key)
    return []


def _has_ended(job: RunningJob) -> bool:
    """Whether a job asks about nothing any more; one that can not be seen, being lost or another's, may well."""
    try:
        return job.look() is not None
    except (JobFailedError, JobCancelledError, IdCollisionError, NotFoundError, InvalidQueryError):
        return True  # it failed, or could not begin


def job_key(claim_key: str, batch: int) -> str:
    """Return what the id of a batch's job is made of, alike in every process that knows the claim.

    Args:
        claim_key: The claim's work table and the moment of its creation.
        batch: The batch's number.
    """
    return f"{claim_key} batch {batch}"


def job_of(plan: Plan[R], claimed: Claim, batch: Batch) -> RunningJob:
    """Return the job of a batch, not sent yet: the same one in every process.

    Args:
        plan: The run.
        claimed: The claim.
        batch: The batch.
    """
    statement = plan.batch(batch.number, run_id=claimed.run_id or "", output_limit=batch.output_limit)
    return plan.begin(statement, key=job_key(claimed.key, batch.number))


def stands(plan: Plan[R], claimed: Claim) -> bool:
    """Whether jobs of a claim find its images still: its work table is there, and not retired.

    Args:
        plan: The run.
        claimed: The claim.
    """
    try:
        rows = list(plan.rows(plan.count_batches()))
    except NotFoundError:
        return False
    return present(plan, claimed) and any(
        row["run_id"] == claimed.run_id and row["retired"] is False for row in rows
    )


def present(plan: Plan[R], claimed: Claim) -> bool:
    """Whether a claim's work table is there still.

    Args:
        plan: The run.
        claimed: The claim.
    """
    return _key(plan) == claimed.key


def drop(plan: Plan[R], key: str) -> None:
    """Drop a claim's work table.

    It is one job for all runs that share the claim: a late one must not drop the next table of that name.

    Args:
        plan: The run.
        key: The claim's key.
    """
    for last in (False, False, True):
        if _key(plan) != key:
            return
        try:
            plan.execute(plan.drop_work(), key=key, attempts=1)
        except JobError as error:
            if last or not error.retryable:
                raise
        else:
            return


def _key(plan: Plan[R]) -> str | None:
    resource = plan.service.get_table(plan.work_table)
    return None if resource is None else f"{plan.work_table} {_rest.text(resource, 'creationTime')}"


def _batch(row: Mapping[str, object]) -> Batch:
    limit = row["output_limit"]
    return Batch(
        number=_rest.count(row, "batch"),
        images=_rest.count(row, "images"),
        output_limit=limit if isinstance(limit, int) else None,
        job_id=_rest.text(row, "job_id"),
        turned_away=_rest.count(row, "turned_away"),
        retryable=_rest.count(row, "retryable"),
        cut=_rest.count(row, "cut"),
    )
