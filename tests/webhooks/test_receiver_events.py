"""What follows from a delivery: looked for, fetched back, stored, and handed over once; on the sandbox."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest

from interviewkit import Candidate, EventType, InviteLedger, SessionStatus, WebhookEvent
from interviewkit.errors import InterviewKitError, StoreError
from interviewkit.harvest import Harvester, Store
from interviewkit.harvest.erase import forget
from interviewkit.ledger.operations import Intent
from interviewkit.sandbox import Fault, Forgery
from interviewkit.webhooks import DeadLetters, EventState, Inbox, Schedule, WebhookReceiver

from .hooks import (
    CODILITY,
    REMOTEINTERVIEW,
    SECRETS,
    SOON,
    TOKEN,
    Setup,
    body_of,
    edited,
    receiving,
    until,
)

DONE, REFUSED, RECEIVED, FAILED = EventState.DONE, EventState.REFUSED, EventState.RECEIVED, EventState.FAILED
BOTH = pytest.mark.parametrize("account", [CODILITY, REMOTEINTERVIEW])


@pytest.fixture
def sqlite(tmp_path: Path) -> Path:
    """A store in a file, for what no database does in another way."""
    return tmp_path / "store.db"


async def finished(setup: Setup, account: str = CODILITY, **more: Any) -> Any:
    """Somebody is invited and finishes; the vendor's webhooks are answered."""
    made = await setup.invite(account, **more)
    await setup.box.work(made.ref, settle=True)
    return made


# --- the whole round -------------------------------------------------------------------------------------------------


@BOTH
async def test_an_event_brings_the_fetched_report_into_the_store_and_to_the_callback(
    store_url: str, account: str
) -> None:
    async with receiving(store_url) as setup:
        made = await finished(setup, account)
        await setup.settled()
        (event,) = setup.events
        assert (event.type, event.account, event.ref, event.reference) == (
            EventType.RESULT, account, made.ref, "application-7",
        )  # fmt: skip
        fetched = await setup.hub[account].fetch_report(made.ref)
        assert event.report is not None
        assert event.report.fetched_at is not None
        assert attrs.evolve(event.report, fetched_at=None) == attrs.evolve(fetched, fetched_at=None)
        assert event.report.raw == fetched.raw
        assert await setup.stored() == [str(made.ref)]
        (row,) = await setup.rows()
        assert (row.state, row.ref, row.body, row.headers, row.reference, row.subject) == (
            DONE, str(made.ref), None, None, None, None,
        )  # fmt: skip


@BOTH
async def test_fifty_concurrent_copies_are_one_row_and_one_callback(store_url: str, account: str) -> None:
    async with receiving(store_url) as setup:
        setup.box.webhooks.copies = 50
        await finished(setup, account)
        await setup.settled()
        await setup.box.webhooks.repeat(setup.box.deliveries[0], copies=5)
        await setup.settled()
        assert {one.status for one in setup.box.deliveries} == {200}
        assert [(row.state, row.copies) for row in await setup.rows()] == [(DONE, 55)]
        assert len(setup.events) == 1


@BOTH
async def test_an_event_before_the_invites_answer_is_stored_and_joined_later(store_url: str, account: str) -> None:
    async with receiving(store_url) as setup:
        vendor = setup.box.codility if account == CODILITY else setup.box.remoteinterview
        vendor.hasten()
        made = await setup.invite(account)
        assert [one.status for one in setup.box.deliveries] == [200]
        await setup.settled()
        assert [(event.ref, event.reference) for event in setup.events] == [(made.ref, "application-7")]


@BOTH
async def test_an_invite_whose_answer_was_lost_is_joined_once_it_is_reconciled(sqlite: Path, account: str) -> None:
    async with receiving(sqlite) as setup:
        vendor = setup.box.codility if account == CODILITY else setup.box.remoteinterview
        vendor.hasten()
        vendor.fail(Fault.reset(committed=True), method="POST")
        made = await setup.invite(account)
        await setup.settled()
        assert [(event.ref, event.reference) for event in setup.events] == [(made.ref, "application-7")]


