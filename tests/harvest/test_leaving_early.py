"""A program that leaves a run in the middle comes to its end."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

from interviewkit.sandbox import Sandbox

PROGRAM = """
import asyncio
import interviewkit as ik
from interviewkit.harvest import Harvester, Store

async def main():
    async with ik.Hub.from_env() as hub, await Store.open("store.db") as store:
        async for outcome in Harvester(hub, store).run():
            break
    print("closed")

asyncio.run(main())
"""


async def test_leaving_the_loop_and_closing_the_store_ends_the_run(tmp_path: Path) -> None:
    async with Sandbox(sessions=1500, strict_limits=False) as box:
        done = await asyncio.to_thread(
            subprocess.run, [sys.executable, "-c", PROGRAM], cwd=tmp_path, env={**os.environ, **box.environment},
            capture_output=True, text=True, timeout=30, check=False,
        )  # fmt: skip
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "closed", "")
