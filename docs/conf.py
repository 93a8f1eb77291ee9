"""How the pages are built: `nox -s docs`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import bqvision
import bqvision.local
import bqvision.testing
from bqvision.sql.functions import FUNCTIONS

if TYPE_CHECKING:
    from pathlib import Path

    from docutils.nodes import Element, TextElement
    from sphinx.addnodes import pending_xref
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

    from bqvision.sql.functions import Argument

project = "bqvision"
author = "The bqvision developers"
copyright = "2026, the bqvision developers"
version = release = bqvision.__version__

extensions = ["sphinx.ext.autodoc", "sphinx.ext.doctest", "sphinx.ext.napoleon", "sphinx_copybutton"]
nitpicky = True
default_role = "py:obj"
html_theme = "furo"
html_title = f"bqvision {release}"
html_static_path = ["_static"]
html_css_files = ["custom.css"]
exclude_patterns = ["_build"]
# Shells and doctests: only what is to be typed is copied.
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_class_signature = "mixed"
autodoc_default_options = {"members": True}
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 88
napoleon_google_docstring = True
napoleon_numpy_docstring = False

# Libraries whose pages can not be looked up without a network.
nitpick_ignore_regex = [
    (
        "py:.*",
        r"(collections|contextlib|datetime|enum|google|pathlib|pickle|types|typing|typing_extensions)\..*",
    ),
    (
        "py:.*",
        r"(.*\.)?(M|P|R|FunctionName|ModelFunctionName|RequestType|SchemaPlace|Composable|RecordSchema|Arguments|SafetyCategory|SafetyThreshold|MetadataCacheMode|JsonValue|Credentials|bigquery\.Client|Self|datetime|timedelta|Path|StrEnum|Protocol)",
    ),
]

_ARGUMENTS = ".. arguments of the functions"

_PUBLIC = {
    **{name: f"bqvision.{name}" for name in bqvision.__all__},
    **{name: f"bqvision.local.{name}" for name in bqvision.local.__all__},
    **{name: f"bqvision.testing.{name}" for name in bqvision.testing.__all__},
}


def to_public_name(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, content: TextElement
) -> Element | None:
    """Link a class named by the module that it is written in, or by its bare name, under its public name."""
    module, _, name = node["reftarget"].rpartition(".")
    public = _PUBLIC.get(name)
    if node.get("refdomain") != "py" or public is None or not f"{module}.".startswith((".", "bqvision.")):
        return None
    domain: Any = env.domains["py"]
    found: Element | None = domain.resolve_xref(
        env, node["refdoc"], app.builder, "obj", public, node, content
    )
    return found


def without_constructor(
    app: Sphinx, what: str, name: str, obj: object, options: object, signature: str, returns: str
) -> tuple[str, str] | None:
    """Show no constructor of what is made by a method."""
    made = {
        "bqvision.Analysis",
        "bqvision.AnalysisRun",
        "bqvision.CleanUp",
        "bqvision.Comparison",
        "bqvision.ComparisonRow",
        "bqvision.Contents",
        "bqvision.EndpointOptions",
        "bqvision.Evaluation",
        "bqvision.FieldScore",
        "bqvision.GenerateOptions",
        "bqvision.Leftover",
        "bqvision.Miss",
        "bqvision.ModelOptions",
        "bqvision.OutcomeScore",
        "bqvision.RunOptions",
        "bqvision.RunReport",
        "bqvision.Stop",
        "bqvision.Unmatched",
        "bqvision.local.LocalServer",
        "bqvision.testing.Fault",
        "bqvision.testing.FaultsLeftError",
        "bqvision.testing.LocalBigQuery",
        "bqvision.testing.Strike",
    }
    return ("", returns) if name in made or name.endswith("Info") else None


def to_restructured_text(app: Sphinx, path: Path, parent: str, content: list[str]) -> None:
    """Read the changelog's Markdown: its headings, links and code."""
    if path.suffix != ".md":
        return
    lines: list[str] = []
    for line in content[0].splitlines():
        if heading := re.fullmatch(r"(#+) (.*)", line):
            lines += [heading[2], "=-~"[len(heading[1]) - 1] * len(heading[2])]
        else:
            lines.append(
                re.sub(r"\[([^]]+)\]\(([^)]+)\)", r"`\1 <\2>`__", re.sub(r"`([^`]+)`", r"``\1``", line))
            )
    content[0] = "\n".join(lines)


def with_arguments(app: Sphinx, page: str, content: list[str]) -> None:
    """Put what the functions declare in the place of a page's mark."""
    if _ARGUMENTS not in content[0]:
        return
    takers: dict[tuple[str, Argument], list[str]] = {}
    for function in FUNCTIONS.values():
        for name, argument in function.arguments.items():
            takers.setdefault((name, argument), []).append(f"``{function.name}``")
    lines = [".. list-table::", "   :header-rows: 1", "   :widths: 25 13 22 40", ""]
    rows = [("argument", "range", "BigQuery's default", "taken by")]
    for (name, argument), functions in takers.items():
        range_ = "" if argument.low is None else f"{argument.low:g} to {argument.high:g}"
        rows.append((f"``{name}``", range_, argument.default or "the model's", ", ".join(functions)))
    for row in rows:
        lines += [f"   {'*' if not place else ' '} - {cell}" for place, cell in enumerate(row)]
    content[0] = content[0].replace(_ARGUMENTS, "\n".join(lines))


def setup(app: Sphinx) -> None:
    """Connect the handlers."""
    app.connect("source-read", with_arguments)
    app.connect("missing-reference", to_public_name)
    app.connect("autodoc-process-signature", without_constructor)
    app.connect("include-read", to_restructured_text)
