"""Links that expire within minutes: what is behind them is kept, they themselves are not."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest
from sqlalchemy import select

from interviewkit import Hub, connect
from interviewkit.harvest import Harvester, Outcome, Store, schema
from interviewkit.harvest.artifacts import path_of
from interviewkit.providers.coderpad.harvest import Listed, Pads
from interviewkit.sandbox import Sandbox, VirtualClock

ACCOUNT = "sandbox-coderpad"
TOO_LATE = 3600.0
"""Seconds after which every link of the sandbox has expired: drawings live for five minutes."""


@attrs.define
class Scene:
    box: Sandbox
    folder: Path

    @property
    def files(self) -> Path:
        return self.folder / "files"

    async def harvest(self, *, after: Callable[[int, Harvester], object] = lambda _number, _harvester: None) -> None:
        """Harvest the pads; `after` is told how many outcomes there were."""
        async with self.store() as store, Hub([self.provider()]) as hub:
            harvester = Harvester(hub, store, artifacts=self.files, concurrency=4)
            number = 0
            async for outcome in harvester.run():
                assert isinstance(outcome, Outcome)
                assert outcome.error is None
                number += 1
                after(number, harvester)

    def provider(self) -> Any:
        keywords = {**self.box.accounts[ACCOUNT]}
        return connect(keywords.pop("provider"), account=ACCOUNT, limit=None, **keywords)

    def store(self) -> Any:
        return _Opened(f"sqlite:///{self.folder}/harvest.db")

    async def drawings(self) -> dict[str, str | None]:
        """Reference to the SHA-256 of the drawing."""
        table = schema.artifact
        async with self.store() as store, store.reading() as connection:
            rows = await connection.execute(select(table).where(table.c.kind == "drawing"))
            return {row.ref: row.sha256 for row in rows}

    async def reports(self) -> dict[str, Any]:
        async with self.store() as store:
            return {record.ref: record async for record in store.records()}

    def bytes_of_the_store(self) -> bytes:
        return b"".join(path.read_bytes() for path in self.folder.glob("harvest.db*"))


class _Opened:
    """A store for one `async with`."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def __aenter__(self) -> Store:
        self._store = await Store.open(self._url)
        return self._store

    async def __aexit__(self, *_: object) -> None:
        await self._store.aclose()


def _sandbox() -> Sandbox:
    return Sandbox(sessions=180, strict_limits=False, clock=VirtualClock(frozen=True))


async def _run_through(scene: Scene, _: pytest.MonkeyPatch) -> None:
    await scene.harvest()


async def _stopped_for_an_hour(scene: Scene, _: pytest.MonkeyPatch) -> None:
    await scene.harvest(after=lambda number, harvester: harvester.stop() if number == 10 else None)
    scene.box.clock.advance(TOO_LATE)
    await scene.harvest()


async def _slow(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the time a page's first report is read, the links in the page have expired."""
    read = Pads.page

    async def page(pads: Pads, *args: Any, **keywords: Any) -> Any:
        found = await read(pads, *args, **keywords)
        scene.box.clock.advance(TOO_LATE)
        return attrs.evolve(found, rows=tuple(attrs.evolve(row, fresh=_older(row.fresh)) for row in found.rows))

    monkeypatch.setattr(Pads, "page", page)
    await scene.harvest()


def _older(listed: Listed) -> Listed:
    return attrs.evolve(listed, at=listed.at - timedelta(seconds=TOO_LATE))


@pytest.mark.parametrize("way", [_run_through, _stopped_for_an_hour, _slow])
async def test_files_are_there_and_links_are_not(
    way: Callable[[Scene, pytest.MonkeyPatch], Awaitable[None]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with _sandbox() as box:
        scene = Scene(box, tmp_path)
        await way(scene, monkeypatch)
        found = await scene.drawings()
        reports = await scene.reports()
    assert len(reports) > 40
    assert len(found) > 5
    assert None not in found.values()
    for ref, sha256 in found.items():
        assert path_of(scene.files, ACCOUNT, str(sha256)).read_bytes().startswith(b"\x89PNG")
        # null where the file came by another link than the one in the JSON, which had expired
        link = reports[ref].report.raw["pad"]["drawing"]
        assert link == {"expired_link": sha256} or (way is not _run_through and link == {"expired_link": None})
    kept = scene.bytes_of_the_store()
    assert b"Signature=" not in kept
    assert b"Expires=" not in kept
    assert not box.violations


async def test_other_links_to_the_same_files_are_no_other_content(tmp_path: Path) -> None:
    hashes = []
    async with _sandbox() as box:
        for place in ("one", "two"):
            scene = Scene(box, tmp_path / place)
            scene.folder.mkdir()
            await scene.harvest()
            hashes.append({ref: record.row["content_hash"] for ref, record in (await scene.reports()).items()})
            box.clock.advance(TOO_LATE)
        before = {ref: record.seq for ref, record in (await scene.reports()).items()}
        await scene.harvest()
        assert {ref: record.seq for ref, record in (await scene.reports()).items()} == before
    assert hashes[0] == hashes[1]
