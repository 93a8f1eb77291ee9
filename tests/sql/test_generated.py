"""Every statement, for generated arguments: one statement of GoogleSQL, and every value arrives as it was given."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bqvision.schema import RecordSchema
from bqvision.sql import analysis, batches, datasets, ledger, models, object_tables, pending, work
from bqvision.sql.arguments import Arguments
from bqvision.sql.compose import Statement
from bqvision.sql.functions import FUNCTIONS
from bqvision.sql.images import Images
from bqvision.sql.names import Connection, ConnectionName, DatasetName, ModelName, TableName
from tests import googlesql
from tests.sql import strategies as our

many = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
fewer = settings(many, max_examples=80)  # these statements are long


def check(statement: Statement, *, names: list[object], strings: list[str]) -> None:
    """Parse the statement; compare its paths between backticks and its string literals, both in order."""
    paths = [name for name in googlesql.quoted_names(statement.sql) if "." in name]
    assert paths == [str(name) for name in names]
    assert googlesql.string_literals(statement.sql) == strings
    assert "\r" not in statement.sql


def values(statement: Statement) -> dict[str, object]:
    """Return the statement's parameters."""
    return {parameter.name: parameter.value for parameter in statement.parameters}


def named(connection: Connection) -> list[object]:
    """Return the connection if it appears as a path."""
    return [connection] if isinstance(connection, ConnectionName) and connection.location else []


@many
@given(our.dataset_names, our.dataset_options)
def test_create_dataset(name: DatasetName, options: dict[str, Any]) -> None:
    """Location, description and labels are the literals."""
    strings = [options[key] for key in ("location", "description") if key in options]
    strings += [text for pair in options.get("labels", {}).items() for text in pair]
    check(datasets.create_dataset(name, **options), names=[name], strings=strings)


@many
@given(
    our.tables,
    st.lists(our.uris, min_size=1, max_size=4, unique=True),
    our.connections,
    our.creations,
    our.cachings,
    our.object_table_options,
)
def test_create_object_table(
    name: TableName,
    uris: list[str],
    connection: Connection,
    creation: dict[str, Any],
    caching: dict[str, Any],
    options: dict[str, Any],
) -> None:
    """URIs, cache mode and description are the literals."""
    statement = object_tables.create_object_table(
        name, uris=uris, connection=connection, **creation, **caching, **options
    )
    strings = ["SIMPLE", *uris]
    strings += [caching["metadata_cache_mode"]] if caching else []
    strings += [options["description"]] if "description" in options else []
    if "expiration" in options:
        moment = options["expiration"].replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")
        strings.append(f"{moment}+00:00")
    check(statement, names=[name, *named(connection)], strings=strings)


@many
@given(our.tables, our.object_filters, st.none() | st.integers(1, 2**63 - 1))
def test_list_and_count_objects(name: TableName, filters: dict[str, Any], limit: int | None) -> None:
    """Filters are parameters, so the texts hold no literal at all."""
    listing = object_tables.list_objects(name, **filters, limit=limit)
    counting = object_tables.count_objects(name, **filters)
    for statement in (listing, counting):
        check(statement, names=[name], strings=[])
        assert set(values(statement)) == set(filters)
    if "content_types" in filters:
        assert values(listing)["content_types"] == tuple(filters["content_types"])


@many
@given(our.tables)
def test_other_object_table_statements(name: TableName) -> None:
    """A procedure takes the table's name as a text, the others as a path."""
    check(object_tables.refresh_object_table(name), names=[], strings=[str(name)])
    check(object_tables.sign_urls(name), names=[name], strings=["SIGNED_URL"])
    check(object_tables.drop_object_table(name, if_exists=True), names=[name], strings=[])
    check(analysis.read_table(name), names=[name], strings=[])


