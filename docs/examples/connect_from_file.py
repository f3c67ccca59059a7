import asyncio

import interviewkit as ik


async def main() -> None:
    async with ik.Hub.from_config("interviewkit.toml") as hub:
        for provider in hub:
            status = await provider.check()
            print(f"{provider.account}: {'good' if status.ok else 'not good'}")


asyncio.run(main())
