"""Endpoints that only one vendor has."""

import asyncio

import interviewkit as ik
from interviewkit.http.decode import structure
from interviewkit.providers import coderpad


async def main() -> None:
    async with ik.CoderPad() as pads:
        # [start:send]
        quota = await pads.send(coderpad.get_quota())
        print("pads used:", quota.pads_used)
        # [end:send]
        # [start:call]
        call = coderpad.create_pad(title="Pairing", language="python", notes="only for us")
        print(repr(call))
        print(call.describe())
        # [end:call]
        # [start:options]
        options = ik.CoderPadOptions(contents="print('hello')\n", execution_enabled=True)
        session = await pads.create_session(title="Pairing", language="python", options=options)
        # [end:options]
        # [start:shape]
        found = await pads.get_session(session)
        pad = structure(found.raw, coderpad.Pad)
        print("in the vendor's words:", pad.language, pad.execution_enabled, sorted(found.raw)[:3])
        # [end:shape]


asyncio.run(main())
