"""Slow clients: whoever takes too long is cut off, whoever is quick is answered, and there is an end of patience."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import web

from interviewkit import ConfigurationError
from interviewkit.webhooks.connections import ConnectionLimits
from interviewkit.webhooks.serve import Site, listen

HEAD = b"POST /a HTTP/1.1\r\nHost: here\r\n"
LIMITS = ConnectionLimits(bytes_per_second=1000.0)  # a head in 10 s, a body in 10 s and more, up to 120 s


@contextlib.asynccontextmanager
async def running(
    limits: ConnectionLimits = LIMITS, *, handler: Callable[[web.Request], Awaitable[web.Response]] | None = None,
    drain_seconds: float = 1.0,
) -> AsyncIterator[Site]:  # fmt: skip
    async def told(request: web.Request) -> web.Response:
        return web.Response(text=str(len(await request.read())))

    application = web.Application()
    application.router.add_route("*", "/{tail:.*}", handler or told)
    async with Site(application, listen("127.0.0.1", 0), limits=limits, drain_seconds=drain_seconds) as site:
        yield site


class Client:
    """A raw connection that sends what it is told."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def send(self, data: bytes) -> None:
        with contextlib.suppress(ConnectionError):
            self.writer.write(data)
            await self.writer.drain()

    async def status(self) -> int | None:
        """The next answer's status, its body read; `None` when the connection was ended."""
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode().lower()
            await self.reader.readexactly(int(head.partition("content-length: ")[2].partition("\r\n")[0]))
            return int(head.split()[1])
        return None


@contextlib.asynccontextmanager
async def client(site: Site) -> AsyncIterator[Client]:
    reader, writer = await asyncio.open_connection(*site.url.removeprefix("http://").split(":"))
    try:
        yield Client(reader, writer)
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


class Gate:
    """A handler that answers when it is told to."""

    def __init__(self) -> None:
        self.begun, self.open = asyncio.Event(), asyncio.Event()

    async def answer(self, request: web.Request) -> web.Response:
        await request.read()
        self.begun.set()
        await self.open.wait()
        return web.Response()


def request(body: bytes = b"{}", *, length: int | None = None) -> bytes:
    return HEAD + b"Content-Length: %d\r\n\r\n" % (len(body) if length is None else length) + body


class Clock:
    """The server's time, which stands still until a test moves it."""

    def __init__(self, site: Site) -> None:
        self.now = 1000.0
        self._connections = site.connections
        site.connections.clock = lambda: self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds
        self._connections.look()

    async def until_the_end(self, slow: Client, drip: bytes = b"") -> float:
        """For how many seconds the server bears with a client that sends so many bytes a second."""
        began, ended = self.now, sum(self._connections.ended.values())
        while sum(self._connections.ended.values()) == ended:
            before = self.received
            await slow.send(drip)
            await eventually(lambda: self.received >= before + len(drip))  # noqa: B023 - called at once
            self.advance(1.0)
        assert await slow.status() is None
        return self.now - began

    async def until(self, stage: str, *, received: bool) -> None:
        """Wait until the only connection is at this stage, and has sent something of it or nothing."""
        await eventually(lambda: self._connections.counts() == {stage: 1} and bool(self.received) is received)

    @property
    def received(self) -> int:
        return sum(one.received for one in self._connections._open.values())


