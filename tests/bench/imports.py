"""What an import costs, in processes of their own."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile

from tests.bench.measure import Row

ROUNDS = 21
FIRST_PAGE = """
import asyncio
import interviewkit
from interviewkit.http.wire import Response

class Instant:
    async def send(self, method, url, **_):
        return Response(200, {}, b'{"status": "OK", "pads": [{"id": "A", "title": "t", "state": "ended"}]}')
    async def aclose(self):
        pass

async def main():
    async with interviewkit.CoderPad(api_key="bench", transport=Instant()) as pads:
        async for session in pads.list_sessions():
            assert session.ref.id == "A"

asyncio.run(main())
"""
SNIPPETS = {
    "nothing": "pass",
    "aiohttp": "import aiohttp",
    "interviewkit": "import interviewkit",
    "provider": "import interviewkit; interviewkit.CoderPad(api_key='bench')",
    "first page": FIRST_PAGE,
}


def _cpu(code: str, environment: dict[str, str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


async def imports() -> list[Row]:
    """CPU seconds of each import beyond an empty interpreter, as ratios to `import aiohttp`.

    All of it is imported as installers leave it, compiled to bytecode: the warm-up round compiles what a checkout, or
    an environment with `PYTHONDONTWRITEBYTECODE`, has not.
    """
    found: dict[str, list[float]] = {name: [] for name in SNIPPETS}
    with tempfile.TemporaryDirectory() as compiled:
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": compiled, "PYTHONDONTWRITEBYTECODE": ""}
        for number in range(ROUNDS + 1):
            for name, code in SNIPPETS.items():
                spent = _cpu(code, environment)
                if number:
                    found[name].append(spent)
    empty = statistics.median(found["nothing"])

    def ratio(name: str) -> float:
        pairs = zip(found[name], found["aiohttp"], strict=True)
        return statistics.median((ours - empty) / (theirs - empty) for ours, theirs in pairs)

    return [
        Row("import interviewkit / import aiohttp", ratio("interviewkit"), 0.10),
        Row("the first provider usable / import aiohttp", ratio("provider"), 1.30),
        Row("the same, and a first page of sessions read", ratio("first page"), None),
    ]
