"""The ledger's journal in a store: shared by processes, durable when it says so, quick with many operations."""

from __future__ import annotations

import asyncio
import functools
import multiprocessing
import os
import re
import signal
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest
from sqlalchemy import event, insert, text, update

from interviewkit.errors import ConfigurationError, InvalidArgumentError, StoreError
from interviewkit.harvest import Store, schema
from interviewkit.harvest.journal import StoreJournal
from interviewkit.ledger import OperationState
from interviewkit.ledger.operations import Claim, Intent, Operation, Standing

from .stored import NIGHT

NEW, AGAIN, BUSY = Standing.NEW, Standing.AGAIN, Standing.BUSY
operations = schema.operation


@pytest.fixture
async def journal(store_url: str) -> AsyncIterator[StoreJournal]:
    made = await StoreJournal.open(store_url)
    yield made
    await made.aclose()


def intent(reference: str | None = "r-1", **options: Any) -> Intent:
    given = {"account": "acme", "provider": "codility", "name": "invite_candidate", "assessment_id": "-Jr7"}
    return Intent(reference=reference, **{**given, **options})


async def claim(journal: StoreJournal, *intents: Intent, holder: str = "me", seconds: float = 30.0) -> list[Claim]:
    return await journal.claim(intents, holder=holder, lease_seconds=seconds)


# --- several processes ---


async def test_of_many_engines_on_one_store_one_gets_it(store_url: str) -> None:
    journals = [await StoreJournal.open(store_url) for _ in range(2)]
    for number in range(3):
        asked = [
            claim(journals[place % 2], intent(f"r-{place % 3}", subject=f"s-{number}"), holder=str(place))
            for place in range(12)
        ]
        claims = await asyncio.gather(*asked)
        assert Counter(one.standing for (one,) in claims) == {NEW: 1, BUSY: 11}
    assert await journals[0].find() == await journals[1].find()
    assert len(await journals[1].find()) == 3
    for one in journals:
        await one.aclose()


async def test_batches_of_two_engines_in_opposite_orders_do_not_lock_each_other(store_url: str) -> None:
    journals = [await StoreJournal.open(store_url) for _ in range(2)]
    asked = [intent(f"r-{number}", subject=f"s-{number}") for number in range(60)]
    async with asyncio.timeout(20):
        for _ in range(4):
            batches = await asyncio.gather(claim(journals[0], *asked), claim(journals[1], *reversed(asked)))
            ours = [
                [made.operation for made in claims if made.standing is NEW and made.operation is not None]
                for claims in batches
            ]
            assert sorted(map(len, ours)) == [0, 60]
            mine = [attrs.evolve(one, state=OperationState.NOT_DONE, holder=None) for some in ours for one in some]
            kept = await asyncio.gather(journals[0].keep(mine), journals[1].keep(mine[::-1]))
            assert kept[0] == kept[1] == {one.id for one in mine}
    for one in journals:
        await one.aclose()


def _claim_and_die(url: str, state: str, pipe: Any) -> None:
    async def work() -> None:
        journal = await StoreJournal.open(url)
        (made,) = await claim(journal, intent(subject="s"), holder="killed")
        assert made.operation is not None
        if state != OperationState.INTENDED:
            await journal.keep([attrs.evolve(made.operation, state=OperationState(state), attempts=1)])
        pipe.send(made.operation.id)
        os.kill(os.getpid(), signal.SIGKILL)

    asyncio.run(work())


@pytest.mark.parametrize(
    ("state", "standing"), [(OperationState.INTENDED, NEW), (OperationState.SENT, AGAIN)], ids=str
)  # fmt: skip
async def test_what_a_killed_process_was_at_is_ours_when_its_lease_ends(
    store_url: str, journal: StoreJournal, state: OperationState, standing: Standing
) -> None:
    context = multiprocessing.get_context("forkserver")
    ours, theirs = context.Pipe()
    child = context.Process(target=_claim_and_die, args=(store_url, state.value, theirs))
    child.start()
    await asyncio.to_thread(child.join, 30)
    assert child.exitcode == -signal.SIGKILL
    known = await journal.get(ours.recv())
    assert known is not None
    assert (known.state, known.holder) == (state, "killed")
    assert [one.standing for one in await claim(journal, intent(subject="s"), intent("r-2", subject="s"))] == [BUSY] * 2
    ended = await _end_leases(journal)
    (made,) = await claim(journal, intent(subject="s"))
    assert made.operation is not None
    assert (made.standing, made.operation.id, made.operation.fence) == (standing, known.id, known.fence + 1)
    assert made.operation.broke_at == (ended if standing is AGAIN else None)


async def _end_leases(journal: StoreJournal) -> Any:
    """Make a dead process's leases end now instead of in some seconds."""
    async with journal.store.writing() as connection:
        past = await journal.store.now(connection) - timedelta(seconds=1)
        await connection.execute(update(operations).values(lease_until=past))
    return past


@pytest.mark.parametrize("how", ["claim", "take"])
async def test_whoever_is_in_the_middle_of_keeping_is_waited_for(journal: StoreJournal, how: str) -> None:
    """A claim sees what the holder keeps, not what was there before."""
    (made,) = await claim(journal, intent(), seconds=-1.0)
    assert made.operation is not None
    await journal.keep([attrs.evolve(made.operation, state=OperationState.SENT)])
    ident = made.operation.id
    asked: dict[str, Callable[[], Coroutine[Any, Any, Claim | None]]] = {
        "claim": lambda: _first(journal),
        "take": lambda: journal.take(ident, holder="you", lease_seconds=30),
    }
    async with journal.store.writing() as connection:
        await connection.execute(update(operations).values(state="done", result="{}", holder=None))
        repeat = asyncio.create_task(asked[how]())
        await asyncio.sleep(0.04)
        assert not repeat.done()
    found = await repeat
    assert found is not None
    assert found.standing is Standing.SETTLED