@many
@given(our.models, our.endpoints, our.connections, our.creations)
def test_create_remote_model(
    name: ModelName, endpoint: str, connection: Connection, creation: dict[str, Any]
) -> None:
    """The endpoint is the only literal."""
    statement = models.create_remote_model(name, endpoint=endpoint, connection=connection, **creation)
    check(statement, names=[name, *named(connection)], strings=[endpoint])
    check(models.drop_model(name), names=[name], strings=[])


def argument_strings(arguments: Arguments) -> list[str]:
    """Return the string literals of the function's STRUCT argument, without the prompt."""
    strings = list(arguments.stop_sequences)
    strings += [text for pair in (arguments.safety_settings or {}).items() for text in pair]
    if arguments.model_params is not None:
        strings.append(json.dumps(arguments.model_params, ensure_ascii=False))
    return strings


@many
@given(our.tables, our.tables, our.models, our.arguments, st.booleans(), st.booleans())
def test_generate_text_table(
    into: TableName,
    source: TableName,
    model: ModelName,
    arguments: Arguments,
    replace: bool,
    every: bool,
) -> None:
    """The prompt and the texts of the arguments are the literals."""
    statement = analysis.generate_text_table(
        into=into, source=source, model=model, arguments=arguments, replace=replace, all_columns=every
    )
    check(
        statement, names=[into, model, source], strings=[*argument_strings(arguments), str(arguments.prompt)]
    )
    assert statement.parameters == ()


@fewer
@given(our.tables, our.tables, our.schemas, st.booleans(), st.booleans())
def test_format_table(
    source: TableName, into: TableName, schema: RecordSchema[Any], flattened: bool, has_status: bool
) -> None:
    """Any record can be read, whatever its fields are called."""
    columns = ["uri", "ml_generate_text_llm_result" if flattened else "ml_generate_text_result"]
    columns += ["ml_generate_text_status"] if has_status else []
    statement = analysis.format_table(
        source=source, into=into, schema=schema, function=FUNCTIONS["ML.GENERATE_TEXT"], columns=columns
    )
    paths = [name for name in googlesql.quoted_names(statement.sql) if "." in name]
    assert paths == [str(into), str(source)]


@fewer
@given(our.tables, our.tables, our.schemas, our.columns, our.fingerprints, our.texts, our.tables)
def test_ledger_statements(
    table: TableName,
    source: TableName,
    schema: RecordSchema[Any],
    column: ledger.Column,
    fingerprint: str,
    run_id: str,
    into: TableName,
) -> None:
    """What was asked, and by which run, are parameters."""
    check(ledger.create_ledger(table, schema=schema), names=[table], strings=[])
    check(ledger.add_column(table, column=column), names=[table], strings=[])
    reading = ledger.read_ledger(table, source=Images(table=source), fingerprint=fingerprint, schema=schema)
    check(reading, names=[table, source], strings=[])
    assert values(reading) == {"fingerprint": fingerprint}
    summary = ledger.ledger_summary(table, source=Images(table=source), fingerprint=fingerprint)
    check(summary, names=[table, source], strings=[str(source)])
    assert values(summary) == {"fingerprint": fingerprint}
    formatting = ledger.format_ledger(
        ledger=table, source=Images(table=source), into=into, schema=schema, fingerprint=fingerprint
    )
    check(formatting, names=[into, table, source], strings=[])
    counting = batches.count_outcomes(table, fingerprint=fingerprint, run_id=run_id, job_id=run_id)
    check(counting, names=[table], strings=["", ""])
    assert values(counting) == {"fingerprint": fingerprint, "run_id": run_id, "job": run_id}


