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
from bqvision.errors import AlreadyExistsError, NotFoundError
from bqvision.sql.work import REFUSED_BATCH, Cut

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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
    job_id: str | None
    """The job that wrote it into the ledger, if one has."""

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
    batches: tuple[Batch, ...]
    adopted: bool
    """Whether it was there before: another run is at work, or one was cut off."""


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
    if _dead(rows):
        drop(plan, key)
        return None
    return Claim(
        key=key,
        run_id=next((str(row["run_id"]) for row in rows), None),
        batches=tuple(_batch(row) for row in rows),
        adopted=adopted,
    )


def _dead(rows: Sequence[Mapping[str, object]]) -> bool:
    """Whether a claim was turned away at its first batch, after which nobody begins another.

    A new claim asks about one image first again, which this one would not.
    """
    asked = [row for row in rows if _rest.count(row, "batch") != REFUSED_BATCH]
    turned_away = any(_rest.count(row, "turned_away") for row in asked)
    return turned_away and all(row["job_id"] is None for row in asked[1:]) and len(asked) > 1


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
    )
