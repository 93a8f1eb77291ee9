"""The annotations of record classes, read as types of fields; what can't be asked for is refused by name."""

from __future__ import annotations

import re
from dataclasses import MISSING, dataclass, fields, replace
from datetime import date, datetime
from enum import Enum
from types import NoneType, UnionType
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Final,
    Literal,
    Protocol,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

from bqvision.errors import InvalidInputError
from bqvision.field_types import (
    LEDGER_COLUMNS,
    MAX_DEPTH,
    Array,
    Choice,
    Describe,
    Field,
    Struct,
    folded,
    walk,
)
from bqvision.records import ImageResult

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from typing_extensions import TypeIs

    from bqvision.field_types import FieldType, Item, ScalarType
    from bqvision.records import PydanticModel

__all__ = ["fields_of", "is_pydantic_model"]

MAX_FIELDS: Final = 100
"""Fields of a record, nested ones too. Google documents no limit; Gemini refuses a response schema that is "very large
or deeply nested" with an error that names no field, seen from some tens of long names on."""
MAX_STRUCTS: Final = 5
"""Objects in the record, one in another."""

_RESERVED = (
    frozenset(LEDGER_COLUMNS)
    | {spec.name for spec in fields(ImageResult)}
    # What a model function reads, and what it adds.
    | {"prompt", "ref", "full_response"}
)
# A leading underscore is left to BigQuery's pseudo-columns and to what our own statements compute.
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,299}")
_SCALARS: Final[Mapping[object, ScalarType]] = {
    str: "STRING",
    int: "INT64",
    float: "FLOAT64",
    bool: "BOOL",
    date: "DATE",
    datetime: "TIMESTAMP",
}
_TOO_LARGE: Final = 10**18
_FLATTER: Final = "Put the fields into the object around it."
_SUPPORTED: Final = (
    "Use str, int, float, bool, date, datetime, a Literal or Enum of texts or of whole numbers, a frozen dataclass,"
    " or a list of one of them; each also with `| None`."
)


class _FieldInfo(Protocol):
    """What Pydantic knows of a field of a model."""

    annotation: Any
    description: str | None
    alias: object
    validation_alias: object
    metadata: list[Any]

    def is_required(self) -> bool: ...


class _Model(Protocol):
    model_fields: Mapping[str, _FieldInfo]


def is_pydantic_model(record: object) -> TypeIs[type[PydanticModel]]:
    """Return whether a class is one of Pydantic's models."""
    return isinstance(record, type) and hasattr(record, "model_validate") and hasattr(record, "model_fields")


def fields_of(record: type[ImageResult | PydanticModel]) -> tuple[Field, ...]:
    """Return the fields of a record class, without those of `ImageResult`, in order.

    Raises:
        InvalidInputError: One of them can't be asked for.
    """
    found = _Reader(record).fields_of(record)
    count = sum(1 for _ in walk(found))
    if count > MAX_FIELDS:
        raise InvalidInputError(
            f"record {record.__name__}: it has {count} fields, nested ones included, and {MAX_FIELDS} is the most",
            next_step="Ask for less, or in two analyses with a record each.",
        )
    return found


@dataclass(frozen=True, slots=True)
class _Member:
    """A field as its class declares it."""

    name: str
    hint: object
    has_default: bool
    description: str | None = None


@dataclass(frozen=True, slots=True)
class _Hint:
    """An annotation without what stands around its type."""

    core: object
    whole: object
    nullable: bool = False
    description: str | None = None

    @classmethod
    def of(cls, whole: object) -> _Hint:
        """Take `Annotated` and `| None` away, in any order."""
        core, nullable, description = whole, False, None
        while True:
            arguments = get_args(core)
            if get_origin(core) is Annotated:
                core, *notes = arguments
                # Of annotations in one another the outermost stands last.
                said = [text for text in map(_described, notes) if text is not None]
                description = said[-1] if said and description is None else description
            elif get_origin(core) in (Union, UnionType) and NoneType in arguments:
                nullable = True
                core = Union[tuple(option for option in arguments if option is not NoneType)]  # noqa: UP007
            else:
                return cls(core, whole, nullable, description)


