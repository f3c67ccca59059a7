"""Reports of several accounts: each outcome as it is done, each failure by itself."""

import asyncio
from collections import Counter

import interviewkit as ik


async def main() -> None:
    async with ik.Hub.from_env() as hub:
        # [start:outcomes]
        done: Counter[str] = Counter()
        async for outcome in hub.fetch_reports(hub.list_sessions(), concurrency=4, patience=60):
            done[f"{outcome.account}: {'report' if outcome.report else type(outcome.error).__name__}"] += 1
        for line in sorted(done):
            print(line, done[line])
        for account, error in hub.failures.items():  # accounts whose list ended early
            print(f"{account}: {error}")
        # [end:outcomes]


asyncio.run(main())
