"""Every row of the fault matrix has a test, here or among the random schedules."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROWS = (
    *(f"S{number}" for number in range(1, 12)),
    *(f"W{number}" for number in range(1, 6)),
    *(f"R{number}" for number in range(1, 4)),
    *(f"A{number}" for number in range(1, 4)),
    *("D1", "D2", "D3"),
    *(f"M{number}" for number in range(1, 7)),
    *(f"P{number}" for number in range(1, 6)),
    *("X1", "X2", "X3"),
)
_IDS = re.compile(r"([A-Z]\d+(?:, [A-Z]\d+)*): ")


def test_every_row_of_the_matrix_has_a_test() -> None:
    """The docstring of each test begins with the rows that it is for; no row is without one, and no test without."""
    found: set[str] = set()
    here = Path(__file__).parent
    for path in (*here.glob("test_*.py"), *(here.parent / "schedules").glob("test_*.py")):
        if path.name == Path(__file__).name:
            continue
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                ids = _IDS.match(ast.get_docstring(node) or "")
                assert ids, f"{path.name}: {node.name} names no row"
                found.update(ids[1].split(", "))
    assert found == set(ROWS)
