"""A row that cannot be read is not a session that is gone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from interviewkit.errors import MalformedResponseError
from interviewkit.harvest import Change
from interviewkit.http.wire import Problem

from .scripted import Entry, Place, Vendor, place


@pytest.fixture
def vendor() -> Vendor:
    return Vendor(sessions=25)


@pytest.fixture
async def here(vendor: Vendor, tmp_path: Path) -> AsyncIterator[Place]:
    async with place(tmp_path / "store.db", vendor) as made:
        yield made


def garble(vendor: Vendor, name: str, raw: object) -> None:
    del vendor.sessions.entries[name]
    vendor.sessions.problems.append(Problem(raw, MalformedResponseError("not what the vendor documents", paths=("$",))))


async def test_a_known_session_whose_row_cannot_be_read_any_more_is_not_gone(here: Place, vendor: Vendor) -> None:
    await here.harvest()
    garble(vendor, "s007", {"id": "s007", "title": ["odd"]})
    found = await here.harvest()
    assert (found.account.gone, found.account.unreadable) == (0, 1)
    assert not any(deleted for _, deleted in (await here.stored()).values())


async def test_beside_such_a_row_a_session_that_is_really_gone_is_marked(here: Place, vendor: Vendor) -> None:
    await here.harvest()
    garble(vendor, "s007", {"id": "s007", "title": ["odd"]})
    del vendor.sessions.entries["s011"]
    found = await here.harvest()
    assert found.of(Change.GONE) == ["s011"]


async def test_where_a_row_names_nobody_the_reports_of_those_missing_are_asked_for(here: Place, vendor: Vendor) -> None:
    await here.harvest()
    garble(vendor, "s007", {"title": ["odd"]})
    vendor.sessions.read.clear()
    found = await here.harvest()
    assert (found.account.gone, vendor.sessions.read) == (0, ["s007"])
    here.clock.advance(hours=2)
    found = await here.harvest()
    assert found.of(Change.GONE) == ["s007"], "not found twice, an hour apart"


async def test_where_two_scans_miss_very_many_their_reports_tell_that_they_are_gone(
    here: Place, vendor: Vendor
) -> None:
    vendor.sessions.entries.update({f"t{number:03}": Entry() for number in range(40)})
    await here.harvest()
    for number in range(40):
        del vendor.sessions.entries[f"t{number:03}"]
    vendor.sessions.read.clear()
    found = await here.harvest()
    assert (found.account.suspicious, found.account.gone, vendor.sessions.read) == (40, 0, [])
    found = await here.harvest()
    assert (found.account.suspicious, found.account.gone, len(vendor.sessions.read)) == (40, 0, 40)
    here.clock.advance(hours=2)
    assert (await here.harvest()).account.gone == 40
