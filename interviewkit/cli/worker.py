"""`harvest worker`: one of any number of processes that harvest into one PostgreSQL."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from interviewkit.cli import accounts, stores
from interviewkit.cli.accounts import COMMON, Common
from interviewkit.cli.exits import DONE
from interviewkit.cli.harvest import HOUR, check_artifacts, check_numbers
from interviewkit.cli.render import Screen


async def worker(
    *,
    store: stores.StoreURL,
    artifacts_to: Annotated[Path | None, Parameter(name="--artifacts")] = None,
    interval: float = 3600.0,
    sweep_every: float = 24.0,
    concurrency: int = 4,
    common: Common = COMMON,
) -> int:
    """Harvest as one of any number of workers, on any number of machines, that share a store on PostgreSQL.

    It ends by SIGINT or SIGTERM, when what is in flight is finished; a second one ends it at once.

    Parameters
    ----------
    artifacts_to
        Fetch the files beside the reports too, into this folder, which all workers share.
    interval
        Seconds until an account is due again.
    sweep_every
        Hours until an account's lists are read whole again, which shows what is gone at the vendor.
    concurrency
        Accounts at once.
    """
    check_numbers(interval=interval, sweep_every=sweep_every, concurrency=concurrency)
    stores.check(store, shared=True)
    check_artifacts(artifacts_to)
    from interviewkit.harvest import Store
    from interviewkit.harvest.worker import work

    screen = Screen(as_json=common.json)
    async with accounts.opened(common) as hub:
        async with await Store.open(store):
            pass  # a store that cannot be used is told before anything else
        screen.say(f"a worker for {len(hub)} account{'s' * (len(hub) != 1)}; Ctrl-C ends it")
        await work(
            hub, store, concurrency=concurrency, interval=interval, sweep_every=sweep_every * HOUR,
            artifacts=artifacts_to,
        )  # fmt: skip
        screen.say("the worker has ended")
    return DONE
