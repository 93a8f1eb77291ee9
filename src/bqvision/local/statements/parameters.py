"""Query parameters as the REST API carries them, and the values that they stand for."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, cast

from typing_extensions import override

from bqvision.local.statements.values import JsonText, Struct

if TYPE_CHECKING:
    from collections.abc import Callable

    from bqvision.local.statements.values import Value


@dataclass(frozen=True, slots=True, repr=False)
class QueryParameter:
    """One query parameter; its repr doesn't show the value.

    Attributes:
        name: Its name, or None for a positional one.
        type: REST `parameterType`.
        value: REST `parameterValue`.
    """

    name: str | None
    type: Mapping[str, object]
    value: Mapping[str, object]

    @override
    def __repr__(self) -> str:
        return f"QueryParameter(name={self.name!r}, type={self.type.get('type')!r})"

    @classmethod
    def from_rest(cls, resource: Mapping[str, object]) -> QueryParameter:
        """Reads a REST `QueryParameter`.

        Args:
            resource: The JSON object.
        """
        name = resource.get("name")
        return cls(
            name if isinstance(name, str) and name else None,
            _mapping(resource.get("parameterType")),
            _mapping(resource.get("parameterValue")),
        )

    def to_rest(self) -> dict[str, object]:
        """Returns the REST `QueryParameter`."""
        resource: dict[str, object] = {"parameterType": dict(self.type), "parameterValue": dict(self.value)}
        if self.name is not None:
            resource["name"] = self.name
        return resource

    def renamed(self, name: str) -> QueryParameter:
        """Returns the same value under another name.

        Args:
            name: The new name.
        """
        return QueryParameter(name, self.type, self.value)

    def python(self) -> Value:
        """Returns the value in Python.

        Raises:
            ValueError: The text of the value doesn't fit its type.
        """
        return _value(self.type, self.value)


def _value(kind: Mapping[str, object], value: Mapping[str, object]) -> Value:
    name = str(kind.get("type", "STRING")).upper()
    if name == "ARRAY":
        element = _mapping(kind.get("arrayType"))
        items = cast("Sequence[object]", value.get("arrayValues", ()))
        return tuple(_value(element, _mapping(item)) for item in items)
    if name in {"STRUCT", "RECORD"}:
        fields = [_mapping(field) for field in cast("Sequence[object]", kind.get("structTypes", ()))]
        members = _mapping(value.get("structValues"))
        names = tuple(str(field.get("name", "")) for field in fields)
        return Struct(
            names,
            tuple(
                _value(_mapping(field.get("type")), _mapping(members.get(name)))
                for name, field in zip(names, fields, strict=True)
            ),
        )
    text = value.get("value")
    if text is None:
        return None
    return _SCALARS.get(name, str)(str(text))


def _mapping(value: object) -> Mapping[str, object]:
    return cast("Mapping[str, object]", value) if isinstance(value, Mapping) else {}


def _timestamp(text: str) -> datetime:
    moment = datetime.fromisoformat(text.strip().removesuffix(" UTC"))
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


_SCALARS: Mapping[str, Callable[[str], Value]] = {
    "INT64": int,
    "INTEGER": int,
    "FLOAT64": float,
    "FLOAT": float,
    "BOOL": lambda text: text.lower() == "true",
    "BOOLEAN": lambda text: text.lower() == "true",
    "NUMERIC": Decimal,
    "BIGNUMERIC": Decimal,
    "BYTES": base64.b64decode,
    "TIMESTAMP": _timestamp,
    "DATE": date.fromisoformat,
    "DATETIME": datetime.fromisoformat,
    "JSON": JsonText,
}
