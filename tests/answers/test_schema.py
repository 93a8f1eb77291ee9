"""A record class is read as a schema, or refused with its reason."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError, dataclass, field, make_dataclass
from datetime import timedelta
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum, auto
from typing import TYPE_CHECKING, Annotated, Any, Literal, Optional, assert_type

import pytest

from bqvision.errors import InvalidInputError
from bqvision.records import ImageResult, Outcome, PosterResult, Usage
from bqvision.schema import (
    LEDGER_COLUMNS,
    Array,
    Choice,
    Describe,
    Field,
    RecordSchema,
    Struct,
    schema_of,
    values_of,
)
from tests.answers.rich import FILM, Film, Genre, Person, Place, Showing, Stars

if TYPE_CHECKING:
    from decimal import Decimal as OnlyForCheckers


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover(ImageResult):
    """Every kind of field that there is."""

    title: str | None = None
    pages: Optional[int] = None  # noqa: UP045  (the old spelling must work too)
    price: float = 0.0
    signed: bool | None
    isbn: Annotated[str | None, "other note", Describe("13 digits below the barcode")] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedCover(Cover):
    """A record on a record."""

    by: str | None = None


def test_the_poster_has_its_two_fields() -> None:
    """The default record asks for title and year."""
    schema = schema_of(PosterResult)
    assert_type(schema, RecordSchema[PosterResult])
    assert schema == RecordSchema(PosterResult, (Field("title", "STRING"), Field("year", "INT64")))


def test_types_descriptions_and_defaults_are_read() -> None:
    """Each annotation gives type, description and whether None is allowed, in the order of the class."""
    assert schema_of(Cover).fields == (
        Field("title", "STRING"),
        Field("pages", "INT64"),
        Field("price", "FLOAT64", nullable=False),
        Field("signed", "BOOL"),
        Field("isbn", "STRING", description="13 digits below the barcode"),
    )


def test_a_record_may_extend_another_one() -> None:
    """Inherited fields come first."""
    assert [item.name for item in schema_of(SignedCover).fields][-2:] == ["isbn", "by"]


def _record(**annotations: Any) -> type[ImageResult]:
    body: dict[str, object] = dict.fromkeys(annotations)
    made = type("Made", (ImageResult,), {"__annotations__": annotations, "__module__": __name__, **body})
    return dataclass(frozen=True, kw_only=True)(made)


_PLACE = Struct((Field("city", "STRING"), Field("countries", Array("STRING"), nullable=False)), Place)
_PERSON = Struct(
    (
        Field("name", "STRING", nullable=False, required=True),
        Field("born", "DATE"),
        Field("place", _PLACE),
        Field("roles", Array("STRING", record=tuple), nullable=False),
    ),
    Person,
)
_SHOWING = Struct(
    (Field("times", Array("TIMESTAMP"), nullable=False, required=True), Field("seats", "INT64")), Showing
)
_GENRE = Choice(("drama", "Comedy", "science fiction"), Genre)


def test_lists_objects_dates_and_closed_sets_are_read() -> None:
    """Each kind of field has its type, in the order of the class."""
    assert FILM.fields == (
        Field("title", "STRING"),
        Field("genre", _GENRE),
        Field("sound", Choice(("mono", "stereo")), nullable=False),
        Field("stars", Choice((1, 2), Stars)),
        Field("reel", Choice((1, 2, 3))),
        Field("released", "DATE"),
        Field("printed", "TIMESTAMP"),
        Field("authors", Array("STRING", "Surname first"), nullable=False),
        Field("scores", Array("FLOAT64", record=tuple)),
        Field("genres", Array(_GENRE)),
        Field("dates", Array("DATE")),
        Field("place", _PLACE),
        Field("director", _PERSON, "Who made it"),
        Field("cast", Array(_PERSON), nullable=False),
        Field("showings", Array(_SHOWING)),
    )


def test_a_field_has_the_type_of_its_column() -> None:
    """Closed sets are columns of their values' type."""
    person = "STRUCT<name STRING, born DATE, place STRUCT<city STRING, countries ARRAY<STRING>>, roles ARRAY<STRING>>"
    assert {item.name: item.column_type for item in FILM.fields if item.name not in {"dates", "place"}} == {
        "title": "STRING",
        "genre": "STRING",
        "sound": "STRING",
        "stars": "INT64",
        "reel": "INT64",
        "released": "DATE",
        "printed": "TIMESTAMP",
        "authors": "ARRAY<STRING>",
        "scores": "ARRAY<FLOAT64>",
        "genres": "ARRAY<STRING>",
        "director": person,
        "cast": f"ARRAY<{person}>",
        "showings": "ARRAY<STRUCT<times ARRAY<TIMESTAMP>, seats INT64>>",
    }


