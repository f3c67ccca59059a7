"""One report: its session, tasks, test cases, files and artifacts."""

import asyncio

import interviewkit as ik


async def main() -> None:
    async with ik.RemoteInterview() as remote:
        # [start:report]
        async for session in remote.list_sessions(kind=ik.SessionKind.TAKE_HOME):
            if session.status is not ik.SessionStatus.COMPLETED:
                continue
            report = await remote.fetch_report(session)
            print(f"{session.title}: {report.score.percent if report.score else None} %, final: {report.is_final}")
            for task in report.tasks:
                passed = sum(case.passed is True for case in task.test_cases)
                print(f"  {task.kind} in {task.language}: {passed} of {len(task.test_cases)} test cases")
            break
        # [end:report]


asyncio.run(main())
