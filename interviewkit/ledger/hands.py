"""Operations in hand: held by one process at a time, held on to while they take, and let go of whatever happens."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import os
import secrets
import socket
import time
from collections.abc import Callable, Collection, Coroutine, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import attrs

from interviewkit.errors import InterviewKitError, Outcome, StoreError, TransportError
from interviewkit.ledger.journal import Journal
from interviewkit.ledger.operations import Claim, Intent, Operation, OperationState, Standing

E = TypeVar("E", bound=InterviewKitError)


@attrs.define(eq=False)
class Hand:
    """One operation that this process holds. Times without a date are seconds of the provider's clock."""

    intent: Intent
    operation: Operation
    held_until: float
    """Until when, by `time.monotonic`, nobody else takes it."""
    ahead: timedelta
    """How far the journal's clock is ahead of ours."""
    began: float
    """When this process took it up."""
    broke_since: float = 0.0
    broke_at: datetime | None = None
    look_at: float = 0.0
    sends: int = 0
    last: InterviewKitError | None = None
    """What came instead of the answer."""
    was_applied: bool = False
    """The vendor said that it was done, and what followed failed."""
    in_vain: int = 0
    """How many looks in a row told nothing of it."""
    has_left: bool | None = None
    """Whether a byte of it may have left; `None`: whoever sends it does not say."""

    def check(self) -> None:
        """Raise `StoreError` unless it is still ours for a while: asked right before the request leaves."""
        if time.monotonic() >= self.held_until:
            raise StoreError(
                "the write was held up too long, and others may have taken it over", retryable=True,
                outcome=Outcome.NOT_SENT,
            )  # fmt: skip
        self.has_left = True

    def change(self, **changes: Any) -> Operation:
        """The operation with other values."""
        self.operation = attrs.evolve(self.operation, **changes)
        return self.operation

    def end(self, state: OperationState, **changes: Any) -> Operation:
        """The operation in a state in which nobody has to hold it."""
        settled = state in {OperationState.DONE, OperationState.NOT_DONE}
        if state is OperationState.NOT_DONE:  # a repeat begins anew, so nothing of what was asked for has to stay
            changes |= {"request": {}, "fields": {}, "subject": None, "baseline": None}
        return self.change(
            state=state, holder=None, lease_until=None, settled_at=self.now() if settled else None, **changes
        )

    def now(self) -> datetime:
        """The time, as the journal has it."""
        return datetime.now(UTC) + self.ahead

    def broke(self, error: InterviewKitError, at: float) -> None:
        """No answer came that tells."""
        self.last = error
        self.was_applied = self.was_applied or error.outcome is Outcome.APPLIED
        self.broke_since = self.look_at = at
        self.in_vain = 0
        self.broke_at = self.now()

    def error(
        self, outcome: Outcome, *, hint: str, retryable: bool = False
    ) -> InterviewKitError:  # fmt: skip
        """The error that broke the write, saying what became of it."""
        kept = self.last or TransportError("the answer to an earlier attempt was lost")
        made = self.located(kept, outcome)
        made.retryable = retryable
        made.hint = hint
        return made

    def located(self, error: E, outcome: Outcome | None) -> E:
        """The error with the operation's number; a copy where several operations share it."""
        if error.operation_id not in {None, self.operation.id}:
            error = copy.copy(error)
        error.operation_id = self.operation.id
        error.outcome = outcome
        error.locate(provider=self.intent.provider, operation=self.intent.name, account=self.intent.account)
        return error


