"""Tonight's harvest of every account in interviewkit.toml, then what was found."""

import asyncio

import interviewkit as ik
from interviewkit.harvest import Harvester, Store


# [start:task]
async def nightly() -> None:
    async with ik.Hub.from_config("interviewkit.toml") as hub, await Store.open("sqlite:///reports.db") as store:
        harvester = Harvester(hub, store, artifacts="files")
        async for outcome in harvester.run():
            if outcome.error is not None:
                print(f"{outcome.account}: {outcome.change}: {outcome.error}")
        for one in harvester.summary.accounts:
            print(f"{one.account}: {one.state}, {one.new} new, {one.changed} changed, {one.requests} requests")


# [end:task]


asyncio.run(nightly())  # the first night reads everything
asyncio.run(nightly())  # the second one only looks for news
