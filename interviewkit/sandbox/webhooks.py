"""The vendors' post: webhooks that leave the sandbox for loopback URLs, at least once, in any order, at any time."""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import random
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import aiohttp
import attrs

from .checks import flag, number, one_of
from .clock import VirtualClock
from .deliveries import Delivery, Letter, is_loopback, place_of

KEPT = 10_000
"""Deliveries that are remembered, and as many that can be held back."""
KEPT_LETTERS = 1_000
"""Deliveries whose letter is still there to be repeated."""
AT_ONCE = 200
ORDERS = ("kept", "reversed", "shuffled")
SETTINGS = ("attempts", "pause", "timeout", "copies", "out_of_order")


def _within(least: float, most: float, *, whole: bool = False) -> Callable[[Any, Any, Any], None]:
    return lambda _webhooks, attribute, value: number(attribute.name, value, least, most, whole=whole)


@attrs.define(kw_only=True, eq=False, slots=False)
class Webhooks:
    """All webhooks of one sandbox.

    A letter is posted up to `attempts` times, `pause` seconds apart, until it is answered by less than 500 within
    `timeout` seconds; every letter goes out in `copies` at once; with `out_of_order`, Codility's similarity event comes
    before its result.
    """

    clock: VirtualClock = attrs.field(repr=False)
    seed: int = 7
    attempts: int = attrs.field(default=3, validator=_within(1, 100, whole=True))
    pause: float = attrs.field(default=0.05, validator=_within(0, 3600))
    timeout: float = attrs.field(default=5.0, validator=_within(0.001, 3600))
    copies: int = attrs.field(default=1, validator=_within(1, 1000, whole=True))
    out_of_order: bool = attrs.field(default=False, validator=lambda _webhooks, one, value: flag(one.name, value))

    def __attrs_post_init__(self) -> None:
        self.deliveries: deque[Delivery] = deque(maxlen=KEPT)
        """The last deliveries, oldest first."""
        self.is_holding = False
        self._held: deque[Delivery] = deque()
        self._sent: deque[Delivery] = deque()
        self._tasks: dict[asyncio.Task[None], set[tuple[str, str]]] = {}
        self._due: list[tuple[datetime, int, Callable[[], None]]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._session: aiohttp.ClientSession | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._numbers = count(1)
        self._random = random.Random(f"{self.seed}:webhooks")

    def start(self) -> None:
        """Begin to post, and to watch the clock."""
        self._loop, self._gate = asyncio.get_running_loop(), asyncio.Semaphore(AT_ONCE)
        self.clock.watchers.append(self._post_due)

    async def close(self) -> None:
        """End all deliveries; what is on its way stops."""
        with contextlib.suppress(ValueError):
            self.clock.watchers.remove(self._post_due)
        self._due.clear()
        self._arm()
        self._loop = None
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()
            self._session = None

    def post(self, letters: Iterable[Letter]) -> list[Delivery]:
        """Post these, one after the other, each in its copies; while `hold` is in force they wait for `release`."""
        rounds = [[self._record(letter) for _ in range(self.copies)] for letter in letters]
        wanted = [delivery for copies in rounds for delivery in copies]
        for delivery in wanted:
            if delivery.state == "held" and self.is_holding:
                self._hold(delivery)
        if not self.is_holding:
            self._begin(rounds)
        return wanted

    def later(self, seconds: float, act: Callable[[], None]) -> None:
        """Let `act` be called once the sandbox's clock is `seconds` further."""
        heapq.heappush(self._due, (self.clock.now() + timedelta(seconds=seconds), next(self._numbers), act))
        self._arm()

    def hold(self) -> None:
        """Keep back every letter from now on."""
        self.is_holding = True

    def release(self, order: str = "kept") -> int:
        """Post what was kept back, one after the other, in the order kept, reversed or shuffled; tells how many."""
        one_of("order", order, ORDERS)
        self.is_holding = False
        waiting = list(self._held)
        self._held.clear()
        if order == "reversed":
            waiting.reverse()
        elif order == "shuffled":
            self._random.shuffle(waiting)
        self._begin([[delivery] for delivery in waiting])
        return len(waiting)

    async def settled(self, ids: Iterable[tuple[str, str]] | None = None) -> None:
        """Wait until everything posted so far was answered or given up; held letters are not waited for.

        `ids` are pairs of vendor and session id: only what concerns them is waited for.
        """
        wanted = None if ids is None else set(ids)
        while tasks := [task for task, about in self._tasks.items() if wanted is None or about & wanted]:
            await asyncio.wait(tasks)

    async def repeat(self, delivery: Delivery, *, copies: int = 1) -> list[Delivery]:
        """Post a letter again, `copies` times at once, and wait for the answers; `LookupError` when it is forgotten."""
        if delivery.letter is None:
            raise LookupError("this letter is no longer kept")
        return await self.deliver([delivery.letter] * copies, forgery=delivery.forgery)

    async def deliver(self, letters: Sequence[Letter], *, forgery: str | None = None) -> list[Delivery]:
        """Post these at once, each in one attempt, whatever is held back, and wait for the answers."""
        deliveries = [self._record(letter, forgery) for letter in letters]
        self._begin([deliveries], attempts=1)
        await self.settled({(letter.vendor, letter.id) for letter in letters})
        return deliveries

    def configure(self, **given: Any) -> None:
        """Set some of the settings, or, when one of them makes no sense, none."""
        fields = attrs.fields_dict(Webhooks)
        for name, value in given.items():
            one_of("setting", name, SETTINGS)
            if (check := fields[name].validator) is not None:
                check(self, fields[name], value)
        for name, value in given.items():
            setattr(self, name, value)

    def settings(self) -> dict[str, Any]:
        """The settings by name."""
        return {name: getattr(self, name) for name in SETTINGS}

    def _record(self, letter: Letter, forgery: str | None = None) -> Delivery:
        """A new entry of the books; a URL beyond this machine is refused here and never called."""
        delivery = Delivery(
            number=next(self._numbers),
            vendor=letter.vendor,
            event=letter.event,
            place=place_of(letter.url),
            at=self.clock.now(),
            forgery=forgery,
            state="held" if is_loopback(letter.url) else "refused",
            id=letter.id,
            letter=letter,
        )
        self.deliveries.append(delivery)
        return delivery

    def _hold(self, delivery: Delivery) -> None:
        self._held.append(delivery)
        if len(self._held) > KEPT:
            dropped = self._held.popleft()
            dropped.state, dropped.letter = "stopped", None

    def _begin(self, rounds: list[list[Delivery]], *, attempts: int | None = None) -> None:
        """Start a task that delivers one round after the other; a sandbox that does not run posts nothing."""
        todo = [[one for one in copies if one.state == "held"] for copies in rounds]
        if not any(todo):
            return
        try:
            asyncio.get_running_loop()
        except RuntimeError:  # another thread than the sandbox's
            if self._loop is not None:
                self._loop.call_soon_threadsafe(lambda: self._begin(rounds, attempts=attempts))
                return
        for delivery in (one for copies in todo for one in copies):
            delivery.state = "stopped" if self._loop is None else "sending"
        if self._loop is None:
            return
        task = self._loop.create_task(self._deliver(todo, attempts or self.attempts))
        self._tasks[task] = {(one.vendor, one.id) for copies in todo for one in copies}
        task.add_done_callback(lambda done: self._tasks.pop(done, None))

    async def _deliver(self, rounds: list[list[Delivery]], attempts: int) -> None:
        try:
            for copies in rounds:
                await asyncio.gather(*(self._send(delivery, attempts) for delivery in copies))
        finally:
            for delivery in (one for copies in rounds for one in copies):
                if delivery.state == "sending":
                    delivery.state = "stopped"

    async def _send(self, delivery: Delivery, attempts: int) -> None:
        letter = delivery.letter
        while letter is not None and delivery.attempts < attempts:
            if delivery.attempts:
                await asyncio.sleep(self.pause)
            delivery.attempts += 1
            delivery.status = await self._attempt(letter)
            if delivery.status is not None and delivery.status < 500:
                break
        delivery.state = "delivered" if delivery.status is not None and delivery.status < 300 else "failed"
        self._sent.append(delivery)
        if len(self._sent) > KEPT_LETTERS:
            self._sent.popleft().letter = None

    async def _attempt(self, letter: Letter) -> int | None:
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=AT_ONCE)
            self._session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
        timeout = aiohttp.ClientTimeout(total=self.timeout)
        options: dict[str, Any] = {"headers": dict(letter.headers), "timeout": timeout, "allow_redirects": False}
        try:
            async with (
                self._gate,
                self._session.post(letter.url, data=letter.body, skip_auto_headers=("Content-Type",), **options) as got,
            ):
                return got.status
        except (aiohttp.ClientError, TimeoutError, OSError):
            return None

    def _post_due(self) -> None:
        """Do what has become due, for the clock went on or was moved."""
        while self._due and self._due[0][0] <= self.clock.now():
            heapq.heappop(self._due)[2]()
        self._arm()

    def _arm(self) -> None:
        """Have the next of what is due done in time; a frozen clock tells it by being moved."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._due and self._loop is not None and not self.clock.is_frozen:
            left = (self._due[0][0] - self.clock.now()).total_seconds()
            self._timer = self._loop.call_later(max(left, 0.0) + 0.001, self._post_due)
