"""Writing once: written down, sent, and, where no answer came, looked for until it is certain what became of it."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar

import attrs

from interviewkit.errors import (
    DeadlineExceededError,
    InterviewKitError,
    Outcome,
    ReferenceConflictError,
    StoreError,
    TransportError,
)
from interviewkit.http.limits import PATIENCE, only_while, patience
from interviewkit.ledger.hands import Hand, Hands
from interviewkit.ledger.looking import Look, Pacing, look_until, next_look, together
from interviewkit.ledger.operations import Claim, Intent, Operation, OperationState, Standing
from interviewkit.model import Invitation, Session
from interviewkit.serialize import from_json, to_json

R = TypeVar("R", bound=Invitation | Session)

SENDS = 2
"""A write is sent at most so often by one call: again only once it is certain that the first time came to nothing."""
_AGAIN = 0.25
"""Seconds after which an operation that others are at is asked for again."""


@attrs.frozen(kw_only=True)
class Write(Generic[R]):
    """How one kind of write is sent and looked for."""

    shape: type[R]
    send: Callable[[Sequence[Operation]], Awaitable[Sequence[R | InterviewKitError]]]
    """Sends these in one go; a result or an error for each, in this order."""
    look: Look | None = None
    cannot_look: str = "the vendor's lists do not show it"
    """Why nothing can be looked for, where `look` is left out."""
    prepare: Callable[[Sequence[Operation]], Awaitable[Sequence[Any]]] | None = None
    """Reads what must be known before the first attempt: each operation's `baseline`."""
    complete: Callable[[R, Operation], R] = lambda result, _operation: result
    """Adds to a result that was looked for what only the caller knows."""


