"""Writes that fail: every way at every vendor, the commit log that judges them, lists that lag, clocks that are off."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import web

from interviewkit.sandbox import Fault, Sandbox
from interviewkit.sandbox.plays import NoAnswer, play
from interviewkit.sandbox.vendor import Vendor
from interviewkit.sandbox.world.lag import Index, Lag

from .client import Answer, Client
from .conftest import open_box
from .test_faults import CUT

INVITE = "/api/tests/{test_id}/invite/"
SILENCE = 0.02


async def invite(client: Client, size: int = 1) -> Answer:
    test = client.box.codility.sessions.tests[0].id
    people = [{"id": f"c{number}", "email": f"c{number}@example.com"} for number in range(size)]
    return await client.codility("POST", f"/api/tests/{test}/invite/", json={"candidates": people})


async def whiteboard(client: Client) -> Answer:
    return await client.codility("POST", "/api/codelive/create_whiteboard/", json={"room_name": "Harbour"})


async def mail(client: Client) -> Answer:
    ident = next(client.box.codility.sessions.ids())
    return await client.codility("POST", f"/api/sessions/{ident}/email/", json={})


async def report(client: Client) -> Answer:
    test = client.box.remoteinterview.applicants.tests[0].id
    return await client.tests("POST", f"/1/tests/{test}/candidates", json={"email": "robin@example.com"})


async def live(client: Client) -> Answer:
    return await client.pads("POST", "/1/pads/new", json={"name": "Pairing"})


async def pad(client: Client) -> Answer:
    return await client.coderpad("POST", "/api/pads", data={"language": "go", "title": "Pairing", "notes": "mark-1"})


Write = Callable[[Client], Awaitable[Answer]]
WRITES: dict[str, tuple[str, Write]] = {
    "invite": ("codility", invite),
    "whiteboard": ("codility", whiteboard),
    "mail": ("codility", mail),
    "report": ("remoteinterview", report),
    "live": ("remoteinterview", live),
    "pad": ("coderpad", pad),
}
FAULTS = {
    "error before": (Fault.server_error(502), 0, 502),
    "error after": (Fault.server_error(500, committed=True), 1, 500),
    "reset before": (Fault.reset(), 0, None),
    "reset after": (Fault.reset(committed=True), 1, None),
    "silence before": (Fault.timeout(SILENCE), 0, None),
    "silence after": (Fault.timeout(SILENCE, committed=True), 1, None),
    "truncated": (Fault.truncated(), 1, None),
}


def vendor_of(client: Client, write: str) -> Vendor:
    vendor: Vendor = getattr(client.box, WRITES[write][0])
    return vendor


async def status(client: Client, write: str) -> int | None:
    try:
        return (await WRITES[write][1](client)).status
    except CUT:
        return None


@pytest.mark.parametrize("fault", list(FAULTS))
@pytest.mark.parametrize("write", list(WRITES))
async def test_every_write_can_fail_before_and_after_it_took_effect(client: Client, write: str, fault: str) -> None:
    ordered, writes, answer = FAULTS[fault]
    vendor = vendor_of(client, write)
    vendor.fail(ordered, method="POST")
    assert await status(client, write) == answer
    assert len(vendor.commits) == writes
    assert await status(client, write) in {200, 201}
    assert vendor.played == {ordered.label: 1}


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something that is about to be so."""
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.002)


@pytest.mark.parametrize("write", list(WRITES))
async def test_every_write_can_take_effect_after_the_client_is_gone(client: Client, write: str) -> None:
    vendor = vendor_of(client, write)
    vendor.fail(Fault.late_commit(0.1), method="POST")
    assert (await status(client, write), len(vendor.commits)) == (None, 0)
    await until(lambda: len(vendor.commits) == 1)


@pytest.mark.parametrize(
    ("fault", "at_once", "later"),
    [(Fault.timeout(3600), 0, 0), (Fault.timeout(3600, committed=True), 1, 1), (Fault.latency(0.1), 0, 1)],
    ids=["never", "before", "after"],
)
async def test_a_client_that_waits_no_longer_learns_nothing(
    client: Client, fault: Fault, at_once: int, later: int
) -> None:
    vendor = client.box.codility
    vendor.fail(fault, method="POST")
    waiting = asyncio.create_task(invite(client))
    await until(lambda: len(vendor.seen) == 1 and len(vendor.commits) == at_once)
    waiting.cancel()
    await asyncio.wait([waiting])
    assert (waiting.cancelled(), len(vendor.commits)) == (True, at_once)
    await until(lambda: len(vendor.commits) == later)


async def test_a_silence_ends_when_the_client_has_gone() -> None:
    async def proceed() -> web.StreamResponse:
        raise AssertionError("nothing is written")

    request: Any = SimpleNamespace(transport=None)
    async with asyncio.timeout(5):
        answer = await play(Fault.timeout(3600), request, proceed)
    assert isinstance(answer, NoAnswer)


