"""The base population: deterministic, lazy, whole, and of the ordered size."""

from __future__ import annotations

import ast
import time
from pathlib import Path
from typing import Any

import pytest

import interviewkit.sandbox
from interviewkit.sandbox import EPOCH, Sandbox, VirtualClock
from interviewkit.sandbox.world.identity import HEX, PUSH, UPPER, IdSpace
from interviewkit.sandbox.world.listing import BlockOrder, Listing

from .client import Client
from .conftest import open_box

HOME = Path(interviewkit.sandbox.__file__).parent


async def everything(client: Client) -> bytes:
    pages = [(await client.coderpad("GET", "/api/organization/pads?sort=updated_at,asc")).body]
    pages += [(await client.codility("GET", "/api/sessions/")).body, (await client.pads("GET", "/1/pads")).body]
    for test in client.box.remoteinterview.applicants.tests:
        pages.append((await client.tests("GET", f"/1/tests/{test.id}/candidates")).body)
    body = b"\n".join(pages)
    for vendor in client.box.vendors:
        for site in vendor.sites:
            body = body.replace(site.base_url.encode(), site.name.encode())
    return body


async def run(seed: int) -> bytes:
    clock = VirtualClock(EPOCH, frozen=True)
    async with open_box(seed=seed, clock=clock) as client:
        return await everything(client)


async def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    first, again, other = await run(1), await run(1), await run(2)
    assert first == again
    assert first != other


@pytest.mark.parametrize("sessions", [0, 1, 2, 30, 31, 100])
async def test_the_vendors_share_the_sessions(sessions: int) -> None:
    async with open_box(sessions=sessions) as client:
        found = len(await client.every_pad()) + len(await client.every_session())
        found += len((await client.pads("GET", "/1/pads")).json)
        for test in client.box.remoteinterview.applicants.tests:
            found += len((await client.tests("GET", f"/1/tests/{test.id}/candidates")).json)
        assert found == sessions


def test_less_than_no_session_is_refused() -> None:
    with pytest.raises(ValueError, match="sessions is 0 to"):
        Sandbox(sessions=-1)


async def test_a_hundred_thousand_sessions_start_at_once_and_a_page_costs_a_page() -> None:
    began = time.process_time()
    async with open_box(sessions=100_000, strict_limits=False) as client:
        page = (await client.coderpad("GET", "/api/organization/pads?sort=updated_at,desc&page=600")).json
        far = (await client.codility("GET", "/api/sessions/?page=1500")).json
        assert time.process_time() - began < 1
        assert (len(page["pads"]), page["total"], len(far["results"])) == (50, 33_334, 20)


async def test_ten_thousand_sessions_are_listed_whole() -> None:
    async with open_box(sessions=10_000, strict_limits=False, quirks=False) as client:
        pads = await client.every_pad("/api/organization/pads?sort=updated_at,desc")
        assert len({row["id"] for row in pads}) == len(pads) == 3334
        updated = [row["updated_at"] for row in pads]
        assert updated == sorted(updated, reverse=True)


async def test_the_population_is_of_all_sorts() -> None:
    async with open_box(sessions=300, quirks=False) as client:
        states = {row["state"] for row in await client.every_pad()}
        stages = {client.box.codility.sessions.numbered(number).stage for number in range(100)}
        assert states == {"pending", "started", "ended"}
        assert stages == {"invited", "started", "evaluating", "closed", "cancelled", "expired"}


async def test_every_listed_id_can_be_shown() -> None:
    async with open_box(quirks=False) as client:
        pads = [await client.coderpad("GET", f"/api/pads/{row['id']}") for row in await client.every_pad()]
        sessions = [await client.codility("GET", row["url"]) for row in await client.every_session()]
        assert {answer.status for answer in [*pads, *sessions]} == {200}


@pytest.mark.parametrize(("alphabet", "length"), [(UPPER, 8), (HEX, 13), (PUSH, 13)])
def test_an_id_tells_its_number(alphabet: str, length: int) -> None:
    ids = IdSpace(7, "x", alphabet, length)
    texts = [ids.text(number) for number in range(2000)]
    assert [ids.number(text) for text in texts] == list(range(2000))
    assert len(set(texts)) == 2000
    assert [ids.number(text) for text in ("", "?" * length)] == [None, None]


def naive(size: int, members: list[int]) -> list[int]:
    rows = [block * 10 + member for block in range(size // 10 + 1) for member in members]
    return [row for row in rows if row < size]


@pytest.mark.parametrize("size", [0, 7, 10, 53])
def test_a_listing_is_the_plain_list_with_the_same_changes(size: int) -> None:
    members = [3, 0, 6, 1, 7]
    listing, plain = Listing(BlockOrder(size, members)), naive(size, members)
    for number in (3, 30, 6, 999, 1, 3):
        listing.remove(number)
        plain = [row for row in plain if row != number]
    for number in (100, 6, 101):
        listing.append(number)
        plain.append(number)
    listing.remove(100)
    plain.remove(100)
    assert len(listing) == len(plain)
    for start in range(len(plain) + 2):
        assert listing.ascending(start, start + 4) == plain[start : start + 4]
        assert listing.descending(start, start + 4) == plain[::-1][start : start + 4]


def test_the_clock_only_goes_forward() -> None:
    clock = VirtualClock(EPOCH, frozen=True)
    assert (clock.advance(90) - EPOCH).total_seconds() == 90
    assert clock.now() == clock.advance(0)
    with pytest.raises(ValueError, match="seconds is 0 to"):
        clock.advance(-1)


def test_the_clock_follows_real_time_unless_it_is_frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    running, frozen = VirtualClock(EPOCH), VirtualClock(EPOCH, frozen=True)
    later = time.monotonic() + 10
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert (running.now() - EPOCH).total_seconds() > 9
    assert frozen.now() == EPOCH


async def test_times_lie_before_the_present(plain: Client) -> None:
    rows: list[dict[str, Any]] = await plain.every_pad()
    now = plain.box.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    assert all(row["created_at"] <= row["updated_at"] <= now for row in rows)


def imported(path: Path) -> set[str]:
    """Everything of the sandbox's that a module imports, by its dotted name below the sandbox."""
    home = ["interviewkit", "sandbox", *path.relative_to(HOME).parent.parts]
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            above = home[: len(home) - node.level + 1] if node.level else []
            names |= {".".join([*above, *filter(None, [node.module]), alias.name]) for alias in node.names}
    return {name.removeprefix("interviewkit.sandbox.") for name in names}


def test_a_vendor_is_one_folder_and_one_line_of_the_table() -> None:
    folders = {path.parent.name for path in HOME.glob("*/__init__.py")} - {"world"}
    assert folders == {vendor.name for vendor in Sandbox(sessions=0).vendors}
    for path in HOME.rglob("*.py"):
        own = path.relative_to(HOME).parts[0]
        if own != "vendors.py":
            assert not {name.partition(".")[0] for name in imported(path)} & (folders - {own}), path


def test_the_sandbox_shares_no_code_with_the_adapters() -> None:
    for path in HOME.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [node.module or ""]
            ours = [name for name in names if name.startswith("interviewkit")]
            assert all(name.startswith("interviewkit.sandbox") for name in ours), path
