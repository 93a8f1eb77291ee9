"""OPTIONS of ordinary tables, which the emulator reads over: kept here and shown by ``tables.get``."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from bqvision.local.protocol import JSON, Object, as_object
from bqvision.local.statements import Struct

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from bqvision.local.catalog import Catalog, ResourceName
    from bqvision.local.jobs import Result
    from bqvision.local.statements import Target


async def keep_options(
    catalog: Catalog,
    name: ResourceName,
    target: Target,
    result: Result,
    evaluate: Callable[[object], Awaitable[object]],
) -> None:
    """Note what a statement that worked says about its table.

    Args:
        catalog: Where it is noted.
        name: The table.
        target: What the statement does to it.
        result: What came of the statement.
        evaluate: Computes an option that is no constant.
    """
    verb = target.kind.partition(" ")[0]
    operation = as_object(result.statistics.get("query")).get("ddlOperationPerformed")
    if verb not in {"ALTER", "CREATE", "DROP"} or operation == "SKIP":
        return
    before = catalog.overlays.pop(name, {})
    options = {key: await evaluate(value) for key, value in target.options.items()}
    kept = {**(before if verb == "ALTER" else {}), **_overlay(options)}
    overlay: Object = {key: value for key, value in kept.items() if value is not None}
    if overlay and verb != "DROP":
        catalog.overlays[name] = overlay
    if overlay or before:
        catalog.save()


def _overlay(options: Mapping[str, object]) -> Object:
    overlay: Object = {}
    for key, value in options.items():
        shown: JSON = None
        match key, value:
            case "expiration_timestamp", datetime():
                key, shown = "expirationTime", str(int(value.timestamp() * 1000))
            case (("description" | "friendly_name"), str()):
                key, shown = {"friendly_name": "friendlyName"}.get(key, key), value
            case "labels", (list() | tuple()):
                shown = dict(_label(pair) for pair in value)
            case _, None:  # NULL takes an option back.
                key = {"expiration_timestamp": "expirationTime", "friendly_name": "friendlyName"}.get(
                    key, key
                )
            case _:
                continue
        overlay[key] = shown
    return overlay


def _label(pair: object) -> tuple[str, JSON]:
    key, value = pair.values if isinstance(pair, Struct) else (str(pair), "")
    return str(key), str(value)
