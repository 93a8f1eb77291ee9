"""Local folders, and simulated objects, in the place of Cloud Storage buckets."""

from __future__ import annotations

import base64
import fnmatch
import hashlib
import mimetypes
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bqvision.local.protocol import ApiError
from bqvision.local.simulated import UPDATED_US, SimulatedBucket

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

DEFAULT_CONTENT_TYPE: Final = "application/octet-stream"
_URI = re.compile(r"gs://(?P<bucket>[^/*]+)/(?P<name>.*)", re.DOTALL)
_UNNAMEABLE = re.compile("[\r\n\ud800-\udfff]")
"""What no object's name has in Cloud Storage: line breaks, and bytes that are no UTF-8."""
_TYPES = mimetypes.MimeTypes()
for _suffix, _type in {".webp": "image/webp", ".heic": "image/heic", ".heif": "image/heif"}.items():
    _TYPES.add_type(_type, _suffix)


@dataclass(frozen=True, slots=True)
class SimulatedObject:
    """The bytes of an object of a simulated bucket, made when they are read."""

    bucket: SimulatedBucket
    number: int

    def read_bytes(self) -> bytes:
        """Return the bytes."""
        return self.bucket.data(self.number)


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One object, as Cloud Storage would describe it."""

    uri: str
    path: Path | SimulatedObject
    """Where its bytes are."""
    generation: int
    content_type: str
    size: int
    updated_us: int
    """Time of the last change, in microseconds since 1970."""


@dataclass(frozen=True, slots=True)
class SimulatedListing:
    """The objects of one simulated bucket that some patterns match; it never changes, so none is looked at."""

    name: str
    bucket: SimulatedBucket
    patterns: tuple[str, ...]
    """What the objects' names match, without the bucket."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What is in the buckets: files one by one, and simulated objects by what tells them."""

    files: tuple[StoredObject, ...]
    """By URI, each once."""
    simulated: tuple[SimulatedListing, ...]


class Buckets:
    """The folders and simulated buckets, by bucket name."""

    def __init__(self, buckets: Mapping[str, Path | SimulatedBucket]) -> None:
        self._simulated = {
            name: bucket for name, bucket in buckets.items() if isinstance(bucket, SimulatedBucket)
        }
        self._folders = {
            name: folder.resolve() for name, folder in buckets.items() if isinstance(folder, Path)
        }
        self.names: frozenset[str] = frozenset(buckets)
        """The names of all."""
        self._md5: dict[tuple[str, int, int], str] = {}

    def list(self, patterns: Sequence[str]) -> Listing:
        """Return the objects that URI patterns match.

        Args:
            patterns: ``gs://`` URIs with at most one ``*``, which also matches ``/``.

        Raises:
            ApiError: A pattern is no such URI, or its bucket is not mapped.
        """
        files: dict[str, StoredObject] = {}
        simulated: dict[str, list[str]] = {}
        for pattern in patterns:
            bucket, name = self._split(pattern)
            if name.count("*") > 1:
                raise ApiError("invalid", f"the URI {pattern} has more than one *")
            if bucket in self._simulated:
                simulated.setdefault(bucket, []).append(name)
            else:
                files |= {stored.uri: stored for stored in self._match(bucket, name)}
        return Listing(
            tuple(files[uri] for uri in sorted(files)),
            tuple(
                SimulatedListing(name, self._simulated[name], tuple(names))
                for name, names in simulated.items()
            ),
        )

    def stat(self, uri: str) -> StoredObject | None:
        """Return one object, or None when it is not there.

        Raises:
            ApiError: It is no object's URI, or its bucket is not mapped.
        """
        bucket, name = self._split(uri)
        if bucket in self._simulated:
            return _simulated(uri, name, self._simulated[bucket])
        if not _is_plain(name):
            return None
        path = self._folders[bucket] / name
        try:
            # Through a linked folder there would be objects that no listing shows.
            here = path.is_file() and path.parent.resolve() == path.parent
            return _describe(uri, path) if here else None
        except OSError:
            return None

    def md5(self, stored: StoredObject) -> str | None:
        """Return the base64 MD5 of an object's bytes; read once as long as the file doesn't change.

        A simulated object has none.
        """
        if isinstance(stored.path, SimulatedObject):
            return None
        key = (str(stored.path), stored.updated_us, stored.size)
        digest = self._md5.get(key)
        if digest is None:
            with stored.path.open("rb") as file:
                raw = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).digest()
            digest = self._md5[key] = base64.b64encode(raw).decode()
        return digest

    def _match(self, bucket: str, name: str) -> Iterator[StoredObject]:
        if "*" not in name:
            stored = self.stat(f"gs://{bucket}/{name}")
            if stored is not None:
                yield stored
            return
        prefix, _, suffix = name.partition("*")
        root = self._folders[bucket]
        for relative, path in _walk(root, prefix):
            if relative.endswith(suffix) and len(relative) >= len(prefix) + len(suffix):
                try:
                    yield _describe(f"gs://{bucket}/{relative}", path)
                except OSError:  # It went between the listing and the look at it.
                    continue

    def _split(self, uri: str) -> tuple[str, str]:
        match = _URI.fullmatch(uri)
        if match is None:
            raise ApiError("invalid", f"{uri} is not a URI of the form gs://bucket/name")
        if match["bucket"] not in self.names:
            mapped = ", ".join(sorted(self.names)) if self.names else "none"
            raise ApiError(
                "notFound",
                f"Not found: bucket {match['bucket']} is not mapped to a folder; mapped buckets: {mapped}",
            )
        return match["bucket"], match["name"]


