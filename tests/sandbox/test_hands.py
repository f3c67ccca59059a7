"""What people do to sessions in the vendors' own pages: delete them, change them; and the sandbox's books of both."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import unquote

import pytest

from interviewkit.sandbox import Sandbox

from .client import Client
from .conftest import open_box
from .test_control import control


async def listed(client: Client) -> dict[str, Any]:
    """Reference to row, as the vendors list them."""
    rows = {f"coderpad:live:{row['id']}": row for row in await client.every_pad()}
    for row in await client.every_session():
        rows[f"codility:{'live' if row['id'].startswith('CL-') else 'take_home'}:{row['id']}"] = row
    for test in client.box.remoteinterview.applicants.tests:
        for row in (await client.tests("GET", f"/1/tests/{test.id}/candidates")).json:
            rows[f"remoteinterview:take_home:{test.id}/{row['id']}"] = row
    for row in (await client.pads("GET", "/1/pads")).json:
        rows[f"remoteinterview:live:{row['id']}"] = row
    return rows


async def shown(client: Client, ref: str) -> int:
    """The status with which a session is shown by itself."""
    vendor, kind, ident = ref.split(":")
    if vendor == "coderpad":
        return (await client.coderpad("GET", f"/api/pads/{ident}")).status
    if vendor == "codility":
        return (await client.codility("GET", f"/api/sessions/{ident}/")).status
    if kind == "live":
        return (await client.pads("GET", f"/1/pads/{ident}")).status
    test, candidate = ident.split("/")
    return (await client.tests("GET", f"/1/tests/{test}/candidates/{unquote(candidate)}/report")).status


def kinds(refs: list[str]) -> list[str]:
    """The first of each kind at each vendor, from the middle of the population."""
    found: dict[str, str] = {}
    for ref in refs[7:]:
        found.setdefault(ref.rpartition(":")[0], ref)
    return list(found.values())


@pytest.mark.parametrize("quirks", [True, False])
async def test_the_references_are_those_that_the_vendors_list(quirks: bool) -> None:
    async with open_box(quirks=quirks) as client:
        await client.invite()
        assert sorted(client.box.refs(organization=True)) == sorted(await listed(client))
        assert set(client.box.refs("codility")) < set(client.box.refs())
        own = {f"coderpad:live:{row['id']}" for row in await client.every_pad("/api/pads?sort=created_at,asc")}
        assert set(client.box.refs("coderpad")) == own


@pytest.mark.parametrize("quirks", [True, False])
async def test_what_is_removed_is_listed_no_more_and_not_found(quirks: bool) -> None:
    async with open_box(quirks=quirks) as client:
        new = f"codility:take_home:{await client.invite()}"
        victims = [*kinds(list(client.box.refs())), new]
        before = await listed(client)
        assert len(victims) == 6
        assert {await shown(client, ref) for ref in victims} == {200}
        for ref in victims:
            assert client.box.remove(ref) == ref.split(":")[2]
        assert set(before) - set(await listed(client)) == set(victims)
        assert {await shown(client, ref) for ref in victims} == {404}
        assert not set(victims) & set(client.box.refs())
        for ref in victims:
            with pytest.raises(LookupError):
                client.box.remove(ref)
            with pytest.raises(LookupError):
                client.box.touch(ref)
            with pytest.raises(LookupError):
                await client.box.work(ref)
        assert await client.box.work() == []


async def test_removals_keep_pages_full_and_whole() -> None:
    async with open_box(sessions=300, strict_limits=False) as client:
        gone = set(list(client.box.refs("codility"))[5:95:3])
        new = [f"codility:take_home:{await client.invite(str(number))}" for number in range(3)]
        for ref in [*gone, *new[:2]]:
            client.box.remove(ref)
        rows = await client.every_session()
        assert len(rows) == len({row["id"] for row in rows}) == 101 - len(gone)
        page = (await client.codility("GET", "/api/sessions/?page=2")).json
        assert (page["count"], len(page["results"])) == (71, 20)
        test_rows = []
        for test in client.box.codility.sessions.tests:
            test_rows += await client.every_session(f"/api/tests/{test.id}/sessions/")
        assert {row["id"] for row in test_rows} == {row["id"] for row in rows}


async def test_whoever_is_invited_again_after_a_removal_is_one_candidate(client: Client) -> None:
    ref = next(ref for ref in client.box.refs("remoteinterview") if ":take_home:" in ref)
    test, candidate = ref.rpartition(":")[2].split("/")
    found = client.box.remoteinterview.applicants.find(
        client.box.remoteinterview.applicants.tests[0], unquote(candidate)
    )
    assert found is not None
    client.box.remove(ref)
    await client.tests("POST", f"/1/tests/{test}/candidates", json={"email": found.email})
    rows = (await client.tests("GET", f"/1/tests/{test}/candidates")).json
    assert [row["status"] for row in rows if row["email"] == found.email] == ["invited"]
    client.box.remove(ref)
    rows = (await client.tests("GET", f"/1/tests/{test}/candidates")).json
    assert [row for row in rows if row["email"] == found.email] == []


async def test_each_touch_changes_the_row_that_is_listed() -> None:
    async with open_box(sessions=90) as client:
        seen = await listed(client)
        touched = {ref for ref in seen if not _is_being_evaluated(client.box, ref)}
        for _time in range(2):
            for ref in touched:
                client.box.touch(ref)
            now = await listed(client)
            assert [ref for ref in touched if now[ref] == seen[ref]] == []
            assert {ref for ref in now if now[ref] != seen[ref]} == touched
            seen = now
            touched = {ref for ref in touched if not _is_being_evaluated(client.box, ref)}


def _is_being_evaluated(box: Sandbox, ref: str) -> bool:
    """Whether the next step is an evaluation, of which Codility's lists say nothing."""
    session = box.codility.sessions.find(ref.rpartition(":")[2])
    return session is not None and session.stage in {"started", "evaluating"}


