"""A claim: the work table that a run made, or found there, and what of it is still to be asked.

The table's creation is atomic, so of two runs of the same analysis one makes it and the other joins. What a claim
is called, its name and the moment of its creation, is alike in every process; the jobs take their ids from it.
"""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bqvision import _rest
from bqvision._jobs import Slowing
from bqvision.errors import AlreadyExistsError, NotFoundError
from bqvision.sql.work import REFUSED_BATCH, Cut

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bqvision._jobs import RunningJob
    from bqvision.plan import Plan
    from bqvision.schema import R
    from bqvision.sql.pending import Scope

_log: Final = logging.getLogger("bqvision.run")


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
        adopted = False
        try:
            plan.execute(plan.create_work(scope, cut, run_id=secrets.token_hex(8)))
        except AlreadyExistsError:
            adopted = True
        found = find(plan, adopted=adopted)
        if found is not None:
            return found
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
    if claimed.retired or any(batch.turned_away for batch in claimed.batches):
        return False
    waiting = [batch for batch in claimed.waiting if not batch.refused]
    images = sum(batch.images for batch in waiting)
    if not waiting:
        return True
    if max(batch.images for batch in waiting) > plan.limits.batch_size or (
        room is not None and images > room
    ):
        return False
    (row,) = plan.rows(plan.count_wanted(tuple(batch.number for batch in waiting)))
    return _rest.count(row, "wanted") == _rest.count(row, "images")


def retire(plan: Plan[R], claimed: Claim, *, deadline: float) -> list[str]:
    """Give up a claim for all runs that share it, so that its images can be claimed anew; nothing is lost.

    Jobs that begin from now on find no image. Those in flight are waited for, since they may have found theirs.
    Only then the work table goes.

    Args:
        plan: The run.
        claimed: The claim.
        deadline: When to wait no longer, by the policy's clock.

    Returns:
        The jobs that are still in flight at the deadline; the claim is there still, then.
    """
    if claimed.run_id is not None:
        plan.execute(plan.retire_work(run_id=claimed.run_id))
    policy = plan.service.policy
    jobs = [job_of(plan, claimed, batch) for batch in claimed.waiting]
    slowing = Slowing(policy)
    while jobs := [job for job in jobs if job.in_flight()]:
        left_s = deadline - policy.clock()
        if left_s <= 0:
            return [job.about.job_id or "" for job in jobs]
        slowing.pause(left_s)
    drop(plan, claimed.key)
    return []


def job_of(plan: Plan[R], claimed: Claim, batch: Batch) -> RunningJob:
    """Return the job of a batch, not sent yet: the same one in every process.

    Args:
        plan: The run.
        claimed: The claim.
        batch: The batch.
    """
    statement = plan.batch(batch.number, run_id=claimed.run_id or "", output_limit=batch.output_limit)
    return plan.begin(statement, key=f"{claimed.key} batch {batch.number}")


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
    plan.execute(plan.drop_work(), key=key)


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
