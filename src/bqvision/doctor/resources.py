"""Checks of what is in BigQuery: the dataset, the connection, the object table and its objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bqvision._text import plural
from bqvision.doctor import commands
from bqvision.doctor.findings import failed, note, ok, unknown
from bqvision.doctor.permissions import DEFAULT_CONNECTION
from bqvision.errors import InvalidInputError
from bqvision.sql.mending import create_connection
from bqvision.sql.names import ConnectionName

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bqvision.doctor.findings import Finding
    from bqvision.doctor.scene import Scene

_MAKES_DEFAULT = (
    "bigquery.connections.create",
    "resourcemanager.projects.setIamPolicy",
    *(permission.name for permission in DEFAULT_CONNECTION),
)


def dataset(scene: Scene) -> Finding:
    """Whether the dataset exists, and is where the client works."""
    if scene.dataset is None:
        return note("none was given: doctor(dataset=...)")
    found, name = scene.found_location(), scene.dataset.name
    if found is None:
        return failed(f"there is no dataset {name}", f"{scene.dataset.create_statement()};")
    if found.upper() != scene.location.upper():
        return failed(
            f"{name} is at {found}, and would be asked at {scene.location}",
            f"client.dataset({str(name)!r}, location={found!r})",
        )
    return ok(f"{name} at {found}")


def connection(scene: Scene) -> Finding:
    """Whether the connections exist, at the dataset's location."""
    said: list[str] = []
    for each in scene.connections():
        found = scene.found_connection(each)
        if not isinstance(each, ConnectionName):
            if found is None:
                return _default(scene)
            said.append(f"{found.name} (the default one), acting as {found.service_account}")
        elif each != (fitting := scene.fitting(each)):
            return failed(
                f"{each} can not be used for datasets at {scene.location}", f"{create_connection(fitting)};"
            )
        elif found is None:
            return failed(f"there is no connection {each}", f"{create_connection(each)};")
        else:
            said.append(f"{found.name}, acting as {found.service_account}")
    return ok("; ".join(said))


def _default(scene: Scene) -> Finding:
    """What it takes for BigQuery to make the project's default connection."""
    missing = sorted(set(_MAKES_DEFAULT) - scene.cloud.held())
    if not missing:
        return ok("the default one, which BigQuery makes when it is first needed")
    vision = ConnectionName("vision", scene.location.lower(), scene.project)
    return failed(
        f"the project has no default one, and to have it made {', '.join(missing)} "
        f'{"is" if len(missing) == 1 else "are"} missing; an administrator can make one for connection="vision"',
        f"{create_connection(vision)};",
    )


def object_table(scene: Scene) -> Finding:
    """Whether the object table exists, and is one."""
    if scene.images is None:
        return note("none was given: doctor(images=...)")
    try:
        found = scene.found_images()
    except InvalidInputError as error:
        return failed(f"{scene.images.name}: {error.message}")
    if found is None:
        uris = [f"gs://{scene.bucket or 'my-bucket'}/*"]
        statement = scene.images.create_statement(uris=uris, connection=scene.to_make_with(scene.reading()))
        return failed(f"there is no object table {scene.images.name}", f"{statement};")
    return ok(f"{found.name} over {', '.join(found.uris)}")


def objects(scene: Scene) -> Finding:
    """Whether the object table lists objects that Gemini reads."""
    if scene.images is None:
        return note("no object table was given")
    found = scene.found_images()
    if found is None:
        return unknown("there is no object table to list them")
    counts = scene.refusals()
    total, asked = sum(counts.values()), counts.get(None, 0)
    if total == 0:
        return failed(
            f"there is no object at {', '.join(found.uris)}",
            *(commands.list_objects(uri) for uri in found.uris[:3]),
        )
    refused = _refused(counts)
    if asked == 0:
        return failed(f"{plural(total, 'object')}, and none that Gemini reads: {refused}")
    said = f"{plural(asked, 'image')} that Gemini reads"
    return ok(f"{said}; not asked about: {refused}" if refused else said)


def _refused(counts: Mapping[str | None, int]) -> str:
    return ", ".join(
        f"{count:,} ({reason.rstrip('.')})" for reason, count in counts.items() if reason is not None
    )
