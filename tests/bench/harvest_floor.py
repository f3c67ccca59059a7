"""How few requests a harvest can take, from the sandbox's own state: the table in docs/explanation/harvest.md."""

from __future__ import annotations

import asyncio
import math
import tempfile
from collections.abc import Iterable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import attrs

from interviewkit import Hub, connect
from interviewkit.harvest import Harvester, Store
from interviewkit.sandbox import Sandbox, VirtualClock
from interviewkit.sandbox.clock import EPOCH
from interviewkit.sandbox.coderpad.shapes import events_json, pad_json
from tests.bench.measure import Row

SESSIONS = 2000
CHANGES = 40
PADS_A_PAGE, EVENTS_A_PAGE, SESSIONS_A_PAGE = 50, 50, 20
OVERLAP = timedelta(seconds=120)
VENDORS = ("coderpad", "remoteinterview", "codility")


@attrs.frozen
class Floors:
    """What the sandbox's own books say, before anything is asked."""

    box: Sandbox

    def first(self) -> dict[str, int]:
        """Requests of a first harvest."""
        pads = self._pads()
        codility = self._vendor("codility").sessions
        rows = [codility.numbered(number) for number in codility.all()]
        return {
            "coderpad": 1 + math.ceil(len(pads) / PADS_A_PAGE) + self._parts(pads),
            "remoteinterview": self._lists() + len(self._finished()) + len(self._live_pads()),
            "codility": math.ceil(len(rows) / SESSIONS_A_PAGE) + sum(row.started_at is not None for row in rows),
        }

    def overlapping(self) -> int:
        """How many pads the next scan for news reads again, though they have not changed."""
        times = [pad.updated_at for pad in self._pads()]
        return sum(time >= max(times) - OVERLAP for time in times)

    def later(self, changed: Iterable[str], overlapping: int) -> dict[str, int]:
        """Requests of a harvest after these sessions changed; Codility's lists do not show when."""
        refs = [ref.split(":") for ref in changed]
        pads = [self._vendor("coderpad").pads.find(ident) for vendor, _, ident in refs if vendor == "coderpad"]
        known = self._finished() | self._live_pads()
        reports = [ident for vendor, _, ident in refs if vendor == "remoteinterview" and ident in known]
        pages = math.ceil((len(pads) + overlapping) / PADS_A_PAGE)
        return {
            "coderpad": pages + self._parts(pads),
            "remoteinterview": self._lists() + len(reports),
            "codility": 1,
        }

    def _vendor(self, name: str) -> Any:
        return next(vendor for vendor in self.box.vendors if vendor.name == name)

    def _pads(self) -> list[Any]:
        pads = self._vendor("coderpad").pads
        return [pads.find(ref.split(":")[2]) for ref in self.box.refs("coderpad")]

    def _parts(self, pads: Sequence[Any]) -> int:
        """A request for each environment, and for each page of events that does not stand in the list."""
        rows = [(pad, pad_json(self._vendor("coderpad"), pad)) for pad in pads]
        environments = sum(len(row.get("pad_environment_ids", ())) for _, row in rows)
        pages = [max(1, math.ceil(len(events_json(pad)) / EVENTS_A_PAGE)) for pad, row in rows if _is_url(row)]
        return environments + sum(pages)

    def _lists(self) -> int:
        return 1 + len(self._vendor("remoteinterview").applicants.tests) + 1

    def _finished(self) -> set[str]:
        applicants = self._vendor("remoteinterview").applicants
        return {
            f"{test.id}/{one.id}" for test in applicants.tests for one in applicants.of_test(test) if one.is_finished
        }

    def _live_pads(self) -> set[str]:
        return {pad.id for pad in self._vendor("remoteinterview").pads.all()}


def _is_url(row: dict[str, Any]) -> bool:
    return isinstance(row["events"], str)


async def floors() -> list[Row]:
    """Requests as the sandbox counted them by the floor: of a first harvest, and of one after some changes."""
    clock = VirtualClock(EPOCH, frozen=True)
    with tempfile.TemporaryDirectory() as folder:
        async with Sandbox(sessions=SESSIONS, strict_limits=False, clock=clock) as box:
            accounts = {label: {**keywords, "limit": None} for label, keywords in box.accounts.items()}
            hub = Hub(connect(given.pop("provider"), account=label, **given) for label, given in accounts.items())
            async with hub, await Store.open(Path(folder) / "bench.db") as store:
                known = Floors(box)
                rows = await _compared("a first harvest", known.first(), box, hub, store)
                overlapping = known.overlapping()
                changed = [ref for vendor in VENDORS[:2] for ref in _some(sorted(box.refs(vendor)))]
                clock.advance(60)
                for ref in changed:
                    box.touch(ref)
                floor = known.later(changed, overlapping)
                rows += await _compared(f"a harvest after {CHANGES} changes", floor, box, hub, store)
    return rows


async def _compared(what: str, floor: dict[str, int], box: Sandbox, hub: Hub, store: Store) -> list[Row]:
    before = {vendor.name: sum(vendor.counts.values()) for vendor in box.vendors}
    harvester = Harvester(hub, store, clock=box.clock.now)
    async for outcome in harvester.run():
        assert outcome.error is None, outcome
    assert harvester.summary.ok, harvester.summary
    rows = []
    for vendor in box.vendors:
        asked = sum(vendor.counts.values()) - before[vendor.name]
        name = f"requests of {what} / floor of {floor[vendor.name]:,}: {vendor.name}"
        rows.append(Row(name, asked / floor[vendor.name], 1.02))
    return rows


def _some(refs: Sequence[str]) -> list[str]:
    return list(refs[:: max(1, len(refs) // CHANGES)][:CHANGES])


if __name__ == "__main__":
    for one in asyncio.run(floors()):
        print(one)  # noqa: T201
