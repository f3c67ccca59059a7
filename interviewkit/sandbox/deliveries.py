"""What a vendor posts, and what became of it."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import attrs


@attrs.frozen(kw_only=True)
class Letter:
    """One webhook, ready to be posted to one URL."""

    vendor: str
    event: str
    id: str = attrs.field(repr=False)
    url: str = attrs.field(repr=False)
    body: bytes = attrs.field(repr=False)
    headers: Mapping[str, str] = attrs.field(repr=False)


@attrs.define(kw_only=True, eq=False)
class Delivery:
    """One letter on its way: `state` is held, sending, delivered (2xx), failed, refused (no loopback URL) or stopped.

    `status` is that of the last answer, None where none came; `letter` is forgotten when many newer ones went out.
    """

    number: int
    vendor: str
    event: str
    place: str
    """Host and path of the URL."""
    at: datetime
    forgery: str | None = None
    state: str = "held"
    status: int | None = None
    attempts: int = 0
    id: str = attrs.field(repr=False)
    letter: Letter | None = attrs.field(repr=False)

    def summary(self) -> dict[str, Any]:
        """The JSON form of the control route: no body, no header, no query."""
        shown = ("number", "vendor", "event", "id", "place", "state", "status", "attempts", "forgery")
        return {**{name: getattr(self, name) for name in shown}, "at": self.at.isoformat()}


def place_of(url: str) -> str:
    """Host and path of a URL: no user, no query."""
    try:
        parts = urlsplit(url)
        return f"{parts.netloc.rpartition('@')[2]}{parts.path}"
    except ValueError:
        return "(no URL)"


def is_loopback(url: str) -> bool:
    """Whether a URL leads to this machine over plain HTTP: the sandbox calls nobody else."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    if parts.scheme != "http" or parts.username is not None:
        return False
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
