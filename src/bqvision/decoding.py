"""From a table's row to a record: a row of the results table, or one of the tutorial's CREATE TABLE AS."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from bqvision.answers import read_fields
from bqvision.errors import ReadError
from bqvision.outcomes import Response, classify, explain, read_response
from bqvision.records import Outcome, Usage
from bqvision.sql.functions import FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bqvision.schema import R, RecordSchema
    from bqvision.sql.functions import Function

T = TypeVar("T")

_LEDGER = ("uri", "generation", "status", "outcome", "error", "text", "input_tokens", "output_tokens")
_TUTORIAL = FUNCTIONS["ML.GENERATE_TEXT"]


def decode(schema: RecordSchema[R], row: Mapping[str, object], function: Function = _TUTORIAL) -> R:
    """Return a row as a record.

    Args:
        schema: The record to make.
        row: A row of a results table, whose outcome was settled when it was written; or of a table with `uri`
            and the output of a function, whose outcome is settled here.
        function: The function.

    Raises:
        ReadError: The row has not the columns of either; the message names those that are missing.
    """
    if "outcome" in row:
        return _from_ledger(schema, row)
    output = function.stored
    wanted = [name for name in (output.text, output.response, output.value) if name is not None]
    if any(name in row for name in wanted):
        return _from_output(schema, row, function)
    raise ReadError(
        f"the table holds no answers of {function.name}: it has neither outcome nor {' nor '.join(wanted)}, "
        f"only {_names(row)}",
        next_step="Read a table that run() or create_table() has written, with the same function.",
    )


def _from_ledger(schema: RecordSchema[R], row: Mapping[str, object]) -> R:
    missing = [name for name in _LEDGER if name not in row]
    if missing:
        raise ReadError(
            f"the table is no results table of bqvision: it lacks {', '.join(missing)}",
            next_step="Read a table that run() has written, with all of its columns.",
        )
    stored = _column(row, "outcome", str)
    if stored is None or stored not in Outcome.__members__:
        raise ReadError(
            f"outcome {stored!r} is not known to this version of bqvision",
            next_step="Upgrade bqvision to the version that wrote the table.",
        )
    outcome = Outcome(stored)
    text = _column(row, "text", str)
    answer = read_fields(text if outcome is Outcome.OK else None, schema.fields)
    return schema.build(
        answer.values if outcome is Outcome.OK else None,
        uri=_uri(row),
        generation=_column(row, "generation", int),
        outcome=outcome,
        status=_column(row, "status", str) or "",
        text=text,
        error=_column(row, "error", str),
        usage=Usage(_column(row, "input_tokens", int), _column(row, "output_tokens", int)),
    )


def _from_output(schema: RecordSchema[R], row: Mapping[str, object], function: Function) -> R:
    output = function.stored
    flattened = output.text in row and output.response not in row
    said = (
        Response(_column(row, output.text or "", str))
        if flattened
        else read_response(row.get(output.response or ""))
    )
    status = _column(row, output.status or "", str) or ""
    if (value := row.get(output.value or "")) is not None:
        # As `bqvision.sql.outputs` has it: a value is read as if the model had said it in a JSON object.
        text = json.dumps({schema.fields[0].name: value}, ensure_ascii=False, separators=(",", ":"))
        said = replace(said, text=text)
    answer = read_fields(said.text, schema.fields)
    outcome = classify(status=status, finish_reason=said.finish_reason, text=said.text, found=answer.found)
    found = answer if outcome is Outcome.OK else None
    return schema.build(
        found.values if found else None,
        uri=_uri(row),
        generation=_column(row, "generation", int),
        outcome=outcome,
        status=status,
        text=said.text,
        error=found.error if found else explain(outcome, status=status, finish_reason=said.finish_reason),
        usage=Usage(said.input_tokens, said.output_tokens),
    )


def _uri(row: Mapping[str, object]) -> str:
    uri = _column(row, "uri", str)
    if uri is None:
        raise ReadError(
            f"the table does not say which image a row is of: it has no uri, only {_names(row)}",
            next_step="Read a table with a column uri.",
        )
    return uri


def _column(row: Mapping[str, object], name: str, kind: type[T]) -> T | None:
    value = row.get(name)
    if value is None or isinstance(value, kind):
        return value
    raise ReadError(
        f"column {name} holds {type(value).__name__}, not {kind.__name__}",
        next_step="Read a table that run() or create_table() has written.",
    )


def _names(row: Mapping[str, object]) -> str:
    return ", ".join(row) if row else "no columns"
