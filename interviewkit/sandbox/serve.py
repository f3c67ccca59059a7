"""Serving the sandbox until somebody stops it."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import signal
from collections.abc import Awaitable, Callable

from .box import Sandbox

OnReady = Callable[[Sandbox], Awaitable[None] | None]


async def serve(
    *,
    seed: int = 7,
    sessions: int = 30,
    port: int = 0,
    quirks: bool = True,
    faults: float = 0.0,
    on_ready: OnReady | None = None,
    stop: asyncio.Event | None = None,
) -> None:
    """Run a sandbox until SIGINT, SIGTERM or `stop`; `on_ready` gets it once all sites listen."""
    stop = stop or asyncio.Event()
    loop = asyncio.get_running_loop()
    caught = []
    for number in (signal.SIGINT, signal.SIGTERM):
        # Not in a thread that is not the main one, and not on Windows.
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
            loop.add_signal_handler(number, stop.set)
            caught.append(number)
    try:
        async with Sandbox(seed=seed, sessions=sessions, port=port, quirks=quirks, faults=faults) as box:
            if on_ready is not None and inspect.isawaitable(ready := on_ready(box)):
                await ready
            await stop.wait()
    finally:
        for number in caught:
            loop.remove_signal_handler(number)
