"""What the set-up page says of permissions is what the doctor tests."""

from __future__ import annotations

import re
from pathlib import Path

from bqvision.doctor.permissions import ANALYSE, AS_CALLER

PAGE = Path(__file__).parents[2] / "docs" / "setup.rst"


def test_the_role_for_analysts_is_what_analysing_needs() -> None:
    """No permission more, and none less."""
    listed = re.findall(r"^   - ([a-z]+\.\w+\.\w+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert listed == sorted(permission.name for permission in (*ANALYSE, *AS_CALLER))
