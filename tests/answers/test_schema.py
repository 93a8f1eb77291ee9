"""A record class is read as a schema, or refused with its reason."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, Optional, assert_type

import pytest

from bqvision.errors import InvalidInputError
from bqvision.records import ImageResult, Outcome, PosterResult, Usage
from bqvision.schema import LEDGER_COLUMNS, Describe, Field, RecordSchema, schema_of

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


@pytest.mark.parametrize("name", sorted({*LEDGER_COLUMNS, "usage"}))
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
    [list[str], dict[str, str], Decimal, bytes, object, None, str | int, str | int | None, Any, ImageResult],
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
