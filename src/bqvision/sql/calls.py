"""The call of a model function, with a question about each row of a source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bqvision.errors import InvalidInputError
from bqvision.sql.arguments import RUN_MAX_OUTPUT_TOKENS
from bqvision.sql.compose import SQL, Composable, Parameter
from bqvision.sql.compose import Literal as Value

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import LiteralString

    from bqvision.sql.arguments import Arguments
    from bqvision.sql.compose import Composed
    from bqvision.sql.names import ModelName

__all__ = ["call"]


def call(
    arguments: Arguments,
    *,
    model: ModelName | None,
    source: Composable,
    condition: Composable | None = None,
    keep: Sequence[LiteralString],
    as_parameter: bool,
    flatten: bool | None = False,
    max_output_tokens: int | None = RUN_MAX_OUTPUT_TOKENS,
) -> Composed:
    """Return the query that asks about every row of a source.

    Args:
        arguments: What to ask.
        model: The remote model, for the functions that take one.
        source: A table or a query in brackets, with the columns of `keep` and `ref`: an ObjectRef, or an array of them.
        condition: Which of its rows; None for all.
        keep: Columns that pass through.
        as_parameter: Whether the prompt is a query parameter, so that no message about the statement shows it.
        flatten: What flatten_json_output is when it isn't set.
        max_output_tokens: The output limit when none is set.

    Returns:
        A query with the columns of `keep`, and those of the function's output; a scalar function's is ``answer``.

    Raises:
        InvalidInputError: There is a remote model and the function takes none, or the other way round.
    """
    function = arguments.declared
    prompt = _prompt(arguments, as_parameter=as_parameter)
    where = SQL("") if condition is None else SQL("\nWHERE {}").format(condition)
    columns = SQL(", ").join(SQL(name) for name in keep)
    if function.scalar and model is None:
        return SQL("""\
SELECT
  {columns},
  {function}(
    {arguments}
  ) AS answer
FROM {source}{where}""").format(
            columns=columns,
            function=SQL(function.name),
            arguments=SQL(",\n").join([prompt, *arguments.named()]),
            source=source,
            where=where,
        )
    if function.scalar or model is None:
        raise InvalidInputError(
            f"{function.name} {'takes no' if function.scalar else 'needs a'} remote model",
            next_step="Use object_table.analyze for AI.GENERATE, and remote_model.analyze for the others.",
        )
    return SQL("""\
SELECT *
FROM {function}(
  MODEL {model},
  (
    SELECT {columns}, {prompt} AS prompt
    FROM {source}{where}
  ),
  STRUCT(
    {arguments}
  )
)""").format(
        function=SQL(function.name),
        model=model,
        columns=columns,
        prompt=prompt,
        source=source,
        where=where,
        arguments=arguments.fields(prompt=False, max_output_tokens=max_output_tokens, flatten=flatten),
    )


def _prompt(arguments: Arguments, *, as_parameter: bool) -> Composable:
    if arguments.prompt is None:
        return SQL("STRUCT(ref)")
    text = Parameter("prompt", "STRING", arguments.prompt) if as_parameter else Value(arguments.prompt)
    return SQL("({}, ref)").format(text)
