"""Codility's plan: news where new rows appear, and a report when it is worth its request."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import attrs
import pytest

from interviewkit.errors import ListingUnstableError, MalformedResponseError
from interviewkit.plan import AT_ONCE, Row, Scan
from interviewkit.providers.codility.harvest import _Place
from interviewkit.sandbox import Fault, Sandbox

from .scans import Scanned, asked, read, sandboxed


def invite(box: Sandbox, count: int, *, test: int = 0) -> set[str]:
    sessions = box.codility.sessions
    made = [
        sessions.create(sessions.tests[test], candidate=f"ref-{number}", email=f"late.{number}@example.com")
        for number in range(count)
    ]
    return {f"codility:take_home:{session.id}" for session in made}


def refs(box: Sandbox) -> set[str]:
    return set(box.refs("codility"))


@pytest.fixture(params=[True, False], ids=["newest first", "oldest first"])
def newest_first(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


async def scanned(box: Sandbox, provider: Any, *, newest_first: bool) -> tuple[Any, Scanned]:
    box.codility.newest_first = newest_first
    (sessions,) = provider.harvest_plan().streams
    return sessions, await read(sessions)


async def test_a_full_scan_costs_a_request_a_page(newest_first: bool) -> None:
    async with sandboxed("codility", sessions=450) as (box, provider):
        _sessions, full = await scanned(box, provider, newest_first=newest_first)
        assert full.refs == refs(box)
        assert (len(full.refs), set(full.totals), asked(box, "codility")) == (150, {150}, 8)


async def test_nothing_new_costs_one_request(newest_first: bool) -> None:
    async with sandboxed("codility", sessions=450) as (box, provider):
        sessions, full = await scanned(box, provider, newest_first=newest_first)
        before = asked(box, "codility")
        news = await read(sessions, Scan.NEWS, mark=full.mark)
        assert asked(box, "codility") - before == 1
        assert news.digests.items() <= full.digests.items()


@pytest.mark.parametrize("count", [1, 12, 50])
async def test_news_are_found_at_the_end_where_they_appear(count: int, *, newest_first: bool) -> None:
    async with sandboxed("codility", sessions=450) as (box, provider):
        sessions, full = await scanned(box, provider, newest_first=newest_first)
        mark = full.mark
        for _day in range(3):
            box.clock.advance(86400)
            made = invite(box, count)
            before = asked(box, "codility")
            news = await read(sessions, Scan.NEWS, mark=mark)
            assert made <= news.refs
            assert asked(box, "codility") - before <= 2 + count // 20
            mark = news.mark


async def test_a_marked_page_that_is_gone_asks_for_a_full_scan() -> None:
    async with sandboxed("codility", sessions=450) as (box, provider):
        sessions, full = await scanned(box, provider, newest_first=False)
        for ref in sorted(full.refs)[:30]:
            box.remove(ref)
        with pytest.raises(ListingUnstableError):
            await read(sessions, Scan.NEWS, mark=full.mark)
        assert (await read(sessions)).refs == refs(box)


async def test_news_that_were_pulled_before_the_marked_page_ask_for_a_full_scan() -> None:
    async with sandboxed("codility", sessions=450) as (box, provider):
        sessions, full = await scanned(box, provider, newest_first=False)
        box.clock.advance(86400)
        for ref in sorted(full.refs)[:12]:
            box.remove(ref)
        invite(box, 30)
        with pytest.raises(ListingUnstableError, match="deleted"):
            await read(sessions, Scan.NEWS, mark=full.mark)


async def test_deletions_do_not_hide_news_of_a_list_that_begins_with_them() -> None:
    async with sandboxed("codility", sessions=450) as (box, provider):
        sessions, full = await scanned(box, provider, newest_first=True)
        box.clock.advance(86400)
        for ref in sorted(full.refs)[:60]:
            box.remove(ref)
        made = invite(box, 5)
        assert made <= (await read(sessions, Scan.NEWS, mark=full.mark)).refs


async def test_a_row_that_is_listed_late_is_found_within_two_minutes() -> None:
    async with sandboxed("codility", sessions=450) as (box, provider):
        box.clock.advance(86400)
        invite(box, 1)
        box.clock.advance(60)
        invite(box, 25)
        sessions, full = await scanned(box, provider, newest_first=True)
        late = box.codility.sessions.numbered(box.codility.sessions.count - 26)
        assert full.row(f"codility:take_home:{late.id}")
        mark = json.loads(str(full.mark))
        mark["total"] -= 1  # as if it had not been listed then
        before = asked(box, "codility")
        news = await read(sessions, Scan.NEWS, mark=json.dumps(mark))
        assert f"codility:take_home:{late.id}" in news.refs
        assert asked(box, "codility") - before == 2


async def test_many_invited_at_once_do_not_make_later_scans_dearer() -> None:
    async with sandboxed("codility", sessions=450) as (box, provider):
        invite(box, 100)
        sessions, full = await scanned(box, provider, newest_first=True)
        before = asked(box, "codility")
        await read(sessions, Scan.NEWS, mark=full.mark)
        assert asked(box, "codility") - before == 1


@pytest.mark.parametrize("sessions_before", [0, 3, 60])
async def test_a_list_of_one_page_grows_and_is_not_misread(sessions_before: int, *, newest_first: bool) -> None:
    async with sandboxed("codility", sessions=sessions_before) as (box, provider):
        sessions, full = await scanned(box, provider, newest_first=newest_first)
        mark = full.mark
        for _day in range(6):
            box.clock.advance(86400)
            made = invite(box, 9)
            news = await read(sessions, Scan.NEWS, mark=mark)
            assert made <= news.refs
            mark = news.mark


async def test_a_list_in_no_order_has_no_mark_and_is_read_whole() -> None:
    async with sandboxed("codility", sessions=450) as (box, provider):
        created = box.codility.sessions._invent

        def shuffled(number: int) -> Any:
            session = created(number)
            session.created_at += timedelta(days=number * 7 % 11)
            return session

        box.codility.sessions._invent = shuffled  # type: ignore[method-assign]
        sessions, full = await scanned(box, provider, newest_first=True)
        assert full.mark is None
        with pytest.raises(ListingUnstableError):
            await read(sessions, Scan.NEWS, mark=None)


async def test_a_deletion_in_mid_scan_shows_in_the_total() -> None:
    async with sandboxed("codility", sessions=450) as (box, provider):
        sessions, full = await scanned(box, provider, newest_first=False)
        victims = [row.ref for row in full.rows[:4]]
        hurt = await read(
            sessions, between=lambda number: number == 3 and [box.remove(ref) for ref in victims] and None
        )
        assert (hurt.totals[0], hurt.totals[-1]) == (150, 146)
        assert refs(box) - hurt.refs


async def test_a_scan_goes_on_in_another_process(newest_first: bool) -> None:
    async with sandboxed("codility", sessions=450) as (box, provider):
        _sessions, full = await scanned(box, provider, newest_first=newest_first)
        for place, cursor in enumerate(full.cursors, 1):
            rest = await read(provider.harvest_plan().streams[0], cursor=cursor)
            assert rest.mark == full.mark
            assert rest.refs == {str(row.ref) for row in full.rows[place * 20 :]}


async def test_no_person_stands_in_cursors_and_marks() -> None:
    async with sandboxed("codility", sessions=450) as (box, provider):
        _sessions, full = await scanned(box, provider, newest_first=True)
        kept = "\n".join([*full.cursors, str(full.mark)])
        people = [row.session.candidate for row in full.rows if row.session.candidate is not None]
        assert not any(str(one.email) in kept or str(one.last_name) in kept for one in people)


async def test_two_scans_have_the_same_digests_and_each_change_another() -> None:
    async with sandboxed("codility", quirks=False) as (box, provider):
        sessions, full = await scanned(box, provider, newest_first=True)
        assert full.digests == (await read(sessions)).digests
        stages = {ref: box.codility.sessions.numbered(number).stage for number, ref in enumerate(box.refs("codility"))}
        changed = {ref for ref, stage in stages.items() if stage in {"closed", "invited", "cancelled"}}
        for ref in changed:
            box.touch(ref)
        later = await read(sessions)
        assert {ref for ref in full.refs if later.digests[ref] != full.digests[ref]} == changed


async def test_what_is_read_and_when_follows_from_the_dates() -> None:
    async with sandboxed("codility", sessions=450) as (box, provider):
        _sessions, full = await scanned(box, provider, newest_first=True)
        for row in full.rows:
            session = row.session
            if session.started_at is None:
                assert row.due is None
            elif session.ended_at is not None:
                assert row.due == AT_ONCE
            else:
                assert session.started_at < row.due < session.started_at + timedelta(hours=2, seconds=1)  # type: ignore[operator]
        assert {row.ref.kind.value for row in full.rows if row.due} == {"live", "take_home"}
        due = sum(row.due is not None for row in full.rows)
        assert 0 < due < len(full.rows)


async def test_a_tests_usual_duration_is_learned_and_kept() -> None:
    async with sandboxed("codility", sessions=450) as (box, provider):
        sessions, full = await scanned(box, provider, newest_first=True)
        box.clock.advance(3600)
        (ref,) = invite(box, 1, test=1)
        await box.work(ref, until="started")
        news = await read(sessions, Scan.NEWS, mark=full.mark)
        row: Row = news.row(ref)
        learned: dict[str, int] = json.loads(str(full.mark))["durations"]
        assert 540 <= learned[str(row.session.assessment_id)] <= 1140  # base candidates take 9 to 18 minutes
        assert row.session.started_at is not None
        assert row.due == row.session.started_at + timedelta(seconds=learned[str(row.session.assessment_id)])
        assert json.loads(str(news.mark))["durations"] == learned


async def test_a_full_scan_keeps_what_earlier_ones_learned() -> None:
    async with sandboxed("codility", sessions=450) as (box, provider):
        sessions, full = await scanned(box, provider, newest_first=True)
        mark = json.loads(str(full.mark))
        mark["durations"]["1"] = 60
        assert json.loads(str((await read(sessions, mark=json.dumps(mark))).mark))["durations"]["1"] == 60
        assert (await read(sessions, mark="of another version")).refs == full.refs


async def test_without_anything_learned_a_test_lasts_two_hours() -> None:
    async with sandboxed("codility", sessions=450, quirks=False) as (box, provider):
        _sessions, full = await scanned(box, provider, newest_first=True)
        for row in full.rows:
            assert row.due is None or row.due == row.session.started_at + timedelta(hours=2)  # type: ignore[operator]


async def test_durations_are_bounded_in_number_and_length() -> None:
    async with sandboxed("codility", sessions=450) as (box, provider):
        _sessions, full = await scanned(box, provider, newest_first=True)
        done = next(row.session for row in full.rows if row.session.started_at and row.session.ended_at)
        place = _Place()
        assert done.started_at is not None
        for number in range(300):
            ended = done.started_at + timedelta(days=number)
            place.learn(attrs.evolve(done, assessment_id=str(number), ended_at=ended))
        assert list(place.durations) == [str(number) for number in range(100, 300)]
        assert max(place.durations.values()) == 7 * 86400
        assert len(place.dump()) < 5000


async def test_a_report_is_read_again_until_there_is_a_result() -> None:
    async with sandboxed("codility", sessions=90) as (box, provider):
        (sessions,) = provider.harvest_plan().streams
        (ref,) = invite(box, 1)
        row = (await read(sessions)).row(ref)
        assert row.due is None
        await box.work(ref, until="submitted")
        half = await sessions.report(row.ref, memo=None, fresh=None)
        now: datetime | None = half.fetched_at
        assert now is not None
        started = attrs.evolve(half, session=attrs.evolve(half.session, started_at=now))
        waits = [sessions.again(started, reads=reads) - now for reads in (1, 2, 3, 5, 6, 99)]
        assert waits == [timedelta(hours=hours) for hours in (1, 2, 4, 16, 24, 24)]
        old = attrs.evolve(half, session=attrs.evolve(half.session, started_at=now - timedelta(days=15)))
        assert sessions.again(old, reads=1) == now + timedelta(days=7)
        await box.work(ref)
        whole = await sessions.report(row.ref, memo=None, fresh=None)
        assert whole.is_final
        assert sessions.again(whole, reads=2) is None


async def test_who_never_started_is_not_read_again() -> None:
    async with sandboxed("codility", sessions=90) as (box, provider):
        (sessions,) = provider.harvest_plan().streams
        (ref,) = invite(box, 1)
        report = await sessions.report((await read(sessions)).row(ref).ref, memo=None, fresh=None)
        assert sessions.again(report, reads=1) is None


async def test_a_list_that_leads_back_to_itself_is_an_error() -> None:
    async with sandboxed("codility", sessions=450) as (_box, provider):
        (sessions,) = provider.harvest_plan().streams
        cursor = json.loads((await read(sessions)).cursors[2]) | {"rows": 9999}
        with pytest.raises(MalformedResponseError, match="does not end"):
            await sessions.page(Scan.FULL, cursor=json.dumps(cursor), mark=None)


@pytest.mark.parametrize("cursor", ["page=2", '{"pages":3}', "[]", "[1]"])
async def test_a_cursor_of_another_version_asks_for_a_new_scan(cursor: str) -> None:
    async with sandboxed("codility", sessions=450) as (_box, provider):
        (sessions,) = provider.harvest_plan().streams
        with pytest.raises(ListingUnstableError):
            await sessions.page(Scan.FULL, cursor=cursor, mark=None)


async def test_a_row_that_cannot_be_read_is_passed_on() -> None:
    async with sandboxed("codility", sessions=90) as (box, provider):
        (sessions,) = provider.harvest_plan().streams
        ident = min(refs(box)).rpartition(":")[2]
        session = box.codility.sessions.find(ident)
        assert session is not None
        session.first_name = 7  # type: ignore[assignment]
        box.codility.sessions.change(session)
        found = await read(sessions)
        assert [problem.error.account for problem in found.problems] == ["codility"]
        assert len(found.refs) == len(refs(box)) - 1


async def test_an_outage_is_no_reason_for_a_new_scan() -> None:
    async with sandboxed("codility", sessions=450) as (box, provider):
        sessions, full = await scanned(box, provider, newest_first=True)
        box.codility.fail(Fault.server_error(503), route="/api/sessions/")
        with pytest.raises(Exception, match="503") as caught:
            await sessions.page(Scan.FULL, cursor=full.cursors[0], mark=None)
        assert not isinstance(caught.value, ListingUnstableError)
