"""Checks of who may do what: the caller, and the accounts of the connections."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from bqvision.doctor import commands
from bqvision.doctor.findings import failed, note, ok, unknown
from bqvision.doctor.permissions import (
    ANALYSE,
    AS_CALLER,
    BUILD,
    CALLS_GEMINI,
    DEFAULT_CONNECTION,
    READS_BUCKETS,
    READS_IN_TWO,
    SET_UP,
)
from bqvision.doctor.report import CheckStatus
from bqvision.doctor.scene import peek
from bqvision.errors import BqvisionError, NotFoundError, PermissionDeniedError
from bqvision.grants import BUCKET_ROLE, bucket_role_line
from bqvision.sql.connections import MODEL_ROLE
from bqvision.sql.mending import grant_on_dataset
from bqvision.sql.names import ConnectionName

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from bqvision.doctor.findings import Finding
    from bqvision.doctor.permissions import Permission
    from bqvision.doctor.scene import Scene
    from bqvision.object_table import ObjectTableInfo
    from bqvision.sql.names import Connection


def permissions_to_set_up(scene: Scene) -> Finding:
    """Whether the caller may make what is not there yet, once for each project."""
    wanted: Sequence[Permission] = SET_UP
    if any(not isinstance(each, ConnectionName) for each in scene.connections()) and not _connected(scene):
        wanted = (*SET_UP, *DEFAULT_CONNECTION)
    return _permissions(scene, wanted, needless=_is_set_up(scene))


def permissions_to_build(scene: Scene) -> Finding:
    """Whether the caller may make object tables and remote models."""
    built = peek(scene.found_images) is not None and peek(scene.found_model) is not None
    return _permissions(scene, BUILD, needless=built)


def permissions_to_analyse(scene: Scene) -> Finding:
    """Whether the caller may ask, and keep the answers."""
    wanted = (*ANALYSE, *AS_CALLER) if scene.as_caller else ANALYSE
    return _permissions(scene, wanted, needless=False)


def connection_account(scene: Scene) -> Finding:
    """Whether the account of the connection that calls the model may do so."""
    if scene.as_caller:
        return note("none calls the model: object_table.analyze asks with your own permissions")
    member = _account(scene, scene.calling())
    if member is None:
        return unknown(
            "there is no connection yet; BigQuery grants the default one its roles when it makes it"
        )
    held = scene.cloud.roles_on_project(member) & CALLS_GEMINI
    if held:
        return ok(f"{_plain(member)} holds {', '.join(sorted(held))} on {scene.project}")
    return failed(
        f"{_plain(member)} holds no role on {scene.project} to call Gemini with: {MODEL_ROLE} is missing",
        *gemini_grants(scene),
    )


def bucket(scene: Scene) -> Finding:
    """Whether the account of the connection that reads the objects may do so."""
    images = scene.found_images()
    buckets = _buckets(() if images is None else images.uris, scene.bucket)
    if not buckets:
        return note("none was given: doctor(bucket=...) or doctor(images=...)")
    listed = images is not None and not _cached(images) and (scene.bucket is None or len(buckets) == 1)
    if listed:
        try:
            scene.refusals()
        except PermissionDeniedError:
            pass  # which bucket it is stands in the policies
        else:
            return ok(f"{_named(buckets)} can be listed through the connection")
    member = _account(scene, scene.reading())
    if member is None:
        return unknown(f"there is no connection yet to read {_named(buckets)}")
    try:
        unread = [name for name in buckets if not _reads(scene, name, member)]
    except NotFoundError:
        return failed(
            f"there is no bucket {_named(buckets)}",
            commands.list_objects(f"gs://{buckets[0]}"),
        )
    except BqvisionError as error:
        return unknown(
            f"whether {_plain(member)} reads {_named(buckets)} can't be seen: {error.message}",
            *(bucket_role_line(name, _plain(member)) for name in buckets),
        )
    if unread:
        return failed(
            f"{_plain(member)} may not read {_named(unread)}: {BUCKET_ROLE} is missing",
            *(bucket_role_line(name, _plain(member)) for name in unread),
        )
    if images is not None:
        return unknown(
            f"{_plain(member)} was granted {_named(buckets)}, and is refused still: wait some minutes"
        )
    return ok(f"{_plain(member)} may read {_named(buckets)}")


def gemini_grants(scene: Scene) -> Iterator[str]:
    """Return the lines that let the account of the connection call Gemini, or the caller, who has none."""
    if scene.as_caller:
        yield commands.grant_on_project(scene.project, MODEL_ROLE, scene.member)
        return
    for statement in scene.resource(scene.calling()).grant_statements().statements:
        yield f"{statement};"


def bucket_grants(scene: Scene) -> Iterator[str]:
    """Return the lines that let the account of the connection read the images."""
    images, member = scene.found_images(), _account(scene, scene.reading())
    for name in _buckets(() if images is None else images.uris, scene.bucket):
        yield bucket_role_line(name, "ACCOUNT" if member is None else _plain(member))


def _permissions(scene: Scene, wanted: Sequence[Permission], *, needless: bool) -> Finding:
    held = scene.cloud.held()
    left = [each for each in wanted if each.name not in held and not _held_below(scene, each)]
    if not left:
        return ok(f"all {len(wanted)} are held")
    said = ", ".join(each.name for each in left)
    if needless:
        return note(f"{said} {_is(left)} not held, and not needed: what it takes is there")
    open_ones = [each for each in left if each.scope == "dataset" and peek(scene.found_location) is not None]
    lines = _grants(scene, left)
    if len(open_ones) == len(left):
        return unknown(
            f"{said} {_is(left)} not held on the project, and may be on the dataset, where Google offers no test",
            *lines,
        )
    return failed(f"{said} {_is(left)} missing", *lines)


def _held_below(scene: Scene, permission: Permission) -> bool:
    """Whether a permission that is not held on the project is held where it is needed."""
    try:
        if permission.scope == "connection":
            named = scene.reading() if permission.name.startswith("bigquery.objectRefs") else scene.calling()
            full = scene.full_name(named)
            return isinstance(full, ConnectionName) and permission.name in scene.cloud.held_on_connection(
                full
            )
        if permission.name == "bigquery.tables.getData" and scene.images is not None:
            return permission.name in scene.cloud.held_on_table(scene.images.name)
    except BqvisionError:
        pass
    return False


def _grants(scene: Scene, missing: Iterable[Permission]) -> Iterator[str]:
    there = peek(scene.found_location) is not None
    roles = {(each.role, each.scope == "dataset" and there): None for each in missing}
    for role, on_dataset in roles:
        if on_dataset and scene.dataset is not None:
            yield f"{grant_on_dataset(scene.dataset.name, role=role, member=scene.member)};"
        else:
            yield commands.grant_on_project(scene.project, role, scene.member)


def _is_set_up(scene: Scene) -> bool:
    return bool(
        peek(scene.found_location)
        and _connected(scene)
        and peek(lambda: connection_account(scene).status is CheckStatus.OK)
    )


def _connected(scene: Scene) -> bool:
    """Whether the connections are known to be there."""
    return all(peek(partial(scene.found_connection, each)) is not None for each in scene.connections())


def _account(scene: Scene, connection: Connection) -> str | None:
    """The account that a connection acts as, as IAM policies name it."""
    found = scene.found_connection(connection)
    return (
        None if found is None or found.service_account is None else f"serviceAccount:{found.service_account}"
    )


def _reads(scene: Scene, bucket: str, member: str) -> bool:
    held = scene.cloud.roles_on_bucket(bucket, member)
    if held & READS_BUCKETS or held >= READS_IN_TWO:
        return True
    return bool(scene.cloud.roles_on_project(member) & READS_BUCKETS)


def _cached(images: ObjectTableInfo) -> bool:
    """Whether a query may read a list of the objects that was made before."""
    return re.search(r"[1-9]", images.max_staleness or "") is not None


def _buckets(uris: Iterable[str], named: str | None) -> list[str]:
    of_uris = (uri.removeprefix("gs://").partition("/")[0] for uri in uris)
    return list(dict.fromkeys((*(() if named is None else (named,)), *of_uris)))


def _named(buckets: Iterable[str]) -> str:
    return ", ".join(f"gs://{name}" for name in buckets)


def _plain(member: str) -> str:
    return member.partition(":")[2]


def _is(missing: Sequence[object]) -> str:
    return "is" if len(missing) == 1 else "are"
