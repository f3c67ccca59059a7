"""What a candidate typed, revision by revision."""

import asyncio

import interviewkit as ik


async def main() -> None:
    async with ik.CoderPad() as pads:
        # [start:replay]
        async for session in pads.list_sessions():
            report = await pads.fetch_report(session)
            files = [file for task in report.tasks for file in task.files if file.history_url]
            if not files:
                continue
            history = await pads.fetch_history(files[0])
            print(f"{files[0].path}: {len(history.revisions)} revisions")
            print("the last one is the file:", history.text == files[0].content)
            break
        # [end:replay]


asyncio.run(main())