class Hands:
    """What one process holds of a journal. Holds are renewed as long as the event loop turns."""

    def __init__(self, journal: Journal, *, lease_seconds: float) -> None:
        self._journal = journal
        self._lease_seconds = lease_seconds
        self._holder = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._held: dict[str, Hand] = {}
        self._renewal: asyncio.Task[None] | None = None
        self._leaving: set[asyncio.Task[None]] = set()
        self._news = asyncio.Event()

    async def claim(
        self, intents: Sequence[Intent], *, clock: Callable[[], float]
    ) -> list[tuple[Intent, Claim, Hand | None]]:
        """Ask for operations; those that are ours come with a hand. Raises `StoreError`; then nothing is ours."""
        began = time.monotonic()
        asking = asyncio.ensure_future(
            self._journal.claim(intents, holder=self._holder, lease_seconds=self._lease_seconds)
        )
        try:
            claims = await asyncio.shield(asking)
        except asyncio.CancelledError:
            self._leave(self._disown(asking, intents, began))
            raise
        return [
            (intent, claim, self._take(intent, claim, began, clock()))
            for intent, claim in zip(intents, claims, strict=True)
        ]

    async def take(self, operation_id: str, *, clock: Callable[[], float]) -> tuple[Claim, Hand | None] | None:
        """The same for one operation by its number, whose fate is open."""
        began = time.monotonic()
        claim = await self._journal.take(operation_id, holder=self._holder, lease_seconds=self._lease_seconds)
        if claim is None or claim.operation is None:
            return None
        known = claim.operation
        intent = Intent(id=known.id, account=known.account, provider=known.provider, name=known.name)
        return claim, self._take(intent, claim, began, clock())

    def _take(self, intent: Intent, claim: Claim, asked: float, now: float) -> Hand | None:
        if claim.standing not in {Standing.NEW, Standing.AGAIN} or claim.operation is None:
            return None
        held_until = asked + self._lease_seconds
        hand = Hand(intent, claim.operation, held_until, ahead=claim.now - datetime.now(UTC), began=now)
        broke_at = claim.operation.broke_at
        if broke_at is not None:
            hand.broke_at, hand.broke_since, hand.look_at = broke_at, now - (claim.now - broke_at).total_seconds(), now
        self._held[hand.operation.id] = hand
        if self._renewal is None or self._renewal.done():
            self._renewal = asyncio.create_task(self._renew())
        return hand

    async def keep(self, hands: Collection[Hand]) -> set[str]:
        """Make durable what is known of operations; returns the ids of those that are still ours."""
        if not hands:
            return set()
        began = time.monotonic()
        for hand in hands:
            if hand.operation.holder is not None:
                hand.change(lease_until=hand.now() + timedelta(seconds=self._lease_seconds))
        kept = await self._journal.keep([hand.operation for hand in hands])
        for hand in hands:
            if hand.operation.holder is None or hand.operation.id not in kept:
                self._forget(hand)
            else:
                hand.held_until = began + self._lease_seconds
        return kept

    async def let_go(self, hands: Sequence[Hand]) -> None:
        """Give back what is still held, also when we are being cancelled: what was sent has an open fate."""
        left = [hand for hand in hands if self._held.get(hand.operation.id) is hand]
        if left:
            await asyncio.shield(self._leave(self._give_back(left)))

    async def news(self, seconds: float) -> None:
        """Wait until something was settled here, or for so long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._news.wait()

    async def aclose(self) -> None:
        """Wait until all that was given up is given back."""
        while self._leaving:
            await asyncio.wait(self._leaving)
        if self._renewal is not None:
            self._renewal.cancel()
            await asyncio.gather(self._renewal, return_exceptions=True)

    def _forget(self, hand: Hand) -> None:
        self._held.pop(hand.operation.id, None)
        self._news.set()
        self._news = asyncio.Event()

    def _leave(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)
        return task

    async def _disown(self, asking: asyncio.Future[list[Claim]], intents: Sequence[Intent], began: float) -> None:
        with contextlib.suppress(StoreError):
            claims = await asking
            hands = [self._take(intent, claim, began, began) for intent, claim in zip(intents, claims, strict=True)]
            await self._give_back([hand for hand in hands if hand is not None], nothing_left=True)

    async def _give_back(self, hands: Sequence[Hand], *, nothing_left: bool = False) -> None:
        for hand in hands:
            state = hand.operation.state
            if hand.operation.holder is None:
                continue  # it has come to its end, which could not be kept
            never_left = nothing_left or hand.sends == 0 or (hand.sends == 1 and hand.has_left is False)
            if state is OperationState.INTENDED or (state is OperationState.SENT and never_left):
                hand.end(OperationState.NOT_DONE)
            else:
                hand.end(OperationState.UNKNOWN, broke_at=hand.broke_at or hand.now())
        with contextlib.suppress(StoreError):  # then the leases end
            await self._journal.keep([hand.operation for hand in hands])
        for hand in hands:
            self._forget(hand)

    async def _renew(self) -> None:
        while self._held:
            await asyncio.sleep(self._lease_seconds / 3)
            held, began = list(self._held.values()), time.monotonic()
            try:
                ours = await self._journal.renew([one.operation for one in held], lease_seconds=self._lease_seconds)
            except StoreError:
                continue  # tried again; until it works, nothing is sent beyond the lease
            for hand in held:
                if hand.operation.id in ours:
                    hand.held_until = began + self._lease_seconds
                    if hand.operation.holder is not None:
                        hand.change(lease_until=hand.now() + timedelta(seconds=self._lease_seconds))