def _walk(root: Path, prefix: str) -> Iterator[tuple[str, Path]]:
    """Yield the files whose name below the root begins with the prefix, looking into no other folder."""
    start = prefix.rpartition("/")[0]
    pending = [start] if not start or _is_plain(start) else []
    while pending:
        folder = pending.pop()
        try:
            entries = list(os.scandir(root / folder))
        except OSError:
            continue
        for entry in entries:
            relative = f"{folder}/{entry.name}" if folder else entry.name
            if entry.is_dir(follow_symlinks=False):
                if relative.startswith(prefix) or prefix.startswith(f"{relative}/"):
                    pending.append(relative)
            elif relative.startswith(prefix) and not _UNNAMEABLE.search(relative) and entry.is_file():
                yield relative, Path(entry.path)


def _is_plain(name: str) -> bool:
    """Say whether an object's name stays below its bucket's folder, one folder for each slash."""
    foreign = os.sep.replace("/", "\0")
    return not any(part in {"", ".", ".."} or "\0" in part or foreign in part for part in name.split("/"))


def _describe(uri: str, path: Path) -> StoredObject:
    status = path.stat()
    return StoredObject(
        uri=uri,
        path=path,
        # Grows with the time of the last change; the size tells files apart that keep an old time.
        generation=status.st_mtime_ns // 1000 * 1000 + status.st_size % 1000,
        content_type=content_type(path.name),
        size=status.st_size,
        updated_us=status.st_mtime_ns // 1000,
    )


def _simulated(uri: str, name: str, bucket: SimulatedBucket) -> StoredObject | None:
    number = bucket.number(name)
    if number is None:
        return None
    return StoredObject(
        uri=uri,
        path=SimulatedObject(bucket, number),
        generation=bucket.generation,
        content_type=bucket.content_type,
        size=bucket.size,
        updated_us=UPDATED_US,
    )


def content_type(name: str) -> str:
    """Return the media type that a file name's suffix stands for."""
    guessed, encoding = _TYPES.guess_type(name)
    return DEFAULT_CONTENT_TYPE if guessed is None or encoding is not None else guessed


def matches(pattern: str, value: str) -> bool:
    """Say whether a shell-style pattern matches, upper and lower case told apart."""
    return fnmatch.fnmatchcase(value, pattern)
