"""One account's trouble is its own: the others are harvested whole, and it goes on when the trouble is over."""

from __future__ import annotations

from pathlib import Path

from interviewkit.harvest import Store
from interviewkit.sandbox import Fault, Sandbox

from .children import kept, nursery, undisturbed

BAD_KEY, GARBAGE, HEALTHY = "sandbox-coderpad", "sandbox-remoteinterview", "sandbox-codility"


async def test_a_bad_key_and_a_server_of_garbage_leave_the_healthy_account_alone(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/harvest.db"
    async with Sandbox(sessions=60, strict_limits=False) as box:
        expected, _ = await undisturbed(box, tmp_path)
        keys = {**box.accounts, BAD_KEY: {**box.accounts[BAD_KEY], "api_key": "of-yesterday"}}
        (vendor,) = (one for one in box.vendors if one.name == "remoteinterview")
        vendor.fail(Fault.garbage("html"), times=None)
        async with nursery(box, url, tmp_path) as children:
            first = (await children.finish(accounts=keys))["accounts"]
            async with await Store.open(url) as store:
                partly = await kept(store)
            vendor.heal()
            second = await children.finish()
            async with await Store.open(url) as store:
                assert await kept(store) == expected
    assert {label: one["state"] for label, one in first.items()} == {
        BAD_KEY: "parked", GARBAGE: "failed", HEALTHY: "done"
    }  # fmt: skip
    assert first[HEALTHY]["error"] is None
    assert "401" in first[BAD_KEY]["error"]
    assert "of-yesterday" not in first[BAD_KEY]["error"]
    assert "JSON" in first[GARBAGE]["error"]
    assert partly == {key: one for key, one in expected.items() if key[0] == HEALTHY}
    assert second["ok"], second


async def test_garbage_in_the_place_of_some_reports_costs_those_only(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/harvest.db"
    async with Sandbox(sessions=60, strict_limits=False) as box:
        expected, _ = await undisturbed(box, tmp_path)
        (vendor,) = (one for one in box.vendors if one.name == "codility")
        vendor.fail(Fault.garbage("not_json"), route="/api/sessions/{session_id}/", times=5)
        async with nursery(box, url, tmp_path) as children:
            told = await children.finish()
            async with await Store.open(url) as store:
                partly = await kept(store)
    assert told["accounts"][HEALTHY]["unreadable"] == 5
    assert len(partly) == len(expected) - 5
    assert partly.items() <= expected.items()
