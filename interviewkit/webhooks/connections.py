"""The connections of a receiving server: how long each may take, and who gives way when there are too many.

aiohttp's server waits for a request's head as long as for the next request of an idle client, and for its body without
end: clients that send a byte a second would hold their connections for hours. So each connection is watched from
outside: its bytes are counted on the way in, and its requests tell how far they are.
"""

from __future__ import annotations

import asyncio
import contextlib
import enum
import math
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeAlias

import attrs
from aiohttp import web

from interviewkit.errors import ConfigurationError

if TYPE_CHECKING:
    from aiohttp.typedefs import Middleware

_CHECKS = 8
"""Looks at all connections within the shortest limit."""
_MOST_SECONDS = 1.0
"""Between two looks."""
_STALLED = 1.0
"""A sender who is so many seconds behind gives way before an idle connection does: the idle one may be a proxy's."""
_FULL = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]


@attrs.frozen(kw_only=True)
class ConnectionLimits:
    """How patient the server is, in seconds, and how many connections it holds at once.

    A request's head has `head_seconds`. Its body has `grace_seconds` and then as long as it comes faster than
    `bytes_per_second` on average, up to `body_seconds`. A connection without a request is kept for `idle_seconds`,
    longer than the reverse proxies before it keep theirs, since a proxy that sends into a closing connection reports a
    failure. Whoever does not take the answer has `answer_seconds`. Raises `ConfigurationError` for what is not above 0.
    """

    head_seconds: float = 10.0
    body_seconds: float = 120.0
    grace_seconds: float = 10.0
    bytes_per_second: float = 2048.0
    idle_seconds: float = 75.0
    answer_seconds: float = 10.0
    connections: int = 2000

    def __attrs_post_init__(self) -> None:
        for name, value in attrs.asdict(self).items():
            if not 0 < value < math.inf:
                raise ConfigurationError(f"{name} is a number above 0")

    def at_most(self, connections: int) -> ConnectionLimits:
        """The same with no more connections than that."""
        return attrs.evolve(self, connections=min(self.connections, connections))


class Stage(enum.StrEnum):
    """What a connection waits for."""

    HEAD = "head"
    BODY = "body"
    ANSWER = "answer"
    IDLE = "idle"


class _Connection(asyncio.Protocol):
    """One client's connection between its socket and aiohttp's handler of it."""

    __slots__ = ("_blocked", "_early", "_is_answered", "_transport", "_watch", "inner", "received", "since", "stage")

    def __init__(self, watch: Connections) -> None:
        self._watch = watch
        self.inner: asyncio.Protocol | None = None
        self._transport: asyncio.Transport | None = None
        self._is_answered = False
        self._early = 0  # bytes of the next request, which came before the answer to this one
        self._blocked: float | None = None  # since when the client does not take what is sent
        self.stage = Stage.HEAD
        self.since = watch.clock()
        self.received = 0

    # --- what the socket tells ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - what a listening TCP socket gives
        if not self._watch.admit():
            transport.write(_FULL)
            transport.close()
            return
        self._transport = transport
        self.inner = self._watch.enter(self)
        self.inner.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        if self.inner is None:
            return
        if self.stage is Stage.IDLE:
            self._turn(Stage.HEAD)
        if self.stage is Stage.ANSWER:
            self._early += len(data)
        else:
            self.received += len(data)
        self.inner.data_received(data)

    def eof_received(self) -> bool | None:
        return None if self.inner is None else self.inner.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        if self.inner is not None:
            self._watch.leave(self)
            self.inner.connection_lost(exc)
            self.inner = self._transport = None

    def pause_writing(self) -> None:
        if self.inner is not None:
            self._blocked = self._watch.clock()
            self.inner.pause_writing()

    def resume_writing(self) -> None:
        if self.inner is not None:
            self._blocked = None
            self.inner.resume_writing()

    # --- what its requests tell ---

    def begun(self, request: web.Request) -> None:
        """The head is whole; the body follows, or there is none."""
        self._is_answered = False
        self._turn(Stage.BODY)
        request.content.on_eof(self._whole)

    def answered(self) -> None:
        """The answer is made, though the body may not have been read whole."""
        self._is_answered = True
        if self.stage is Stage.ANSWER:
            self._next()

    def _whole(self) -> None:
        if self.stage is Stage.BODY:
            self._turn(Stage.ANSWER)
            if self._is_answered:
                self._next()

    def _next(self) -> None:
        early = self._early
        self._turn(Stage.HEAD if early else Stage.IDLE)
        self.received = early

    def _turn(self, stage: Stage) -> None:
        self.stage, self.since, self.received, self._early = stage, self._watch.clock(), 0, 0
        self._watch.moved()

    # --- what its watcher asks ---

    @property
    def is_at_work(self) -> bool:
        """Whether a request is on its way, or its answer."""
        return self.stage in {Stage.BODY, Stage.ANSWER} or (self.stage is Stage.HEAD and self.received > 0)

    def behind(self, now: float, limits: ConnectionLimits) -> float:
        """Seconds by which the client is slower than it should be; negative where it is fast."""
        return now - self.since - self.received / limits.bytes_per_second

    def late_at(self, now: float, limits: ConnectionLimits) -> Stage | None:
        """What the client was so slow at that the server's patience is used up, if it is."""
        if self._blocked is not None and now - self._blocked > limits.answer_seconds:
            return Stage.ANSWER
        most = {
            Stage.HEAD: limits.head_seconds, Stage.BODY: limits.body_seconds, Stage.IDLE: limits.idle_seconds,
        }.get(self.stage, math.inf)  # fmt: skip
        is_dripping = self.stage is Stage.BODY and self.behind(now, limits) > limits.grace_seconds
        return self.stage if is_dripping or now - self.since > most else None

    def abort(self) -> None:
        """End the connection at once."""
        if self._transport is not None:
            self._transport.abort()


