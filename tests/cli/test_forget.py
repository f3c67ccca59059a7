"""`harvest forget`, for what the ledger and the webhooks' inbox hold."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from interviewkit.harvest import Store, schema
from interviewkit.harvest.journal import StoreJournal
from interviewkit.ledger import OperationState
from interviewkit.ledger.operations import Intent

from .conftest import Run

PERSON = "robin@example.com"


async def _fill(path: Path) -> None:
    async with await Store.open(path) as store:
        asked = [
            Intent(account="acme", provider="codility", name="invite_candidate", reference=f"r-{number}",
                   request={"candidate": {"email": PERSON}})
            for number in range(2)
        ]  # fmt: skip
        await StoreJournal(store).claim(asked, holder="me", lease_seconds=30)
        row = {
            "account": "events", "dedupe_key": "k", "provider": "codility", "state": "new",
            "received_at": datetime.now(UTC), "body": PERSON.encode(),
        }  # fmt: skip
        async with store.writing() as connection:
            await connection.execute(schema.webhook.insert().values(**row))


async def _left(path: Path) -> tuple[set[OperationState], int]:
    async with await Store.open(path) as store, store.reading() as connection:
        webhooks = len((await connection.execute(schema.webhook.select())).all())
        return {one.state for one in await StoreJournal(store).find()}, webhooks


@pytest.fixture
def filled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The store in this folder, with a person's invitations and a webhook about them, and without any report."""
    monkeypatch.setenv("INTERVIEWKIT_ERASURE_KEY", "5a" * 32)
    path = tmp_path / "interviewkit.db"
    asyncio.run(_fill(path))
    return path


def test_invitations_and_webhooks_are_erased_and_counted(run: Run, filled: Path) -> None:
    ran = run("harvest", "forget", PERSON, "--yes", "--json")
    told = json.loads(ran.out)
    assert (ran.code, told["operations"], told["webhooks"], told["sessions"]) == (0, 2, 1, 0)
    assert told["accounts"] == ["acme", "events"]
    assert asyncio.run(_left(filled)) == ({OperationState.ERASED}, 0)


def test_a_dry_run_says_what_there_is_and_erases_nothing(run: Run, filled: Path) -> None:
    ran = run("harvest", "forget", PERSON, "--dry-run", terminal=True)
    told = "there are 0 sessions in acme, events, 2 invitations in the ledger, 1 webhook"
    assert told in " ".join(ran.err.split())
    assert PERSON not in ran.out + ran.err
    states, webhooks = asyncio.run(_left(filled))
    assert (OperationState.ERASED in states, webhooks) == (False, 1)
