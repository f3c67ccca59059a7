"""The journals that a ledger's tests run on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from interviewkit.harvest.journal import StoreJournal
from interviewkit.ledger import Journal, MemoryJournal
from tests.harvest.conftest import _server, postgres, postgres_url

__all__ = ["_server", "postgres", "postgres_url"]


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def journal(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Journal]:
    """An empty journal of each kind."""
    if request.param == "memory":
        yield MemoryJournal()
        return
    url = tmp_path / "store.db" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    made = await StoreJournal.open(url)
    yield made
    await made.aclose()
