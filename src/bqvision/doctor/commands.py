"""The lines to run: what a check prints below itself."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING, Final

from bqvision import _roles

if TYPE_CHECKING:
    from collections.abc import Iterable

NOBODY: Final = "user:YOU@EXAMPLE.COM"
"""Stands for a caller whose account is not known."""


def member_of(account: str | None) -> str:
    """Return an account as IAM policies name it.

    Args:
        account: Its e-mail address, or a federated principal; None if it is not known.
    """
    if not account:
        return NOBODY
    if account.startswith(("principal:", "principalSet:")):
        return account
    return _roles.member_of(account)


def log_in() -> str:
    """Return the line that makes Application Default Credentials."""
    return "gcloud auth application-default login"


def enable(project: str, apis: Iterable[str]) -> str:
    """Return the line that enables APIs.

    Args:
        project: The project.
        apis: Services, such as ``aiplatform.googleapis.com``.
    """
    return f"gcloud services enable {' '.join(apis)} --project={quote(project)}"


def link_billing(project: str) -> str:
    """Return the line that links a billing account, whose id the caller has to know."""
    return f"gcloud billing projects link {quote(project)} --billing-account=BILLING_ACCOUNT_ID"


def grant_on_project(project: str, role: str, member: str) -> str:
    """Return the line that grants a role on a project.

    Args:
        project: The project.
        role: The role.
        member: To whom.
    """
    return (
        f"gcloud projects add-iam-policy-binding {quote(project)} "
        f"--member={quote(member)} --role={quote(role)} --condition=None"
    )


def list_objects(uri: str) -> str:
    """Return the line that lists what there is at a ``gs://`` URI.

    Args:
        uri: The URI; it may hold a ``*``.
    """
    return f"gcloud storage ls {quote(uri)}"
