"""Thousands of random writes at vendors that fail one in five, with kills in between: the commit log is the judge."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import random
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from interviewkit import InviteLedger, OperationState, connect
from interviewkit.sandbox import Commit, Fault, Sandbox

from . import storm

WRITES = int(os.environ.get("INTERVIEWKIT_STORM_WRITES", "2000"))
KILLS = 6 if WRITES >= 1000 else 2
PATIENCE = 380.0
FAULTS = [
    Fault.reset(), Fault.reset(committed=True), Fault.late_commit(0.1), Fault.late_commit(0.2), Fault.truncated(),
    Fault.server_error(500), Fault.server_error(503), Fault.server_error(502, committed=True),
    Fault.timeout(2.5), Fault.timeout(2.5, committed=True),
]  # fmt: skip
UNTOLD = {"create:codility", "create:unmarked", "invite:unmarked"}
"""Writes whose fate no list of the vendor shows: a whiteboard, and pads without a marker."""


@pytest.fixture
async def box() -> AsyncIterator[Sandbox]:
    async with Sandbox(
        seed=int(os.environ.get("INTERVIEWKIT_STORM_SEED", "11")), sessions=30, strict_limits=False
    ) as box:
        for vendor, skew in zip(box.vendors, (40.0, -40.0, 25.0), strict=True):
            vendor.index_lag = 0.3
            vendor.clock_skew = skew
        yield box


@attrs.define
class Storm:
    """What was wanted, what was told, and what really happened."""

    box: Sandbox
    job: storm.Job
    kills: int = 0

    @property
    def told(self) -> dict[int, dict[str, Any]]:
        """The last word on each write."""
        path = Path(self.job.results)
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        return {one["number"]: one for one in _whole(lines)}

    async def rage(self, rng: random.Random, *, kills: int) -> None:
        """Let children write until all is told, and kill them now and then."""
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["interviewkit.harvest.journal", "interviewkit.harvest.sqlite", storm.__name__])
        at = sorted(rng.sample(range(50, len(self.job.writes) - 50), kills))
        while left := self._left():
            child = context.Process(target=storm.run, args=(attrs.evolve(self.job, writes=left),), daemon=True)
            child.start()
            try:
                while child.is_alive():
                    if at and self.lines >= at[0]:
                        at.pop(0)
                        self.kills += 1
                        child.kill()
                        break
                    await asyncio.sleep(0.005)
            finally:
                child.kill()
                await asyncio.to_thread(child.join)

    def _left(self) -> list[storm.Wanted]:
        """What is not told yet: read once, since the sandbox answers nobody meanwhile, and has to keep to the model."""
        told = self.told
        return [one for one in self.job.writes if one.number not in told]

    @property
    def lines(self) -> int:
        """How much is told."""
        path = Path(self.job.results)
        return path.read_bytes().count(b"\n") if path.exists() else 0

    def commits(self) -> Counter[int]:
        """How often each write really happened."""
        names = {one.reference: one.number for one in self.job.writes}
        names |= {one.mailbox: one.number for one in self.job.writes}
        names |= {one.title: one.number for one in self.job.writes}
        names |= {f"Applicant {one.number:05d}": one.number for one in self.job.writes}
        found: Counter[int] = Counter()
        for vendor in self.box.vendors:
            found.update(_number(commit, names) for commit in vendor.commits)
        return found


def _whole(lines: list[str]) -> Iterator[dict[str, Any]]:
    for line in lines:
        try:
            yield json.loads(line)
        except ValueError:  # a killed child's last words
            continue


def _number(commit: Commit, names: dict[str, int]) -> int:
    """Which write a commit is."""
    detail = commit.detail
    if "candidate" in detail:
        return names[detail["candidate"]]
    if "email" in detail:
        return names[detail["email"]]
    title = str(detail.get("room_name") or detail.get("name") or detail.get("title"))
    return names[title.partition(" [ref")[0].removeprefix("Interview with ")]


async def _storm(box: Sandbox, url: str, folder: Path, *, writes: int, kills: int, seed: int) -> tuple[Storm, float]:
    print(f"storm seed {seed}")  # noqa: T201
    accounts: dict[str, dict[str, Any]] = {one["provider"]: dict(one) for one in box.accounts.values()}
    accounts["unmarked"] = dict(accounts["coderpad"])
    accounts["coderpad"]["marker"] = "notes"
    job = storm.Job(
        store=url, accounts=accounts, tests=await _tests(accounts), writes=storm.wanted(writes, seed),
        results=str(folder / "told.jsonl"), seed=seed,
    )  # fmt: skip
    for vendor in box.vendors:
        vendor.storm(FAULTS, probability=0.2)
    scene = Storm(box, job)
    began = asyncio.get_running_loop().time()
    async with asyncio.timeout(PATIENCE):
        await scene.rage(random.Random(f"{seed}:kills"), kills=kills)
    took = asyncio.get_running_loop().time() - began
    for vendor in box.vendors:
        vendor.heal()
    await asyncio.sleep(0.3)  # what was committed late is there by now
    return scene, took


async def _tests(accounts: dict[str, dict[str, Any]]) -> dict[str, str]:
    """An assessment of each account."""
    found = {}
    for label, given in accounts.items():
        keywords = {name: value for name, value in given.items() if name != "marker"}
        async with connect(keywords.pop("provider"), **keywords) as provider:
            first = await provider.list_assessments().first()
            assert first is not None
            found[label] = first.id
    return found


async def _judge(scene: Storm, url: str) -> Counter[str]:
    commits, told = scene.commits(), scene.told
    kinds = {one.number: one.kind for one in scene.job.writes}
    assert {number: count for number, count in commits.items() if count > 1} == {}, "duplicates"
    made = {number for number, one in told.items() if one["outcome"] == "made"}
    assert made - set(commits) == set(), "lost"
    denied = {number for number, one in told.items() if one["outcome"] in {"not_sent", "refused"}}
    assert denied & set(commits) == set(), "false 'not created'"
    open_ones = {number for number, one in told.items() if one["outcome"] == "unknown"}
    assert {kinds[number] for number in open_ones} <= UNTOLD, [
        told[number] for number in open_ones if kinds[number] not in UNTOLD
    ]
    assert len(open_ones) >= len(scene.job.writes) // 100, "too few fates stayed open to prove anything"
    assert made | denied | open_ones | {n for n, one in told.items() if one["outcome"] == "applied"} == set(kinds)
    assert all(told[number]["reference"] == f"req-{number:05d}" for number in made)
    async with await InviteLedger.open(url) as ledger:
        kept = {one.reference: one for one in await ledger.operations(limit=10_000)}
        for number in open_ones:
            operation = kept[f"req-{number:05d}"]
            assert operation.id == told[number]["operation"]
            assert operation.state is OperationState.UNKNOWN
        for number in made:
            assert kept[f"req-{number:05d}"].state is OperationState.DONE
    return Counter(str(one["outcome"]) for one in told.values())


async def _whole_storm(box: Sandbox, url: str, folder: Path, seed: int) -> None:
    scene, took = await _storm(box, url, folder, writes=WRITES, kills=KILLS, seed=seed)
    ends = await _judge(scene, url)
    played = sum((vendor.played for vendor in box.vendors), Counter[str]())
    print(f"{took:.0f} s, {scene.kills} kills, {dict(ends)}, faults {dict(played)}")  # noqa: T201
    assert scene.kills == KILLS
    assert played.total() > WRITES * 0.15
    assert set(played) >= {fault.label for fault in FAULTS}


@pytest.mark.timeout(400)
async def test_two_thousand_writes_happen_once_each(box: Sandbox, tmp_path: Path) -> None:
    seed = int(os.environ.get("INTERVIEWKIT_STORM_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)
    await _whole_storm(box, f"sqlite:///{tmp_path}/ledger.db", tmp_path, seed)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(1, 6))
async def test_more_storms_on_postgresql(box: Sandbox, tmp_path: Path, postgres_url: str, seed: int) -> None:
    await _whole_storm(box, postgres_url, tmp_path, seed)
