"""What a run would do and cost, counted before anything is paid for."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, Generic, cast

from typing_extensions import override

from bqvision import _rest
from bqvision._tables import Table, as_html, as_text
from bqvision._text import plural
from bqvision.errors import InvalidInputError
from bqvision.estimates import Measured, estimate_input, estimate_output
from bqvision.limits import TOKENS_PER_CALL, StopReason
from bqvision.plan import Planned
from bqvision.records import Outcome
from bqvision.schema import R
from bqvision.sql.planning import ledger_as_it_is, survey_plan
from bqvision.sql.work import Cut

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from bqvision._tables import Part
    from bqvision.estimates import Cost, Estimate, Prices
    from bqvision.limits import RunOptions
    from bqvision.plan import Plan
    from bqvision.sql.compose import Statement

_LEFT_BY: Final = {
    StopReason.IMAGES: "max_images",
    StopReason.CALLS: "max_calls",
    StopReason.TOKENS: "max_tokens",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Images that a run puts down as INPUT without asking, since Gemini would not take them."""

    reason: str
    """What is wrong with the content type or the size."""
    images: int
    """How many."""
    examples: tuple[str, ...]
    """The URIs of the first three."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPlan(Generic[R]):
    """What a run would do and cost; ``print`` shows it, so does a notebook, and ``analysis.run(plan)`` does it."""

    table: str
    """The results table, as ``project.dataset.table``; it need not exist yet."""
    object_table: str
    """The object table that lists the images."""
    project: str
    """The project that would be billed."""
    planned_at: datetime
    """When, by BigQuery's clock. What is added or replaced later is not asked about by ``run(plan)``."""
    images: int
    """Images in the object table, or groups of them."""
    pending: int
    """Those to be asked about, being new or replaced, or without an answer for a passing reason."""
    asked: int
    """Those that the run asks about, which limits may make fewer; with ``max_tokens`` about so many."""
    limit: StopReason | None
    """The limit that leaves the rest to a later run; None if none does."""
    refused: tuple[Refused, ...]
    """Images that are not asked about since Gemini would not take them, by reason."""
    answered: Mapping[Outcome, int]
    """Images that are skipped since they have been asked about before, by what came of it."""
    bytes: int
    """Size of all pending images."""
    jobs: int
    """Jobs that call the model, one for each batch; further rounds, and jobs of another run's claim, come on top."""
    batch_size: int
    """The most images in one job."""
    canary: bool
    """Whether the first job asks about a single image, to show what is wrong with all of them."""
    input_tokens: Estimate
    """Tokens that go in if each image is asked about once."""
    output_tokens: Estimate
    """Tokens that come out, thinking included."""
    cost: Cost | None
    """What these tokens cost; None if no prices were given."""
    statements: tuple[Statement, ...] = field(repr=False)
    """What the run sends, with the first batch standing for every batch."""
    options: RunOptions = field(repr=False)
    """The options, as they were given."""
    fingerprint: str = field(repr=False)
    """A hash of the question, by which ``run`` knows whether the plan is of the same one."""

    @property
    def left(self) -> int:
        """Images that wait for a later run, because of a limit."""
        return self.pending - self.asked

    @override
    def __str__(self) -> str:
        return _shown(self, html=False)

    def _repr_html_(self) -> str:
        return _shown(self, html=True)


def _shown(plan: RunPlan[R], *, html: bool) -> str:
    counts = [("to be asked about", plan.asked)]
    if plan.limit is not None:
        counts.append((f"left to a later run by {_LEFT_BY[plan.limit]}", plan.left))
    counts += [(f"refused: {refused.reason}", refused.images) for refused in plan.refused]
    counts += [(f"asked about before: {outcome}", images) for outcome, images in plan.answered.items()]
    parts: list[Part] = [
        f"{plural(plan.images, 'image')} in {plan.object_table}, for {plan.table}\n"
        f"planned at {plan.planned_at:%Y-%m-%d %H:%M:%S} UTC",
        Table(["images", "count"], [[name, f"{count:,}"] for name, count in counts]),
    ]
    if plan.refused:
        parts.append("\n".join(map(_examples, plan.refused)))
    if plan.asked:
        jobs = f"{plural(plan.jobs, 'job')} of at most {plural(plan.batch_size, 'image')}"
        first = ", the first of one image" if plan.canary else ""
        parts.append(f"{jobs}{first}; {plural(plan.bytes, 'byte')} pending")
        tokens = (("in", plan.input_tokens), ("out", plan.output_tokens))
        rows = [[name, f"{each.low:,}", f"{each.high:,}", str(each.basis)] for name, each in tokens]
        parts.append(Table(["tokens", "from", "to", "basis"], rows))
        if plan.cost is not None:
            parts.append(f"cost: {plan.cost}")
    return as_html(parts) if html else as_text(parts)


