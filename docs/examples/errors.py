"""What to do about an error: by class, by outcome, by what it says of itself."""

import asyncio

import interviewkit as ik


async def main() -> None:
    # [start:errors]
    async with ik.CoderPad(retry=ik.RetryPolicy(attempts=4, base_delay=0.2, max_delay=5.0), timeout=15.0) as pads:
        try:
            await pads.fetch_report("NOSUCHPAD")
        except ik.NotFoundError as error:
            print(f"{error.provider} {error.operation} {error.status}, retryable: {error.retryable}")
        try:
            await pads.create_session(title="Pairing", reference="hire-17")
        except ik.UnsupportedError as error:
            print(f"nothing was sent: {error.outcome}")
        try:
            await pads.get_session("../quota")
        except ik.InvalidArgumentError as error:
            print(f"a wrong id: {isinstance(error, ValueError)}")
        # [end:errors]
        # [start:patient]
        patient = pads.with_options(timeout=120.0)
        # [end:patient]
        print((await patient.check()).ok)


asyncio.run(main())
