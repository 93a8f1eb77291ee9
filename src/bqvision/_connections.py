"""Requests to the Connection API, through google-cloud-bigquery-connection over HTTP.

google's own repetitions are off: they leave out what BigQuery answers when it fails briefly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from bqvision._calls import About, translated
from bqvision._rest_calls import origin
from bqvision._retry import MalformedAnswerError
from bqvision.errors import IntegrityError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from google.cloud import bigquery

    from bqvision._retry import Calls, RetryPolicy
    from bqvision.sql.names import ConnectionName

T = TypeVar("T")

_HOST: Final = "bigqueryconnection.googleapis.com"
_PAGE_SIZE: Final = 100


class ConnectionCalls:
    """What one client asks about connections.

    Args:
        bigquery: Gives google's client, whose credentials and address are used.
        policy: How often and how long requests are repeated.
        request_timeout_s: Seconds that one request may take.
    """

    def __init__(
        self, *, bigquery: Callable[[], bigquery.Client], policy: RetryPolicy, request_timeout_s: float
    ) -> None:
        self._bigquery = bigquery
        self._policy = policy
        self._request_timeout_s = request_timeout_s

    def get(self, name: ConnectionName, *, until_found: bool = False) -> Mapping[str, object] | None:
        """Return a connection as the REST API describes it, or ``None`` if there is none.

        Args:
            name: Its full name.
            until_found: Whether "not found" is repeated, for one that is known to exist.

        Raises:
            ServiceError: BigQuery refused, or could not be reached.
            AuthError: Credentials are missing or were refused.
        """
        try:
            found = self._send(
                _about(name),
                lambda api, how: api.get_connection(name=_path(name), **how),
                until_found=until_found,
            )
        except NotFoundError as error:
            if _is_about_a_connection(error):
                return None
            raise
        return _resource(found)

    def create(
        self, name: ConnectionName, *, friendly_name: str | None, description: str | None
    ) -> Mapping[str, object]:
        """Create a Cloud resource connection, and return it as the REST API describes it.

        Args:
            name: Its full name.
            friendly_name: What people call it.
            description: What it is for.

        Raises:
            AlreadyExistsError: There is one of this name; after a lost answer it may be this call's own.
            ServiceError: BigQuery refused, or could not be reached.
            AuthError: Credentials are missing or were refused.
        """

        def create(api: Any, how: dict[str, Any]) -> object:
            from google.cloud.bigquery_connection_v1 import types

            wanted = types.Connection(cloud_resource=types.CloudResourceProperties())
            if friendly_name is not None:
                wanted.friendly_name = friendly_name
            if description is not None:
                wanted.description = description
            parent = _parent(name.project, name.location)
            return api.create_connection(
                parent=parent, connection_id=name.connection, connection=wanted, **how
            )

        return _resource(self._send(_about(name), create))

    def delete(self, name: ConnectionName) -> bool:
        """Delete a connection, and return whether there was one.

        Args:
            name: Its full name.

        Raises:
            ServiceError: BigQuery refused, or could not be reached.
            AuthError: Credentials are missing or were refused.
        """
        try:
            self._send(_about(name), lambda api, how: api.delete_connection(name=_path(name), **how))
        except NotFoundError as error:
            if not _is_about_a_connection(error):
                raise
            return error.attempts > 1  # after a lost answer it was this call that deleted it
        return True

    def list(self, project: str, location: str) -> Iterator[Mapping[str, object]]:
        """List a location's connections, each as the REST API describes it.

        Args:
            project: The project.
            location: Where they are.

        Raises:
            ServiceError: BigQuery refused, or could not be reached.
            AuthError: Credentials are missing or were refused.
            IntegrityError: The pages run in a circle.
        """
        about = About(location=location)
        request = {"parent": _parent(project, location), "page_size": _PAGE_SIZE, "page_token": ""}
        asked_for = {""}
        while True:
            page: Any = self._send(about, lambda api, how: api.list_connections(request=request, **how))
            yield from map(_resource, page.connections)
            token = page.next_page_token
            if not token:
                return
            if token in asked_for:
                raise about.error(
                    IntegrityError,
                    "BigQuery's pages run in a circle: the next page is one that was read before",
                    next_step="Read it again.",
                )
            asked_for.add(token)
            request["page_token"] = token

    def _send(
        self, about: About, send: Callable[[Any, dict[str, Any]], T], *, until_found: bool = False
    ) -> T:
        # A client for each call: connections are asked about seldom, and nothing is left to close, or to share with
        # a forked process.
        calls = self._policy.begin(until_found=until_found)
        bigquery = self._bigquery()
        from google.cloud.bigquery_connection_v1 import ConnectionServiceClient
        from google.cloud.bigquery_connection_v1.services.connection_service.transports import (
            ConnectionServiceRestTransport,
        )

        with translated(about, calls):
            transport = ConnectionServiceRestTransport(
                host=origin(bigquery, _HOST),
                credentials=cast("Any", bigquery._credentials),  # pyright: ignore[reportPrivateUsage]
            )
            with ConnectionServiceClient(transport=transport) as api:
                return send(api, {"retry": _retry(calls), "timeout": self._request_timeout_s})


def _retry(calls: Calls) -> Callable[[Callable[..., object]], Callable[..., object]]:
    """Return our policy as google's ``retry=``; its answers are messages here, not the objects of JSON."""

    def wrap(call: Callable[..., object]) -> Callable[..., object]:
        def answer(*args: object, **kwargs: object) -> object:
            from google.protobuf.json_format import ParseError  # type: ignore[import-untyped]

            try:
                return {"answer": call(*args, **kwargs)}
            except ParseError as error:
                raise MalformedAnswerError(type(error).__name__) from error

        def run(*args: object, **kwargs: object) -> object:
            return cast("Mapping[str, object]", calls.wrap(answer)(*args, **kwargs))["answer"]

        return run

    return wrap


def _resource(message: object) -> Mapping[str, object]:
    from google.cloud.bigquery_connection_v1 import types
    from google.protobuf.json_format import MessageToDict

    return cast("Mapping[str, object]", MessageToDict(types.Connection.pb(message)))


def _about(name: ConnectionName) -> About:
    return About(resource=str(name), location=name.location)


def _path(name: ConnectionName) -> str:
    return f"{_parent(name.project, name.location)}/connections/{name.connection}"


def _parent(project: str | None, location: str | None) -> str:
    return f"projects/{project}/locations/{location}"


def _is_about_a_connection(error: NotFoundError) -> bool:
    # Any other "not found" comes from a server that does not know the address.
    said = error.message.lower()
    return "not found: connection" in said or "requested entity was not found" in said
