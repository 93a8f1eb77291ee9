"""From what a caller wants to know to an analysis: by which function, with which arguments and fields."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Literal, TypedDict, TypeVar, Unpack, cast, get_args, overload

from bqvision.analysis import Analysis
from bqvision.answer_schema import instructions, output_schema, response_schema
from bqvision.connection import Connection
from bqvision.errors import InvalidInputError
from bqvision.records import PosterResult
from bqvision.schema import schema_of
from bqvision.sql.arguments import Arguments
from bqvision.sql.functions import takers
from bqvision.sql.images import clean_group_by
from bqvision.values import (
    BoolResult,
    CategoriesResult,
    CategoryResult,
    ConditionResult,
    FloatResult,
    IntResult,
    ScoreResult,
)

if TYPE_CHECKING:
    from bqvision._rest import JsonValue
    from bqvision.object_table import ObjectTable
    from bqvision.records import Extracted
    from bqvision.remote_model import RemoteModel
    from bqvision.schema import P, R, RecordSchema
    from bqvision.sql.argument_checks import RequestType, SafetyCategory, SafetyThreshold
    from bqvision.sql.functions import FunctionName, ModelFunctionName

V = TypeVar("V", BoolResult, IntResult, FloatResult)

SchemaPlace = Literal["request", "prompt", "none"]


class ModelOptions(TypedDict, total=False):
    """How a remote model is asked; where a key is left out, BigQuery's default holds, except for the output limit."""

    function: ModelFunctionName | None
    """The function to call, by default ``ML.GENERATE_TEXT``; or ``AI.GENERATE_TEXT``, or ``AI.GENERATE_TABLE``."""
    temperature: float | None
    """How random the answer is, 0 to 1; BigQuery's default is 0. Of ``AI.GENERATE_TABLE`` 0 to 2."""
    top_p: float | None
    """How far down the list of likely tokens to go, 0 to 1; BigQuery's default is 0.95."""
    max_output_tokens: int | None
    """1 to 8192. By default 8192 in `Analysis.run`, since a model's thinking counts against it and BigQuery's own
    default of 1024 cuts answers; in `Analysis.create_table` BigQuery's, or 8192 if a record's schema is sent."""
    stop_sequences: Sequence[str] | None
    """Texts at which the answer ends."""
    safety_settings: Mapping[SafetyCategory, SafetyThreshold] | None
    """Threshold by harm category, such as ``{"HARM_CATEGORY_HARASSMENT": "BLOCK_ONLY_HIGH"}``."""
    model_params: Mapping[str, JsonValue] | None
    """A body of Gemini's ``generateContent`` without its ``contents``, for what has no key here; excludes the five
    above."""
    ground_with_google_search: bool | None
    """Whether the model may search the web for its answer; the record's fields then stand in the prompt, since models
    before Gemini 3 take no schema beside it."""
    request_type: RequestType | None
    """Which quota is used; ``DEDICATED`` is provisioned throughput, ``SHARED`` is dynamic shared quota."""
    flatten_json_output: bool | None
    """Whether ``ML.GENERATE_TEXT`` gives the answer's text only, which loses token counts and the finish reason. By
    default not in `Analysis.run`; in `Analysis.create_table`, as the tutorial does."""
    schema: SchemaPlace | None
    """Where the record's fields are asked for. ``request`` holds the model to them; ``prompt`` says them in words
    behind the prompt; with ``none`` the prompt says it all. By default ``request``; without a record, ``none``."""
    group_by: str | None
    """A regular expression (RE2). Images whose URIs match it alike are shown together, in one question, and their
    record's ``uri`` is what matched, or its group in brackets. One that does not match is a question of its own."""


class EndpointOptions(TypedDict, total=False):
    """How a model is asked without a remote model."""

    endpoint: str | None
    """The model, such as ``gemini-2.5-flash``, or its URL. By default BigQuery chooses a recent one; when it chooses
    another, answers of both count as answers to the same question, so name one for work that goes on."""
    connection: str | Connection | None
    """Whose permissions call it; by default the caller's own, which end after 48 hours."""
    group_by: str | None
    """As in `ModelOptions`."""