@many
@given(
    our.tables,
    our.tables,
    our.fingerprints,
    st.integers(1, 10_000_000),
    our.outcomes,
    st.none() | st.integers(1, 10**12),
    st.integers(0, 10**10),
    st.none() | st.integers(1, 65_535),
    st.lists(our.texts, max_size=3).map(tuple),
    our.texts,
)
def test_create_work_table(
    source: TableName,
    results: TableName,
    fingerprint: str,
    batch_size: int,
    again: set[Any],
    limit: int | None,
    number: int,
    larger_limit: int | None,
    runs: tuple[str, ...],
    run_id: str,
) -> None:
    """Whatever the limits, the statement reads object table and ledger once each."""
    name = work.work_table_name(results, fingerprint)
    scope = pending.Scope(
        source=Images(table=source),
        ledger=results,
        fingerprint=fingerprint,
        again=frozenset(again),
        larger_limit=larger_limit,
        runs=runs,
    )
    cut = work.Cut.of(number, batch_size=batch_size, limit=limit)
    statement = work.create_work_table(
        name, scope=scope, cut=cut, run_id=run_id, billing_project="my-project"
    )
    paths = [path for path in googlesql.quoted_names(statement.sql) if "." in path]
    assert paths == [str(name), str(source), str(results)]
    wanted: dict[str, object] = {"fingerprint": fingerprint, "run_id": run_id}
    if again:
        wanted["again"] = tuple(sorted(again))
    if runs and (again or larger_limit is not None):
        wanted["runs"] = runs
    assert values(statement) == wanted
    survey = pending.survey(scope)
    assert [path for path in googlesql.quoted_names(survey.sql) if "." in path] == [str(source), str(results)]


@fewer
@given(
    our.tables,
    our.tables,
    our.models,
    our.arguments,
    our.schemas,
    our.fingerprints,
    our.texts,
    our.texts,
    st.integers(0, 10**17),
)
def test_inserts(
    results: TableName,
    table: TableName,
    model: ModelName,
    arguments: Arguments,
    schema: RecordSchema[Any],
    fingerprint: str,
    run_id: str,
    job_id: str,
    batch: int,
) -> None:
    """The prompt and the ids are parameters; the texts of the arguments stand in the text."""
    common: dict[str, Any] = {"ledger": results, "work": table, "fingerprint": fingerprint}
    refusing = batches.insert_refused(**common, run_id=run_id, job_id=job_id)
    check(refusing, names=[results, table], strings=["INPUT"])
    asking = batches.insert_batch(
        **common, batch=batch, model=model, arguments=arguments, schema=schema, run_id=run_id, job_id=job_id
    )
    paths = [name for name in googlesql.quoted_names(asking.sql) if "." in name]
    assert paths == [str(results), str(model), str(table)]
    ids: dict[str, object] = {"fingerprint": fingerprint, "run_id": run_id, "job_id": job_id}
    assert values(refusing) == ids
    assert values(asking) == ids | {"prompt": arguments.prompt}
    found = iter(googlesql.string_literals(asking.sql))
    assert all(text in found for text in argument_strings(arguments)), "the arguments' texts, in order"


@many
@given(name=our.tables, ledger=our.tables, fingerprint=our.texts)
def test_statements_on_the_work_table(name: TableName, ledger: TableName, fingerprint: str) -> None:
    """Counting, keeping and dropping name their tables and nothing else; the question is a parameter."""
    counting = work.count_batches(name, ledger=ledger, fingerprint=fingerprint)
    check(counting, names=[name, ledger], strings=["PERMISSION", "QUOTA", "RETRYABLE", "TRUNCATED"])
    assert values(counting) == {"fingerprint": fingerprint}
    check(work.extend_work_table(name), names=[name], strings=[])
    retiring = work.retire_work_table(name, run_id=fingerprint)
    check(retiring, names=[name], strings=[])
    assert values(retiring) == {"run_id": fingerprint}
    check(work.drop_work_table(name), names=[name], strings=[])


@pytest.mark.parametrize("drop", [datasets.drop_dataset, datasets.create_dataset])
@many
@given(name=our.dataset_names)
def test_dataset_statements_without_options(
    drop: Callable[[DatasetName], Statement], name: DatasetName
) -> None:
    """Nothing but the name is in them."""
    check(drop(name), names=[name], strings=[])
