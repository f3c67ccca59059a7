"""The ledger that a provider writes with: what was asked for, what came of it, and what is still open."""

from __future__ import annotations

import os
import time
import weakref
from collections import defaultdict
from collections.abc import Collection
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from interviewkit.errors import ConfigurationError, InterviewKitError, InvalidArgumentError
from interviewkit.ledger.hands import Hand, Hands
from interviewkit.ledger.journal import Journal, MemoryJournal
from interviewkit.ledger.looking import look_until
from interviewkit.ledger.operations import Operation, OperationState
from interviewkit.serialize import to_json

if TYPE_CHECKING:
    from interviewkit.ledger.looking import Look, Pacing

LEASE_SECONDS = 15.0


class Writer(Protocol):
    """What the ledger asks of a provider to find out what became of an operation."""

    @property
    def name(self) -> str: ...
    @property
    def account(self) -> str: ...
    @property
    def pacing(self) -> Pacing: ...
    def look_for(self, name: str) -> Look | None: ...


class InviteLedger:
    """Makes invitations and sessions happen once: give it to providers as `ledger=`.

    Without a journal it lives in memory: repeats are safe as long as the process lives. `await InviteLedger.open(url)`
    keeps it in a harvest's store, on disk, and for any number of processes.
    """

    def __init__(self, journal: Journal | None = None, *, lease_seconds: float = LEASE_SECONDS) -> None:
        if isinstance(lease_seconds, bool) or not isinstance(lease_seconds, int | float) or lease_seconds <= 0:
            raise ConfigurationError("lease_seconds= is a number of seconds above zero")
        self.journal: Journal = MemoryJournal() if journal is None else journal
        self.hands = Hands(self.journal, lease_seconds=lease_seconds)
        self._writers: defaultdict[tuple[str, str], weakref.WeakSet[Writer]] = defaultdict(weakref.WeakSet)

    @classmethod
    async def open(cls, url: str | os.PathLike[str], *, lease_seconds: float = LEASE_SECONDS) -> Self:
        """A ledger in the store at `url`, a SQLite file or a PostgreSQL database, made if it is not there.

        `lease_seconds` is how long a dead process keeps others from what it was at. Raises `ConfigurationError`.
        """
        try:
            from interviewkit.harvest.journal import StoreJournal
        except ModuleNotFoundError:
            raise ConfigurationError(
                "a ledger on disk needs an extra", hint="pip install 'interviewkit[harvest]'"
            ) from None
        return cls(await StoreJournal.open(url), lease_seconds=lease_seconds)

    def __repr__(self) -> str:
        return f"<InviteLedger in {type(self.journal).__name__}>"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Write down what was given up, and close what `open` opened."""
        await self.hands.aclose()
        await self.journal.aclose()

    def attach(self, writer: Writer) -> None:
        """Look with this provider for what became of its account's operations; providers do this themselves."""
        self._writers[writer.name, writer.account].add(writer)

    # --- what is known ---

    async def get(self, operation_id: str) -> Operation | None:
        """One operation by its number (`error.operation_id`)."""
        return await self.journal.get(operation_id)

    async def operations(
        self, *, account: str | None = None, states: Collection[OperationState] = (), limit: int = 1000
    ) -> list[Operation]:
        """Operations, the oldest first."""
        return await self.journal.find(account=account, states=[OperationState(one) for one in states], limit=limit)

    async def find(
        self, *, account: str, ref: str | None = None, reference: str | None = None
    ) -> Operation | None:  # fmt: skip
        """The newest operation of an account that has this reference, or made the session with this ref."""
        if ref is None and reference is None:
            raise InvalidArgumentError("find() takes ref= or reference=")
        found = await self.journal.find(account=account, ref=ref, reference=reference)
        return found[-1] if found else None

    # --- what is open ---

    async def resolve(self, operation_id: str, *, happened: bool | None = None) -> Operation:
        """Look once more what became of an operation, or take a person's word for it; returns it as it is then.

        One look at the vendor's lists: `DONE` with its result, `NOT_DONE` when that is certain, else `UNKNOWN` as
        before. `happened` is for what no list shows: `True` makes it `DONE` without a result, `False` lets the same
        reference be used again. Raises `InvalidArgumentError` for a number that is not known, `ConfigurationError` when
        no open provider has the operation's account, and what reading the vendor's lists raises.
        """
        known = await self.journal.get(operation_id)
        if known is None:
            raise InvalidArgumentError("the ledger has no operation by this number", operation="resolve")
        writer = next(iter(self._writers[known.provider, known.account]), None)
        if writer is None and happened is None:
            raise ConfigurationError(
                f"no provider of the account {known.account!r} is open", operation="resolve",
                hint="make it with ledger= set to this ledger first",
            )  # fmt: skip
        if writer is None:
            taken = await self.hands.take(operation_id, clock=time.monotonic)
        else:
            taken = await self.hands.take(operation_id, clock=writer.pacing.clock)
        if taken is None or taken[1] is None:
            now = known if taken is None or taken[0].operation is None else taken[0].operation
            if happened is not None and now.state is not (OperationState.DONE if happened else OperationState.NOT_DONE):
                raise InvalidArgumentError(
                    f"the operation is {now.state.value}: a word on it changes nothing now", operation="resolve",
                    hint="ask without happened= what is known of it",
                )  # fmt: skip
            return now
        hand = taken[1]
        try:
            await self._settle(hand, writer, happened)
        finally:
            await self.hands.let_go([hand])
        return hand.operation

    async def _settle(self, hand: Hand, writer: Writer | None, happened: bool | None) -> None:
        if happened is not None:
            state = OperationState.DONE if happened else OperationState.NOT_DONE
            hand.end(state, error="settled by hand")
        else:
            assert writer is not None  # noqa: S101
            await self._look(hand, writer)
        await self.hands.keep([hand])

    async def _look(self, hand: Hand, writer: Writer) -> None:
        look, pacing = writer.look_for(hand.operation.name), writer.pacing
        if look is None:
            hand.end(OperationState.UNKNOWN)
            return
        began = pacing.clock()
        try:
            found = await look_until(began + pacing.reconcile_timeout, look, [hand.operation], pacing)
        except InterviewKitError as error:
            error.operation_id = hand.operation.id
            raise
        result = found.get(hand.operation.id)
        if result is not None:
            hand.end(
                OperationState.DONE, result=to_json(result), ref=str(result.ref), request={}, baseline=None, error=None
            )
        elif hand.operation.id not in found and began > hand.broke_since + pacing.model.certain_after:
            hand.end(OperationState.NOT_DONE, error="the vendor's lists show that it was not done")
        else:
            hand.end(OperationState.UNKNOWN)
