"""Erasing a candidate from the store and from the files beside it."""

import asyncio
from pathlib import Path

import interviewkit as ik
from interviewkit.harvest import Harvester, Store
from interviewkit.harvest.erase import forget

KEY = b"an example: 32 bytes or more, kept apart from the store"


# [start:task]
async def erase_one() -> None:
    async with ik.Hub.from_env() as hub, await Store.open("reports.db") as store:
        harvester = Harvester(hub, store, artifacts="files", erasure_key=KEY)
        async for _ in harvester.run():
            pass
        person = (await anext(store.reports(account="codility"))).candidate

        gone = await forget(store, email=person.email, key=KEY, artifacts=Path("files"))
        print(f"erased: {gone.reports} report(s)")

        async for _ in harvester.run():  # the person is not brought back
            pass
        left = [one async for one in store.reports() if one.candidate and one.candidate.email == person.email]
        print(f"left: {len(left)}")


# [end:task]


asyncio.run(erase_one())
