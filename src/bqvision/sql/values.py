"""The values of an answer as SQL: out of JSON, by the rules of `bqvision.answers`, into typed columns.

The values of an object are columns beside those of the record, each with a number of its own. Only the items of a list
are read in a query of their own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import count
from string import ascii_lowercase, ascii_uppercase
from typing import TYPE_CHECKING, Final

from bqvision import answers
from bqvision.field_types import Array, Choice, Struct, folded
from bqvision.sql.compose import SQL, Composable, Composed, Identifier, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bqvision.field_types import Field, FieldType, ScalarType

__all__ = ["Value", "pattern", "values_of"]

_MOMENT: Final = SQL("""\
SAFE_CAST(CONCAT(
  SUBSTR({value}, 1, 16),
  COALESCE(REGEXP_EXTRACT({value}, {seconds}), ':00'),
  COALESCE(REGEXP_EXTRACT({value}, {zone}), 'Z')
) AS TIMESTAMP)""")

_TYPED: Final[dict[ScalarType, SQL]] = {
    "STRING": SQL("""\
IF(STARTS_WITH({raw}, '"') OR REGEXP_CONTAINS({raw}, {number}), NULLIF({value}, ''), NULL)"""),
    "INT64": SQL("""\
IF(REGEXP_CONTAINS({value}, {pattern}), SAFE_CAST(REGEXP_EXTRACT({value}, {integer}) AS INT64), NULL)"""),
    "FLOAT64": SQL("""\
IF(
  REGEXP_CONTAINS({value}, {pattern}) AND ABS(SAFE_CAST({value} AS FLOAT64)) < {limit},
  SAFE_CAST({value} AS FLOAT64),
  NULL
)"""),
    "BOOL": SQL("IF(REGEXP_CONTAINS({value}, {pattern}), LOWER({value}) = 'true', NULL)"),
    "DATE": SQL("IF(REGEXP_CONTAINS({value}, {pattern}), SAFE_CAST({value} AS DATE), NULL)"),
    # An offset can lead out of the years that there are.
    "TIMESTAMP": SQL("""\
