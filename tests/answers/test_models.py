"""Pydantic models as records: fields as in any other, and checks of their own."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, assert_type

import pytest
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PositiveInt,
    RootModel,
    create_model,
    field_validator,
    model_validator,
)
from pydantic.dataclasses import dataclass as pydantic_dataclass

from bqvision.decoding import decode
from bqvision.errors import InvalidInputError
from bqvision.records import Extracted, ImageResult, Outcome
from bqvision.schema import Array, Choice, Describe, RecordSchema, Struct, schema_of, values_of
from bqvision.schema import Field as SchemaField


class Kind(StrEnum):
    """A closed set."""

    FILM = "film"
    PLAY = "play"


class Author(BaseModel):
    """A nested model, which must have a name."""

    name: str
    born: date | None = None


class Poster(BaseModel):
    """A model with a field of each kind, and with checks of its own."""

    model_config = ConfigDict(strict=True, frozen=True)

    title: str = Field(description="As printed", min_length=2)
    year: PositiveInt | None = None
    kind: Kind | None = None
    language: Annotated[Literal["en", "fr"] | None, Describe("Of the text")] = None
    authors: list[Author] = Field(default_factory=list)
    tags: tuple[Annotated[str, Field(description="One word")], ...] = ()
    shown: datetime | None = None

    @field_validator("year")
    @classmethod
    def _not_too_old(cls, year: int | None) -> int | None:
        if year == 666:
            raise ValueError(f"secret {year}")
        return year

    @model_validator(mode="after")
    def _not_forbidden(self) -> Poster:
        if self.title == "forbidden":
            raise ValueError("secret")
        return self


POSTER = schema_of(Poster)


def _read(text: str | None, *, status: str = "") -> Extracted[Poster]:
    row = {"uri": "gs://b/o", "ml_generate_text_status": status, "ml_generate_text_llm_result": text}
    return decode(POSTER, row)


def test_a_model_is_read_as_a_schema() -> None:
    """Its fields, types and descriptions are those of the model; its records are of one generic type."""
    assert_type(POSTER, RecordSchema[Extracted[Poster]])
    assert (POSTER.record, POSTER.model) == (Extracted, Poster)
    author = Struct(
        (SchemaField("name", "STRING", nullable=False, required=True), SchemaField("born", "DATE")), Author
    )
    assert POSTER.fields == (
        SchemaField("title", "STRING", "As printed", nullable=False, required=True),
        SchemaField("year", "INT64"),
        SchemaField("kind", Choice(("film", "play"), Kind)),
        SchemaField("language", Choice(("en", "fr")), "Of the text"),
        SchemaField("authors", Array(author), nullable=False),
        SchemaField("tags", Array("STRING", "One word", tuple), nullable=False),
        SchemaField("shown", "TIMESTAMP"),
    )


def test_an_answer_is_a_model() -> None:
    """Also a strict one: what is read has the model's own types."""
    text = (
        '{"title": "The Cameraman", "year": "1928", "kind": "FILM", "language": "en", "tags": ["a"],'
        ' "authors": [{"name": "Ann", "born": "1890-01-02"}], "shown": "1928-09-22T20:00:00+02:00"}'
    )
    found = _read(text)
    assert_type(found.value, Poster | None)
    assert found == Extracted(
        uri="gs://b/o",
        outcome=Outcome.OK,
        text=text,
        value=Poster(
            title="The Cameraman",
            year=1928,
            kind=Kind.FILM,
            language="en",
            authors=[Author(name="Ann", born=date(1890, 1, 2))],
            tags=("a",),
            shown=datetime(1928, 9, 22, 18, tzinfo=UTC),
        ),
    )
    assert list(values_of(found)) == [item.name for item in POSTER.fields]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("{}", "title: no value"),
        ('{"title": "A"}', "title: refused by Poster"),
        ('{"title": ["AB"]}', "title: not a STRING"),
        ('{"title": "AB", "year": -5}', "year: refused by Poster"),
        ('{"title": "AB", "year": 666}', "year: refused by Poster"),
        ('{"title": "A", "year": -5}', "title: refused by Poster; year: refused by Poster"),
        ('{"year": "?"}', "year: not an INT64; title: no value"),
        ('{"title": "forbidden"}', "Poster refuses the values"),
    ],
)
def test_a_model_that_refuses_an_answer_leaves_no_value(text: str, error: str) -> None:
    """The error names the fields, and never what they hold or what the check says."""
    found = _read(text)
    assert (found.outcome, found.value, found.error, values_of(found)) == (Outcome.OK, None, error, {})


