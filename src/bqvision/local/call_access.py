"""What the model calls of one statement may do: each account is looked at once, however many rows there are."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from bqvision.local.access_control import bucket_of
from bqvision.local.protocol import ApiError

if TYPE_CHECKING:
    from bqvision.local.access_control import AccessControl
    from bqvision.local.catalog import Connection
    from bqvision.local.connections import Connections
    from bqvision.local.questions import ObjectRef


class CallAccess:
    """The access of one statement.

    Args:
        control: Says what accounts may do.
        connections: Knows the accounts.
    """

    def __init__(self, control: AccessControl, connections: Connections) -> None:
        self._control = control
        self._connections = connections
        self._lock = threading.Lock()
        self._endpoints: dict[Connection | None, str | None] = {}
        self._buckets: dict[tuple[str, str], str | None] = {}

    def endpoint_refusal(self, connection: Connection | None) -> str | None:
        """Return what endpoints say to a connection's account, or to the caller; None if they answer."""
        if connection not in self._endpoints:
            self._endpoints[connection] = self._control.endpoint_refusal(connection)
        return self._endpoints[connection]

    def unreadable(self, ref: ObjectRef) -> str | None:
        """Return why an object may not be read; None if it may. Called on the models' threads."""
        if ref.authorizer is None or not self._control.simulated:
            return None
        key = (ref.authorizer, bucket_of(ref.uri))
        with self._lock:
            if key not in self._buckets:
                self._buckets[key] = self._account_refusal(*key)
            return self._buckets[key]

    def _account_refusal(self, authorizer: str, bucket: str) -> str | None:
        try:
            return self._control.reading_refusal(self._connections.find(authorizer), bucket)
        except ApiError as error:
            return f"INVALID_ARGUMENT: {error.message}"