async def test_an_event_waits_no_longer_for_an_invite_than_it_is_told(sqlite: Path) -> None:
    async with receiving(sqlite, schedule=attrs.evolve(SOON, join_within=1.0)) as setup:
        made = await setup.invite(REMOTEINTERVIEW, reference=None)
        elsewhere = Intent(
            account=REMOTEINTERVIEW, provider="remoteinterview", name="invite_candidate",
            request={"candidate": {"email": "Analyst@example.com"}},
        )  # fmt: skip
        await setup.ledger.journal.claim([elsewhere], holder="elsewhere", lease_seconds=60)
        await setup.box.work(made.ref, settle=True)
        await asyncio.sleep(0.1)
        assert (setup.events, await setup.states()) == ([], [RECEIVED])
        await setup.settled()
        assert [(event.ref, event.reference) for event in setup.events] == [(made.ref, None)]


# --- not believed ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", [how for how in Forgery if how is not Forgery.OTHER_SESSION])
async def test_a_forged_delivery_is_never_believed(sqlite: Path, how: Forgery) -> None:
    async with receiving(sqlite, box={"callback_token": TOKEN}, tokens={CODILITY: TOKEN}) as setup:
        made = await setup.invite()
        await setup.box.work(made.ref, until="started", settle=True)
        forged = await setup.box.forge(made.ref, how)
        expected = {Forgery.MADE_UP: 200, Forgery.WRONG_PATH: 404}.get(how, 401)
        await setup.settled()
        assert forged.status == expected
        assert await setup.states() == ([REFUSED] if how is Forgery.MADE_UP else [])
        assert (setup.events, await setup.stored()) == ([], [])


async def test_another_sessions_event_is_refused_at_a_sessions_own_url(sqlite: Path) -> None:
    async with receiving(sqlite) as setup:
        url = setup.receiver.callback_url(CODILITY, reference="application-7")
        made = await setup.invite(callback_url=url)
        other = await setup.invite(reference="application-8", candidate=Candidate(email="tester@example.com"))
        forged = await setup.box.forge(made.ref, "other_session", other=other.ref)
        assert forged.status == 403
        assert await setup.rows() == []
        await setup.box.work(made.ref, settle=True)
        await setup.settled()
        assert [event.reference for event in setup.events] == ["application-7"]


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body["session"].update(candidate="application-8"),
        lambda body: body["session"].update(create_date="2020-01-01T00:00:00Z"),
    ],
)  # fmt: skip
async def test_a_delivery_that_the_vendor_tells_in_another_way_is_refused(sqlite: Path, change: Any) -> None:
    async with receiving(sqlite) as setup:
        await finished(setup)
        await setup.settled()
        setup.events.clear()
        path = f"/{CODILITY}/{SECRETS[CODILITY]}"
        assert await setup.post(path, edited(body_of(setup), change)) == 200
        await setup.settled()
        assert (await setup.states(), setup.events) == ([DONE, REFUSED], [])


async def test_a_made_up_score_is_not_what_the_callback_sees(sqlite: Path) -> None:
    async with receiving(sqlite) as setup:
        made = await finished(setup)
        await setup.settled()
        path, honest = f"/{CODILITY}/{SECRETS[CODILITY]}", body_of(setup)
        await setup.post(path, edited(honest, lambda body: body["session"]["evaluation"].update(result=10_000)))
        await setup.settled()
        truth = (await setup.hub[CODILITY].fetch_report(made.ref)).score
        assert [event.report and event.report.score for event in setup.events] == [truth, truth]
        assert [report.score async for report in setup.store.reports()] == [truth]


async def test_an_event_about_a_session_still_under_way_shows_its_true_status(sqlite: Path) -> None:
    async with receiving(sqlite) as setup:
        done, made = await finished(setup), await setup.invite(reference="application-8")
        honest = body_of(setup)
        await setup.box.work(made.ref, until="started", settle=True)
        session = (await setup.hub[CODILITY].get_session(made.ref)).raw

        def claim(body: Any) -> None:
            told = ("url", "id", "candidate", "create_date")
            body["session"] |= {name: session[name] for name in told if name in session}

        await setup.post(f"/{CODILITY}/{SECRETS[CODILITY]}", edited(honest, claim))
        await setup.settled()
        told = {event.ref: event.report and event.report.status for event in setup.events}
        assert told[done.ref] is SessionStatus.COMPLETED
        assert told[made.ref] is SessionStatus.IN_PROGRESS


