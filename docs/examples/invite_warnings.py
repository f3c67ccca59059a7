"""What a vendor cannot be told: an error before any request, or a warning in the result."""

import asyncio

import interviewkit as ik


async def main() -> None:
    robin = ik.Candidate(email="robin@example.com", name="Robin Example")
    # [start:warnings]
    async with ik.RemoteInterview() as strict:
        test = await strict.list_assessments().first()
        assert test is not None
        try:
            await strict.invite_candidate(test.id, robin, redirect_url="https://ats.example.com/thanks")
        except ik.UnsupportedError as error:
            print(error.outcome, "hint:", error.hint)

    async with ik.RemoteInterview(unsupported="warn") as lenient:
        invitation = await lenient.invite_candidate(test.id, robin, redirect_url="https://ats.example.com/thanks")
        for dropped in invitation.warnings:
            print(f"left out: {dropped.field} ({dropped.reason})")
    # [end:warnings]


asyncio.run(main())
