"""A write whose fate is unknown: look before repeating it."""

import asyncio

import interviewkit as ik


async def create(pads: ik.CoderPad, title: str) -> ik.SessionRef:
    # [start:look]
    try:
        return (await pads.create_session(title=title)).ref
    except ik.InterviewKitError as error:
        if error.outcome is not ik.Outcome.UNKNOWN:
            raise
    async for session in pads.list_sessions():  # it may be there already
        if session.title == title:
            return session.ref
    return (await pads.create_session(title=title)).ref
    # [end:look]


async def main() -> None:
    async with ik.CoderPad() as pads:
        ref = await create(pads, "Pairing exercise 17")
        print((await pads.get_session(ref)).title)


asyncio.run(main())
