"""Google's image analysis tutorial: our statements mean exactly its statements."""

from __future__ import annotations

from typing import Any

import pytest

from tests import googlesql
from tests.sql.samples import STATEMENTS

TUTORIAL = {
    "create_object_table": """
CREATE OR REPLACE EXTERNAL TABLE
  `bqml_tutorial.movie_posters`
WITH CONNECTION DEFAULT
OPTIONS (
  object_metadata = 'SIMPLE',
  uris =
    ['gs://cloud-samples-data/vertex-ai/dataset-management/datasets/classic-movie-posters/*']);
""",
    "create_remote_model": """
CREATE OR REPLACE MODEL `bqml_tutorial.gemini-vision`
REMOTE WITH CONNECTION DEFAULT
OPTIONS (ENDPOINT = 'gemini-2.5-flash');
""",
    "generate_text_table": """
CREATE OR REPLACE TABLE
  `bqml_tutorial.movie_posters_results` AS (
  SELECT
    uri,
    ml_generate_text_llm_result
  FROM
    ML.GENERATE_TEXT( MODEL `bqml_tutorial.gemini-vision`,
      TABLE `bqml_tutorial.movie_posters`,
      STRUCT( 0.2 AS temperature,
        'For the movie represented by this poster, what is the movie title and year of release? Answer in JSON format with two keys: title, year. title should be string, year should be integer.' AS PROMPT,
        TRUE AS FLATTEN_JSON_OUTPUT)));
""",  # noqa: E501
}


def _normal(tree: Any) -> Any:
    """Drop the project of our names, and the case of names outside of backticks, which GoogleSQL ignores."""
    if not isinstance(tree, tuple):
        return tree
    if tree[:1] == ("ASTIdentifier",):
        named = dict(tree[1:])
        name = named["id_string"]
        return name.removeprefix("my-project.") if named["is_quoted"] else name.lower()
    return tuple(_normal(item) for item in tree)


@pytest.mark.parametrize("name", TUTORIAL)
def test_statement_means_the_tutorials(name: str) -> None:
    """Both have the same syntax tree in Google's parser."""
    assert _normal(googlesql.tree(STATEMENTS[name].sql)) == _normal(googlesql.tree(TUTORIAL[name]))


def test_the_comparison_sees_a_difference() -> None:
    """A changed value, name or option is another tree."""
    ours = STATEMENTS["create_remote_model"].sql
    changed = (
        ours.replace("2.5", "2.0"),
        ours.replace("gemini-vision", "other"),
        ours.replace("endpoint", "point"),
    )
    for text in changed:
        assert _normal(googlesql.tree(text)) != _normal(googlesql.tree(TUTORIAL["create_remote_model"]))
