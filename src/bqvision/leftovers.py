"""Whether anybody is at work on a work table, told without knowing what its run has asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bqvision import _rest
from bqvision.claims import EVER_IN_FLIGHT, LOOK_S, LOOKED_AT, SILENCE_S, job_key
from bqvision.errors import NotFoundError, PermissionDeniedError
from bqvision.sql.cleanup import list_waiting_batches
from bqvision.sql.compose import Statement
from bqvision.sql.work import REFUSED_BATCH, retire_work_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bqvision._jobs import RunningJob, Service
    from bqvision.sql.names import TableName

ANEW: Final = "another run has made it anew meanwhile"


def who_is_at_work(
    service: Service,
    work: TableName,
    ledger: TableName,
    *,
    created: str | None,
    location: str | None,
    wait: float,
    retire: bool,
) -> str | None:
    """Say why a work table can not go yet; or retire it, so that no job that begins from now on asks anything of it.

    Args:
        service: The way to BigQuery.
        work: The work table.
        ledger: The results table that it is for.
        created: When it was made, as the REST API writes it; the ids of its jobs come from that.
        location: Where its jobs run.
        wait: Seconds to wait at most for jobs that are under way.
        retire: Whether it is to be retired; else it is looked at once.

    Returns:
        Who is at work; None if nobody is.
    """
    look = _Look(service, work, ledger, created=created, location=location)
    try:
        waiting = look.waiting()
    except NotFoundError:
        if service.get_table(work) is not None and service.get_table(ledger) is not None:
            raise
        return None  # without its results table no job can end well
    if _rest.text(service.get_table(work) or {}, "creationTime") != created:
        return ANEW  # what was listed may be the next claim's
    if not waiting:
        return None
    owner = _rest.text(waiting[0], "billing_project")
    if owner not in {None, service.project}:
        return f"its run is billed to project {owner}: use Client(project={owner!r})"
    try:
        return _await_silence(look, waiting, wait) if retire else look.busy(waiting)
    except PermissionDeniedError as error:
        return f"it can't be seen whether its jobs are under way: {error}"


class _Look:
    """The jobs of a work table, looked at by the ids that they have in every process."""

    def __init__(
        self,
        service: Service,
        work: TableName,
        ledger: TableName,
        *,
        created: str | None,
        location: str | None,
    ) -> None:
        self.service = service
        self._work = work
        self._ledger = ledger
        self._created = created
        self._location = location

    def waiting(self) -> list[Mapping[str, object]]:
        """The first batches that are not in the ledger; in their order jobs begin."""
        statement = list_waiting_batches(self._work, ledger=self._ledger, limit=EVER_IN_FLIGHT)
        return list(self.service.rows(self.service.execute(statement, location=self._location)))

    def retire(self, run_id: str) -> None:
        """Let no job that begins from now on find anything to ask about."""
        self.service.execute(retire_work_table(self._work, run_id=run_id), location=self._location)

    def busy(self, batches: list[Mapping[str, object]]) -> str | None:
        """Who is at work, by the first job of some batches that is under way."""
        jobs = map(self._job, batches)
        found = next((job.about.job_id for job in jobs if job.in_flight()), None)
        return None if found is None else f"a run is at work on it: job {found} is under way"

    def _job(self, batch: Mapping[str, object]) -> RunningJob:
        number = _rest.count(batch, "batch")
        label = "insert_refused" if number == REFUSED_BATCH else "insert_batch"
        # It is never sent, so what it asks is of no account.
        key = job_key(f"{self._work} {self._created}", number)
        return self.service.begin(Statement("", label=label), key=key, location=self._location)


def _await_silence(look: _Look, waiting: list[Mapping[str, object]], wait: float) -> str | None:
    """Retire a claim once nothing of it has been in flight for a while, and nothing of it has been answered."""
    policy = look.service.policy
    run_id = _rest.text(waiting[0], "run_id") or ""
    deadline = policy.clock() + wait
    silent_since = policy.clock()
    while not all(batch["retired"] is True for batch in waiting):
        busy, now = look.busy(waiting[:LOOKED_AT]), policy.clock()
        if busy is None and now - silent_since >= SILENCE_S:
            look.retire(run_id)
            break
        if busy is not None:
            silent_since = now
            if now >= deadline:
                return busy
        policy.sleep(LOOK_S)
        fresh = look.waiting()
        if not fresh:
            return None
        if fresh[0]["run_id"] != run_id:
            return ANEW
        if fresh != waiting:
            silent_since, waiting = policy.clock(), fresh
    return look.busy(look.waiting())
