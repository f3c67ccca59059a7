"""A tap on a provider's line: notes what goes out and what comes back, and spoils answers on request."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import attrs

from interviewkit.errors import ConfigurationError, DeadlineExceededError, Outcome, TransportError
from interviewkit.http.connection import Carrier
from interviewkit.http.wire import Response
from interviewkit.testing.scripted import Sent

GARBAGE: Mapping[str, bytes] = {
    "html": b"<!doctype html><title>Sign in</title><h1>Please sign in</h1>",
    "empty": b"",
    "deep": b"[" * 100_000 + b"]" * 100_000,
    "not_utf8": b'{"status": "OK", "name": "\xff\xfe\xe9"}',
    "not_json": b'{"status": "OK", ',
    "wrong_shape": b'["neither", "an object", 42]',
}
"""Whole answers with status 200 that no vendor documents."""

MOST_REQUESTS = 2000
"""A provider that asks more often than this in one check does not stop by itself."""


@attrs.frozen(kw_only=True)
class Fault:
    """One way in which a request goes wrong.

    `kind` is `status` (with `status`, `headers`, `body`), `refused`, `reset`, `truncated`, `hang`, `redirect` or
    `garbage` (with `flavour`, a key of `GARBAGE`).
    """

    kind: str
    status: int = 200
    headers: Mapping[str, str] = attrs.field(factory=dict)
    body: bytes = b'{"detail": "the vendor says no"}'
    flavour: str = "html"


@attrs.define
class _Rule:
    fault: Fault
    writes_only: bool
    times: int | None


class Clock:
    """Time that passes only when somebody sleeps: hand `clock` and `clock.sleep` to a provider."""

    def __init__(self) -> None:
        self.now = time.monotonic()
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Let time pass, and give others a turn."""
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)


class Tap:
    """Stands between a provider and what really carries its requests; hand it to the provider as `transport=`.

    `sent` keeps every request, `answers` every answer as the provider got it, `peak` how many were under way at once.
    """

    def __init__(self, inner: Carrier) -> None:
        self.inner = inner
        self.sent: list[Sent] = []
        self.answers: list[tuple[Sent, Response]] = []
        self.closed = 0
        self.in_flight = 0
        self.peak = 0
        self.edit: Callable[[Sent, Response], Response] | None = None
        self._rules: list[_Rule] = []
        self._gate: asyncio.Event | None = None

    def fail(self, fault: Fault, *, writes_only: bool = False, times: int | None = None) -> None:
        """Let the next requests fail (`times=None`: all, until `calm()`); `writes_only` spares GET."""
        self._rules.append(_Rule(fault, writes_only, times))

    def calm(self) -> None:
        """Forget the faults and the edit, and let go what is held."""
        self._rules.clear()
        self.edit = None
        self.release()

    def hold(self) -> None:
        """Keep requests under way until `release()`."""
        self._gate = asyncio.Event()

    def release(self) -> None:
        """Let the held requests go on."""
        if self._gate is not None:
            self._gate.set()
        self._gate = None

    async def send(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes | None, timeout: float, max_bytes: int
    ) -> Response:
        """Pass a request on, or fail it."""
        sent = self._note(Sent(method=method, url=url, headers=headers, body=body, timeout=timeout))
        with self._under_way():
            if self._gate is not None:
                await self._gate.wait()
            answer = await self._play(sent) or await self.inner.send(
                method, url, headers=headers, body=body, timeout=timeout, max_bytes=max_bytes
            )
            answer = self.edit(sent, answer) if self.edit is not None else answer
            self.answers.append((sent, answer))
            return answer

    @contextlib.asynccontextmanager
    async def stream(
        self, url: str, *, headers: Mapping[str, str], timeout: float, max_bytes: int
    ) -> AsyncIterator[tuple[int, Mapping[str, str], AsyncIterator[bytes]]]:
        """Pass a download on, or fail it."""
        sent = self._note(Sent(method="GET", url=url, headers=headers, timeout=timeout))
        with self._under_way():
            spoilt = await self._play(sent)
            if spoilt is not None:
                yield spoilt.status, spoilt.headers, _pieces(spoilt.body)
                return
            async with self.inner.stream(url, headers=headers, timeout=timeout, max_bytes=max_bytes) as opened:
                yield opened

    async def aclose(self) -> None:
        """Count the closing; nothing goes out after it."""
        self.closed += 1
        await self.inner.aclose()

    def _note(self, sent: Sent) -> Sent:
        if self.closed:
            raise ConfigurationError("the provider is closed", outcome=Outcome.NOT_SENT)
        self.sent.append(sent)
        assert len(self.sent) <= MOST_REQUESTS, "the provider goes on asking and does not stop"
        return sent

    @contextlib.contextmanager
    def _under_way(self) -> Any:
        self.in_flight += 1
        self.peak = max(self.peak, self.in_flight)
        try:
            yield
        finally:
            self.in_flight -= 1

    async def _play(self, sent: Sent) -> Response | None:
        for rule in self._rules:
            if rule.times == 0 or (rule.writes_only and sent.method == "GET"):
                continue
            if rule.times is not None:
                rule.times -= 1
            return await spoil(rule.fault, sent)
        return None


