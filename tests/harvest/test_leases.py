"""Leases: one holder an account and a set of credentials, found out by whoever lost it, on both databases."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import select, update

from interviewkit.errors import StoreError
from interviewkit.harvest import Store, engine, schema
from interviewkit.harvest.leases import Lease, LeaseLostError

SHORT = 0.3
"""A lease's seconds in tests that let it run out."""
accounts = schema.account


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[Store]:
    async with await Store.open(store_url) as made:
        yield made


@pytest.fixture
async def hasty(store_url: str) -> AsyncIterator[Store]:
    async with await Store.open(store_url, lease_seconds=SHORT) as made:
        yield made


async def take(store: Store, account: str = "acme", scope: str = "key-1", **options: Any) -> Lease | None:
    return await store.lease(account, scope=scope, provider="scripted", **options)


async def held(store: Store, account: str = "acme", scope: str = "key-1") -> Lease:
    lease = await take(store, account, scope)
    assert lease is not None
    return lease


async def expire(store: Store) -> None:
    """As if the holders had said nothing for too long."""
    async with store.writing() as connection:
        await connection.execute(update(accounts).values(lease_until=await store.now(connection)))


async def touch(store: Store, lease: Lease, value: str) -> None:
    async with store.writing(lease) as connection:
        await connection.execute(update(accounts).values(parked=value))


async def parked(store: Store) -> str | None:
    async with store.reading() as connection:
        found: str | None = (await connection.execute(select(accounts.c.parked))).scalar_one()
        return found


async def test_an_account_has_one_holder(store: Store) -> None:
    async with await held(store):
        assert await take(store) is None
        assert await take(store, "other", "key-2") is not None
    assert await take(store) is not None


async def test_accounts_with_the_same_credentials_have_one_holder(store: Store) -> None:
    async with await held(store):
        assert await take(store, "twin") is None
    async with await held(store, "twin"):
        assert await take(store) is None


async def test_an_account_whose_key_changed_is_still_held_by_the_old_key(store: Store) -> None:
    async with await held(store, scope="key-1"):
        assert await take(store, scope="key-2") is None


async def test_of_many_who_ask_at_once_one_gets_the_lease(store_url: str) -> None:
    async with contextlib.AsyncExitStack() as stack:
        stores = [await stack.enter_async_context(await Store.open(store_url)) for _ in range(3)]
        asking = [take(store, name) for store in stores for name in ("acme", "twin", "third")]
        found = [lease for lease in await asyncio.gather(*asking) if lease is not None]
        assert len(found) == 1


async def test_fences_grow_and_an_old_one_writes_nothing(store: Store) -> None:
    first = await held(store)
    await expire(store)
    second = await held(store)
    assert second.fence == first.fence + 1
    with pytest.raises(LeaseLostError) as lost:
        await touch(store, first, "first")
    assert isinstance(lost.value, StoreError)
    assert lost.value.account == "acme"
    await first.release()  # gives nothing back that is another's
    await touch(store, second, "second")
    assert await parked(store) == "second"


async def test_a_lease_that_ran_out_writes_nothing_even_if_nobody_took_it(store: Store) -> None:
    lease = await held(store)
    await expire(store)
    with pytest.raises(LeaseLostError):
        await touch(store, lease, "late")
    assert await parked(store) is None


async def test_what_fails_in_a_transaction_leaves_nothing_behind(store: Store) -> None:
    lease = await held(store)

    async def fail() -> None:
        async with store.writing(lease) as connection:
            await connection.execute(update(accounts).values(parked="half"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await parked(store) is None


async def test_a_lease_is_renewed_while_it_is_held(hasty: Store) -> None:
    async with await held(hasty) as lease:
        await asyncio.sleep(2 * SHORT)
        assert await take(hasty) is None
        await touch(hasty, lease, "still mine")


async def test_a_lease_that_nobody_renews_runs_out_and_is_waited_for(hasty: Store) -> None:
    lost = await held(hasty)
    assert await take(hasty, wait=0.05) is None
    found = await take(hasty, wait=5.0)
    assert found is not None
    assert (found.fence, found.clean) == (lost.fence + 1, False)


async def test_a_lease_given_back_is_clean(store: Store) -> None:
    async with await held(store) as first:
        assert first.clean
    assert (await held(store)).clean


@pytest.mark.parametrize("taken", ["acme", "twin"])
async def test_a_holder_that_died_is_known_to_all_with_its_credentials(store: Store, taken: str) -> None:
    await held(store)
    await expire(store)
    async with await held(store, taken) as second:
        assert not second.clean
    assert (await held(store)).clean


async def test_a_slice_that_broke_off_frees_the_account_but_not_cleanly(store: Store) -> None:
    with pytest.raises(ZeroDivisionError):
        async with await held(store):
            raise ZeroDivisionError
    assert not (await held(store)).clean


async def test_renewing_stops_with_the_lease(store: Store) -> None:
    before = asyncio.all_tasks()
    async with await held(store):
        assert len(asyncio.all_tasks()) == len(before) + 1
    assert asyncio.all_tasks() == before


async def test_a_take_over_waits_for_a_transaction_that_began_in_time(postgres_url: str) -> None:
    """Otherwise the old holder's rows would be committed after the new holder had begun."""
    async with await Store.open(postgres_url) as first, await Store.open(postgres_url) as second:
        lease = await held(first)
        async with first.writing(lease) as connection:
            await connection.execute(
                update(schema.rate_scope).where(schema.rate_scope.c.scope == "key-1").values(state="{}")
            )
            asking = asyncio.create_task(take(second))
            await asyncio.sleep(0.05)
            assert not asking.done()
        assert await asking is None


async def test_writers_and_takers_do_not_wait_for_each_other_in_a_circle(postgres_url: str) -> None:
    """The holder locks its account, then its scope; so has whoever takes over."""
    async with await Store.open(postgres_url) as first, await Store.open(postgres_url) as second:
        lease = await held(first)
        scope = schema.rate_scope
        async with first.writing(lease) as connection:
            await connection.execute(update(accounts).where(accounts.c.account == "acme").values(lease_until=None))
            asking = asyncio.create_task(take(second))
            await asyncio.sleep(0.05)
            await connection.execute(update(scope).where(scope.c.scope == "key-1").values(state='{"mine": []}'))
        assert await asking is not None


async def test_a_machine_that_stops_in_a_transaction_does_not_keep_its_locks(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with await Store.open(postgres_url) as other:  # makes the tables, which takes a slow machine its time
        monkeypatch.setattr(engine, "_LEAST_IDLE", 0.5)
        stopped = await Store.open(postgres_url, lease_seconds=0.1)

        async def stop() -> None:
            async with stopped.writing() as connection:
                await stopped.next_seq(connection)
                async with other.writing() as second:
                    assert await other.next_seq(second) == 1
                await stopped.next_seq(connection)

        async with stopped:
            with pytest.raises(StoreError, match="cannot be reached") as lost:
                await stop()
            assert lost.value.retryable
