"""Taking events from the inbox as they become due, and writing down what became of them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import socket
import time
from collections import Counter
from collections.abc import Sequence

import attrs

from interviewkit.errors import StoreError
from interviewkit.webhooks.handling import Ending, Handler, PutOffError, logger
from interviewkit.webhooks.inbox import Inbox
from interviewkit.webhooks.rows import Claimed, EventState

FORGOTTEN = "forgotten"
"""Stands beside the states for an event that was deleted, since its person was erased."""


@attrs.define(kw_only=True, eq=False)
class Tally:
    """What was done, in plain numbers."""

    settled: Counter[tuple[str, str, str | None, str]] = attrs.field(factory=Counter)
    retried: Counter[str] = attrs.field(factory=Counter)
    lag: float = 0.0
    in_flight: int = 0


class Processing:
    """Takes events from the inbox until it is stopped: `concurrency` at a time, those of one session in their order."""

    def __init__(
        self, inbox: Inbox, handler: Handler, *, accounts: Sequence[str], concurrency: int, lease_seconds: float
    ) -> None:  # fmt: skip
        self.tally = Tally()
        self._inbox = inbox
        self._handler = handler
        self._schedule = handler.schedule
        self._accounts = accounts
        self._concurrency = concurrency
        self._lease_seconds = lease_seconds
        self._holder = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._running: dict[asyncio.Task[None], Claimed] = {}
        self._held_until: dict[Claimed, float] = {}
        """Until when, by `time.monotonic`, nobody else takes an event."""
        self._news = asyncio.Event()
        self._stopping = False

    def wake(self) -> None:
        """There is something new."""
        self._news.set()

    def stop(self) -> None:
        """Begin nothing new."""
        self._stopping = True
        self._news.set()

    async def run(self) -> None:
        """Process events as they become due, until `stop`; those under way are finished.

        Whatever else than a failing store ends it is raised, as is what ended the renewal of leases: without it others
        would take over what is still being processed here.
        """
        self._stopping = False
        renewal = asyncio.create_task(self._renew())
        renewal.add_done_callback(lambda _: self._news.set())
        failures = 0
        try:
            while not self._stopping:
                self._news.clear()
                if renewal.done():
                    renewal.result()
                try:
                    pause = await self._begin()
                    failures = 0
                except StoreError as error:
                    pause = self._schedule.pause(failures, error)
                    failures += 1
                    logger.warning("the inbox cannot be read: %s", error)
                await self._rest(pause)
            while self._running:
                await asyncio.wait(self._running)
        finally:
            renewal.cancel()
            tasks = list(self._running)
            for task in tasks:
                task.cancel()
            await asyncio.gather(renewal, *tasks, return_exceptions=True)

    async def _begin(self) -> float:
        """Begin what is due, as far as there is room; returns the seconds until there may be more."""
        room = self._concurrency - len(self._running)
        if room < 1:
            return self._schedule.look_every
        # Most looks find nothing: only a claim needs the writer's place.
        is_due, pause = await self._inbox.has_due(accounts=self._accounts)
        if not is_due:
            return self._schedule.look_every if pause is None else min(pause, self._schedule.look_every)
        asked = time.monotonic()
        claimed = await self._inbox.claim(
            accounts=self._accounts, limit=room, holder=self._holder, lease_seconds=self._lease_seconds
        )
        for one in claimed:
            self._held_until[one] = asked + self._lease_seconds
            task = asyncio.create_task(self._process(one))
            self._running[task] = one
            task.add_done_callback(self._ended)
        self.tally.in_flight = len(self._running)
        return 0.0 if claimed else self._schedule.look_every

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._held_until.pop(self._running.pop(task), None)
        self.tally.in_flight = len(self._running)
        self._news.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("processing an event failed with %s", type(error).__name__)

    async def _rest(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._news.wait()

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(self._lease_seconds / 3)
            held, asked = list(self._held_until), time.monotonic()
            if not held:
                continue
            with contextlib.suppress(StoreError):  # tried again; nobody is called back beyond the lease
                for one in await self._inbox.renew(held, lease_seconds=self._lease_seconds):
                    if one in self._held_until:
                        self._held_until[one] = asked + self._lease_seconds

    # --- one event ---

    async def _process(self, one: Claimed) -> None:
        """Process an event and write down what became of it."""
        try:
            try:
                ending = await self._handler.handle(one, lambda: time.monotonic() < self._held_until.get(one, 0.0))
            except PutOffError as later:
                await self._put_off(one, later.seconds, later.why, is_failure=later.is_failure)
            else:
                await self._end(one, ending)
        except StoreError as error:
            # Should this fail, too, then the lease runs out, and the event is processed again by whomever.
            logger.warning("an event of the account %s waits for the store: %s", one.account, error)
            with contextlib.suppress(StoreError):
                await self._put_off(one, self._schedule.pause(one.tries), "the store failed", is_failure=True)
        except asyncio.CancelledError:
            pause = 0.0 if self._stopping else self._schedule.first
            with contextlib.suppress(StoreError):
                await asyncio.shield(self._inbox.put_off(one, pause, error=None, is_failure=False))
            raise

    async def _end(self, one: Claimed, ending: Ending) -> None:
        if ending.state is None:
            await self._inbox.remove(one)
            self._count(one, FORGOTTEN)
        elif await self._inbox.settle(one, ending.state, ref=ending.ref, error=ending.error):
            self._count(one, ending.state.value)

    async def _put_off(self, one: Claimed, seconds: float, why: str, *, is_failure: bool) -> None:
        """Try again later; or give up, when it is too old by then."""
        if one.tried_for + seconds > self._schedule.give_up_after:
            if await self._inbox.settle(one, EventState.FAILED, ref=one.ref, error=why):
                self._count(one, EventState.FAILED.value)
        elif await self._inbox.put_off(one, seconds, error=why, is_failure=is_failure) and is_failure:
            self.tally.retried[one.account] += 1

    def _count(self, one: Claimed, outcome: str) -> None:
        self.tally.settled[one.account, one.provider, one.type, outcome] += 1
        self.tally.lag = one.age
