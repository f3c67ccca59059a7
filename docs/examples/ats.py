"""An ATS that offers several vendors: one loop, honest capabilities, failures kept apart."""

import asyncio

import interviewkit as ik


async def main() -> None:
    # [start:task]
    async with ik.Hub.from_env() as hub:
        for provider in hub:
            mail = provider.capabilities[ik.Feature.EMAIL_CANDIDATE]
            print(f"{provider.account}: {'mails candidates itself' if mail else mail.note}")
        tests = await hub.list_assessments().collect()
        for account in sorted({test.account for test in tests}):
            print(account, "offers", sum(test.account == account for test in tests))
        for account, error in hub.failures.items():
            print(f"{account} failed: {error}")
    # [end:task]


asyncio.run(main())
