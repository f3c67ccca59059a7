import asyncio

import interviewkit as ik


async def main() -> None:
    async with ik.CoderPad() as coderpad, ik.Codility() as codility:
        for provider in (coderpad, codility):
            try:
                sessions = await provider.list_sessions().collect(limit=3)
            except ik.InterviewKitError as error:
                print(f"{provider.name}: {error}")
                continue
            for session in sessions:
                report = await provider.fetch_report(session)
                score = f"{report.score.points:g} points" if report.score else "no score"
                print(f"{session.ref}: {report.status}, {score}, tasks: {len(report.tasks)}")


asyncio.run(main())
