"""One provider with its key, its label and a shorter deadline."""

import asyncio
import os

import interviewkit as ik


async def main() -> None:
    key, host = os.environ["CODERPAD_API_KEY"], os.environ["CODERPAD_BASE_URL"]
    # [start:connect]
    async with ik.CoderPad(api_key=key, base_url=host, account="acme-pads", timeout=10.0) as pads:
        status = await pads.check()
        print(f"{pads.account}: {status.used} pads used")
    # [end:connect]


asyncio.run(main())
