import asyncio
from collections import Counter

import interviewkit as ik


async def main() -> None:
    async with ik.Hub.from_env() as hub:  # every vendor whose key is in the environment
        seen = Counter([(one.provider, one.kind, one.status) async for one in hub.list_sessions()])
        for (provider, kind, status), count in sorted(seen.items()):
            print(f"{provider:16} {kind:10} {status:12} {count:2}")
        for account, error in hub.failures.items():  # one account's failure ends no other's list
            print(f"{account} failed: {error}")


asyncio.run(main())
