"""Which invitation an event may belong to, however many are open."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from interviewkit import Candidate, EventType, InviteLedger, Report, Session, SessionKind, SessionRef, SessionStatus
from interviewkit.harvest import Store
from interviewkit.harvest.journal import StoreJournal
from interviewkit.ledger.operations import Intent
from interviewkit.model import WebhookEvent
from interviewkit.webhooks.locating import Locator

REF = SessionRef(provider="codility", kind=SessionKind.TAKE_HOME, id="KKUFDG-5V5")
ENDED = -1.0
"""The seconds of a lease that has ended when it begins."""


def intent(number: int, *, account: str = "acme", provider: str = "codility") -> Intent:
    return Intent(
        account=account, provider=provider, name="invite_candidate", assessment_id="1", reference=f"r-{number}",
        request={"candidate": {"email": f"Applicant-{number}@example.com"}}, leaves_at_once=True,
    )  # fmt: skip


def event(number: int, *, names_reference: bool) -> WebhookEvent:
    """An event that names the reference, as Codility's do, or only the candidate, as RemoteInterview's do."""
    person = Candidate(email=f"applicant-{number}@example.com")
    shared: dict[str, Any] = {"provider": "codility", "account": "acme", "ref": REF}
    session = Session(kind=SessionKind.TAKE_HOME, status=SessionStatus.COMPLETED, candidate=person, **shared)
    return WebhookEvent(
        type=EventType.RESULT, vendor_type="result", session_id=REF.id, dedupe_key="k", raw={},
        reference=f"r-{number}" if names_reference else None,
        report=Report(session=session, status=SessionStatus.COMPLETED, is_final=True, **shared), **shared,
    )  # fmt: skip


@attrs.frozen
class Place:
    locator: Locator
    ledger: InviteLedger

    async def begin(self, *intents: Intent, seconds: float = 60.0) -> None:
        await self.ledger.journal.claim(intents, holder="elsewhere", lease_seconds=seconds)


@pytest.fixture(params=["memory", "store"])
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    async with await Store.open(tmp_path / "store.db") as store:
        ledger = InviteLedger(StoreJournal(store) if request.param == "store" else None)
        yield Place(Locator(store, ledger, max_scan_requests=5), ledger)


@pytest.mark.parametrize("names_reference", [True, False])
async def test_an_invitation_in_hand_is_seen_behind_a_thousand_open_ones(
    place: Place, *, names_reference: bool
) -> None:  # fmt: skip
    await place.begin(*(intent(number) for number in range(1001)), seconds=ENDED)
    assert not await place.locator.is_expected("acme", event(2000, names_reference=names_reference))
    await place.begin(intent(2000))
    assert await place.locator.is_expected("acme", event(2000, names_reference=names_reference))


@pytest.mark.parametrize("names_reference", [True, False])
async def test_what_nobody_is_at_or_belongs_to_others_is_not_waited_for(
    place: Place, *, names_reference: bool
) -> None:  # fmt: skip
    await place.begin(intent(1), seconds=ENDED)
    await place.begin(intent(1, account="other"), intent(1, provider="remoteinterview"), intent(2))
    assert not await place.locator.is_expected("acme", event(1, names_reference=names_reference))
