"""What is in the buckets, as the rows of an object table."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import numpy
import pyarrow as pa
import pyarrow.compute

from bqvision.local.rows import Rows, column
from bqvision.local.simulated import DIGITS, UPDATED_US

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from bqvision.local.buckets import SimulatedListing, StoredObject
    from bqvision.local.simulated import SimulatedBucket

OBJECT_REF: Final = (
    column("uri", "STRING"),
    column("version", "STRING"),
    column("authorizer", "STRING"),
    column("details", "JSON"),
)
FIELDS: Final = (
    column("uri", "STRING"),
    column("generation", "INTEGER"),
    column("content_type", "STRING"),
    column("size", "INTEGER"),
    column("md5_hash", "STRING"),
    column("updated", "TIMESTAMP"),
    column("metadata", "RECORD", "REPEATED", [column("name", "STRING"), column("value", "STRING")]),
    column("ref", "RECORD", fields=OBJECT_REF),
)
_PART_ROWS: Final = 50_000
_COMPUTE: Final[Any] = pyarrow.compute
"""Its functions are made when it is loaded, so no type checker knows them."""


def file_rows(files: Iterable[tuple[StoredObject, str | None]], authorizer: str) -> Rows:
    """Return the rows of objects.

    Args:
        files: The objects, each with its base64 MD5.
        authorizer: The connection that reads them.
    """
    rows: list[tuple[object, ...]] = []
    for stored, digest in files:
        details = _details(stored.content_type, digest, stored.size, stored.updated_us)
        ref = {
            "uri": stored.uri,
            "version": str(stored.generation),
            "authorizer": authorizer,
            "details": details,
        }
        rows.append(
            (
                stored.uri,
                stored.generation,
                stored.content_type,
                stored.size,
                digest,
                stored.updated_us,
                [],
                ref,
            )
        )
    return Rows.of(FIELDS, list(zip(*rows, strict=True)) if rows else [[] for _ in FIELDS])


def with_simulated(files: Rows, listings: Iterable[SimulatedListing], authorizer: str) -> Rows:
    """Return rows with those of simulated buckets behind them, made column by column.

    Args:
        files: The rows of files.
        listings: What is wanted of which buckets.
        authorizer: The connection that reads the objects.
    """
    parts = [part for listing in listings for part in _simulated(listing, authorizer, files.table.schema)]
    return Rows(FIELDS, pa.concat_tables([files.table, *parts])) if parts else files


def _simulated(listing: SimulatedListing, authorizer: str, schema: Any) -> Iterator[Any]:
    """Yield tables of a part of the rows each; they share the columns that are the same in all rows."""
    bucket = listing.bucket
    ref = {
        "version": str(bucket.generation),
        "authorizer": authorizer,
        "details": _details(bucket.content_type, None, bucket.size, UPDATED_US),
    }
    others = {
        "generation": bucket.generation,
        "content_type": bucket.content_type,
        "size": bucket.size,
        "md5_hash": None,
        "updated": UPDATED_US,
        "metadata": [],
    }
    rows = min(bucket.objects, _PART_ROWS)
    same_in_ref = [pa.repeat(value, rows) for value in ref.values()]
    same = [pa.repeat(pa.scalar(value, schema.field(name).type), rows) for name, value in others.items()]
    for begin in range(0, bucket.objects, _PART_ROWS):
        names = _names(bucket, begin, min(begin + _PART_ROWS, bucket.objects), listing.patterns)
        uris = _COMPUTE.binary_join_element_wise(f"gs://{listing.name}/", names, "")
        refs = pa.StructArray.from_arrays(
            [uris, *(values.slice(0, len(uris)) for values in same_in_ref)],
            fields=list(schema.field("ref").type),
        )
        columns = [uris, *(values.slice(0, len(uris)) for values in same), refs]
        yield pa.Table.from_arrays(columns, schema=schema)


def _names(bucket: SimulatedBucket, begin: int, end: int, patterns: Sequence[str]) -> Any:
    """Return those names of the objects of a range that any of the patterns matches, in order."""
    numbers = pa.array(numpy.arange(begin, end)).cast(pa.string())
    digits = _COMPUTE.utf8_lpad(numbers, DIGITS, "0")
    names = _COMPUTE.binary_join_element_wise(bucket.prefix, digits, bucket.suffix, "")
    wanted = pa.scalar(False)
    for pattern in patterns:
        wanted = _COMPUTE.or_(_matching(names, pattern), wanted)
    return names.filter(wanted)


def _matching(names: Any, pattern: str) -> Any:
    start, star, end = pattern.partition("*")
    if not star:
        return _COMPUTE.equal(names, pattern)
    ends = _COMPUTE.and_(_COMPUTE.starts_with(names, start), _COMPUTE.ends_with(names, end))
    # Start and end may not overlap: a*a doesn't match a.
    shortest = len(start.encode()) + len(end.encode())
    return _COMPUTE.and_(ends, _COMPUTE.greater_equal(_COMPUTE.binary_length(names), shortest))


def _details(content_type: str, digest: str | None, size: int, updated_us: int) -> str:
    about = {"content_type": content_type, "md5_hash": digest, "size": size, "updated": updated_us}
    return json.dumps({"gcs_metadata": {name: value for name, value in about.items() if value is not None}})
