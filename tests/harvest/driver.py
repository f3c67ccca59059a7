"""A harvest in a process of its own, for tests that kill, stop, starve and measure it: `python driver.py JOB.json`."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
from sqlalchemy import Engine, event

from interviewkit import Hub, connect
from interviewkit.errors import ConfigurationError, InterviewKitError
from interviewkit.harvest import Harvester, Store
from interviewkit.http.retry import RetryPolicy

SAMPLES = 40
"""A harvest's memory is measured about so often."""


@attrs.frozen(kw_only=True)
class Job:
    """What a child shall do, and where it says how that went."""

    store: str
    accounts: dict[str, dict[str, Any]]
    result: str
    """The file that gets the summary, or the error."""
    lease_seconds: float = 30.0
    harvester: dict[str, Any] = attrs.field(factory=dict)
    """Keywords of `Harvester`."""
    ahead: float = 0.0
    """Seconds by which the harvest's clock is ahead of ours."""
    slices: bool = False
    """One slice of each account, one after the other, instead of a run."""
    largest_file: int | None = None
    """Bytes beyond which no file grows, as on a disk that is full."""
    most_pages: int | None = None
    """Pages beyond which SQLite takes its disk to be full."""
    expected: int = 0
    """How many outcomes to come, for a job whose memory is measured."""


def run(job: Job) -> None:
    """Do the job and exit: 0, or by the error as the command line does."""
    Path(job.result).unlink(missing_ok=True)
    if job.largest_file is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (job.largest_file, job.largest_file))
    if job.most_pages is not None:
        event.listen(Engine, "connect", _full_at(job.most_pages))
    try:
        told = asyncio.run(_harvest(job))
    except InterviewKitError as error:
        told = {"error": str(error), "kind": type(error).__name__, "code": 2 if _is_setup(error) else 1}
    Path(job.result).write_text(json.dumps(told, default=str))
    sys.stdout.flush()
    os._exit(told.get("code", 0))  # leaves no time for threads to tidy up: that is not what is tested


async def _harvest(job: Job) -> dict[str, Any]:
    accounts = {label: {**keywords} for label, keywords in job.accounts.items()}
    providers = [
        connect(
            keywords.pop("provider"), account=label, **{"limit": None, "retry": RetryPolicy(attempts=1), **keywords}
        )
        for label, keywords in accounts.items()
    ]
    samples: list[float] = []
    async with Hub(providers) as hub, await Store.open(job.store, lease_seconds=job.lease_seconds) as store:
        ahead = timedelta(seconds=job.ahead)
        harvester = Harvester(hub, store, clock=lambda: datetime.now(UTC) + ahead, **job.harvester)
        number = 0
        if job.slices:
            states = {label: (await harvester.run_slice(label)).state for label in job.accounts}
            return {"states": states}
        async for _ in harvester.run():
            number += 1
            if job.expected and number % max(1, job.expected // SAMPLES) == 0:
                samples.append(resident())
    summary = harvester.summary
    return {
        "ok": summary.ok,
        "accounts": {one.account: attrs.asdict(one) | {"error": _line(one.error)} for one in summary.accounts},
        "outcomes": number,
        "samples": samples,
        "peak": _peak(),
    }


def _peak() -> float:
    """MiB. Not `ru_maxrss`, which a process takes over from the one that started it."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def resident() -> float:
    """This process's memory in MiB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 2**20


def _full_at(pages: int) -> Any:
    def limit(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA max_page_count={pages}")
        cursor.close()

    return limit


def _is_setup(error: InterviewKitError) -> bool:
    return isinstance(error, ConfigurationError)


def _line(error: InterviewKitError | None) -> str | None:
    return None if error is None else str(error)


if __name__ == "__main__":
    run(Job(**json.loads(Path(sys.argv[1]).read_text())))
