"""A ledger that sends nothing: a dry run goes as far as the moment in which a request would leave."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import attrs

from interviewkit.cli import stores
from interviewkit.cli.invite_journal import NotedJournal, find
from interviewkit.errors import ConfigurationError
from interviewkit.ledger import InviteLedger, Journal, MemoryJournal, Operation
from interviewkit.ledger.operations import Claim, Intent, Standing, decide
from interviewkit.model import Dropped

if TYPE_CHECKING:
    from interviewkit.cli.invite_result import Fate

_REFUSED = ("a dry run sends nothing",)


class Rehearsal(NotedJournal):
    """A `Journal` that decides as the one below it would, keeps nothing, and lets nobody send.

    A provider asks before each write whether it may; what would be sent is refused here, and noted by its reference.
    """

    def __init__(self, journal: Journal) -> None:
        super().__init__(journal)
        self.to_send: set[str] = set()
        """References of which nothing was sent yet."""
        self.to_find: set[str] = set()
        """References whose fate is open."""
        self.to_mail: set[str] = set()
        """References of invitations that were made and not mailed yet."""

    async def claim(self, intents: Sequence[Intent], *, holder: str, lease_seconds: float) -> list[Claim]:
        """See `Journal.claim`."""
        return [await self._claim(one, holder, lease_seconds) for one in intents]

    async def _claim(self, intent: Intent, holder: str, lease_seconds: float) -> Claim:
        known = await find(self._journal, intent)
        now = datetime.now(UTC)
        made = decide(intent, known, now=now, holder=holder, lease_until=now + timedelta(seconds=lease_seconds))
        if made.standing not in {Standing.NEW, Standing.AGAIN, Standing.BUSY}:
            return made
        is_invitation, is_new = intent.name == "invite_candidate", made.standing is Standing.NEW
        noted = (self.to_send if is_new else self.to_find) if is_invitation else self.to_mail
        noted.add(intent.reference or intent.id)
        return Claim(standing=Standing.CONFLICT, operation=known, now=now, differing=_REFUSED)

    async def keep(self, operations: Sequence[Operation]) -> set[str]:
        """Keeps nothing."""
        return set()

    async def renew(self, operations: Sequence[Operation], *, lease_seconds: float) -> set[str]:
        """Holds nothing."""
        return set()

    async def take(self, operation_id: str, *, holder: str, lease_seconds: float) -> Claim | None:
        """Holds nothing."""
        return None

    def told(self, fate: Fate, reference: str) -> Fate:
        """What a dry run says of a row that a run would not refuse."""
        from interviewkit.cli.invite_result import State

        if reference in self.to_send:
            return attrs.evolve(fate, state=State.WOULD_INVITE, error=None)
        if reference in self.to_find:
            return attrs.evolve(fate, state=State.UNKNOWN, error=None)
        if reference in self.to_mail:
            return attrs.evolve(fate, warnings=(Dropped(field="email", reason="it is still to be sent"),))
        return fate


async def rehearsal(url: str) -> InviteLedger:
    """A ledger for a dry run over the store at `url`, which need not be there and is not made."""
    from interviewkit.harvest.journal import StoreJournal

    journal: Journal
    try:
        journal = await StoreJournal.open(url, create=False)
    except ConfigurationError as error:
        if not stores.is_missing(error):
            raise
        journal = MemoryJournal()
    return InviteLedger(Rehearsal(journal))
