"""One quiet sandbox a test: a frozen clock, a small population, and a client."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import aiohttp
import pytest

from interviewkit.sandbox import Sandbox, VirtualClock

from .client import Client
from .receiver import Receiver, listening

Open = Callable[..., AbstractAsyncContextManager[Client]]


@asynccontextmanager
async def open_box(**options: Any) -> AsyncIterator[Client]:
    options.setdefault("clock", VirtualClock(frozen=True))
    options.setdefault("sessions", 90)
    async with Sandbox(**options) as box, aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield Client(box, session)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """Somebody to whom webhooks are posted."""
    async with listening() as found:
        yield found


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    """A sandbox with the documents' quirks."""
    async with open_box() as found:
        yield found


@pytest.fixture
async def plain() -> AsyncIterator[Client]:
    """A sandbox without quirks: the newest documented forms only."""
    async with open_box(quirks=False) as found:
        yield found
