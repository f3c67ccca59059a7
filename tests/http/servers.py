"""Servers on loopback that misbehave on purpose, byte by byte."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from interviewkit.errors import InterviewKitError
from interviewkit.http.transport import Transport
from interviewkit.http.wire import Response

Script = Callable[["RawServer", asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


class RawServer:
    """Hands each connection to a script; `requests` keeps every request's bytes, whole."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._tasks: set[asyncio.Task[None]] = set()
        self.requests: list[bytes] = []
        self.connections = 0
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                await self._script(self, reader, writer)
        finally:
            self._tasks.discard(task)
            writer.close()

    async def take(self, reader: asyncio.StreamReader) -> bytes:
        """Read one request whole and remember it."""
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", head)
        request = head + (await reader.readexactly(int(length[1])) if length else b"")
        self.requests.append(request)
        return request

    async def stop(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@contextlib.asynccontextmanager
async def raw_server(script: Script, host: str = "127.0.0.1") -> AsyncIterator[RawServer]:
    """A running `RawServer`."""
    server = RawServer(script)
    listener = await asyncio.start_server(server.serve, host, 0)
    port = listener.sockets[0].getsockname()[1]
    server.url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    try:
        yield server
    finally:
        listener.close()
        await server.stop()


def says(*pieces: bytes, pause: float = 0.0) -> Script:
    """A script that answers the first request of a connection with these bytes, then closes it."""

    async def script(server: RawServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await server.take(reader)
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            if pause:
                await asyncio.sleep(pause)

    return script


def reset(writer: asyncio.StreamWriter) -> None:
    """Close a connection with a TCP reset."""
    raw: Any = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    writer.transport.abort()


def closed_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


async def ask(
    transport: Transport, url: str, *, method: str = "GET", body: bytes | None = None, timeout: float = 2.0,
    max_bytes: int = 1_000_000, headers: dict[str, str] | None = None,
) -> Response:  # fmt: skip
    """One request."""
    return await transport.send(method, url, headers=headers or {}, body=body, timeout=timeout, max_bytes=max_bytes)


async def fault(
    transport: Transport, url: str, *, method: str = "GET", body: bytes | None = None, timeout: float = 2.0,
    max_bytes: int = 1_000_000,
) -> InterviewKitError:  # fmt: skip
    """The error that one request ends in."""
    try:
        answer = await ask(transport, url, method=method, body=body, timeout=timeout, max_bytes=max_bytes)
    except InterviewKitError as error:
        return error
    raise AssertionError(f"an answer came: {answer}")
