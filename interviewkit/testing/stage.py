"""Where a check is played: a fresh provider, the backend behind it, and the tap between them."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Any

import attrs
import pytest

from interviewkit.capabilities import Feature
from interviewkit.errors import InterviewKitError
from interviewkit.http.limits import WindowLimiter
from interviewkit.http.retry import RetryPolicy
from interviewkit.provider import BaseProvider, InterviewProvider
from interviewkit.testing.backend import Backend
from interviewkit.testing.operations import OPERATIONS, Operation
from interviewkit.testing.scripted import Sent
from interviewkit.testing.tap import Clock, Fault, Replay, Tap

LABEL = "conformance-account"
PROMPT = RetryPolicy(attempts=3, base_delay=0.0, max_delay=0.0)


@attrs.define
class Scene:
    """What a check has at hand."""

    provider: Any
    backend: Backend
    tap: Tap
    clock: Clock

    def has(self, feature: Feature) -> bool:
        """Whether the provider declares the feature."""
        return bool(self.provider.capabilities[feature])

    @property
    def operations(self) -> list[Operation]:
        """The operations that the provider declares."""
        return [operation for operation in OPERATIONS if self.has(operation.feature)]

    async def run(self, operation: Operation) -> Any:
        """Run one operation."""
        return await operation.run(self.provider, self.backend)

    async def error(self, operation: Operation) -> InterviewKitError:
        """The error that an operation ends with; the check fails if there is none."""
        error = await self.outcome(operation)
        assert error is not None, f"{operation.name} ends well, and an error was expected"
        return error

    async def outcome(self, operation: Operation) -> InterviewKitError | None:
        """The error that an operation ends with, or `None` where it succeeds."""
        try:
            await self.run(operation)
        except InterviewKitError as error:
            return error
        return None

    async def requests(self, operation: Operation) -> list[Sent]:
        """What an operation sends."""
        before = len(self.tap.sent)
        await self.run(operation)
        return self.tap.sent[before:]

    def is_write(self, operation: Operation) -> bool:
        """Whether an operation changes something at the vendor, by the requests that are expected of it."""
        return any(one.method != "GET" for one in self.backend.expected.get(operation.name, ()))

    def fail(self, fault: Fault, *, writes_only: bool = False, times: int | None = None) -> None:
        """Let requests fail: on the socket where the backend can, else at the tap."""
        wire = self.backend.wire
        if wire is None or not wire(fault, writes_only, times):
            self.tap.fail(fault, writes_only=writes_only, times=times)

    def calm(self) -> None:
        """All is well again, and nothing has been sent."""
        self.tap.calm()
        self.backend.calm()
        self.tap.sent.clear()
        self.tap.answers.clear()


class Stage:
    """What a suite is given by its author: a provider, and a backend."""

    def make_provider(self, **settings: Any) -> InterviewProvider:
        """A new provider. `settings` are keywords that every provider takes: hand them on."""
        raise NotImplementedError("a conformance suite defines make_provider(self, **settings)")

    def make_backend(self) -> Backend | AbstractAsyncContextManager[Backend]:
        """The vendor to try it on: a `Backend`, or an async context manager that opens one."""
        raise NotImplementedError("a conformance suite defines make_backend(self)")

    def provider(self, **settings: Any) -> Any:
        """A new provider, seen to be one: the check fails in one line where its `__init__` was left half done."""
        made = self.make_provider(**settings)
        kind = type(made).__name__
        if made is None:
            pytest.fail("make_provider returned None: it returns the new provider", pytrace=False)
        if isinstance(made, BaseProvider) and "_connection" not in vars(made):
            pytest.fail(
                f"{kind}.__init__ does not call super().__init__(Connection.open(...), account=...): "
                "a BaseProvider that skips it has neither connection nor account",
                pytrace=False,
            )
        return made

    @contextlib.asynccontextmanager
    async def backend(self) -> AsyncIterator[Backend]:
        """The backend, opened where it must be."""
        made = self.make_backend()
        if isinstance(made, Backend):
            yield made
        else:
            async with made as opened:
                yield opened

    @contextlib.asynccontextmanager
    async def scene(self, **settings: Any) -> AsyncIterator[Scene]:
        """A fresh provider on a fresh backend; time passes only when the provider sleeps."""
        async with self.backend() as backend:
            tap = Tap(backend.transport())
            async with self.on(backend, tap, **settings) as scene:
                yield scene

    @contextlib.asynccontextmanager
    async def on(self, backend: Backend, tap: Tap, **settings: Any) -> AsyncIterator[Scene]:
        """A fresh provider on this tap."""
        clock = Clock()
        usual = {
            "transport": tap, "account": LABEL, "retry": PROMPT, "limiter": WindowLimiter(), "clock": clock,
            "sleep": clock.sleep, "random": lambda: 0.5,
        }  # fmt: skip
        provider = self.provider(**{**usual, **settings})
        try:
            yield Scene(provider, backend, tap, clock)
        finally:
            tap.calm()
            if not tap.closed:
                await provider.aclose()
            if not tap.closed:
                await tap.aclose()

    @contextlib.asynccontextmanager
    async def replay(self, scene: Scene, operation: Operation, **settings: Any) -> AsyncIterator[tuple[Scene, Any]]:
        """Run an operation once, then offer the same answers again, as often as one likes; and its first result."""
        scene.calm()
        result = await scene.run(operation)
        again = Tap(Replay(list(scene.tap.answers)))
        async with self.on(scene.backend, again, **settings) as repeated:
            yield repeated, result
