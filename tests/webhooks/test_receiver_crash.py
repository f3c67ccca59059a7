"""A receiver that dies at the worst moment: nothing is lost, and nothing is stored twice."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import attrs
import pytest

from interviewkit import Candidate, InviteLedger
from interviewkit.harvest import Store
from interviewkit.sandbox import Sandbox

from .crashing import Job, child, ended, free_port
from .hooks import CODILITY, PATIENCE, REMOTEINTERVIEW, SECRETS, open_hub, rows


@attrs.frozen
class Scene:
    """A sandbox, a store, and children that serve what the sandbox posts."""

    box: Sandbox
    store: Store
    job: Job
    invite: Any

    def calls(self) -> Counter[str]:
        """How often which event was handed over."""
        path = Path(self.job.calls)
        return Counter(path.read_text().splitlines() if path.exists() else [])

    async def done(self, number: int = 1) -> list[Any]:
        """The inbox, once so many events are done."""
        async with asyncio.timeout(PATIENCE):
            while True:
                found = await rows(self.store)
                if [row.state for row in found].count("done") >= number:
                    return found
                await asyncio.sleep(0.02)


@pytest.fixture
async def scene(store_url: str, tmp_path: Path) -> AsyncIterator[Scene]:
    async with AsyncExitStack() as stack:
        box = await stack.enter_async_context(Sandbox(seed=4, sessions=40, strict_limits=False))
        store = await stack.enter_async_context(await Store.open(store_url))
        hub = await stack.enter_async_context(open_hub(box, InviteLedger()))
        box.webhooks.configure(attempts=1)
        accounts = {label: dict(given) for label, given in box.accounts.items() if label in SECRETS}
        job = Job(
            store=store_url, accounts=accounts, secrets=SECRETS, port=free_port(), ready=f"{tmp_path}/ready",
            calls=f"{tmp_path}/calls",
        )  # fmt: skip
        urls = {label: f"http://127.0.0.1:{job.port}/{label}/{secret}" for label, secret in SECRETS.items()}
        box.remoteinterview.outgoing_webhooks.append(urls[REMOTEINTERVIEW])

        async def invite(account: str, number: int = 0) -> Any:
            test = await hub[account].list_assessments().first()
            assert test is not None
            person = Candidate(email=f"tester{number}@example.com")
            given = {"callback_url": urls[account]} if account == CODILITY else {}
            return await hub[account].invite_candidate(test.id, person, reference=f"application-{number}", **given)  # type: ignore[arg-type]

        yield Scene(box, store, job, invite)


@pytest.mark.parametrize("account", [CODILITY, REMOTEINTERVIEW])
async def test_a_crash_between_the_commit_and_the_answer_loses_nothing(scene: Scene, account: str) -> None:
    made = await scene.invite(account)
    async with child(attrs.evolve(scene.job, crash="stored")) as process:
        await scene.box.work(made.ref, settle=True)
        await ended(process)
    (delivery,) = scene.box.deliveries
    assert delivery.status is None
    async with child(scene.job):
        await scene.done()
        (again,) = await scene.box.webhooks.repeat(delivery)
        assert again.status == 200
        (row,) = await scene.done()
    assert row.copies == 2
    assert list(scene.calls().values()) == [1]


async def test_a_crash_after_the_callback_calls_it_once_more_and_stores_nothing_twice(scene: Scene) -> None:
    made = await scene.invite(CODILITY)
    async with child(attrs.evolve(scene.job, crash="called")) as process:
        await scene.box.work(made.ref, settle=True)
        await ended(process)
    (row,) = await rows(scene.store)
    assert (row.state, row.holder is not None) == ("received", True)
    async with child(scene.job):
        (row,) = await scene.done()
    assert (row.copies, row.fence) == (1, 2)
    assert list(scene.calls().values()) == [2]
    assert [str(report.ref) async for report in scene.store.reports()] == [str(made.ref)]


async def test_however_often_it_is_killed_every_event_is_handed_over(scene: Scene) -> None:
    rng, number = random.Random(11), 24
    scene.box.webhooks.configure(attempts=100, pause=0.2)  # a busy machine takes its time to start a child
    made = [await scene.invite((CODILITY, REMOTEINTERVIEW)[one % 2], one) for one in range(number)]
    for round_ in range(4):
        async with child(scene.job):
            working = [scene.box.work(one.ref) for one in made[round_ * 6 : round_ * 6 + 6]]
            await asyncio.gather(*working)
            await asyncio.sleep(rng.random() / 30)
    async with child(scene.job):
        await scene.box.webhooks.settled()
        found = await scene.done(number)
    assert len(found) == number
    assert any(one.attempts > 1 for one in scene.box.deliveries)  # some did meet a dead receiver
    assert {line.split()[0] for line in scene.calls()} == {row.dedupe_key for row in found}
    assert len([report async for report in scene.store.reports()]) == number
