"""Reading an output_schema: every type that model functions fill, and nothing else."""

from __future__ import annotations

import pytest

from bqvision.local.statements import OutputField, OutputType, StatementError, parse_output_schema


def test_types_names_and_descriptions_are_read() -> None:
    """In any case, quoted or not, in any depth."""
    text, number = OutputType("STRING"), OutputType("INT64")
    assert parse_output_schema(
        "title string OPTIONS(description = 'it\\'s ' \"printed\"), `the year` INT64, ok BOOL, score FLOAT64, "
        "`cast` ARRAY<STRUCT<name STRING OPTIONS(description = 'who'), roles ARRAY<STRING>>>, "
        "`of` STRUCT<`order` INT64>"
    ) == (
        OutputField("title", text, "it's printed"),
        OutputField("the year", number),
        OutputField("ok", OutputType("BOOL")),
        OutputField("score", OutputType("FLOAT64")),
        OutputField(
            "cast",
            OutputType(
                "ARRAY",
                item=OutputType(
                    "STRUCT",
                    fields=(
                        OutputField("name", text, "who"),
                        OutputField("roles", OutputType("ARRAY", item=text)),
                    ),
                ),
            ),
        ),
        OutputField("of", OutputType("STRUCT", fields=(OutputField("order", number),))),
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "name"),
        ("title", "Expected STRING"),
        ("title STRING,", "name"),
        ("title STRING year INT64", "Expected"),
        ("day DATE", "DATE"),
        ("price NUMERIC", "NUMERIC"),
        ("title STRING NOT NULL", "NOT"),
        ("a STRING, A INT64", "Duplicate field A"),
        ("full_response STRING", "full_response is taken"),
        ("Status STRING", "Status is taken"),
        ("a ARRAY<ARRAY<STRING>>", "ARRAY of ARRAYs"),
        ("a STRUCT<b STRING, b STRING>", "Duplicate"),
        ("a ARRAY<STRING", ""),
        ("a STRING OPTIONS(description = 5)", "description"),
        ("a STRING OPTIONS(title = 'x')", "Unknown option: title"),
        ("order STRING", 'field\'s name but got "order"'),
        ("a STRUCT<from STRING>", 'field\'s name but got "from"'),
        ("'a' STRING", "name"),
        ("a " + "STRUCT<a " * 40 + "STRING" + ">" * 40, "in each other"),
    ],
)
def test_what_is_no_schema_is_refused(text: str, reason: str) -> None:
    """With what is wrong."""
    with pytest.raises(StatementError, match=f"Invalid output_schema.*{reason}"):
        parse_output_schema(text)
