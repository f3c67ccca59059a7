"""What a transport keeps to itself: cookies, the machine's proxies, and a borrowed session's belongings."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest

from interviewkit.errors import ConfigurationError, Outcome
from interviewkit.http.transport import Transport
from tests.http.servers import OK, RawServer, ask, fault, raw_server


async def _always_ok(server: RawServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while await server.take(reader):
        writer.write(OK.replace(b"\r\n\r\n", b"\r\nSet-Cookie: id=secret; Path=/\r\n\r\n"))
        await writer.drain()


async def test_a_cookie_is_never_sent_back(transport: Transport) -> None:
    async with raw_server(_always_ok) as server:
        url = server.url.replace("127.0.0.1", "localhost")  # a jar keeps no cookies of plain addresses
        await ask(transport, url)
        await ask(transport, url)
    assert len(server.requests) == 2
    assert all(b"cookie" not in request.lower() for request in server.requests)


async def test_the_machines_proxies_and_netrc_are_not_used(
    transport: Transport, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    netrc = tmp_path / "netrc"  # type: ignore[operator]
    netrc.write_text("machine 127.0.0.1 login someone password from-netrc\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    async with raw_server(_always_ok) as server:
        assert (await ask(transport, server.url)).status == 200
    assert b"authorization" not in server.requests[0].lower()


async def test_the_target_is_sent_as_it_is_written(transport: Transport) -> None:
    async with raw_server(_always_ok) as server:
        await ask(transport, f"{server.url}/pads/a%2Fb%20c/%7E?q=1,2&r=%C3%A9:x")
    assert server.requests[0].startswith(b"GET /pads/a%2Fb%20c/%7E?q=1,2&r=%C3%A9:x HTTP/1.1\r\n")


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_an_address_of_either_family_is_reached(transport: Transport, host: str) -> None:
    async with raw_server(_always_ok, host) as server:
        assert (await ask(transport, server.url)).body == b"{}"


async def test_localhost_is_reached(transport: Transport) -> None:
    async with raw_server(_always_ok) as server:
        port = server.url.rpartition(":")[2]
        assert (await ask(transport, f"http://localhost:{port}")).status == 200


async def test_a_borrowed_session_lends_its_connections_and_nothing_else() -> None:
    async with (
        raw_server(_always_ok) as server,
        aiohttp.ClientSession(headers={"X-Borrowed": "1"}, cookies={"theirs": "1"}, raise_for_status=True) as theirs,
    ):
        async with theirs.get(server.url) as answer:
            await answer.read()
        transport = Transport(theirs)
        await ask(transport, server.url)
        await transport.aclose()
        assert not theirs.closed
        async with theirs.get(server.url) as answer:
            assert answer.status == 200
    assert server.connections == 1
    assert b"x-borrowed" not in server.requests[1].lower()
    assert b"cookie" not in server.requests[1].lower()
    assert b"X-Borrowed: 1" in server.requests[2]


async def test_a_borrowed_session_that_is_closed_says_so() -> None:
    async with aiohttp.ClientSession() as theirs:
        pass
    error = await fault(Transport(theirs), "http://127.0.0.1:9/")
    assert (type(error), error.outcome) == (ConfigurationError, Outcome.NOT_SENT)


async def test_a_borrowed_session_that_is_closed_later_sends_nothing() -> None:
    async with raw_server(_always_ok) as server:
        async with aiohttp.ClientSession() as theirs:
            transport = Transport(theirs)
            await ask(transport, server.url)
        error = await fault(transport, server.url, method="POST", body=b"a=1")
        await transport.aclose()
    assert (len(server.requests), error.outcome) == (1, Outcome.NOT_SENT)


def test_what_is_no_session_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="ClientSession"):
        Transport("session")  # type: ignore[arg-type]