async def eventually(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not holds():  # noqa: ASYNC110 - another program's state has no event
            await asyncio.sleep(0.001)


@pytest.mark.parametrize(
    ("first", "drip", "stage", "seconds"),
    [
        (b"", b"", "head", 11),  # says nothing at all
        (HEAD, b"a", "head", 11),  # a head without end
        (request(b"", length=100_000), b"a", "body", 11),  # a byte a second
        (request(b"", length=100_000), b"a" * 500, "body", 21),  # half as fast as it should be
        (request(b"", length=1_000_000), b"a" * 1100, "body", 121),  # fast enough, but for ever
    ],
)
async def test_a_slow_client_is_cut_off_in_time(first: bytes, drip: bytes, stage: str, seconds: float) -> None:
    async with running() as site:
        clock = Clock(site)
        async with client(site) as slow:
            await slow.send(first)
            await eventually(lambda: site.connections.counts() == {stage: 1})
            assert await clock.until_the_end(slow, drip) == seconds
            assert site.connections.ended == {stage: 1}
            assert not site.connections.counts()


async def test_the_server_looks_by_itself() -> None:
    limits = ConnectionLimits(head_seconds=0.05)
    async with running(limits) as site, client(site) as silent:
        assert await asyncio.wait_for(silent.status(), 5) is None
        assert site.connections.ended == {"head": 1}


async def test_a_client_without_another_request_is_kept_for_a_while() -> None:
    async with running() as site:
        clock = Clock(site)
        async with client(site) as idle:
            await idle.send(request())
            assert await idle.status() == 200
            assert await clock.until_the_end(idle) == 76
            assert site.connections.ended == {"idle": 1}


async def test_patience_begins_anew_with_each_part_of_each_request() -> None:
    async with running() as site:
        clock = Clock(site)
        async with client(site) as steady:
            for _ in range(3):
                for part, stage in ((HEAD, "head"), (b"Content-Length: 2\r\n\r\n{", "body"), (b"}", "idle")):
                    await steady.send(part)
                    await clock.until(stage, received=stage == "head")
                    clock.advance(9)
                assert await steady.status() == 200
            assert not site.connections.ended


async def test_a_second_request_drips_no_longer_than_a_first() -> None:
    async with running() as site:
        clock = Clock(site)
        async with client(site) as slow:
            await slow.send(request())
            assert await slow.status() == 200
            await slow.send(HEAD)
            await eventually(lambda: site.connections.counts() == {"head": 1})
            assert await clock.until_the_end(slow, b"a") == 11
            assert site.connections.ended == {"head": 1}


async def test_the_servers_own_time_is_not_counted_against_the_client() -> None:
    gate = Gate()
    async with running(handler=gate.answer) as site:
        clock = Clock(site)
        async with client(site) as patient:
            await patient.send(request())
            await gate.begun.wait()
            clock.advance(10_000)
            gate.open.set()
            assert await patient.status() == 200
            assert not site.connections.ended


async def test_a_request_that_came_before_the_answer_to_the_last_is_answered_too() -> None:
    gate = Gate()
    async with running(handler=gate.answer) as site, client(site) as hasty:
        await hasty.send(request())
        await gate.begun.wait()
        await hasty.send(request(b"{} "))
        gate.open.set()
        assert [await hasty.status(), await hasty.status()] == [200, 200]
        assert site.connections.counts() == {"idle": 1}


async def test_a_head_that_began_before_the_last_answer_has_no_more_time_than_others() -> None:
    gate = Gate()
    async with running(handler=gate.answer) as site:
        clock = Clock(site)
        async with client(site) as hasty:
            await hasty.send(request())
            await gate.begun.wait()
            await hasty.send(HEAD)
            await asyncio.sleep(0.01)
            gate.open.set()
            assert await hasty.status() == 200
            assert await clock.until_the_end(hasty) == 11


async def test_a_body_that_was_refused_unread_is_waited_for_no_longer() -> None:
    async def refusing(_request: web.Request) -> web.Response:
        return web.Response(status=404)

    async with running(handler=refusing) as site:
        clock = Clock(site)
        async with client(site) as refused:
            await refused.send(request(b"", length=1000))
            assert await refused.status() == 404
            assert site.connections.counts() == {"body": 1}
            await refused.send(b"a" * 1000)
            await eventually(lambda: site.connections.counts() == {"idle": 1})
            await refused.send(request(b"", length=10_000))
            assert await refused.status() == 404
            assert await clock.until_the_end(refused, b"a") == 11
            assert site.connections.ended == {"body": 1}


async def test_who_does_not_take_the_answers_is_cut_off() -> None:
    async def long(_request: web.Request) -> web.Response:
        return web.Response(body=b"a" * 1_000_000)

    async with running(handler=long) as site:
        clock = Clock(site)
        async with client(site) as deaf:
            deaf.writer.transport.pause_reading()  # type: ignore[attr-defined]
            for _ in range(50):
                await deaf.send(request())
            async with asyncio.timeout(5):
                while not site.connections.ended:
                    await asyncio.sleep(0.01)
                    clock.advance(1)
            assert site.connections.ended == {"answer": 1}


# --- as many as there may be ---


async def test_the_slowest_gives_way_to_one_more() -> None:
    limits = ConnectionLimits(connections=3, bytes_per_second=1000.0)
    async with running(limits) as site, contextlib.AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(client(site)) for _ in range(3)]
        for one, data in zip(clients, (HEAD, request(b"a" * 5000, length=6000), request()), strict=True):
            await one.send(data)
        assert await clients[2].status() == 200
        newcomer = await stack.enter_async_context(client(site))
        await newcomer.send(request())
        assert await newcomer.status() == 200
        assert site.connections.ended == {"gave_way": 1}
        assert await clients[2].status() is None  # it was idle, and nobody was behind for long
        await clients[1].send(b"a" * 1000)
        assert await clients[1].status() == 200


