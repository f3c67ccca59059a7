"""Files that lie outside a vendor's API: fetched from known hosts only, without credentials, into a file."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote, urljoin, urlsplit

import attrs

from interviewkit.errors import InterviewKitError, InvalidArgumentError, NotFoundError, TransportError, VendorError
from interviewkit.http.connection import Connection, is_loopback

Target = str | os.PathLike[str] | BinaryIO

_REDIRECTS = 3


@attrs.frozen
class KnownHosts:
    """Where files may come from: exact names, or `.suffix` for a whole domain; plain http only where listed.

    `loopback` also allows this machine: for a sandbox.
    """

    https: Sequence[str]
    http: Sequence[str] = ()
    loopback: bool = False

    def allow(self, url: str) -> bool:
        """Whether a file may be fetched from this URL."""
        if url != _written(url):  # a parser that cleans a URL up would see another host than the one that is asked
            return False
        try:
            parts = urlsplit(url)
            host, _port = parts.hostname or "", parts.port
        except ValueError:
            return False
        if not _HOST.fullmatch(host) or "@" in parts.netloc or parts.scheme not in {"http", "https"}:
            return False
        if self.loopback and is_loopback(host):
            return True
        names = [*self.http, *self.https] if parts.scheme == "https" else self.http
        return any(host == name or (name.startswith(".") and host.endswith(name)) for name in names)


_HOST = re.compile(r"[a-z0-9.-]+|[0-9a-f:.]+")
_KEPT = "%/:=&?~#+!$,;'@()*[]|"


def _written(url: str) -> str:
    """A URL as it is sent: what stands for itself stays, blanks and letters of other scripts are percent-encoded."""
    return quote(url, safe=_KEPT)


@contextlib.asynccontextmanager
async def open_file(
    connection: Connection, url: str, hosts: KnownHosts, *, operation: str
) -> AsyncIterator[AsyncIterator[bytes]]:
    """Open a file for reading, following up to three redirects between known hosts.

    Raises `InvalidArgumentError` for another host, `NotFoundError` where the link has expired, `TransportError`.
    """
    runner = connection.runner
    for _hop in range(_REDIRECTS + 1):
        url = _written(url)
        if not hosts.allow(url):
            raise InvalidArgumentError(
                "the file lies on a host that this vendor does not use", provider=runner.provider, operation=operation,
                hint="open it yourself if you trust it",
            )  # fmt: skip
        try:
            async with connection.transport.stream(
                url, headers={"Accept": "*/*"}, timeout=runner.timeout, max_bytes=runner.max_response_bytes
            ) as (status, headers, pieces):
                if status in {301, 302, 303, 307, 308} and "location" in headers:
                    url = urljoin(url, headers["location"])
                    continue
                if status != 200:
                    kind: type[VendorError] = NotFoundError if status in {401, 403, 404, 410} else VendorError
                    raise kind(
                        f"the file cannot be had (HTTP {status})", status=status,
                        hint="the link may have expired: fetch the report again for a fresh one",
                    )  # fmt: skip
                yield pieces
                return
        except InterviewKitError as error:
            error.outcome = None
            raise error.locate(provider=runner.provider, operation=operation, account=runner.account) from None
    raise TransportError("too many redirects", provider=runner.provider, operation=operation, retryable=False)


async def save(pieces: AsyncIterator[bytes], target: Target) -> int:
    """Write a file piece by piece; a path gets the whole file or nothing. Returns the size in bytes."""
    if not isinstance(target, str | os.PathLike):
        return await _pour(pieces, target)
    path = Path(target)
    part = path.with_name(f".{path.name}.part")
    try:
        with await asyncio.to_thread(part.open, "wb") as file:
            size = await _pour(pieces, file)
        await asyncio.to_thread(part.replace, path)
    finally:
        await asyncio.to_thread(part.unlink, missing_ok=True)
    return size


async def _pour(pieces: AsyncIterator[bytes], file: BinaryIO) -> int:
    size = 0
    async for piece in pieces:
        await asyncio.to_thread(file.write, piece)
        size += len(piece)
    return size


async def whole(content: bytes) -> AsyncIterator[bytes]:
    """Bytes that are already here, as the pieces of a file."""
    yield content