async def test_another_process_can_remove_and_touch(client: Client) -> None:
    ref = next(client.box.refs("codility"))
    ident = ref.rpartition(":")[2]
    assert (await control(client, "POST", "/sessions/touch", json={"id": ref})).json == {"touched": ident}
    assert (await control(client, "POST", "/sessions/remove", json={"id": ref})).json == {"removed": ident}
    for path in ("/sessions/touch", "/sessions/remove"):
        assert (await control(client, "POST", path, json={"id": ref})).status == 404
        assert (await control(client, "POST", path, json={})).status == 400
        assert (await control(client, "POST", path, json={"id": 7})).status == 400


async def test_hands_are_quick_among_a_hundred_thousand() -> None:
    async with open_box(sessions=100_000, strict_limits=False) as client:
        box = client.box
        refs = [ref for vendor in ("coderpad", "codility") for ref in box.refs(vendor)]
        assert len(refs) > 59_000
        began = time.process_time()
        for ref in refs[:: len(refs) // 400]:
            box.touch(ref)
            box.remove(ref)
        await client.codility("GET", "/api/sessions/?page=1000")
        await client.coderpad("GET", "/api/pads?sort=updated_at,desc")
        assert time.process_time() - began < 1


async def test_arrivals_are_counted_by_key_in_any_window(client: Client) -> None:
    vendor = client.box.coderpad
    vendor.limit(3, 10)
    for pause in (0, 4, 4, 1, 4, 4):
        client.box.clock.advance(pause)
        await client.coderpad("GET", "/api/quota")
    await client.coderpad("GET", "/api/quota", headers={"Authorization": 'Token token="nobody"'})
    assert [len(times) for times in vendor.arrivals.values()] == [6]
    assert [vendor.busiest(seconds) for seconds in (10, 4, 5.5, 1, 100)] == [4, 2, 3, 1, 6]
    assert client.box.codility.busiest(10) == 0
