"""Who calls: API keys and tokens, cleaned when they come in and put on each request as the vendor wants them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Protocol, runtime_checkable
from urllib.parse import quote

from interviewkit.errors import ConfigurationError

_PASTED = re.compile(
    r"""^(?:authorization\s*:\s*)?(?:bearer\s+|token\s+(?:token\s*=\s*)?)?(?P<quote>["']?)(?P<key>.*?)(?P=quote)$""",
    re.IGNORECASE | re.DOTALL,
)


_NO_KEY = re.compile(r"bearer|authorization\s*:\s*(?:bearer|token)?", re.IGNORECASE)
"""A header's beginning with nothing behind it (`token` alone may well be somebody's test key)."""


def clean_secret(value: object, *, what: str, provider: str, hint: str) -> str:
    """A key without the blanks, quotes and header words it was pasted with.

    Raises `ConfigurationError` when nothing is left, or when what is left cannot stand in a header; the text of the
    error never holds the value.
    """
    if not isinstance(value, str):
        wrong = "is missing" if value is None else f"is a text, not {type(value).__name__}"
        raise ConfigurationError(f"{what} {wrong}", provider=provider, hint=hint)
    text = value.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        text = text[1:-1].strip()
    match = _PASTED.match(text)
    key = match.group("key").strip() if match else ""
    if not key or _NO_KEY.fullmatch(text):
        raise ConfigurationError(f"{what} is missing or empty", provider=provider, hint=hint)
    if not key.isascii() or not key.isprintable() or any(letter in '"\\ ' for letter in key):
        raise ConfigurationError(f"{what} holds letters that no key has", provider=provider, hint=hint)
    return key


@runtime_checkable
class TokenSource(Protocol):
    """Where a token comes from that changes over time (OAuth2)."""

    async def token(self) -> str:
        """The token to use now."""

    async def renewed(self, refused: str) -> str:
        """A fresh token after the vendor refused this one."""


class Credential(Protocol):
    """How a request is authorised. `fingerprint` tells credentials apart without giving them away."""

    fingerprint: str
    headers: Mapping[str, str]
    query: str

    async def refresh(self) -> None:
        """Bring `headers` up to date; called before a request when `changes` is set."""

    async def renew(self, used: Mapping[str, str]) -> bool:
        """After a 401 to a request with the headers `used`: whether there is a fresh secret worth one more attempt."""

    @property
    def changes(self) -> bool:
        """Whether the secret may change while the provider lives."""


class StaticCredential:
    """A secret that stays the same, in a header or in the query (RemoteInterview's `key`)."""

    changes = False

    def __init__(self, secret: str, *, header: str | None = None, query: str | None = None) -> None:
        self.fingerprint = fingerprint(secret)
        self.headers: Mapping[str, str] = {} if header is None else {"Authorization": header.replace("{}", secret)}
        self.query = "" if query is None else f"{query}={quote(secret, safe='')}"

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.fingerprint[:8]}>"

    async def refresh(self) -> None:
        """Nothing to do."""

    async def renew(self, used: Mapping[str, str]) -> bool:
        """A static secret is never renewed."""
        return False


class TokenCredential:
    """A bearer token from a `TokenSource`, asked for before each request and renewed once after a 401."""

    changes = True
    query = ""

    def __init__(self, source: TokenSource) -> None:
        self._source = source
        self._token = ""
        self.fingerprint = fingerprint(str(id(source)))
        self.headers: Mapping[str, str] = {}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {type(self._source).__name__}>"

    async def refresh(self) -> None:
        self._use(await self._source.token())

    async def renew(self, used: Mapping[str, str]) -> bool:
        if used != self.headers:  # another call has renewed it since
            return True
        refused = self._token
        self._use(await self._source.renewed(refused))
        return self._token != refused

    def _use(self, token: str) -> None:
        if not isinstance(token, str) or not token or not token.isascii() or not token.isprintable():
            raise ConfigurationError("the token source gave no token that can stand in a header")
        if token != self._token:
            self._token = token
            self.headers = {"Authorization": f"Bearer {token}"}


class NoCredential:
    """No authorisation: for files that lie outside the vendor's API and must never see its key."""

    changes = False
    fingerprint = "none"
    headers: Mapping[str, str] = {}
    query = ""

    async def refresh(self) -> None:
        """Nothing to do."""

    async def renew(self, used: Mapping[str, str]) -> bool:
        """There is nothing to renew."""
        return False


def fingerprint(secret: str) -> str:
    """A digest that tells secrets apart."""
    return hashlib.sha256(secret.encode()).hexdigest()
