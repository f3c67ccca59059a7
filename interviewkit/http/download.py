"""Files that lie outside a vendor's API: fetched from known hosts only, without credentials, into a file."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote, urljoin, urlsplit

import attrs

from interviewkit.errors import (
    InterviewKitError,
    InvalidArgumentError,
    RateLimitedError,
    TransportError,
)
from interviewkit.http.connection import Connection, is_loopback
from interviewkit.http.refusal import kind_of
from interviewkit.http.retry import parse_retry_after

Target = str | os.PathLike[str] | BinaryIO


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
    connection: Connection, url: str, hosts: KnownHosts, *, operation: str, redirects: int = 3
) -> AsyncIterator[AsyncIterator[bytes]]:
    """Open a file for reading, following up to `redirects` redirects between known hosts.

    Raises `InvalidArgumentError` for another host, the status's `VendorError` (a link that has expired: 403 or 404 at
    most hosts), `TransportError`.
    """
    runner = connection.runner
    for _hop in range(redirects + 1):
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
                    raise _refusal(status, headers)
                yield pieces
                return
        except InterviewKitError as error:
            error.outcome = None
            raise error.locate(provider=runner.provider, operation=operation, account=runner.account) from None
    raise TransportError("too many redirects", provider=runner.provider, operation=operation, retryable=False)


_EXPIRED = frozenset({400, 401, 403, 404, 410})
"""What hosts answer to a signed link whose time is over. No credentials are sent, so none can be wrong."""


def _refusal(status: int, headers: Mapping[str, str]) -> InterviewKitError:
    """The error that a file host's status means: the same as a vendor's."""
    text = f"the file cannot be had (HTTP {status})"
    if status < 400:
        return TransportError(text, retryable=False, hint="an answer of this kind holds no file")
    hint = "the link may have expired: fetch the report again for a fresh one" if status in _EXPIRED else None
    kind = kind_of(status)
    if kind is RateLimitedError:
        return kind(text, status=status, hint=hint, retry_after=parse_retry_after(headers.get("retry-after")))
    return kind(text, status=status, hint=hint)


async def save(pieces: AsyncIterator[bytes], target: Target) -> int:
    """Write a file piece by piece; a path gets the whole file or nothing. Returns the size in bytes."""
    if not isinstance(target, str | os.PathLike):
        return await _pour(pieces, target)
    path = Path(target)
    if not path.name:
        raise InvalidArgumentError("target is the path of a file, not of a folder")
    part = path.with_name(f".{path.name}.part")
    try:
        with _naming(path):
            opened = await asyncio.to_thread(part.open, "wb")
        with opened as file:
            size = await _pour(pieces, file)
        with _naming(path):
            await asyncio.to_thread(part.replace, path)
    finally:
        with contextlib.suppress(OSError):  # it was never there, or its folder is none: the first error says so
            await asyncio.to_thread(part.unlink)
    return size


@contextlib.contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Errors of the file system name the file that was asked for, not the one beside it that fills up first."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from None


async def _pour(pieces: AsyncIterator[bytes], file: BinaryIO) -> int:
    size = 0
    async for piece in pieces:
        await asyncio.to_thread(file.write, piece)
        size += len(piece)
    return size


async def whole(content: bytes) -> AsyncIterator[bytes]:
    """Bytes that are already here, as the pieces of a file."""
    yield content