class Writing(Generic[R]):
    """One call's writes, one or many, from the claim to the last outcome."""

    def __init__(self, hands: Hands, write: Write[R], pacing: Pacing) -> None:
        self._hands = hands
        self._write: Write[R] = write
        self._pacing = pacing

    async def one(self, intent: Intent) -> R:
        """Write once; raises what came instead of a result."""
        async with contextlib.aclosing(self.many([intent])) as outcomes:
            async for _, outcome in outcomes:
                if isinstance(outcome, InterviewKitError):
                    raise outcome
                return outcome
        raise AssertionError("one intent has one outcome")

    async def many(self, intents: Sequence[Intent]) -> AsyncGenerator[tuple[Intent, R | InterviewKitError], None]:
        """Write each once; outcomes as they are known. Who stops iterating leaves what was sent to be looked for."""
        until = self._pacing.clock() + self._pacing.reconcile_timeout
        waiting = list(intents)
        while waiting:
            mine: list[Hand] = []
            try:
                try:
                    asked = await self._hands.claim(waiting, clock=self._pacing.clock)
                except StoreError as error:  # nothing was written down, so nothing leaves
                    for intent in waiting:
                        yield intent, _unclaimed(intent, error)
                    return
                mine = [hand for _, _, hand in asked if hand is not None]
                for intent, claim, hand in asked:
                    if hand is None and claim.standing is not Standing.BUSY:
                        yield intent, self._known(intent, claim)
                async with contextlib.aclosing(self._carry_out(mine)) as outcomes:
                    async for hand, outcome in outcomes:
                        yield hand.intent, outcome
            finally:
                await self._hands.let_go(mine)
            busy = [(intent, claim) for intent, claim, _ in asked if claim.standing is Standing.BUSY]
            waiting = [intent for intent, _ in busy]
            if waiting and not mine:
                if self._pacing.clock() >= until:
                    for intent, claim in busy:
                        yield intent, _busy(intent, claim)
                    return
                await self._hands.news(_AGAIN)

    def _known(self, intent: Intent, claim: Claim) -> R | InterviewKitError:
        known = claim.operation
        if claim.standing is Standing.SETTLED and known is not None and known.result is not None:
            return from_json(known.result, self._write.shape)
        if claim.standing is Standing.CONFLICT:
            error: InterviewKitError = ReferenceConflictError(
                f"this reference was used before with other data: {', '.join(claim.differing)}",
                differing=claim.differing, outcome=Outcome.NOT_SENT,
            )  # fmt: skip
        elif claim.standing is Standing.ERASED:
            error = ReferenceConflictError(
                "this reference belonged to a person who was erased", outcome=Outcome.NOT_SENT,
                hint="whoever was erased is not invited again; use another reference if that is meant",
            )  # fmt: skip
        else:
            error = TransportError(
                "it was done before, but its answer was lost", retryable=False, outcome=Outcome.APPLIED,
                hint="look at the vendor's own pages",
            )  # fmt: skip
        error.operation_id = None if known is None else known.id
        return error.locate(provider=intent.provider, operation=intent.name, account=intent.account)

    # --- what is ours ---

    async def _carry_out(self, mine: Sequence[Hand]) -> AsyncGenerator[tuple[Hand, R | InterviewKitError], None]:
        to_find = [hand for hand in mine if hand.operation.state is OperationState.UNKNOWN]
        to_send = [hand for hand in mine if hand.operation.state is not OperationState.UNKNOWN]
        while to_send or to_find:
            if to_send:
                settled, broken = await self._send(to_send)
                for one in settled:
                    yield one
                to_send, to_find = [], to_find + broken
            if to_find:
                settled, to_send, to_find = await self._find(to_find)
                for one in settled:
                    yield one

    async def _send(self, hands: Sequence[Hand]) -> tuple[list[tuple[Hand, R | InterviewKitError]], list[Hand]]:
        """Send these; the outcomes, and those whose fate is open."""
        try:
            await self._write_down(hands)
        except InterviewKitError as error:  # what was to be read before, or the store: the write itself has not left
            return await self._refuse(hands, error, Outcome.NOT_SENT), []
        for hand in hands:
            hand.sends += 1
            hand.has_left = False if self._pacing.asks_before_it_leaves else None
        outcomes: Sequence[R | InterviewKitError]
        with only_while(lambda: _check(hands)):
            try:
                outcomes = await self._write.send([hand.operation for hand in hands])
            except InterviewKitError as error:
                outcomes = [error] * len(hands)
        done: list[tuple[Hand, R]] = []
        settled: list[tuple[Hand, R | InterviewKitError]] = []
        broken: list[Hand] = []
        for hand, outcome in zip(hands, outcomes, strict=True):
            if not isinstance(outcome, InterviewKitError):
                done.append((hand, outcome))
            elif outcome.outcome in {Outcome.NOT_SENT, Outcome.REFUSED}:
                settled += await self._refuse([hand], outcome, outcome.outcome)
            else:
                hand.broke(outcome, self._pacing.clock())
                hand.change(state=OperationState.UNKNOWN, broke_at=hand.broke_at)
                broken.append(hand)
        settled += await self._finish(done)
        with contextlib.suppress(StoreError):  # they are known as sent, which comes to the same
            await self._hands.keep(broken)
        return settled, broken

    async def _write_down(self, hands: Sequence[Hand]) -> None:
        """Make durable that these may leave now, with what must be known before."""
        fresh = [hand for hand in hands if hand.operation.baseline is None]
        if self._write.prepare is not None and fresh:
            with patience(None if PATIENCE.get() == float("inf") else self._pacing.reconcile_timeout):
                found = await self._write.prepare([hand.operation for hand in fresh])
            for hand, baseline in zip(fresh, found, strict=True):
                hand.change(baseline=baseline)
        unwritten = [hand for hand in hands if hand.sends or hand.operation.state is not OperationState.SENT]
        for hand in unwritten:
            hand.change(state=OperationState.SENT, attempts=hand.operation.attempts + 1, broke_at=None)
        if len(await self._hands.keep(unwritten)) < len(unwritten):
            raise StoreError("another process took this write over", retryable=True)

    async def _find(self, hands: list[Hand]) -> tuple[list[tuple[Hand, R | InterviewKitError]], list[Hand], list[Hand]]:
        """Look once, when it is time: the outcomes, those to be sent once more, and those still to be found."""
        pacing, look = self._pacing, self._write.look
        if look is None:
            return await self._give_up(hands, self._write.cannot_look), [], []
        wait = together([hand.look_at for hand in hands], pacing) - pacing.clock()
        if wait > 0:
            await pacing.sleep(wait)
        late = [hand for hand in hands if _end(hand, pacing) <= pacing.clock()]
        settled = await self._give_up(late, _TOO_LATE)
        again: list[Hand] = []
        still: list[Hand] = []
        hands = [hand for hand in hands if hand not in late]
        if not hands:
            return settled, again, still
        began = pacing.clock()
        found = await self._look(look, hands)
        for hand in hands:
            result = found.get(hand.operation.id) if found is not None else None
            shows_nothing = found is not None and hand.operation.id not in found
            is_certain = began > hand.broke_since + pacing.model.certain_after
            if result is not None:
                settled += await self._finish([(hand, self._write.complete(result, hand.operation))])
            elif shows_nothing and is_certain and not hand.was_applied:
                if hand.sends < SENDS and pacing.clock() < _end(hand, pacing):
                    again.append(hand)
                else:
                    error = hand.error(Outcome.REFUSED, hint=_NOT_THERE, retryable=True)
                    settled += await self._refuse([hand], error, Outcome.REFUSED)
            elif _looks_again(hand, pacing, began, told=shows_nothing and not is_certain):
                still.append(hand)
            else:
                settled += await self._give_up([hand], _TOO_LATE)
        return settled, again, still

    async def _look(self, look: Look, hands: Sequence[Hand]) -> Mapping[str, R | None] | None:
        """What the lists show; `None` when they could not be read by the first end of these."""
        try:
            return await look_until(
                min(_end(hand, self._pacing) for hand in hands), look, [hand.operation for hand in hands], self._pacing
            )
        except InterviewKitError:
            return None

    # --- ends ---

    async def _finish(self, done: Sequence[tuple[Hand, R]]) -> list[tuple[Hand, R | InterviewKitError]]:
        """It happened: keep the results."""
        for hand, result in done:
            hand.end(
                OperationState.DONE, result=to_json(result), ref=str(result.ref), request={}, baseline=None, error=None
            )
        try:
            kept = await self._hands.keep([hand for hand, _ in done])
            why = "another process took it over"
        except StoreError as error:
            kept, why = set(), error.message
        return [(hand, result if hand.operation.id in kept else _unkept(hand, why)) for hand, result in done]

    async def _refuse(
        self, hands: Sequence[Hand], error: InterviewKitError, outcome: Outcome
    ) -> list[tuple[Hand, R | InterviewKitError]]:
        """It did not happen; the same reference may be used again."""
        for hand in hands:
            hand.end(OperationState.NOT_DONE, error=_told(error))
        with contextlib.suppress(StoreError):  # then the lease ends, and the next call looks and finds nothing
            await self._hands.keep(hands)
        return [(hand, hand.located(error, outcome)) for hand in hands]

    async def _give_up(self, hands: Sequence[Hand], why: str) -> list[tuple[Hand, R | InterviewKitError]]:
        """Neither is certain, or only that it happened: say so."""
        outcomes: list[tuple[Hand, R | InterviewKitError]] = []
        for hand in hands:
            state = OperationState.DONE if hand.was_applied else OperationState.UNKNOWN
            number = hand.operation.id
            later = (
                f"`await ledger.resolve({number!r})` looks again" if self._write.look is not None else
                f"look at the vendor's pages, and say `await ledger.resolve({number!r}, happened=...)`"
            )  # fmt: skip
            error = hand.error(Outcome.APPLIED if hand.was_applied else Outcome.UNKNOWN, hint=f"{why}: {later}")
            hand.end(state, broke_at=hand.broke_at, error=_told(error))
            outcomes.append((hand, error))
        with contextlib.suppress(StoreError):  # they are known as sent, which comes to the same
            await self._hands.keep(hands)
        return outcomes


