"""What BigQuery's functions for Gemini take and give, as data; `Arguments` and the statements go by it.

Sources are the functions' pages at https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/:
``bigqueryml-syntax-generate-text``, ``-ai-generate-text``, ``-generate-table``, ``-ai-generate``,
``-ai-generate-bool``, ``-ai-generate-int``, ``-ai-generate-double``, ``-ai-if``, ``-ai-classify`` and ``-ai-score``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from typing import LiteralString

__all__ = [
    "FUNCTIONS",
    "Argument",
    "Function",
    "FunctionName",
    "ModelFunctionName",
    "Output",
    "takers",
]

ModelFunctionName: TypeAlias = Literal["ML.GENERATE_TEXT", "AI.GENERATE_TEXT", "AI.GENERATE_TABLE"]
"""The functions that ask a remote model, for `RemoteModel.analyze`."""

FunctionName: TypeAlias = (
    ModelFunctionName
    | Literal[
        "AI.GENERATE",
        "AI.GENERATE_BOOL",
        "AI.GENERATE_INT",
        "AI.GENERATE_DOUBLE",
        "AI.IF",
        "AI.CLASSIFY",
        "AI.SCORE",
    ]
)


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument that a function takes.

    Attributes:
        low: The least number, inclusive; None if it is no number.
        high: The greatest number, inclusive.
        whole: Whether only whole numbers are taken.
        default: What holds where it is left out, as Google words it; empty if that is the model's choice.
    """

    low: float | None = None
    high: float | None = None
    whole: bool = False
    default: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """Where a function's result holds what; None where it does not.

    A scalar function's result is called ``answer``.

    Attributes:
        response: Gemini's response, as JSON.
        text: The answer's text.
        value: A value in place of a text.
        status: Why a row has no answer; '' on success. Without a status, a failed row is a NULL and nothing else.
    """

    response: LiteralString | None = None
    text: LiteralString | None = None
    value: LiteralString | None = None
    status: LiteralString | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """One of the functions.

    Attributes:
        name: Its name.
        arguments: What it takes beside the prompt, by name.
        output: What it gives.
        scalar: Whether it is called for each row and names its own endpoint; the others are called once, over a
            query, with a remote model.
        object_tables: Whether it takes ``TABLE object_table`` with one prompt for all.
        typed: Whether the wanted fields are its argument output_schema; else they can stand in model_params.
    """

    name: FunctionName
    arguments: Mapping[str, Argument]
    output: Output
    scalar: bool = False
    object_tables: bool = False
    typed: bool = False

    @property
    def stored(self) -> Output:
        """Where a table that `bqvision.sql.analysis` makes of the function's result holds what."""
        output = self.output
        return Output(
            response=_unqualified(output.response),
            text=output.text,
            value=_unqualified(output.value),
            status=_unqualified(output.status) or "status",
        )

    @property
    def reports_usage(self) -> bool:
        """Whether it can tell tokens and finish reason."""
        return self.output.response is not None


_SAMPLING: Final[Mapping[str, Argument]] = {
    "temperature": Argument(0, 1, default="0"),
    "top_p": Argument(0, 1, default="0.95"),
    "max_output_tokens": Argument(1, 8192, whole=True, default="1024"),
    "stop_sequences": Argument(default="none"),
    "safety_settings": Argument(default="BLOCK_MEDIUM_AND_ABOVE for each category"),
}
_TEXT: Final[Mapping[str, Argument]] = {
    **_SAMPLING,
    "model_params": Argument(default="none; excludes the five above"),
    "ground_with_google_search": Argument(default="FALSE"),
    "request_type": Argument(default="UNSPECIFIED"),
}
_ENDPOINT: Final[Mapping[str, Argument]] = {
    "endpoint": Argument(default="a recent Gemini model"),
    "connection": Argument(default="the caller's own credentials"),
}
_GENERATE: Final[Mapping[str, Argument]] = {
    **_ENDPOINT,
    "model_params": Argument(default="none"),
    "request_type": Argument(default="UNSPECIFIED"),
}
_VALUE: Final = Output(response="answer.full_response", value="answer.result", status="answer.status")


def _unqualified(column: LiteralString | None) -> LiteralString | None:
    return None if column is None else column.removeprefix("answer.")


def _by_name(*functions: Function) -> Mapping[FunctionName, Function]:
    return {function.name: function for function in functions}


FUNCTIONS: Final = _by_name(
    Function(
        name="ML.GENERATE_TEXT",
        arguments={**_TEXT, "flatten_json_output": Argument(default="FALSE")},
        output=Output(
            response="ml_generate_text_result",
            text="ml_generate_text_llm_result",
            status="ml_generate_text_status",
        ),
        object_tables=True,
    ),
    Function(
        name="AI.GENERATE_TEXT",
        arguments=_TEXT,
        output=Output(response="full_response", text="result", status="status"),
        object_tables=True,
    ),
    Function(
        name="AI.GENERATE_TABLE",
        arguments={
            **_SAMPLING,
            "temperature": Argument(0, 2),
            "top_p": Argument(0, 1),
            "request_type": Argument(default="UNSPECIFIED"),
        },
        output=Output(response="full_response", status="status"),
        typed=True,
    ),
    Function(
        name="AI.GENERATE",
        arguments=_GENERATE,
        output=Output(response="answer.full_response", status="answer.status"),
        scalar=True,
        typed=True,
    ),
    Function(name="AI.GENERATE_BOOL", arguments=_GENERATE, output=_VALUE, scalar=True),
    Function(name="AI.GENERATE_INT", arguments=_GENERATE, output=_VALUE, scalar=True),
    Function(name="AI.GENERATE_DOUBLE", arguments=_GENERATE, output=_VALUE, scalar=True),
    Function(name="AI.IF", arguments=_ENDPOINT, output=Output(value="answer"), scalar=True),
    Function(
        name="AI.CLASSIFY",
        arguments={
            **_ENDPOINT,
            "categories": Argument(default="required"),
            "output_mode": Argument(default="one category, as a text"),
        },
        output=Output(value="answer"),
        scalar=True,
    ),
    Function(name="AI.SCORE", arguments=_ENDPOINT, output=Output(value="answer"), scalar=True),
)
"""Every function by name."""


def takers(argument: str) -> str:
    """Return the names of the functions that take an argument, as a list in words; empty if none does."""
    return ", ".join(function.name for function in FUNCTIONS.values() if argument in function.arguments)
