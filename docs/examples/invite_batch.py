"""Many candidates at once: one outcome each, in the order they are known."""

import asyncio

import interviewkit as ik


async def main() -> None:
    async with ik.Codility() as codility:
        # [start:batch]
        test = await codility.list_assessments().first()
        assert test is not None
        requests = [
            ik.InviteRequest(candidate=ik.Candidate(email=f"{name}@example.com"), reference=f"hire-{name}")
            for name in ("ada", "bo", "cleo")
        ]
        invited = {}
        async for outcome in codility.invite_candidates(test.id, requests, callback_url="https://ats.example.com/hook"):
            invited[outcome.request.reference] = outcome.error or outcome.invitation
        for reference, found in sorted(invited.items()):
            print(reference, "failed" if isinstance(found, ik.InterviewKitError) else "invited")
        # [end:batch]


asyncio.run(main())
