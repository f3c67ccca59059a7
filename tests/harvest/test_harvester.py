"""The harvester on the sandbox: floors of requests, exact changes, budgets, turns, and nothing left running."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import attrs
import pytest
from sqlalchemy import text

import interviewkit as ik
from interviewkit.harvest import Change, Harvester, Progress, Store, schema
from interviewkit.harvest.outcomes import State
from interviewkit.harvest.slices import Next
from interviewkit.http.limits import WindowLimiter
from interviewkit.plan import HarvestPlan
from interviewkit.sandbox import Fault, Sandbox, VirtualClock

from .scripted import Entry, Pass, Vendor, place

VENDORS = ["coderpad", "remoteinterview", "codility"]
NEVER_AGAIN = ik.RetryPolicy(attempts=1)


@attrs.define
class Scene:
    """A sandbox, its accounts and a store; the harvest goes by the sandbox's clock, which stands still unless moved."""

    box: Sandbox
    hub: ik.Hub
    store: Store

    async def sleep(self, seconds: float) -> None:
        self.box.clock.advance(seconds)

    def harvester(self, **options: Any) -> Harvester:
        return Harvester(self.hub, self.store, **{"clock": self.box.clock.now, "sleep": self.sleep, **options})

    async def harvest(self, **options: Any) -> Pass:
        """One pass, a second after the last one."""
        self.box.clock.advance(1)
        for vendor in self.box.vendors:
            vendor.counts.clear()
        harvester = self.harvester(**options)
        return Pass([outcome async for outcome in harvester.run()], harvester.summary)

    def asked(self, vendor: str, route: str = "") -> int:
        (one,) = [each for each in self.box.vendors if each.name == vendor]
        return sum(number for (_, path), number in one.counts.items() if route in path)

    async def stored(self) -> dict[str, tuple[int, bool]]:
        records = self.store.records(include_deleted=True)
        return {str(one.report.ref): (one.seq, one.deleted_at is not None) async for one in records}


@asynccontextmanager
async def scene(folder: Path, *vendors: str, sessions: int = 90, **options: Any) -> AsyncIterator[Scene]:
    options = {"strict_limits": False, "clock": VirtualClock(frozen=True), **options}
    async with Sandbox(sessions=sessions, **options) as box:
        chosen = vendors or VENDORS
        providers = [connected(box, vendor) for vendor in chosen]
        async with ik.Hub(providers) as hub, await Store.open(folder / "store.db") as store:
            yield Scene(box, hub, store)


def connected(box: Sandbox, vendor: str, **options: Any) -> Any:
    async def sleep(seconds: float) -> None:
        box.clock.advance(seconds)

    account = {name: value for name, value in box.accounts[f"sandbox-{vendor}"].items() if name != "provider"}
    # A limiter of its own: the one that is shared in a process could still be another test's.
    usual = {"account": vendor, "retry": NEVER_AGAIN, "clock": box.clock.timestamp, "sleep": sleep}
    usual["limiter"] = WindowLimiter(options.pop("limit", None))
    return ik.connect(vendor, **{**account, **usual, **options})


def details(where: Scene, vendor: str) -> int:
    """Requests that were no list."""
    routes = {
        "coderpad": ("/api/pads",), "codility": ("/api/sessions/",),
        "remoteinterview": ("/1/tests", "/1/tests/{test_id}/candidates", "/1/pads"),
    }  # fmt: skip
    (one,) = [each for each in where.box.vendors if each.name == vendor]
    return sum(number for (_, path), number in one.counts.items() if path not in routes[vendor])


# --- as few requests as can be ---


async def test_a_second_harvest_of_nothing_new_asks_for_lists_only(tmp_path: Path) -> None:
    async with scene(tmp_path) as here:
        first = await here.harvest()
        assert first.summary.ok
        tests = here.asked("remoteinterview", "/candidates") - here.asked("remoteinterview", "/report")
        for wait in (0, 3600):  # at once, and at the next interval
            here.box.clock.advance(wait)
            again = await here.harvest()
            reread = details(here, "remoteinterview"), details(here, "codility")
            assert again.summary.ok
            assert here.asked("coderpad") <= 2
            assert here.asked("remoteinterview") - reread[0] == 1 + tests + 1
            if not wait:
                assert reread == (0, 0)
                assert again.outcomes == []
                assert 0 < again.summary.total("unchanged") <= first.summary.total("new")
        assert here.box.violations == []