async def test_without_fetching_back_the_payload_is_taken(store_url: str) -> None:
    async with receiving(store_url, fetch_back=False) as setup:
        await finished(setup)
        await finished(setup, REMOTEINTERVIEW)
        seen = [(seen.method, seen.route) for seen in setup.box.codility.traffic.seen]
        await setup.settled()
        path, honest = f"/{CODILITY}/{SECRETS[CODILITY]}", body_of(setup, 0)
        await setup.post(path, edited(honest, lambda body: body["session"]["evaluation"].update(result=10_000)))
        await setup.settled()
        assert [(one.method, one.route) for one in setup.box.codility.traffic.seen] == seen
        assert len(await setup.stored()) == 2
        assert sorted(str(event.reference) for event in setup.events) == ["application-7"] * 3
        scores = [report.score async for report in setup.store.reports(account=CODILITY)]
        assert [score and score.points for score in scores] == [10_000]


async def test_the_ledger_is_that_of_the_store_unless_told(sqlite: Path) -> None:
    for options in ({"ledger": None}, {"ledger": InviteLedger()}):
        async with receiving(sqlite.with_name(f"{len(str(options))}.db"), **options) as setup:
            await finished(setup, REMOTEINTERVIEW)
            await setup.settled()
            told = "application-7" if options["ledger"] is None else None
            assert [event.reference for event in setup.events] == [told]


# --- which session ---------------------------------------------------------------------------------------------------


async def test_a_candidate_whom_nobody_knows_is_found_by_the_vendors_lists(sqlite: Path) -> None:
    async with receiving(sqlite, writes_down=False) as setup:
        made = await finished(setup, REMOTEINTERVIEW, reference=None)
        await setup.settled()
        assert [(event.ref, event.reference) for event in setup.events] == [(made.ref, None)]


async def test_a_candidate_whom_the_harvest_knows_costs_no_scan(sqlite: Path) -> None:
    async with receiving(sqlite, writes_down=False, max_scan_requests=1) as setup:
        made = await setup.invite(REMOTEINTERVIEW, reference=None)
        async for _ in Harvester(setup.hub, setup.store, accounts=[REMOTEINTERVIEW]).run():
            pass
        await setup.box.work(made.ref, settle=True)
        await setup.settled()
        assert [event.ref for event in setup.events] == [made.ref]


async def test_the_same_person_in_two_tests_is_told_apart(sqlite: Path) -> None:
    async with receiving(sqlite) as setup:
        provider = setup.hub[REMOTEINTERVIEW]
        tests = await provider.list_assessments().collect(limit=2)
        person = Candidate(email="analyst@example.com")
        first = await provider.invite_candidate(tests[0].id, person, reference="first")
        await asyncio.sleep(0.005)
        second = await provider.invite_candidate(tests[1].id, person, reference="second")
        assert first.ref.id == second.ref.id
        await setup.box.work(second.ref, settle=True)
        await setup.settled()
        await setup.box.work(first.ref, settle=True)
        await setup.settled()
        assert [(event.ref, event.reference) for event in setup.events] == [
            (second.ref, "second"), (first.ref, "first"),
        ]  # fmt: skip


async def test_made_up_candidates_do_not_use_up_the_limit(sqlite: Path) -> None:
    async with receiving(sqlite, max_scan_requests=7) as setup:
        vendor, url = setup.box.remoteinterview, setup.receiver.callback_url(REMOTEINTERVIEW)
        for _ in range(20):
            assert (await setup.box.forge(vendor="remoteinterview", url=url)).status == 200

        def lists() -> int:
            return sum(seen.method == "GET" for seen in vendor.traffic.seen)

        await until(lambda: lists() >= 3)
        await asyncio.sleep(0.05)
        assert lists() <= 7
        assert setup.events == []
        made = await finished(setup, REMOTEINTERVIEW)
        await until(lambda: bool(setup.events))
        assert [event.ref for event in setup.events] == [made.ref]  # the ledger knows it: nobody waits


# --- failures --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["reset", "server_error", "rate_limited", "garbage"])
async def test_a_vendor_that_cannot_be_read_is_asked_again(sqlite: Path, fault: str) -> None:
    async with receiving(sqlite, schedule=attrs.evolve(SOON, longest=0.05)) as setup:
        made = await setup.invite()
        make = getattr(Fault, fault)
        setup.box.codility.fail(make(1) if fault == "rate_limited" else make(), method="GET", times=4)
        await setup.box.work(made.ref, settle=True)
        await setup.settled()
        assert await setup.states() == [DONE]
        assert len(setup.events) == 1
        assert (await setup.rows())[0].error is None


