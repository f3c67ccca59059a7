"""The demo's last part: invited once although asked twice, and told by the vendors who has finished."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

import attrs

from interviewkit.capabilities import Feature
from interviewkit.cli.render import Screen
from interviewkit.cli.sandboxed import Running
from interviewkit.errors import InterviewKitError
from interviewkit.harvest import Store
from interviewkit.harvest.journal import StoreJournal
from interviewkit.hub import Hub
from interviewkit.ledger import InviteLedger
from interviewkit.model import Candidate, Invitation, SessionKind, WebhookEvent
from interviewkit.webhooks.receiver import WebhookReceiver
from interviewkit.webhooks.serve import Site, listen

CANDIDATE = Candidate(email="site.reliability@example.com", first_name="Site", last_name="Reliability")
REFERENCE = "application-4711"
_PATIENCE = 20.0


@attrs.frozen
class Round:
    """An invitation that was asked for twice, what came of it, and what the vendor told."""

    account: str
    first: Invitation
    again: Invitation
    events: Sequence[WebhookEvent]
    is_stored: bool


async def go_round(box: Running, store: Store) -> list[Round]:
    """At each vendor that tells: invite twice with one reference, let the candidate work, and hear about it."""
    heard: list[WebhookEvent] = []

    async def hear(event: WebhookEvent) -> None:
        heard.append(event)

    ledger = InviteLedger(StoreJournal(store))
    async with ledger, Hub(one.connect(ledger=ledger) for one in box.accounts) as hub:
        told = [one.account for one in hub if one.capabilities[Feature.WEBHOOKS]]
        socket = listen("127.0.0.1", 0)
        receiver = WebhookReceiver(
            hub, store, secrets={account: secrets.token_urlsafe(24) for account in told}, ledger=ledger, on_event=hear,
            base_url=f"http://127.0.0.1:{socket.getsockname()[1]}",
        )  # fmt: skip
        async with receiver, Site(receiver.application(), socket):
            invited = [(account, await _invite_twice(hub, box, receiver, account)) for account in told]
            await box.work(settle=True)
            if not await receiver.idle(_PATIENCE):
                raise InterviewKitError("the vendors' events were not done with in time")
    stored = {record.ref async for record in store.records()}
    rounds = [
        Round(account, first, again, [one for one in heard if str(one.ref) == str(first.ref)], str(first.ref) in stored)
        for account, (first, again) in invited
    ]
    for one in rounds:
        if one.first.ref != one.again.ref or not one.events or not one.is_stored:
            raise InterviewKitError(f"the round of invitation and webhook failed at {one.account}: please report it")
    return rounds


async def _invite_twice(
    hub: Hub, box: Running, receiver: WebhookReceiver, account: str
) -> tuple[Invitation, Invitation]:  # fmt: skip
    provider = hub[account]
    url: str | None = None
    if provider.capabilities[Feature.CALLBACK]:
        url = receiver.callback_url(account, reference=REFERENCE)
    else:  # one URL for the whole account, as it is pasted into the vendor's settings
        await box.control("POST", "/webhooks", {"vendor": provider.name, "url": receiver.callback_url(account)})
    offered = await provider.list_assessments().collect(on_problem="collect")
    test = next(one.id for one in offered if one.kind is SessionKind.TAKE_HOME)
    first, again = [
        await provider.invite_candidate(test, CANDIDATE, reference=REFERENCE, callback_url=url) for _ in range(2)
    ]
    return first, again


def show(rounds: Sequence[Round], screen: Screen) -> None:
    """A line a vendor."""
    rows = [
        (
            one.account,
            "once" if one.first.ref == one.again.ref else "twice",
            ", ".join(event.type.value for event in one.events) or "nothing",
            "in the store" if one.is_stored else "missing",
        )
        for one in rounds
    ]
    screen.table(
        ("account", "invited", "the vendor told", "report, fetched back"), rows,
        title="One candidate more, asked for twice with one reference; webhooks instead of polling", cut=(0, 2),
    )  # fmt: skip
