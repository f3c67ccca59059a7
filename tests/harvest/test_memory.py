"""A harvest's memory does not grow with the number of sessions."""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import sys
from pathlib import Path
from typing import Any

import attrs
import pytest

from interviewkit.sandbox import Sandbox

from . import driver

MOST = 150.0
"""MiB."""
FLAT = 4.0
"""MiB that the last third of a harvest may have above the middle one."""
STEP = 20.0
"""The same where lists without pages are long: as long as one is read, its rows take room."""
SOAK_SESSIONS = int(os.environ.get("INTERVIEWKIT_SOAK_SESSIONS", "100000"))


async def _measured(job: driver.Job, folder: Path) -> dict[str, Any]:
    """Run the job in a new process, in which nothing but a harvest was ever imported."""
    description = folder / "job.json"
    description.write_text(json.dumps(attrs.asdict(job)))
    command = [sys.executable, str(Path(driver.__file__)), str(description)]
    process = await asyncio.create_subprocess_exec(*command)
    code = await process.wait()
    told = (folder / "result.json").read_text()
    assert code == 0, told
    found: dict[str, Any] = json.loads(told)
    return found


@pytest.mark.parametrize(
    ("sessions", "flat"), [(2400, FLAT), pytest.param(SOAK_SESSIONS, STEP, marks=pytest.mark.soak)]
)
async def test_memory_is_bounded_and_flat(sessions: int, flat: float, tmp_path: Path) -> None:
    async with Sandbox(sessions=sessions, strict_limits=False) as box:
        job = driver.Job(
            store=f"sqlite:///{tmp_path}/harvest.db", accounts=box.accounts, result=str(tmp_path / "result.json"),
            expected=sessions * 3 // 4,
        )  # fmt: skip
        told = await _measured(job, tmp_path)
    samples = told["samples"]
    third = len(samples) // 3
    grown = statistics.median(samples[-third:]) - statistics.median(samples[third : 2 * third])
    print(f"{told['outcomes']} reports: peak {told['peak']:.0f} MiB, grown by {grown:.1f} MiB")  # noqa: T201
    assert told["ok"], told
    assert told["outcomes"] > sessions // 2
    assert told["peak"] <= MOST
    assert grown <= flat, samples
