"""The statements of a look, and those that it prints, are GoogleSQL."""

from __future__ import annotations

import pytest

import bqvision as bv
from bqvision.doctor.permissions import ALL, ANALYSE, AS_CALLER, BUILD, DEFAULT_CONNECTION, SET_UP
from bqvision.sql.arguments import Arguments
from bqvision.sql.inspection import ask_about_object, count_refusals, pick_object, session_user
from bqvision.sql.mending import create_connection, grant_on_dataset
from bqvision.sql.names import ConnectionName, DatasetName, ModelName, TableName
from tests import googlesql

TABLE = TableName("my-project", "films", "posters")
LOOKS = (
    session_user(),
    count_refusals(TABLE),
    pick_object(TABLE),
    ask_about_object(
        TABLE,
        "gs://posters/a.jpg",
        arguments=Arguments(prompt="Read it."),
        model=ModelName("my-project", "films", "gemini"),
    ),
    ask_about_object(
        TABLE,
        "gs://posters/a.jpg",
        arguments=Arguments(prompt="Read it.", function="AI.GENERATE"),
        model=None,
    ),
)
MENDS = (
    create_connection(ConnectionName("vision", "us", "my-project")),
    grant_on_dataset(
        DatasetName("my-project", "films"), role="roles/bigquery.dataEditor", member="user:a@example.com"
    ),
)


@pytest.mark.parametrize("statement", (*LOOKS, *MENDS), ids=lambda statement: statement.label)
def test_statements_are_googlesql(statement: bv.Statement) -> None:
    """Google's parser takes each, as exactly one."""
    googlesql.parse(statement.sql)


@pytest.mark.parametrize("statement", LOOKS, ids=lambda statement: statement.label)
def test_looks_read(statement: bv.Statement) -> None:
    """Each is a SELECT, and the URI and the prompt are parameters."""
    assert statement.sql.startswith("SELECT")
    assert "gs://" not in statement.sql
    assert "Read it." not in statement.sql


def test_a_grant_is_of_a_role() -> None:
    """Nothing else gets into it."""
    with pytest.raises(bv.InvalidInputError, match="role"):
        grant_on_dataset(
            DatasetName("my-project", "films"), role="roles/x` TO 'a", member="user:a@example.com"
        )


def test_every_permission_is_asked_for_once() -> None:
    """The request that tests them has no repetition, and leaves none out."""
    names = [permission.name for permission in ALL]
    assert len(names) == len(set(names))
    assert {*SET_UP, *DEFAULT_CONNECTION, *BUILD, *ANALYSE, *AS_CALLER} == set(ALL)
