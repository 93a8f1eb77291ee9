"""`FaultPlan`: what a local BigQuery does wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bqvision.errors import InvalidInputError
from bqvision.testing.checks import check_count, check_seconds, check_text
from bqvision.testing.faults import Fault
from bqvision.testing.requests import MESSAGE, RequestFaults

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bqvision._rest import JsonValue
    from bqvision.testing.faults import FaultKind


class FaultPlan(RequestFaults):
    """What a local BigQuery does wrong: given as ``faults=`` to it, before its start or while it runs.

    Faults can be planned at any time. A request, a job or an image is offered to them in the order in which they
    were planned; the first that fits strikes, and no other does. (A job can be held and fail all the same.)

    Most methods take some of these keywords:

    - ``times``: how many times the fault strikes; None is always.
    - ``skip``: how many that fit are let pass first.
    - ``match``: a regular expression that must be found in the request: in its path with the query behind a ``?``,
      and in its body behind a line break. For a job, in its statement's text and its parameters as JSON.
    - ``after``: True lets the request have its effect first, so that only its answer is lost.

    What damages an answer (`cut`, `half_json`, `empty`, `bad_gzip`, `rewrite`) strikes after the effect always.
    Every method refuses with `InvalidInputError` what can't be planned.
    """

    def fail_job(
        self,
        statement: str | None = None,
        *,
        reason: str,
        message: str = MESSAGE,
        paid: bool = False,
        times: int | None = 1,
        skip: int = 0,
        match: str | None = None,
    ) -> None:
        """Let a query job end with an error; it leaves nothing behind.

        Args:
            statement: The label of its statement, which bqvision gives each job as its label ``bqvision``; None is
                any query job.
            reason: BigQuery's word for the error, such as ``jobBackendError``.
            message: The error's text.
            paid: Fail only when all is done that costs: every image has been shown to the model. Else the job
                fails before it does anything.
            times: How many jobs; None is all.
            skip: How many jobs are let pass first.
            match: What the job must hold.
        """
        check_text("reason", reason)
        options: dict[str, JsonValue] = {"reason": reason, "message": message, "paid": paid}
        self._job("fail_job", statement, times, skip, match, options)

    def hold_job(
        self,
        statement: str | None = None,
        *,
        seconds: float | None = None,
        times: int | None = 1,
        skip: int = 0,
        match: str | None = None,
    ) -> None:
        """Let a query job stay RUNNING for a while before it does anything.

        Args:
            statement: The label of its statement; None is any query job.
            seconds: How long; None is until it is cancelled, or `release` is called.
            times: How many jobs; None is all.
            skip: How many jobs are let pass first.
            match: What the job must hold.
        """
        check_seconds(seconds)
        self._job("hold_job", statement, times, skip, match, {"seconds": seconds})

    def release(self) -> None:
        """Let all jobs go on that are held now.

        Raises:
            LocalServerError: The server has ended.
        """
        self._release()

    def row(
        self,
        uri: str,
        *,
        status: str | None = None,
        text: str | None = None,
        finish_reason: str | None = None,
        null: bool = False,
        times: int | None = 1,
        skip: int = 0,
    ) -> None:
        """Say what the model function gives for an image; the model is not asked, and the call is counted.

        Args:
            uri: The image's URI, or a shell pattern such as ``gs://posters/*.png``; a ``*`` spans folders too.
            status: The row's status, verbatim; its result is NULL.
            text: What the model said.
            finish_reason: Why it stopped, such as ``SAFETY`` or ``MAX_TOKENS``. Default: ``STOP``.
            null: The row's status is NULL, and so is its result if there is no ``text`` or ``finish_reason``.
            times: How many times each image is answered so; None is always.
            skip: How many times each is shown to the model first.
        """
        check_text("uri", uri)
        answered = text is not None or finish_reason is not None
        if (status is not None) + (answered or null) != 1:
            raise InvalidInputError(
                "a row has either a status, or a text or finish_reason, or is null (with or without these)"
            )
        if answered and finish_reason is None:
            finish_reason = "STOP"
        options: dict[str, JsonValue] = {
            "row_status": None if null else status if status is not None else "",
            "text": text,
            "finish_reason": finish_reason,
        }
        self._add(Fault("row", uri, times, skip, options=options))

    def failed_rows(
        self, count: int, *, statement: str | None = None, times: int | None = 1, skip: int = 0
    ) -> None:
        """Let a job that called a model report a number of failed rows that is not the truth.

        Args:
            count: The number, in ``statistics.query.genAiStats``.
            statement: The label of the job's statement; None is any.
            times: How many jobs; None is all.
            skip: How many jobs are let pass first.
        """
        check_count("count", count, 0)
        self._job("failed_rows", statement, times, skip, None, {"count": count})

    def _job(
        self,
        kind: FaultKind,
        statement: str | None,
        times: int | None,
        skip: int,
        match: str | None,
        options: Mapping[str, JsonValue],
    ) -> None:
        if statement is not None:
            check_text("statement", statement)
        self._add(Fault(kind, statement or "", times, skip, match=match, options=options))