async def test_what_is_stored_is_what_there_is(tmp_path: Path) -> None:
    async with scene(tmp_path) as here:
        found = await here.harvest()
        there = set(here.box.refs())
        stored = await here.stored()
        assert set(stored) <= there
        assert sorted(seq for seq, _ in stored.values()) == list(range(1, len(stored) + 1))
        assert found.summary.total("new") == len(stored) == len(found.outcomes)
        items = {row["ref"]: row for row in await rows(here.store, schema.item)}
        assert set(items) == there
        waiting = {ref for ref in there if ref not in stored}
        assert all(items[ref]["reads"] == 0 for ref in waiting)  # not submitted, or not started
        for report in [one async for one in here.store.reports()][::7]:
            again = await here.hub[report.account].fetch_report(report.ref)
            assert (again.status, again.score, len(again.tasks)) == (report.status, report.score, len(report.tasks))


@pytest.mark.parametrize("vendor", VENDORS)
async def test_late_changes_and_deletions_cost_a_detail_each_and_no_more(tmp_path: Path, vendor: str) -> None:
    async with scene(tmp_path, vendor) as here:
        await here.harvest()
        before = await here.stored()
        final = sorted({row["ref"] for row in await rows(here.store, schema.item) if row["phase"] == "final"})
        touched, removed = final[:3], final[3:5]
        here.box.clock.advance(86400)
        for ref in touched:
            here.box.touch(ref)
        for ref in removed:
            here.box.remove(ref)
        expected = {row["ref"] for row in await rows(here.store, schema.item) if is_due(row, here)}
        found = await here.harvest()
        told = {str(one.ref): one.change for one in found.outcomes}
        assert {ref for ref, change in told.items() if change is Change.CHANGED} >= set(touched)
        assert {ref for ref, change in told.items() if change is Change.GONE} == set(removed)
        assert set(told) - expected == {*touched, *removed}
        after = await here.stored()
        assert {ref for ref, (_, deleted) in after.items() if deleted} == set(removed)
        assert {ref for ref in before if after[ref] != before[ref]} >= {*touched, *removed}
        if vendor != "coderpad":  # whose reports have several parts
            assert details(here, vendor) == len(touched) + len(expected)
        assert (await here.harvest()).outcomes == []


def is_due(row: dict[str, Any], here: Scene) -> bool:
    return row["due_at"] is not None and row["due_at"] <= here.box.clock.now()


async def rows(store: Store, table: Any) -> list[dict[str, Any]]:
    async with store.reading() as connection:
        return [dict(row) for row in (await connection.execute(table.select())).mappings()]


async def test_a_candidate_is_followed_from_the_invitation_to_the_result(tmp_path: Path) -> None:
    async with scene(tmp_path, "codility") as here:
        provider = here.hub["codility"]
        assessment = await provider.list_assessments().first()
        assert assessment is not None
        await here.harvest()
        invited = await provider.invite_candidate(assessment.id, ik.Candidate(email="new@example.com", name="N. Ew"))
        ref = invited.ref
        assert (await here.harvest()).outcomes == []  # nothing to read yet
        await here.box.work(ref, until="submitted")
        assert (await here.harvest()).outcomes == []  # candidates of this test take longer
        told = []
        for stage in ("submitted", "submitted", "evaluated", "evaluated", "evaluated", "evaluated"):
            await here.box.work(ref, until=stage)
            here.box.clock.advance(3600)
            told += [(one.change, one.report.is_final) for one in (await here.harvest()).outcomes if one.report]
        assert told == [(Change.NEW, False), (Change.UNCHANGED, False), (Change.CHANGED, True)]


async def test_an_open_pad_is_read_again_until_it_is_closed(tmp_path: Path) -> None:
    async with scene(tmp_path, "remoteinterview", sessions=3) as here:
        provider = here.hub["remoteinterview"]
        pad = await provider.create_session(title="Pairing")
        first = await here.harvest()
        assert any(one.ref == pad.ref and one.report and not one.report.is_final for one in first.outcomes)
        here.box.clock.advance(3600)
        again = await here.harvest()
        assert [one.change for one in again.outcomes if one.ref == pad.ref] == [Change.UNCHANGED]
        await provider.end_session(pad.ref)
        last = await here.harvest()
        assert [one.report.is_final for one in last.outcomes if one.ref == pad.ref and one.report] == [True]
        here.box.clock.advance(86400 * 3)
        assert [one for one in (await here.harvest()).outcomes if one.ref == pad.ref] == []


# --- limits and budgets ---


