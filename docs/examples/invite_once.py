"""Invite from an ATS: a job that may run twice, and writes whose fate is open."""

import asyncio

import interviewkit as ik

STORE = "sqlite:///ats.db"


# [start:invite]
async def invite(codility: ik.Codility, test_id: str, application: dict[str, str]) -> str:
    candidate = ik.Candidate(email=application["email"], first_name=application["name"])
    try:
        made = await codility.invite_candidate(test_id, candidate, reference=application["id"])
    except ik.ReferenceConflictError as error:
        return f"the application was invited with other data: {', '.join(error.differing)}"
    except ik.InterviewKitError as error:
        if error.outcome is ik.Outcome.UNKNOWN:
            return f"open, look again later: operation {error.operation_id}"
        if error.outcome is ik.Outcome.APPLIED:
            return "invited, but the answer is lost: see the vendor's pages"
        return f"not invited, try again or mend it: {error}"
    return f"invited as {made.ref}"
    # [end:invite]


# [start:look]
async def look_again(ledger: ik.InviteLedger) -> None:
    for operation in await ledger.operations(states=[ik.OperationState.UNKNOWN]):
        found = await ledger.resolve(operation.id)
        print(operation.id, found.state, found.ref)
    # [end:look]


# [start:main]
async def main() -> None:
    async with await ik.InviteLedger.open(STORE) as ledger, ik.Codility(ledger=ledger) as codility:
        test = await codility.list_assessments().first()
        assert test is not None
        application = {"id": "application-4711", "email": "robin@example.com", "name": "Robin"}
        first = await invite(codility, test.id, application)
        again = await invite(codility, test.id, application)
        print("invited once:", first == again)
        print(await invite(codility, test.id, {**application, "email": "sam@example.com"}))
        await look_again(ledger)
        sessions = [one async for one in codility.list_sessions(assessment_id=test.id)]
        print("at the vendor:", sum(one.reference == "application-4711" for one in sessions))
    # [end:main]


asyncio.run(main())
