"""A key that one host refuses keeps nobody from another host's sessions."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

import interviewkit as ik
from interviewkit.harvest import State

from .scripted import Entry, Place, Vendor, place

REFUSED = ik.AuthenticationError("the vendor does not accept the credentials", status=401)
DENIED = ik.PermissionDeniedError("not yours", status=403)


@pytest.fixture
def vendor() -> Vendor:
    made = Vendor(lists=("tests", "pads"), sessions=12)
    made.lists["pads"].entries = {f"p{number:02}": Entry() for number in range(12)}
    return made


@pytest.fixture
async def here(vendor: Vendor, tmp_path: Path) -> AsyncIterator[Place]:
    async with place(tmp_path / "store.db", vendor) as made:
        yield made


@pytest.mark.parametrize(("bad", "good"), [("tests", "pads"), ("pads", "tests")])
@pytest.mark.parametrize("error", [REFUSED, DENIED])
async def test_a_list_that_is_refused_rests_and_the_other_one_is_harvested(
    here: Place, vendor: Vendor, bad: str, good: str, error: ik.VendorError
) -> None:
    vendor.lists[bad].error = error
    found = await here.harvest()
    assert (found.account.new, found.account.state) == (12, State.FAILED)
    assert isinstance(found.account.error, type(error))
    assert len(vendor.lists[good].read) == 12
    vendor.lists[bad].error = None
    assert (await here.harvest()).account.new == 12


async def test_an_account_that_is_refused_everywhere_is_parked(here: Place, vendor: Vendor) -> None:
    for listing in vendor.lists.values():
        listing.error = REFUSED
    found = await here.harvest()
    assert found.account.state is State.PARKED
    assert sum(len(listing.pages) for listing in vendor.lists.values()) == 2


async def test_reports_of_a_host_that_refuses_stay_due_and_are_not_asked_for_again(here: Place, vendor: Vendor) -> None:
    for entry in vendor.lists["pads"].entries.values():
        entry.error = REFUSED
    found = await here.harvest(concurrency=1)
    assert (found.account.new, found.account.state) == (12, State.FAILED)
    assert len(vendor.lists["pads"].read) == 1


async def test_one_report_that_is_denied_is_its_own_matter_and_many_are_the_hosts(here: Place, vendor: Vendor) -> None:
    pads = vendor.lists["pads"]
    pads.entries["p03"].error = DENIED
    found = await here.harvest(concurrency=1)
    assert (found.account.new, found.account.failed, found.account.state) == (23, 1, State.DONE)
    for entry in pads.entries.values():
        entry.error, entry.version = DENIED, 2
    pads.read.clear()
    found = await here.harvest(concurrency=1)
    assert (len(pads.read), found.account.state) == (6, State.FAILED)
