"""Reading the store: reports as the shared model, and what has changed since the last time."""

import asyncio

import interviewkit as ik
from interviewkit.harvest import Harvester, Store


async def fill() -> None:
    async with ik.Hub.from_env() as hub, await Store.open("reports.db") as store:
        async for _ in Harvester(hub, store).run():
            pass


# [start:task]
async def read() -> None:
    async with await Store.open("reports.db") as store:
        scores = [report.score.points async for report in store.reports(account="codility") if report.score]
        print(f"{len(scores)} scores, the best is {max(scores):g}")

        seen = await store.last_seq() - 3  # where a reader of yours stopped
        async for record in store.records(since_seq=seen, include_deleted=True):
            print(record.seq - seen, type(record.report).__name__, "deleted" if record.deleted_at else "there")


# [end:task]


asyncio.run(fill())
asyncio.run(read())