async def test_a_sender_who_is_far_behind_gives_way_before_the_idle_do() -> None:
    async with running(ConnectionLimits(connections=2)) as site, contextlib.AsyncExitStack() as stack:
        clock = Clock(site)
        idle, slow = [await stack.enter_async_context(client(site)) for _ in range(2)]
        await idle.send(request())
        assert await idle.status() == 200
        await slow.send(HEAD)
        await eventually(lambda: clock.received == len(HEAD))
        clock.advance(5)
        newcomer = await stack.enter_async_context(client(site))
        await newcomer.send(request())
        assert await newcomer.status() == 200
        assert await slow.status() is None
        await idle.send(request())
        assert await idle.status() == 200


async def test_where_all_are_at_work_one_more_is_asked_to_come_again() -> None:
    gate = Gate()
    async with running(ConnectionLimits(connections=1), handler=gate.answer) as site, client(site) as first:
        await first.send(request())
        await gate.begun.wait()
        async with client(site) as second:
            await second.send(request())
            assert await second.status() == 503
        gate.open.set()
        assert await first.status() == 200
        assert site.connections.ended == {"refused": 1}


async def test_hundreds_who_drip_hold_up_nobody() -> None:
    loop, took = asyncio.get_running_loop(), list[float]()
    async with running(ConnectionLimits(connections=100)) as site, contextlib.AsyncExitStack() as stack:
        clients = [client(site) for _ in range(200)]
        for number, slow in enumerate(await asyncio.gather(*map(stack.enter_async_context, clients))):
            await slow.send(request(b"{", length=9) if number % 2 else HEAD)
        assert sum(site.connections.counts().values()) <= 100
        for _ in range(40):
            began = loop.time()
            async with client(site) as quick:
                await quick.send(request(b"a" * 10_000))
                assert await quick.status() == 200
            took.append(loop.time() - began)
        assert max(took) < 1
        assert site.connections.ended["gave_way"] >= 100
        assert "refused" not in site.connections.ended
        assert sum(site.connections.counts().values()) <= 100


# --- the end ---


async def test_what_is_under_way_is_answered_before_the_end() -> None:
    gate = Gate()
    async with contextlib.AsyncExitStack() as clients, asyncio.timeout(5):
        async with running(ConnectionLimits(), handler=gate.answer, drain_seconds=60) as site:
            half, whole, idle = [await clients.enter_async_context(client(site)) for _ in range(3)]
            await whole.send(request())
            await half.send(request(b"{", length=2))
            await gate.begun.wait()
            loop = asyncio.get_running_loop()
            loop.call_later(0.04, gate.open.set)
            loop.call_later(0.08, half.writer.write, b"}")
            url = site.url
        assert [await one.status() for one in (half, whole, idle)] == [200, 200, None]
        assert await half.status() is None
        with pytest.raises(ConnectionError):
            await asyncio.open_connection(*url.removeprefix("http://").split(":"))


async def test_an_answer_that_keeps_its_connection_open_does_not_hold_up_the_end() -> None:
    gate = Gate()

    async def raising(request: web.Request) -> web.Response:
        await gate.answer(request)
        raise web.HTTPNotFound

    async with contextlib.AsyncExitStack() as clients, asyncio.timeout(5):
        async with running(ConnectionLimits(), handler=raising, drain_seconds=60) as site:
            one = await clients.enter_async_context(client(site))
            await one.send(request())
            await gate.begun.wait()
            asyncio.get_running_loop().call_later(0.02, gate.open.set)
        assert await one.status() == 404


async def test_nobody_can_hold_up_the_end() -> None:
    loop = asyncio.get_running_loop()
    async with contextlib.AsyncExitStack() as clients:
        async with running(ConnectionLimits(), drain_seconds=0.1) as site:
            slow = await clients.enter_async_context(client(site))
            await slow.send(request(b"{", length=2))
            await asyncio.sleep(0.02)
            began = loop.time()
        assert 0.1 <= loop.time() - began < 0.5
        assert await slow.status() is None


@pytest.mark.parametrize("field", ["head_seconds", "connections", "bytes_per_second"])
@pytest.mark.parametrize("value", [0, -1, float("inf"), float("nan")])
def test_limits_are_numbers_above_zero(field: str, value: float) -> None:
    with pytest.raises(ConfigurationError, match=field):
        ConnectionLimits(**{field: value})  # type: ignore[arg-type]
