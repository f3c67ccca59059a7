"""The table of events: one row an event, one holder at a time, and in the order of each session."""

from __future__ import annotations

import asyncio
import hashlib
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest
from sqlalchemy import update

from interviewkit.errors import InvalidArgumentError, StoreError
from interviewkit.harvest import Store, schema
from interviewkit.webhooks import DeadLetters, EventState, Verdict
from interviewkit.webhooks.inbox import Inbox
from interviewkit.webhooks.rows import Arrival, Claimed

from .hooks import rows

ACCOUNTS = ("acme", "other")


def arrival(number: int = 0, *, session: str | None = None, account: str = "acme", **more: Any) -> Arrival:
    key = hashlib.sha256(f"{number}".encode()).hexdigest()
    return Arrival(**{
        "account": account, "dedupe_key": key, "provider": "codility", "state": EventState.RECEIVED, "type": "result",
        "ref": f"codility:take_home:{number}", "reference": f"r-{number}", "subject": session or f"s-{number}",
        "body": f"{number}".encode(), **more,
    })  # fmt: skip


async def claim(inbox: Inbox, limit: int = 10, *, seconds: float = 30.0, holder: str = "me") -> list[Claimed]:
    return await inbox.claim(accounts=ACCOUNTS, limit=limit, holder=holder, lease_seconds=seconds)


def numbers(claimed: list[Claimed]) -> list[int]:
    return [int(one.body) for one in claimed]


async def test_what_is_put_is_there_once_with_its_copies(store_url: str) -> None:
    async with await Store.open(store_url) as store:
        inbox = Inbox(store)
        assert await inbox.put([arrival(1), arrival(2), arrival(1)]) == [
            Verdict.STORED, Verdict.STORED, Verdict.DUPLICATE,
        ]  # fmt: skip
        assert await inbox.put([arrival(2), arrival(2, account="other")]) == [Verdict.DUPLICATE, Verdict.STORED]
        found = await rows(store)
        assert [(row.account, int(row.body), row.copies) for row in found] == [
            ("acme", 1, 2), ("acme", 2, 2), ("other", 2, 1),
        ]  # fmt: skip
        assert all(row.received_at.tzinfo is not None for row in found)


async def test_copies_through_two_stores_at_once_are_one_row(store_url: str) -> None:
    async with await Store.open(store_url) as one, await Store.open(store_url) as two:
        inboxes = [Inbox(one), Inbox(two)]
        orders = ((1, 2, 3), (3, 2, 1))
        verdicts = await asyncio.gather(
            *(inboxes[turn % 2].put([arrival(number) for number in orders[turn % 2]]) for turn in range(20))
        )
        assert [row.copies for row in await rows(one)] == [20] * 3
        assert sum(verdict is Verdict.STORED for several in verdicts for verdict in several) >= 3


async def test_a_batch_that_fails_is_stored_not_at_all(tmp_path: Path) -> None:
    async with await Store.open(tmp_path / "store.db") as store:
        inbox = Inbox(store)
        with pytest.raises(StoreError):
            await inbox.put([arrival(1), arrival(2, provider=None)])
        assert await rows(store) == []


async def test_what_is_stored_survives_the_process(tmp_path: Path) -> None:
    async with await Store.open(tmp_path / "store.db") as store:
        await Inbox(store).put([arrival(1)])
        other = sqlite3.connect(tmp_path / "store.db")  # while it is open: nothing waits in this process's memory
        try:
            assert other.execute("SELECT state, copies FROM webhook").fetchall() == [("received", 1)]
            assert other.execute("PRAGMA synchronous").fetchone() is not None
        finally:
            other.close()


async def test_an_event_has_one_holder(store_url: str) -> None:
    async with await Store.open(store_url) as one, await Store.open(store_url) as two:
        await Inbox(one).put([arrival(number) for number in range(20)])
        holders = enumerate((one, two) * 4)
        taken = await asyncio.gather(*(claim(Inbox(store), 5, holder=f"{number}") for number, store in holders))
        held = [number for several in taken for number in numbers(several)]
        left = numbers(await claim(Inbox(one), 100))
        assert sorted(held + left) == list(range(20))


async def test_the_oldest_is_claimed_first_and_only_of_the_accounts_asked_for(store_url: str) -> None:
    async with await Store.open(store_url) as store:
        inbox = Inbox(store)
        for number in (5, 3, 4):
            await inbox.put([arrival(number)])
        await inbox.put([arrival(1, account="strange")])
        assert numbers(await claim(inbox, 2)) == [5, 3]
        assert numbers(await claim(inbox)) == [4]


