"""A server of its own for a receiver: one address for vendors, another for those who look after it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Self

from aiohttp import web

from interviewkit.errors import ConfigurationError, StoreError
from interviewkit.webhooks import metrics
from interviewkit.webhooks.connections import ConnectionLimits, Connections, Handler

if TYPE_CHECKING:
    from interviewkit.webhooks import Inbox, InboxStatus, WebhookReceiver

HEALTH_SECONDS = 2.0
"""A store that takes longer to answer is not well."""
DRAIN_SECONDS = 10.0
"""For requests that are under way when the server is stopped."""
LINGER_SECONDS = 5.0
"""For a client that is still sending what was refused already, so that it gets to read the answer."""
BACKLOG = 1024
"""Connections that the system keeps until they are accepted: a few hundred clients may come at the same moment."""
_LAST_PORT = 65_535
_SPARE_FILES = 64
"""Of the files that a process may have open, those that are not connections: the store, vendors, this and that."""


class _WithoutRequest(logging.Filter):
    """Leaves of a log record only what happened: a request that could not be read holds the secret of its path."""

    def filter(self, record: logging.LogRecord) -> bool:
        kind = record.exc_info[0] if record.exc_info else None
        record.msg = f"a request could not be answered{f' ({kind.__name__})' if kind else ''}"
        record.args, record.exc_info, record.exc_text = (), None, None
        return True


_logger = logging.getLogger("interviewkit.webhooks.serve")
_logger.addFilter(_WithoutRequest())


def listen(host: str, port: int, *, option: str = "host and port") -> socket.socket:
    """A socket that listens here; port 0 is any free one. Raises `ConfigurationError` that says to use `option`."""
    if not 0 <= port <= _LAST_PORT:
        raise ConfigurationError(f"there is no port {port}", hint=f"name another {option}")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:  # an unknown host's has a number of another kind, without a text of the system
        told = os.strerror(error.errno) if error.errno is not None and error.errno > 0 else error.strerror or ""
        why = told.partition(" (while")[0]
        raise ConfigurationError(
            f"nothing can listen at {address(host, port)}: {why}", hint=f"name another {option}"
        ) from None


def address(host: str, port: int) -> str:
    """HOST:PORT as it stands in a URL."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


class Site:
    """One application at one listening socket, with `limits` on its connections. Use it as a context manager.

    At its end it takes no new connection, and what is under way is answered, as far as that takes `drain_seconds`.
    """

    def __init__(
        self, application: web.Application, listening: socket.socket, *, limits: ConnectionLimits | None = None,
        drain_seconds: float = DRAIN_SECONDS,
    ) -> None:  # fmt: skip
        self.connections = Connections(_fitting(limits or ConnectionLimits()))
        self._application = application
        self._socket = listening
        self._drain_seconds = drain_seconds
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        host, port = self._socket.getsockname()[:2]
        return f"http://{address(host, port)}"

    async def __aenter__(self) -> Self:
        limits, application = self.connections.limits, self._application
        application.middlewares.insert(0, self.connections.middleware())
        self._runner = web.AppRunner(
            application, access_log=None, logger=_logger, auto_decompress=False, lingering_time=LINGER_SECONDS,
            shutdown_timeout=1.0, keepalive_timeout=limits.idle_seconds + limits.head_seconds,
        )  # fmt: skip
        await self._runner.setup()
        assert self._runner.server is not None  # noqa: S101 - set up just now
        self.connections.start(self._runner.server)
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self.connections, sock=self._socket, backlog=BACKLOG)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._runner is not None  # noqa: S101 - entered
        self._server.close()
        try:
            await self.connections.end(self._drain_seconds)
        finally:
            await self._runner.cleanup()


def application(receiver: WebhookReceiver, path: str) -> web.Application:
    """The receiver at the root and at the path of its base URL: a proxy may cut that path off, or leave it."""
    made, above = receiver.application(), f"{path.strip('/')}/"

    @web.middleware
    async def cut(request: web.Request, handler: Handler) -> web.StreamResponse:
        tail = request.match_info.get("tail", "")
        if tail.startswith(above):
            request.match_info["tail"] = tail.removeprefix(above)
        return await handler(request)

    if path:
        made.middlewares.append(cut)
    return made


def administration(
    receiver: WebhookReceiver, inbox: Inbox, connections: Connections, *, is_ending: Callable[[], bool]
) -> web.Application:
    """`/health`, 200 while deliveries are stored and processed, else 503, and `/metrics`: for inner networks only."""

    async def stored() -> list[InboxStatus] | None:
        try:
            async with asyncio.timeout(HEALTH_SECONDS):
                return await inbox.status()
        except (StoreError, TimeoutError):
            return None

    async def health(_request: web.Request) -> web.Response:
        if is_ending():
            return web.Response(status=503, text="ending\n")
        if await stored() is None:
            return web.Response(status=503, text="no store\n")
        if not receiver.is_processing:
            return web.Response(status=503, text="not processing\n")
        return web.Response(status=200, text="ok\n")

    async def measured(_request: web.Request) -> web.Response:
        found = [
            *metrics.of_counters(receiver.counters),
            *metrics.of_store(await stored(), datetime.now(UTC)),
            *metrics.of_connections(connections),
        ]
        return web.Response(body=metrics.exposition(found).encode(), headers={"Content-Type": metrics.CONTENT_TYPE})

    outer = web.Application()
    outer.add_routes([web.get("/health", health), web.get("/metrics", measured)])
    return outer


async def serve(
    receiver: WebhookReceiver, inbox: Inbox, *, listening: socket.socket, admin: socket.socket, stop: asyncio.Event,
    path: str = "", limits: ConnectionLimits | None = None, drain_seconds: float = DRAIN_SECONDS,
    on_ready: Callable[[str, str], Awaitable[None]] | None = None,
) -> None:  # fmt: skip
    """Receive until `stop` is set, then end gracefully: no new connection, what is under way answered and processed.

    `path` is that of the receiver's base URL, where a proxy leaves it in the request.
    `on_ready` is told both URLs when they answer: the vendors' and the administration's.
    """
    async with receiver, contextlib.AsyncExitStack() as sites:
        outside = Site(application(receiver, path), listening, limits=limits, drain_seconds=drain_seconds)
        inside = Site(administration(receiver, inbox, outside.connections, is_ending=stop.is_set), admin)
        await sites.enter_async_context(inside)
        await sites.enter_async_context(outside)
        if on_ready is not None:
            await on_ready(outside.url, inside.url)
        await stop.wait()


def _fitting(limits: ConnectionLimits) -> ConnectionLimits:
    """As many connections as the process may have files open: one more, and nobody could connect for a while."""
    try:
        import resource
    except ModuleNotFoundError:  # Windows
        return limits
    soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return limits
    return limits.at_most(max(1, soft - _SPARE_FILES))