def _examples(refused: Refused) -> str:
    more = ", ..." if refused.images > len(refused.examples) else ""
    return f"{refused.reason} {', '.join(refused.examples)}{more}"


def make_plan(
    plan: Plan[R],
    *,
    options: RunOptions,
    prices: Prices | None,
    image_tokens: int | None,
    output_tokens: int | None,
) -> RunPlan[R]:
    """Count what a run would do.

    Args:
        plan: The run.
        options: The options that it was given.
        prices: What tokens cost.
        image_tokens: What an image takes, if the caller knows it.
        output_tokens: What an answer takes, if the caller knows it.

    Raises:
        InvalidInputError: The results table is a table of another kind.
        ServiceError: BigQuery refused, or could not be reached.
    """
    resource = plan.service.get_table(plan.ledger)
    missing = None if resource is None else [column.name for column in plan.missing_columns(resource)]
    scope = replace(plan.scope(), ledger=ledger_as_it_is(plan.ledger, missing=missing))
    rows = list(plan.rows(survey_plan(scope)))
    found = _Found.of(rows)
    inputs, outputs = _measured(rows[0], "input"), _measured(rows[0], "output")
    rooms = _rooms(plan, inputs, outputs)
    reason = min(rooms, key=lambda one: rooms[one], default=None)
    room = None if reason is None else rooms[reason]
    asked = found.pending if room is None else min(found.pending, room)
    cut = Cut.of(found.pending, batch_size=plan.limits.batch_size, limit=room, canary=plan.canary)
    usual = min(found.usual, asked)
    planned_at = cast("datetime", rows[0]["planned_at"])
    arguments = plan.analysis.arguments
    input_tokens = estimate_input(
        arguments,
        endpoint=plan.endpoint,
        calls=asked,
        files=found.files / max(1, found.pending),
        measured=inputs,
        image_tokens=image_tokens,
    )
    estimated = estimate_output(arguments, calls=asked, measured=outputs, output_tokens=output_tokens)
    exactly = replace(plan, planned=Planned(at=planned_at, pending=found.pending, asked=asked))
    return RunPlan(
        table=str(plan.ledger),
        object_table=str(plan.images),
        project=plan.service.project,
        planned_at=planned_at,
        images=found.images,
        pending=found.pending,
        asked=asked,
        limit=reason if asked < found.pending else None,
        refused=found.refused,
        answered=found.answered,
        bytes=found.bytes,
        jobs=cut_into(cut, usual=usual, larger=asked - usual),
        batch_size=cut.batch_size,
        canary=cut.canary,
        input_tokens=input_tokens,
        output_tokens=estimated,
        cost=None if prices is None else prices.of(input_tokens, estimated),
        statements=exactly.statements(cut),
        options=options,
        fingerprint=plan.fingerprint,
    )


def hold_to(planned: RunPlan[R], plan: Plan[R]) -> Plan[R]:
    """Return a run that does what was planned, and no more.

    Args:
        planned: What was planned.
        plan: The run, as the analysis and its client would do it now.

    Raises:
        InvalidInputError: The plan is of another analysis, or of a client that is billed elsewhere.
    """
    for what, then, now in (
        ("project to be billed", planned.project, plan.service.project),
        ("object table", planned.object_table, str(plan.images)),
        ("results table", planned.table, str(plan.ledger)),
    ):
        if then != now:
            raise InvalidInputError(
                f"the plan is of another {what}: {then}, not {now}",
                next_step="Run it with the analysis and the client that made it, or plan again.",
            )
    if planned.fingerprint != plan.fingerprint:
        raise InvalidInputError(
            "the plan is of another question, record or model, or the model has another endpoint now",
            next_step="Run it with the analysis that made it, or plan again.",
        )
    return replace(plan, planned=Planned(at=planned.planned_at, pending=planned.pending, asked=planned.asked))


