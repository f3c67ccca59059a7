"""CoderPad's plan: the fewest requests, nothing missed, and the report that `fetch_report` would have made."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import attrs
import pytest

from interviewkit.errors import ListingUnstableError, MalformedResponseError, NotFoundError
from interviewkit.harvest.documents import document
from interviewkit.model import ArtifactKind, Report, SessionRef
from interviewkit.plan import AT_ONCE, Scan
from interviewkit.sandbox import Fault, Sandbox

from .scans import asked, read, sandboxed


def own_refs(box: Sandbox) -> set[str]:
    return set(box.refs("coderpad"))


async def test_a_full_scan_sees_every_pad_by_one_request_more_than_there_are_pages() -> None:
    async with sandboxed("coderpad", sessions=600) as (box, provider):
        (pads,) = provider.harvest_plan().streams
        found = await read(pads)
        assert found.refs == own_refs(box)
        assert len(found.refs) == found.totals[-1] == 160
        assert asked(box, "coderpad") == 1 + 4


async def test_the_organizations_pads_are_read_where_the_account_says_so() -> None:
    async with sandboxed("coderpad", provider={"organization": True}) as (box, provider):
        (pads,) = provider.harvest_plan().streams
        assert (await read(pads)).refs == set(box.refs("coderpad", organization=True)) > own_refs(box)


async def test_a_list_of_one_page_is_read_by_one_request() -> None:
    async with sandboxed("coderpad", sessions=90) as (box, provider):
        (pads,) = provider.harvest_plan().streams
        found = await read(pads)
        assert (len(found.refs), asked(box, "coderpad")) == (24, 1)
        assert found.mark is not None


async def test_no_pad_at_all_is_no_error_and_leaves_no_mark() -> None:
    async with sandboxed("coderpad", sessions=0) as (_box, provider):
        (pads,) = provider.harvest_plan().streams
        found = await read(pads)
        assert (found.rows, found.problems, found.totals, found.mark) == ([], [], [0], None)


async def test_nothing_new_costs_one_request() -> None:
    async with sandboxed("coderpad", sessions=600) as (box, provider):
        (pads,) = provider.harvest_plan().streams
        full = await read(pads)
        before = asked(box, "coderpad")
        news = await read(pads, Scan.NEWS, mark=full.mark)
        assert asked(box, "coderpad") - before == 1
        assert news.digests.items() <= full.digests.items()
        assert news.mark == full.mark


async def test_the_first_page_alone_says_where_news_will_end() -> None:
    async with sandboxed("coderpad", sessions=600) as (_box, provider):
        (pads,) = provider.harvest_plan().streams
        first = await pads.page(Scan.FULL, cursor=None, mark=None)
        newest = max(row.session.updated_at for row in first.rows)
        assert first.mark == (newest - timedelta(minutes=2)).isoformat()
        assert (await pads.page(Scan.FULL, cursor=first.cursor, mark=None)).mark is None


@pytest.mark.parametrize("changes", [3, 70])
async def test_news_are_all_changes_by_a_request_a_page(changes: int) -> None:
    async with sandboxed("coderpad", sessions=600) as (box, provider):
        (pads,) = provider.harvest_plan().streams
        full = await read(pads)
        box.clock.advance(3600)
        changed = sorted(full.refs)[:changes]
        for ref in changed:
            box.touch(ref)
        before = asked(box, "coderpad")
        news = await read(pads, Scan.NEWS, mark=full.mark)
        assert {ref for ref, digest in news.digests.items() if full.digests[ref] != digest} == set(changed)
        assert asked(box, "coderpad") - before == -(-(changes + 1) // 50)
        box.clock.advance(3600)
        again = await read(pads, Scan.NEWS, mark=news.mark)
        assert news.digests.items() >= again.digests.items()


async def test_a_pad_that_changes_while_a_full_scan_runs_is_news_afterwards() -> None:
    async with sandboxed("coderpad", sessions=600, list_lag=60.0) as (box, provider):
        (pads,) = provider.harvest_plan().streams
        victim = min(own_refs(box))

        def change(number: int) -> None:
            if number == 2:
                box.clock.advance(90)
                box.touch(victim)

        full = await read(pads, between=change)
        box.clock.advance(61)
        news = await read(pads, Scan.NEWS, mark=full.mark)
        assert news.row(victim).digest != full.row(victim).digest


async def test_a_deletion_in_mid_scan_shows_in_the_total() -> None:
    async with sandboxed("coderpad", sessions=600) as (box, provider):
        (pads,) = provider.harvest_plan().streams
        victims = [row.ref for row in (await read(pads)).rows[50:53]]
        full = await read(pads, between=lambda number: number == 2 and [box.remove(ref) for ref in victims])
        assert (full.totals[1], full.totals[-1]) == (160, 157)
        assert (await read(pads)).refs == own_refs(box)


@pytest.mark.parametrize("quirks", [True, False])
async def test_two_scans_of_the_same_pads_have_the_same_digests(quirks: bool) -> None:
    async with sandboxed("coderpad", quirks=quirks) as (box, provider):
        (pads,) = provider.harvest_plan().streams
        first = await read(pads)
        box.clock.advance(3600)  # drawings are signed anew
        assert first.digests == (await read(pads)).digests
        assert any(row.fresh.pad.drawing for row in first.rows)


@pytest.mark.parametrize("quirks", [True, False])
async def test_a_scan_goes_on_in_another_process(quirks: bool) -> None:
    async with sandboxed("coderpad", sessions=600, quirks=quirks) as (box, provider):
        whole = await read(provider.harvest_plan().streams[0])
        for place, cursor in enumerate(whole.cursors, 1):
            rest = await read(provider.harvest_plan().streams[0], cursor=cursor)
            before = {str(row.ref) for row in whole.rows[50 : 50 + (place - 1) * 50]}
            assert before | rest.refs == own_refs(box)


def comparable(report: Report) -> dict[str, Any]:
    """A report but for when it was read, what only one of list and detail shows, and where the drawing lies."""
    plain = json.loads(document(report).columns["payload"])
    del plain["fetched_at"]
    for raw in (plain["raw"]["pad"], plain["session"]["raw"]):
        for name in ("status", "history", "drawing"):
            raw.pop(name, None)
    plain["artifacts"] = [
        {**one, "expires_at": None} for one in plain["artifacts"] if one["kind"] != ArtifactKind.HISTORY
    ]
    for task in plain["tasks"]:
        for file in task["files"]:
            file["history_url"] = file["history_url"] if task["id"] else None
    return dict(plain)


@pytest.mark.parametrize("quirks", [True, False])
@pytest.mark.parametrize("way", ["fresh", "memo"])
async def test_a_report_made_of_a_row_is_the_report_that_is_fetched(way: str, *, quirks: bool) -> None:
    async with sandboxed("coderpad", sessions=150, quirks=quirks) as (box, provider):
        (pads,) = provider.harvest_plan().streams
        found = await read(pads)
        for row in found.rows:
            before = asked(box, "coderpad")
            fresh, memo = (row.fresh, None) if way == "fresh" else (None, row.memo)
            report = await pads.report(row.ref, memo=memo, fresh=fresh)
            events = max(0, -(-len(report.timeline) // 50) - 1) if isinstance(row.fresh.pad.events, str) else 0
            assert asked(box, "coderpad") - before == row.requests + events
            assert comparable(report) == comparable(await provider.fetch_report(row.ref))


async def test_a_row_and_its_memo_give_the_same_content() -> None:
    async with sandboxed("coderpad", sessions=150, quirks=False) as (_box, provider):
        (pads,) = provider.harvest_plan().streams
        drawn = [row for row in (await read(pads)).rows if row.fresh.pad.drawing]
        assert drawn
        for row in drawn:
            fresh = await pads.report(row.ref, memo=row.memo, fresh=row.fresh)
            later = await pads.report(row.ref, memo=row.memo, fresh=None)
            assert document(fresh).content_hash == document(later).content_hash
            assert [one.kind for one in fresh.artifacts] == [one.kind for one in later.artifacts]


async def test_a_memo_holds_no_link_that_expires() -> None:
    async with sandboxed("coderpad") as (_box, provider):
        rows = (await read(provider.harvest_plan().streams[0])).rows
        assert not any("Signature" in str(row.memo) for row in rows)
        assert {row.due for row in rows} == {AT_ONCE}


async def test_a_drawing_from_a_list_expires_with_the_list() -> None:
    async with sandboxed("coderpad") as (_box, provider):
        (pads,) = provider.harvest_plan().streams
        row = next(row for row in (await read(pads)).rows if row.fresh.pad.drawing)
        report = await pads.report(row.ref, memo=None, fresh=row.fresh)
        (drawing,) = [one for one in report.artifacts if one.kind is ArtifactKind.DRAWING]
        assert drawing.expires_at is not None
        assert (drawing.expires_at - row.fresh.at).total_seconds() == 240


async def test_without_row_and_memo_the_pad_itself_is_read() -> None:
    async with sandboxed("coderpad") as (box, provider):
        (pads,) = provider.harvest_plan().streams
        ref = SessionRef.parse(next(box.refs("coderpad")))
        report = await pads.report(ref, memo=None, fresh=None)
        assert report.ref == ref
        assert box.coderpad.counts[("GET", "/api/pads/{pad_id}")] == 1


@pytest.mark.parametrize("way", ["fresh", "memo"])
async def test_a_pad_that_was_deleted_since_it_was_listed_is_not_found(way: str) -> None:
    async with sandboxed("coderpad", quirks=False) as (box, provider):
        (pads,) = provider.harvest_plan().streams
        row = (await read(pads)).rows[0]
        box.remove(row.ref)
        with pytest.raises(NotFoundError):
            await pads.report(row.ref, memo=row.memo, fresh=row.fresh if way == "fresh" else None)


async def test_an_environment_that_is_missing_is_a_warning_of_a_pad_that_is_there() -> None:
    async with sandboxed("coderpad", quirks=False) as (box, provider):
        (pads,) = provider.harvest_plan().streams
        row = (await read(pads)).rows[0]
        box.coderpad.fail(Fault.server_error(404), route="/api/pad_environments/{environment_id}")
        report = await pads.report(row.ref, memo=row.memo, fresh=row.fresh)
        assert [warning.field for warning in report.warnings] == ["tasks"]
        assert report.session.title


@pytest.mark.parametrize(("mark", "cursor"), [(None, None), ("yesterday", None), ("2026-11-02T09:00:00+00:00", "up:x")])
async def test_a_scan_that_nobody_began_asks_for_a_full_one(mark: str | None, cursor: str | None) -> None:
    async with sandboxed("coderpad") as (_box, provider):
        (pads,) = provider.harvest_plan().streams
        with pytest.raises(ListingUnstableError):
            await pads.page(Scan.NEWS, cursor=cursor, mark=mark)


async def test_a_page_that_the_vendor_no_longer_knows_asks_for_a_full_scan() -> None:
    async with sandboxed("coderpad", sessions=600) as (box, provider):
        (pads,) = provider.harvest_plan().streams
        cursor = (await read(pads)).cursors[-1]
        box.coderpad.fail(Fault.server_error(400), route="/api/pads")
        with pytest.raises(ListingUnstableError):
            await pads.page(Scan.FULL, cursor=cursor, mark=None)


async def test_a_list_that_leads_back_to_itself_is_an_error() -> None:
    async with sandboxed("coderpad", sessions=600) as (_box, provider):
        (pads,) = provider.harvest_plan().streams
        last = (await read(pads)).cursors[-2]
        tired = last.replace(f":{last.split(':')[1]}:", ":9999:")
        with pytest.raises(MalformedResponseError, match="does not end"):
            await pads.page(Scan.FULL, cursor=tired, mark=None)


async def test_a_row_that_cannot_be_read_is_told_once() -> None:
    async with sandboxed("coderpad", sessions=600) as (box, provider):
        (pads,) = provider.harvest_plan().streams
        oddest = (await read(pads)).rows[0].ref
        pad = box.coderpad.pads.find(oddest.id)
        assert pad is not None
        pad.participants = [7]  # type: ignore[list-item]
        box.coderpad.pads.changed(pad)
        found = await read(pads)
        assert len(found.problems) == 1
        assert str(oddest) not in found.refs
        assert len((await read(pads, Scan.NEWS, mark=found.mark)).problems) == 1


async def test_a_changed_pad_is_never_read_again_by_the_clock() -> None:
    async with sandboxed("coderpad") as (_box, provider):
        (pads,) = provider.harvest_plan().streams
        row = (await read(pads)).rows[0]
        report = await pads.report(row.ref, memo=None, fresh=row.fresh)
        assert pads.again(attrs.evolve(report, is_final=False), reads=1) is None