async def test_a_budget_is_never_exceeded_and_the_next_run_goes_on(tmp_path: Path) -> None:
    async with scene(tmp_path, sessions=60) as here:
        whole, passes = 0, 0
        while True:
            found = await here.harvest(max_requests=20)
            sent = sum(here.asked(vendor) for vendor in VENDORS)
            assert sent == found.summary.total("requests") <= 20
            whole, passes = whole + sent, passes + 1
            if all(one.state is State.DONE for one in found.summary.accounts):
                break
            assert {one.state for one in found.summary.accounts} <= {State.BUDGET, State.DONE}
            assert passes < 15
        assert passes > 2
        stored = await here.stored()
    (tmp_path / "other").mkdir()
    async with scene(tmp_path / "other", sessions=60) as here:
        undisturbed = await here.harvest()
        assert set(await here.stored()) == set(stored)
        assert whole <= undisturbed.summary.total("requests") + 8 * passes  # lists are read again


async def test_a_budget_smaller_than_a_report_is_no_endless_loop(tmp_path: Path) -> None:
    vendor = Vendor(sessions=3)
    vendor.sessions.entries["s001"].requests = 9
    async with place(tmp_path / "store.db", vendor) as here, asyncio.timeout(10):
        found = await here.harvest(max_requests=5)
        assert sorted(found.of(Change.NEW)) == ["s000", "s002"]
        assert found.account.state is State.BUDGET


async def test_the_limit_holds_in_every_window_over_several_runs(tmp_path: Path) -> None:
    async with scene(tmp_path, "codility", sessions=60, strict_limits=True) as here:
        limited = connected(here.box, "codility", limit=ik.RateLimit(7, 100.0))
        async with ik.Hub([limited]) as hub:
            for _ in range(2):
                harvester = Harvester(hub, here.store, clock=here.box.clock.now, sleep=here.sleep, concurrency=4)
                found = [one async for one in harvester.run()]
                assert harvester.summary.ok
        assert len(found) == 0
        assert len(await here.stored()) > 10
        codility = here.box.codility
        assert codility.busiest(99.9) <= 7
        assert harvester.summary.total("throttled") == 0


async def test_a_429_of_the_vendor_is_waited_for(tmp_path: Path) -> None:
    async with scene(tmp_path, "codility", sessions=30) as here:
        here.box.codility.fail(Fault.rate_limited(30), times=2)
        began = here.box.clock.now()
        found = await here.harvest()
        assert found.summary.ok
        assert found.account.throttled == 2
        assert (here.box.clock.now() - began).total_seconds() >= 60


async def test_the_vendors_server_errors_cost_no_report(tmp_path: Path) -> None:
    async with scene(tmp_path, sessions=45) as here:
        for vendor in here.box.vendors:
            vendor.fail(Fault.server_error(503), route="/api/*/*", times=4)
            vendor.fail(Fault.reset(), route="/1/*/*/*", times=3)
        first = await here.harvest()
        assert first.summary.total("failed") > 0
        for _ in range(4):
            here.box.clock.advance(600)
            last = await here.harvest()
        assert last.summary.ok
        stored = await here.stored()
    (tmp_path / "other").mkdir()
    async with scene(tmp_path / "other", sessions=45) as here:
        await here.harvest()
        assert set(await here.stored()) == set(stored)


# --- accounts side by side ---


async def test_one_accounts_failure_stops_no_other(tmp_path: Path) -> None:
    class Broken(Vendor):
        def harvest_plan(self) -> HarvestPlan:
            raise ZeroDivisionError("a bug with jane@example.com in its text")

    refused, healthy = Vendor("refused", sessions=3), Vendor("healthy", sessions=3)
    refused.sessions.error = ik.AuthenticationError("no", status=401)
    odd = Vendor("odd", sessions=3)
    odd.sessions.error = KeyError("jane@example.com")
    async with place(tmp_path / "store.db", Broken("broken"), refused, odd, healthy) as here:
        found = await here.harvest()
        assert [(one.account, one.state, one.new) for one in found.summary.accounts] == [
            ("broken", State.FAILED, 0), ("refused", State.PARKED, 0), ("odd", State.FAILED, 0),
            ("healthy", State.DONE, 3),
        ]  # fmt: skip
        assert not found.summary.ok
        assert all(one.error is not None and "jane" not in str(one.error) for one in found.summary.accounts[:3])


async def test_accounts_with_the_same_credentials_take_turns(tmp_path: Path) -> None:
    async with scene(tmp_path, "codility", sessions=30) as here:
        twin = connected(here.box, "codility", account="twin")
        async with ik.Hub([connected(here.box, "codility"), twin]) as hub, asyncio.timeout(20):
            harvester = Harvester(hub, here.store)
            async for _ in harvester.run():
                pass
        assert [one.state for one in harvester.summary.accounts] == [State.DONE, State.DONE]
        assert {one.new for one in harvester.summary.accounts} == {harvester.summary.accounts[0].new}
        assert len({row["scope"] for row in await rows(here.store, schema.account)}) == 1


