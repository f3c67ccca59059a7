"""RemoteInterview's plan: whole lists at two independent hosts, and no report before its test was submitted."""

from __future__ import annotations

from datetime import timedelta

import attrs
import pytest

from interviewkit.errors import ListingUnstableError, NotFoundError, VendorUnavailableError
from interviewkit.model import SessionRef, SessionStatus
from interviewkit.plan import AT_ONCE
from interviewkit.sandbox import Fault, Sandbox

from .scans import asked, read, sandboxed

LIST = "/1/tests/{test_id}/candidates"


def take_homes(box: Sandbox) -> set[str]:
    return {ref for ref in box.refs("remoteinterview") if ":take_home:" in ref}


def lives(box: Sandbox) -> set[str]:
    return set(box.refs("remoteinterview")) - take_homes(box)


async def test_candidates_cost_one_request_and_one_a_test_and_pads_one() -> None:
    async with sandboxed("remoteinterview", sessions=600) as (box, provider):
        candidates, pads = provider.harvest_plan().streams
        tests = len(box.remoteinterview.applicants.tests)
        assert (await read(candidates)).refs == take_homes(box)
        assert asked(box, "remoteinterview") == 1 + tests
        assert (await read(pads)).refs == lives(box)
        assert asked(box, "remoteinterview") == 1 + tests + 1
        await read(candidates)
        assert asked(box, "remoteinterview") == 2 * (1 + tests) + 1


async def test_a_report_costs_one_request_and_only_after_submission() -> None:
    async with sandboxed("remoteinterview") as (box, provider):
        candidates, _pads = provider.harvest_plan().streams
        found = await read(candidates)
        words: dict[str | None, object] = {"shortlisted": AT_ONCE}
        words |= {row.session.vendor_status: row.due for row in found.rows}
        assert words == {
            "invited": None, "started": None, "completed": AT_ONCE, "accepted": AT_ONCE, "rejected": AT_ONCE,
            "shortlisted": AT_ONCE,
        }  # fmt: skip
        before = asked(box, "remoteinterview")
        for row in found.rows[:5]:
            assert row.requests == 1
            report = await candidates.report(row.ref, memo=None, fresh=None)
            assert report == attrs.evolve(await provider.fetch_report(row.ref), fetched_at=report.fetched_at)
        assert asked(box, "remoteinterview") - before == 10


@pytest.mark.parametrize("word", ["Not Started", "in-progress", " PENDING"])
async def test_words_that_precede_submission_are_known_however_they_are_written(word: str) -> None:
    async with sandboxed("remoteinterview") as (box, provider):
        candidates, _pads = provider.harvest_plan().streams
        box.remoteinterview.fail(Fault.changed_words({"invited": word}), route=LIST, times=None)
        rows = [row for row in (await read(candidates)).rows if row.session.vendor_status == word]
        assert rows
        assert {row.due for row in rows} == {None}


async def test_a_row_with_a_score_is_read_whatever_its_word() -> None:
    async with sandboxed("remoteinterview") as (box, provider):
        candidates, _pads = provider.harvest_plan().streams
        box.remoteinterview.fail(Fault.changed_words({"completed": "started"}), route=LIST, times=None)
        rows = (await read(candidates)).rows
        assert {row.due for row in rows if row.session.score is not None} == {AT_ONCE}
        assert {row.due for row in rows if row.session.score is None and row.session.vendor_status == "started"} == {
            None
        }


async def test_scans_of_the_same_rows_have_the_same_digests_and_changes_others() -> None:
    async with sandboxed("remoteinterview") as (box, provider):
        for stream in provider.harvest_plan().streams:
            first = await read(stream)
            assert first.digests == (await read(stream)).digests
            changed = sorted(first.refs)[:7]
            for ref in changed:
                box.touch(ref)
            later = await read(stream)
            assert {ref for ref in later.refs if later.digests[ref] != first.digests[ref]} == set(changed)


