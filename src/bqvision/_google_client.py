"""Google's client, made: which server, which credentials, which project."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from bqvision.errors import AuthError, ConfigurationError, InvalidInputError

if TYPE_CHECKING:
    from google.auth.credentials import Credentials
    from google.cloud import bigquery

_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def check_endpoint(endpoint: str | None) -> str | None:
    """Return an endpoint's address; one that would send credentials unencrypted is refused.

    Args:
        endpoint: The address, with or without ``http://``; None for Google's.

    Raises:
        InvalidInputError: It is no address, or would send credentials unencrypted.
    """
    if endpoint is None:
        return None
    url = endpoint if "://" in endpoint else f"http://{endpoint}"
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username is not None:
        raise InvalidInputError(
            f"the endpoint {parts.hostname!r} is no server address",
            next_step="Give it as http://HOST:PORT or https://HOST, without a user name.",
        )
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise InvalidInputError(
            f"the endpoint on {parts.hostname} would send credentials unencrypted",
            next_step="Use https://, or a server on this machine.",
        )
    return url.rstrip("/")


def google_client(
    project: str, location: str, endpoint: str | None, credentials: Credentials | None
) -> bigquery.Client:
    """Make google's client.

    Args:
        project: The project that is billed.
        location: Where jobs run.
        endpoint: Another server; None for Google's.
        credentials: Credentials; None for those of the endpoint or of the environment.

    Raises:
        AuthError: There are none.
    """
    from google.api_core.client_info import ClientInfo
    from google.api_core.client_options import ClientOptions
    from google.auth.exceptions import DefaultCredentialsError
    from google.cloud import bigquery

    from bqvision import __version__

    info = ClientInfo(user_agent=f"bqvision/{__version__}")  # type: ignore[no-untyped-call]
    # The library reads BIGQUERY_EMULATOR_HOST by itself; the option keeps argument > environment.
    options = ClientOptions(api_endpoint=endpoint) if endpoint is not None else None
    chosen = credentials if credentials is not None else _endpoint_credentials(endpoint)
    try:
        return bigquery.Client(
            project=project, credentials=chosen, location=location, client_options=options, client_info=info
        )
    except DefaultCredentialsError as error:
        raise _no_credentials() from error


def _endpoint_credentials(endpoint: str | None) -> Credentials | None:
    """Credentials for a server on this machine, which must never be sent real ones by default."""
    if endpoint is None or urlsplit(endpoint).hostname not in _LOOPBACK:
        return None
    from google.auth.credentials import AnonymousCredentials
    from google.oauth2.credentials import Credentials as TokenCredentials

    token = os.environ.get("BQVISION_TOKEN")
    if not token:
        return AnonymousCredentials()  # type: ignore[no-untyped-call]
    credentials: Credentials = TokenCredentials(token=token)  # type: ignore[no-untyped-call]
    return credentials


def project_of_credentials() -> str:
    """Return the project of the Application Default Credentials.

    Raises:
        ConfigurationError: They name none.
        AuthError: There are none.
    """
    import google.auth
    from google.auth.exceptions import DefaultCredentialsError

    try:
        _, project = google.auth.default()
    except DefaultCredentialsError as error:
        raise _no_credentials() from error
    if project is None:
        raise ConfigurationError(
            "no project is known",
            next_step="Give Client(project=...), or set GOOGLE_CLOUD_PROJECT.",
        )
    return str(project)


def _no_credentials() -> AuthError:
    return AuthError(
        "no Google credentials were found on this machine",
        next_step=(
            "Run `gcloud auth application-default login`, or give Client(credentials=...). "
            "To work with no cloud at all, use Client.local(buckets=...)."
        ),
    )
