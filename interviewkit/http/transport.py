"""Bytes to a vendor and back over one pooled aiohttp session: the only client-side use of aiohttp."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from contextvars import ContextVar
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
_REFUSALS = (aiohttp.ClientError, OSError, EOFError, ValueError)
_LOST = (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError)


class _Disconnected(Exception):  # noqa: N818
    """Stands for a lost connection, so that aiohttp does not send GET, PUT and DELETE a second time by itself."""


class _Journey:
    """How far one request came."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = False
        """Whether a connection was found, so that the first byte may have left."""
        _JOURNEY.set(self)


_JOURNEY: ContextVar[_Journey] = ContextVar("interviewkit_journey")
"""Of the request that is being made; aiohttp hands nothing else on to its requests."""


class _Request(aiohttp.ClientRequest):
    """Says that it leaves, and that it is not to be sent again."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._journey = _JOURNEY.get()  # now: several tasks may share one context, and wait for connections at once

    async def send(self, conn: Any) -> aiohttp.ClientResponse:
        self._journey.left = True
        try:
            return await super().send(conn)
        except _LOST:
            raise _Disconnected from None


class _Answer(aiohttp.ClientResponse):
    """Says that its request is not to be sent again."""

    async def start(self, connection: Any) -> aiohttp.ClientResponse:
        try:
            return await super().start(connection)
        except _LOST:
            raise _Disconnected from None


class Transport:
    """One pooled session. A borrowed session lends its connector only: not its headers, cookies or proxy."""

    def __init__(self, borrowed: aiohttp.ClientSession | None = None, *, connections: int = 100) -> None:
        if borrowed is not None and not isinstance(borrowed, aiohttp.ClientSession):
            raise ConfigurationError("session= is an aiohttp.ClientSession")
        self._borrowed = borrowed
        self._connections = connections
        self._session: aiohttp.ClientSession | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False

    def _open(self) -> aiohttp.ClientSession:
        if self._closed:
            raise ConfigurationError("the provider is closed", outcome=Outcome.NOT_SENT)
        borrowed = self._borrowed
        if borrowed is not None and borrowed.closed:
            raise ConfigurationError("the borrowed session is closed", outcome=Outcome.NOT_SENT)
        loop = asyncio.get_running_loop()
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=self._connections) if borrowed is None else borrowed.connector
            self._loop = loop
            self._session = aiohttp.ClientSession(
                connector=connector,
                connector_owner=borrowed is None,
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
                auto_decompress=True,
                timeout=_NO_TIMEOUT,
                request_class=_Request,
                response_class=_Answer,
                headers={"User-Agent": "interviewkit"},
            )
        elif self._loop is not loop:
            raise ConfigurationError(
                "the provider was used in another event loop before",
                outcome=Outcome.NOT_SENT,
                hint="make a provider for each asyncio.run(), and close it there",
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
        journey = _Journey()
        failure: InterviewKitError
        try:
            async with asyncio.timeout(timeout):
                answer = await session.request(
                    method, URL(url, encoded=True), headers=headers, data=body, allow_redirects=False
                )
                try:
                    content = await _read(answer.content, max_bytes)
                except BaseException:
                    answer.close()  # with its connection, in which the rest of it may lie
                    raise
                return Response(answer.status, _lower(answer.headers), content)
        except InterviewKitError:
            raise
        except (*_REFUSALS, _Disconnected) as error:
            failure = _failure(error, timeout, left=journey.left)
        raise failure

    @contextlib.asynccontextmanager
    async def stream(
        self, url: str, *, headers: Mapping[str, str], timeout: float, max_bytes: int
    ) -> AsyncIterator[tuple[int, Mapping[str, str], AsyncIterator[bytes]]]:
        """Open a download: status, headers, and the body in pieces, all within `timeout` seconds.

        Raises what `send` raises; an exception of the code that takes the pieces passes through.
        """
        session = self._open()
        late = False
        try:
            async with asyncio.timeout(timeout) as limit:
                answer = await self._begin(session, url, headers, timeout)
                async with answer:
                    yield answer.status, _lower(answer.headers), _pieces(answer.content, max_bytes, timeout)
        except TimeoutError:
            if not limit.expired():
                raise
            late = True
        if late:
            raise _failure(TimeoutError(), timeout, left=True)

    async def _begin(
        self, session: aiohttp.ClientSession, url: str, headers: Mapping[str, str], timeout: float
    ) -> aiohttp.ClientResponse:
        journey = _Journey()
        try:
            return await session.get(URL(url, encoded=True), headers=headers, allow_redirects=False)
        except (*_REFUSALS, _Disconnected) as error:
            failure = _failure(error, timeout, left=journey.left)
        raise failure

    async def aclose(self) -> None:
        """Close what was opened here; a borrowed connector stays open."""
        self._closed = True
        session, self._session = self._session, None
        if session is not None:
            await session.close()


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


async def _read(content: aiohttp.StreamReader, max_bytes: int) -> bytes:
    first = await content.readany()
    if len(first) > max_bytes:
        raise _too_large(max_bytes)
    if content.at_eof():
        return first
    pieces, size = [first], len(first)
    while piece := await content.readany():
        size += len(piece)
        if size > max_bytes:
            raise _too_large(max_bytes)
        pieces.append(piece)
    return b"".join(pieces)


async def _pieces(content: aiohttp.StreamReader, max_bytes: int, timeout: float) -> AsyncIterator[bytes]:
    size = 0
    while True:
        try:
            piece = await content.readany()
        except _REFUSALS as error:
            failure = _failure(error, timeout, left=True)
        else:
            size += len(piece)
            if size > max_bytes:
                raise _too_large(max_bytes)
            if not piece:
                return
            yield piece
            continue
        raise failure


def _too_large(max_bytes: int) -> TransportError:
    return TransportError(
        f"the answer is larger than {max_bytes} bytes",
        outcome=Outcome.UNKNOWN,
        retryable=False,
        hint="raise max_response_bytes if this size is expected",
    )


def _failure(error: Exception, timeout: float, *, left: bool) -> InterviewKitError:
    """Our error for theirs: their texts and context hold URLs with keys, so nothing of them is kept."""
    if isinstance(error, TimeoutError) and not isinstance(error, aiohttp.ClientConnectorError):
        what = "no whole answer" if left else "no connection"
        return DeadlineExceededError(
            f"{what} within {timeout:.6g} seconds", outcome=Outcome.UNKNOWN if left else Outcome.NOT_SENT
        )
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientSSLError):
        return TransportError("the host's certificate is not trusted", outcome=Outcome.NOT_SENT, retryable=False)
    if isinstance(error, _NEVER_LEFT) or not left:
        return TransportError("no connection to the host", outcome=Outcome.NOT_SENT)
    text = next((said for kind, said in _WORDS.items() if isinstance(error, kind)), "the connection failed")
    return TransportError(text, outcome=Outcome.UNKNOWN)


_WORDS: Mapping[type[Exception], str] = {
    aiohttp.ClientPayloadError: "the answer was cut short",
    aiohttp.ClientResponseError: "the answer is not HTTP",
    _Disconnected: "the connection was lost before an answer came",
}
