"""The list of checks, and what goes through it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bqvision.doctor import commands, model, project, resources, roles
from bqvision.doctor.findings import unknown
from bqvision.doctor.report import Check, CheckStatus, Diagnosis
from bqvision.errors import ApiDisabledError, BqvisionError, PermissionDeniedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from bqvision.doctor.findings import Finding
    from bqvision.doctor.scene import Scene


_API: Final = re.compile(r"/apis/api/([\w.-]+\.googleapis\.com)/")
"""Where the refusal of an API that is not enabled names it."""


@dataclass(frozen=True, slots=True)
class Step:
    """A check that can be made."""

    name: str
    look: Callable[[Scene], Finding]
    needs: tuple[str, ...] = ("credentials", "project")
    """The checks without which there is nothing to look at, if they failed."""


STEPS: Final = (
    Step("credentials", project.credentials, ()),
    Step("project", project.project, ("credentials",)),
    Step("APIs", project.apis),
    Step("billing", project.billing),
    Step("dataset", resources.dataset),
    Step("connection", resources.connection),
    Step("permissions to set up", roles.permissions_to_set_up),
    Step("permissions to build", roles.permissions_to_build),
    Step("permissions to analyse", roles.permissions_to_analyse),
    Step("connection account", roles.connection_account),
    Step("bucket", roles.bucket),
    Step("object table", resources.object_table),
    Step("objects", resources.objects, ("credentials", "project", "object table")),
    Step("remote model", model.remote_model),
    Step("model answers", model.answer, ("credentials", "project", "object table", "remote model")),
    Step("reservation", model.reservation, ()),
)
"""In the order in which they build on each other."""


def diagnose(scene: Scene) -> Diagnosis:
    """Look at everything; nothing is changed.

    Args:
        scene: What to look at.
    """
    done: dict[str, Check] = {}
    for step in STEPS:
        missing = [name for name in step.needs if done[name].status is CheckStatus.FAILED]
        found = unknown(f"not looked at: {missing[0]} comes first") if missing else _look(step, scene)
        done[step.name] = Check(
            name=step.name, status=found.status, message=found.message, command=found.command
        )
    return Diagnosis(checks=tuple(done.values()))


def _look(step: Step, scene: Scene) -> Finding:
    try:
        return step.look(scene)
    except ApiDisabledError as error:
        api = _API.search(error.message)
        lines = () if api is None else (commands.enable(scene.project, (api[1],)),)
        return unknown(f"could not be looked at: {error.message}", *lines)
    except PermissionDeniedError as error:
        return unknown(f"this account may not look: {error.message}")
    except BqvisionError as error:
        return unknown(f"could not be looked at: {error.message}")
