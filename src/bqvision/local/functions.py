"""The model functions that the local BigQuery runs: their arguments and what they give, as data.

After the pages of Google's GoogleSQL reference on `ML.GENERATE_TEXT`, `AI.GENERATE_TEXT`, `AI.GENERATE_TABLE`,
`AI.GENERATE`, `AI.GENERATE_BOOL`, `AI.GENERATE_INT`, `AI.GENERATE_DOUBLE`, `AI.IF`, `AI.SCORE` and `AI.CLASSIFY`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_ENDPOINT: Final = "gemini-2.5-flash"
"""What a function without a model asks when it names no endpoint."""


class Gives(Enum):
    """What a function gives for each row."""

    COLUMNS = "further columns"
    STRUCT = "a STRUCT with full_response and status"
    VALUE = "a value, and NULL for a failure"


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """One argument."""

    name: str
    type: str
    """In BigQuery's words; PROMPT is a STRING or a STRUCT of texts and objects, which may differ from row to row."""
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    """The texts that it may be, in any case."""
    required: bool = False
    sampling: bool = False
    """Whether model_params excludes it."""
    supported: bool = True
    """Whether the local BigQuery can do what it says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """One model function."""

    name: str
    gives: Gives
    arguments: tuple[Argument, ...]
    positional: tuple[str, ...] = ()
    """The arguments of a scalar function that need no name, in order; the first is what the model is asked."""
    result: str = "STRING"
    """The type of what the model says, if no output_schema asks for more."""

    @property
    def scalar(self) -> bool:
        """Whether it stands in an expression, and not in a FROM clause."""
        return bool(self.positional)

    def argument(self, name: str) -> Argument | None:
        """Return an argument by its lower-cased name."""
        return next((argument for argument in self.arguments if argument.name == name), None)


_PROMPT = Argument(name="prompt", type="PROMPT", required=True)
_REQUEST_TYPE = Argument(name="request_type", type="STRING", choices=("DEDICATED", "SHARED", "UNSPECIFIED"))
_SCHEMA = Argument(name="output_schema", type="STRING")
_RATIO = Argument(name="max_error_ratio", type="FLOAT64", low=0, high=1)


def _sampling(highest_temperature: float) -> tuple[Argument, ...]:
    return (
        Argument(name="max_output_tokens", type="INT64", low=1, high=8192, sampling=True),
        Argument(name="top_p", type="FLOAT64", low=0, high=1, sampling=True),
        Argument(name="temperature", type="FLOAT64", low=0, high=highest_temperature, sampling=True),
        Argument(name="stop_sequences", type="ARRAY<STRING>", sampling=True),
        Argument(
            name="safety_settings", type="ARRAY<STRUCT<category STRING, threshold STRING>>", sampling=True
        ),
    )


_TEXT = (
    Argument(name="prompt", type="STRING"),
    *_sampling(1),
    Argument(name="ground_with_google_search", type="BOOL"),
    Argument(name="model_params", type="STRING"),
    _REQUEST_TYPE,
)
_CALL = (
    Argument(name="connection_id", type="STRING"),
    Argument(name="endpoint", type="STRING"),
)
_GENERATE = (_PROMPT, *_CALL, Argument(name="model_params", type="JSON"), _REQUEST_TYPE)
_CHEAPER = (
    Argument(name="embeddings", type="ARRAY<FLOAT64>", supported=False),
    Argument(name="optimization_mode", type="STRING", choices=("MAXIMIZE_QUALITY",)),
)


def _scalar(name: str, gives: Gives, result: str, *arguments: Argument) -> Function:
    positional = tuple(argument.name for argument in arguments if argument.required)
    return Function(name=name, gives=gives, arguments=arguments, positional=positional, result=result)


FUNCTIONS: Final[Mapping[str, Function]] = {
    function.name: function
    for function in (
        Function(
            name="ML.GENERATE_TEXT",
            gives=Gives.COLUMNS,
            arguments=(*_TEXT, Argument(name="flatten_json_output", type="BOOL")),
        ),
        Function(name="AI.GENERATE_TEXT", gives=Gives.COLUMNS, arguments=_TEXT),
        Function(
            name="AI.GENERATE_TABLE",
            gives=Gives.COLUMNS,
            arguments=(
                Argument(name="output_schema", type="STRING", required=True),
                *_sampling(2),
                _REQUEST_TYPE,
            ),
        ),
        _scalar("AI.GENERATE", Gives.STRUCT, "STRING", *_GENERATE, _SCHEMA),
        _scalar("AI.GENERATE_BOOL", Gives.STRUCT, "BOOL", *_GENERATE),
        _scalar("AI.GENERATE_INT", Gives.STRUCT, "INT64", *_GENERATE),
        _scalar("AI.GENERATE_DOUBLE", Gives.STRUCT, "FLOAT64", *_GENERATE),
        _scalar(
            "AI.IF",
            Gives.VALUE,
            "BOOL",
            _PROMPT,
            *_CALL,
            Argument(name="examples", type="ARRAY<STRUCT<STRING, BOOL>>"),
            *_CHEAPER,
            _RATIO,
        ),
        _scalar("AI.SCORE", Gives.VALUE, "FLOAT64", _PROMPT, *_CALL, _RATIO),
        _scalar(
            "AI.CLASSIFY",
            Gives.VALUE,
            "STRING",
            Argument(name="input", type="PROMPT", required=True),
            Argument(name="categories", type="ARRAY<STRING>", required=True),
            *_CALL,
            Argument(name="examples", type="ARRAY<STRUCT<STRING, STRING>>"),
            Argument(name="output_mode", type="STRING", choices=("SINGLE", "MULTI")),
            *_CHEAPER,
            _RATIO,
        ),
    )
}
"""The functions by their name."""
