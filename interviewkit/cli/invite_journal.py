"""A ledger that remembers what one run asked of it, so that each row's operation is known while it is under way."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from interviewkit.ledger import InviteLedger, Journal, MemoryJournal, Operation
from interviewkit.ledger.invite_ledger import LEASE_SECONDS
from interviewkit.ledger.operations import Claim, Intent, Standing

_OF_OTHERS = frozenset({Standing.CONFLICT, Standing.ERASED})
"""Then the operation is another one's that has the reference; the row's error names it."""


class NotedJournal:
    """The `Journal` below it, which decides and keeps; the invitations that it told of are noted."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.noted: dict[str, Operation] = {}
        """Reference → the invitation's operation, as it was kept last."""

    async def claim(self, intents: Sequence[Intent], *, holder: str, lease_seconds: float) -> list[Claim]:
        """See `Journal.claim`."""
        claims = await self._journal.claim(intents, holder=holder, lease_seconds=lease_seconds)
        self._note(one.operation for one in claims if one.operation is not None and one.standing not in _OF_OTHERS)
        return claims

    async def keep(self, operations: Sequence[Operation]) -> set[str]:
        """See `Journal.keep`."""
        kept = await self._journal.keep(operations)
        self._note(one for one in operations if one.id in kept)
        return kept

    async def renew(self, operations: Sequence[Operation], *, lease_seconds: float) -> set[str]:
        """See `Journal.renew`."""
        return await self._journal.renew(operations, lease_seconds=lease_seconds)

    async def get(self, operation_id: str) -> Operation | None:
        """See `Journal.get`."""
        return await self._journal.get(operation_id)

    async def find(self, **wanted: Any) -> list[Operation]:
        """See `Journal.find`."""
        return await self._journal.find(**wanted)

    async def take(self, operation_id: str, *, holder: str, lease_seconds: float) -> Claim | None:
        """See `Journal.take`."""
        return await self._journal.take(operation_id, holder=holder, lease_seconds=lease_seconds)

    async def aclose(self) -> None:
        """See `Journal.aclose`."""
        await self._journal.aclose()

    def _note(self, operations: Iterable[Operation]) -> None:
        for one in operations:
            if one.name == "invite_candidate" and one.reference is not None:
                self.noted[one.reference] = one


class NotedLedger(InviteLedger):
    """An `InviteLedger` over a `NotedJournal`."""

    def __init__(self, journal: Journal | None = None, *, lease_seconds: float = LEASE_SECONDS) -> None:
        super().__init__(NotedJournal(MemoryJournal() if journal is None else journal), lease_seconds=lease_seconds)


async def find(journal: Journal, intent: Intent) -> Operation | None:
    """The operation that a journal has under an intent's key."""
    if intent.reference is None:
        return None
    found = await journal.find(account=intent.account, reference=intent.reference)
    return next((one for one in found if one.key == intent.key), None)
