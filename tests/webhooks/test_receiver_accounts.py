"""Two accounts of one vendor behind one receiver: what is one's own never becomes the other's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import attrs
import pytest
from aiohttp import web

from interviewkit import Candidate, Hub, Invitation, InviteLedger, WebhookEvent, connect
from interviewkit.harvest import Store
from interviewkit.harvest.journal import StoreJournal
from interviewkit.sandbox import Sandbox
from interviewkit.sandbox.deliveries import Letter
from interviewkit.webhooks import EventState, WebhookReceiver, scanning

from .hooks import ANALYST, PATIENCE, SOON, rows, serving

VENDORS = ("codility", "remoteinterview")
BOTH = pytest.mark.parametrize("vendor", VENDORS)
SECRETS = {f"{name}-{vendor}": f"secret-of-{name}-{vendor}" for name in "ab" for vendor in VENDORS}
TOKENS = {"a": "eu.token-of-a", "b": "eu.token-of-b"}


@attrs.frozen(kw_only=True)
class Two:
    """Two customers, `a` and `b`, each with an account at each vendor, and one receiver for all of them."""

    boxes: dict[str, Sandbox]
    hub: Hub
    store: Store
    receiver: WebhookReceiver
    events: list[WebhookEvent]

    async def finished(self, name: str, vendor: str, candidate: Candidate = ANALYST) -> Invitation:
        """Somebody is invited by an account and finishes; the vendor's webhook is answered at the account's URL."""
        account = f"{name}-{vendor}"
        provider, box = self.hub[account], self.boxes[name]
        assessment = await provider.list_assessments().first()
        assert assessment is not None
        url = self.receiver.callback_url(account) if vendor == "codility" else None
        made = await provider.invite_candidate(assessment.id, candidate, reference="application-7", callback_url=url)
        await box.work(made.ref, settle=True)
        await self.settled()
        return made

    def letter(self, name: str) -> Letter:
        """The webhook that was sent last for an account."""
        letter = self.boxes[name].deliveries[-1].letter
        assert letter is not None
        return letter

    async def post(self, account: str, letter: Letter) -> int:
        """Post a webhook at an account's URL."""
        path = f"/{account}/{SECRETS[account]}"
        return (await self.receiver.receive("POST", path, letter.headers, letter.body)).status

    async def settled(self) -> None:
        for box in self.boxes.values():
            await box.webhooks.settled()
        assert await self.receiver.idle(PATIENCE)

    async def kept(self, account: str) -> tuple[list[Any], list[str]]:
        """What the inbox and the harvest's tables hold of an account."""
        events = [row for row in await rows(self.store) if row.account == account]
        return events, [str(one.ref) async for one in self.store.reports(account=account)]


@asynccontextmanager
async def two(url: Path, **options: Any) -> AsyncIterator[Two]:
    events: list[WebhookEvent] = []

    async def note(event: WebhookEvent) -> None:
        events.append(event)

    async with AsyncExitStack() as stack:
        boxes, providers = {}, []
        store = await stack.enter_async_context(await Store.open(url))
        ledger = await stack.enter_async_context(InviteLedger(StoreJournal(store)))
        for seed, name in enumerate("ab", 4):
            box = Sandbox(seed=seed, sessions=20, strict_limits=False, callback_token=TOKENS[name])
            boxes[name] = await stack.enter_async_context(box)
            for given in box.accounts.values():
                keywords: dict[str, Any] = dict(given)
                vendor = keywords.pop("provider")
                providers.append(connect(vendor, account=f"{name}-{vendor}", ledger=ledger, limit=None, **keywords))
        hub = await stack.enter_async_context(Hub(providers))
        made: list[WebhookReceiver] = []

        async def make(base_url: str) -> web.Application:
            given: dict[str, Any] = {"ledger": ledger, "schedule": SOON, "on_event": note, **options}
            made.append(WebhookReceiver(hub, store, secrets=SECRETS, base_url=base_url, **given))
            return made[0].application()

        await stack.enter_async_context(serving(make))
        for name, box in boxes.items():
            box.remoteinterview.outgoing_webhooks.append(made[0].callback_url(f"{name}-remoteinterview"))
        yield Two(boxes=boxes, hub=hub, store=store, receiver=made[0], events=events)


@pytest.fixture(autouse=True)
def _prompt_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists that are never behind: who does not show is certainly not there."""
    monkeypatch.setattr(scanning, "_LAG", 0.05)


@BOTH
async def test_anothers_genuine_event_leaves_nothing_at_the_wrong_url(tmp_path: Path, vendor: str) -> None:
    async with two(tmp_path / "store.db") as both:
        made = await both.finished("b", vendor)
        assert [(one.account, one.ref) for one in both.events] == [(f"b-{vendor}", made.ref)]
        assert await both.post(f"a-{vendor}", both.letter("b")) == 200
        await both.settled()
        (row,), reports = await both.kept(f"a-{vendor}")
        assert (row.state, row.ref, row.reference, row.subject, row.body, row.headers) == (
            EventState.REFUSED, None, None, None, None, None,
        )  # fmt: skip
        assert reports == []
        assert str(ANALYST.email) not in str(row)
        assert len(both.events) == 1, "nobody was called back a second time"
        (row,), reports = await both.kept(f"b-{vendor}")
        assert (row.state, reports) == (EventState.DONE, [str(made.ref)])


@BOTH
async def test_a_person_whom_both_have_invited_is_not_mixed_up(tmp_path: Path, vendor: str) -> None:
    async with two(tmp_path / "store.db") as both:
        ours = await both.finished("a", vendor)
        theirs = await both.finished("b", vendor)
        assert await both.post(f"a-{vendor}", both.letter("b")) == 200
        await both.settled()
        assert [(one.account, one.ref) for one in both.events] == [
            (f"a-{vendor}", ours.ref), (f"b-{vendor}", theirs.ref),
        ]  # fmt: skip
        events, reports = await both.kept(f"a-{vendor}")
        assert [row.state for row in events] == [EventState.DONE, EventState.REFUSED]
        assert reports == [str(ours.ref)]
        (report,) = [one async for one in both.store.reports(account=f"a-{vendor}")]
        assert report.raw == (await both.hub[f"a-{vendor}"].fetch_report(ours.ref)).raw


async def test_the_wrong_url_first_takes_nothing_from_the_right_one(tmp_path: Path) -> None:
    async with two(tmp_path / "store.db") as both:
        made = await both.finished("b", "codility")
        both.events.clear()
        body = both.letter("b").body.replace(b'"event"', b'"round": 2, "event"', 1)
        letter = attrs.evolve(both.letter("b"), body=body, headers={})  # in the older form, which is not signed
        assert await both.post("a-codility", letter) == 200
        assert await both.post("b-codility", letter) == 200
        await both.settled()
        assert [(one.account, one.ref) for one in both.events] == [("b-codility", made.ref)]


async def test_where_deliveries_are_signed_anothers_signature_is_none(tmp_path: Path) -> None:
    tokens = {f"{name}-codility": token for name, token in TOKENS.items()}
    async with two(tmp_path / "store.db", tokens=tokens) as both:
        made = await both.finished("b", "codility")
        assert [(one.ref, one.is_verified) for one in both.events] == [(made.ref, True)]
        assert await both.post("a-codility", both.letter("b")) == 401
        assert await both.kept("a-codility") == ([], [])
