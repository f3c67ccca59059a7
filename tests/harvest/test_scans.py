"""Reading lists: what is new, changed, gone and back, also where a list moves, fails or shrinks while it is read."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import attrs
import pytest

import interviewkit as ik
from interviewkit.harvest import Change, schema
from interviewkit.harvest.outcomes import State
from interviewkit.http.wire import Problem
from interviewkit.plan import Scan

from .scripted import Entry, Place, Vendor, place

GONE, CHANGED, NEW = Change.GONE, Change.CHANGED, Change.NEW


@pytest.fixture
def vendor() -> Vendor:
    return Vendor(sessions=25)


@pytest.fixture
async def here(vendor: Vendor, tmp_path: Path) -> AsyncIterator[Place]:
    async with place(tmp_path / "store.db", vendor) as made:
        yield made


def news(vendor: Vendor) -> None:
    vendor.sessions.has_news = True


async def test_a_first_harvest_reads_every_page_and_report_once(here: Place, vendor: Vendor) -> None:
    found = await here.harvest()
    assert found.of(NEW) == sorted(vendor.sessions.entries) == sorted(vendor.sessions.read)
    assert vendor.sessions.pages == [Scan.FULL] * 3
    assert (found.account.new, found.account.unchanged, found.account.state) == (25, 0, State.DONE)


async def test_nothing_new_reads_the_lists_only(here: Place, vendor: Vendor) -> None:
    await here.harvest()
    again = await here.harvest()
    assert (again.outcomes, len(vendor.sessions.read)) == ([], 25)
    assert (again.account.unchanged, again.account.new, again.summary.ok) == (25, 0, True)


async def test_changes_and_deletions_are_told_exactly(here: Place, vendor: Vendor) -> None:
    await here.harvest()
    before, listing = await here.stored(), vendor.sessions
    listing.read.clear()
    for name in ("s003", "s007", "s024"):
        listing.entries[name].version = 2
        listing.entries[name].says = "better"
    listing.entries["s008"].version = 2  # the row changed, the report did not
    for name in ("s001", "s020"):
        del listing.entries[name]
    found = await here.harvest()
    assert sorted(listing.read) == ["s003", "s007", "s008", "s024"]
    assert sorted(found.of(CHANGED)) == ["s003", "s007", "s024"]
    assert (found.of(GONE), found.of(Change.UNCHANGED)) == (["s001", "s020"], ["s008"])
    after = await here.stored()
    moved = {name for name in after if after[name] != before[name]}
    assert moved == {"s001", "s003", "s007", "s020", "s024"}
    assert {name for name, (_, deleted) in after.items() if deleted} == {"s001", "s020"}
    assert sorted(seq for seq, _ in after.values())[-5:] == [26, 27, 28, 29, 30]


async def test_a_session_that_was_missing_is_back_with_a_new_number_and_read_again(here: Place, vendor: Vendor) -> None:
    await here.harvest()
    entry = vendor.sessions.entries.pop("s004")
    await here.harvest()
    assert (await here.stored())["s004"] == (26, True)
    vendor.sessions.entries["s004"] = entry
    vendor.sessions.read.clear()
    found = await here.harvest()
    assert (found.of(CHANGED), found.of(Change.UNCHANGED)) == (["s004"], ["s004"])
    assert (await here.stored())["s004"] == (27, False)
    assert vendor.sessions.read == ["s004"]


async def test_a_session_not_yet_due_goes_and_comes_without_any_report(here: Place, vendor: Vendor) -> None:
    vendor.sessions.entries["s025"] = Entry(due=None)
    await here.harvest()
    del vendor.sessions.entries["s025"]
    assert (await here.harvest()).of(GONE) == ["s025"]
    assert len(await here.stored()) == 25
    vendor.sessions.entries["s025"] = Entry(version=2)
    assert (await here.harvest()).of(NEW) == ["s025"]


async def test_a_scan_that_misses_too_many_marks_nobody_and_says_so(here: Place, vendor: Vendor) -> None:
    vendor.sessions.entries |= {f"t{number:03}": Entry() for number in range(76)}  # 101
    await here.harvest()
    for number in range(21):
        del vendor.sessions.entries[f"t{number:03}"]
    found = await here.harvest()
    assert (found.account.suspicious, found.account.gone, found.account.state) == (21, 0, State.DONE)
    assert not any(deleted for _, deleted in (await here.stored()).values())
    vendor.sessions.entries["t000"] = Entry()
    found = await here.harvest()  # 20 of 101 are not too many
    assert (found.account.suspicious, found.account.gone) == (None, 20)


async def test_a_fifth_of_many_is_not_suspicious_and_more_is(here: Place, vendor: Vendor) -> None:
    vendor.sessions.entries |= {f"t{number:03}": Entry() for number in range(125)}  # 150
    await here.harvest()
    for number in range(30):
        del vendor.sessions.entries[f"t{number:03}"]
    assert (await here.harvest()).account.gone == 30
    for number in range(30, 55):
        del vendor.sessions.entries[f"t{number:03}"]
    assert (await here.harvest()).account.suspicious == 25


async def test_a_list_that_shrinks_while_it_is_read_is_read_anew(here: Place, vendor: Vendor) -> None:
    await here.harvest()
    listing = vendor.sessions
    listing.pages.clear()

    def delete_one(number: int) -> None:
        if number == 2:
            del listing.entries["s002"]  # the rows behind move up: s010 is not seen

    listing.before_page = delete_one
    found = await here.harvest()
    assert found.of(GONE) == ["s002"]
    assert len(listing.pages) == 6
    assert found.summary.ok


async def test_a_list_that_never_stands_still_marks_nobody_and_is_left_alone_for_a_while(
    here: Place, vendor: Vendor
) -> None:
    await here.harvest()
    listing = vendor.sessions
    del listing.entries["s024"]

    def drift(_number: int) -> None:
        listing.entries.pop(next(iter(listing.entries)))
        listing.entries.setdefault(f"u{len(listing.pages):03}", Entry())
        listing.entries.pop(next(iter(listing.entries)))

    listing.before_page = drift
    found = await here.harvest()
    assert (found.account.gone, found.account.state) == (0, State.DONE)
    assert isinstance(found.account.error, ik.ListingUnstableError)
    assert (found.account.next_due - here.clock.now).total_seconds() == 600
    listing.before_page = lambda _number: None
    assert "s024" in (await here.harvest()).of(GONE)


@pytest.mark.parametrize("has_news", [False, True])
async def test_a_list_shorter_than_its_count_marks_nobody(here: Place, vendor: Vendor, *, has_news: bool) -> None:
    vendor.sessions.has_news = has_news
    await here.harvest()
    here.clock.advance(days=2)
    vendor.sessions.problems = [Problem(raw={}, error=ik.MalformedResponseError("odd", paths=("$",)))]
    del vendor.sessions.entries["s003"]
    whole, vendor.sessions.size = vendor.sessions.size, 100
    page = vendor.sessions.page

    async def short(*args: object, **named: object) -> object:
        found = await page(*args, **named)  # type: ignore[arg-type]
        return attrs.evolve(found, total=26)

    vendor.sessions.page = short  # type: ignore[method-assign, assignment]
    found = await here.harvest()
    assert found.account.gone == 0
    assert isinstance(found.account.error, ik.ListingUnstableError)
    assert len(vendor.sessions.pages) <= 3 + 3
    vendor.sessions.size = whole


async def test_news_stop_at_the_mark_until_the_daily_sweep(here: Place, vendor: Vendor) -> None:
    news(vendor)
    await here.harvest()
    vendor.sessions.pages.clear()
    vendor.sessions.entries["t1"] = Entry()
    assert (await here.harvest()).of(NEW) == ["t1"]
    assert vendor.sessions.pages == [Scan.NEWS]
    here.clock.advance(days=1)
    vendor.sessions.pages.clear()
    await here.harvest()
    assert vendor.sessions.pages == [Scan.FULL] * 3


async def test_a_total_that_fell_brings_the_sweep_at_once(here: Place, vendor: Vendor) -> None:
    news(vendor)
    await here.harvest()
    vendor.sessions.pages.clear()
    del vendor.sessions.entries["s005"]
    vendor.sessions.entries["t1"] = Entry()  # one came and one went: the total is the same
    found = await here.harvest()
    assert vendor.sessions.pages == [Scan.NEWS, *[Scan.FULL] * 3]
    assert (found.of(GONE), found.of(NEW)) == (["s005"], ["t1"])


async def test_news_that_lost_their_place_become_a_full_scan(here: Place, vendor: Vendor) -> None:
    news(vendor)
    await here.harvest()
    listing = vendor.sessions
    listing.pages.clear()

    def lost(number: int) -> None:
        listing.error = ik.ListingUnstableError("gone") if number == 1 else None

    listing.before_page = lost
    listing.entries["t1"] = Entry()
    assert (await here.harvest()).of(NEW) == ["t1"]
    assert listing.pages == [Scan.NEWS, *[Scan.FULL] * 3]


async def test_a_list_that_always_loses_its_place_fails_without_end_of_the_run(here: Place, vendor: Vendor) -> None:
    vendor.sessions.error = ik.ListingUnstableError("gone")
    found = await here.harvest()
    assert found.account.state is State.FAILED
    assert isinstance(found.account.error, ik.ListingUnstableError)
    assert len(vendor.sessions.pages) == 3


async def test_a_scan_that_ended_early_goes_on_where_it_was(here: Place, vendor: Vendor) -> None:
    listing = vendor.sessions

    def fail(number: int) -> None:
        listing.error = ik.VendorUnavailableError("away", status=503) if number == 2 else None

    listing.before_page = fail
    first = await here.harvest()
    assert (first.account.state, first.account.new) == (State.FAILED, 10)
    second = await here.harvest()
    assert (second.account.new, len(listing.pages)) == (15, 2 + 2)


async def test_rows_that_cannot_be_read_are_kept_raw_and_forgiven_when_they_can(here: Place, vendor: Vendor) -> None:
    error = ik.MalformedResponseError("not what the vendor documents", paths=("$.id",))
    vendor.sessions.problems = [Problem(raw={"id": None, "note": number}, error=error) for number in range(2)]
    found = await here.harvest()
    assert (found.account.unreadable, found.account.new, found.account.gone) == (2, 25, 0)
    assert [one.ref for one in found.outcomes if one.change is Change.UNREADABLE] == [None, None]
    rows = await here.rows(schema.unreadable)
    assert sorted(row["raw"] for row in rows) == [b'{"id": null, "note": 0}', b'{"id": null, "note": 1}']
    assert {row["error"] for row in rows} == {"not what the vendor documents (the answer as it came is in .raw)"}
    here.clock.advance(hours=1)
    await here.harvest()
    assert len(await here.rows(schema.unreadable)) == 2
    here.clock.advance(hours=1)
    vendor.sessions.problems.pop()
    await here.harvest()
    assert [row["raw"] for row in await here.rows(schema.unreadable)] == [b'{"id": null, "note": 0}']


async def test_a_list_read_in_part_marks_nobody(here: Place, vendor: Vendor) -> None:
    await here.harvest()
    error = ik.MalformedResponseError("half of it", paths=("$",), retryable=True)
    vendor.sessions.problems = [Problem(raw=None, error=error)]
    del vendor.sessions.entries["s003"]
    assert (await here.harvest()).account.gone == 0
    vendor.sessions.problems = []
    assert (await here.harvest()).of(GONE) == ["s003"]


async def test_a_list_that_fails_does_not_keep_the_other_one_back(tmp_path: Path) -> None:
    vendor = Vendor(lists=("tests", "pads"))
    vendor.lists["tests"].error = ik.VendorUnavailableError("away", status=503)
    vendor.lists["pads"].entries["p1"] = Entry()
    async with place(tmp_path / "store.db", vendor) as here:
        found = await here.harvest()
        assert found.of(NEW) == ["p1"]
        assert found.account.state is State.FAILED
        assert isinstance(found.account.error, ik.VendorUnavailableError)
        assert (found.account.next_due - here.clock.now).total_seconds() == 600
        assert len(vendor.lists["tests"].pages) == 1


async def test_numbers_of_suspicious_rows_add_up_over_lists(tmp_path: Path) -> None:
    vendor = Vendor(lists=("tests", "pads"))
    for name, listing in vendor.lists.items():
        listing.entries = {f"{name}{number}": Entry() for number in range(30)}
    async with place(tmp_path / "store.db", vendor) as here:
        await here.harvest()
        for listing in vendor.lists.values():
            listing.entries = dict(list(listing.entries.items())[:5])
        assert (await here.harvest()).account.suspicious == 50


async def test_since_leaves_older_sessions_for_a_later_harvest_without_it(here: Place, vendor: Vendor) -> None:
    for name in ("s001", "s002"):
        vendor.sessions.entries[name].at = here.clock.now - timedelta(days=400)
    vendor.sessions.entries["s003"].at = None
    recent = await here.harvest(since=here.clock.now - timedelta(days=30))
    assert len(recent.of(NEW)) == 23
    assert "s003" in recent.of(NEW)
    assert recent.account.next_due > here.clock.now
    assert sorted((await here.harvest()).of(NEW)) == ["s001", "s002"]


def odd(raw: object) -> Problem:
    return Problem(raw=raw, error=ik.MalformedResponseError("not what the vendor documents", paths=("$.id",)))


async def test_a_known_session_whose_row_cannot_be_read_is_not_gone(here: Place, vendor: Vendor) -> None:
    await here.harvest()
    del vendor.sessions.entries["s003"]
    vendor.sessions.problems = [odd({"id": "s003", "score": "many"})]
    found = await here.harvest()
    assert (found.account.gone, found.account.unreadable, found.account.failed) == (0, 1, 0)
    assert (await here.stored())["s003"] == (4, False)


async def test_a_session_missing_beside_a_row_without_a_name_is_asked_for(here: Place, vendor: Vendor) -> None:
    await here.harvest()
    del vendor.sessions.entries["s003"]
    vendor.sessions.problems = [odd({"score": "many"})]
    found = await here.harvest()
    assert (found.account.gone, found.of(Change.FAILED)) == (0, ["s003"])
    here.clock.advance(hours=1)
    assert (await here.harvest()).of(GONE) == ["s003"]
    assert (await here.stored())["s003"] == (26, True)


async def test_more_missing_sessions_than_rows_without_a_name_are_gone(here: Place, vendor: Vendor) -> None:
    await here.harvest()
    for name in ("s003", "s004"):
        del vendor.sessions.entries[name]
    vendor.sessions.problems = [odd({"score": "many"})]
    assert (await here.harvest()).of(GONE) == ["s003", "s004"]


async def test_changes_deletions_and_returns_are_stored_on_each_database(store_url: str) -> None:
    vendor = Vendor(sessions=25)
    vendor.sessions.problems = [odd(b"\x00\xff")]
    async with place(store_url, vendor) as here:
        assert (await here.harvest()).account.new == 25
        assert [row["raw"] for row in await here.rows(schema.unreadable)] == [b"\x00\xff"]
        entries, vendor.sessions.problems = vendor.sessions.entries, []
        entries["s003"].version, entries["s003"].says = 2, "half \ud800 and \x00"
        entries["s004"].version, entries["s004"].error = 2, ik.MalformedResponseError("odd", paths=("$",), raw={"a": 1})
        entries["s005"].version, entries["s005"].error = 2, ik.TransportError("reset")
        gone = entries.pop("s001")
        found = await here.harvest()
        assert (found.of(CHANGED), found.of(GONE), found.of(Change.FAILED)) == (["s003"], ["s001"], ["s005"])
        assert [row["raw"] for row in await here.rows(schema.unreadable)] == [b'{"a": 1}']
        entries["s001"] = gone
        entries["s004"].error = entries["s005"].error = None
        here.clock.advance(days=2)
        found = await here.harvest()
        assert sorted(found.of(Change.UNCHANGED)) == ["s001", "s004", "s005"]
        stored = await here.stored()
        assert sorted(seq for seq, _ in stored.values())[-2:] == [27, 28]
        assert not any(deleted for _, deleted in stored.values())
        assert await here.rows(schema.unreadable) == []
