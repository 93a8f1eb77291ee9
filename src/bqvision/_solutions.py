"""What a text of Google's services means, and the line to run, filled with what the text names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bqvision import errors
from bqvision._riddles import RIDDLES
from bqvision._roles import ROLE_OF, member_of

if TYPE_CHECKING:
    from collections.abc import Mapping

_LOOKED_AT_CHARS: Final = 2000
_NUMBER: Final = re.compile(r"(?:bqcx|connection)-(\d{1,20})-")
"""What the account of a connection begins with: the number of its project."""
_WHO: Final = ' ACCOUNT is what client.connection("{connection}").describe().service_account says.'


@dataclass(frozen=True, slots=True)
class Solution:
    """What a text means, and what to do about it."""

    error: type[errors.BqvisionError]
    next_step: str


def solve(text: str, *, project: str | None = None) -> Solution | None:
    """Say what a text means.

    Args:
        text: What the server said.
        project: The project that asked, for texts that don't name it.

    Returns:
        Its meaning; None if the table doesn't have it.
    """
    text = errors.without_secrets(text)  # what looks like a name may be half of one
    for riddle in RIDDLES:
        found = riddle.text.match(text, 0, _LOOKED_AT_CHARS)
        if found is None:
            continue
        names = {name: value for name, value in found.groupdict().items() if value}
        role = riddle.role or ROLE_OF.get(names.get("permission", ""), "")
        if role or "permission" not in names:
            step = riddle.next_step.format_map(_filled(names, role, project))
            return Solution(riddle.error, errors.scrub(step))
    return None


def _filled(found: Mapping[str, str], role: str, project: str | None) -> Mapping[str, str]:
    """What a next step may name: what the text says, what follows from it, and capitals for what nobody said."""
    account = found.get("account", "")
    number = _NUMBER.match(account)
    where = found.get("project") or project or (number[1] if number is not None else "PROJECT")
    member = member_of(account) if account else "serviceAccount:ACCOUNT"
    grant = f'GRANT `{role}` ON PROJECT `{where}` TO "{member}"'
    if where.isdecimal():  # GRANT asks for an id; gcloud takes the number too
        grant = (
            f"gcloud projects add-iam-policy-binding {where} --member={member} --role={role} --condition=None"
        )
    said = {
        "account": "ACCOUNT",
        "bucket": "BUCKET",
        "connection": "CONNECTION",
        "location": "LOCATION",
        "service": "SERVICE",
        **found,
    }
    return {
        **said,
        "caller": member if account else "user:YOU@EXAMPLE.COM",
        "grant": grant,
        "member": member,
        "project": where,
        "role": role,
        "who": "" if account else _WHO.format_map(said),
    }
