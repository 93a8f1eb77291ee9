"""Checks of the model: whether it exists, whether it answers, what it may need."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bqvision._solutions import solve
from bqvision.doctor import commands
from bqvision.doctor.findings import failed, note, ok, unknown
from bqvision.doctor.permissions import APIS
from bqvision.doctor.roles import bucket_grants, gemini_grants
from bqvision.doctor.scene import DEFAULT_ENDPOINT
from bqvision.errors import (
    ApiDisabledError,
    BillingError,
    BucketPermissionError,
    ConnectionPermissionError,
    ModelRetiredError,
    ReservationError,
    scrub,
)
from bqvision.outcomes import classify, explain
from bqvision.records import Outcome
from bqvision.sql.arguments import Arguments
from bqvision.sql.inspection import ask_about_object, pick_object
from bqvision.sql.names import ConnectionName

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bqvision.doctor.findings import Finding
    from bqvision.doctor.scene import Scene
    from bqvision.errors import BqvisionError

_PROMPT: Final = "Read the text in this image. Answer in JSON with one key: text."
_SAYS_SO: Final = frozenset({Outcome.OK, Outcome.BLOCKED, Outcome.TRUNCATED, Outcome.UNPARSABLE})
"""Whatever it says, the model answered."""
_FOR_GOOD: Final = frozenset({Outcome.PERMISSION, Outcome.INPUT})
"""What does not pass by itself."""
_REFUSALS: Final = (
    ApiDisabledError,
    BillingError,
    BucketPermissionError,
    ConnectionPermissionError,
    ModelRetiredError,
    ReservationError,
)
"""What another try does not mend."""


def remote_model(scene: Scene) -> Finding:
    """Whether the remote model exists."""
    if scene.model is None:
        return note("none was given: doctor(model=...); object_table.analyze needs none")
    found = scene.found_model()
    if found is None:
        statement = scene.model.create_statement(
            endpoint=scene.endpoint or DEFAULT_ENDPOINT, connection=scene.to_make_with(scene.calling())
        )
        return failed(f"there is no remote model {scene.model.name}", f"{statement};")
    if found.endpoint is None:
        return failed(f"{found.name} is no remote model")
    return ok(f"{found.name} calls {found.endpoint}")


def answer(scene: Scene) -> Finding:
    """Whether the model answers; asked about one image if the caller wants to pay for it."""
    if not scene.ask:
        return unknown("not tried: doctor(ask=True) asks about one image, which is paid for")
    if scene.images is None or scene.found_images() is None:
        return unknown("not tried: that takes an object table to take an image from")
    if scene.model is not None and scene.found_model() is None:
        return unknown("not tried: there is no remote model")
    picked = scene.rows(pick_object(scene.images.name))
    if not picked:
        return unknown("not tried: no object is an image that Gemini reads")
    uri = str(picked[0]["uri"])
    model = None if scene.model is None else scene.model.name
    statement = ask_about_object(scene.images.name, uri, arguments=_arguments(scene), model=model)
    try:
        rows = scene.rows(statement, attempts=1)
    except _REFUSALS as error:
        return failed(error.message, *_mending(scene, type(error), error.next_step))
    return _judged(scene, uri, rows[0] if rows else {})


def reservation(_: Scene) -> Finding:
    """What Google's pages say about reservations, which contradict each other."""
    return note("Gemini on object tables may need one: Google's pages contradict each other")


def _arguments(scene: Scene) -> Arguments:
    if scene.model is not None:
        return Arguments(prompt=_PROMPT)
    named = scene.connection
    return Arguments(
        function="AI.GENERATE",
        prompt=_PROMPT,
        endpoint=scene.endpoint,
        connection=str(scene.full_name(named)) if isinstance(named, ConnectionName) else None,
    )


def _judged(scene: Scene, uri: str, row: Mapping[str, object]) -> Finding:
    """What became of the one row."""
    status, reason, text = (_text(row, column) for column in ("status", "finish_reason", "text"))
    outcome = classify(status=status, finish_reason=reason, text=text, found=text is not None)
    if outcome in _SAYS_SO:
        return ok(f"asked about {uri}, and it answered ({outcome})")
    said = (
        f"asked about {uri}: {outcome}, {scrub(explain(outcome, status=status, finish_reason=reason) or '')}"
    )
    solution = solve(status or "", project=scene.project)
    if solution is not None:
        return failed(said, *_mending(scene, solution.error, solution.next_step))
    return failed(said) if outcome in _FOR_GOOD else unknown(said)


def _mending(scene: Scene, error: type[BqvisionError], next_step: str) -> Iterable[str]:
    """The lines that mend what a statement or a row failed with."""
    if issubclass(error, ConnectionPermissionError):
        return gemini_grants(scene)
    if issubclass(error, BucketPermissionError):
        return bucket_grants(scene)
    if issubclass(error, ModelRetiredError):
        return _another_model(scene)
    if issubclass(error, ApiDisabledError):
        return (commands.enable(scene.project, APIS),)
    return (next_step,)


def _another_model(scene: Scene) -> tuple[str, ...]:
    """The line that puts a model that exists in the place of one that is retired."""
    if scene.model is None:
        return (f"client.doctor(endpoint={DEFAULT_ENDPOINT!r}, ...)",)
    statement = scene.model.create_statement(
        endpoint=DEFAULT_ENDPOINT, connection=scene.to_make_with(scene.calling()), replace=True
    )
    return (f"{statement};",)


def _text(row: Mapping[str, object], column: str) -> str | None:
    value = row.get(column)
    return value if isinstance(value, str) else None
