"""Signed URLs: a loopback URL that hands out one object for some hours."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from typing import Final
from urllib.parse import quote, urlencode

PREFIX: Final = "/objects/"
_LIFETIME_SECONDS: Final = 6 * 3600


class Signer:
    """Signs and checks URLs; the key lives as long as the server.

    Args:
        endpoint: Where the server answers.
    """

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._key = secrets.token_bytes(32)

    def url(self, uri: str) -> str:
        """Return the URL of an object's bytes."""
        name = uri.removeprefix("gs://")
        expires = str(int(time.time()) + _LIFETIME_SECONDS)
        query = urlencode({"Expires": expires, "Signature": self._sign(name, expires)})
        return f"{self._endpoint}{PREFIX}{quote(name)}?{query}"

    def valid(self, name: str, expires: str, signature: str) -> bool:
        """Say whether a signature is ours and still good."""
        genuine = hmac.compare_digest(self._sign(name, expires).encode(), signature.encode())
        return genuine and expires.isdecimal() and int(expires) >= time.time()

    def _sign(self, name: str, expires: str) -> str:
        return hmac.new(self._key, f"{expires}\n{name}".encode(), hashlib.sha256).hexdigest()
