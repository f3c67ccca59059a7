"""Which session an event is about, and which of the caller's invitations that session came of."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any
from urllib.parse import quote

from sqlalchemy import Table, select

from interviewkit.errors import InvalidArgumentError
from interviewkit.harvest import schema
from interviewkit.harvest.store import Store
from interviewkit.ledger import InviteLedger, Operation, OperationState
from interviewkit.model import SessionRef, WebhookEvent
from interviewkit.provider import InterviewProvider
from interviewkit.webhooks.scanning import Scanner

_OPEN = (OperationState.INTENDED, OperationState.SENT, OperationState.UNKNOWN)
_ALL = 1_000_000
_MOST = 100
"""References with the same id that are looked at: a candidate invited to so many tests."""


class Locator:
    """Finds references and invitations: in the ledger, in the harvest's store, and in the vendor's lists."""

    def __init__(self, store: Store, ledger: InviteLedger, *, max_scan_requests: int) -> None:
        self._store = store
        self._ledger = ledger
        self._max_scan_requests = max_scan_requests
        self._scanners: dict[str, Scanner] = {}

    async def refs(
        self, provider: InterviewProvider, event: WebhookEvent, *, age: float
    ) -> AsyncGenerator[SessionRef, None]:  # fmt: skip
        """The references that the event may mean, the likeliest first; the vendor is asked only after all others.

        `age` are the seconds since it arrived. Raises `NotYetError` and what the provider raises.
        """
        if event.ref is not None:
            yield event.ref
            return
        told = await self.known(provider, event)
        for ref in told:
            yield ref
        scanner = self._scanners.get(provider.account)
        if scanner is None:
            scanner = self._scanners[provider.account] = Scanner(provider, max_requests=self._max_scan_requests)
        for ref in sorted(await scanner.find(event.session_id, age=age) - set(told), key=str):
            yield ref

    async def known(self, provider: InterviewProvider, event: WebhookEvent) -> list[SessionRef]:
        """The same without asking the vendor: those of the ledger, then those of the harvest."""
        if event.ref is not None:
            return [event.ref]
        found = [*await self._invited(provider, event), *await self._harvested(provider, event)]
        return list(dict.fromkeys(found))

    async def operation(self, account: str, ref: SessionRef) -> Operation | None:
        """The invitation that the session came of."""
        return await self._ledger.find(account=account, ref=str(ref))

    async def is_expected(self, account: str, event: WebhookEvent) -> bool:
        """Whether an invitation is under way that the event may belong to: its answer has not come yet."""
        in_hand = await self._ledger.journal.find(
            account=account, reference=event.reference, states=_OPEN, is_held=True, limit=_ALL
        )
        return any(one.provider == event.provider and _may_be(one, event) for one in in_hand)

    # --- where a reference may stand ---

    async def _invited(self, provider: InterviewProvider, event: WebhookEvent) -> list[SessionRef]:
        journal: Any = self._ledger.journal
        store = getattr(journal, "store", None)
        if isinstance(store, Store):
            return await _stored(store, (schema.operation,), provider, event.session_id)
        done = await self._ledger.operations(account=provider.account, states=(OperationState.DONE,), limit=_ALL)
        return _fitting((one.ref for one in done), provider, event.session_id)

    async def _harvested(self, provider: InterviewProvider, event: WebhookEvent) -> list[SessionRef]:
        return await _stored(self._store, (schema.item, schema.report), provider, event.session_id)


async def _stored(
    store: Store, tables: tuple[Table, ...], provider: InterviewProvider, session_id: str
) -> list[SessionRef]:  # fmt: skip
    """References with this id, whatever their parent."""
    found: list[str] = []
    own, vendor = quote(session_id, safe=""), quote(provider.name, safe="")
    async with store.reading() as connection:
        for table in tables:
            ends = table.c.ref.endswith(f"/{own}", autoescape=True) | table.c.ref.endswith(f":{own}", autoescape=True)
            query = select(table.c.ref).where(
                table.c.account == provider.account, table.c.ref.startswith(f"{vendor}:", autoescape=True), ends
            )
            found += (await connection.execute(query.limit(_MOST))).scalars().all()
    return _fitting(found, provider, session_id)


def _fitting(refs: Any, provider: InterviewProvider, session_id: str) -> list[SessionRef]:
    """Those that name this session: databases compare without regard to case."""
    found: dict[SessionRef, None] = {}
    for text in refs:
        try:
            ref = SessionRef.parse(text)
        except InvalidArgumentError:
            continue
        if ref.provider == provider.name and ref.id == session_id:
            found[ref] = None
    return list(found)


def _may_be(operation: Operation, event: WebhookEvent) -> bool:
    """Whether the session that an operation makes may be the event's, as far as the delivery tells."""
    if event.reference is not None:
        return operation.reference == event.reference
    person = operation.request.get("candidate") or {}
    email = None if event.report is None or event.report.candidate is None else event.report.candidate.email
    return email is not None and str(person.get("email") or "").casefold() == email.casefold()
