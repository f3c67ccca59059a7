"""How many pages of a list are read before the reports that they make due, and what interrupts that."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Self

import pytest

import interviewkit as ik
from interviewkit.harvest import Change, Harvester, items, schema
from interviewkit.harvest.outcomes import State
from interviewkit.http.limits import WindowLimiter

from .scripted import Entry, Place, Vendor, place


class Limited(Vendor):
    """One whose limit a harvest guards."""

    def with_options(self, *, limiters: Callable[..., Any], **_options: Any) -> Self:  # type: ignore[override]
        limiters("api", "key", WindowLimiter(ik.RateLimit(1000, 60)))
        return self


class Asked(list[str]):
    """What a vendor was asked for, in order: `page` or `report`."""

    def __init__(self, vendor: Vendor) -> None:
        super().__init__()
        for listing in vendor.lists.values():
            listing.before_page = lambda _number: self.append("page")
            listing.report = self._noting(listing.report)  # type: ignore[method-assign]

    def _noting(self, report: Callable[..., Any]) -> Callable[..., Any]:
        async def noting(*args: Any, **options: Any) -> Any:
            self.append("report")
            return await report(*args, **options)

        return noting

    @property
    def runs(self) -> list[tuple[str, int]]:
        return [(kind, len(list(several))) for kind, several in itertools.groupby(self)]


def turns(*pairs: tuple[int, int]) -> list[tuple[str, int]]:
    """Pages, reports, pages, reports ..."""
    return [one for pages, reports in pairs for one in (("page", pages), ("report", reports)) if one[1]]


@pytest.fixture
def vendor() -> Vendor:
    return Vendor(sessions=125)


@pytest.fixture
async def here(vendor: Vendor, tmp_path: Path) -> AsyncIterator[Place]:
    async with place(tmp_path / "store.db", vendor) as made:
        yield made


def fails_at(number: int, error: Exception) -> Callable[[int], object]:
    def before_page(page: int) -> None:
        if page == number:
            raise error

    return before_page


async def test_where_nothing_is_scarce_pages_are_read_for_a_whole_batch_of_reports(here: Place, vendor: Vendor) -> None:
    asked = Asked(vendor)
    await here.harvest()
    assert asked.runs == turns((10, 100), (3, 25))


async def test_with_a_number_of_requests_the_reports_of_a_page_come_before_the_next_page(
    here: Place, vendor: Vendor
) -> None:
    asked = Asked(vendor)
    await here.harvest(max_requests=1000)
    assert asked.runs == turns(*[(1, 10)] * 12, (1, 5))


async def test_with_files_the_reports_of_a_page_come_before_the_next_page(
    here: Place, vendor: Vendor, tmp_path: Path
) -> None:
    asked = Asked(vendor)
    await here.harvest(artifacts=tmp_path / "files")
    assert asked.runs == turns(*[(1, 10)] * 12, (1, 5))


async def test_under_a_limit_the_reports_of_a_page_come_before_the_next_page(tmp_path: Path) -> None:
    limited = Limited(sessions=25)
    async with place(tmp_path / "store.db", limited) as here:
        asked = Asked(limited)
        await here.harvest()
    assert asked.runs == turns((1, 10), (1, 10), (1, 5))


async def test_a_report_that_is_due_does_not_wait_for_a_long_list_in_which_nothing_else_is(
    here: Place, vendor: Vendor
) -> None:
    vendor.sessions.entries |= {f"t{number:03}": Entry() for number in range(275)}
    await here.harvest()
    vendor.sessions.entries["s003"].version = 2
    asked = Asked(vendor)
    await here.harvest()
    assert asked.runs == turns((20, 1), (20, 0))


async def test_a_report_that_comes_due_while_pages_bring_nothing_waits_for_one_page_only(
    here: Place, vendor: Vendor
) -> None:
    vendor.sessions.entries["s003"].final = False
    await here.harvest()
    asked, vendor.sessions.pages = Asked(vendor), []
    count = vendor.sessions.before_page

    def late(number: int) -> None:
        count(number)
        here.clock.advance(hours=2 if number == 3 else 0)

    vendor.sessions.before_page = late
    await here.harvest()
    assert asked.runs == turns((3, 1), (10, 0))


@pytest.mark.parametrize(
    "error",
    [ik.TransportError("the connection was lost"), ik.VendorUnavailableError("away", status=503), RuntimeError("bug")],
    ids=["transport", "vendor", "bug"],
)
async def test_a_page_that_fails_keeps_no_report_of_the_pages_before_from_being_read(
    here: Place, vendor: Vendor, error: Exception
) -> None:
    vendor.sessions.before_page = fails_at(3, error)
    found = await here.harvest()
    assert found.of(Change.NEW) == [f"s{number:03}" for number in range(20)]
    assert found.account.state is State.FAILED
    vendor.sessions.before_page = lambda _number: None
    here.clock.advance(hours=1)
    assert len((await here.harvest()).of(Change.NEW)) == 105


async def test_a_page_that_is_throttled_is_asked_for_again_after_the_pause_and_nothing_is_read_twice(
    here: Place, vendor: Vendor
) -> None:
    began = here.clock.now
    vendor.sessions.before_page = fails_at(3, ik.RateLimitedError("slowly", status=429, retry_after=30))
    found = await here.harvest()
    assert found.of(Change.NEW) == sorted(vendor.sessions.entries) == sorted(vendor.sessions.read)
    assert here.clock.now - began >= timedelta(seconds=30)
    assert found.account.state is State.DONE


async def test_a_list_that_refuses_the_key_leaves_the_other_lists_reports_to_be_read(tmp_path: Path) -> None:
    vendor = Vendor(lists=("sessions", "tests"), sessions=15)
    vendor.lists["tests"].entries = {f"t{number:03}": Entry() for number in range(15)}
    vendor.lists["tests"].before_page = fails_at(2, ik.PermissionDeniedError("no", status=403))
    async with place(tmp_path / "store.db", vendor) as here:
        found = await here.harvest()
    assert [name for name in found.of(Change.NEW) if name.startswith("s")] == sorted(vendor.sessions.entries)
    assert vendor.lists["tests"].read == []


async def test_a_store_that_fails_at_a_later_page_loses_nothing(
    here: Place, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    put, numbers = items.put, itertools.count()

    async def failing(connection: Any, table: Any, rows: Sequence[Any], **changes: Any) -> None:
        if table is schema.stream_state and next(numbers) == 2:
            raise ik.StoreError("the disk is full")
        await put(connection, table, rows, **changes)

    monkeypatch.setattr(items, "put", failing)
    with pytest.raises(ik.StoreError):
        await here.harvest()
    assert len(await here.rows(schema.item)) == 20
    assert vendor.sessions.read == []
    found = await here.harvest()
    assert found.of(Change.NEW) == sorted(vendor.sessions.entries) == sorted(vendor.sessions.read)


async def test_stopping_ends_the_reading_of_pages(here: Place, vendor: Vendor) -> None:
    harvester = Harvester(here.hub, here.store, clock=here.clock, sleep=here.clock.sleep)
    vendor.sessions.before_page = lambda number: harvester.stop() if number == 2 else None
    assert [outcome async for outcome in harvester.run()] == []
    assert len(vendor.sessions.pages) == 2
    vendor.sessions.before_page = lambda _number: None
    assert len((await here.harvest()).of(Change.NEW)) == 125


async def test_a_slice_ends_in_the_middle_of_a_list_when_its_time_is_over(here: Place, vendor: Vendor) -> None:
    harvester = Harvester(here.hub, here.store, clock=here.clock, sleep=here.clock.sleep)
    await harvester.run_slice("acme", seconds=0)
    assert vendor.sessions.pages == []
    page = vendor.sessions.page

    async def slow(*args: Any, **options: Any) -> Any:
        await asyncio.sleep(0.02)
        return await page(*args, **options)

    vendor.sessions.page = slow  # type: ignore[method-assign]
    await harvester.run_slice("acme", seconds=0.03)
    assert (len(vendor.sessions.pages) < 13, vendor.sessions.read) == (True, [])


async def test_sessions_before_since_are_listed_and_not_read(here: Place, vendor: Vendor) -> None:
    since = here.clock.now - timedelta(days=1)
    for number in range(110):
        vendor.sessions.entries[f"s{number:03}"].at = since - timedelta(days=1)
    found = await here.harvest(since=since)
    assert found.of(Change.NEW) == [f"s{number:03}" for number in range(110, 125)]
    assert (len(vendor.sessions.pages), found.account.state) == (13, State.DONE)