async def test_of_one_session_the_next_is_claimed_when_the_one_before_has_ended(store_url: str) -> None:
    async with await Store.open(store_url) as store:
        inbox = Inbox(store)
        await inbox.put([arrival(number, session="one") for number in (2, 1, 3)])
        await inbox.put([arrival(9, session="one", account="other")])
        first, other = await claim(inbox)
        assert numbers([first, other]) == [2, 9]
        assert await claim(inbox) == []
        await inbox.put_off(first, 60.0, error="later")
        assert await claim(inbox) == []
        async with store.writing() as connection:
            await connection.execute(update(schema.webhook).values(due_at=datetime.now(UTC) - timedelta(hours=1)))
        (again,) = await claim(inbox)
        assert (numbers([again]), again.tries) == ([2], 1)
        assert await inbox.settle(again, EventState.DONE, ref="codility:take_home:2")
        assert numbers(await claim(inbox)) == [1]


@pytest.mark.parametrize("end", list(EventState)[1:])
async def test_any_end_lets_the_next_event_of_the_session_go_on(tmp_path: Path, end: EventState) -> None:
    async with await Store.open(tmp_path / "store.db") as store:
        inbox = Inbox(store)
        await inbox.put([arrival(number, session="one") for number in (1, 2)])
        (first,) = await claim(inbox)
        await inbox.settle(first, end, ref=None, error="why")
        assert numbers(await claim(inbox)) == [2]
        row = (await rows(store))[0]
        assert (row.body is None, row.reference is None) == ((end in {EventState.DONE, EventState.REFUSED},) * 2)
        assert (row.due_at, row.holder, row.error) == (None, None, "why")
        assert row.subject == ("one" if end is EventState.FAILED else None)


async def test_a_lease_that_ended_lets_another_take_over_and_the_first_can_write_nothing(store_url: str) -> None:
    async with await Store.open(store_url) as store:
        inbox = Inbox(store)
        await inbox.put([arrival(1)])
        (mine,) = await claim(inbox, seconds=-1.0)
        (theirs,) = await claim(inbox, holder="them")
        assert (mine.fence, theirs.fence) == (1, 2)
        assert not await inbox.settle(mine, EventState.REFUSED, ref=None)
        assert not await inbox.put_off(mine, 0.0, error="mine")
        assert await inbox.renew([mine, theirs], lease_seconds=30.0) == [theirs]
        assert await inbox.settle(theirs, EventState.DONE, ref="codility:take_home:1")
        assert [(row.state, row.error) for row in await rows(store)] == [("done", None)]


async def test_a_renewed_lease_keeps_others_away(store_url: str) -> None:
    async with await Store.open(store_url) as store:
        inbox = Inbox(store)
        await inbox.put([arrival(1)])
        (mine,) = await claim(inbox, seconds=-1.0)
        assert await inbox.renew([mine], lease_seconds=30.0) == [mine]
        assert await claim(inbox) == []


async def test_it_is_told_when_something_may_be_claimed(store_url: str) -> None:
    async with await Store.open(store_url) as store:
        inbox = Inbox(store)
        assert await inbox.has_due(accounts=ACCOUNTS) == (False, None)
        await inbox.put([arrival(1), arrival(2, account="strange")])
        assert await inbox.has_due(accounts=ACCOUNTS) == (True, 0.0)
        (mine,) = await claim(inbox)
        assert await inbox.has_due(accounts=ACCOUNTS) == (False, None)
        await inbox.put_off(mine, 60.0, error="later")
        is_due, pause = await inbox.has_due(accounts=ACCOUNTS)
        assert not is_due
        assert pause == pytest.approx(60.0, abs=5.0)
        assert (await inbox.waiting(accounts=ACCOUNTS), await inbox.waiting(accounts=["strange"])) == (1, 1)


async def test_the_status_counts_by_account_and_names_what_is_wrong(store_url: str) -> None:
    async with await Store.open(store_url) as store:
        inbox = Inbox(store)
        await inbox.put([arrival(number) for number in (1, 2, 3, 4)])
        await inbox.put([arrival(1), arrival(7, account="other")])
        await inbox.put([arrival(5, state=EventState.UNREADABLE, type=None, error="no event at $")])
        one, two, three = await claim(inbox, 3)
        await inbox.settle(one, EventState.DONE, ref="codility:take_home:1")
        await inbox.settle(two, EventState.FAILED, ref=None, error="it failed")
        await inbox.put_off(three, 60.0, error="later")
        acme, other = await inbox.status()
        assert attrs.astuple(acme, recurse=False)[:10] == ("acme", "codility", 2, 1, 1, 0, 1, 0, 1, 6)
        assert {(one.state, one.type, one.error) for one in acme.problems} == {
            (EventState.FAILED, "result", "it failed"), (EventState.UNREADABLE, None, "no event at $"),
        }  # fmt: skip
        assert acme.oldest_waiting is not None
        assert (other.account, other.received, other.problems) == ("other", 1, ())
        assert await inbox.status(account="other") == [other]
        assert await inbox.status(account="nobody") == []
        assert "r-1" not in repr(acme) + repr(one) + repr(arrival(1))


