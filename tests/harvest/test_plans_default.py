"""The plan of a provider without one: the whole list, by whatever its pager does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import attrs
import pytest

from interviewkit.capabilities import Feature
from interviewkit.errors import MalformedResponseError, UnsupportedError
from interviewkit.harvest.default_plan import plan_of
from interviewkit.plan import AT_ONCE, HarvestPlan, Scan
from interviewkit.testing import FakeProvider, FakeVendor

from .scans import read, sandboxed


@pytest.fixture
async def provider() -> AsyncIterator[FakeProvider]:
    vendor = FakeVendor(page_size=20)
    for number in range(50):
        vendor.add_session(title=f"Data Engineer {number}")
    async with FakeProvider(vendor) as found:
        yield found


@pytest.mark.parametrize("vendor", ["coderpad", "remoteinterview", "codility"])
async def test_a_providers_own_plan_comes_first(vendor: str) -> None:
    async with sandboxed(vendor) as (_box, own):
        assert [stream.name for stream in plan_of(own).streams] != []
        assert type(plan_of(own).streams[0]).__module__ == f"interviewkit.providers.{vendor}.harvest"


async def test_any_provider_has_a_plan(provider: FakeProvider) -> None:
    plan = plan_of(provider)
    assert isinstance(plan, HarvestPlan)
    (sessions,) = plan.streams
    assert (sessions.name, sessions.has_news) == ("sessions", False)


async def test_a_scan_reads_the_whole_list_page_by_page(provider: FakeProvider) -> None:
    (sessions,) = plan_of(provider).streams
    found = await read(sessions)
    assert len(found.refs) == len(provider.vendor.sessions) == 50
    assert (found.totals, len(provider.vendor.requests)) == ([50, 50, 50], 3)
    assert {row.due for row in found.rows} == {AT_ONCE}


async def test_a_scan_goes_on_in_another_process(provider: FakeProvider) -> None:
    whole = await read(plan_of(provider).streams[0])
    rest = await read(plan_of(provider).streams[0], cursor=whole.cursors[0])
    assert rest.refs == {str(row.ref) for row in whole.rows[20:]}


async def test_digests_change_with_the_row_only(provider: FakeProvider) -> None:
    (sessions,) = plan_of(provider).streams
    first = await read(sessions)
    assert first.digests == (await read(sessions)).digests
    provider.vendor.sessions[next(iter(provider.vendor.sessions))]["title"] = "another"
    later = await read(sessions)
    assert sum(later.digests[ref] != first.digests[ref] for ref in first.refs) == 1


async def test_links_that_are_signed_anew_change_no_digest(provider: FakeProvider) -> None:
    (sessions,) = plan_of(provider).streams
    rows = provider.vendor.sessions
    seen = []
    for signature in ("aaa", "bbb"):
        for row in rows.values():
            row["recording"] = {"url": f"https://files.example.com/1.mp4?Signature={signature}"}
        seen.append((await read(sessions)).digests)
    assert seen[0] == seen[1]


async def test_a_session_without_raw_is_told_by_the_shared_model(provider: FakeProvider) -> None:
    (sessions,) = plan_of(provider).streams
    one = await provider.list_sessions().first()
    assert one is not None
    bare = attrs.evolve(one, raw={}, candidate_url="https://example.com/a")
    row = sessions._row  # type: ignore[attr-defined]
    assert row(bare).digest == row(attrs.evolve(bare, candidate_url="https://example.com/b")).digest
    assert row(bare).digest != row(attrs.evolve(bare, title="another")).digest


async def test_a_deletion_in_mid_scan_shows_in_the_total(provider: FakeProvider) -> None:
    (sessions,) = plan_of(provider).streams
    ids = list(provider.vendor.sessions)
    found = await read(sessions, between=lambda number: number == 1 and provider.vendor.sessions.pop(ids[0]))
    assert found.totals == [50, 49, 49]


async def test_a_report_is_fetched_and_asked_for_again_until_it_is_final(provider: FakeProvider) -> None:
    (sessions,) = plan_of(provider).streams
    row = (await read(sessions)).rows[0]
    report = await sessions.report(row.ref, memo=row.memo, fresh=row.fresh)
    assert report.ref == row.ref
    now = report.fetched_at or report.session.created_at
    assert now is not None
    young = attrs.evolve(
        report, fetched_at=now, is_final=False, session=attrs.evolve(report.session, created_at=now, started_at=None)
    )
    assert sessions.again(young, reads=2) == now + timedelta(hours=2)
    assert sessions.again(attrs.evolve(young, fetched_at=now + timedelta(days=15)), reads=2) == now + timedelta(days=22)
    assert sessions.again(attrs.evolve(young, is_final=True), reads=2) is None


async def test_a_list_that_leads_back_to_an_earlier_page_is_an_error(
    provider: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    (sessions,) = plan_of(provider).streams
    page_of = type(provider.vendor)._page

    def round_and_round(self: FakeVendor, name: str, rows: list[dict[str, object]], query: dict[str, str]) -> object:
        asked = {"page": "1"} if query.get("page") == "3" else query
        return page_of(self, name, rows, asked)

    monkeypatch.setattr(type(provider.vendor), "_page", round_and_round)
    with pytest.raises(MalformedResponseError, match="repeats a cursor") as caught:
        await read(sessions)
    assert caught.value.account == provider.account
    assert len(provider.vendor.requests) == 3
    monkeypatch.undo()
    assert len((await read(sessions)).refs) == 50


async def test_a_provider_that_lists_nothing_says_so() -> None:
    async with FakeProvider(without=[Feature.LIST_SESSIONS]) as bare:
        with pytest.raises(UnsupportedError):
            await plan_of(bare).streams[0].page(Scan.FULL, cursor=None, mark=None)
