"""From a table's row to a record: a row of the results table, or one of the tutorial's CREATE TABLE AS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from bqvision.answers import read_fields
from bqvision.errors import ReadError
from bqvision.outcomes import Response, classify, explain, read_response
from bqvision.records import Outcome, Usage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bqvision.schema import R, RecordSchema

T = TypeVar("T")

_LEDGER = ("uri", "generation", "status", "outcome", "error", "text", "input_tokens", "output_tokens")
_RESPONSE = "ml_generate_text_result"
_TEXT = "ml_generate_text_llm_result"
_STATUS = "ml_generate_text_status"


def decode(schema: RecordSchema[R], row: Mapping[str, object]) -> R:
    """Return a row as a record.

    Args:
        schema: The record to make.
        row: A row of a results table, whose outcome was settled when it was written; or of a table with `uri`
            and the output of ML.GENERATE_TEXT, whose outcome is settled here.

    Raises:
        ReadError: The row has not the columns of either; the message names those that are missing.
    """
    if "outcome" in row:
        return _from_ledger(schema, row)
    if _RESPONSE in row or _TEXT in row:
        return _from_output(schema, row)
    raise ReadError(
        f"the table holds no answers: it has neither outcome nor {_TEXT} nor {_RESPONSE}, only {_names(row)}",
        next_step="Read a table that run() or create_table() has written.",
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
    return _record(
        schema,
        answer.values,
        uri=_uri(row),
        generation=_column(row, "generation", int),
        outcome=outcome,
        status=_column(row, "status", str) or "",
        text=text,
        error=_column(row, "error", str),
        usage=Usage(_column(row, "input_tokens", int), _column(row, "output_tokens", int)),
    )


def _from_output(schema: RecordSchema[R], row: Mapping[str, object]) -> R:
    said = Response(_column(row, _TEXT, str)) if _TEXT in row else read_response(row[_RESPONSE])
    status = _column(row, _STATUS, str) or ""
    answer = read_fields(said.text, schema.fields)
    outcome = classify(status=status, finish_reason=said.finish_reason, text=said.text, found=answer.found)
    final = answer if outcome is Outcome.OK else read_fields(None, schema.fields)
    return _record(
        schema,
        final.values,
        uri=_uri(row),
        generation=_column(row, "generation", int),
        outcome=outcome,
        status=status,
        text=said.text,
        error=final.error or explain(outcome, status=status, finish_reason=said.finish_reason),
        usage=Usage(said.input_tokens, said.output_tokens),
    )


def _record(schema: RecordSchema[R], values: Mapping[str, object], **known: Any) -> R:
    for field in schema.fields:
        # A field that takes no None has a default, and that stands for a value that isn't there.
        if field.nullable or values[field.name] is not None:
            known[field.name] = values[field.name]
    return schema.record(**known)


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
