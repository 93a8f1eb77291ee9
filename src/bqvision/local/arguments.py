"""The arguments of a call of a model function, checked against what the function declares."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Final, cast

from bqvision.local.answer_types import RESULT
from bqvision.local.model_params import SAMPLING, ModelParams
from bqvision.local.protocol import ApiError, invalid_query
from bqvision.local.statements import JsonText, OutputField, OutputType, Struct, parse_output_schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bqvision.local.functions import Argument, Function
    from bqvision.local.vision import JsonValue

_HARMS: Final = frozenset(
    f"HARM_CATEGORY_{harm}"
    for harm in ("HATE_SPEECH", "DANGEROUS_CONTENT", "HARASSMENT", "SEXUALLY_EXPLICIT")
)
_THRESHOLDS: Final = frozenset(
    {
        "BLOCK_NONE",
        "BLOCK_LOW_AND_ABOVE",
        "BLOCK_MEDIUM_AND_ABOVE",
        "BLOCK_ONLY_HIGH",
        "HARM_BLOCK_THRESHOLD_UNSPECIFIED",
    }
)
_EXAMPLES: Final[Mapping[str, type]] = {
    "ARRAY<STRUCT<STRING, BOOL>>": bool,
    "ARRAY<STRUCT<STRING, STRING>>": str,
}
"""The type of the wanted answer in an example, or of each if there are several."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments:
    """What one call says beside its input."""

    function: Function
    prompt: str | None = field(default=None, repr=False)
    """The question about each object of an object table."""
    advice: str | None = field(default=None, repr=False)
    """What every question says in the end: categories, examples."""
    endpoint: str | None = None
    connection: str | None = None
    flatten: bool = False
    safety: bool = False
    grounded: bool = False
    parameters: Mapping[str, JsonValue] = field(default_factory=dict["str", "JsonValue"])
    response_schema: Mapping[str, JsonValue] | None = None
    """The JSON schema that model_params asks for."""
    fields: tuple[OutputField, ...] = ()
    """What the model is to say, where that is more than text."""
    bare: bool = True
    """Whether the fields are the function's own, whose value a model may say without a JSON object."""
    single: bool = False
    """Whether the one category is given as an ARRAY."""
    max_error_ratio: float = 1.0


def check_names(function: Function, names: Iterable[str]) -> None:
    """Refuse arguments that a function doesn't have, that are missing, or that exclude each other.

    Args:
        function: The function.
        names: The given arguments, in lower case.

    Raises:
        ApiError: One is refused.
    """
    given = frozenset(names)
    for name in sorted(given):
        argument = function.argument(name)
        if argument is None:
            raise invalid_query(f"{function.name} has no argument named {name}")
        if not argument.supported:
            raise ApiError(
                "notImplemented",
                f"not supported by the local BigQuery: the argument {name} of {function.name}",
            )
    for argument in function.arguments:
        if argument.required and argument.name not in given:
            raise invalid_query(f"{function.name} needs the argument {argument.name}")
        if argument.sampling and {argument.name, "model_params"} <= given:
            raise invalid_query(
                f"the argument model_params of {function.name} can't be given together with {argument.name}"
            )


def read_arguments(function: Function, values: Mapping[str, object]) -> Arguments:
    """Read the evaluated arguments of a call.

    Args:
        function: The function.
        values: The arguments by name in lower case, without the one that differs from row to row.

    Raises:
        ApiError: One is of the wrong type, or out of range.
    """
    checked = {
        argument.name: _checked(function, argument, values[argument.name])
        for argument in function.arguments
        if argument.name in values and (argument.required or values[argument.name] is not None)
    }
    params = _text_of(checked, "model_params")
    sent = ModelParams() if params is None else ModelParams.read(function.name, params)
    sampling: dict[str, JsonValue] = {
        name: cast("JsonValue", checked[name]) for name in SAMPLING if name in checked
    }
    mode = _text_of(checked, "output_mode")
    ratio = checked.get("max_error_ratio")
    return Arguments(
        function=function,
        prompt=_text_of(checked, "prompt"),
        advice=_advice(checked),
        endpoint=_text_of(checked, "endpoint"),
        connection=_text_of(checked, "connection_id"),
        flatten=checked.get("flatten_json_output") is True,
        safety="safety_settings" in checked,
        grounded=checked.get("ground_with_google_search") is True,
        parameters={**sent.parameters, **sampling},
        response_schema=sent.response_schema,
        fields=_fields(function, checked),
        bare="output_schema" not in checked,
        single=mode is not None and mode.upper() == "SINGLE",
        max_error_ratio=ratio if isinstance(ratio, float) else 1.0,
    )


