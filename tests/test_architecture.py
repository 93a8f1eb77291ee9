"""The architecture that the file names promise, read from the imports."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import bqvision

SOURCE = Path(bqvision.__file__).parent

LAYERS = (
    {"errors"},
    {"_rest", "_riddles", "_roles", "_tables", "_text", "records", "values", "_error_table", "testing"},
    {"_solutions"},
    {"field_types"},
    {"annotations"},
    {"schema", "_google_client", "_google_errors"},
    {"answers", "outcomes", "_retry"},
    {"answer_schema", "decoding", "sql", "_calls"},
    {"_pages", "_job_config", "_propagation", "_rest_calls"},
    {"_connections", "_metadata", "_results"},
    {"_job_calls"},
    {"_running"},
    {"_jobs"},
    {"grants"},
    {"connection"},
    {"limits", "estimates"},
    {"plan"},
    {"claims", "report", "planning"},
    {"tally"},
    {"batches"},
    {"rounds"},
    {"run"},
    {"analysis"},
    {"evaluating"},
    {"questions"},
    {"contents", "leftovers", "object_table", "remote_model"},
    {"cleanup", "dataset"},
    {"client"},
    {"doctor"},
    {"local"},
    {"pytest_plugin"},
)
"""From the bottom to the top: a module imports from its own layer or from those below it."""

GOOGLE = {
    "client",
    "_calls",
    "_connections",
    "_error_table",
    "_google_client",
    "_google_errors",
    "_job_calls",
    "_job_config",
    "_jobs",
    "_metadata",
    "_pages",
    "_rest_calls",
    "_results",
    "_retry",
    "_running",
}
"""What may know google's client: the client and the modules of the one way to BigQuery."""

MODULES = sorted(SOURCE.rglob("*.py"))


def part_of(path: Path) -> str:
    """The layer's name for a file: its module, or the subpackage that it is in."""
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def imports(path: Path, *, at_run_time: bool) -> list[tuple[str, bool]]:
    """The absolute names that a file imports, and whether it does so at its top level."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found: list[tuple[str, bool]] = []

    def visit(node: ast.AST, top: bool) -> None:
        for child in ast.iter_child_nodes(node):
            if at_run_time and isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
                continue
            if isinstance(child, ast.Import):
                found.extend((alias.name, top) for alias in child.names)
            elif isinstance(child, ast.ImportFrom):
                assert child.level == 0, f"{path}: relative import"
                assert child.module is not None
                found.extend((f"{child.module}.{alias.name}", top) for alias in child.names)
            visit(child, top and not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef))

    visit(tree, True)
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_imports_point_downwards(path: Path) -> None:
    """No module needs one that stands above it."""
    if path == SOURCE / "__init__.py":
        pytest.skip("re-exports all of them")
    height = {name: level for level, names in enumerate(LAYERS) for name in names}
    own = height[part_of(path)]
    for name, top in imports(path, at_run_time=True):
        parts = name.split(".")
        if parts[0] == "bqvision" and parts[1] in height and top:
            assert height[parts[1]] <= own, f"{path.name} imports {name}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_each_library_has_its_place(path: Path) -> None:
    """Only the retry module knows the retry library; google's is known at the seam only, and loaded late."""
    part = part_of(path)
    for name, top in imports(path, at_run_time=True):
        library = name.split(".")[0]
        if library == "tenacity":
            assert part == "_retry"
            assert not top
        if library == "google" and part != "local":
            assert part in GOOGLE
            assert not top, f"{path.name} loads {name} when it is imported"


def test_every_public_name_is_there_and_in_order() -> None:
    """`__all__` is sorted, each name in it can be had, and names that are not in it can not."""
    assert bqvision.__all__ == sorted(bqvision.__all__)
    for name in bqvision.__all__:
        assert getattr(bqvision, name) is not None
    assert dir(bqvision) == bqvision.__all__
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = bqvision.Nothing
