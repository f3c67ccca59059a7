"""Standard logging: what was tried again, and when."""

import asyncio
import logging
import sys

import interviewkit as ik
from interviewkit.testing import Scripted, answer


async def main() -> None:
    script = Scripted([answer(status=503), answer({"credits_available": 3, "level": "warning"})])
    soon = ik.RetryPolicy(attempts=2, base_delay=0.001, max_delay=0.001)
    # [start:log]
    handler = logging.StreamHandler(sys.stdout)
    logger = logging.getLogger("interviewkit")
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    # [end:log]
    async with ik.Codility("token", transport=script, retry=soon) as codility:
        await codility.check()
    logger.removeHandler(handler)
    logger.setLevel(logging.NOTSET)


asyncio.run(main())
