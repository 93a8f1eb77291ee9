"""Model calls in a statement: in which order they are run, over which rows, and what the statement is then."""

from __future__ import annotations

import pytest

from bqvision.local.statements import (
    Query,
    QueryInput,
    StatementError,
    Step,
    TableInput,
    UnsupportedStatementError,
    next_step,
    parse,
    replaced,
)

IF = "AI.IF(('x', ref))"


def read(sql: str) -> Query:
    """Parse what must be a query."""
    parsed = parse(sql)
    assert isinstance(parsed, Query)
    return parsed


def step_of(query: Query) -> Step:
    """The first step, which must be there."""
    step = next_step(query)
    assert step is not None
    return step


def steps(sql: str) -> list[str]:
    """Each step's query in turn, and last the statement that is left."""
    query, found = read(sql), list[str]()
    while (step := next_step(query)) is not None:
        source = step.source
        found.append(source.sql if isinstance(source, QueryInput) else ".".join(source.path))
        query = replaced(query, step.reading(f"s{len(found)}"))
    return [*found, query.sql]


def test_a_plain_statement_has_no_step() -> None:
    """Names of functions in texts and comments are none."""
    assert next_step(read("SELECT 'AI.IF(' FROM t -- AI.IF(")) is None


def test_a_scalar_call_is_run_over_the_rows_that_are_left() -> None:
    """The table gets its answers as a column; conditions that were applied are not applied again."""
    assert steps(f"SELECT a, {IF} AS y FROM d.t AS w WHERE b = 1 AND NOT c ORDER BY y") == [
        "SELECT *, ('x', ref) AS _bqvision_1 FROM d.t AS w WHERE (b = 1) AND (NOT c)",
        "SELECT a, _bqvision_1 AS y FROM s1 AS w WHERE TRUE AND TRUE ORDER BY y",
    ]


def test_calls_of_a_condition_come_before_those_of_the_list() -> None:
    """So that rows which it drops are not asked again; stars show no column that was not there."""
    assert steps(f"SELECT *, {IF} FROM d.t WHERE b AND AI.IF(c)") == [
        "SELECT *, c AS _bqvision_1 FROM d.t WHERE (b)",
        "SELECT *, ('x', ref) AS _bqvision_2 FROM s1 AS `t` WHERE (TRUE) AND (_bqvision_1)",
        "SELECT * EXCEPT (_bqvision_2, _bqvision_1), _bqvision_2 AS f0_ FROM s2 AS `t` WHERE TRUE AND TRUE",
    ]


@pytest.mark.parametrize(
    "condition", ["a BETWEEN 1 AND 2", "CASE WHEN a AND b OR c THEN d ELSE e END", "NOT a BETWEEN b AND c"]
)
def test_and_joins_terms_whatever_stands_in_them(condition: str) -> None:
    """That of BETWEEN, and what stands in CASE, join none."""
    assert steps(f"SELECT a FROM d.t WHERE {condition} AND {IF} AND f") == [
        f"SELECT *, ('x', ref) AS _bqvision_1 FROM d.t WHERE ({condition}) AND (f)",
        "SELECT a FROM s1 AS `t` WHERE TRUE AND _bqvision_1 AND TRUE",
    ]


@pytest.mark.parametrize("where", ["a OR {}", "a AND {} OR b", "CASE WHEN a AND {} THEN b END"])
def test_a_condition_that_can_not_be_split_stays_whole(where: str) -> None:
    """All rows are asked, and it is applied afterwards."""
    first, rest = steps(f"SELECT a FROM d.t WHERE {where.format(IF)}")
    assert first == "SELECT *, ('x', ref) AS _bqvision_1 FROM d.t"
    assert rest == f"SELECT a FROM s1 AS `t` WHERE {where.format('_bqvision_1')}"


def test_inner_calls_come_first_and_see_the_tables_of_with() -> None:
    """A call in a subquery, one in the arguments of another, and a table function's over a named table."""
    assert steps(
        f"WITH c AS (SELECT * FROM d.t), e AS (SELECT {IF} AS y, ref FROM c) "
        "SELECT AI.IF((AI.GENERATE(ref).result, y)) FROM (SELECT * FROM e) AS v"
    ) == [
        "WITH c AS (SELECT * FROM d.t) SELECT * FROM (SELECT *, ('x', ref) AS _bqvision_1 FROM c)",
        "WITH c AS (SELECT * FROM d.t), e AS (SELECT _bqvision_1 AS y, ref FROM s1 AS `c`) "
        "SELECT * FROM (SELECT *, ref AS _bqvision_2 FROM (SELECT * FROM e) AS v)",
        "WITH c AS (SELECT * FROM d.t), e AS (SELECT _bqvision_1 AS y, ref FROM s1 AS `c`) "
        "SELECT * FROM (SELECT *, (_bqvision_2.result, y) AS _bqvision_3 FROM s2 AS v)",
        "WITH c AS (SELECT * FROM d.t), e AS (SELECT _bqvision_1 AS y, ref FROM s1 AS `c`) "
        "SELECT _bqvision_3 AS f0_ FROM s3 AS v",
    ]


