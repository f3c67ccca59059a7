"""The URLs of a receiver: an account, a secret that nobody can guess, and for one session's URL a token."""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import re
import secrets as randomness
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import quote, urlsplit

import attrs

from interviewkit.errors import ConfigurationError

SHORTEST = 16
"""Letters of a secret: 96 bits where they are random."""
_SECRET = re.compile(r"[A-Za-z0-9._~-]+")
_TOKEN_BYTES = 16


@attrs.frozen(kw_only=True)
class Door:
    """Whose URL a delivery came to."""

    account: str
    secret: str = attrs.field(repr=False)
    token: str | None = attrs.field(default=None, repr=False)
    """What ties the URL to one session."""

    def leads_to(self, reference: str | None) -> bool:
        """Whether a delivery about this reference may come here; a URL without a token is for all."""
        if self.token is None:
            return True
        expected = token_of(self.secret, self.account, reference or "")
        fits = hmac.compare_digest(self.token.encode(errors="surrogatepass"), expected.encode())
        return fits and reference is not None


class Doors:
    """All the secrets of a receiver. Asking takes the same time whether a path fits, or almost, or not at all."""

    def __init__(self, secrets: Mapping[str, Sequence[str]]) -> None:
        self._key = randomness.token_bytes(32)
        self._known = [
            (self._mark(account, one), account, one) for account, several in secrets.items() for one in several
        ]

    def __repr__(self) -> str:
        return f"<Doors {len(self._known)}>"

    def find(self, path: str) -> Door | None:
        """Whose path this is, decoded and below the mount point; `None`: nobody's."""
        found: Door | None = None
        for account, secret, token in _readings(path):
            mark = self._mark(account, secret)
            for known, label, own in self._known:
                if hmac.compare_digest(mark, known) and token != "":
                    found = Door(account=label, secret=own, token=token)
        return found

    def _mark(self, account: str, secret: str) -> bytes:
        """A keyed hash: what of two of them is equal tells nothing about a secret."""
        text = f"{len(account)}:{account}/{secret}".encode(errors="surrogatepass")
        return hashlib.blake2b(text, key=self._key).digest()


def _readings(path: str) -> Iterator[tuple[str, str, str | None]]:
    """Account, secret and token, as the path may mean them: an account's label may hold slashes."""
    above, _, last = path.removeprefix("/").rpartition("/")
    yield above, last, None
    account, _, secret = above.rpartition("/")
    yield account, secret, last


def path_of(account: str, secret: str, reference: str | None = None) -> str:
    """The path of an account's URL, or of the URL of one session of it."""
    token = None if reference is None else token_of(secret, account, reference)
    return "/".join(["", quote(account, safe=""), secret, *([] if token is None else [token])])


def token_of(secret: str, account: str, reference: str) -> str:
    """What ties a URL to one reference: 128 bits that only who knows the secret can make."""
    text = f"interviewkit callback\0{account}\0{reference}".encode(errors="surrogatepass")
    digest = hmac.new(secret.encode(), text, hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest[:_TOKEN_BYTES]).rstrip(b"=").decode()


def check_secret(account: str, secret: object) -> str:
    """The secret, if it is one. Raises `ConfigurationError` without it in the text."""
    if not isinstance(secret, str) or len(secret) < SHORTEST or not _SECRET.fullmatch(secret):
        raise ConfigurationError(
            f"a webhook secret of the account {account!r} is not {SHORTEST} or more letters, digits and . _ ~ -",
            hint='make one with: python -c "import secrets; print(secrets.token_urlsafe(24))"',
        )
    return secret


def check_base_url(url: str | None) -> str | None:
    """The URL's beginning without its last slash. Raises `ConfigurationError`: the secret would travel in the open."""
    if url is None:
        return None
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except (ValueError, AttributeError, TypeError):
        parts, host = urlsplit(""), ""
    if parts.query or parts.fragment or parts.username is not None or not host:
        raise ConfigurationError("base_url= is the beginning of a URL, such as https://hooks.example.com")
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(host)):
        raise ConfigurationError("base_url= is not https, which would show the secret to others on the way")
    return url.rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
