"""The sandbox as a process of its own, so that every answer comes over HTTP and none out of this program's memory."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import IO, Any

import attrs

import interviewkit
from interviewkit.config import Account
from interviewkit.errors import InterviewKitError, TransportError
from interviewkit.http.transport import Transport

_START = 30.0
_STOP = 5.0


@attrs.frozen(eq=False)
class Running:
    """A sandbox that listens: the accounts that lead to it, and its control site."""

    accounts: tuple[Account, ...]
    control_url: str
    process: asyncio.subprocess.Process
    transport: Transport

    async def control(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Ask the control site. Raises `TransportError` when it is gone or refuses."""
        response = await self.transport.send(
            method,
            self.control_url + path,
            headers={"Content-Type": "application/json"},
            body=None if body is None else json.dumps(body).encode(),
            timeout=15.0,
            max_bytes=1 << 24,
        )
        if response.status >= 400:
            raise TransportError(f"the sandbox's control site answered {response.status}", retryable=False)
        return json.loads(response.body)

    async def work(self, until: str = "evaluated", *, settle: bool = False) -> int:
        """Let the candidates who were invited in this run work; returns how many did.

        With `settle`, wait until webhooks about it were answered.
        """
        worked = await self.control("POST", "/candidates/work", {"until": until, "settle": settle})
        return len(worked["worked"])

    async def touch(self, ref: str) -> None:
        """Let a person at the vendor change a session."""
        await self.control("POST", "/sessions/touch", {"id": ref})

    async def remove(self, ref: str) -> None:
        """Let a person at the vendor delete a session."""
        await self.control("POST", "/sessions/remove", {"id": ref})


@contextlib.asynccontextmanager
async def running(*, seed: int = 7, sessions: int = 24) -> AsyncIterator[Running]:
    """Start `python -m interviewkit.sandbox` and stop it in the end; it also stops when this program dies."""
    with tempfile.TemporaryFile() as complaints:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", "interviewkit.sandbox", "--seed", str(seed), "--sessions", str(sessions),
            "--json", "--exit-with-parent",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=complaints, env=_environment(),
            start_new_session=True, limit=1 << 20,
        )  # fmt: skip
        transport = Transport()
        try:
            ready = await _ready(process, complaints)
            accounts = tuple(
                Account(label, keywords.pop("provider"), keywords) for label, keywords in ready["accounts"].items()
            )
            yield Running(accounts, ready["control_url"], process, transport)
        finally:
            await transport.aclose()
            await _stop(process)


def _environment() -> dict[str, str]:
    """The child finds this very package first, wherever it was started from, and nothing in the current folder."""
    home = str(Path(interviewkit.__file__).parents[1])
    paths = [home, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}


async def _ready(process: asyncio.subprocess.Process, complaints: IO[bytes]) -> dict[str, Any]:
    assert process.stdout is not None  # noqa: S101 - it was asked for
    line = b""
    with contextlib.suppress(TimeoutError):
        line = await asyncio.wait_for(process.stdout.readline(), _START)
    try:
        ready: dict[str, Any] = json.loads(line)
    except ValueError:
        complaints.seek(0)
        last = complaints.read().decode(errors="replace").strip().rpartition("\n")[2]
        raise InterviewKitError(f"the sandbox did not start{': ' + last if last else ''}") from None
    return ready


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.stdin is not None:
        process.stdin.close()
    try:
        await asyncio.wait_for(process.wait(), _STOP)
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
