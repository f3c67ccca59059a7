"""Reading reports: again until they are final, later after failures, and never in the way of other reports."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import interviewkit as ik
from interviewkit.harvest import Change, schema
from interviewkit.harvest.erase import forget
from interviewkit.harvest.outcomes import State
from interviewkit.http.wire import Problem

from .scripted import Entry, Place, Vendor, place

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def vendor() -> Vendor:
    return Vendor(sessions=12)


@pytest.fixture
async def here(vendor: Vendor, tmp_path: Path) -> AsyncIterator[Place]:
    async with place(tmp_path / "store.db", vendor) as made:
        yield made


async def item(here: Place, name: str) -> dict[str, Any]:
    return next(row for row in await here.rows(schema.item) if row["ref"].endswith(name))


async def test_a_report_that_is_half_done_is_read_again_until_it_is_final(here: Place, vendor: Vendor) -> None:
    entry = vendor.sessions.entries["s003"]
    entry.final, entry.says = False, "half done"
    await here.harvest()
    for hours, expected in [(1, 2), (1, 2), (1, 3), (3, 3), (1, 4)]:  # after 1 hour, 2 more, 4 more
        here.clock.advance(hours=hours)
        await here.harvest()
        assert vendor.sessions.read.count("s003") == expected
    entry.final, entry.says = True, "well done"
    here.clock.advance(hours=8)
    assert (await here.harvest()).of(Change.CHANGED) == ["s003"]
    here.clock.advance(days=30)
    await here.harvest()
    assert (vendor.sessions.read.count("s003"), len(vendor.sessions.read)) == (5, 16)


async def test_a_plan_that_asks_for_the_past_is_not_asked_for_ever(here: Place, vendor: Vendor) -> None:
    vendor.sessions.again = lambda _report, *, reads: here.clock.now - DAY  # type: ignore[method-assign]
    assert (await here.harvest()).account.new == 12
    assert len(vendor.sessions.read) == 12
    assert (await item(here, "s003"))["due_at"] == here.clock.now + MINUTE


async def test_a_404_twice_an_hour_apart_means_gone(here: Place, vendor: Vendor) -> None:
    vendor.sessions.entries["s003"].error = ik.NotFoundError("gone", status=404)
    first = await here.harvest()
    assert (first.of(Change.FAILED), first.account.gone) == (["s003"], 0)
    here.clock.advance(minutes=59)
    assert (await here.harvest()).outcomes == []
    here.clock.advance(minutes=2)
    found = await here.harvest()
    assert (found.of(Change.GONE), found.outcomes[0].seq) == (["s003"], None)  # nothing was stored of it


async def test_one_404_of_a_report_that_is_there_again_changes_nothing(here: Place, vendor: Vendor) -> None:
    await here.harvest()
    entry = vendor.sessions.entries["s003"]
    entry.version, entry.error = 2, ik.NotFoundError("gone", status=404)
    await here.harvest()
    entry.error = None
    here.clock.advance(hours=2)
    assert (await here.harvest()).of(Change.UNCHANGED) == ["s003"]
    assert (await here.stored())["s003"] == (4, False)


async def test_what_was_not_found_but_stays_listed_is_back_when_it_is_found(here: Place, vendor: Vendor) -> None:
    await here.harvest()
    entry = vendor.sessions.entries["s003"]
    entry.version, entry.error = 2, ik.NotFoundError("gone", status=404)
    await here.harvest()
    here.clock.advance(hours=2)
    assert (await here.harvest()).of(Change.GONE) == ["s003"]
    assert (await here.stored())["s003"] == (13, True)
    for _ in range(3):  # it is no news each time
        here.clock.advance(hours=2)
        assert (await here.harvest()).outcomes == []
    assert (await here.stored())["s003"] == (13, True)
    entry.error = None
    here.clock.advance(hours=2)
    assert (await here.harvest()).of(Change.CHANGED) == ["s003"]
    assert (await here.stored())["s003"] == (14, False)


async def test_an_unreadable_report_is_kept_raw_and_tried_again_daily_or_when_its_row_changes(
    here: Place, vendor: Vendor
) -> None:
    entry = vendor.sessions.entries["s003"]
    entry.error = ik.MalformedResponseError("odd", paths=("$.score",), raw={"score": "many"})
    found = await here.harvest()
    assert (found.of(Change.UNREADABLE), found.account.unreadable, found.account.new) == (["s003"], 1, 11)
    (row,) = await here.rows(schema.unreadable)
    assert (row["raw"], row["ref"]) == (b'{"score": "many"}', "scripted:take_home:s003")
    here.clock.advance(hours=23)
    await here.harvest()
    assert vendor.sessions.read.count("s003") == 1
    entry.version = 2
    entry.error = ik.MalformedResponseError("odd", paths=("$.score",), raw={"score": "more"})
    await here.harvest()
    assert vendor.sessions.read.count("s003") == 2
    (row,) = await here.rows(schema.unreadable)
    assert row["raw"] == b'{"score": "more"}'
    here.clock.advance(days=1)
    entry.error = None
    assert (await here.harvest()).of(Change.NEW) == ["s003"]
    assert await here.rows(schema.unreadable) == []


@pytest.mark.parametrize(
    "link",
    [
        "https://files.example.com/a.png?v=1&X-Amz-Signature=5ec7e7",
        "https://files.example.com/a.png?v=1\\u0026X-Amz-Signature=5ec7e7",
        "https:\\/\\/files.example.com\\/a.png?X-Amz-Signature=5ec7e7\\u0026X-Amz-Expires=900",
        "https://files.example.com/a.png?v=1&amp;sig\\u003d5ec7e7",
    ],
)
async def test_an_answer_that_is_no_json_is_kept_without_its_signed_links(
    here: Place, vendor: Vendor, link: str
) -> None:
    before, after = b'{"note": "caf\xe9", "plain": "https:\\/\\/example.com\\/?q=1", "image": "', b'", "next": {'
    truncated = ik.MalformedResponseError("odd", paths=("$",), raw=before + link.encode() + after)
    vendor.sessions.entries["s003"].error = truncated
    await here.harvest()
    (row,) = await here.rows(schema.unreadable)
    assert row["raw"] == before + b"expired_link" + after


async def test_the_same_garbage_for_two_reports_is_kept_for_each(here: Place, vendor: Vendor) -> None:
    for name in ("s003", "s004"):
        vendor.sessions.entries[name].error = ik.MalformedResponseError("odd", paths=("$",), raw=b"<html>")
    await here.harvest()
    rows = await here.rows(schema.unreadable)
    assert sorted(row["ref"][-4:] for row in rows) == ["s003", "s004"]


async def test_a_report_of_another_session_is_unreadable(here: Place, vendor: Vendor) -> None:
    answer = vendor.sessions.report

    async def mixed_up(ref: ik.SessionRef, **named: Any) -> ik.Report:
        return await answer(vendor.ref("s004") if ref.id == "s003" else ref, **named)

    vendor.sessions.report = mixed_up  # type: ignore[method-assign]
    found = await here.harvest()
    assert (found.of(Change.UNREADABLE), sorted(await here.stored())) == (
        ["s003"], [name for name in sorted(vendor.sessions.entries) if name != "s003"],
    )  # fmt: skip


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(ik.PermissionDeniedError("not yours", status=403), id="403"),
        pytest.param(ik.VendorUnavailableError("away", status=503), id="503"),
        pytest.param(ik.TransportError("reset"), id="reset"),
        pytest.param(ik.ConfigurationError("no key for live pads"), id="no key for this kind"),
        pytest.param(ZeroDivisionError("a plugin's bug with jane@example.com"), id="a plugin's bug"),
    ],
)
async def test_a_report_that_fails_keeps_no_other_back_and_is_tried_later(
    here: Place, vendor: Vendor, error: Exception
) -> None:
    vendor.sessions.entries["s003"].error = error
    found = await here.harvest()
    assert (found.of(Change.FAILED), found.account.new, found.account.state) == (["s003"], 11, State.DONE)
    assert not found.summary.ok
    assert found.account.next_due == here.clock.now + MINUTE
    assert "jane" not in str(next(one.error for one in found.outcomes if one.error))
    assert (await here.harvest()).account.failed == 0
    here.clock.advance(minutes=1)
    assert (await here.harvest()).of(Change.FAILED) == ["s003"]
    here.clock.advance(minutes=1)
    assert (await here.harvest()).account.failed == 0
    vendor.sessions.entries["s003"].error = None
    here.clock.advance(minutes=1)
    assert (await here.harvest()).of(Change.NEW) == ["s003"]


async def test_a_vendor_that_is_away_is_not_asked_for_every_report(here: Place, vendor: Vendor) -> None:
    vendor.sessions.entries |= {f"t{number:03}": Entry() for number in range(200)}
    for entry in vendor.sessions.entries.values():
        entry.error = ik.TransportError("reset")
    found = await here.harvest(concurrency=4)
    assert (found.account.state, found.account.next_due) == (State.FAILED, here.clock.now + 5 * MINUTE)
    assert isinstance(found.account.error, ik.TransportError)
    assert len(vendor.sessions.read) <= 6 + 4


async def test_a_refused_key_parks_the_account_and_what_was_under_way_is_stored(here: Place, vendor: Vendor) -> None:
    vendor.sessions.entries["s003"].error = ik.AuthenticationError("no", status=401)
    found = await here.harvest(concurrency=4)
    assert (found.account.state, found.account.next_due) == (State.PARKED, None)
    assert found.account.new == len(await here.stored()) == len(vendor.sessions.read) - 1
    assert {"s000", "s001", "s002"} <= set(await here.stored())
    (account,) = await here.rows(schema.account)
    assert "no" in account["parked"]
    asked = len(vendor.sessions.read)
    left_alone = await here.harvest(only_due=True)
    assert (left_alone.account.state, len(vendor.sessions.read)) == (State.PARKED, asked)
    vendor.sessions.entries["s003"].error = None
    by_hand = await here.harvest()
    assert (by_hand.account.state, len(await here.stored())) == (State.DONE, 12)
    assert (await here.rows(schema.account))[0]["parked"] is None


@pytest.mark.parametrize(
    "error", [ik.AuthenticationError("no", status=401), ik.PermissionDeniedError("no", status=403)]
)
async def test_a_list_that_is_refused_parks_the_account(here: Place, vendor: Vendor, error: Exception) -> None:
    vendor.sessions.error = error
    found = await here.harvest()
    assert (found.account.state, found.account.error, len(vendor.sessions.pages)) == (State.PARKED, error, 1)


async def test_a_429_pauses_the_account_as_long_as_it_says(here: Place, vendor: Vendor) -> None:
    listing, began = vendor.sessions, here.clock.now
    listing.before_page = lambda number: setattr(
        listing, "error", ik.RateLimitedError("slow", status=429, retry_after=90) if number == 1 else None
    )
    found = await here.harvest()
    assert (found.account.new, found.account.throttled, len(listing.pages)) == (12, 1, 3)
    assert 91 <= (here.clock.now - began).total_seconds() < 100


async def test_429s_that_do_not_say_how_long_are_waited_for_longer_and_longer(here: Place, vendor: Vendor) -> None:
    listing, began, asked = vendor.sessions, here.clock.now, []

    def refuse(number: int) -> None:
        asked.append((here.clock.now - began).total_seconds() - 1)
        listing.error = ik.RateLimitedError("slow", status=429) if number <= 12 else None

    listing.before_page = refuse
    assert (await here.harvest()).account.new == 12
    pauses = [later - earlier for earlier, later in itertools.pairwise(asked[:13])]
    assert [round(pause) for pause in pauses] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]


async def test_reports_that_answer_429_stay_due(here: Place, vendor: Vendor) -> None:
    vendor.sessions.entries["s003"].error = ik.RateLimitedError("slow", status=429, retry_after=5)

    async def mend(seconds: float) -> None:
        vendor.sessions.entries["s003"].error = None
        await here.clock.sleep(seconds)

    found = await here.harvest(sleep=mend)
    assert (found.account.new, found.account.failed, found.account.state) == (12, 0, State.DONE)


async def test_those_due_longest_come_first(here: Place, vendor: Vendor) -> None:
    for number, entry in enumerate(vendor.sessions.entries.values()):
        entry.due = here.clock.now - number * MINUTE
    vendor.sessions.size = 100
    await here.harvest(concurrency=1)
    assert vendor.sessions.read == sorted(vendor.sessions.entries, reverse=True)


async def test_no_more_requests_are_under_way_than_told(here: Place, vendor: Vendor) -> None:
    for entry in vendor.sessions.entries.values():
        entry.requests = 3
    answer, most, now = vendor.sessions.report, 0, 0

    async def slow(ref: ik.SessionRef, **named: Any) -> ik.Report:
        nonlocal most, now
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.001)
        now -= 1
        return await answer(ref, **named)

    vendor.sessions.report = slow  # type: ignore[method-assign]
    await here.harvest(concurrency=8)
    assert most == 2  # of 3 requests each


async def test_room_that_is_too_small_for_one_report_is_another_ones(here: Place, vendor: Vendor) -> None:
    entries = vendor.sessions.entries
    for number, entry in enumerate(entries.values()):
        entry.requests, entry.due = 2 if number == 9 else 3, here.clock.now - timedelta(minutes=60 - number)
    vendor.sessions.size = 100
    answer, held, most = vendor.sessions.report, [], 0

    async def slow(ref: ik.SessionRef, **named: Any) -> ik.Report:
        nonlocal most
        held.append(entries[ref.id].requests)
        most = max(most, sum(held))
        await asyncio.sleep(0.001)
        held.remove(entries[ref.id].requests)
        return await answer(ref, **named)

    vendor.sessions.report = slow  # type: ignore[method-assign]
    await here.harvest(concurrency=8)
    assert most == 8
    assert (vendor.sessions.read.index("s009"), len(vendor.sessions.read)) == (2, 12)


async def test_erased_people_are_neither_listed_nor_read_nor_kept(here: Place, vendor: Vendor) -> None:
    key = bytes(range(32))
    await here.harvest()
    await forget(here.store, email="jane@example.com", key=key)
    vendor.sessions.entries["t1"] = Entry(email="Jane@Example.com")
    vendor.sessions.entries["t2"] = Entry(raw={"timeline": ["jane@example.com joined"]})
    vendor.sessions.problems = [
        Problem(raw={"who": "jane@example.com"}, error=ik.MalformedResponseError("odd", paths=("$",)))
    ]
    for _ in range(3):
        found = await here.harvest(erasure_key=key)
        assert found.account.new == 0
    assert vendor.sessions.read.count("t1") == 0
    assert vendor.sessions.read.count("t2") == 1
    assert await here.rows(schema.unreadable) == []
    assert sorted(await here.stored()) == [f"s{number:03}" for number in range(12)]


async def test_a_poisoned_text_is_stored_for_what_it_is(here: Place, vendor: Vendor) -> None:
    vendor.sessions.entries["s003"].raw = {"note": "a\x00b\ud800c", "number": 10**40}
    assert (await here.harvest()).account.new == 12
    (found,) = [one async for one in here.store.reports() if one.ref.id == "s003"]
    assert found.raw == vendor.sessions.entries["s003"].raw