async def test_what_fails_for_too_long_is_given_up_and_seen(sqlite: Path) -> None:
    async with receiving(sqlite, schedule=attrs.evolve(SOON, give_up_after=0.3)) as setup:
        made = await setup.invite()
        setup.box.codility.fail(Fault.server_error(500), method="GET", times=None)
        await setup.box.work(made.ref, settle=True)
        await setup.settled()
        (row,) = await setup.rows()
        assert (row.state, row.body) == (FAILED, body_of(setup))
        (status,) = await Inbox(setup.store).status(account=CODILITY)
        assert (status.failed, status.received) == (1, 0)
        assert "VendorUnavailableError" in status.problems[0].error
        await until(lambda: bool(setup.receiver.counters.settled))  # counted after it was written down
        assert setup.receiver.counters.settled == {(CODILITY, "codility", "result", "failed"): 1}


async def test_what_was_given_up_is_tried_anew_when_a_person_asks_for_it(store_url: str) -> None:
    left = [1_000]

    async def fail(event: WebhookEvent) -> None:
        left[0] -= 1
        if left[0] > 0:
            raise RuntimeError

    async with receiving(store_url, on_event=fail, schedule=attrs.evolve(SOON, give_up_after=0.3)) as setup:
        await finished(setup)
        await setup.settled()
        assert await setup.states() == [FAILED]
        left[0] = 3  # one attempt is not enough
        (asked,) = await DeadLetters(setup.store).retry()
        assert (asked.account, "RuntimeError" in asked.error) == (CODILITY, True)
        await setup.settled()
        (row,) = await setup.rows()
        assert (row.state, row.error, row.tries, left) == (DONE, None, 3, [0])


async def test_a_callback_that_raises_is_called_again_until_it_does_not(store_url: str) -> None:
    calls: list[WebhookEvent] = []
    after: list[WebhookEvent] = []

    async def fail_twice(event: WebhookEvent) -> None:
        calls.append(event)
        if len(calls) < 3:
            raise RuntimeError("analyst@example.com")

    async def note(event: WebhookEvent) -> None:
        after.append(event)

    async with receiving(store_url, on_event=[fail_twice, note]) as setup:
        await finished(setup)
        await setup.settled()
        assert (len(calls), len(after)) == (3, 1)
        assert await setup.states() == [DONE]
        assert setup.receiver.counters.retried == {CODILITY: 2}