def test_the_signature_of_a_plain_field_is_name_type_and_description() -> None:
    """So questions of flat records keep their fingerprint."""
    assert [item.signature for item in schema_of(Cover).fields][-2:] == [
        ["signed", "BOOL", None],
        ["isbn", "STRING", "13 digits below the barcode"],
    ]


@pytest.mark.parametrize(
    "other",
    [
        list[Literal["a", "c"]],
        list[Literal["a", "b", "c"]],
        list[str],
        Literal["a", "b"],
        list[Annotated[Literal["a", "b"], Describe("x")]],
        Annotated[list[Literal["a", "b"]], Describe("x")],
        make_dataclass("Inner", [("a", str)], frozen=True),
        make_dataclass("Inner", [("a", str | None)], frozen=True),
        make_dataclass("Inner", [("a", Annotated[str | None, Describe("x")])], frozen=True),
    ],
    ids=str,
)
def test_the_signature_changes_with_the_question(other: object) -> None:
    """Other values, other descriptions and other needs are another question."""
    (mine,) = schema_of(_record(value=list[Literal["a", "b"]] | None)).fields
    (its,) = schema_of(_record(value=other | None)).fields  # type: ignore[operator]
    assert json.dumps(mine.signature) != json.dumps(its.signature)


@pytest.mark.parametrize(
    "annotation",
    [
        Annotated[str | None, Describe("d")],
        Annotated[Optional[str], Describe("d")],  # noqa: UP045
        Optional[Annotated[str, Describe("d")]],  # noqa: UP045
        Annotated[str, Describe("d")] | None,
        Annotated[Annotated[str | None, Describe("inner")], Describe("d")],
    ],
    ids=str,
)
def test_a_description_stands_inside_or_outside_of_optional(annotation: object) -> None:
    """The outermost one counts."""
    assert schema_of(_record(value=annotation)).fields == (Field("value", "STRING", "d"),)


def test_an_item_may_be_declared_optional() -> None:
    """No item is ever None, so it makes no difference."""
    assert schema_of(_record(value=list[str | None] | None)).fields == (Field("value", Array("STRING")),)


class _Words(StrEnum):
    FIRST = auto()
    SECOND = auto()


def test_an_enum_is_its_values() -> None:
    """Any Enum will do whose values are all texts or all whole numbers; a Literal has no class."""
    mixed = IntEnum("mixed", {"A": 3, "B": 5, "ALIAS": 3})
    assert schema_of(_record(a=_Words | None, b=mixed | None, c=Literal["x"] | None)).fields == (
        Field("a", Choice(("first", "second"), _Words)),
        Field("b", Choice((3, 5), mixed)),
        Field("c", Choice(("x",))),
    )


@pytest.mark.parametrize(
    ("annotation", "reason"),
    [
        (Literal["a", 1], "its values are not all texts or all whole numbers"),
        (Literal[True, False], "its values are not all texts or all whole numbers"),
        (Literal["a", None], "its values are not all texts or all whole numbers"),  # noqa: PYI061
        (Literal[b"a"], "its values are not all texts or all whole numbers"),
        (Enum("Nothing", {}), "its values are not all texts or all whole numbers"),
        (Enum("Pairs", {"A": ("a", 1)}), "its values are not all texts or all whole numbers"),
        (Literal["Drama", "drama"], "two of its values differ only in case, which is not looked at"),
        (Literal[""], "no answer is ever read as its value ''"),
        (Literal["a "], "no answer is ever read as its value 'a '"),
        (Literal["a\nb"], r"no answer is ever read as its value 'a\\nb'"),
        (Literal[10**18], "one of its values has more than 18 digits"),
    ],
    ids=str,
)
def test_a_closed_set_that_can_not_be_read_is_refused(annotation: Any, reason: str) -> None:
    """Mixed kinds of values, none, and values that no answer is read as."""
    with pytest.raises(InvalidInputError, match=f"^record Made, field 'value': {reason}") as caught:
        schema_of(_record(value=annotation | None))
    assert caught.value.next_step


def _nest(depth: int, *, lists: bool = False) -> Any:
    kind: Any = str
    for _ in range(depth):
        made = make_dataclass("Inner", [("inner", kind | None, None)], frozen=True)
        kind = list[made] if lists else made  # type: ignore[valid-type]
    return kind


