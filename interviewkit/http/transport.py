"""Bytes to a vendor and back over one pooled aiohttp session: the only client-side use of aiohttp."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import Any

import aiohttp
from yarl import URL

from interviewkit.errors import (
    ConfigurationError,
    DeadlineExceededError,
    InterviewKitError,
    Outcome,
    TransportError,
)
from interviewkit.http.wire import Response

_NEVER_LEFT = (aiohttp.ClientConnectorError, aiohttp.InvalidURL)
_NO_TIMEOUT = aiohttp.ClientTimeout(total=None, connect=None, sock_connect=None, sock_read=None)


class _Disconnected(Exception):  # noqa: N818
    """Stands for a lost connection, so that aiohttp does not send GET, PUT and DELETE a second time by itself."""


async def _no_silent_repeat(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError):
        raise _Disconnected from None


class Transport:
    """One pooled session. A borrowed session lends its connector only: not its headers, cookies or proxy."""

    def __init__(self, borrowed: aiohttp.ClientSession | None = None, *, connections: int = 100) -> None:
        if borrowed is not None and not isinstance(borrowed, aiohttp.ClientSession):
            raise ConfigurationError("session= is an aiohttp.ClientSession")
        self._borrowed = borrowed
        self._connections = connections
        self._session: aiohttp.ClientSession | None = None
        self._closed = False

    def _open(self) -> aiohttp.ClientSession:
        if self._closed:
            raise ConfigurationError("the provider is closed", outcome=Outcome.NOT_SENT)
        if self._session is None:
            borrowed = self._borrowed
            if borrowed is not None and borrowed.closed:
                raise ConfigurationError("the borrowed session is closed", outcome=Outcome.NOT_SENT)
            connector = aiohttp.TCPConnector(limit=self._connections) if borrowed is None else borrowed.connector
            self._session = aiohttp.ClientSession(
                connector=connector,
                connector_owner=borrowed is None,
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
                auto_decompress=True,
                timeout=_NO_TIMEOUT,
                middlewares=(_no_silent_repeat,),
                headers={"User-Agent": "interviewkit"},
            )
        return self._session

    async def send(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes | None, timeout: float, max_bytes: int
    ) -> Response:
        """Send one request and read its whole answer within `timeout` seconds.

        Raises `TransportError` with `outcome` `NOT_SENT` when no byte left, else `UNKNOWN`: refused, reset, cut short,
        or more than `max_bytes` after decompression. Redirects are answers, never followed.
        """
        session = self._open()
        failure: InterviewKitError
        try:
            async with (
                asyncio.timeout(timeout),
                session.request(
                    method, URL(url, encoded=True), headers=headers, data=body, allow_redirects=False
                ) as answer,
            ):
                return Response(answer.status, _lower(answer.headers), await _read(answer, max_bytes))
        except InterviewKitError:
            raise
        except (aiohttp.ClientError, _Disconnected, OSError, EOFError, ValueError) as error:
            failure = _failure(error, timeout)
        raise failure

    @contextlib.asynccontextmanager
    async def stream(
        self, url: str, *, headers: Mapping[str, str], timeout: float, max_bytes: int
    ) -> AsyncIterator[tuple[int, Mapping[str, str], AsyncIterator[bytes]]]:
        """Open a download: status, headers, and the body in pieces, all within `timeout` seconds."""
        session = self._open()
        failure: InterviewKitError | None = None
        try:
            async with (
                asyncio.timeout(timeout),
                session.get(URL(url, encoded=True), headers=headers, allow_redirects=False) as answer,
            ):
                yield answer.status, _lower(answer.headers), _pieces(answer, max_bytes)
        except InterviewKitError:
            raise
        except (aiohttp.ClientError, _Disconnected, TimeoutError) as error:
            failure = _failure(error, timeout)
        if failure is not None:
            raise failure

    async def aclose(self) -> None:
        """Close what was opened here; a borrowed connector stays open."""
        self._closed = True
        session, self._session = self._session, None
        if session is not None:
            await session.close()


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


async def _read(answer: aiohttp.ClientResponse, max_bytes: int) -> bytes:
    pieces = [piece async for piece in _pieces(answer, max_bytes)]
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


async def _pieces(answer: aiohttp.ClientResponse, max_bytes: int) -> AsyncIterator[bytes]:
    size = 0
    async for piece in answer.content.iter_any():
        size += len(piece)
        if size > max_bytes:
            raise TransportError(
                f"the answer is larger than {max_bytes} bytes",
                outcome=Outcome.UNKNOWN,
                retryable=False,
                hint="raise max_response_bytes if this size is expected",
            )
        yield piece


def _failure(error: Exception, timeout: float) -> InterviewKitError:
    """Our error for theirs: their texts and context hold URLs with keys, so nothing of them is kept."""
    if isinstance(error, TimeoutError) and not isinstance(error, aiohttp.ClientConnectorError):
        return DeadlineExceededError(f"no whole answer within {timeout:.3g} seconds", outcome=Outcome.UNKNOWN)
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientSSLError):
        return TransportError("the host's certificate is not trusted", outcome=Outcome.NOT_SENT, retryable=False)
    if isinstance(error, _NEVER_LEFT):
        return TransportError("no connection to the host", outcome=Outcome.NOT_SENT)
    words: dict[type[Any], str] = {
        aiohttp.ClientPayloadError: "the answer was cut short",
        aiohttp.ClientResponseError: "the answer is not HTTP",
        _Disconnected: "the connection was lost before an answer came",
    }
    text = next((said for kind, said in words.items() if isinstance(error, kind)), "the connection failed")
    return TransportError(text, outcome=Outcome.UNKNOWN)