async def test_a_failing_callback_gives_nothing_of_the_candidate_away(
    sqlite: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(event: WebhookEvent) -> None:
        raise RuntimeError(f"{event.reference} {event.session_id} analyst@example.com")

    caplog.set_level(logging.DEBUG)
    async with receiving(sqlite, on_event=fail, schedule=attrs.evolve(SOON, give_up_after=0.1)) as setup:
        made = await finished(setup)
        await setup.settled()
        (row,) = await setup.rows()
        assert (row.state, "RuntimeError" in row.error) == (FAILED, True)
        logged = "\n".join(one.getMessage() for one in caplog.records if one.name.startswith("interviewkit"))
        assert "RuntimeError" in logged
        for shown in (logged, row.error, repr(await Inbox(setup.store).status())):
            assert not [word for word in ("analyst@example.com", "application-7", made.ref.id) if word in shown]


async def test_a_callback_that_is_slow_keeps_its_event(sqlite: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls, renewals, renew = [], [], Inbox.renew

    async def note(self: Inbox, claimed: Any, **options: Any) -> Any:
        renewals.append(claimed)
        return await renew(self, claimed, **options)

    async def dawdle(event: WebhookEvent) -> None:
        calls.append(event)
        await until(lambda: len(renewals) >= 4)  # that is longer than the lease

    monkeypatch.setattr(Inbox, "renew", note)
    async with receiving(sqlite, on_event=dawdle, lease_seconds=0.9) as setup:
        await finished(setup)
        await setup.settled()
        assert (len(calls), await setup.states()) == (1, [DONE])


async def test_whoever_lost_an_event_calls_nobody_back(sqlite: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[WebhookEvent] = []
    told: list[WebhookEvent] = []

    async def dawdle(event: WebhookEvent) -> None:
        begun.append(event)
        await asyncio.sleep(0.5 if len(begun) == 1 else 0.0)

    async def note(event: WebhookEvent) -> None:
        told.append(event)

    async def fail(_self: Inbox, _claimed: Any, **_options: Any) -> Any:
        raise StoreError("the store is away", retryable=True)

    monkeypatch.setattr(Inbox, "renew", fail)
    async with receiving(sqlite, on_event=[dawdle, note], lease_seconds=0.15) as setup:
        await finished(setup)
        await setup.settled()
        await until(lambda: not setup.receiver.counters.in_flight)
        assert (len(begun), len(told)) == (2, 1)


# --- order and company -----------------------------------------------------------------------------------------------


async def test_events_of_one_session_are_processed_in_the_order_of_their_arrival(sqlite: Path) -> None:
    seen: list[int] = []
    failed: list[int] = []

    async def stumble(event: WebhookEvent) -> None:
        number = event.raw["session"].get("number", -1)
        if number == 0 and len(failed) < 3:
            failed.append(number)
            raise RuntimeError
        seen.append(number)

    async with receiving(sqlite, on_event=stumble, concurrency=8) as setup:
        await finished(setup)
        await setup.settled()
        honest, path = body_of(setup), f"/{CODILITY}/{SECRETS[CODILITY]}"
        for number in range(6):
            await setup.post(path, edited(honest, lambda body, number=number: body["session"].update(number=number)))  # type: ignore[misc]
        await setup.settled()
        assert seen[-6:] == [0, 1, 2, 3, 4, 5]


async def test_a_slow_session_holds_up_no_other(sqlite: Path) -> None:
    gate, seen = asyncio.Event(), []

    async def wait(event: WebhookEvent) -> None:
        if event.reference == "slow":
            await gate.wait()
        seen.append(event.reference)

    async with receiving(sqlite, on_event=wait) as setup:
        await finished(setup, reference="slow")
        await finished(setup, reference="quick", candidate=Candidate(email="tester@example.com"))
        await until(lambda: seen == ["quick"])
        gate.set()
        await setup.settled()
        assert seen == ["quick", "slow"]


async def test_two_receivers_on_one_store_process_each_event_once(store_url: str) -> None:
    others: list[WebhookEvent] = []

    async def note(event: WebhookEvent) -> None:
        others.append(event)

    async with receiving(store_url) as setup, await Store.open(store_url) as store:
        two = WebhookReceiver(setup.hub, store, secrets=SECRETS, on_event=note, schedule=SOON)
        made = [await setup.invite(reference=f"application-{number}") for number in range(12)]
        async with two:
            await asyncio.gather(*(setup.box.work(one.ref, settle=True) for one in made))
            letters = [one.letter for one in setup.box.deliveries if one.letter is not None]
            path = f"/{CODILITY}/{SECRETS[CODILITY]}"
            answers = await asyncio.gather(*(two.receive("POST", path, {}, letter.body) for letter in letters))
            await setup.settled()
        assert {one.status for one in answers} == {200}
        assert [row.copies for row in await setup.rows()] == [2] * 12
        told = [str(event.reference) for event in (*setup.events, *others)]
        assert sorted(told) == sorted(f"application-{number}" for number in range(12))


# --- erased people ---------------------------------------------------------------------------------------------------


@BOTH
async def test_a_person_who_is_erased_before_the_processing_leaves_no_trace(
    store_url: str, account: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INTERVIEWKIT_ERASURE_KEY", "cd" * 32)
    async with receiving(store_url, start=False) as setup:
        await finished(setup, account)
        body = body_of(setup)
        assert await setup.states() == [RECEIVED]
        from interviewkit.harvest.erasures import hash_of_email, insert

        async with setup.store.writing() as connection:
            key = bytes.fromhex("cd" * 32)
            now = await setup.store.now(connection)
            await insert(connection, key, [hash_of_email(key, "analyst@example.com")], now)
        async with setup.receiver:
            await setup.settled()
        assert (await setup.rows(), await setup.stored(), setup.events) == ([], [], [])
        await until(lambda: bool(setup.receiver.counters.settled))
        assert setup.receiver.counters.settled == {(account, account.partition("-")[2], "result", "forgotten"): 1}
        assert await setup.post(f"/{account}/{SECRETS[account]}", body) == 200
        assert await setup.rows() == []


async def test_a_harvest_does_not_bring_back_whom_forget_erased(sqlite: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTERVIEWKIT_ERASURE_KEY", "cd" * 32)
    async with receiving(sqlite) as setup:
        made = await finished(setup)
        await setup.settled()
        assert await setup.stored() == [str(made.ref)]
        await forget(setup.store, email="analyst@example.com")
        assert await setup.stored() == []
        await setup.box.webhooks.repeat(setup.box.deliveries[0])
        await setup.settled()
        assert (await setup.stored(), len(setup.events)) == ([], 1)


# --- life ------------------------------------------------------------------------------------------------------------


async def test_what_an_earlier_process_left_is_picked_up(store_url: str) -> None:
    async with receiving(store_url, start=False) as setup:
        await finished(setup)
        assert await setup.states() == [RECEIVED]
        async with setup.receiver:
            await setup.settled()
        assert (await setup.states(), len(setup.events)) == ([DONE], 1)


async def test_closing_lets_an_event_end_and_begins_no_other(sqlite: Path) -> None:
    begun, gate = asyncio.Event(), asyncio.Event()

    async def wait(_event: WebhookEvent) -> None:
        begun.set()
        await gate.wait()

    async with receiving(sqlite, on_event=wait, concurrency=1, start=False) as setup:
        await finished(setup)
        await finished(setup, reference="application-8", candidate=Candidate(email="tester@example.com"))
        await setup.receiver.start()
        await begun.wait()
        closing = asyncio.create_task(setup.receiver.aclose())
        await asyncio.sleep(0.02)
        assert not closing.done()
        gate.set()
        await closing
        assert sorted(await setup.states()) == [DONE, RECEIVED]
        await setup.receiver.start()
        await setup.settled()
        await setup.receiver.aclose()
        assert await setup.states() == [DONE, DONE]


async def test_an_event_that_does_not_end_in_time_is_given_back_at_once(sqlite: Path) -> None:
    begun = asyncio.Event()

    async def hang(_event: WebhookEvent) -> None:
        begun.set()
        await asyncio.Event().wait()

    async with receiving(sqlite, on_event=hang, grace=0.02, start=False) as setup:
        await finished(setup)
        await setup.receiver.start()
        await begun.wait()
        await setup.receiver.aclose()
        (row,) = await setup.rows()
        assert (row.state, row.holder, row.lease_until, row.tries) == (RECEIVED, None, None, 0)
        assert row.due_at <= datetime.now(UTC) + timedelta(milliseconds=50)


async def test_a_receiver_is_started_once(sqlite: Path) -> None:
    async with receiving(sqlite) as setup:
        with pytest.raises(InterviewKitError, match="started already"):
            await setup.receiver.start()


async def test_without_renewal_of_its_leases_nothing_is_processed_until_it_is_started_anew(
    sqlite: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[WebhookEvent] = []

    async def wait(event: WebhookEvent) -> None:
        begun.append(event)
        if len(begun) == 1:
            await asyncio.Event().wait()

    renew = Inbox.renew

    async def broken(inbox: Inbox, claimed: Any, **options: Any) -> Any:
        if begun:
            raise RuntimeError
        return await renew(inbox, claimed, **options)

    async with receiving(sqlite, on_event=wait, lease_seconds=0.1) as setup:
        with monkeypatch.context() as patched:
            patched.setattr(Inbox, "renew", broken)
            await finished(setup)
            await until(lambda: not setup.receiver.is_processing)
            assert (len(begun), await setup.states()) == (1, [RECEIVED])
        await setup.receiver.start()
        await setup.settled()
        assert (len(begun), await setup.states()) == (2, [DONE])


async def test_a_store_that_is_closed_ends_the_processing(sqlite: Path) -> None:
    async with receiving(sqlite) as setup:
        running = setup.receiver._running
        await setup.store.aclose()
        assert running is not None
        assert running.done()
        assert not setup.receiver.is_processing


async def test_reports_can_be_kept_out_of_the_harvests_tables(sqlite: Path) -> None:
    async with receiving(sqlite, store_reports=False) as setup:
        await finished(setup)
        await setup.settled()
        assert (len(setup.events), await setup.stored()) == (1, [])


@pytest.mark.parametrize("name", ["first", "longest", "give_up_after", "join_within", "look_every"])
def test_a_schedule_without_sense_is_refused(name: str) -> None:
    for value in (0, -1, True, "1"):
        with pytest.raises(InterviewKitError, match=name):
            Schedule(**{name: value})  # type: ignore[arg-type]


def test_pauses_grow_from_a_second_to_an_hour_and_hear_the_vendor() -> None:
    from interviewkit import RateLimitedError

    schedule = Schedule()
    assert [schedule.pause(tries) for tries in (0, 1, 2, 11, 12, 10_000)] == [1, 2, 4, 2048, 3600, 3600]
    assert schedule.pause(0, RateLimitedError("wait", retry_after=90.0)) == 90
    assert schedule.pause(0, RateLimitedError("wait", retry_after=1e9)) == 3600
