"""Many requests at once, of which some are lost: each is told its own fate, and none is sent twice."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable

import pytest

from interviewkit.errors import InterviewKitError, Outcome
from interviewkit.http.transport import Transport
from tests.http.servers import RawServer, ask, closed_port, raw_server, reset


def number_of(request: bytes) -> int:
    return int(request.split(b" ")[1].strip(b"/"))


async def _echo_or_reset(server: RawServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer even numbers on a connection that is kept, and reset the others."""
    while number_of(await server.take(reader)) % 2 == 0:
        path = server.requests[-1].split(b" ")[1]
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(path), path))
        await writer.drain()
    reset(writer)


async def told(transport: Transport, url: str, method: str) -> bytes | Outcome | None:
    """An answer's body, or what is known of a request that failed."""
    try:
        return (await ask(transport, url, method=method, body=b"a=1")).body
    except InterviewKitError as error:
        return error.outcome


async def in_a_group(transport: Transport, urls: list[str], method: str) -> list[bytes | Outcome | None]:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(told(transport, url, method)) for url in urls]
    return [task.result() for task in tasks]


async def gathered(transport: Transport, urls: list[str], method: str) -> list[bytes | Outcome | None]:
    return await asyncio.gather(*(told(transport, url, method) for url in urls))


async def in_one_context(transport: Transport, urls: list[str], method: str) -> list[bytes | Outcome | None]:
    context = contextvars.copy_context()
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(told(transport, url, method), context=context) for url in urls]
    return [task.result() for task in tasks]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
@pytest.mark.parametrize("at_once", [in_a_group, gathered, in_one_context])
async def test_each_of_many_requests_is_told_its_own_fate(
    transport: Transport, at_once: Callable[..., asyncio.Future[list[bytes | Outcome | None]]], method: str
) -> None:
    refused = f"http://127.0.0.1:{closed_port()}"
    async with raw_server(_echo_or_reset) as server:
        hosts = [server.url, server.url, refused]
        found = await at_once(transport, [f"{hosts[number % 3]}/{number}" for number in range(60)], method)
    sent = sorted(map(number_of, server.requests))
    assert sent == [number for number in range(60) if number % 3 != 2]
    for number, fate in enumerate(found):
        expected = b"/%d" % number if number % 2 == 0 else Outcome.UNKNOWN
        assert fate == (Outcome.NOT_SENT if number % 3 == 2 else expected)