IF(
  REGEXP_CONTAINS({value}, {pattern})
  AND {moment} BETWEEN TIMESTAMP '0001-01-01 00:00:00+00' AND TIMESTAMP '9999-12-31 23:59:59.999999+00',
  {moment},
  NULL
)"""),
}

# What is read of a list: its items; whether one is lost, being there and no value; and what is wrong in them, as the
# codes of messages one after the other.
_ITEMS: Final = SQL("""\
(
  SELECT AS STRUCT
    ARRAY_AGG({item} IGNORE NULLS ORDER BY _position) AS value,
    COALESCE(LOGICAL_OR({lost}), FALSE) AS lost,
    COALESCE(STRING_AGG(CONCAT(
      {wrong}
    ), ''), '') AS wrong
  FROM (
    SELECT
      *,
      {typed}
    FROM (
      SELECT
        _offset AS _position, {element},
        {values}
      FROM UNNEST(JSON_QUERY_ARRAY(IF(STARTS_WITH({raw}, '['), {json}, NULL))) AS {element} WITH OFFSET AS _offset
    )
  )
)""")


def pattern(text: str) -> Literal:
    """Return a pattern of `bqvision.answers` as RE2 has it."""
    return Literal(answers.re2(text))


def values_of(fields: Sequence[Field]) -> tuple[Value, ...]:
    """Return the values of an answer's object, which is in the column ``_json``."""
    numbers = count(1)
    json = SQL("_json")
    return tuple(_field(field, _Place(json, json), numbers) for field in fields)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a value stands."""

    root: Composable
    """The JSON value that is a column: the answer's object, or an item of a list."""
    json: Composable
    """The JSON value itself."""
    path: str = "$"
    """The way from the one to the other, as a JSONPath."""

    def at(self, name: str) -> _Place:
        """Return the place of a value in the object here."""
        # The local BigQuery takes the first of four names in a row for that of a table, and lowers some names' case.
        plain = self.path == "$" and name.islower()
        step = (
            SQL("{}.{}").format(self.json, Identifier(name))
            if plain
            else SQL("{}[{}]").format(self.json, Literal(name))
        )
        return _Place(self.root, step, f"{self.path}.{name}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A value in an answer: a field of the record, a field of an object in it, or an item of a list."""

    kind: FieldType
    place: _Place
    raw: Identifier
    """The column of its JSON text."""
    text: Identifier
    """The column of its cleaned text; NULL for an object or a list."""
    typed: Identifier
    """The column of what is read of it: a scalar's typed value, or a list's `_ITEMS`; an object has none."""
    code: int
    """What stands for its messages in a list's ``wrong``; an item has the list's."""
    message: str
    """What an error says of it if it is of another type."""
    missing: str | None = None
    """What an error says of an object that lacks it, if that object can't do without it."""
    members: tuple[tuple[str, Value], ...] = ()
    """The values of an object, by name."""
    item: Value | None = None
    """What each item of a list is."""

    def columns(self) -> Iterator[Composed]:
        """Return the columns to read it from, in the step that has its JSON."""
        yield SQL("{} AS {}").format(self._raw(), self.raw)
        json_value = SQL("JSON_VALUE({}, {})").format(self.place.root, Literal(self.place.path))
        yield SQL("TRIM(REGEXP_REPLACE({}, {}, ' '), ' ') AS {}").format(
            json_value, Literal(answers.NOISE), self.text
        )
        for _, member in self.members:
            yield from member.columns()

    def _raw(self) -> Composed:
        raw = SQL("TO_JSON_STRING({})").format(self.place.json)
        # Where nothing is, the local BigQuery says NULL.
        return raw if self.missing is None else SQL("COALESCE({}, 'null')").format(raw)

    def typed_columns(self) -> Iterator[Composed]:
        """Return the columns of what is read, in the step after that."""
        for _, member in self.members:
            yield from member.typed_columns()
        if self.item is not None:
            yield SQL("{} AS {}").format(_items(self, self.item), self.typed)
        elif not isinstance(self.kind, Array | Struct):
            yield SQL("{} AS {}").format(_scalar(self.kind, raw=self.raw, text=self.text), self.typed)

    def value(self) -> Composable:
        """Return the value, NULL if there is none."""
        if isinstance(self.kind, Array):
            made = SQL("COALESCE({}.value, [])").format(self.typed)
        elif isinstance(self.kind, Struct):
            members = (
                SQL("{} AS {}").format(member.value(), Identifier(name)) for name, member in self.members
            )
            made = SQL("STRUCT({})").format(SQL(", ").join(members))
        else:
            return self.typed
        return SQL("IF({}, {}, NULL)").format(self._valid(), made)

    def lost(self) -> Composed:
        """Return the test for being there and yet no value."""
        return SQL("{} AND NOT ({})").format(self._there(), self._valid())

    def errors(self, wrong: Composable | None = None) -> Iterator[Composed]:
        """Return what the row's error says of it and of what is in it, in order, each NULL if all is well.

        Args:
            wrong: The codes of what is wrong in the list that it is in; None if it is in none.
        """
        inner = SQL("{}.wrong").format(self.typed) if self.item and wrong is None else wrong
        test = self._of_another_type()
        if inner is not None:
            # What is wrong in a list may be an item of another type.
            said = _says(inner, self._code())
            test = said if wrong is not None else SQL("{} OR {}").format(test, said)
        yield _if(test, self.message)
        for _, member in (self.item or self).members:
            yield from member.errors(inner)
            if member.missing is not None:
                lacking = self._lacks(member) if inner is None else _says(inner, member._code("-"))
                yield _if(lacking, member.missing)

    def codes(self) -> Iterator[Composed]:
        """Return the codes of what is wrong with it and in it, each empty if all is well."""
        yield SQL("IF({}, {}, '')").format(self._of_another_type(), self._code())
        if self.item is not None:
            yield SQL("{}.wrong").format(self.typed)
        for _, member in self.members:
            yield from member.codes()
            if member.missing is not None:
                yield SQL("IF({}, {}, '')").format(self._lacks(member), member._code("-"))

    def _of_another_type(self) -> Composed:
        if isinstance(self.kind, Array | Struct):
            return SQL("{} AND NOT {}").format(self._there(), self._opens())
        return SQL("{} IS NULL AND {}").format(self.typed, self._there())

    def _lacks(self, member: Value) -> Composed:
        return SQL("{} AND NOT ({})").format(self._opens(), member._there())

    def _there(self) -> Composed:
        # JSON null and a blank string are no value, and no error.
        return SQL("{} != 'null' AND COALESCE({}, '?') != ''").format(self.raw, self.text)

    def _opens(self) -> Composed:
        return SQL("STARTS_WITH({}, {})").format(
            self.raw, Literal("[" if isinstance(self.kind, Array) else "{")
        )

    def _valid(self) -> Composed:
        if isinstance(self.kind, Array):
            return SQL("{} AND NOT {}.lost").format(self._opens(), self.typed)
        if isinstance(self.kind, Struct):
            needed = (member._valid() for _, member in self.members if member.missing is not None)
            return SQL(" AND ").join([self._opens(), *needed])
        return SQL("{} IS NOT NULL").format(self.typed)

    def _code(self, suffix: str = "") -> Literal:
        return Literal(f"<{self.code}{suffix}>")


def _if(test: Composed, message: str) -> Composed:
    return SQL("IF({}, {}, NULL)").format(test, Literal(message))


def _says(wrong: Composable, code: Literal) -> Composed:
    return SQL("STRPOS({}, {}) > 0").format(wrong, code)


def _items(of: Value, item: Value) -> Composed:
    return _ITEMS.format(
        item=item.value(),
        lost=item.lost(),
        wrong=SQL(",\n").join(item.codes()),
        typed=SQL(",\n").join(item.typed_columns()),
        element=item.place.root,
        values=SQL(",\n").join(item.columns()),
        raw=of.raw,
        json=of.place.json,
    )


def _scalar(kind: ScalarType | Choice, *, raw: Composable, text: Composable) -> Composed:
    if isinstance(kind, Choice):
        base = _scalar(kind.base, raw=raw, text=text)
        if kind.base == "STRING":
            base = SQL("TRANSLATE({}, {}, {})").format(
                base, Literal(ascii_uppercase), Literal(ascii_lowercase)
            )
        values = (
            SQL("WHEN {} THEN {}").format(
                Literal(folded(each) if isinstance(each, str) else each), Literal(each)
            )
            for each in kind.values
        )
        return SQL("CASE {}\n  {}\nEND").format(base, SQL("\n").join(values))
    known: dict[str, Composable] = {
        "raw": raw,
        "value": text,
        "pattern": pattern(answers.TYPE_PATTERNS[kind]),
        "number": pattern(answers.NUMBER_AS_TEXT),
        "integer": pattern(answers.INTEGER_PART),
        "limit": Literal(answers.FLOAT_LIMIT),
        "moment": _MOMENT.format(value=text, seconds=pattern(answers.SECONDS), zone=pattern(answers.ZONE)),
    }
    template = _TYPED[kind]
    used = {name: part for name, part in known.items() if "{" + name + "}" in template.template}
    return template.format(**used)


def _field(field: Field, place: _Place, numbers: Iterator[int], holder: str = "") -> Value:
    code = next(numbers)
    name = f"{holder}{field.name}"
    # No field's name begins with a digit: so none has the columns of a field in an object.
    column = f"{code}_{field.name}" if holder else field.name
    message = answers.wrong_type(name, field.type)
    value = _value(field.type, place.at(field.name), numbers, name, column, code, message)
    if holder:
        return replace(value, missing=answers.no_value(name) if field.required else None)
    return value if isinstance(field.type, Array | Struct) else replace(value, typed=Identifier(field.name))


def _value(
    kind: FieldType, place: _Place, numbers: Iterator[int], name: str, column: str, code: int, message: str
) -> Value:
    members: tuple[tuple[str, Value], ...] = ()
    item = None
    if isinstance(kind, Struct):
        members = tuple((each.name, _field(each, place, numbers, f"{name}.")) for each in kind.fields)
    elif isinstance(kind, Array):
        element = Identifier(f"_element_{code}")
        item = _value(kind.item, _Place(element, element), numbers, name, f"{code}_item", code, message)
    return Value(
        kind=kind,
        place=place,
        raw=Identifier(f"_raw_{column}"),
        text=Identifier(f"_value_{column}"),
        typed=Identifier(f"_read_{column}"),
        code=code,
        message=message,
        members=members,
        item=item,
    )
