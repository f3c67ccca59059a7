"""A transport of our own, closed after the test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from interviewkit.http.transport import Transport


@pytest.fixture
async def transport() -> AsyncIterator[Transport]:
    """A transport with a pool of its own."""
    made = Transport()
    yield made
    await made.aclose()