async def spoil(fault: Fault, sent: Sent) -> Response | None:
    """The answer that a fault makes of a request, or the error that a transport raises for it."""
    json_type = {"content-type": "application/json"}
    if fault.kind == "status":
        return Response(fault.status, {**json_type, **fault.headers}, fault.body)
    if fault.kind == "redirect":
        return Response(307, {"location": "https://elsewhere.example/landing"}, b"")
    if fault.kind == "garbage":
        return Response(200, json_type, GARBAGE[fault.flavour])
    if fault.kind == "refused":
        raise TransportError("no connection to the host", outcome=Outcome.NOT_SENT)
    if fault.kind == "truncated":
        raise TransportError("the answer was cut short", outcome=Outcome.UNKNOWN)
    if fault.kind == "reset":
        raise TransportError("the connection was lost before an answer came", outcome=Outcome.UNKNOWN)
    assert fault.kind == "hang", f"no fault is called {fault.kind}"
    if sent.timeout > 1:  # nobody set a short deadline: answer, so that the check need not wait
        return None
    await asyncio.sleep(sent.timeout)
    raise DeadlineExceededError("no whole answer in time", outcome=Outcome.UNKNOWN)


async def _pieces(body: bytes) -> AsyncIterator[bytes]:
    yield body


class Replay:
    """Gives recorded answers again, by method and URL and in their order (the last one over and over)."""

    def __init__(self, answers: list[tuple[Sent, Response]]) -> None:
        self._answers: dict[tuple[str, str], list[Response]] = {}
        for sent, answer in answers:
            self._answers.setdefault((sent.method, sent.url), []).append(answer)
        self._given: dict[tuple[str, str], int] = {}

    def rewind(self) -> None:
        """Begin again with the first answers."""
        self._given.clear()

    async def send(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes | None, timeout: float, max_bytes: int
    ) -> Response:
        """The recorded answer, or 404 to a request that was not recorded."""
        key = (method, url)
        known = self._answers.get(key)
        if known is None:
            return Response(404, {"content-type": "application/json"}, json.dumps({"detail": "not recorded"}).encode())
        turn = self._given.get(key, 0)
        self._given[key] = turn + 1
        return known[min(turn, len(known) - 1)]

    @contextlib.asynccontextmanager
    async def stream(
        self, url: str, *, headers: Mapping[str, str], timeout: float, max_bytes: int
    ) -> AsyncIterator[tuple[int, Mapping[str, str], AsyncIterator[bytes]]]:
        """The recorded answer as a download."""
        answer = await self.send("GET", url, headers=headers, body=None, timeout=timeout, max_bytes=max_bytes)
        yield answer.status, answer.headers, _pieces(answer.body)

    async def aclose(self) -> None:
        """Nothing is open."""