_TOO_LATE = "the vendor's lists did not tell in time"
_NOT_THERE = "the vendor's lists show that it was not done: it may be repeated"


def _check(hands: Sequence[Hand]) -> None:
    for hand in hands:
        hand.check()


def _end(hand: Hand, pacing: Pacing) -> float:
    """When looking ends without a result."""
    return max(hand.broke_since, hand.began) + pacing.reconcile_timeout


def _looks_again(hand: Hand, pacing: Pacing, began: float, *, told: bool) -> bool:
    """Note when to look again, after a look that `told` that it does not show yet, or nothing; false: not any more."""
    hand.in_vain = 0 if told else hand.in_vain + 1
    at = next_look(pacing, broke=hand.broke_since, began=began, end=_end(hand, pacing), in_vain=hand.in_vain)
    hand.look_at = hand.look_at if at is None else at
    return at is not None


def _told(error: InterviewKitError) -> str:
    return f"{type(error).__name__}: {error.message}"


def _unclaimed(intent: Intent, error: StoreError) -> InterviewKitError:
    own = copy.copy(error)
    own.outcome = Outcome.NOT_SENT
    return own.locate(provider=intent.provider, operation=intent.name, account=intent.account)


def _busy(intent: Intent, claim: Claim) -> InterviewKitError:
    where: dict[str, Any] = {"provider": intent.provider, "operation": intent.name, "account": intent.account}
    if claim.operation is None or not claim.operation.is_held(claim.now):
        return DeadlineExceededError(
            "another write that the vendor's lists could not tell from this one is still at it",
            outcome=Outcome.NOT_SENT, hint="ask again", **where,
        )  # fmt: skip
    error = DeadlineExceededError(
        "another call with this reference is still at it", outcome=Outcome.UNKNOWN,
        hint="ask again: the same reference gives the same result", **where,
    )  # fmt: skip
    error.operation_id = claim.operation.id
    return error


def _unkept(hand: Hand, why: str) -> InterviewKitError:
    error = StoreError(
        f"it was done, but the ledger could not note it: {why}",
        hint="ask again with the same reference when the store is well",
    )
    return hand.located(error, Outcome.APPLIED)
