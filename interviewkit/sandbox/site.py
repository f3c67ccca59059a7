"""One vendor site on one loopback port: records, fails on request, limits, authenticates, and only then answers."""

from __future__ import annotations

import json
import logging
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable
from typing import Any

import attrs
from aiohttp import ClientPayloadError, web
from aiohttp.http_exceptions import HttpProcessingError

from .clock import VirtualClock
from .plays import NoAnswer, play
from .traffic import SeenRequest, Traffic, Violation

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
MAX_BODY = 32 * 1024 * 1024
CLIENTS_DOING = (ConnectionError, ClientPayloadError, HttpProcessingError, web.RequestPayloadError)
"""What aiohttp reports when a client goes away or sends no HTTP: that is what faults are for, and no error of ours."""
LOG = logging.getLogger(__name__)
LOG.addFilter(lambda record: not (record.exc_info and isinstance(record.exc_info[1], CLIENTS_DOING)))


class Refusal(Exception):  # noqa: N818  (an answer of the vendor, not an error of ours)
    """The vendor's answer to a request that it does not accept."""

    def __init__(self, status: int, body: Any = None, *, headers: dict[str, str] | None = None) -> None:
        super().__init__(status)
        self.response = reply(body, status=status, headers=headers)


def reply(body: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """A JSON answer; text is sent as HTML, which is how these vendors' own frameworks and proxies fail."""
    if isinstance(body, HTML):
        return web.Response(status=status, text=body, content_type="text/html", headers=headers)
    text = json.dumps(body, ensure_ascii=False)
    return web.Response(status=status, text=text, content_type="application/json", headers=headers)


class HTML(str):
    """Text to be sent as a page."""

    __slots__ = ()


@attrs.define
class SlidingWindow:
    """At most `requests` in any `per_seconds`, for each caller."""

    requests: int
    per_seconds: float
    _taken: defaultdict[str, deque[float]] = attrs.field(factory=lambda: defaultdict(deque), init=False)

    def take(self, caller: str, now: float) -> float:
        """Seconds until the caller may ask again; 0 when this request is admitted (only those are counted)."""
        taken = self._taken[caller]
        while taken and taken[0] <= now - self.per_seconds:
            taken.popleft()
        if len(taken) >= self.requests:
            return taken[0] + self.per_seconds - now
        taken.append(now)
        return 0.0


class Site:
    """A listening site of a vendor; routes are added before it starts."""

    def __init__(self, name: str, clock: VirtualClock, traffic: Traffic, violations: list[Violation]) -> None:
        self.name = name
        self.clock = clock
        self.traffic = traffic
        self.base_url = ""
        self.unknown_route: Callable[[web.Request], web.Response] = lambda request: reply(None, status=404)
        self._violations = violations
        self._app = web.Application(middlewares=[self._serve], client_max_size=MAX_BODY)
        self._runner: web.AppRunner | None = None

    def route(self, method: str, path: str, handler: Handler) -> None:
        """Answer `method path` by `handler`, which may raise `Refusal`."""
        self._app.router.add_route(method, path, handler)

    async def start(self, port: int = 0) -> None:
        """Listen on a loopback port, a free one unless told."""
        self._runner = web.AppRunner(self._app, access_log=None, logger=LOG, shutdown_timeout=0.2)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        self.base_url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def close(self) -> None:
        """Stop listening and drop what is open."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def blame(self, request: web.Request, what: str) -> None:
        """Note that a request held what it must not hold."""
        self._violations.append(Violation(site=self.name, path=request.path, what=what))

    @web.middleware
    async def _serve(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        body = await request.read()
        resource = request.match_info.route.resource
        seen = self.traffic.record(
            site=self.name,
            method=request.method,
            path=request.path,
            route=resource.canonical if resource is not None else "",
            query=list(request.query.items()),
            headers=dict(request.headers),
            body=body,
            at=self.clock.now(),
        )
        if "Cookie" in request.headers:
            self.blame(request, "a cookie")
        response = await self._answer(request, handler, seen)
        seen.status = None if isinstance(response, NoAnswer) else response.status
        return response

    async def _answer(self, request: web.Request, handler: Handler, seen: SeenRequest) -> web.StreamResponse:
        async def proceed() -> web.StreamResponse:
            try:
                return await handler(request)
            except Refusal as refusal:
                return refusal.response
            except (web.HTTPNotFound, web.HTTPMethodNotAllowed):
                return self.unknown_route(request)

        fault = self.traffic.next_fault(seen)
        return await (proceed() if fault is None else play(fault, request, proceed))


def public(site: Site, handler: Handler) -> Handler:
    """Wrap a handler of a site that must get no credential: 400, and a recorded violation, when one arrives."""

    async def guarded(request: web.Request) -> web.StreamResponse:
        found = [name for name in ("Authorization", "Cookie", "Proxy-Authorization") if name in request.headers]
        found += [f"?{name}" for name in ("key", "api_key", "token") if name in request.query]
        for what in found:
            if what != "Cookie":
                site.blame(request, what)
        if found:
            raise Refusal(400, {"error": "credentials do not belong here"})
        return await handler(request)

    return guarded
