"""A worker: any number of them, on any number of machines, harvest the accounts of one store on PostgreSQL."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Iterator
from typing import TYPE_CHECKING

from interviewkit.errors import ConfigurationError
from interviewkit.harvest.engine import parse
from interviewkit.harvest.store import Store
from interviewkit.hub import Hub

if TYPE_CHECKING:
    from interviewkit.harvest.jobs import Pace


async def work(
    hub: Hub, store_url: str | os.PathLike[str], *, concurrency: int = 4, interval: float = 3600.0,
    sweep_every: float = 86400.0, artifacts: str | os.PathLike[str] | None = None, reserve: float = 0.0,
    erasure_key: bytes | None = None, stop: asyncio.Event | None = None, lease_seconds: float = 30.0,
    pace: Pace | None = None,
) -> None:  # fmt: skip
    """Harvest the hub's accounts as one of any number of workers, until `stop` is set, or SIGINT or SIGTERM come.

    Up to `concurrency` accounts at once; each is due again `interval` seconds after it was done. What is in flight is
    finished before the return; a second signal ends the process at once. A database that goes away is waited for.
    Raises `ConfigurationError` for a hub without accounts, and a store that cannot be reached or is not PostgreSQL.
    """
    try:
        from interviewkit.harvest.jobs import Pace, SliceWorker
    except ModuleNotFoundError:
        raise ConfigurationError("a worker needs an extra", hint="pip install 'interviewkit[postgres]'") from None
    from interviewkit.harvest.harvester import Harvester

    if not hub.labels:
        raise ConfigurationError("a worker needs an account", hint="configure one, or name other accounts")
    if isinstance(concurrency, bool) or not isinstance(concurrency, int) or concurrency < 1:
        raise ConfigurationError("a worker's concurrency is a whole number from 1 on")
    if not parse(store_url).drivername.startswith("postgresql"):
        raise ConfigurationError(
            "workers share a store on PostgreSQL",
            hint="name it postgresql://USER@HOST/DATABASE, or run without a worker",
        )
    async with await Store.open(store_url, lease_seconds=lease_seconds) as store:
        # One harvester and the hub's providers for all slices: an HTTP session lives as long as the process.
        harvester = Harvester(
            hub, store, artifacts=artifacts, interval=interval, sweep_every=sweep_every, reserve=reserve,
            erasure_key=erasure_key,
        )  # fmt: skip
        worker = SliceWorker(
            store, hub.labels, harvester.run_slice, concurrency=concurrency, finish=harvester.stop, pace=pace or Pace()
        )
        with _signals() if stop is None else contextlib.nullcontext(stop) as asked:
            await worker.run(asked)


@contextlib.contextmanager
def _signals() -> Iterator[asyncio.Event]:
    """An event that SIGINT or SIGTERM set; the second one has its usual effect."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    caught = (signal.SIGINT, signal.SIGTERM)

    def release() -> None:
        for number in caught:
            with contextlib.suppress(NotImplementedError, ValueError, RuntimeError):
                loop.remove_signal_handler(number)

    def ask() -> None:
        stop.set()
        release()

    for number in caught:
        # not on Windows, and not outside the main thread
        with contextlib.suppress(NotImplementedError, ValueError, RuntimeError):
            loop.add_signal_handler(number, ask)
    try:
        yield stop
    finally:
        release()