class Connections:
    """The protocol factory of a listening socket, around aiohttp's: whoever is too slow is cut off.

    `ended` counts the connections that were cut off, by what they were slow at, those that gave way to a newer one
    (`gave_way`), and those that were refused since all others were at work (`refused`).
    """

    def __init__(self, limits: ConnectionLimits) -> None:
        self.limits = limits
        self._make: Callable[[], asyncio.Protocol] | None = None
        self._open: dict[Any, _Connection] = {}
        self._looking: asyncio.TimerHandle | None = None
        self._done: asyncio.Event | None = None  # there while the server ends
        self.clock = asyncio.get_running_loop().time
        self.ended: Counter[str] = Counter()

    def __call__(self) -> asyncio.Protocol:
        return _Connection(self)

    def start(self, make: Callable[[], asyncio.Protocol]) -> None:
        """Watch the connections that `make`, aiohttp's protocol factory, makes handlers for."""
        self._make = make
        self._look_again()

    def look(self) -> None:
        """Cut off whoever is too late; it happens by itself several times within the shortest limit."""
        now = self.clock()
        late = [(one, one.late_at(now, self.limits)) for one in self._open.values()]
        for connection, stage in late:
            if stage is not None:
                self._end(connection, stage.value)

    async def end(self, seconds: float) -> None:
        """Wait until no request is under way, for so long at most, and then cut off those that are left.

        Each answer from now on is its connection's last.
        """
        self._done = asyncio.Event()
        self.moved()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._done.wait()
        if self._looking is not None:
            self._looking.cancel()
        for one in [one for one in self._open.values() if one.is_at_work]:
            self._end(one, "stopped")

    def counts(self) -> Counter[str]:
        """The connections that are open, by what they wait for."""
        return Counter(one.stage.value for one in self._open.values())

    def middleware(self) -> Middleware:
        """The outermost middleware of the application: tells each connection how far its request is."""

        @web.middleware
        async def watched(request: web.Request, handler: Handler) -> web.StreamResponse:
            found = self._open.get(request.protocol)
            if found is None:  # the client is gone already
                return await handler(request)
            found.begun(request)
            try:
                response = await handler(request)
            finally:
                found.answered()
            if self._done is not None:
                response.force_close()
            return response

        return watched

    # --- for the connections ---

    def admit(self) -> bool:
        """Whether there is room for one more, which the slowest makes if need be."""
        if len(self._open) < self.limits.connections:
            return True
        slowest = self._slowest()
        if slowest is None:
            self.ended["refused"] += 1
            return False
        self._end(slowest, "gave_way")
        return True

    def enter(self, connection: _Connection) -> asyncio.Protocol:
        """Count a connection in, and make aiohttp's handler for it."""
        assert self._make is not None  # noqa: S101 - started before the socket listens
        inner = self._make()
        self._open[inner] = connection
        return inner

    def leave(self, connection: _Connection) -> None:
        """Count a connection out."""
        self._open.pop(connection.inner, None)
        self.moved()

    def moved(self) -> None:
        """A connection is at another stage, or gone: perhaps nobody is left to wait for."""
        if self._done is not None and not any(one.is_at_work for one in self._open.values()):
            self._done.set()

    def _slowest(self) -> _Connection | None:
        now = self.clock()

        def worst(*stages: Stage) -> _Connection | None:
            found = (one for one in self._open.values() if one.stage in stages)
            return max(found, key=lambda one: one.behind(now, self.limits), default=None)

        sender = worst(Stage.HEAD, Stage.BODY)
        if sender is not None and sender.behind(now, self.limits) > _STALLED:
            return sender
        return worst(Stage.IDLE) or sender

    def _look_again(self) -> None:
        self.look()
        times = (self.limits.head_seconds, self.limits.grace_seconds, self.limits.idle_seconds)
        pause = min(_MOST_SECONDS, min(times) / _CHECKS)
        self._looking = asyncio.get_running_loop().call_later(pause, self._look_again)

    def _end(self, connection: _Connection, reason: str) -> None:
        self.ended[reason] += 1
        self.leave(connection)  # its place is free now, not when the socket is closed
        connection.abort()
