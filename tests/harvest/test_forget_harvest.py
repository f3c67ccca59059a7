"""Harvest, forget, harvest again: a person who was erased does not come back."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs
import pytest

from interviewkit import Candidate, Hub, connect
from interviewkit.errors import ConfigurationError, MalformedResponseError
from interviewkit.harvest import Harvester, Store, schema
from interviewkit.harvest.erase import Forgotten, forget
from interviewkit.harvest.erasures import VARIABLE
from interviewkit.http.wire import Problem
from interviewkit.model import Report
from interviewkit.plan import ListPage
from interviewkit.sandbox import Sandbox

from .people import traces

KEY = bytes(range(32))
GUEST = "guest.person@example.org"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@attrs.define
class Place:
    """A sandbox, a store and a folder of files."""

    box: Sandbox
    hub: Hub
    store: Store
    folder: Path

    @property
    def files(self) -> Path:
        return self.folder / "files"

    async def harvest(self, *, whole: bool = False, **options: Any) -> Harvester:
        """One pass; `whole`: as if the lists had last been read whole long ago."""
        if whole:
            async with self.store.writing() as connection:
                await connection.execute(schema.stream_state.update().values(full_at=LONG_AGO, news_at=LONG_AGO))
        harvester = Harvester(self.hub, self.store, artifacts=self.files, **{"erasure_key": KEY, **options})
        async for _ in harvester.run():
            pass
        assert [one.error for one in harvester.summary.accounts] == [None] * len(harvester.summary.accounts)
        return harvester

    async def forget(self, **who: Any) -> Forgotten:
        return await forget(self.store, key=KEY, artifacts=self.files, **who)

    async def reports(self, provider: str) -> list[Report]:
        return [one async for one in self.store.reports(include_deleted=True) if one.provider == provider]

    async def rows(self, table: Any) -> list[dict[str, Any]]:
        async with self.store.reading() as connection:
            return [dict(row) for row in (await connection.execute(table.select())).mappings()]


@contextlib.asynccontextmanager
async def place(folder: Path, *vendors: str, sessions: int = 60, **options: Any) -> AsyncIterator[Place]:
    os.mkdir(folder)
    async with Sandbox(seed=7, sessions=sessions, quirks=False, **options) as box, contextlib.AsyncExitStack() as stack:
        accounts = {label: {**words} for label, words in box.accounts.items() if words["provider"] in vendors}
        providers = [
            connect(words.pop("provider"), account=label, limit=None, **words) for label, words in accounts.items()
        ]
        hub = await stack.enter_async_context(Hub(providers))
        store = await stack.enter_async_context(await Store.open(folder / "store.db"))
        yield Place(box, hub, store, folder)


def of_the_candidate(report: Report) -> str | None:
    return None if report.candidate is None else report.candidate.email


def of_the_guest(report: Report) -> str | None:
    """The guest's address, where they took part: no list of pads names people's addresses."""
    return next((one.actor_email for one in report.timeline if one.actor_email == GUEST), None)


def visit(here: Place, *numbers: int) -> None:
    """Let the guest join pads."""
    pads = here.box.coderpad.pads
    idents = list(pads.ids(everybodys=False))
    for number in numbers:
        pad = pads.find(idents[number])
        assert pad is not None
        pad.event(pad.updated_at, "joined", "Guest Person", GUEST, "joined the pad")
        pads.changed(pad)


@pytest.mark.parametrize(
    ("vendor", "who"),
    [("coderpad", of_the_guest), ("remoteinterview", of_the_candidate), ("codility", of_the_candidate)],
)
async def test_a_person_who_was_forgotten_is_gone_from_the_folder_and_stays_away(
    tmp_path: Path, vendor: str, who: Callable[[Report], str | None]
) -> None:
    folder = tmp_path / "data"
    async with place(folder, vendor) as here:
        visit(here, 1, 2)
        await here.harvest()
        before = await here.reports(vendor)
        found = [report for report in before if who(report)]
        email = who(found[0])
        assert email is not None
        name = None if found[0].candidate is None else found[0].candidate.name
        words = [email, *([name] if name else []), found[0].ref.id]
        assert traces(folder, *words)
        done = await here.forget(email=email)
        assert str(found[0].ref) in done.refs
        assert 0 < done.reports < len(before)
        assert traces(folder, *words) == set()
        for whole in (False, True):
            await here.harvest(whole=whole)
            assert traces(folder, *words) == set()
        after = await here.reports(vendor)
        assert {str(one.ref) for one in after} == {str(one.ref) for one in before} - set(done.refs)
        assert [row["deleted_at"] for row in await here.rows(schema.report)] == [None] * len(after)


async def test_a_new_invitation_of_a_forgotten_person_is_skipped(tmp_path: Path) -> None:
    email = "new.person@example.org"
    async with place(tmp_path / "data", "codility", "remoteinterview") as here:
        await here.harvest()
        await here.forget(email=email)
        for provider in here.hub:
            (test, *_) = await provider.list_assessments().collect()
            name = Candidate(email=email.upper(), name="New Person")
            await provider.invite_candidate(test.id, name)
        await here.box.work()
        await here.harvest(whole=True)
        assert traces(tmp_path / "data", email) == set()


async def test_a_new_pad_of_a_forgotten_guest_is_read_once_and_then_known(tmp_path: Path) -> None:
    async with place(tmp_path / "data", "coderpad") as here:
        await here.harvest()
        await here.forget(email=GUEST)
        visit(here, 1, 2)
        details: list[int] = []
        for _ in range(2):
            before = len(here.box.coderpad.seen)
            await here.harvest(whole=True)
            details.append(sum("/events" in one.path for one in list(here.box.coderpad.seen)[before:]))
            assert traces(tmp_path / "data", GUEST) == set()
        assert details == [2, 0]
        assert len(await here.rows(schema.erasure)) == 3


async def test_a_row_that_cannot_be_read_does_not_bring_a_person_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    email = "odd.person@example.org"
    async with place(tmp_path / "data", "codility", sessions=9) as here:

        async def page(stream: Any, *_args: Any, **_named: Any) -> Any:
            error = MalformedResponseError("not what the vendor documents", paths=("$.id",))
            return ListPage(rows=(), problems=(Problem(raw={"id": None, "email": email}, error=error),))

        for stream in _plan_of(here.hub).streams:
            monkeypatch.setattr(type(stream), "page", page)
        await here.harvest()
        assert traces(tmp_path / "data", email)
        assert (await here.forget(email=email)).unreadable == 1
        await here.harvest(whole=True)
        assert await here.rows(schema.unreadable) == []
        assert traces(tmp_path / "data", email) == set()


async def test_an_erasure_between_two_slices_holds_for_the_second_one(tmp_path: Path) -> None:
    async with place(tmp_path / "data", "codility") as here:
        harvester = Harvester(here.hub, here.store, erasure_key=KEY)
        (label,) = (provider.account for provider in here.hub)
        await harvester.run_slice(label, seconds=0.2)
        report = next(one for one in await here.reports("codility") if of_the_candidate(one))
        await here.forget(email=of_the_candidate(report))
        await harvester.run_slice(label)
        assert traces(tmp_path / "data", str(of_the_candidate(report))) == set()


async def test_a_slice_that_waited_for_an_erasure_knows_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with place(tmp_path / "data", "codility") as here:
        await here.harvest()
        report = next(one for one in await here.reports("codility") if of_the_candidate(one))
        email = str(of_the_candidate(report))
        take = Store.lease
        erased = False

        async def late(store: Store, *args: Any, **named: Any) -> Any:
            nonlocal erased
            if not erased:
                erased = True
                await here.forget(email=email)
            return await take(store, *args, **named)

        monkeypatch.setattr(Store, "lease", late)
        await here.harvest(whole=True)
        assert erased
        assert traces(tmp_path / "data", email) == set()


async def test_without_the_key_of_its_erasures_a_store_is_not_harvested(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    async with place(tmp_path / "data", "codility", sessions=9) as here:
        await here.forget(email="new.person@example.org")
        with pytest.raises(ConfigurationError, match=VARIABLE):
            await here.harvest(erasure_key=None)
        assert await here.rows(schema.report) == []


def _plan_of(hub: Hub) -> Any:
    (provider,) = hub
    return provider.harvest_plan()  # type: ignore[attr-defined]
