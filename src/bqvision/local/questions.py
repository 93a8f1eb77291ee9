"""What a call asks a model: a question for each input row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from bqvision.local.protocol import invalid_query

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bqvision.local.arguments import Arguments
    from bqvision.local.rows import Rows


@dataclass(frozen=True, slots=True)
class ObjectRef:
    """An object that a question shows, in the version that was listed."""

    uri: str
    version: str | None
    authorizer: str | None = None
    """The connection that reads it; None where the object table's own has listed it."""


Part: TypeAlias = "str | ObjectRef | None"
"""A text, an object, or an ObjectRef that is NULL."""


def questions(rows: Rows, arguments: Arguments, column: str = "prompt") -> list[tuple[Part, ...]]:
    """Return what is asked about each input row; nothing where its question is NULL.

    With a prompt among the arguments the rows are an object table's; without one they bring their own.

    Args:
        rows: The input rows.
        arguments: What the call says beside them.
        column: The column that holds the rows' own prompt.

    Raises:
        ApiError: The rows don't have the columns for either.
    """
    function = arguments.function.name
    if arguments.prompt is not None:
        if "uri" not in rows.names:
            raise invalid_query(f"{function} with a prompt argument needs an object table as its input")
        uris = rows.values("uri")
        versions = rows.values("generation") if "generation" in rows.names else [None] * len(uris)
        return [
            (arguments.prompt, ObjectRef(str(uri), None if version is None else str(version)))
            for uri, version in zip(uris, versions, strict=True)
        ]
    if column not in rows.names:
        also = (
            "an argument in the STRUCT for an object table, or "
            if arguments.function.argument(column)
            else ""
        )
        raise invalid_query(f"{function} needs a prompt: {also}a column named prompt in the input query")
    asked = [
        tuple(part for cell in row for part in _parts(function, cell))
        for row in zip(*rows.members(column), strict=True)
    ]
    if arguments.advice is None:
        return asked
    return [(*parts, arguments.advice) if parts else () for parts in asked]


def _parts(function: str, cell: object) -> Iterator[Part]:
    match cell:
        case None:
            return
        case str():
            yield cell
        case {"uri": None, "version": _}:
            yield None
        case {"uri": str(uri), "version": version, **others}:
            authorizer = others.get("authorizer")
            yield ObjectRef(
                uri,
                None if version is None else str(version),
                authorizer if isinstance(authorizer, str) else None,
            )
        case [*items]:
            for item in items:
                yield from _parts(function, item)
        case _:
            raise invalid_query(
                f"the prompt of {function} may hold STRING, ARRAY<STRING>, ObjectRef and ARRAY<ObjectRef> only"
            )
