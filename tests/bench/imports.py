"""What an import costs, in processes of their own."""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys

from tests.bench.measure import Row

ROUNDS = 11
SNIPPETS = {
    "nothing": "pass",
    "aiohttp": "import aiohttp",
    "interviewkit": "import interviewkit",
    "provider": "import interviewkit; interviewkit.CoderPad(api_key='bench')",
}


def _cpu(code: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


async def imports() -> list[Row]:
    """CPU seconds of each import beyond an empty interpreter, as ratios to `import aiohttp`."""
    found: dict[str, list[float]] = {name: [] for name in SNIPPETS}
    for number in range(ROUNDS + 1):
        for name, code in SNIPPETS.items():
            spent = _cpu(code)
            if number:
                found[name].append(spent)
    empty = statistics.median(found["nothing"])
    cost = {name: statistics.median(times) - empty for name, times in found.items()}
    return [
        Row("import interviewkit / import aiohttp", cost["interviewkit"] / cost["aiohttp"], 0.10),
        Row("the first provider usable / import aiohttp", cost["provider"] / cost["aiohttp"], 1.30),
    ]
