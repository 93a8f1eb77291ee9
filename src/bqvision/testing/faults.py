"""What is planned, what struck, and what a server that lets it strike does."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bqvision._rest import JsonValue

FaultKind: TypeAlias = Literal[
    "answer",
    "reset",
    "close",
    "stall",
    "cut",
    "half_json",
    "empty",
    "bad_gzip",
    "rewrite",
    "fail_job",
    "hold_job",
    "row",
    "failed_rows",
]
"""The method of `FaultPlan` that planned it (``lose`` plans a ``reset``)."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One planned misbehaviour; made by the methods of `FaultPlan`.

    Attributes:
        kind: What happens.
        target: What it happens to: an operation, a statement's label (empty: any query job), or a pattern of URIs.
        times: How many times it strikes; None is always.
        skip: How many that match are let pass first.
        after: Whether the request has its effect before the fault strikes.
        match: What the request's or the job's text must hold, a regular expression.
        options: What the kind wants to know beside that.
    """

    kind: FaultKind
    target: str = ""
    times: int | None = 1
    skip: int = 0
    after: bool = False
    match: str | None = None
    options: Mapping[str, JsonValue] = field(default_factory=dict["str", "JsonValue"], hash=False)

    @override
    def __str__(self) -> str:
        """The fault in a few words, without texts that it answers with or looks for."""
        words: list[str] = [self.kind]
        if self.target:
            words.append(self.target)
        if isinstance(status := self.options.get("status"), int):
            words.append(str(status))
        if isinstance(reason := self.options.get("reason"), str):
            words.append(reason)
        if self.after and self.kind in {"answer", "reset", "close", "stall"}:
            words.append("after")
        if self.times != 1:
            words.append("always" if self.times is None else f"x{self.times}")
        if self.skip:
            words.append(f"skip {self.skip}")
        return " ".join(words)

    @override
    def __repr__(self) -> str:
        return f"<Fault {self}>"


@dataclass(frozen=True, slots=True)
class Strike:
    """One time that a fault struck.

    Attributes:
        kind: What happened.
        target: What it happened to: the request's operation, the job's label (or its id if it has none), or the
            image's URI.
    """

    kind: FaultKind
    target: str


@dataclass(frozen=True, slots=True)
class Account:
    """What became of a plan.

    Attributes:
        strikes: What struck, in order: the fault's place in the plan, and what it struck.
        left: The places of the faults that have not all struck, and how often each did.
    """

    strikes: tuple[tuple[int, str], ...] = ()
    left: Mapping[int, int] = field(default_factory=dict[int, int])


class Bench(Protocol):
    """A server that lets faults strike."""

    def plan(self, faults: Sequence[Fault]) -> None:
        """Take further faults, behind those that are there."""
        ...

    def account(self) -> Account:
        """Tell what struck, and what is left."""
        ...

    def release(self) -> None:
        """Let the held jobs go on."""
        ...

    def clear(self) -> None:
        """Forget all faults and what struck, and let the held jobs go on."""
        ...


class FaultsLeftError(AssertionError):
    """A plan has faults that have not struck as often as planned.

    Attributes:
        left: These faults.
    """

    def __init__(self, message: str = "", left: tuple[Fault, ...] = ()) -> None:
        super().__init__(message)
        self.left = left
