"""Four ways to read a list."""

import asyncio

import interviewkit as ik


async def read(pager: ik.Pager[ik.Session]) -> None:
    # [start:ways]
    async for session in pager:  # row by row
        print(session.status)
        break
    async for page in pager.pages():  # page by page
        print(len(page.items), len(page.problems), page.cursor is None, page.total)
        break
    first = await pager.first()  # one page at most
    some = await pager.collect(limit=4)  # a list
    # [end:ways]
    print(first is not None, len(some))


async def main() -> None:
    async with ik.Codility() as codility:
        await read(codility.list_sessions())


asyncio.run(main())