async def test_an_account_in_other_hands_is_told_to_be_busy(tmp_path: Path) -> None:
    vendor = Vendor(sessions=3)
    async with place(tmp_path / "store.db", vendor, Vendor("free", sessions=2)) as here:
        here.store.lease_seconds = 30.0
        lease = await here.store.lease("acme", scope="account:acme", provider="scripted")
        assert lease is not None
        async with lease:
            here.store.lease_seconds = 0.1  # the run waits for two of them
            found = await here.harvest(sleep=asyncio.sleep)
        assert [one.state for one in found.summary.accounts] == [State.BUSY, State.DONE]
        assert len(vendor.sessions.pages) == 0


async def test_a_slice_says_how_to_go_on(tmp_path: Path) -> None:
    vendor = Vendor(sessions=3)
    async with place(tmp_path / "store.db", vendor) as here:
        harvester = Harvester(here.hub, here.store, clock=here.clock)
        assert (await harvester.run_slice("acme", seconds=0.0)).state is Next.MORE
        done = await harvester.run_slice("acme")
        assert (done.state, (done.until - here.clock.now).total_seconds()) == (Next.DONE, 3600)  # type: ignore[operator]
        here.clock.advance(hours=2)
        vendor.sessions.error = ik.VendorUnavailableError("away", status=503)
        wait = await harvester.run_slice("acme")
        assert (wait.state, (wait.until - here.clock.now).total_seconds()) == (Next.WAIT, 600)  # type: ignore[operator]
        vendor.sessions.error = ik.AuthenticationError("no", status=401)
        here.clock.advance(hours=1)
        assert (await harvester.run_slice("acme")).state is Next.PARKED
        lease = await here.store.lease("acme", scope="another", provider="scripted")
        assert lease is not None
        assert (await harvester.run_slice("acme")).state is Next.BUSY


async def test_the_next_due_report_is_earlier_than_the_next_list(tmp_path: Path) -> None:
    vendor = Vendor(sessions=2)
    async with place(tmp_path / "store.db", vendor) as here:
        vendor.sessions.entries["s001"].due = here.clock.now.replace(minute=20)
        found = await here.harvest()
        assert found.account.next_due == here.clock.now.replace(minute=20, second=0)
        early = await here.harvest(only_due=True)
        assert (early.account.state, early.outcomes) == (State.NOT_DUE, [])
        here.clock.advance(minutes=20)
        assert (await here.harvest(only_due=True)).of(Change.NEW) == ["s001"]


# --- the run itself ---


async def test_arguments_that_make_no_sense_are_refused(tmp_path: Path) -> None:
    async with place(tmp_path / "store.db", Vendor()) as here:
        for wrong in (
            {"accounts": ["nobody"]}, {"since": datetime(2026, 1, 1)}, {"max_requests": 0}, {"concurrency": 0},  # noqa: DTZ001
            {"interval": 0}, {"sweep_every": 0}, {"reserve": 1.0}, {"reserve": -0.1},
        ):  # fmt: skip
            with pytest.raises(ik.InvalidArgumentError):
                Harvester(here.hub, here.store, **wrong)  # type: ignore[arg-type]


async def test_only_the_accounts_asked_for_are_harvested_and_each_once(tmp_path: Path) -> None:
    async with place(tmp_path / "store.db", Vendor("first", sessions=2), Vendor("second", sessions=2)) as here:
        found = await here.harvest(accounts=["second", "second"])
        assert [(one.account, one.new) for one in found.summary.accounts] == [("second", 2)]


async def test_a_harvester_runs_once_at_a_time(tmp_path: Path) -> None:
    async with place(tmp_path / "store.db", Vendor(sessions=3)) as here:
        harvester = Harvester(here.hub, here.store)
        async with aclosing(harvester.run()) as running:
            await anext(running)
            with pytest.raises(ik.InvalidArgumentError, match="running already"):
                await anext(harvester.run())
        async for _ in harvester.run():
            pass
        assert harvester.summary.accounts[0].state is State.DONE
        assert len(await here.stored()) == 3


@pytest.mark.parametrize("sessions", [20, 600])
async def test_who_leaves_the_loop_early_leaves_nothing_running(tmp_path: Path, sessions: int) -> None:
    vendor = Vendor(sessions=sessions)
    vendor.sessions.size = 1000
    before = asyncio.all_tasks()
    async with place(tmp_path / "store.db", vendor) as here:
        harvester = Harvester(here.hub, here.store)
        async for _ in harvester.run():
            if sessions > 300:  # more outcomes than the queue holds
                await asyncio.sleep(0.3)
            break
        gc.collect()
        async with asyncio.timeout(5):
            while asyncio.all_tasks() != before:  # noqa: ASYNC110
                await asyncio.sleep(0.005)  # the loop ends the generator
        assert harvester.summary.accounts[0].state is State.STOPPED
        assert harvester.summary.ended_at is not None
        found = await here.harvest()
        assert found.account.state is State.DONE
        assert len(await here.stored()) == sessions


