"""Count and time every attempt, without seeing anybody's data."""

import asyncio
from collections import Counter

import interviewkit as ik


# [start:observer]
class Tally(ik.Observer):
    def __init__(self) -> None:
        self.answers: Counter[str] = Counter()

    def on_response(self, result: ik.AttemptResult) -> None:
        attempt = result.attempt
        self.answers[f"{attempt.method} {attempt.route} {result.status or result.error}"] += 1


# [end:observer]


async def main() -> None:
    # [start:use]
    tally = Tally()
    async with ik.RemoteInterview(observers=[tally]) as remote:
        await remote.list_sessions(kind=ik.SessionKind.LIVE).collect()
        await remote.check()
    for line, count in sorted(tally.answers.items()):
        print(line, count)
    # [end:use]


asyncio.run(main())