@pytest.mark.parametrize("write", list(WRITES))
async def test_a_probable_fault_meets_some_writes_and_the_commits_tell_which(write: str) -> None:
    async with open_box(seed=5) as client:
        vendor = vendor_of(client, write)
        vendor.fail(Fault.reset(committed=True), method="POST", times=None, probability=0.3)
        vendor.fail(Fault.reset(), method="POST", times=None, probability=0.4)
        statuses = [await status(client, write) for _ in range(40)]
        lost, cut = vendor.played["reset"], vendor.played["reset after commit"]
        assert min(lost, cut) > 2
        assert statuses.count(None) == lost + cut
        assert len(vendor.commits) == 40 - lost


async def test_a_partial_batch_stops_anywhere_when_no_number_is_told() -> None:
    runs = []
    for seed in (3, 3, 4):
        async with open_box(seed=seed, strict_limits=False) as client:
            vendor = client.box.codility
            vendor.fail(Fault.partial_batch(), times=None)
            sizes = []
            for _ in range(25):
                before = len(vendor.commits)
                assert (await invite(client, 4)).status == 500
                sizes.append(len(vendor.commits) - before)
            runs.append(sizes)
    assert runs[0] == runs[1] != runs[2]
    assert set(runs[0]) == {0, 1, 2, 3}


async def test_a_storm_plays_its_faults_at_random_on_writes_alone() -> None:
    async with open_box(seed=2, strict_limits=False) as client:
        vendor = client.box.codility
        vendor.storm([Fault.reset(), Fault.server_error(503), Fault.partial_batch(1)], probability=0.5)
        assert {(await client.codility("GET", "/api/tests/")).status for _ in range(10)} == {200}
        statuses = [await status(client, write) for write in ("invite", "whiteboard", "mail") for _ in range(30)]
        assert set(vendor.played) == {"reset", "status 503", "partial_batch"}
        assert 25 < sum(vendor.played.values()) < 65
        assert sum(one not in {200, 201} for one in statuses) == sum(vendor.played.values())
        vendor.heal()
        before = dict(vendor.played)
        assert [await status(client, "invite") for _ in range(10)] == [201] * 10
        assert vendor.played == before


async def test_in_a_storm_only_the_invitation_of_many_is_applied_in_part(client: Client) -> None:
    client.box.codility.storm([Fault.partial_batch()], probability=1)
    assert [await status(client, write) for write in ("whiteboard", "mail", "invite")] == [200, 200, 500]


async def test_a_storm_follows_the_seed() -> None:
    runs = []
    for seed in (1, 1, 2):
        async with open_box(seed=seed) as client:
            client.box.coderpad.storm([Fault.server_error(500), Fault.server_error(503)], probability=0.5)
            runs.append([await status(client, "pad") for _ in range(20)])
    assert runs[0] == runs[1] != runs[2]
    assert set(runs[0]) == {200, 500, 503}


async def test_a_storm_can_be_over_chosen_routes(client: Client) -> None:
    client.box.remoteinterview.storm([Fault.server_error()], probability=1, routes=["/1/pads/new"])
    assert [await status(client, write) for write in ("report", "live")] == [200, 500]


