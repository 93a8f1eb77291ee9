"""SQL text composed from typed parts.

Text comes from literal templates (`SQL`), names through `Identifier`, values through `Literal` or
`Parameter`. No other way leads into a statement, so a value can't become SQL::

    SQL("SELECT {columns} FROM {table} WHERE size > {limit}").format(
        columns=SQL(", ").join([Identifier("uri"), Identifier("size")]),
        table=Identifier("project", "dataset", "table"),
        limit=Parameter("limit", "INT64", 1000),
    ).statement("list_objects")

Templates are `LiteralString`: pyright refuses an f-string or a variable there.
"""

from __future__ import annotations

import re
import string
from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import TYPE_CHECKING, Final, TypeAlias
from typing import Literal as OneOf

from typing_extensions import override

from bqvision.errors import InvalidInputError
from bqvision.sql.literals import render, utc

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import LiteralString

__all__ = ["SQL", "Composable", "Composed", "Identifier", "Literal", "Parameter", "Statement", "interval"]

Scalar: TypeAlias = str | int | float | bool
ParameterType: TypeAlias = OneOf[
    "STRING", "INT64", "FLOAT64", "BOOL", "TIMESTAMP", "ARRAY<STRING>", "ARRAY<INT64>"
]

_LABEL: Final = re.compile(r"[a-z][a-z_]{0,39}")
_PARAMETER_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,99}")
_PYTHON_TYPES: Final = {"STRING": str, "INT64": int, "FLOAT64": float, "BOOL": bool, "TIMESTAMP": str}
_NEVER_IN_A_NAME: Final = frozenset("`\\")


@dataclass(frozen=True, slots=True, repr=False)
class Statement:
    """One statement, ready to send.

    Attributes:
        sql: The text.
        parameters: The named query parameters that the text uses.
        label: A short name for job ids and errors, such as ``create_object_table``.
    """

    sql: str
    parameters: tuple[Parameter, ...] = ()
    label: str = "query"

    def __post_init__(self) -> None:
        if not _LABEL.fullmatch(self.label):
            raise InvalidInputError("a statement's label takes lower-case letters and _, at most 40")
        names = [parameter.name for parameter in self.parameters]
        if len(set(names)) < len(names):
            raise InvalidInputError(f"statement {self.label}: two parameters have the same name")

    @override
    def __str__(self) -> str:
        return self.sql

    @override
    def __repr__(self) -> str:
        # Statements hold prompts, and reprs end up in logs.
        return f"<Statement {self.label}: {len(self.sql)} characters, {len(self.parameters)} parameters>"


class Composable(ABC):
    """A part of a statement: what the fields of a template take."""

    __slots__ = ()

    @property
    @abstractmethod
    def text(self) -> str:
        """The part's SQL text."""

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The query parameters that the text uses, in order of appearance."""
        return ()


@dataclass(frozen=True, slots=True, repr=False)
class SQL(Composable):
    """A literal template. Alone it stands for its text as it is; `format` fills its fields.

    Attributes:
        template: The text; for `format` with ``{}`` or ``{name}`` fields, and ``{{`` and ``}}`` for braces.
    """

    template: LiteralString

    @property
    @override
    def text(self) -> str:
        return self.template

    def format(self, *values: Composable, **named: Composable) -> Composed:
        """Fill the template's fields.

        A field of several lines is indented like the line that it stands on.

        Args:
            values: What fills the ``{}`` fields, in order.
            named: What fills the ``{name}`` fields.

        Returns:
            The filled template.

        Raises:
            TypeError: A field is missing, left over or no composable, or has a format specification.
        """
        positions = iter(range(len(values)))
        fields = {**{str(index): value for index, value in enumerate(values)}, **named}
        used: set[str] = set()
        parts: list[Composable] = []
        for literal, name, spec, conversion in string.Formatter().parse(self.template):
            parts.append(_Piece(literal))
            if name is None:
                continue
            if spec or conversion:
                raise TypeError(f"field {{{name}}} has a format specification or a conversion")
            key = name if name else str(next(positions, "{}"))
            if key not in fields:
                raise TypeError(f"field {key} is not given")
            used.add(key)
            parts.append(_filling(fields[key], key))
        if left_over := sorted(fields.keys() - used):
            raise TypeError(f"the template has no field {', '.join(left_over)}")
        return Composed(tuple(parts))

    def join(self, values: Iterable[Composable]) -> Composed:
        """Join composables with this text between them; none give an empty text."""
        filled = [_filling(value, "to join") for value in values]
        return Composed(tuple(chain.from_iterable((_Piece(self.template), value) for value in filled))[1:])


def _filling(value: object, field: str) -> Composable:
    # The types forbid anything else already; this is for callers without a type checker.
    if not isinstance(value, Composable):
        raise TypeError(f"field {field} is a {type(value).__name__}, not a Literal, Parameter or Identifier")
    return value


@dataclass(frozen=True, slots=True)
class _Piece(Composable):
    """A stretch of a template between two fields; unlike a field's filling it is indented already."""

    piece: str

    @property
    @override
    def text(self) -> str:
        return self.piece