async def test_a_scan_goes_on_in_another_process_and_names_no_candidate_in_its_cursor() -> None:
    async with sandboxed("remoteinterview", sessions=600) as (box, provider):
        whole = await read(provider.harvest_plan().streams[0])
        middle = whole.cursors[len(whole.cursors) // 2]
        rest = await read(provider.harvest_plan().streams[0], cursor=middle)
        seen = [str(row.ref) for row in whole.rows]
        assert set(seen[seen.index(str(rest.rows[0].ref)) :]) == rest.refs
        ids = {row.ref.id for row in whole.rows}
        assert not any(ident in cursor for ident in ids for cursor in whole.cursors)
        assert take_homes(box) == whole.refs


async def test_what_was_deleted_in_mid_scan_is_no_longer_listed() -> None:
    async with sandboxed("remoteinterview", sessions=600) as (box, provider):
        candidates, _pads = provider.harvest_plan().streams
        last = (await read(candidates)).rows[-1].ref
        found = await read(candidates, between=lambda number: number == 1 and box.remove(last))
        assert str(last) not in found.refs
        assert found.refs == take_homes(box)
        with pytest.raises(NotFoundError):
            await candidates.report(last, memo=None, fresh=None)


async def test_a_test_that_is_gone_asks_for_a_new_scan() -> None:
    async with sandboxed("remoteinterview", sessions=600) as (_box, provider):
        candidates, _pads = provider.harvest_plan().streams
        with pytest.raises(ListingUnstableError):
            await read(candidates, cursor="tests:-nobody")


async def test_a_host_that_fails_stops_its_own_list_only() -> None:
    async with sandboxed("remoteinterview") as (box, provider):
        candidates, pads = provider.harvest_plan().streams
        box.remoteinterview.fail(Fault.server_error(503), route="/1/tests", times=None)
        with pytest.raises(VendorUnavailableError):
            await read(candidates)
        assert (await read(pads)).refs == lives(box)
        box.remoteinterview.heal()
        box.remoteinterview.fail(Fault.server_error(503), route="/1/pads", times=None)
        with pytest.raises(VendorUnavailableError):
            await read(pads)
        assert (await read(candidates)).refs == take_homes(box)


async def test_a_test_that_is_listed_and_not_found_is_a_problem_of_the_page() -> None:
    async with sandboxed("remoteinterview") as (box, provider):
        candidates, _pads = provider.harvest_plan().streams
        box.remoteinterview.fail(Fault.server_error(404), route=LIST)
        found = await read(candidates)
        assert len(found.problems) == 1
        assert found.problems[0].error.account == "remoteinterview"


async def test_a_row_that_cannot_be_read_is_passed_on() -> None:
    async with sandboxed("remoteinterview", provider={"account": "ours"}) as (box, provider):
        candidates, _pads = provider.harvest_plan().streams
        applicants = box.remoteinterview.applicants
        found = applicants.of_test(applicants.tests[0])[3]
        found.name = 7  # type: ignore[assignment]
        applicants.change(found)
        problems = (await read(candidates)).problems
        assert [problem.error.account for problem in problems] == ["ours"]


async def test_an_open_pad_is_read_again_ever_more_rarely() -> None:
    async with sandboxed("remoteinterview") as (_box, provider):
        _candidates, pads = provider.harvest_plan().streams
        row = next(row for row in (await read(pads)).rows if row.session.status is SessionStatus.CREATED)
        report = await pads.report(row.ref, memo=None, fresh=None)
        now = report.fetched_at
        assert now is not None
        young = attrs.evolve(report, session=attrs.evolve(report.session, created_at=now))
        waits = [pads.again(young, reads=reads) - now for reads in (1, 2, 3, 5, 6, 99)]
        assert waits == [timedelta(hours=hours) for hours in (1, 2, 4, 16, 24, 24)]
        old = attrs.evolve(report, session=attrs.evolve(report.session, created_at=now - timedelta(days=15)))
        assert pads.again(old, reads=1) == now + timedelta(days=7)
        assert pads.again(attrs.evolve(young, is_final=True), reads=1) is None


async def test_a_score_that_no_list_shows_is_asked_for_until_it_is_there() -> None:
    async with sandboxed("remoteinterview", sessions=90) as (box, provider):
        candidates, _pads = provider.harvest_plan().streams
        row = next(row for row in (await read(candidates)).rows if row.session.vendor_status == "invited")
        await box.work(row.ref, until="submitted")
        half = await candidates.report(row.ref, memo=None, fresh=None)
        assert half.is_final
        now = half.fetched_at
        assert now is not None
        young = attrs.evolve(half, session=attrs.evolve(half.session, created_at=now))
        assert candidates.again(young, reads=1) == now + timedelta(hours=1)
        old = attrs.evolve(half, session=attrs.evolve(half.session, created_at=now - timedelta(days=15)))
        assert candidates.again(old, reads=1) is None
        await box.work(row.ref)
        whole = await candidates.report(SessionRef.parse(str(row.ref)), memo=None, fresh=None)
        assert whole.score is not None
        assert candidates.again(whole, reads=2) is None