def test_a_table_of_with_is_the_input_by_its_name_too() -> None:
    """It hides a table of that name, and one that it doesn't define is a table."""
    call = "SELECT * FROM AI.GENERATE_TEXT(MODEL d.m, TABLE {}, STRUCT('x' AS model_params))"
    definition = "WITH Films AS (SELECT 1 AS prompt) "
    assert steps(definition + call.format("films")) == [
        "WITH Films AS (SELECT 1 AS prompt) SELECT * FROM (SELECT * FROM films)",
        "WITH Films AS (SELECT 1 AS prompt) SELECT * FROM s1",
    ]
    assert steps(definition + call.format("d.films"))[0] == "d.films"
    assert steps(definition + call.format("other"))[0] == "other"


def test_a_name_with_a_place_holder_stays_what_it_is() -> None:
    """Nothing in the user's text is taken for ours."""
    assert steps(f"SELECT `{{table}}`.a FROM d.t AS `{{table}}` WHERE {IF}")[-1] == (
        "SELECT `{table}`.a FROM s1 AS `{table}` WHERE _bqvision_1"
    )


def test_columns_without_a_name_are_numbered_with_all_others() -> None:
    """Whatever they come from; a field, a column, a star and what has an alias have names."""
    assert steps(
        f"SELECT *, UPPER(a), {IF}, t.b, 1, {IF} x, a + b, 'c' AS d, AI.GENERATE(ref).result, NULL, {IF} FROM d.t"
    )[-1] == (
        "SELECT * EXCEPT (_bqvision_1, _bqvision_2, _bqvision_3, _bqvision_4), UPPER(a), _bqvision_1 AS f1_, "
        "t.b, 1, _bqvision_2 x, a + b, 'c' AS d, _bqvision_3.result, NULL, _bqvision_4 AS f5_ FROM s1 AS `t`"
    )


def test_table_functions_are_replaced_by_their_table() -> None:
    """Their input is a table, or a query with calls of its own."""
    assert steps("SELECT * FROM AI.GENERATE_TEXT(MODEL d.m, TABLE d.t, STRUCT('x' AS prompt)) AS a") == [
        "d.t",
        "SELECT * FROM s1 AS a",
    ]
    assert steps(
        "SELECT * FROM AI.GENERATE_TABLE(MODEL d.m, (SELECT AI.GENERATE(ref).result AS prompt FROM d.t), "
        "STRUCT('a STRING' AS output_schema))"
    ) == [
        "SELECT *, ref AS _bqvision_1 FROM d.t",
        "SELECT _bqvision_1.result AS prompt FROM s1 AS `t`",
        "SELECT * FROM s2",
    ]


def test_each_part_of_a_union_is_a_select_of_its_own() -> None:
    """EXCEPT in a list is no set operator."""
    assert steps(f"SELECT * EXCEPT (a) FROM d.t WHERE {IF} EXCEPT DISTINCT SELECT b FROM d.u") == [
        "SELECT *, ('x', ref) AS _bqvision_1 FROM d.t",
        "SELECT * EXCEPT (_bqvision_1, a) FROM s1 AS `t` WHERE _bqvision_1 EXCEPT DISTINCT SELECT b FROM d.u",
    ]


def test_a_call_without_rows_is_one_question() -> None:
    """The statement reads its answer."""
    assert steps("SELECT AI.SCORE('x') + 1 AS n") == [
        "SELECT 'x' AS _bqvision_1",
        "SELECT _bqvision_1 + 1 AS n FROM s1",
    ]


def test_arguments_may_stand_by_name_or_in_order() -> None:
    """The question is an expression over the row, the others are constants."""
    (by_order,) = read("SELECT AI.CLASSIFY((a, b), ['x'], endpoint => 'e')").model_calls
    (by_name,) = read("SELECT ai.classify(endpoint => 'e', CATEGORIES => ['x'], input => (a, b))").model_calls
    for call in (by_order, by_name):
        assert call.question is not None
        assert call.question.sql == "(a, b)"
        assert (call.arguments["categories"], call.arguments["endpoint"]) == (("x",), "e")
    assert isinstance(step_of(read("SELECT AI.IF('x')")).source, QueryInput)
    table = step_of(read("SELECT * FROM ML.GENERATE_TEXT(MODEL m, TABLE d.t, STRUCT('x' AS prompt))"))
    assert isinstance(table.source, TableInput)


@pytest.mark.parametrize("arguments", ["'x', 'e'", "'x', prompt => 'y'", "endpoint => 'e', 'x'"])
def test_arguments_in_the_wrong_order_are_an_error(arguments: str) -> None:
    """Too many without a name, one given twice, one without a name behind a named one."""
    with pytest.raises(StatementError, match=r"AI.GENERATE.* at \[1:\d+\]"):
        read(f"SELECT AI.GENERATE({arguments})")


def test_a_later_call_in_the_wrong_place_is_refused_at_once() -> None:
    """Before the first one is run."""
    with pytest.raises(UnsupportedStatementError, match="GROUP BY"):
        next_step(read(f"SELECT {IF}, COUNT(*) FROM (SELECT {IF} AS ref FROM d.t) GROUP BY 1"))
