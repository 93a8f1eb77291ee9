"""Generated arguments for the statement functions: legal, and as odd as legal ones can be."""

from __future__ import annotations

import keyword
import re
from dataclasses import make_dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

from hypothesis import strategies as st

from bqvision.records import ImageResult, Outcome
from bqvision.schema import LEDGER_COLUMNS, RecordSchema, schema_of
from bqvision.sql.argument_checks import SafetyCategory, SafetyThreshold
from bqvision.sql.arguments import Arguments
from bqvision.sql.ledger import Column
from bqvision.sql.names import DEFAULT, ConnectionName, DatasetName, ModelName, TableName

HOSTILE = [
    "'",
    '"',
    "\\",
    "\\'",
    "`",
    "'; DROP TABLE t; --",
    "*/",
    "@prompt",
    "{}",
    "{prompt}",
    "\n",
    "\r\n",
    "\0",
    "ML.",
]

texts = st.lists(st.text(max_size=20) | st.sampled_from(HOSTILE), max_size=6).map("".join)
prompts = texts.filter(lambda text: bool(text.strip()) and "\0" not in text)
projects = st.from_regex(r"(example\.com:)?[a-z][a-z0-9-]{4,28}[a-z0-9]", fullmatch=True)
locations = st.sampled_from(["US", "EU", "us-central1", "europe-west4"])
dataset_names = st.builds(
    DatasetName, projects, st.from_regex(re.compile(r"[A-Za-z0-9_]{1,30}", re.ASCII), fullmatch=True)
)
table_parts = st.text(
    st.characters(categories=["L", "M", "N", "Pc", "Pd"], include_characters=" ").filter(str.isprintable),
    min_size=1,
    max_size=30,
)


def _in(kind: Any, names: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    return st.builds(lambda dataset, name: kind(dataset.project, dataset.dataset, name), dataset_names, names)


tables: st.SearchStrategy[TableName] = _in(TableName, table_parts)
models: st.SearchStrategy[ModelName] = _in(
    ModelName, st.from_regex(re.compile(r"[A-Za-z0-9_-]{1,30}", re.ASCII), fullmatch=True)
)
connection_ids = st.from_regex(re.compile(r"[A-Za-z0-9_-]{1,20}", re.ASCII), fullmatch=True)
connections = (
    st.just(DEFAULT)
    | st.builds(ConnectionName, connection_ids)
    | st.builds(ConnectionName, connection_ids, locations)
    | st.builds(ConnectionName, connection_ids, locations, projects)
)

_path_texts = st.text(
    st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"], exclude_characters="*/"), max_size=20
)
_paths = st.builds(
    lambda first, star, rest: f"x{first}{'*' if star else ''}/{rest}y'",
    _path_texts,
    st.booleans(),
    _path_texts,
)
uris = st.builds(
    lambda bucket, path: f"gs://{bucket}/{path}",
    st.from_regex(r"[a-z0-9][a-z0-9_-]{1,20}[a-z0-9]", fullmatch=True),
    _paths,
)
endpoints = st.from_regex(
    re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,20}", re.ASCII), fullmatch=True
) | st.just("https://us-central1-aiplatform.googleapis.com/v1/projects/p/locations/us-central1/endpoints/1")
labels = st.dictionaries(
    st.from_regex(r"[a-z][a-z0-9_-]{0,20}", fullmatch=True),
    st.from_regex(r"[a-z0-9_-]{0,20}", fullmatch=True),
    max_size=3,
)
moments = st.datetimes(datetime(1970, 1, 1), datetime(9990, 1, 1), timezones=st.just(UTC))
fingerprints = st.from_regex(r"[0-9a-f]{64}", fullmatch=True)
int64s = st.integers(0, 2**63 - 1)

dataset_options = st.fixed_dictionaries(
    {},
    optional={
        "if_not_exists": st.booleans(),
        "location": locations,
        "description": texts,
        "labels": labels,
        "default_table_expiration": st.timedeltas(timedelta(hours=1), timedelta(days=36_500)),
    },
)
creations = st.sampled_from([{}, {"replace": True}, {"if_not_exists": True}])
_minutes = st.integers(30, 7 * 24 * 60).map(lambda minutes: timedelta(minutes=minutes))
cachings: st.SearchStrategy[dict[str, Any]] = st.just({}) | st.fixed_dictionaries(
    {"max_staleness": _minutes, "metadata_cache_mode": st.sampled_from(["AUTOMATIC", "MANUAL"])}
)
object_table_options = st.fixed_dictionaries({}, optional={"description": texts, "expiration": moments})
object_filters = st.fixed_dictionaries(
    {},
    optional={
        "content_types": st.lists(texts, min_size=1, max_size=3),
        "min_size": int64s,
        "max_size": int64s,
        "updated_after": moments,
        "updated_before": moments,
    },
)

_fractions = st.floats(0, 1) | st.integers(0, 1)
_plain_arguments = st.fixed_dictionaries(
    {"prompt": prompts},
    optional={
        "temperature": _fractions,
        "top_p": _fractions,
        "max_output_tokens": st.integers(1, 8192),
        "stop_sequences": st.lists(texts.filter(bool), max_size=3).map(tuple),
        "safety_settings": st.dictionaries(
            st.sampled_from(get_args(SafetyCategory)), st.sampled_from(get_args(SafetyThreshold))
        ),
        "flatten_json_output": st.booleans(),
    },
)
_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
json_objects = st.dictionaries(texts.filter(lambda key: key != "contents"), _json, min_size=1, max_size=3)
_body_arguments = st.fixed_dictionaries(
    {"prompt": prompts, "model_params": json_objects}, optional={"flatten_json_output": st.booleans()}
)
arguments = (_plain_arguments | _body_arguments).map(lambda given: Arguments(**given))

_taken = {*LEDGER_COLUMNS, "usage"}
_field_names = st.from_regex(
    re.compile(r"[a-z][A-Za-z0-9_]{0,12}", re.ASCII), fullmatch=True
) | st.sampled_from(["select", "order", "group", "from", "year", "title"])
_fields = st.dictionaries(
    _field_names.filter(lambda name: name.lower() not in _taken),
    st.sampled_from([str, int, float, bool]),
    min_size=1,
    max_size=3,
)


def _schema(fields: dict[str, type]) -> RecordSchema[Any]:
    unique = {name.lower(): (name, kind) for name, kind in fields.items()}
    named = [(name, kind | None, None) for name, kind in unique.values()]
    record = make_dataclass("Generated", named, bases=(ImageResult,), frozen=True, slots=True, kw_only=True)
    return schema_of(record)


columns = st.builds(
    Column, _field_names, st.sampled_from(["STRING", "INT64", "FLOAT64", "BOOL", "TIMESTAMP"])
)
outcomes = st.sets(st.sampled_from(Outcome))
schemas = _fields.filter(lambda fields: not any(keyword.iskeyword(name) for name in fields)).map(_schema)
