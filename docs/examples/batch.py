"""Every report of every account as JSON Lines, inside each vendor's limits."""

import asyncio
from typing import TextIO

import interviewkit as ik
from interviewkit.serialize import dumps


# [start:task]
async def write_reports(file: TextIO) -> None:
    failed = 0
    async with ik.Hub.from_env() as hub:
        async for outcome in hub.fetch_reports(hub.list_sessions(), concurrency=4):
            if outcome.report is None:
                failed += 1  # outcome.ref and outcome.error say which and why
            else:
                file.write(dumps(outcome.report) + "\n")
        print(f"failed: {failed}, accounts that were not listed: {list(hub.failures)}")


# [end:task]


with open("reports.jsonl", "w", encoding="utf-8") as lines:
    asyncio.run(write_reports(lines))
