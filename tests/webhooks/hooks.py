"""A receiver on loopback, the sandbox that posts to it, and what both have to show afterwards."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import attrs
from aiohttp import web
from sqlalchemy import select

from interviewkit import Candidate, CommitModel, Hub, Invitation, InviteLedger, WebhookEvent, connect
from interviewkit.harvest import Store, schema
from interviewkit.harvest.journal import StoreJournal
from interviewkit.sandbox import Sandbox
from interviewkit.webhooks import EventState, Schedule, WebhookReceiver

CODILITY, REMOTEINTERVIEW = "sandbox-codility", "sandbox-remoteinterview"
SECRETS = {CODILITY: "codility-secret-0123456789", REMOTEINTERVIEW: "remote-secret-0123456789"}
TOKEN = "eu.callback-token"
ANALYST = Candidate(email="analyst@example.com", first_name="Quality", last_name="Analyst")
SOON = Schedule(first=0.01, longest=0.02, look_every=0.02, join_within=5.0, missing_for=0.1)
PATIENCE = 20.0


@attrs.define(kw_only=True)
class Setup:
    """Everything that takes part."""

    box: Sandbox
    hub: Hub
    store: Store
    ledger: InviteLedger
    receiver: WebhookReceiver
    events: list[WebhookEvent]
    """What `on_event` was called with."""

    async def rows(self) -> list[Any]:
        """The inbox, in the order of arrival."""
        return await rows(self.store)

    async def states(self) -> list[EventState]:
        return [EventState(row.state) for row in await self.rows()]

    async def stored(self) -> list[str]:
        """The references of the reports in the harvest's store."""
        return [str(report.ref) async for report in self.store.reports()]

    async def settled(self) -> None:
        """Wait until every delivery is answered and every event processed."""
        await self.box.webhooks.settled()
        assert await self.receiver.idle(PATIENCE)

    async def invite(
        self, account: str = CODILITY, *, reference: str | None = "application-7", candidate: Candidate = ANALYST,
        **more: Any,
    ) -> Invitation:  # fmt: skip
        """Invite the analyst; at Codility with the receiver's URL."""
        provider = self.hub[account]
        assessment = await provider.list_assessments().first()
        assert assessment is not None
        if account == CODILITY:
            more.setdefault("callback_url", self.receiver.callback_url(account))
        return await provider.invite_candidate(assessment.id, candidate, reference=reference, **more)

    async def post(self, path: str, body: bytes, headers: Any = (), method: str = "POST") -> int:
        """Hand a request to the receiver; the status of its answer."""
        return (await self.receiver.receive(method, path, headers, body)).status


async def rows(store: Store) -> list[Any]:
    table = schema.webhook
    async with store.reading() as connection:
        return list((await connection.execute(select(table).order_by(table.c.received_at))).all())


@asynccontextmanager
async def open_hub(box: Sandbox, ledger: InviteLedger | None = None, **options: Any) -> AsyncIterator[Hub]:
    """The sandbox's accounts."""
    model = CommitModel(commit_within=0.15, index_lag=0.15)
    more = {"limit": None, "commit_model": model, "reconcile_timeout": 5.0, **options}
    providers = [
        connect(keywords.pop("provider"), account=label, ledger=ledger, **keywords, **more)
        for label, keywords in ((label, dict(keywords)) for label, keywords in box.accounts.items())
    ]
    async with Hub(providers) as hub:
        yield hub


@asynccontextmanager
async def serving(make: Callable[[str], Awaitable[web.Application]]) -> AsyncIterator[str]:
    """An application on loopback, made once its URL is known."""
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        runner = web.AppRunner(await make(url), access_log=None, shutdown_timeout=0.05, auto_decompress=False)
        await runner.setup()
        await web.SockSite(runner, listener).start()
        try:
            yield url
        finally:
            await runner.cleanup()


@asynccontextmanager
async def receiving(store_url: str | os.PathLike[str], **options: Any) -> AsyncIterator[Setup]:
    """A sandbox whose webhooks reach a receiver; `options` are the receiver's.

    But for `box`, the sandbox's, `lease_seconds`, the store's, `start`: whether it processes events, and `writes_down`:
    whether the providers write through the ledger.
    """
    events: list[WebhookEvent] = []

    async def note(event: WebhookEvent) -> None:
        events.append(event)

    box_options: dict[str, Any] = {"seed": 4, "sessions": 40, "strict_limits": False, **options.pop("box", {})}
    lease_seconds = options.pop("lease_seconds", 30.0)
    start, writes_down = options.pop("start", True), options.pop("writes_down", True)
    async with AsyncExitStack() as stack:
        box = await stack.enter_async_context(Sandbox(**box_options))
        store = await stack.enter_async_context(await Store.open(store_url, lease_seconds=lease_seconds))
        ledger = InviteLedger(StoreJournal(store))
        stack.push_async_callback(ledger.aclose)
        hub = await stack.enter_async_context(open_hub(box, ledger if writes_down else None))
        made: list[WebhookReceiver] = []

        async def make(url: str) -> web.Application:
            given: dict[str, Any] = {"ledger": ledger, "on_event": note, "schedule": SOON, **options}
            receiver = WebhookReceiver(hub, store, **{"secrets": SECRETS, "base_url": url, "prefix": "hooks", **given})
            made.append(receiver)
            if not start:
                given_app = web.Application()
                below = receiver.application()
                below.cleanup_ctx.clear()
                given_app.add_subapp("/hooks", below)
                return given_app
            app = web.Application()
            app.add_subapp("/hooks", receiver.application())
            return app

        await stack.enter_async_context(serving(make))
        (receiver,) = made
        box.remoteinterview.outgoing_webhooks.append(receiver.callback_url(REMOTEINTERVIEW))
        yield Setup(box=box, hub=hub, store=store, ledger=ledger, receiver=receiver, events=events)


def body_of(setup: Setup, number: int = -1) -> bytes:
    """The body of a webhook that the sandbox sent."""
    letter = setup.box.deliveries[number].letter
    assert letter is not None
    return letter.body


def edited(body: bytes, change: Callable[[Any], None]) -> bytes:
    """The same JSON, changed."""
    value = json.loads(body)
    change(value)
    return json.dumps(value).encode()


async def until(condition: Callable[[], bool], *, seconds: float = PATIENCE) -> None:
    """Wait for something to become true."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - what is waited for sets no event
            await asyncio.sleep(0.005)