def cut_into(cut: Cut, *, usual: int, larger: int) -> int:
    """Return how many batches images are cut into; of more than a million images, about so many.

    Args:
        cut: How they are cut.
        usual: Images that are asked about with the usual output limit.
        larger: Images that are asked about with a larger one, which come behind them in batches of their own.
    """
    first = int(cut.canary)
    ends = -(-usual // cut.shards), -(-(usual + larger) // cut.shards)

    def of_shard(begin: int) -> int:
        return sum(
            (end - 1) // cut.batch_size - start // cut.batch_size + 1
            for start, end in ((begin, ends[0]), (max(begin, ends[0]), ends[1]))
            if end > start
        )

    return first + of_shard(first) + (cut.shards - 1) * of_shard(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """The images, by what a run would do with them."""

    images: int
    usual: int
    """Pending ones that are asked about with the usual output limit."""
    larger: int
    """Pending ones that are asked about with a larger one."""
    files: int
    bytes: int
    refused: tuple[Refused, ...]
    answered: Mapping[Outcome, int]

    @property
    def pending(self) -> int:
        return self.usual + self.larger

    @classmethod
    def of(cls, rows: Sequence[Mapping[str, object]]) -> _Found:
        parts = [row for row in rows if row["images"] is not None]
        asked = [part for part in parts if part["pending"] and part["refusal"] is None]
        larger = [part for part in asked if part["larger"]]
        refused = [part for part in parts if part["pending"] and part["refusal"] is not None]
        by_outcome: Counter[str] = Counter()
        for part in parts:
            if not part["pending"]:
                by_outcome[str(part["outcome"])] += _rest.count(part, "images")
        return cls(
            images=_sum(parts, "images"),
            usual=_sum(asked, "images") - _sum(larger, "images"),
            larger=_sum(larger, "images"),
            files=_sum(asked, "files"),
            bytes=_sum(asked, "bytes"),
            refused=_refused(refused),
            answered={outcome: by_outcome[outcome] for outcome in Outcome if outcome in by_outcome},
        )


def _refused(parts: Sequence[Mapping[str, object]]) -> tuple[Refused, ...]:
    """Put together what was never asked about and what has been asked about before."""
    reasons = dict.fromkeys(str(part["refusal"]) for part in parts)
    alike = {reason: [part for part in parts if part["refusal"] == reason] for reason in reasons}
    return tuple(
        Refused(
            reason=reason,
            images=_sum(same, "images"),
            examples=tuple(sorted(uri for part in same for uri in _rest.texts(part, "examples")))[:3],
        )
        for reason, same in alike.items()
    )


def _sum(parts: Sequence[Mapping[str, object]], column: str) -> int:
    return sum(_rest.count(part, column) for part in parts)


def _measured(row: Mapping[str, object], way: str) -> Measured:
    return Measured(_rest.count(row, f"{way}_calls"), _rest.count(row, f"{way}_tokens"))


def _rooms(plan: Plan[R], inputs: Measured, outputs: Measured) -> Mapping[StopReason, int]:
    """How many images each of the caller's limits leaves room for."""
    limits = plan.limits
    rooms: dict[StopReason, int] = {}
    if limits.max_images is not None:
        rooms[StopReason.IMAGES] = limits.max_images
    if limits.max_calls is not None:
        rooms[StopReason.CALLS] = limits.max_calls
    if limits.max_tokens is not None:
        per_call = sum(way.tokens / way.calls for way in (inputs, outputs) if way.calls) or TOKENS_PER_CALL
        rooms[StopReason.TOKENS] = max(1, int(limits.max_tokens / per_call))
    return rooms