def test_a_field_of_another_type_may_be_missing_from_a_model() -> None:
    """As in any other record, the rest is read."""
    found = _read('{"title": "AB", "year": "?", "authors": [{"born": "1890-01-02"}]}')
    assert (found.value, found.error) == (Poster(title="AB"), "year: not an INT64; authors.name: no value")


def test_a_row_that_failed_has_no_model() -> None:
    """Nor another error than its own."""
    found = _read(None, status="INTERNAL")
    assert (found.outcome, found.value, found.error) == (Outcome.RETRYABLE, None, "INTERNAL")


def _model(**fields: Any) -> type[BaseModel]:
    made: type[BaseModel] = create_model("Made", **fields)
    return made


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (_model(), "record Made: it has no fields of its own, so there is nothing to ask for"),
        (_model(a=(dict[str, str], {})), "record Made, field 'a': type dict[str, str] is not supported"),
        (
            _model(uri=(str, "")),
            "record Made, field 'uri': the name is taken by a column of the results table",
        ),
        (_model(a=(str, Field("", alias="b"))), "record Made, field 'a': it has an alias"),
        (_model(a=(str, Field("", validation_alias="b"))), "record Made, field 'a': it has an alias"),
    ],
)
def test_a_model_that_can_not_be_asked_for_is_refused(model: type[BaseModel], message: str) -> None:
    """By record, field and type, as a dataclass is."""
    with pytest.raises(InvalidInputError) as caught:
        schema_of(model)
    assert caught.value.message == message
    assert caught.value.next_step


def test_a_model_around_one_value_is_refused() -> None:
    """It is no object with fields."""
    with pytest.raises(
        InvalidInputError, match=r"record RootModel\[str\], field 'root': it stands for the whole model"
    ):
        schema_of(RootModel[str])


@pydantic_dataclass(frozen=True, slots=True, kw_only=True)
class Checked(ImageResult):
    """A record of Pydantic's own kind of dataclass."""

    title: str | None = None
    year: Annotated[int | None, Field(gt=1800)] = None


def test_a_dataclass_of_pydantic_is_a_record() -> None:
    """It checks its values as any class may; what it refuses is not in the record."""
    schema = schema_of(Checked)
    assert [item.name for item in schema.fields] == ["title", "year"]
    row = {"uri": "gs://b/o", "ml_generate_text_llm_result": '{"title": "A", "year": 1928}'}
    assert decode(schema, row) == Checked(
        uri="gs://b/o", outcome=Outcome.OK, text=row["ml_generate_text_llm_result"], title="A", year=1928
    )
    row["ml_generate_text_llm_result"] = text = '{"title": "A", "year": 5}'
    assert decode(schema, row) == Checked(
        uri="gs://b/o", outcome=Outcome.OK, text=text, error="year: refused by Checked"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Picky(ImageResult):
    """A record that checks its values itself."""

    title: str | None = None

    def __post_init__(self) -> None:
        """Refuse a title."""
        if self.title == "forbidden":
            raise ValueError("secret")


def test_a_dataclass_may_refuse_its_values() -> None:
    """The row is not lost: it has no values, and the error says why."""
    text = '{"title": "forbidden"}'
    found = decode(schema_of(Picky), {"uri": "gs://b/o", "ml_generate_text_llm_result": text})
    assert found == Picky(uri="gs://b/o", outcome=Outcome.OK, text=text, error="Picky refuses the values")


def test_pydantic_is_not_loaded_for_other_records() -> None:
    """It need not be installed, and who does not use it does not wait for it."""
    code = (
        "import sys, bqvision; from bqvision.schema import schema_of; schema_of(bqvision.PosterResult);"
        " sys.exit('pydantic' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
