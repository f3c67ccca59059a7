"""Files outside CoderPad's API: drawings at Google's storage, edit histories at Firebase; the key is never sent there.

Hosts as the vendor's answers show them (https://coderpad.io/api and https://api.interview.coderpad.io, read 2026-11).
"""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit

from interviewkit.errors import InvalidArgumentError, TransportError
from interviewkit.http.connection import Connection, is_loopback
from interviewkit.http.download import KnownHosts, Target, open_file, save
from interviewkit.model import Artifact, ArtifactKind, SourceFile
from interviewkit.providers.coderpad.history import History

LOADABLE = frozenset({ArtifactKind.DRAWING, ArtifactKind.HISTORY})
HISTORY_HOSTS = (".firebaseio.com", ".firebasedatabase.app")
DRAWING_HOSTS = ("storage.googleapis.com",)
HISTORY_BYTES = 10 * 1024 * 1024
"""The longest edit history that is read."""


async def history(connection: Connection, source: str | Artifact | SourceFile) -> History:
    """Fetch an edit history and replay it."""
    url = _history_url(source)
    hosts = _known(connection, HISTORY_HOSTS)
    body = bytearray()
    async with open_file(connection, url, hosts, operation="fetch_history", redirects=0) as pieces:
        async for piece in pieces:
            body += piece
            if len(body) > HISTORY_BYTES:
                raise TransportError(
                    f"the history is larger than {HISTORY_BYTES} bytes", provider="coderpad", operation="fetch_history",
                    retryable=False, hint="fetch it with download() and replay it with History.parse()",
                )  # fmt: skip
    return History.parse(bytes(body))


async def download(connection: Connection, url: str, target: Target, *, drawing: bool) -> int:
    """Fetch a drawing or a history into a file; a history's host redirects nowhere."""
    hosts = _known(connection, DRAWING_HOSTS if drawing else HISTORY_HOSTS)
    redirects = 3 if drawing else 0
    async with open_file(connection, url, hosts, operation="download", redirects=redirects) as pieces:
        return await save(pieces, target)


def is_stale(artifact: Artifact, now: datetime) -> bool:
    """Whether the artifact's URL has to be asked for anew."""
    return artifact.url is None or (artifact.expires_at is not None and artifact.expires_at <= now)


def _known(connection: Connection, names: tuple[str, ...]) -> KnownHosts:
    own = urlsplit(connection.runner.endpoints["api"].base_url).hostname
    return KnownHosts(https=names, loopback=is_loopback(own))


def _history_url(source: str | Artifact | SourceFile) -> str:
    url: object = source
    if isinstance(source, Artifact):
        url = source.url if source.kind is ArtifactKind.HISTORY else None
    elif isinstance(source, SourceFile):
        url = source.history_url
    if not isinstance(url, str) or not url:
        raise InvalidArgumentError(
            "fetch_history takes a URL, a HISTORY artifact, or a file with a history_url", provider="coderpad"
        )
    return url