def test_objects_may_be_nested_five_deep_and_no_deeper() -> None:
    """The sixth is refused by its path."""
    assert schema_of(_record(value=_nest(5) | None)).fields[0].column_type.count("STRUCT") == 5
    with pytest.raises(InvalidInputError) as caught:
        schema_of(_record(value=_nest(6) | None))
    path = "value.inner.inner.inner.inner.inner"
    assert caught.value.message == f"record Made, field '{path}': more than 5 objects are in one another"


def test_objects_and_lists_end_where_answers_do() -> None:
    """Deeper than eight an answer would not be read."""
    assert schema_of(_record(value=_nest(4, lists=True) | None)).fields[0].column_type.count("<") == 8
    with pytest.raises(InvalidInputError, match="more than 8 objects and lists are in one another"):
        schema_of(_record(value=_nest(5, lists=True) | None))


def test_a_class_that_holds_itself_is_refused() -> None:
    """Its column would have no end."""
    with pytest.raises(InvalidInputError) as caught:
        schema_of(_record(value=Node | None))
    assert caught.value.message == "record Made, field 'value.next': Node holds itself"


@dataclass(frozen=True, slots=True)
class Node:
    """A list made of links."""

    next: Node | None = None


@dataclass(slots=True)
class Loose:
    """Not frozen."""

    name: str | None = None


@dataclass(frozen=True, slots=True)
class Nothing:
    """Without fields."""


@dataclass(frozen=True, slots=True)
class Odd:
    """With a field of a type that there is none of."""

    amount: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Twice:
    """With names that differ in case only."""

    name: str | None = None
    Name: str | None = None


@dataclass(frozen=True, slots=True)
class Private:
    """With a name that no column has."""

    _name: str | None = None


@pytest.mark.parametrize(
    ("annotation", "message"),
    [
        (Loose, "field 'value': Loose is not frozen"),
        (Nothing, "field 'value': it has no fields of its own, so there is nothing to ask for"),
        (list[Odd], "field 'value.amount': type Decimal | None is not supported"),
        (Twice, "field 'value': 'name' and 'Name' differ only in case, which BigQuery ignores"),
        (
            Private,
            "field 'value._name': not a column name; it takes ASCII letters, digits and _, a letter first, 300 at most",
        ),
    ],
    ids=["loose", "empty", "unsupported", "case", "name"],
)
def test_a_nested_class_is_refused_by_its_path(annotation: Any, message: str) -> None:
    """Message and next step say which field of which record."""
    with pytest.raises(InvalidInputError) as caught:
        schema_of(_record(value=annotation | None))
    assert caught.value.message.replace("decimal.", "") == f"record Made, {message}"
    assert caught.value.next_step


def test_nested_fields_may_have_the_names_of_columns() -> None:
    """They are no columns of their own."""
    inner = make_dataclass("Inner", [("uri", str | None), ("prompt", str | None)], frozen=True)
    assert schema_of(_record(value=inner | None)).fields[0].column_type == "STRUCT<uri STRING, prompt STRING>"


def test_a_record_has_a_hundred_fields_at_most() -> None:
    """Nested ones count too."""
    hundred = _record(**{f"f{number}": str | None for number in range(100)})
    assert len(schema_of(hundred).fields) == 100
    inner = make_dataclass("Inner", [(f"f{number}", str | None) for number in range(100)], frozen=True)
    with pytest.raises(InvalidInputError) as caught:
        schema_of(_record(value=inner | None))
    assert caught.value.message == "record Made: it has 101 fields, nested ones included, and 100 is the most"


def test_what_a_class_computes_itself_is_not_asked_for() -> None:
    """A field that its constructor does not take is left out."""

    @dataclass(frozen=True, kw_only=True)
    class Counted(ImageResult):
        title: str | None = None
        length: int = field(init=False, default=0)

    assert [item.name for item in schema_of(Counted).fields] == ["title"]


def test_values_are_those_that_were_asked_for() -> None:
    """By field, in order, without what is known of every image."""
    film = Film(uri="gs://b/o", outcome=Outcome.OK, genre=Genre.DRAMA, place=Place(city="Paris"))
    values = values_of(film)
    assert list(values) == [item.name for item in FILM.fields]
    assert (values["genre"], values["place"], values["authors"]) == (Genre.DRAMA, Place(city="Paris"), [])


