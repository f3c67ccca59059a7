"""Where operations are written down: what a journal must be able to do, and one in memory."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol

import attrs

from interviewkit.ledger.operations import Claim, Intent, Operation, OperationState, Standing, decide


class Journal(Protocol):
    """Keeps operations. Each method is one transaction that is durable when it returns, and raises `StoreError`."""

    async def claim(self, intents: Sequence[Intent], *, holder: str, lease_seconds: float) -> list[Claim]:
        """Decide on each intent by `decide`, in this order, and keep the operations of claims that are ours."""

    async def keep(self, operations: Sequence[Operation]) -> set[str]:
        """Keep operations whose fence is still the known one; returns the ids of those that were kept."""

    async def renew(self, operations: Sequence[Operation], *, lease_seconds: float) -> set[str]:
        """Hold operations for so much longer, where the fence is the known one; returns the ids still held."""

    async def get(self, operation_id: str) -> Operation | None:
        """One operation."""

    async def find(
        self, *, account: str | None = None, subject: str | None = None, ref: str | None = None,
        reference: str | None = None, states: Collection[OperationState] = (), is_held: bool = False,
        limit: int = 1000,
    ) -> list[Operation]:  # fmt: skip
        """Operations that fit everything that is given, the oldest first; with `is_held`, those in hand now."""

    async def take(self, operation_id: str, *, holder: str, lease_seconds: float) -> Claim | None:
        """Hold one operation whose fate is open, whatever its reference; `None` when there is none by that id."""

    async def aclose(self) -> None:
        """Close what the journal opened."""


class MemoryJournal:
    """Operations in this process: gone with it."""

    def __init__(self) -> None:
        self._operations: dict[str, Operation] = {}
        self._keys: dict[str, str] = {}

    async def claim(self, intents: Sequence[Intent], *, holder: str, lease_seconds: float) -> list[Claim]:
        """See `Journal.claim`."""
        now = datetime.now(UTC)
        until = now + timedelta(seconds=lease_seconds)
        return [self._claim(one, now, holder, until) for one in intents]

    def _claim(self, intent: Intent, now: datetime, holder: str, until: datetime) -> Claim:
        known = self._operations.get(self._keys.get(intent.key, ""))
        made = decide(
            intent, known, now=now, holder=holder, lease_until=until,
            is_crowded=any(
                one.subject == intent.subject and one.key != intent.key and one.is_held(now)
                for one in self._operations.values() if intent.subject is not None
            ),
        )  # fmt: skip
        if made.standing in {Standing.NEW, Standing.AGAIN} and made.operation is not None:
            self._put(made.operation)
        return made

    def _put(self, operation: Operation) -> None:
        self._operations[operation.id] = operation
        self._keys[operation.key] = operation.id

    async def keep(self, operations: Sequence[Operation]) -> set[str]:
        """See `Journal.keep`."""
        kept = {one.id for one in operations if self._is_ours(one)}
        for one in operations:
            if one.id in kept:
                self._put(one)
        return kept

    def _is_ours(self, operation: Operation) -> bool:
        known = self._operations.get(operation.id)
        return known is not None and known.fence == operation.fence

    async def renew(self, operations: Sequence[Operation], *, lease_seconds: float) -> set[str]:
        """See `Journal.renew`."""
        until = datetime.now(UTC) + timedelta(seconds=lease_seconds)
        held = {one.id for one in operations if self._is_ours(one)}
        for ident in held:
            self._operations[ident] = attrs.evolve(self._operations[ident], lease_until=until)
        return held

    async def get(self, operation_id: str) -> Operation | None:
        """See `Journal.get`."""
        return self._operations.get(operation_id)

    async def find(
        self, *, account: str | None = None, subject: str | None = None, ref: str | None = None,
        reference: str | None = None, states: Collection[OperationState] = (), is_held: bool = False,
        limit: int = 1000,
    ) -> list[Operation]:  # fmt: skip
        """See `Journal.find`."""
        now = datetime.now(UTC)
        wanted = {"account": account, "subject": subject, "ref": ref, "reference": reference}
        found = [
            one
            for one in self._operations.values()
            if all(value is None or getattr(one, name) == value for name, value in wanted.items())
            and (not states or one.state in states)
            and (not is_held or one.is_held(now))
        ]
        return sorted(found, key=lambda one: (one.started_at, one.id))[:limit]

    async def take(self, operation_id: str, *, holder: str, lease_seconds: float) -> Claim | None:
        """See `Journal.take`."""
        known = self._operations.get(operation_id)
        if known is None:
            return None
        now = datetime.now(UTC)
        made = taken(known, now=now, holder=holder, lease_until=now + timedelta(seconds=lease_seconds))
        if made.standing is Standing.AGAIN and made.operation is not None:
            self._put(made.operation)
        return made

    async def aclose(self) -> None:
        """Nothing to close."""


def taken(known: Operation, *, now: datetime, holder: str, lease_until: datetime) -> Claim:
    """`decide` for an operation that is known by its id: as if the same intent came again."""
    same = Intent(
        id=known.id, account=known.account, provider=known.provider, name=known.name,
        assessment_id=known.assessment_id, reference=known.reference, fields=known.fields, request=known.request,
        subject=known.subject,
    )  # fmt: skip
    if known.state in {OperationState.NOT_DONE, OperationState.INTENDED} and not known.is_held(now):
        return Claim(standing=Standing.SETTLED, operation=known, now=now)  # nothing has left: nothing to look for
    return decide(same, known, now=now, holder=holder, lease_until=lease_until)
