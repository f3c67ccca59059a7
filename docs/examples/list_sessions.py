"""Lists of one vendor: rows, problems, and going on where one stopped."""

import asyncio

import interviewkit as ik


async def first_page(provider: ik.InterviewProvider) -> str | None:
    # [start:cursor]
    async for page in provider.list_sessions().pages():
        print(f"{len(page.items)} sessions on the first page")
        return page.cursor  # text: store it, and go on from it in another process
    # [end:cursor]
    return None


async def main() -> None:
    async with ik.RemoteInterview() as remote:
        # [start:rows]
        pager = remote.list_sessions()
        count = 0
        async for _session in pager:
            count += 1
        print(f"{count} sessions, {len(pager.problems)} rows could not be read")
        # [end:rows]
        cursor = await first_page(remote)
        # [start:resume]
        if cursor is not None:
            rest = await remote.list_sessions().resume(cursor).collect()
            print(f"{len(rest)} sessions after it")
        # [end:resume]


asyncio.run(main())