class GenerateOptions(EndpointOptions, total=False):
    """How a model is asked without a remote model, by one of the functions ``AI.GENERATE``."""

    model_params: Mapping[str, JsonValue] | None
    """A body of Gemini's ``generateContent`` without its ``contents``, such as
    ``{"generation_config": {"temperature": 0.2}}``."""
    request_type: RequestType | None
    """As in `ModelOptions`."""


def ask_model(
    model: RemoteModel, images: ObjectTable, record: type[Any] | None, prompt: str, options: ModelOptions
) -> Analysis[Any]:
    """Return the analysis that asks a remote model.

    Args:
        model: The model.
        images: The object table.
        record: The record of the answers; None for `PosterResult` and a prompt that names its keys.
        prompt: The question.
        options: How it is asked.

    Raises:
        InvalidInputError: An option is unknown, out of range, or excluded by another, or the record can't be used.
    """
    given = _known(options, ModelOptions)
    place = cast("SchemaPlace | None", given.pop("schema", None))
    group_by = cast("str | None", given.pop("group_by", None))
    arguments = Arguments(prompt=prompt, **given)  # type: ignore[arg-type]  # checked there
    if arguments.declared.scalar:
        raise InvalidInputError(
            f"{arguments.function} asks no remote model",
            next_step=f"Use {_METHODS[arguments.function]} of the object table.",
        )
    # Without a record the prompt is the tutorial's, or one like it, and sent as it stands. With the search, models
    # before Gemini 3 refuse a schema: https://ai.google.dev/gemini-api/docs/structured-output.
    schema: RecordSchema[Any] = schema_of(PosterResult if record is None else record)
    if place is None and record is None and not arguments.declared.typed:
        place = "none"
    elif place is None:
        place = "prompt" if arguments.ground_with_google_search else "request"
    return _analysis(images, _asked(arguments, schema, place), schema, model=model, group_by=group_by)