@pytest.mark.parametrize(
    ("vendor", "faults", "options", "says"),
    [
        ("codility", [], {}, "at least one fault"),
        ("codility", ["reset"], {}, "at least one fault"),
        ("coderpad", [Fault.partial_batch()], {}, "no batch"),
        ("codility", [Fault.partial_batch()], {"routes": ["/api/sessions/*"]}, "no batch"),
        ("codility", [Fault.reset()], {"probability": 2}, "probability is 0 to 1"),
        ("codility", [Fault.reset()], {"routes": [5]}, "route is a text"),
    ],
)
async def test_a_storm_that_could_never_be_is_refused(
    client: Client, vendor: str, faults: list[Any], options: dict[str, Any], says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        getattr(client.box, vendor).storm(faults, **options)
    assert [one for found in client.box.vendors for one in found.traffic.rules] == []


async def test_the_commit_log_tells_whose_every_write_was(client: Client) -> None:
    for write in WRITES:
        await WRITES[write][1](client)
    codility = client.box.codility.sessions
    mailed = codility.find(next(codility.ids()))
    assert mailed is not None
    details = {commit.kind: commit.detail for commit in client.box.commits}
    test = str(codility.tests[0].id)
    assert details["session.invite"] == {"test": test, "candidate": "c0", "email": "c0@example.com"}
    assert details["session.email"] == {
        "test": str(mailed.test), "candidate": mailed.candidate, "email": mailed.email,
    }  # fmt: skip
    assert details["whiteboard.create"] == {"room_name": "Harbour"}
    applicants = client.box.remoteinterview.applicants
    assert details["candidate.invite"] == {"test": applicants.tests[0].id, "email": "robin@example.com"}
    titled = {commit.vendor: commit.detail for commit in client.box.commits if commit.kind == "pad.create"}
    assert titled["remoteinterview"] == {"name": "Pairing"}
    assert titled["coderpad"] == {"title": "Pairing", "notes": "mark-1"}


async def written(client: Client, write: str) -> str:
    """The id of a new one."""
    assert (await WRITES[write][1](client)).status in {200, 201}
    return vendor_of(client, write).commits[-1].id


async def listed(client: Client, write: str) -> list[str]:
    """Ids of the list in which such a write comes up."""
    if write == "pad":
        return [row["id"] for row in await client.every_pad()]
    if write == "live":
        return [row["id"] for row in (await client.pads("GET", "/1/pads")).json]
    if write == "report":
        test = client.box.remoteinterview.applicants.tests[0].id
        return [row["id"] for row in (await client.tests("GET", f"/1/tests/{test}/candidates")).json]
    if write == "invite":
        path = f"/api/tests/{client.box.codility.sessions.tests[0].id}/sessions/"
        return [row["id"] for row in await client.every_session(path)]
    return [row["id"] for row in await client.every_session()]


async def shown(client: Client, write: str, ident: str) -> int:
    """The status with which it is shown by itself."""
    if write == "pad":
        return (await client.coderpad("GET", f"/api/pads/{ident}")).status
    if write == "live":
        return (await client.pads("GET", f"/1/pads/{ident}")).status
    if write == "report":
        test = client.box.remoteinterview.applicants.tests[0].id
        return (await client.tests("GET", f"/1/tests/{test}/candidates/{ident}/")).status
    return (await client.codility("GET", f"/api/sessions/{ident}/")).status


LISTED = ("invite", "whiteboard", "report", "live", "pad")


@pytest.mark.parametrize("write", LISTED)
async def test_a_write_comes_up_in_lists_only_after_the_lag_and_by_its_id_at_once(write: str) -> None:
    async with open_box(index_lag=0.04) as client:
        before = await listed(client, write)
        new, committed = await written(client, write), time.monotonic()
        client.box.clock.advance(3600)
        at_once, direct = await listed(client, write), await shown(client, write, new)
        quick = time.monotonic() - committed < 0.04
        await asyncio.sleep(0.045)
        later = await listed(client, write)
        assert (at_once == before or not quick, direct) == (True, 200)
        assert (sorted(later), len(later)) == (sorted([*before, new]), len(before) + 1)


@pytest.mark.parametrize("write", LISTED)
async def test_a_vendors_lag_is_its_own_and_can_be_lifted(client: Client, write: str) -> None:
    vendor = vendor_of(client, write)
    vendor.index_lag = 3600
    ident = await written(client, write)
    assert ident not in await listed(client, write)
    assert [one.index_lag for one in client.box.vendors if one is not vendor] == [0, 0]
    vendor.index_lag = 0
    assert ident in await listed(client, write)
    vendor.index_lag = 3600
    assert ident in await listed(client, write)


async def test_a_list_shows_what_changed_as_it_was_before_the_lag(client: Client) -> None:
    ids = {write: await written(client, write) for write in LISTED}
    before = {write: await rows(client, write, ids[write]) for write in LISTED}
    for vendor in client.box.vendors:
        vendor.index_lag = 3600
    for ident in ids.values():
        client.box.touch(ident)
    assert {write: await rows(client, write, ids[write]) for write in LISTED} == before
    for vendor in client.box.vendors:
        vendor.index_lag = 0
    after = {write: await rows(client, write, ids[write]) for write in LISTED}
    assert [write for write in LISTED if after[write] == before[write]] == []


async def rows(client: Client, write: str, ident: str) -> dict[str, Any]:
    """The row of one session in its list."""
    if write == "pad":
        found = await client.every_pad()
    elif write == "live":
        found = (await client.pads("GET", "/1/pads")).json
    elif write == "report":
        test = client.box.remoteinterview.applicants.tests[0].id
        found = (await client.tests("GET", f"/1/tests/{test}/candidates")).json
    else:
        found = await client.every_session()
    return next(row for row in found if row["id"] == ident)


async def test_who_is_removed_before_the_lag_is_over_never_comes_up(client: Client) -> None:
    for vendor in client.box.vendors:
        vendor.index_lag = 3600
    ids = {write: await written(client, write) for write in LISTED}
    kept = {write: await written(client, write) for write in LISTED}
    for ident in ids.values():
        client.box.remove(ident)
    for vendor in client.box.vendors:
        vendor.index_lag = 0
    for write in LISTED:
        found = await listed(client, write)
        assert (ids[write] in found, kept[write] in found) == (False, True)


async def test_who_is_invited_again_under_the_same_id_comes_up_anew(client: Client) -> None:
    ident = await written(client, "report")
    assert ident in await listed(client, "report")
    client.box.remove(ident)
    client.box.remoteinterview.index_lag = 3600
    assert await written(client, "report") == ident
    assert ident not in await listed(client, "report")


def test_an_index_shows_nothing_of_what_was_discarded_while_it_waited(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("interviewkit.sandbox.world.lag.time", SimpleNamespace(monotonic=lambda: now[0]))
    index: Index[str, list[int]] = Index(Lag(2.0))
    index.put("a", [1])
    index.discard("a")
    now[0] = 1.0
    index.put("a", [2])
    now[0] = 2.5
    assert index.get("a") is None
    now[0] = 3.0
    assert index.get("a") == [2]


@pytest.mark.parametrize("seconds", [-90.0, 240.0])
async def test_a_vendors_clock_may_be_off(plain: Client, seconds: float) -> None:
    for vendor in plain.box.vendors:
        vendor.clock_skew = seconds
    stated = plain.box.clock.now() + timedelta(seconds=seconds)
    pads = (await pad(plain)).json["created_at"]
    lives = await live(plain)
    row = await rows(plain, "live", lives.json["id"])
    candidate = await rows(plain, "report", (await report(plain)).json["id"])
    await invite(plain)
    session = await rows(plain, "invite", plain.box.codility.commits[-1].id)
    assert datetime.fromisoformat(pads) == stated.replace(microsecond=0)
    assert datetime.fromisoformat(session["create_date"]) == stated.replace(microsecond=0)
    assert [row["timestamp"], candidate["added_at"]] == [int(stated.timestamp() * 1000)] * 2
    assert {commit.at for commit in plain.box.commits} == {plain.box.clock.now()}
    assert {one.at for vendor in plain.box.vendors for one in vendor.seen} == {plain.box.clock.now()}


async def test_a_lag_on_the_sandboxs_clock_is_not_moved_by_a_skew() -> None:
    async with open_box(list_lag=60) as client:
        client.box.coderpad.clock_skew = 600.0
        ident = (await pad(client)).json["id"]
        client.box.coderpad.clock_skew = 0.0
        client.box.clock.advance(61)
        assert ident in await listed(client, "pad")


@pytest.mark.parametrize(("name", "value"), [("index_lag", -1), ("index_lag", "1"), ("clock_skew", 1e12)])
async def test_a_lag_or_a_skew_that_makes_no_sense_is_refused(client: Client, name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=name):
        setattr(client.box.codility, name, value)
    assert (client.box.codility.index_lag, client.box.codility.clock_skew) == (0, 0)


def test_a_box_with_a_lag_that_makes_no_sense_is_not_built() -> None:
    with pytest.raises(ValueError, match="index_lag"):
        Sandbox(index_lag=-1)


def test_a_label_tells_the_fault_and_whether_it_came_after_the_write() -> None:
    labels = [fault.label for fault, *_ in FAULTS.values()]
    assert labels == [
        "status 502", "status 500 after commit", "reset", "reset after commit", "timeout", "timeout after commit",
        "truncated",
    ]  # fmt: skip


def test_a_random_part_of_a_batch_can_be_ordered_as_json() -> None:
    fault = Fault.from_json(json.loads('{"kind": "partial_batch", "applied": null}'))
    assert (fault, fault.drawn(lambda: 0.75).share) == (Fault.partial_batch(), 0.75)


async def test_sixteen_at_once_in_a_storm_are_judged_by_the_commits() -> None:
    ways = [fault for fault, *_ in FAULTS.values()] + [Fault.late_commit(0.01), Fault.latency(0.03)]
    gate, told = asyncio.Semaphore(16), set()

    async def one(client: Client, number: int) -> None:
        test = client.box.remoteinterview.applicants.tests[0].id
        email = f"c{number}@example.com"
        async with gate:
            try:
                async with asyncio.timeout(0.2):
                    answer = await client.tests("POST", f"/1/tests/{test}/candidates", json={"email": email})
            except (*CUT, TimeoutError):
                return
        if answer.status == 200:
            told.add(email)

    async with open_box(index_lag=0.02) as client:
        vendor = client.box.remoteinterview
        vendor.storm(ways, probability=0.5)
        await asyncio.gather(*(one(client, number) for number in range(160)))
        commits = list(vendor.commits)
        written = [commit.detail["email"] for commit in commits]
        assert len(set(written)) == len(written)
        assert told < set(written) < {f"c{number}@example.com" for number in range(160)}
        assert set(vendor.played) == {fault.label for fault in ways}
        await asyncio.sleep(0.03)
        assert set(await listed(client, "report")) >= {commit.id for commit in commits}
