"""A backend service that talks to one vendor: invite, and know what happened when it fails."""

import asyncio

import interviewkit as ik


async def main() -> None:
    # [start:task]
    async with ik.Codility(timeout=20.0, account="acme") as codility:
        tests = await codility.list_assessments().collect()
        robin = ik.Candidate(email="robin@example.com", first_name="Robin", last_name="Example")
        try:
            invitation = await codility.invite_candidate(tests[0].id, robin, reference="hire-17", email=True)
            print(f"invited to {invitation.assessment_id}, mailed: {invitation.email_sent}")
        except ik.RateLimitedError as error:
            print(f"come back in {error.retry_after} s: {error.outcome}")
        except ik.InterviewKitError as error:
            print(f"{error} (may have happened: {error.outcome is ik.Outcome.UNKNOWN})")
    # [end:task]


asyncio.run(main())
