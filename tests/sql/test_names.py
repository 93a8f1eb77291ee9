"""Names: what BigQuery allows is taken as it is, everything else is refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bqvision.errors import InvalidInputError
from bqvision.sql.names import (
    DEFAULT,
    ConnectionName,
    DatasetName,
    ModelName,
    TableName,
    clean_location,
    clean_project,
    parse_connection,
)
from tests import googlesql

HOSTILE = [
    "",
    "a`b",
    "a\\b",
    "a`; DROP TABLE victim; --",
    "a\\`; DROP TABLE victim; --",
    "a;b",
    "a.b",
    "a/b",
    "a'b",
    'a"b',
    "a\nb",
    "a\n",
    "\na",
    "a\rb",
    "a\tb",
    "a\0b",
    "a*",
    "a@b",
    "a$20300101",
    "a\u202eb",
    "a\u200bb",
    "a\u2028b",
    "a\ud800b",
    "a😀b",
    "x" * 1025,
    1,
    None,
    b"a",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_refused(name: Any) -> None:
    """No part of any name takes what could end or change it."""
    for make in (
        lambda: DatasetName("my-project", name),
        lambda: TableName("my-project", "dataset", name),
        lambda: ModelName("my-project", "dataset", name),
        lambda: TableName("my-project", name, "t"),
        lambda: ModelName("my-project", name, "m"),
        lambda: TableName(name, "dataset", "t"),
        lambda: ConnectionName(name),
        lambda: clean_project(name),
        lambda: clean_location(name),
    ):
        with pytest.raises(InvalidInputError) as caught:
            make()
        assert len(str(caught.value)) < 400
        assert caught.value.next_step


@pytest.mark.parametrize("table", ["-- x", "a b", "ünïcode", "海报", "1", "select", "a-b", "Ⅷ", "a‿b", "-"])
def test_legal_table_names_are_taken_as_they_are(table: str) -> None:
    """Dashes, spaces and letters of any script are legal in a table's name, and stay one name."""
    name = TableName("my-project", "d", table)
    sql = f"SELECT 1 FROM {name.text}"
    assert googlesql.quoted_names(sql) == [f"my-project.d.{table}"]


@pytest.mark.parametrize(
    "project",
    ["my-project", "abcdef", "example.com:my-project", "a.b-c.org:abcdef", "a12345678901234567890123456789"],
)
def test_legal_projects(project: str) -> None:
    """Ids of today and of old domains are projects."""
    assert clean_project(project) == project
    assert DatasetName.parse(f"{project}.d") == DatasetName(project, "d")
    assert TableName.parse(f"{project}.d.t") == TableName(project, "d", "t")


@pytest.mark.parametrize(
    "project", ["short", "My-Project", "my_project", "my-project-", "1project", "a" * 31, "x:y"]
)
def test_illegal_projects(project: str) -> None:
    """What can't be a project id is refused."""
    with pytest.raises(InvalidInputError, match="project"):
        clean_project(project)


@pytest.mark.parametrize("location", ["US", "EU", "us-central1", "northamerica-northeast1", "aws-us-east-1"])
def test_legal_locations(location: str) -> None:
    """Regions and multi-regions are locations."""
    assert clean_location(location) == location


@pytest.mark.parametrize(
    "location", ["", "U", "us_central1", "us central1", "-us", "us-", "'us'", "us\n", "1us"]
)
def test_illegal_locations(location: str) -> None:
    """What can't be a location is refused."""
    with pytest.raises(InvalidInputError, match="location"):
        clean_location(location)


def test_short_names_take_defaults() -> None:
    """What a name leaves out comes from the defaults, and nothing else does."""
    wanted = TableName("my-project", "d", "t")
    assert TableName.parse("t", project="my-project", dataset="d") == wanted
    assert TableName.parse("d.t", project="my-project", dataset="other") == wanted
    assert TableName.parse("my-project.d.t", project="other-project", dataset="other") == wanted
    assert ModelName.parse("gemini-vision", project="my-project", dataset="d").model == "gemini-vision"
    assert DatasetName.parse("d", project="my-project") == wanted.in_dataset
    assert str(wanted) == "my-project.d.t"
    assert wanted.text == "`my-project.d.t`"


@pytest.mark.parametrize(
    ("name", "missing"),
    [("t", "project"), ("d.t", "project"), ("", None), ("a.my-project.d.t", None), (".t", None)],
)
def test_incomplete_names_are_refused(name: str, missing: str | None) -> None:
    """A part that is nowhere is named in the error."""
    with pytest.raises(InvalidInputError, match=missing):
        TableName.parse(name)
    with pytest.raises(InvalidInputError, match="dataset"):
        TableName.parse("t", project="my-project")


@pytest.mark.parametrize(
    ("text", "name", "sql"),
    [
        (None, DEFAULT, "DEFAULT"),
        ("DEFAULT", DEFAULT, "DEFAULT"),
        ("film", ConnectionName("film"), "`film`"),
        ("us.film", ConnectionName("film", "us"), "`us.film`"),
        ("my-project.us.film", ConnectionName("film", "us", "my-project"), "`my-project.us.film`"),
        (
            "projects/my-project/locations/us/connections/film",
            ConnectionName("film", "us", "my-project"),
            "`my-project.us.film`",
        ),
        (
            "example.com:my-project.us.film",
            ConnectionName("film", "us", "example.com:my-project"),
            "`example.com:my-project.us.film`",
        ),
    ],
)
def test_connections_are_read(text: str | None, name: object, sql: str) -> None:
    """All of BigQuery's forms of a connection's name are understood; DEFAULT is a keyword, never a name."""
    read = parse_connection(text)
    assert read == name
    assert read.text == sql


@pytest.mark.parametrize(
    "text", ["", "a b", "us.", "x.y.us.film", "projects/p/locations/us/connections/film", "a`b"]
)
def test_other_connections_are_refused(text: str) -> None:
    """What is no connection's name is refused."""
    with pytest.raises(InvalidInputError):
        parse_connection(text)


def test_connection_with_a_project_needs_a_location() -> None:
    """`project.connection` would be read as `location.connection`."""
    with pytest.raises(InvalidInputError):
        ConnectionName("film", project="my-project")


@given(st.text(max_size=30))
def test_any_table_name_is_refused_or_stays_one_name(table: str) -> None:
    """A name that is taken comes out of Google's parser as the same single name."""
    try:
        name = TableName("my-project", "d", table)
    except InvalidInputError:
        return
    assert googlesql.quoted_names(f"DROP TABLE {name.text}") == [f"my-project.d.{table}"]