def _checked(function: Function, argument: Argument, value: object) -> object:
    wrong = f"the argument {argument.name} of {function.name} must be "
    match argument.type:
        case "STRING" if isinstance(value, str) and value:
            if argument.choices and value.upper() not in argument.choices:
                raise invalid_query(f"{wrong}one of {', '.join(argument.choices)}")
            return value
        case "STRING":
            raise invalid_query(f"{wrong}a STRING that is not empty")
        case "JSON" if isinstance(value, JsonText):
            return value.text
        case "JSON":
            raise invalid_query(f"{wrong}a JSON value, as in JSON '{{}}'")
        case "BOOL" if isinstance(value, bool):
            return value
        case "INT64" | "FLOAT64" if not isinstance(value, bool) and isinstance(value, int | float | Decimal):
            return _in_range(argument, value, wrong)
        case "ARRAY<STRING>" if (texts := _texts(argument, value)) is not None:
            if argument.name == "categories" and len({text[0] for text in _lists(texts)}) < len(texts):
                raise invalid_query(f"{wrong}different from each other")
            return texts
        case "ARRAY<STRUCT<category STRING, threshold STRING>>" if _are_safety_settings(value):
            return value
        case kind if kind in _EXAMPLES and isinstance(value, list | tuple):
            return [_example(item, _EXAMPLES[kind], wrong + kind) for item in value]
        case kind:
            raise invalid_query(f"{wrong}of type {kind}, a constant")


def _in_range(argument: Argument, value: float | Decimal, wrong: str) -> float:
    if argument.low is not None and argument.high is not None and not argument.low <= value <= argument.high:
        raise invalid_query(f"{wrong}from {argument.low} to {argument.high}, and is {value}")
    if argument.type == "INT64" and value != int(value):
        raise invalid_query(f"{wrong}an INT64")
    return int(value) if argument.type == "INT64" else float(value)


def _texts(argument: Argument, value: object) -> list[object] | None:
    """Return an array of texts; categories may have descriptions, and become pairs."""
    if not isinstance(value, list | tuple):
        return None
    items = [_members(item) for item in value]
    sizes = {1, 2} if argument.name == "categories" else {1}
    fits = all(len(item) in sizes and all(isinstance(part, str) for part in item) for item in items)
    if not fits or (argument.required and not items):
        return None
    return [item if argument.name == "categories" else item[0] for item in items]


def _members(value: object) -> tuple[object, ...]:
    match value:
        case Struct():
            return value.values
        case dict():
            return tuple(cast("dict[str, object]", value).values())
        case _:
            return (value,)


def _example(item: object, wanted: type, wrong: str) -> tuple[str, object]:
    members = _members(item)
    if len(members) != 2 or not isinstance(members[0], str):
        raise invalid_query(wrong)
    answers = members[1] if isinstance(members[1], list | tuple) and wanted is str else [members[1]]
    if not all(isinstance(answer, wanted) for answer in answers):
        raise invalid_query(wrong)
    return members[0], members[1]


def _are_safety_settings(value: object) -> bool:
    if not isinstance(value, list | tuple):
        return False
    pairs = [_members(item) for item in value]
    harms = [pair[0] for pair in pairs]
    return all(len(pair) == 2 and pair[0] in _HARMS and pair[1] in _THRESHOLDS for pair in pairs) and len(
        set(harms)
    ) == len(harms)


def _text_of(checked: Mapping[str, object], name: str) -> str | None:
    value = checked.get(name)
    return value if isinstance(value, str) else None


def _fields(function: Function, checked: Mapping[str, object]) -> tuple[OutputField, ...]:
    schema = _text_of(checked, "output_schema")
    if schema is not None:
        return parse_output_schema(schema)
    kind = OutputType(function.result)
    if "categories" in checked:
        kind = OutputType("STRING", choices=tuple(name for name, *_ in _lists(checked["categories"])))
        if str(checked.get("output_mode")).upper() == "MULTI":
            kind = OutputType("ARRAY", item=kind)
    return (OutputField(RESULT, kind),) if kind != OutputType("STRING") else ()


def _lists(value: object) -> list[tuple[str, ...]]:
    return cast("list[tuple[str, ...]]", value)


def _advice(checked: Mapping[str, object]) -> str | None:
    lines: list[str] = []
    if "categories" in checked:
        several = str(checked.get("output_mode")).upper() == "MULTI"
        lines.append(f"Say which of these categories {'apply' if several else 'fits best'}:")
        lines += [f"- {': '.join(category)}" for category in _lists(checked["categories"])]
    if "examples" in checked:
        lines.append("Examples:")
        lines += [f"- {given}: {_said(wanted)}" for given, *wanted in _lists(checked["examples"])]
    return "\n".join(lines) if lines else None


def _said(wanted: list[str]) -> str:
    return json.dumps(wanted[0], ensure_ascii=False)