class Questions(ABC):
    """What can be asked about images without a remote model; every question is an `Analysis`, run like any other."""

    __slots__ = ()

    @abstractmethod
    def _images(self) -> ObjectTable: ...

    @overload
    def analyze(
        self, *, prompt: str, record: None = None, **options: Unpack[GenerateOptions]
    ) -> Analysis[PosterResult]: ...

    @overload
    def analyze(self, *, prompt: str, record: type[R], **options: Unpack[GenerateOptions]) -> Analysis[R]: ...

    @overload
    def analyze(
        self, *, prompt: str, record: type[P], **options: Unpack[GenerateOptions]
    ) -> Analysis[Extracted[P]]: ...

    def analyze(
        self, *, prompt: str, record: type[Any] | None = None, **options: Unpack[GenerateOptions]
    ) -> Analysis[Any]:
        """Ask for a record about every image, by ``AI.GENERATE``, which needs no remote model; nothing is sent.

        Args:
            prompt: The question. The record's fields are asked for beside it.
            record: The record class of the answers: a dataclass that extends `ImageResult`, or a Pydantic model, for
                records of type `Extracted`. Default: `PosterResult`.
            **options: See `bqvision.GenerateOptions`.

        Raises:
            InvalidInputError: An option is unknown or can not be right, or the record class can't be used.
        """
        given, group_by = _split(options, GenerateOptions)
        schema: RecordSchema[Any] = schema_of(PosterResult if record is None else record)
        arguments = Arguments(function="AI.GENERATE", prompt=prompt, **given)  # type: ignore[arg-type]
        return _analysis(self._images(), _asked(arguments, schema, "request"), schema, group_by=group_by)

    def generate_bool(self, prompt: str, **options: Unpack[GenerateOptions]) -> Analysis[BoolResult]:
        """Ask a question about every image that is answered by yes or no, by ``AI.GENERATE_BOOL``; nothing is sent.

        Args:
            prompt: The question.
            **options: See `bqvision.GenerateOptions`.

        Raises:
            InvalidInputError: An option is unknown or can not be right.
        """
        return self._value("AI.GENERATE_BOOL", prompt, BoolResult, options)

    def generate_int(self, prompt: str, **options: Unpack[GenerateOptions]) -> Analysis[IntResult]:
        """Ask for a whole number about every image, by ``AI.GENERATE_INT``; nothing is sent.

        Args:
            prompt: The question.
            **options: See `bqvision.GenerateOptions`.

        Raises:
            InvalidInputError: An option is unknown or can not be right.
        """
        return self._value("AI.GENERATE_INT", prompt, IntResult, options)

    def generate_double(self, prompt: str, **options: Unpack[GenerateOptions]) -> Analysis[FloatResult]:
        """Ask for a number about every image, by ``AI.GENERATE_DOUBLE``; nothing is sent.

        Args:
            prompt: The question.
            **options: See `bqvision.GenerateOptions`.

        Raises:
            InvalidInputError: An option is unknown or can not be right.
        """
        return self._value("AI.GENERATE_DOUBLE", prompt, FloatResult, options)

    def where(self, condition: str, **options: Unpack[EndpointOptions]) -> Analysis[ConditionResult]:
        """Ask whether every image meets a condition, by ``AI.IF``; nothing is sent.

        ``AI.IF``, ``AI.CLASSIFY`` and ``AI.SCORE`` say nothing of a row that failed: its outcome is UNKNOWN, and no
        tokens are known. If all rows of a job fail, the job does, nothing is kept, and each further run pays for these
        images again. `generate_bool` asks the same and says why.

        Args:
            condition: What is true of the wanted images, such as ``"The poster shows a train."``
            **options: See `bqvision.EndpointOptions`.

        Raises:
            InvalidInputError: An option is unknown or can not be right.
        """
        given, group_by = _split(options, EndpointOptions)
        arguments = Arguments(function="AI.IF", prompt=condition, **given)  # type: ignore[arg-type]
        return _analysis(self._images(), arguments, schema_of(ConditionResult), group_by=group_by)

    @overload
    def classify(
        self,
        categories: Sequence[str] | Mapping[str, str],
        *,
        prompt: str | None = None,
        multi: Literal[False] = False,
        **options: Unpack[EndpointOptions],
    ) -> Analysis[CategoryResult]: ...

    @overload
    def classify(
        self,
        categories: Sequence[str] | Mapping[str, str],
        *,
        prompt: str | None = None,
        multi: Literal[True],
        **options: Unpack[EndpointOptions],
    ) -> Analysis[CategoriesResult]: ...

    @overload
    def classify(
        self,
        categories: Sequence[str] | Mapping[str, str],
        *,
        prompt: str | None = None,
        multi: bool,
        **options: Unpack[EndpointOptions],
    ) -> Analysis[CategoryResult] | Analysis[CategoriesResult]: ...

    def classify(
        self,
        categories: Sequence[str] | Mapping[str, str],
        *,
        prompt: str | None = None,
        multi: bool = False,
        **options: Unpack[EndpointOptions],
    ) -> Analysis[CategoryResult] | Analysis[CategoriesResult]:
        """Have a category chosen for every image, by ``AI.CLASSIFY``; nothing is sent.

        Args:
            categories: What to choose from; or a mapping of category to what it means.
            prompt: What to go by, such as ``"What kind of film does this poster advertise?"``
            multi: Whether any number of categories may be chosen.
            **options: See `bqvision.EndpointOptions`.

        Raises:
            InvalidInputError: Categories repeat or are blank, or an option is unknown or can not be right.
        """
        given, group_by = _split(options, EndpointOptions)
        if type(multi) is not bool:
            raise InvalidInputError("multi must be True or False")
        arguments = Arguments(
            function="AI.CLASSIFY",
            prompt=prompt,
            categories=_categories(categories),
            output_mode="multi" if multi else None,
            **given,  # type: ignore[arg-type]
        )
        if multi:
            return _analysis(self._images(), arguments, schema_of(CategoriesResult), group_by=group_by)
        return _analysis(self._images(), arguments, schema_of(CategoryResult), group_by=group_by)

    def score(self, prompt: str, **options: Unpack[EndpointOptions]) -> Analysis[ScoreResult]:
        """Have every image rated, by ``AI.SCORE``; nothing is sent.

        Args:
            prompt: What is rated, and by which scale: ``"On a scale from 0 to 10, how legible is the title?"``
            **options: See `bqvision.EndpointOptions`.

        Raises:
            InvalidInputError: An option is unknown or can not be right.
        """
        given, group_by = _split(options, EndpointOptions)
        arguments = Arguments(function="AI.SCORE", prompt=prompt, **given)  # type: ignore[arg-type]
        return _analysis(self._images(), arguments, schema_of(ScoreResult), group_by=group_by)

    def _value(
        self, function: FunctionName, prompt: str, record: type[V], options: GenerateOptions
    ) -> Analysis[V]:
        given, group_by = _split(options, GenerateOptions)
        arguments = Arguments(function=function, prompt=prompt, **given)  # type: ignore[arg-type]
        return _analysis(self._images(), arguments, schema_of(record), group_by=group_by)