@dataclass(frozen=True, slots=True, repr=False)
class Composed(Composable):
    """Parts one after the other, as `SQL.format` and `SQL.join` make them."""

    parts: tuple[Composable, ...]

    @property
    @override
    def text(self) -> str:
        text = ""
        for part in self.parts:
            piece = part.text
            if "\n" in piece and not isinstance(part, _Piece):
                # No literal and no name holds a line break, so indenting changes nothing but the layout.
                line = text[text.rfind("\n") + 1 :]
                piece = piece.replace("\n", "\n" + line[: len(line) - len(line.lstrip(" "))])
            text += piece
        return text

    @property
    @override
    def parameters(self) -> tuple[Parameter, ...]:
        return tuple(dict.fromkeys(chain.from_iterable(part.parameters for part in self.parts)))

    def statement(self, label: LiteralString) -> Statement:
        """Return the finished statement.

        Args:
            label: Its short name, for job ids and errors.

        Raises:
            InvalidInputError: Two parameters have one name and different values.
        """
        return Statement(self.text, self.parameters, label)


@dataclass(frozen=True, slots=True, init=False)
class Identifier(Composable):
    """A name, or a path of names, in one pair of backticks.

    No legal BigQuery name holds a backtick, a backslash or a control character: they are refused, not
    escaped.
    """

    path: tuple[str, ...]

    def __init__(self, *path: str) -> None:
        for name in path:
            if not name.isprintable() or not _NEVER_IN_A_NAME.isdisjoint(name):
                raise InvalidInputError(f"{name[:60]!a} can not be a name in BigQuery")
        if not all(path) or not path:
            raise InvalidInputError("a name is empty")
        object.__setattr__(self, "path", path)

    @property
    @override
    def text(self) -> str:
        return "`" + ".".join(self.path) + "`"


@dataclass(frozen=True, slots=True, repr=False)
class Literal(Composable):
    """A value written into the text.

    Attributes:
        value: A string, bool, 64-bit integer, finite float, datetime with a time zone, or list of strings.
    """

    value: Scalar | datetime | Sequence[str]

    def __post_init__(self) -> None:
        render(self.value)

    @property
    @override
    def text(self) -> str:
        return render(self.value)


@dataclass(frozen=True, slots=True, repr=False)
class Parameter(Composable):
    """A named query parameter: ``@name`` in the text, its value beside it.

    Attributes:
        name: Lower-case letters, digits and ``_``, a letter first.
        type: Its type in BigQuery.
        value: Its value, never None; a TIMESTAMP as text in UTC, an ARRAY as a tuple.
    """

    name: str
    type: ParameterType
    value: Scalar | tuple[Scalar, ...]

    def __post_init__(self) -> None:
        if not _PARAMETER_NAME.fullmatch(self.name):
            raise InvalidInputError("a parameter's name is made of lower-case letters, digits and _")
        array = self.type.startswith("ARRAY<")
        if isinstance(self.value, tuple) is not array:
            raise InvalidInputError(f"parameter {self.name} is no {self.type}")
        wanted = _PYTHON_TYPES[self.type[6:-1] if array else self.type]
        for item in self.value if isinstance(self.value, tuple) else (self.value,):
            if type(item) is not wanted:
                raise InvalidInputError(f"parameter {self.name} is no {self.type}")
            render(item)

    @classmethod
    def timestamp(cls, name: str, moment: datetime) -> Parameter:
        """Return a TIMESTAMP parameter for a datetime with a time zone."""
        return cls(name, "TIMESTAMP", utc(moment))

    @property
    @override
    def text(self) -> str:
        return f"@{self.name}"

    @property
    @override
    def parameters(self) -> tuple[Parameter, ...]:
        return (self,)

    @override
    def __repr__(self) -> str:
        return f"<Parameter {self.name}: {self.type}>"


def interval(duration: timedelta) -> Composed:
    """Return a duration of whole seconds as ``INTERVAL n UNIT``, in the largest unit that fits exactly."""
    seconds, rest = divmod(duration, timedelta(seconds=1))
    if rest:
        raise InvalidInputError("a duration has fractions of a second")
    size, unit = next((size, unit) for size, unit in _UNITS if seconds % size == 0)
    return SQL("INTERVAL {} {}").format(Literal(seconds // size), unit)


_UNITS: Final = ((86_400, SQL("DAY")), (3_600, SQL("HOUR")), (60, SQL("MINUTE")), (1, SQL("SECOND")))
