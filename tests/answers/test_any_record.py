"""Whatever a record class looks like: it is asked for in valid forms, and its answers are read alike."""

from __future__ import annotations

import json
from dataclasses import make_dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal, get_origin

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from bqvision.answer_schema import instructions, output_schema, response_schema
from bqvision.errors import InvalidInputError
from bqvision.field_types import Array, Choice, FieldType, Struct
from bqvision.local.statements.output_schema import parse_output_schema
from bqvision.records import ImageResult
from bqvision.schema import RecordSchema, schema_of
from tests import googlesql
from tests.answers import rich

if TYPE_CHECKING:
    from tests.answers.evaluators import LocalBigQuery

# Names that statements use themselves, reserved words, and names whose case matters in JSON.
_NAMES = st.sampled_from(
    ["value", "lost", "wrong", "position", "json", "order", "items", "Title", "b2", "x_y"]
)
_SCALARS = st.sampled_from(
    [str, int, float, bool, date, datetime, Literal["a", "Bb", "c d"], Literal[1, -5, 100]]
)
_SAID = {
    "STRING": "text",
    "INT64": 7,
    "FLOAT64": 0.5,
    "BOOL": True,
    "DATE": "1999-12-31",
    "TIMESTAMP": "1999-12-31T23:59:59.5-01:00",
}
_JUNK = st.recursive(
    st.sampled_from([None, True, 0, 2.5, 1e5, "", "a", "BB", " c d ", "1", "2020-02-30", "2020-01-01T10:00"]),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(_NAMES, inner, max_size=2)),
    max_leaves=4,
)


def _list(item: Any) -> Any:
    return item if get_origin(item) is list else list[item]


def _class(members: dict[str, tuple[Any, bool]], **options: Any) -> Any:
    needed = [(name, kind) for name, (kind, required) in members.items() if required]
    optional = [(name, kind | None, None) for name, (kind, required) in members.items() if not required]
    return make_dataclass("Made", [*needed, *optional], frozen=True, **options)


_TYPES: st.SearchStrategy[Any] = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(
        inner.map(_list),
        st.dictionaries(_NAMES, st.tuples(inner, st.booleans()), min_size=1, max_size=3).map(_class),
    ),
    max_leaves=8,
)
_RECORDS = st.dictionaries(_NAMES, st.tuples(_TYPES, st.just(False)), min_size=1, max_size=3).map(
    lambda members: _class(members, bases=(ImageResult,), kw_only=True)
)


@st.composite
def _values(draw: st.DrawFn, kind: FieldType) -> object:
    if draw(st.integers(0, 7)) == 0:
        return draw(_JUNK)
    match kind:
        case Array(item=item):
            return draw(st.lists(_values(item), max_size=2))
        case Struct(fields=fields):
            return {each.name: draw(_values(each.type)) for each in fields if draw(st.integers(0, 9))}
        case Choice(values=values):
            return draw(st.sampled_from(values))
        case _:
            return _SAID[kind]


@st.composite
def _questions(draw: st.DrawFn) -> tuple[RecordSchema[Any], list[str]]:
    """Return a schema, and answers that fit it more or less."""
    try:
        schema = schema_of(draw(_RECORDS))
    except InvalidInputError:
        assume(False)
        raise
    objects = st.fixed_dictionaries({each.name: _values(each.type) for each in schema.fields})
    return schema, draw(st.lists(objects.map(json.dumps), min_size=8, max_size=8))


_EFFORT = settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck), database=None)


@_EFFORT
@given(_questions())
def test_google_reads_any_record_as_python_does(question: tuple[RecordSchema[Any], list[str]]) -> None:
    """And takes its fields as the columns of a table."""
    schema, answers = question
    assert rich.google(answers, schema) == rich.python(answers, schema)
    columns = output_schema(schema)
    googlesql.parse(f"CREATE TABLE t ({columns})")
    names = [item.name for item in schema.fields]
    assert [item.name for item in parse_output_schema(columns)] == names
    assert json.loads(json.dumps(response_schema(schema)))["propertyOrdering"] == names
    assert all(f"\n- {name}: " in instructions(schema) for name in names)


def test_the_local_bigquery_reads_any_record_as_python_does(local: LocalBigQuery) -> None:
    """The emulator agrees too."""
    read = rich.on(local)

    @settings(_EFFORT, max_examples=15)
    @given(_questions())
    def agree(question: tuple[RecordSchema[Any], list[str]]) -> None:
        schema, answers = question
        assert read(answers, schema) == rich.python(answers, schema)

    agree()