def _described(note: object) -> str | None:
    if isinstance(note, Describe):
        return note.text
    # Pydantic's Field() in an annotation.
    said = getattr(note, "description", None)
    return said if isinstance(said, str) else None


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads a class, and with a longer path the classes in it."""

    record: type
    """The record, for messages."""
    path: tuple[str, ...] = ()
    """The names of the fields that lead to what is read."""
    classes: tuple[type, ...] = ()
    """The classes that it is in, one in another."""
    depth: int = 0
    """The objects and lists that it is in, one in another."""

    def fields_of(self, owner: type) -> tuple[Field, ...]:
        """Return the fields of a class."""
        inside = replace(self, classes=(*self.classes, owner))
        found = tuple(inside._field(member) for member in inside._members(owner))
        if not found:
            raise self._refusal(
                "it has no fields of its own, so there is nothing to ask for",
                "Add a field, for example: title: str | None = None",
            )
        seen: dict[str, str] = {}
        for item in found:
            other = seen.setdefault(item.name.lower(), item.name)
            if other != item.name:
                raise self._refusal(
                    f"{other!r} and {item.name!r} differ only in case, which BigQuery ignores",
                    "Rename one of them.",
                )
        return found

    def _members(self, owner: type) -> Iterator[_Member]:
        if is_pydantic_model(owner):
            if getattr(owner, "__pydantic_root_model__", False):
                raise self._in("root")._refusal("it stands for the whole model", "Use a model with fields.")
            for name, info in cast("_Model", owner).model_fields.items():
                if info.alias is not None or info.validation_alias is not None:
                    raise self._in(name)._refusal("it has an alias", "Give the field itself that name.")
                hint = Annotated[(info.annotation, *info.metadata)] if info.metadata else info.annotation
                yield _Member(name, hint, not info.is_required(), info.description)
            return
        known = {spec.name: spec for spec in fields(ImageResult)}
        hints = self._hints(owner)
        for spec in fields(owner):
            # What the class computes itself is not asked for.
            if spec.init and known.get(spec.name) is not spec:
                has_default = spec.default is not MISSING or spec.default_factory is not MISSING
                yield _Member(spec.name, hints[spec.name], has_default)

    def _hints(self, owner: type) -> Mapping[str, object]:
        try:
            return get_type_hints(owner, include_extras=True)
        except NameError as error:
            raise self._refusal(
                f"an annotation names {error.name!r}, which does not exist at run time",
                "Import the name outside of `if TYPE_CHECKING`, or define it at module level.",
            ) from error

    def _field(self, member: _Member) -> Field:
        inside = self._in(member.name)
        if not self.path and member.name.lower() in _RESERVED:
            raise inside._refusal("the name is taken by a column of the results table", "Rename it.")
        if not _NAME.fullmatch(member.name):
            raise inside._refusal(
                "not a column name; it takes ASCII letters, digits and _, a letter first, 300 at most",
                "Rename it.",
            )
        hint = _Hint.of(member.hint)
        required = not hint.nullable and not member.has_default
        if required and len(self.classes) == 1 and not is_pydantic_model(self.record):
            raise inside._refusal(
                "an image without an answer has no value for it",
                f"Make it optional ({member.name}: ... | None = None) or give it a default.",
            )
        description = hint.description or member.description
        return Field(member.name, inside._type(hint), description, hint.nullable, required)

    def _type(self, hint: _Hint) -> FieldType:
        match get_origin(hint.core), get_args(hint.core):
            case (type() as origin, (item,)) if origin is list:
                return self._array(list, item, hint)
            case (type() as origin, (item, dots)) if origin is tuple and dots is Ellipsis:
                return self._array(tuple, item, hint)
            case _:
                return self._item(hint.core, hint.whole)

    def _array(self, record: type[list[object] | tuple[object, ...]], item: object, hint: _Hint) -> Array:
        inner = _Hint.of(item)
        return Array(self._deeper()._item(inner.core, hint.whole), inner.description, record)

    def _item(self, core: object, whole: object) -> Item:
        if core in _SCALARS:
            return _SCALARS[core]
        if get_origin(core) is Literal:
            return self._choice(get_args(core), None)
        if isinstance(core, type):
            if issubclass(core, Enum):
                return self._choice(tuple(member.value for member in core), core)
            # A class that forgot its decorator would lose its fields without a word.
            is_dataclass = "__dataclass_fields__" in vars(core) and not issubclass(core, ImageResult)
            if is_dataclass or is_pydantic_model(core):
                return self._struct(core)
        shown = whole.__name__ if isinstance(whole, type) and not get_args(whole) else str(whole)
        raise self._refusal(f"type {shown} is not supported", _SUPPORTED)

    def _struct(self, core: type) -> Struct:
        if core in self.classes:
            raise self._refusal(
                f"{core.__name__} holds itself", "Take the field away; answers end somewhere."
            )
        if len(self.classes) > MAX_STRUCTS:
            raise self._refusal(f"more than {MAX_STRUCTS} objects are in one another", _FLATTER)
        if not is_pydantic_model(core) and not getattr(core, "__dataclass_params__").frozen:  # noqa: B009
            raise self._refusal(
                f"{core.__name__} is not frozen",
                "Put @dataclass(frozen=True, slots=True, kw_only=True) above it.",
            )
        return Struct(self._deeper().fields_of(core), core)

    def _choice(self, values: tuple[object, ...], enum: type[Enum] | None) -> Choice:
        kinds = {type(value) for value in values}
        if kinds == {int}:
            numbers = cast("tuple[int, ...]", values)
            if any(abs(number) >= _TOO_LARGE for number in numbers):
                raise self._refusal("one of its values has more than 18 digits", "Ask for texts.")
            return Choice(numbers, enum)
        if kinds != {str}:
            raise self._refusal(
                "its values are not all texts or all whole numbers",
                "Use one kind of value; for none, write `| None`.",
            )
        texts = cast("tuple[str, ...]", values)
        for text in texts:
            if not text.isprintable() or text != text.strip() or not text:
                raise self._refusal(
                    f"no answer is ever read as its value {text!r}",
                    "Use texts that are not empty, without blanks around them and without control characters.",
                )
        if len({folded(text) for text in texts}) < len(texts):
            raise self._refusal(
                "two of its values differ only in case, which is not looked at", "Rename one of them."
            )
        return Choice(texts, enum)

    def _in(self, name: str) -> _Reader:
        return replace(self, path=(*self.path, name))

    def _deeper(self) -> _Reader:
        if self.depth == MAX_DEPTH:
            raise self._refusal(f"more than {MAX_DEPTH} objects and lists are in one another", _FLATTER)
        return replace(self, depth=self.depth + 1)

    def _refusal(self, reason: str, next_step: str) -> InvalidInputError:
        field = f", field {'.'.join(self.path)!r}" if self.path else ""
        return InvalidInputError(f"record {self.record.__name__}{field}: {reason}", next_step=next_step)