_METHODS: Final[Mapping[FunctionName, str]] = {
    "AI.GENERATE": ".analyze(...)",
    "AI.GENERATE_BOOL": ".generate_bool(...)",
    "AI.GENERATE_INT": ".generate_int(...)",
    "AI.GENERATE_DOUBLE": ".generate_double(...)",
    "AI.IF": ".where(...)",
    "AI.CLASSIFY": ".classify(...)",
    "AI.SCORE": ".score(...)",
}


def _analysis(
    images: ObjectTable,
    arguments: Arguments,
    schema: RecordSchema[R],
    *,
    model: RemoteModel | None = None,
    group_by: str | None,
) -> Analysis[R]:
    pattern = None if group_by is None else clean_group_by(group_by)
    return Analysis(images=images, arguments=arguments, schema=schema, model=model, group_by=pattern)


def _asked(arguments: Arguments, schema: RecordSchema[R], place: SchemaPlace) -> Arguments:
    if place not in get_args(SchemaPlace):
        raise InvalidInputError(
            f"schema can not be {place!r:.40}", next_step="Give 'request', 'prompt' or 'none'."
        )
    if arguments.declared.typed:
        if place != "request":
            raise InvalidInputError(
                f"{arguments.function} always has the record's fields in its request",
                next_step="Leave schema out, or use ML.GENERATE_TEXT or AI.GENERATE_TEXT.",
            )
        return arguments.typed(output_schema(schema))
    if place == "request":
        return arguments.shaped(response_schema(schema))
    if place == "prompt":
        return replace(arguments, prompt=f"{arguments.prompt}\n\n{instructions(schema)}")
    return arguments


def _known(options: Mapping[str, object], kind: type) -> dict[str, object]:
    """Return the options that are given; an unknown one is refused, for callers without a type checker."""
    known = kind.__annotations__
    if unknown := sorted(options.keys() - known.keys()):
        raise InvalidInputError(
            f"there is no option {', '.join(unknown)}",
            next_step="; ".join(
                [f"Use {', '.join(sorted(known))}"]
                + [f"{name} is an argument of {takers(name)}" for name in unknown if takers(name)]
            )
            + ".",
        )
    return {
        name: str(value) if isinstance(value, Connection) else value
        for name, value in options.items()
        if value is not None
    }


def _split(options: Mapping[str, object], kind: type) -> tuple[dict[str, object], str | None]:
    given = _known(options, kind)
    return given, cast("str | None", given.pop("group_by", None))


def _categories(categories: Sequence[str] | Mapping[str, str]) -> dict[str, str | None]:
    if isinstance(categories, Mapping):
        named: dict[str, str | None] = dict(categories)
    elif isinstance(categories, str) or not isinstance(categories, Sequence):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise InvalidInputError(
            "categories must be a list of texts, or a mapping of each to what it means",
            next_step="Give, for example, ['drama', 'comedy'].",
        )
    else:
        named = dict.fromkeys(categories)
    folded = [str(name).strip().casefold() for name in categories]
    if twice := next((name for name in folded if folded.count(name) > 1), None):
        raise InvalidInputError(f"category {twice[:80]!a} is given twice", next_step="Name each one once.")
    return named