async def _first(journal: StoreJournal) -> Claim:
    (made,) = await claim(journal, intent())
    return made


# --- transactions ---


async def test_a_hundred_are_written_down_in_one_transaction(
    journal: StoreJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = 0
    writing = journal.store.writing

    def counted(*given: Any) -> Any:
        nonlocal begun
        begun += 1
        return writing(*given)

    monkeypatch.setattr(journal.store, "writing", counted)
    claims = await claim(journal, *(intent(f"r-{number}") for number in range(100)))
    ours = [made.operation for made in claims if made.operation is not None]
    assert [made.standing for made in claims] == [NEW] * 100
    assert await journal.keep(ours) == {one.id for one in ours}
    assert begun == 2
    assert len(await journal.find()) == 100


async def test_a_batch_that_fails_in_its_middle_writes_nothing_down(journal: StoreJournal) -> None:
    await claim(journal, intent("r-0", id="taken"))
    with pytest.raises(StoreError) as refused:
        await claim(journal, intent("r-1"), intent("robin@example.com", id="taken"), intent("r-2"))
    assert "robin" not in str(refused.value)
    assert [one.reference for one in await journal.find()] == ["r-0"]


async def test_what_is_no_json_is_refused_before_anything_is_written(journal: StoreJournal) -> None:
    with pytest.raises(InvalidArgumentError, match="JSON"):
        await claim(journal, intent("r-1"), intent("r-2", request={"at": object()}))
    assert await journal.find() == []


async def test_a_cancelled_claim_leaves_the_store_to_the_next(journal: StoreJournal) -> None:
    for pause in range(8):
        asking = asyncio.create_task(claim(journal, *(intent(f"r-{pause}-{n}", subject="s") for n in range(5))))
        await asyncio.sleep(0.0005 * pause)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
    async with asyncio.timeout(5):
        assert (await claim(journal, intent("last")))[0].standing is NEW


# --- the store behind it ---


async def test_only_a_store_that_the_journal_opened_is_closed_with_it(tmp_path: Path) -> None:
    async with await Store.open(tmp_path / "store.db") as store:
        borrowed = StoreJournal(store)
        await claim(borrowed, intent())
        await borrowed.aclose()
        assert await store.last_seq() == 0
        assert store.engine._writer is not None
        own = await StoreJournal.open(tmp_path / "store.db", create=False)
        assert [one.reference for one in await own.find()] == ["r-1"]
        await claim(own, intent("r-2"))
        await own.aclose()
        assert own.store.engine._writer is None
    with pytest.raises(ConfigurationError, match="there is no store"):
        await StoreJournal.open(tmp_path / "other.db", create=False)


async def test_a_repr_tells_no_reference(journal: StoreJournal) -> None:
    (made,) = await claim(journal, intent("robin@example.com"))
    assert "robin" not in repr(journal) + repr(made) + repr(intent("robin@example.com"))


# --- many operations ---

MANY = 10_000


async def _fill(journal: StoreJournal) -> None:
    rows = [
        {"id": f"{number:032x}", "key": f"{number:064x}", "account": f"a-{number % 7}", "provider": "codility",
         "name": "invite_candidate", "reference": f"r-{number}", "subject": f"{number % 5000:064x}", "state": "done",
         "attempts": 1, "started_at": NIGHT + timedelta(seconds=number), "fields": "{}", "result": "{}",
         "ref": f"codility:take_home:A-{number}", "fence": 1}
        for number in range(MANY)
    ]  # fmt: skip
    async with journal.store.writing() as connection:
        await connection.execute(insert(operations), rows)
        await connection.execute(text("ANALYZE"))


async def _everything(journal: StoreJournal) -> None:
    """Every statement that the journal has."""
    claims = await claim(journal, intent(subject="0" * 64), intent("r-2", subject="s"))
    await claim(journal, intent())
    ours: list[Operation] = [one.operation for one in claims if one.operation is not None]
    await journal.keep(ours)
    await journal.renew(ours, lease_seconds=30)
    await journal.take(f"{5:032x}", holder="me", lease_seconds=30)
    assert await journal.get(f"{5:032x}") is not None
    assert len(await journal.find(account="a-5", reference="r-5")) == 1
    assert len(await journal.find(account="a-5", ref="codility:take_home:A-5")) == 1
    assert len(await journal.find(subject=f"{5:064x}")) == 2
    assert len(await journal.find(account="a-5", states=[OperationState.UNKNOWN])) == 0


def _plan(connection: Any, *, statement: str, parameters: Any) -> str:
    return str(connection.exec_driver_sql(statement, parameters).all())


async def test_no_statement_reads_the_whole_table(journal: StoreJournal) -> None:
    await _fill(journal)
    seen: dict[str, Any] = {}

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if re.match("SELECT operation|UPDATE", statement):
            seen[statement] = parameters[0] if isinstance(parameters, list) else parameters

    event.listen(journal.store.engine.sync_engine, "before_cursor_execute", note)
    await _everything(journal)
    event.remove(journal.store.engine.sync_engine, "before_cursor_execute", note)
    assert len(seen) >= 9
    explain = "EXPLAIN QUERY PLAN " if journal.store.dialect == "sqlite" else "EXPLAIN "
    async with journal.store.reading() as connection:
        for statement, parameters in seen.items():
            asked = functools.partial(_plan, statement=explain + statement, parameters=parameters)
            plan = await connection.run_sync(asked)
            assert not re.search("SCAN operation|Seq Scan on operation", plan), statement
