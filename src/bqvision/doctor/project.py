"""Checks of the project: who calls, whether it can be reached, its APIs, its billing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bqvision.doctor import commands
from bqvision.doctor.findings import failed, ok, unknown
from bqvision.errors import (
    AuthError,
    BillingError,
    BqvisionError,
    ConfigurationError,
    NotFoundError,
    PermissionDeniedError,
    UnavailableError,
)

if TYPE_CHECKING:
    from bqvision.doctor.findings import Finding
    from bqvision.doctor.scene import Scene


def credentials(scene: Scene) -> Finding:
    """Whose credentials are sent, and whether BigQuery takes them."""
    try:
        kind = scene.kind_of_credentials()
    except (AuthError, ConfigurationError) as error:
        return failed(error.message, commands.log_in())
    try:
        scene.reach()
    except AuthError as error:
        return failed(f"{kind}, and refused: {error.message}", commands.log_in())
    except UnavailableError:
        return unknown(f"{kind}; nobody answered")
    except BqvisionError:
        pass  # BigQuery knows the caller, and refuses something else
    return ok(kind if scene.account is None else f"{kind}: {scene.account}")


def project(scene: Scene) -> Finding:
    """Whether BigQuery answers for the project."""
    name = scene.project
    try:
        scene.reach()
    except (UnavailableError, NotFoundError) as error:
        return failed(f"{name}: {error.message}", "gcloud projects list")
    except PermissionDeniedError as error:
        # That BigQuery is not enabled is said of projects as well that are not there.
        return unknown(f"{name}: {error.message}")
    except BillingError:
        pass  # a line of its own
    return ok(name)


def apis(scene: Scene) -> Finding:
    """Whether the APIs are enabled that bqvision and BigQuery call."""
    disabled = scene.cloud.disabled_apis()
    if not disabled:
        return ok("enabled: BigQuery, BigQuery Connection, Vertex AI, Cloud Storage")
    return failed(f"not enabled: {', '.join(disabled)}", commands.enable(scene.project, disabled))


def billing(scene: Scene) -> Finding:
    """Whether the project can be billed."""
    if scene.cloud.billing():
        return ok("a billing account is linked")
    return failed("no billing account is linked", commands.link_billing(scene.project))