@pytest.mark.parametrize("name", sorted({*LEDGER_COLUMNS, "usage", "prompt", "ref", "full_response"}))
def test_a_column_of_the_results_table_is_no_field(name: str) -> None:
    """A field can't stand for what every row has anyway."""
    with pytest.raises(InvalidInputError, match=f"record Made, field '{name}': the name is taken"):
        schema_of(_record(**{name: str | None}))


@pytest.mark.parametrize("name", ["_title", "__x", "título", "a" * 301])
def test_a_field_is_named_as_a_column_can_be(name: str) -> None:
    """Names that BigQuery lacks, or that our statements use themselves, are refused."""
    with pytest.raises(InvalidInputError, match="not a column name"):
        schema_of(_record(**{name: str | None}))


def test_a_reserved_name_is_reserved_in_any_case() -> None:
    """BigQuery's column names ignore case."""
    with pytest.raises(InvalidInputError, match="field 'URI': the name is taken"):
        schema_of(_record(URI=str | None))


def test_two_fields_must_differ_in_more_than_case() -> None:
    """They would be one column."""
    with pytest.raises(InvalidInputError, match="'title' and 'Title' differ only in case"):
        schema_of(_record(title=str | None, Title=str | None))


@pytest.mark.parametrize(
    "annotation",
    [
        *(
            dict[str, str],
            set[str],
            Decimal,
            bytes,
            object,
            None,
            str | int,
            str | int | None,
            Any,
            ImageResult,
        ),
        *(
            list[list[str]],
            list[tuple[str, ...]],
            list,
            tuple,
            tuple[str, int],
            tuple[()],
            list[dict[str, str]],
        ),
        *(
            PosterResult,
            list[PosterResult],
            list[str] | tuple[str, ...],
            Literal["a"] | int,
            timedelta,
        ),
    ],
    ids=str,
)
def test_an_unsupported_type_is_refused_by_name(annotation: object) -> None:
    """The message names record, field and type."""
    with pytest.raises(InvalidInputError, match=r"record Made, field 'value': type .+ is not supported"):
        schema_of(_record(value=annotation))


def test_a_field_without_a_value_for_failed_images_is_refused() -> None:
    """Every image gets a record, also the one without an answer."""

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Strict(ImageResult):
        title: str

    with pytest.raises(InvalidInputError, match="field 'title': an image without an answer has no value"):
        schema_of(Strict)


def test_a_default_factory_is_a_default() -> None:
    """It stands for the missing value."""

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Lazy(ImageResult):
        title: str = field(default_factory=str)

    assert schema_of(Lazy).fields == (Field("title", "STRING", nullable=False),)


def test_a_class_that_forgot_its_decorator_is_refused() -> None:
    """Its fields would be lost without a word."""

    class Forgotten(ImageResult):
        title: str | None = None

    with pytest.raises(InvalidInputError, match="record Forgotten is not a dataclass itself"):
        schema_of(Forgotten)


def test_a_record_without_fields_is_refused() -> None:
    """There would be nothing to ask for."""

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Empty(ImageResult):
        pass

    for record in (Empty, ImageResult):
        with pytest.raises(InvalidInputError, match="nothing to ask for"):
            schema_of(record)


@pytest.mark.parametrize(
    "record", [str, dict, None, "PosterResult", PosterResult(uri="u", outcome=Outcome.OK)]
)
def test_what_is_no_record_is_refused(record: Any) -> None:
    """Callers without a type checker get an error that says what a record is."""
    with pytest.raises(InvalidInputError, match=r"does not extend bqvision\.ImageResult"):
        schema_of(record)


def test_an_annotation_that_does_not_exist_at_run_time_is_refused() -> None:
    """An import for type checkers alone can't be read, and the message says so."""

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Hidden(ImageResult):
        price: OnlyForCheckers | None = None

    with pytest.raises(InvalidInputError, match="'OnlyForCheckers', which does not exist at run time"):
        schema_of(Hidden)


def test_records_are_immutable_and_without_a_dict() -> None:
    """Frozen and slotted, as whoever extends them has to be."""
    record = PosterResult(uri="gs://b/o", outcome=Outcome.OK, title="A")
    with pytest.raises(FrozenInstanceError):
        record.title = "B"  # type: ignore[misc]
    assert not hasattr(record, "__dict__")
    assert record.usage == Usage(None, None)


def test_an_outcome_is_its_word() -> None:
    """It prints and compares as the text that stands in the table."""
    assert str(Outcome.OK) == "OK" == Outcome.OK
    assert [outcome.value for outcome in Outcome] == list(Outcome.__members__)