async def test_stop_finishes_what_is_in_flight_and_the_next_run_goes_on(tmp_path: Path) -> None:
    async with scene(tmp_path, "codility", sessions=60) as here:
        harvester = here.harvester(concurrency=4)
        told = []
        async for outcome in harvester.run():
            told.append(outcome)
            harvester.stop()
        first = harvester.summary.accounts[0]
        assert (first.state, harvester.summary.ok) == (State.STOPPED, False)
        assert details(here, "codility") == len(told) == len(await here.stored()) == first.new <= 8
        rest = await here.harvest()
        assert rest.account.state is State.DONE
        assert details(here, "codility") == rest.account.new == len(await here.stored()) - first.new


async def test_progress_is_told_as_it_goes(tmp_path: Path) -> None:
    seen: list[Progress] = []
    async with scene(tmp_path, "codility", sessions=45) as here:
        found = await here.harvest(progress=seen.append)
        assert [one.reports for one in seen] == sorted(one.reports for one in seen)
        assert seen[-1].reports == found.account.new
        assert max(one.expected for one in seen) == found.account.new
        assert seen[-1].requests == here.asked("codility")
        assert {one.remaining for one in seen} == {None}


async def test_a_callback_that_fails_ends_the_run_with_its_own_error(tmp_path: Path) -> None:
    def fail(_progress: Progress) -> None:
        raise ZeroDivisionError

    async with place(tmp_path / "store.db", Vendor(sessions=3)) as here:
        with pytest.raises(ZeroDivisionError):
            await here.harvest(progress=fail)


async def test_watching_harvests_each_account_at_its_interval(tmp_path: Path) -> None:
    vendor = Vendor(sessions=3)
    async with place(tmp_path / "store.db", vendor) as here, asyncio.timeout(20):
        began = here.clock.now
        times: list[float] = []
        vendor.sessions.before_page = lambda _number: times.append((here.clock.now - began).total_seconds())
        harvester = Harvester(here.hub, here.store, clock=here.clock, sleep=here.clock.sleep, interval=900)
        counts = []
        async for outcome in harvester.watch():
            counts.append(outcome.change)
            if len(times) < 4:
                vendor.sessions.entries[f"t{len(times)}"] = Entry()
            else:
                harvester.stop()
        assert times == [0, 900, 1800, 2700]
        assert counts == [Change.NEW] * 6
        runs = await here.rows(schema.run)
        assert [(row["new"], row["unchanged"], row["account"]) for row in runs] == [
            (3, 0, "acme"), (1, 3, "acme"), (1, 4, "acme"), (1, 5, "acme"),
        ]  # fmt: skip
        assert [(row["started_at"] - began).total_seconds() for row in runs] == [0, 900, 1800, 2700]
        assert harvester.summary.accounts[0].state is State.STOPPED


async def test_the_history_tells_how_each_pass_of_slices_ended(tmp_path: Path) -> None:
    vendor = Vendor(sessions=3)
    vendor.sessions.entries["s001"].error = ik.VendorUnavailableError("away", status=503)
    async with place(tmp_path / "store.db", vendor) as here:
        harvester, began = Harvester(here.hub, here.store, clock=here.clock), here.clock.now
        here.clock.advance(minutes=1)
        await harvester.run_slice("acme", seconds=0.0)
        here.clock.advance(minutes=1)
        await harvester.run_slice("acme")
        here.clock.advance(hours=2)
        vendor.sessions.error = ik.VendorUnavailableError("away", status=503)
        await harvester.run_slice("acme")
        runs = await here.rows(schema.run)
    assert [(row["started_at"] - began).total_seconds() / 60 for row in runs] == [1, 122]
    assert [(row["state"], row["new"], row["failed"]) for row in runs] == [("done", 2, 1), ("failed", 0, 1)]


async def test_a_store_that_fails_ends_the_run_with_its_error(tmp_path: Path) -> None:
    vendor = Vendor(sessions=3)
    async with place(tmp_path / "store.db", vendor) as here:
        async with here.store.writing() as connection:
            await connection.execute(text("DROP TABLE report"))
        with pytest.raises(ik.StoreError):
            await here.harvest()
        assert len(vendor.sessions.read) == 3
