"""The harvest's requests by a plain script: aiohttp, `json.loads`, and one SQLite transaction a report.

What a person would write who needs the reports once: no limits, no resumption, no model, no errors. It has the
concurrency and the durability of the harvest, and stores each report as one text of JSON.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp

FINISHED = frozenset({"completed", "accepted", "rejected", "shortlisted"})
Job = tuple[str, Callable[[], Awaitable[list[Any]]]]
"""A report's reference, and the requests that it takes."""


class BareLoop:
    """Reads the sandbox's three vendors side by side, with `concurrency` requests at a time at each."""

    def __init__(
        self, accounts: dict[str, dict[str, str]], database: Path, session: aiohttp.ClientSession, *, concurrency: int
    ) -> None:
        keywords = {given["provider"]: (label, given) for label, given in accounts.items()}
        self._vendors = [
            Vendor(*keywords[name], session, list_jobs, concurrency)
            for name, list_jobs in (("coderpad", pads), ("remoteinterview", candidates), ("codility", sessions))
        ]
        self._database = sqlite3.connect(database, isolation_level=None)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=FULL")
        self._database.execute("CREATE TABLE report (account TEXT, ref TEXT, payload TEXT, PRIMARY KEY (account, ref))")

    async def run(self) -> None:
        """Read and store every report."""
        await asyncio.gather(*(vendor.work(self.store) for vendor in self._vendors))

    def store(self, account: str, ref: str, parts: list[Any]) -> None:
        """One transaction for one report."""
        self._database.execute("BEGIN IMMEDIATE")
        row = (account, ref, json.dumps(parts))
        self._database.execute("INSERT OR REPLACE INTO report VALUES (?, ?, ?)", row)
        self._database.execute("COMMIT")

    def close(self) -> int:
        """Close the database; how many reports there are."""
        with self._database as connection:
            found: int = connection.execute("SELECT count(*) FROM report").fetchone()[0]
        self._database.close()
        return found


class Vendor:
    """One account: its lists first, then its reports, `concurrency` of them and of their requests at a time."""

    def __init__(
        self, label: str, keywords: dict[str, str], session: aiohttp.ClientSession,
        list_jobs: Callable[[Vendor], Awaitable[list[Job]]], concurrency: int,
    ) -> None:  # fmt: skip
        self.label = label
        self.keywords = keywords
        self._session = session
        self._list_jobs = list_jobs
        self._concurrency = concurrency
        self._places = asyncio.Semaphore(concurrency)

    async def work(self, store: Callable[[str, str, list[Any]], None]) -> None:
        """Read and store every report."""
        jobs = (await self._list_jobs(self))[::-1]
        await asyncio.gather(*(self._one_by_one(jobs, store) for _ in range(self._concurrency)))

    async def _one_by_one(self, jobs: list[Job], store: Callable[[str, str, list[Any]], None]) -> None:
        while jobs:
            ref, read = jobs.pop()
            store(self.label, ref, await read())

    async def get(self, url: str) -> Any:
        """The JSON behind an address."""
        async with self._places, self._session.get(url, headers=self._headers) as answer:
            assert answer.status == 200, url
            return json.loads(await answer.read())

    @property
    def _headers(self) -> dict[str, str]:
        if "token" in self.keywords:
            return {"Authorization": f"Bearer {self.keywords['token']}", "Accept": "application/json"}
        if "pads_api_key" in self.keywords:
            return {"Accept": "application/json"}
        return {"Authorization": f'Token token="{self.keywords["api_key"]}"', "Accept": "application/json"}


async def pads(vendor: Vendor) -> list[Job]:
    """CoderPad: all pads by creation, after a look at those changed last; environments and events of each."""
    base = vendor.keywords["base_url"]
    await vendor.get(f"{base}/api/pads?sort=updated_at,desc")
    jobs: list[Job] = []
    url: str | None = f"{base}/api/pads?sort=created_at,asc"
    while url is not None:
        page = await vendor.get(url)
        jobs += [(pad["id"], lambda pad=pad: _parts(vendor, base, pad)) for pad in page["pads"]]  # type: ignore[misc]
        url = page.get("next_page")
    return jobs


async def _parts(vendor: Vendor, base: str, pad: dict[str, Any]) -> list[Any]:
    environments = [f"{base}/api/pad_environments/{one}" for one in pad.get("pad_environment_ids") or ()]
    parts = await asyncio.gather(*map(vendor.get, environments))
    url = f"{pad['events']}?sort=created_at,asc" if isinstance(pad["events"], str) else None
    while url is not None:
        parts.append(await vendor.get(url))
        url = parts[-1].get("next_page")
    return [pad, *parts]


async def candidates(vendor: Vendor) -> list[Job]:
    """RemoteInterview: the finished candidates of each test, and CodeInterview's pads."""
    tests = f"{vendor.keywords['base_url']}/1/tests"
    key = f"?key={vendor.keywords['api_key']}"
    jobs: list[Job] = []
    for test in await vendor.get(f"{tests}{key}"):
        for row in await vendor.get(f"{tests}/{test['id']}/candidates{key}"):
            if row["status"] in FINISHED:
                url = f"{tests}/{test['id']}/candidates/{row['id']}/report{key}"
                jobs.append((f"{test['id']}/{row['id']}", lambda url=url: _one(vendor, url)))  # type: ignore[misc]
    base, key = f"{vendor.keywords['pads_base_url']}/1/pads", f"?key={vendor.keywords['pads_api_key']}"
    urls = {row["id"]: f"{base}/{row['id']}{key}" for row in await vendor.get(f"{base}{key}")}
    return jobs + [(ident, lambda url=url: _one(vendor, url)) for ident, url in urls.items()]  # type: ignore[misc]


async def sessions(vendor: Vendor) -> list[Job]:
    """Codility: the sessions that were started."""
    base = vendor.keywords["base_url"]
    jobs: list[Job] = []
    url: str | None = f"{base}/api/sessions/"
    while url is not None:
        page = await vendor.get(url)
        for row in page["results"]:
            if row["start_date"] is not None:
                detail = f"{base}/api/sessions/{row['id']}/"
                jobs.append((row["id"], lambda url=detail: _one(vendor, url)))  # type: ignore[misc]
        url = page["next"]
    return jobs


async def _one(vendor: Vendor, url: str) -> list[Any]:
    return [await vendor.get(url)]
