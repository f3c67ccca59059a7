"""Deliberately broken providers: how one is made, and what it must turn red."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import asynccontextmanager
from typing import Any, ClassVar, TypeVar

import attrs

from interviewkit import Call, Capabilities, Capability, Feature, InterviewKitError
from interviewkit.http.connection import Carrier
from interviewkit.testing import Backend, ConformanceSuite, FakeProvider

from .fake_backend import fake_backend

T = TypeVar("T")


@attrs.frozen
class Broken:
    """A provider that differs from a good one in one behaviour: `check` must go red, and `also` may."""

    check: str
    provider: type[FakeProvider]
    also: frozenset[str]
    backend: Callable[[], Backend]

    def suite(self) -> ConformanceSuite:
        """The whole kit on this provider."""
        broken = self

        class Suite(ConformanceSuite):
            def make_provider(self, **settings: Any) -> FakeProvider:
                return broken.provider(api_key="fake-key-K3Y", **settings)

            def make_backend(self) -> Backend:
                return broken.backend()

        return Suite()


BROKEN: list[Broken] = []


def breaks(
    check: str, *also: str, backend: Callable[[], Backend] = fake_backend
) -> Callable[[type[FakeProvider]], type[FakeProvider]]:
    """Register a provider as the one that breaks a check."""

    def register(provider: type[FakeProvider]) -> type[FakeProvider]:
        BROKEN.append(Broken(check, provider, frozenset(also), backend))
        return provider

    return register


class Declaring(FakeProvider):
    """Declares something else than the fake does."""

    declared: ClassVar[dict[Feature, Any]] = {}

    @property
    def capabilities(self) -> Capabilities:  # type: ignore[override]
        return _Declared({**super().capabilities, **self.declared})


class _Declared(Capabilities):
    def __init__(self, declared: dict[Feature, Capability]) -> None:
        self._declared = declared


class Erring(FakeProvider):
    """Changes errors on their way out: `err` gives another error, or changes the one it gets."""

    async def send(self, call: Call[T]) -> T:
        try:
            return await super().send(call)
        except InterviewKitError as error:
            changed = self.err(call, error)
        raise changed from None

    def err(self, call: Call[Any], error: Any) -> Any:
        raise NotImplementedError


def recast(error: Any, kind: type[InterviewKitError]) -> InterviewKitError:
    """The same error as another class."""
    names = ("status", "provider", "operation", "account", "outcome", "hint", "retryable", "retry_after")
    made = kind(error.message)
    for name in names:
        if hasattr(error, name):
            setattr(made, name, getattr(error, name))
    return made


class Meddled(FakeProvider):
    """Meddles with its line: `meddle` gets each request and what carries it."""

    def __init__(self, *given: Any, **settings: Any) -> None:
        if settings.get("transport") is not None:
            settings["transport"] = _Meddler(settings["transport"], self, settings)
        super().__init__(*given, **settings)

    async def meddle(self, carry: Any, method: str, url: str, settings: dict[str, Any], **rest: Any) -> Any:
        raise NotImplementedError


class _Meddler:
    def __init__(self, inner: Carrier, provider: Meddled, settings: dict[str, Any]) -> None:
        self.inner, self.provider, self.settings = inner, provider, settings

    async def send(self, method: str, url: str, **rest: Any) -> Any:
        return await self.provider.meddle(self.inner.send, method, url, self.settings, **rest)

    @asynccontextmanager
    async def stream(self, url: str, **rest: Any) -> Any:
        async with self.inner.stream(url, **rest) as opened:
            yield opened

    async def aclose(self) -> None:
        await self.inner.aclose()
