"""What the server process is told by the process that starts it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from bqvision.local.access import Access
from bqvision.local.simulated import SimulatedBucket

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self


@dataclass(frozen=True, slots=True)
class ModelRoute:
    """Which vision model answers for the endpoints that match a pattern."""

    pattern: str
    kind: Literal["ocr", "openai", "parent", "scripted"]
    """``parent`` calls back into the process that started the server; the others run in the server."""
    index: int = 0
    """Which of the parent's models."""
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any], repr=False)
    """The settings of a model that is data; there may be an API key among them."""


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """Everything the server process needs; sent as one JSON line over its standard input."""

    token: str = field(repr=False)
    project: str
    location: str
    port: int
    buckets: Mapping[str, str | SimulatedBucket]
    """Folders and simulated buckets."""
    home: str
    """A folder for this start alone, which goes with the server."""
    data_dir: str
    persistent: bool
    parent_pid: int
    workers: int
    models: tuple[ModelRoute, ...]
    faults: bool = False
    """Whether there is a fault plan."""
    bridge_port: int | None = None
    bridge_key: str = field(default="", repr=False)
    access: Access | None = None
    """What the project allows; None is everything."""

    def to_json(self) -> str:
        """Return the settings as one line."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, line: str) -> Self:
        """Read the line that `to_json` wrote."""
        values = json.loads(line)
        values["buckets"] = {
            name: bucket if isinstance(bucket, str) else SimulatedBucket(**bucket)
            for name, bucket in values["buckets"].items()
        }
        if values["access"] is not None:
            values["access"] = Access(**values["access"])
        values["models"] = tuple(ModelRoute(**route) for route in values["models"])
        return cls(**values)
