"""Random writes in a process of its own: sixteen at once, some cancelled, until somebody kills it."""

from __future__ import annotations

import asyncio
import json
import os
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import attrs

from interviewkit import Candidate, CommitModel, InterviewKitError, InviteLedger, connect

AT_ONCE = 16
MODEL = CommitModel(commit_within=1.2, index_lag=0.8, clock_skew=120.0)
"""What the sandbox keeps to: it commits at most 0.2 seconds after a break, and shows that at most 0.3 seconds later."""
RECONCILE = 12.0
LEASE = 1.5
KINDS = (
    *["invite:codility"] * 3, *["invite:remoteinterview"] * 3, *["invite:coderpad"] * 2, "invite:unmarked",
    "create:codility", "create:remoteinterview", "create:coderpad", "create:unmarked",
)  # fmt: skip
"""What is written, and at which account; nobody agreed to markers at `unmarked`, a CoderPad account."""


@attrs.frozen
class Wanted:
    """One write: which, for whom, and under which reference."""

    number: int
    kind: str

    @property
    def reference(self) -> str:
        """The caller's own reference; it names the write also at the vendor."""
        return f"req-{self.number:05d}"

    @property
    def mailbox(self) -> str:
        """The candidate's mailbox."""
        return f"applicant-{self.number:05d}@example.com"

    @property
    def title(self) -> str:
        """What a session is called."""
        return f"Round {self.number:05d}"

    @property
    def account(self) -> str:
        """The label of the account."""
        return self.kind.partition(":")[2]


def wanted(number: int, seed: int) -> list[Wanted]:
    """So many random writes."""
    rng = random.Random(f"{seed}:kinds")
    return [Wanted(one, rng.choice(KINDS)) for one in range(number)]


@attrs.frozen(kw_only=True)
class Job:
    """What a child shall write, and where it notes what came of each."""

    store: str
    accounts: dict[str, dict[str, Any]]
    tests: dict[str, str]
    """Account to the assessment that candidates are invited to."""
    writes: list[Wanted]
    results: str
    seed: int


def run(job: Job) -> None:
    """Write until everything has come to an end."""
    asyncio.run(_write_all(job))


@asynccontextmanager
async def _providers(job: Job) -> AsyncIterator[dict[str, Any]]:
    async with AsyncExitStack() as stack:
        ledger = await stack.enter_async_context(await InviteLedger.open(job.store, lease_seconds=LEASE))
        made = {}
        for label, given in job.accounts.items():
            keywords = {**given}
            settings: dict[str, Any] = {
                "account": label, "ledger": ledger, "commit_model": MODEL, "reconcile_timeout": RECONCILE,
                "timeout": 2.0, "limit": None,
            }  # fmt: skip
            made[label] = await stack.enter_async_context(connect(keywords.pop("provider"), **settings, **keywords))
        yield made


async def _write_all(job: Job) -> None:
    places = asyncio.Semaphore(AT_ONCE)
    rng = random.Random(f"{job.seed}:{os.getpid()}")
    with Path(job.results).open("a", encoding="utf-8") as results:  # noqa: ASYNC230 - a line at a time

        async def work(one: Wanted) -> None:
            async with places:
                told = await _with_cancellation(providers[one.account], job, one, rng)
                results.write(json.dumps({"number": one.number, **told}) + "\n")
                results.flush()

        async with _providers(job) as providers, asyncio.TaskGroup() as group:
            for one in job.writes:
                group.create_task(work(one))


async def _with_cancellation(provider: Any, job: Job, one: Wanted, rng: random.Random) -> dict[str, Any]:
    """Write; at times give up in the middle, and ask again."""
    if rng.random() < 0.05:
        task = asyncio.create_task(_write(provider, job, one))
        await asyncio.wait({task}, timeout=rng.uniform(0, 0.03))
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    return await _write(provider, job, one)


async def _write(provider: Any, job: Job, one: Wanted) -> dict[str, Any]:
    try:
        if one.kind.startswith("invite"):
            person = Candidate(email=one.mailbox, name=f"Applicant {one.number:05d}")
            made = await provider.invite_candidate(job.tests[one.account], person, reference=one.reference)
        else:
            made = await provider.create_session(title=one.title, reference=one.reference)
    except InterviewKitError as error:
        return {
            "outcome": None if error.outcome is None else error.outcome.value, "error": type(error).__name__,
            "operation": error.operation_id, "text": str(error),
        }  # fmt: skip
    return {"outcome": "made", "id": made.ref.id, "reference": made.reference}
