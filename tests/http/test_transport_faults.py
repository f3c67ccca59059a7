"""Whatever goes wrong on the wire comes back as one of our errors, and says what is known of the request's fate."""

from __future__ import annotations

import asyncio
import gzip
import time
import zlib

import aiohttp
import pytest

from interviewkit.errors import ConfigurationError, DeadlineExceededError, Outcome, TransportError
from interviewkit.http.transport import Transport
from tests.http.servers import OK, RawServer, Script, ask, closed_port, fault, raw_server, reset, says

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


async def test_a_refused_connection_sent_nothing(transport: Transport) -> None:
    error = await fault(transport, f"http://127.0.0.1:{closed_port()}/", method="POST", body=b"a=1")
    assert type(error) is TransportError
    assert (error.outcome, error.retryable) == (Outcome.NOT_SENT, True)


async def test_a_host_without_address_sent_nothing(transport: Transport) -> None:
    error = await fault(transport, "http://no-such-host.invalid/", method="POST", body=b"a=1")
    assert (type(error), error.outcome) == (TransportError, Outcome.NOT_SENT)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (HEAD + b"Content-Length: 20\r\n\r\n{", "cut short"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n4\r\n{}  \r\n", "cut short"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n", "not HTTP"),
        (HEAD + b"Content-Encoding: gzip\r\nContent-Length: 9\r\n\r\nnot gzip!", "cut short"),
        (b"\x00\x01garbage that is not HTTP\r\n\r\n", "not HTTP"),
        (b"HTTP/1.1 200 OK\r\nBad Header\r\n\r\n", "not HTTP"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000 + b"\r\n\r\n", "not HTTP"),
        (b"", "lost before an answer"),
        (b"HTTP/1.1 20", "lost before an answer"),
    ],
)
async def test_an_answer_that_is_not_whole_is_a_transport_error(transport: Transport, answer: bytes, said: str) -> None:
    async with raw_server(says(answer)) as server:
        error = await fault(transport, server.url, method="POST", body=b"a=1")
    assert type(error) is TransportError
    assert said in str(error)
    assert error.outcome is Outcome.UNKNOWN
    assert len(server.requests) == 1


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "POST"])
async def test_a_request_is_sent_once_when_the_server_resets_it(transport: Transport, method: str) -> None:
    async def script(server: RawServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await server.take(reader)
        reset(writer)

    async with raw_server(script) as server:
        error = await fault(transport, server.url, method=method)
    assert error.outcome is Outcome.UNKNOWN
    assert len(server.requests) == 1


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "POST"])
async def test_a_request_is_sent_once_on_a_pooled_connection_that_the_server_closes(
    transport: Transport, method: str
) -> None:
    async def script(server: RawServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await server.take(reader)
        writer.write(OK)
        await server.take(reader)

    async with raw_server(script) as server:
        await ask(transport, server.url)
        error = await fault(transport, server.url, method=method, body=None if method == "GET" else b"a=1")
    assert (server.connections, len(server.requests)) == (1, 2)
    assert (type(error), error.outcome) == (TransportError, Outcome.UNKNOWN)


async def test_a_request_that_could_not_be_written_whole_is_not_begun_again(
    transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = []

    async def lost(request: aiohttp.ClientRequest, _connection: object) -> aiohttp.ClientResponse:
        begun.append(request.method)
        raise aiohttp.ClientOSError("broken pipe")

    monkeypatch.setattr(aiohttp.ClientRequest, "send", lost)
    async with raw_server(says(OK)) as server:
        error = await fault(transport, server.url, method="PUT")
    assert begun == ["PUT"]
    assert (type(error), error.outcome) == (TransportError, Outcome.UNKNOWN)


async def _silence(server: RawServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await server.take(reader)
    await asyncio.sleep(5)


def _drip(head: bytes) -> Script:
    return says(head, *[b"x"] * 400, pause=0.01)


@pytest.mark.parametrize(
    "script",
    [_silence, _drip(b"HTTP/1.1 200 "), _drip(b"HTTP/1.1 200 OK\r\nX: "), _drip(HEAD + b"Content-Length: 400\r\n\r\n")],
    ids=["silent", "drips the status line", "drips a header", "drips the body"],
)
async def test_a_slow_answer_ends_at_the_deadline(transport: Transport, script: Script) -> None:
    async with raw_server(script) as server:
        began = time.monotonic()
        error = await fault(transport, server.url, method="POST", body=b"a=1", timeout=0.15)
        took = time.monotonic() - began
    assert type(error) is DeadlineExceededError
    assert error.outcome is Outcome.UNKNOWN
    assert 0.14 < took < 2  # the whole drip takes four seconds


async def test_a_deadline_that_passes_while_waiting_for_a_connection_sent_nothing() -> None:
    transport = Transport(connections=1)
    async with raw_server(_silence) as server:
        first = asyncio.ensure_future(ask(transport, server.url))
        while not server.requests:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
        error = await fault(transport, server.url, method="POST", body=b"a=1", timeout=0.05)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
    await transport.aclose()
    assert (type(error), error.outcome) == (DeadlineExceededError, Outcome.NOT_SENT)
    assert len(server.requests) == 1


async def test_cancelling_passes_through_and_frees_the_connection() -> None:
    transport = Transport(connections=1)
    async with raw_server(_silence) as silent, raw_server(says(OK)) as good:
        waiting = asyncio.ensure_future(ask(transport, silent.url))
        while not silent.requests:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert (await ask(transport, good.url)).body == b"{}"
    await transport.aclose()


async def test_closing_under_way_is_a_transport_error(transport: Transport) -> None:
    async with raw_server(_silence) as server:
        waiting = asyncio.ensure_future(fault(transport, server.url))
        while not server.requests:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
        await transport.aclose()
        assert isinstance(await waiting, TransportError)


def _sized(body: bytes, *extra: bytes) -> bytes:
    extra = (*extra, b"Connection: close")
    return HEAD + b"".join(line + b"\r\n" for line in extra) + b"Content-Length: %d\r\n\r\n" % len(body) + body


@pytest.mark.parametrize("size", [10, 100_000])
async def test_an_answer_of_exactly_the_limit_is_read_and_one_byte_more_is_not(transport: Transport, size: int) -> None:
    async with raw_server(says(_sized(b"x" * size))) as server:
        assert len((await ask(transport, server.url, max_bytes=size)).body) == size
        error = await fault(transport, server.url, max_bytes=size - 1)
    assert (type(error), error.retryable) == (TransportError, False)
    assert f"larger than {size - 1} bytes" in str(error)


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
async def test_the_limit_counts_after_decompression(transport: Transport, coding: str) -> None:
    packed = gzip.compress(b"0" * 30_000_000) if coding == "gzip" else zlib.compress(b"0" * 30_000_000)
    assert len(packed) < 40_000
    async with raw_server(says(_sized(packed, b"Content-Encoding: " + coding.encode()))) as server:
        error = await fault(transport, server.url, max_bytes=1_000_000)
        assert (await ask(transport, server.url, max_bytes=30_000_000)).body == b"0" * 30_000_000
    assert "larger than" in str(error)


async def test_an_endless_answer_ends_at_the_limit(transport: Transport) -> None:
    async def script(server: RawServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await server.take(reader)
        writer.write(HEAD + b"\r\n")
        while not writer.is_closing():
            writer.write(b"[" * 10_000)
            await writer.drain()

    async with raw_server(script) as server:
        error = await fault(transport, server.url, max_bytes=50_000)
    assert "larger than 50000 bytes" in str(error)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_redirect_is_an_answer_and_never_followed(transport: Transport, method: str, status: int) -> None:
    async with raw_server(says(OK)) as other:
        moved = b"HTTP/1.1 %d Moved\r\nLocation: %s/x\r\nContent-Length: 0\r\n\r\n" % (status, other.url.encode())
        async with raw_server(says(moved)) as server:
            answer = await ask(transport, server.url, method=method, headers={"X-Api-Key": "k"})
    assert (answer.status, len(server.requests), other.requests) == (status, 1, [])


async def test_an_empty_answer_is_an_answer(transport: Transport) -> None:
    async with raw_server(says(b"HTTP/1.1 204 No Content\r\n\r\n")) as server:
        answer = await ask(transport, server.url)
    assert (answer.status, answer.body) == (204, b"")


async def test_a_closed_transport_says_so_and_sends_nothing(transport: Transport) -> None:
    await transport.aclose()
    await transport.aclose()
    error = await fault(transport, "http://127.0.0.1:9/")
    assert (type(error), error.outcome) == (ConfigurationError, Outcome.NOT_SENT)


def test_a_transport_stays_in_its_event_loop() -> None:
    transport = Transport()

    async def once() -> object:
        async with raw_server(says(OK)) as server:
            return await ask(transport, server.url)

    async def twice() -> object:
        error = await fault(transport, "http://127.0.0.1:9/")
        await transport.aclose()
        return error

    loop = asyncio.new_event_loop()
    assert loop.run_until_complete(once()) is not None
    error = asyncio.run(twice())
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()
    assert isinstance(error, ConfigurationError)
    assert "event loop" in str(error)
