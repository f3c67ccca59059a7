"""Reports that come beside the harvest: stored as it would, never an older one over a newer one, no erased person's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest
from sqlalchemy import select, update

import interviewkit as ik
from interviewkit.capabilities import Capabilities, Feature, native
from interviewkit.harvest import Change, Store, schema, screening
from interviewkit.harvest.erase import forget
from interviewkit.harvest.intake import Intake, Taken
from interviewkit.harvest.screening import Screen
from interviewkit.webhooks.inbox import Inbox
from tests.harvest.scripted import NOON, Entry, Place, Vendor, place

from .hooks import rows
from .test_inbox import arrival

KEY = b"k" * 32


@pytest.fixture
async def acme(store_url: str) -> AsyncIterator[Place]:
    """A vendor with three sessions."""
    async with place(store_url, Vendor(sessions=3)) as found:
        yield found


def vendor(at: Place) -> Vendor:
    found = at.hub["acme"]
    assert isinstance(found, Vendor)
    return found


async def take(at: Place, name: str = "s000", *, asked: datetime | None = None, **entry: Any) -> Any:
    """Bring a report as a webhook does; what became of it."""
    here = vendor(at)
    before = here.sessions.entries.get(name, Entry())
    here.sessions.entries[name] = attrs.evolve(before, **entry)
    report = await here.sessions.report(here.ref(name), memo=None, fresh=None)
    report = attrs.evolve(report, fetched_at=asked or at.clock())
    taken, _ = await Intake(at.store, Screen(at.store, KEY)).take(here, report)
    return taken


async def says(at: Place, name: str = "s000") -> str | None:
    """What the stored report says."""
    found = {report.ref.id: report.raw["says"] async for report in at.store.reports()}
    return found.get(name)


async def item(at: Place, name: str = "s000") -> dict[str, Any]:
    (found,) = (row for row in await at.rows(schema.item) if row["ref"] == str(vendor(at).ref(name)))
    return found


async def test_a_report_is_new_then_the_same_then_changed(acme: Place) -> None:
    assert await take(acme) is Taken.NEW
    first = await acme.stored()
    acme.clock.advance(minutes=1)
    assert await take(acme) is Taken.UNCHANGED
    assert await acme.stored() == first == {"s000": (1, False)}
    (row,) = await acme.rows(schema.report)
    assert row["fetched_at"] == NOON + timedelta(minutes=1)
    assert await take(acme, says="better") is Taken.CHANGED
    assert (await acme.stored(), await says(acme)) == ({"s000": (2, False)}, "better")


async def test_it_is_stored_as_the_harvest_stores_it(acme: Place) -> None:
    await acme.harvest()
    by_harvest = {row["ref"]: row for row in await acme.rows(schema.report)}
    async with acme.store.writing() as connection:
        await connection.execute(schema.report.delete())
    await take(acme, asked=acme.clock())
    (by_intake,) = await acme.rows(schema.report)
    kept = by_harvest[by_intake["ref"]]
    assert {**by_intake, "seq": 0} == {**kept, "seq": 0}


async def test_an_older_report_never_replaces_a_newer_one(acme: Place) -> None:
    await acme.harvest()
    assert await take(acme, says="older", asked=acme.clock() - timedelta(minutes=1)) is Taken.OUTDATED
    assert await says(acme) == "well done"
    assert await take(acme, says="newer", asked=acme.clock() + timedelta(minutes=1)) is Taken.CHANGED
    assert await says(acme) == "newer"


async def test_a_harvest_that_asked_earlier_and_stores_later_replaces_nothing(acme: Place) -> None:
    here, read = vendor(acme), vendor(acme).sessions.report

    async def overtaken(ref: ik.SessionRef, **given: Any) -> ik.Report:
        report = await read(ref, **given)
        if ref.id == "s000":
            here.sessions.report = read  # type: ignore[method-assign]
            await take(acme, says="newer", asked=acme.clock() + timedelta(seconds=1))
        return report

    here.sessions.report = overtaken  # type: ignore[method-assign]
    done = await acme.harvest()
    assert (done.account.unchanged, sorted(done.of(Change.NEW))) == (1, ["s001", "s002"])
    assert await says(acme) == "newer"
    assert (await item(acme))["due_at"] == acme.clock() + timedelta(minutes=1)
    acme.clock.advance(minutes=2)
    here.sessions.read.clear()
    await acme.harvest()
    assert here.sessions.read == ["s000"]
    acme.clock.advance(minutes=2)
    await acme.harvest()
    assert here.sessions.read == ["s000"]


async def test_a_store_that_is_ahead_of_the_harvests_clock_is_not_read_in_a_loop(acme: Place) -> None:
    await take(acme, asked=acme.clock() + timedelta(hours=5))
    await acme.harvest()
    assert vendor(acme).sessions.read.count("s000") == 2
    assert (await item(acme))["due_at"] == NOON + timedelta(hours=5)


async def test_what_a_webhook_brought_the_next_harvest_need_not_read(acme: Place) -> None:
    here = vendor(acme)
    here.sessions.entries["s000"] = Entry(final=False)
    await acme.harvest()
    acme.clock.advance(hours=3)  # by now its report is due again
    assert await take(acme, final=True, says="done") is Taken.CHANGED
    here.sessions.read.clear()
    await acme.harvest()
    assert here.sessions.read == []
    assert (await item(acme))["phase"] == "final"


async def test_what_the_lists_show_as_changed_is_read_again(acme: Place) -> None:
    await acme.harvest()
    acme.clock.advance(hours=1)
    await take(acme, says="done")
    here = vendor(acme)
    here.sessions.entries["s000"] = attrs.evolve(here.sessions.entries["s000"], version=2, says="done, and accepted")
    acme.clock.advance(hours=25)
    await acme.harvest()
    assert await says(acme) == "done, and accepted"


async def test_files_are_left_to_the_next_harvest(acme: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Vendor, "capabilities", Capabilities({Feature.DOWNLOAD: native()}))
    await acme.harvest()
    here = vendor(acme)
    report = await here.sessions.report(here.ref("s000"), memo=None, fresh=None)
    file = ik.Artifact(ref=report.ref, kind=ik.ArtifactKind.SUBMISSION, url="https://files.example.com/a.zip")
    acme.clock.advance(minutes=1)
    report = attrs.evolve(report, artifacts=(file,), fetched_at=acme.clock())
    intake = Intake(acme.store, Screen(acme.store))
    assert (await intake.take(here, report))[0] is Taken.CHANGED
    assert (await item(acme))["due_at"] is not None
    assert (await intake.take(here, attrs.evolve(report, fetched_at=NOON + timedelta(hours=1))))[0] is Taken.UNCHANGED
    assert (await item(acme))["due_at"] is None


async def test_an_unchanged_report_keeps_the_hashes_of_its_files(acme: Place) -> None:
    await acme.harvest()
    kept = '{"raw": {"expired_link": "abc"}}'
    async with acme.store.writing() as connection:
        await connection.execute(update(schema.report).values(payload=kept))
    acme.clock.advance(minutes=1)
    assert await take(acme) is Taken.UNCHANGED
    payloads = {row["ref"]: row["payload"] for row in await acme.rows(schema.report)}
    assert payloads[str(vendor(acme).ref("s000"))] == kept


async def test_a_deleted_session_comes_back_only_by_what_was_asked_for_later(acme: Place) -> None:
    await acme.harvest()
    gone = acme.clock() + timedelta(minutes=10)
    async with acme.store.writing() as connection:
        await connection.execute(update(schema.report).values(deleted_at=gone))
    assert await take(acme, asked=gone - timedelta(seconds=1)) is Taken.OUTDATED
    assert (await acme.stored())["s000"][1]
    assert await take(acme, asked=gone + timedelta(seconds=1)) is Taken.CHANGED
    assert not (await acme.stored())["s000"][1]


async def test_beside_a_running_harvest_the_newest_stays_and_every_number_is_used_once(store_url: str) -> None:
    async with place(store_url, Vendor(sessions=30)) as at, await Store.open(store_url) as other:
        here = vendor(at)
        beside = Place(other, at.hub, at.clock)

        async def bring(number: int) -> None:
            name = f"s{number % 10:03}"
            await take(beside, name, says=f"v{number}", asked=NOON + timedelta(minutes=1 + number))

        harvesting = asyncio.create_task(at.harvest())
        await asyncio.gather(*(bring(number) for number in range(40)))
        assert (await harvesting).account.failed == 0
        stored = await at.stored()
        assert len(stored) == 30
        assert len({seq for seq, _ in stored.values()}) == 30
        assert {await says(at, f"s{number:03}") for number in range(10)} == {f"v{number}" for number in range(30, 40)}
        assert len(here.sessions.entries) == 30


async def test_an_erased_persons_report_is_not_stored(acme: Place) -> None:
    await forget(acme.store, email="robin@example.com", key=KEY)
    assert await take(acme, email="Robin@example.com") is Taken.ERASED
    assert await take(acme, "s001", raw={"says": "ask robin@example.com"}) is Taken.ERASED
    assert await take(acme, "s002", email="ada@example.com") is Taken.NEW
    assert list(await acme.stored()) == ["s002"]


async def test_whoever_is_erased_while_events_arrive_leaves_no_row(store_url: str) -> None:
    async with await Store.open(store_url) as one, await Store.open(store_url) as two:
        inbox = Inbox(two, Screen(two, KEY))
        raw = {"email": "robin@example.com"}

        async def arrive(number: int) -> None:
            await asyncio.sleep(number / 2000)
            await inbox.put([arrival(number, raw=raw, body=b'{"email": "robin@example.com"}')])

        arriving = asyncio.gather(*(arrive(number) for number in range(40)))
        await asyncio.sleep(0.005)
        await forget(one, email="robin@example.com", key=KEY)
        await arriving
        assert await rows(one) == []


async def test_the_screen_looks_for_addresses_only_where_anybody_was_erased(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with await Store.open(tmp_path / "store.db") as store:
        asked: list[str] = []

        def note(text: str) -> set[str]:
            asked.append(text)
            return {text}

        inbox = Inbox(store, Screen(store, KEY))
        monkeypatch.setattr(screening, "addresses", note)
        await inbox.put([arrival(1, raw="a@example.com")])
        assert asked == []
        await forget(store, email="robin@example.com", key=KEY)
        await inbox.put([arrival(2, raw="b@example.com"), arrival(3, raw="c@example.com")])
        assert asked == ['"b@example.com"', '"c@example.com"']
        async with store.reading() as connection:
            assert len((await connection.execute(select(schema.webhook.c.account))).all()) == 3
