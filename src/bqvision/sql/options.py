"""Options of statements, checked against allow-lists before they enter one.

Nothing is trimmed, folded or escaped into shape: a value is legal as it stands, or `InvalidInputError` says
what is.
"""

from __future__ import annotations

import math
import re
import unicodedata
from typing import TYPE_CHECKING, Final

from bqvision.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = [
    "clean_description",
    "clean_endpoint",
    "clean_labels",
    "clean_uri",
    "clean_uris",
    "match",
    "number",
    "refuse",
    "string",
]

MAX_URIS: Final = 10_000
"""BigQuery's limit of source URIs per external table."""

_BUCKET: Final = re.compile(r"(?=.{3,222}\Z)[a-z0-9](?:[a-z0-9_.-]*[a-z0-9])?")
_MODEL_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,199}")
_ENDPOINT_URL: Final = re.compile(
    r"https://(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,5}googleapis\.com(?:/[A-Za-z0-9._:@-]{1,200}){1,20}"
)
_URL_SECRETS: Final = re.compile(r"(?<=://)[^/@]*@|(?<=[?#]).*")
"""Where a URL may hold a password, key or signature; no error shows these parts."""
_LABEL_KEY: Final = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_LABEL_VALUE: Final = re.compile(r"[a-z0-9_-]{0,63}")
_MAX_LABELS: Final = 64
_MAX_OBJECT_BYTES: Final = 1024
_MAX_BUCKET_PART: Final = 63
_MAX_DESCRIPTION: Final = 16_384
_MAX_SHOWN: Final = 80


def refuse(what: str, value: object, allowed: str) -> InvalidInputError:
    """Return the error for a value that is not allowed, with the beginning of it and with what is."""
    shown = _URL_SECRETS.sub("...", ascii(value))
    shown = shown if len(shown) <= _MAX_SHOWN else f"{shown[:_MAX_SHOWN]}..."
    return InvalidInputError(f"{what} {shown} is not allowed", next_step=f"Allowed: {allowed}.")


def string(what: str, value: object, allowed: str) -> str:
    """Return a string that is valid Unicode; annotations don't stop a caller without a type checker."""
    if not isinstance(value, str) or any("\ud800" <= char <= "\udfff" for char in value):
        raise refuse(what, value, allowed)
    return value


def match(pattern: re.Pattern[str], what: str, value: object, allowed: str) -> str:
    """Return a string that the pattern matches as a whole."""
    text = string(what, value, allowed)
    if not pattern.fullmatch(text):
        raise refuse(what, value, allowed)
    return text


def number(what: str, value: object, low: float, high: float, *, whole: bool = False) -> None:
    """Refuse what is no number from `low` to `high`; a bool is no number, nor are NaN and infinity."""
    kinds = int if whole else (int, float)
    if (
        isinstance(value, bool)
        or not isinstance(value, kinds)
        or not (math.isfinite(value) and low <= value <= high)
    ):
        raise refuse(what, value, f"{'an integer' if whole else 'a number'} from {low:,} to {high:,}")


def clean_description(description: str) -> str:
    """Return the description, or raise `InvalidInputError`."""
    allowed = "a text of at most 16,384 characters"
    if len(string("description", description, allowed)) > _MAX_DESCRIPTION:
        raise refuse("description", description, allowed)
    return description


def clean_labels(labels: Mapping[str, str]) -> dict[str, str]:
    """Return a copy of a resource's labels, or raise `InvalidInputError`."""
    allowed = "at most 63 lower-case letters, digits, _ and dashes"
    for key, value in labels.items():
        match(_LABEL_KEY, "label key", key, f"{allowed}, a letter first")
        match(_LABEL_VALUE, "label value", value, allowed)
    if len(labels) > _MAX_LABELS:
        raise InvalidInputError(f"{len(labels)} labels are too many", next_step="Give at most 64.")
    return dict(labels)


def clean_uri(uri: str) -> str:
    """Return a ``gs://bucket/path`` URI with at most one ``*``, or raise `InvalidInputError`."""
    allowed = "gs://bucket/path, with at most one * after the bucket"
    if not string("URI", uri, allowed).startswith("gs://"):
        raise refuse("URI", uri, allowed)
    bucket, _, path = uri.removeprefix("gs://").partition("/")
    if not _BUCKET.fullmatch(bucket) or any(
        not 0 < len(part) <= _MAX_BUCKET_PART for part in bucket.split(".")
    ):
        allowed = "a bucket of 3 to 63 lower-case letters, digits, dashes, _ and dots, without *"
        raise refuse("URI", uri, allowed)
    if not path:
        raise refuse("URI", uri, "gs://bucket/path; gs://bucket/* stands for everything in the bucket")
    if uri.count("*") > 1:
        raise refuse("URI", uri, "at most one *; give several URIs instead")
    if "//" in path or path.startswith("/"):
        raise refuse("URI", uri, "a path without //, since BigQuery can not reach such objects")
    if any(unicodedata.category(char) in ("Cc", "Zl", "Zp") for char in path):
        raise refuse("URI", uri, "a path without control characters and line breaks")
    if len(path.encode()) > _MAX_OBJECT_BYTES:
        raise refuse("URI", uri, "a path of at most 1,024 bytes of UTF-8")
    return uri


def clean_uris(uris: Iterable[str]) -> tuple[str, ...]:
    """Return 1 to 10,000 different ``gs://`` URIs, or raise `InvalidInputError`."""
    given: object = uris
    if isinstance(given, str):
        raise InvalidInputError(
            "uris is a single string", next_step="Put the URI into a list: uris=['gs://...']."
        )
    checked = tuple(clean_uri(uri) for uri in uris)
    if not 0 < len(checked) <= MAX_URIS:
        raise InvalidInputError(
            f"uris holds {len(checked):,} URIs",
            next_step="Give 1 to 10,000; one URI with a * stands for any number of objects.",
        )
    if len(set(checked)) < len(checked):
        twice = next(uri for uri in checked if checked.count(uri) > 1)
        raise InvalidInputError(
            f"URI {twice[:80]!a} is given twice", next_step="Its images would count twice."
        )
    return checked


def clean_endpoint(endpoint: str) -> str:
    """Return a model endpoint, or raise `InvalidInputError`.

    Args:
        endpoint: A model's short name such as ``gemini-2.5-flash``, or the URL of an endpoint at
            ``googleapis.com``. Which models there are is not checked: they come and go.
    """
    allowed = "a model name such as gemini-2.5-flash, or https://, a host of googleapis.com and a path"
    text = string("endpoint", endpoint, allowed)
    if not _MODEL_ID.fullmatch(text) and not _ENDPOINT_URL.fullmatch(text):
        raise refuse("endpoint", endpoint, allowed)
    return text