# --- dead letters ---


async def fail(inbox: Inbox, *numbers: int, **more: Any) -> None:
    await inbox.put([arrival(number, **more) for number in numbers])
    for one in await claim(inbox):
        await inbox.settle(one, EventState.FAILED, ref=None, error="it failed")


async def test_what_is_acknowledged_stays_and_is_counted_apart(store_url: str) -> None:
    async with await Store.open(store_url) as store:
        inbox, letters = Inbox(store), DeadLetters(store)
        await fail(inbox, 1, 2)
        await inbox.put([arrival(3, state=EventState.UNREADABLE, type=None, error="no event at $")])
        (before,) = await inbox.status()
        settled = await letters.acknowledge()
        assert {one.id for one in settled} == {one.id for one in before.problems}
        assert all(one.acknowledged_at is not None for one in settled)
        (after,) = await inbox.status()
        assert (after.failed, after.unreadable, after.acknowledged, after.problems) == (0, 0, 3, ())
        assert [row.state for row in await rows(store)] == ["failed", "failed", "unreadable"]
        assert await letters.acknowledge() == []
        await inbox.put([arrival(3, state=EventState.UNREADABLE, type=None, error="no event at $")])
        assert [one.acknowledged for one in await inbox.status()] == [3]  # one more copy of it


async def test_what_failed_is_claimed_again_with_all_that_it_takes_and_in_its_place(store_url: str) -> None:
    async with await Store.open(store_url) as store:
        inbox = Inbox(store)
        await fail(inbox, 1, session="one", headers="[]")
        await inbox.put([arrival(2, session="one")])
        (settled,) = await DeadLetters(store).retry()
        assert (settled.state, settled.tries) == (EventState.FAILED, 1)  # as it was
        (again,) = await claim(inbox)
        assert (numbers([again]), again.reference, again.headers, again.tries) == ([1], "r-1", "[]", 0)
        await inbox.settle(again, EventState.DONE, ref=None)
        assert numbers(await claim(inbox)) == [2]
        assert [row.error for row in await rows(store)] == [None, None]


async def test_the_numbers_of_dead_letters_tell_nothing_and_differ_by_account(store_url: str) -> None:
    async with await Store.open(store_url) as store:
        inbox = Inbox(store)
        for account in ACCOUNTS:
            await fail(inbox, 1, account=account)
        idents = {problem.id for one in await inbox.status() for problem in one.problems}
        keys = {row.dedupe_key for row in await rows(store)}
        assert (len(idents), len(keys)) == (2, 1)
        assert not [one for one in idents if any(one in key for key in keys)]


async def test_an_unknown_number_settles_none_of_the_others(store_url: str) -> None:
    async with await Store.open(store_url) as store:
        inbox = Inbox(store)
        await fail(inbox, 1)
        await inbox.put([arrival(2)])
        (status,) = await inbox.status()
        for settle in (DeadLetters(store).acknowledge, DeadLetters(store).retry):
            with pytest.raises(InvalidArgumentError, match="no webhook ffffffffffff"):
                await settle([status.problems[0].id, "f" * 12])
        assert await inbox.status() == [status]


async def test_odd_references_can_be_kept(store_url: str) -> None:
    odd = "r\0\ud800\x1a0000 \U0001f600"
    async with await Store.open(store_url) as store:
        await Inbox(store).put([arrival(1, reference=odd, error=odd)])
        (row,) = await rows(store)
        assert (row.reference, row.error) == (odd, odd)


async def test_claiming_stays_quick_among_many(store_url: str) -> None:
    async with await Store.open(store_url) as store:
        inbox = Inbox(store)
        for start in range(0, 6000, 1000):
            await inbox.put([arrival(number, session=f"s-{number % 700}") for number in range(start, start + 1000)])
        began = asyncio.get_running_loop().time()
        assert len(await claim(inbox, 4)) == 4
        assert asyncio.get_running_loop().time() - began < 2.0
