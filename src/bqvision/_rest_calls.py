"""Requests to Google's other APIs: who may do what, what is enabled, what can be billed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, cast

from bqvision._calls import About, translated

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from google.cloud import bigquery

    from bqvision._rest import JsonValue
    from bqvision._retry import RetryPolicy

_GOOGLE: Final = "https://bigquery.googleapis.com"


class RestCalls:
    """What one client asks of other APIs, with the credentials and the connections of google's client.

    Args:
        bigquery: Gives google's client.
        policy: How often and how long requests are repeated.
        request_timeout_s: Seconds that one request may take.
    """

    def __init__(
        self, *, bigquery: Callable[[], bigquery.Client], policy: RetryPolicy, request_timeout_s: float
    ) -> None:
        self._bigquery = bigquery
        self._policy = policy
        self._request_timeout_s = request_timeout_s

    def call(
        self,
        method: Literal["GET", "POST"],
        path: str,
        host: str,
        body: Mapping[str, JsonValue] | None = None,
    ) -> Mapping[str, object]:
        """Send a request, which must be one that may be sent twice.

        Args:
            method: Its HTTP method.
            path: The path and the query of its URL.
            host: The API's host, such as ``cloudresourcemanager.googleapis.com``.
            body: What it sends.

        Returns:
            The answer.

        Raises:
            ServiceError: The API refused, or could not be reached.
            AuthError: Credentials are missing or were refused.
        """
        calls = self._policy.begin()
        client = self._bigquery()
        url = origin(client, host) + path

        def send() -> object:
            from google.api_core.exceptions import from_http_response

            session: Any = client._http  # pyright: ignore[reportPrivateUsage]
            response = session.request(method, url, json=body, timeout=self._request_timeout_s)
            if not response.ok:
                raise from_http_response(response)  # type: ignore[no-untyped-call]
            return response.json()

        with translated(About(resource=path), calls):
            return cast("Mapping[str, object]", calls.wrap(send)())


def origin(client: bigquery.Client, host: str) -> str:
    """Return where an API is: at its own host, or where google's client was told to go instead.

    Args:
        client: google's client.
        host: The API's host.
    """
    base = str(client._connection.API_BASE_URL)  # pyright: ignore[reportPrivateUsage]
    return f"https://{host}" if base.rstrip("/") == _GOOGLE else base.rstrip("/")
