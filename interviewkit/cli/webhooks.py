"""`webhooks serve`: receive what vendors tell by themselves, until somebody stops it."""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import re
from typing import TYPE_CHECKING, Annotated
from urllib.parse import unquote, urlsplit

from cyclopts import Parameter

from interviewkit.cli import signals, stores, webhook_urls
from interviewkit.cli.accounts import COMMON, Common
from interviewkit.cli.exits import DONE, INTERRUPTED
from interviewkit.cli.render import Screen
from interviewkit.errors import InvalidArgumentError

if TYPE_CHECKING:
    from interviewkit.cli.webhook_urls import Setup
    from interviewkit.harvest import Store
    from interviewkit.webhooks import WebhookReceiver
    from interviewkit.webhooks.connections import ConnectionLimits

_SIZE = re.compile(r"(\d{1,15})\s*(B|[KMG]i?B)?", re.IGNORECASE | re.ASCII)
_UNITS = {"b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30}


async def serve(
    *,
    store: stores.StoreURL = stores.DEFAULT,
    host: str = "127.0.0.1",
    port: int = 8080,
    admin_host: str = "127.0.0.1",
    admin_port: int = 8081,
    fetch_back: Annotated[bool, Parameter(negative="--no-fetch-back")] = True,
    max_body: str = "32MiB",
    max_connections: int = 2000,
    head_seconds: float = 10.0,
    body_seconds: float = 120.0,
    show_urls: Annotated[bool, Parameter(negative="")] = False,
    common: Common = COMMON,
) -> int:
    """Receive the vendors' webhooks and bring each report into the store, until Ctrl-C or SIGTERM.

    Vendors want https: put a reverse proxy before it. What is in flight is finished first; a second signal ends it at
    once, and nothing that was answered is lost.

    Parameters
    ----------
    host
        Where to listen for vendors.
    port
        Port to listen at for vendors; 0 is any free one.
    admin_host
        Where to listen for /health and /metrics, which nobody outside needs to see.
    admin_port
        Port of /health and /metrics; 0 is any free one.
    fetch_back
        Ask the vendor for each report; else what was posted is believed.
    max_body
        The largest delivery, such as 32MiB.
    max_connections
        Connections at once; the slowest gives way to one more.
    head_seconds
        How long the head of a request may take.
    body_seconds
        How long the body of a request may take, however fast it comes.
    show_urls
        Show the URLs for the vendors whole, with their secrets.
    """
    largest = size(max_body)
    stores.check(store)
    from interviewkit.harvest import Store
    from interviewkit.webhooks.serve import listen

    limits = _limits(max_connections=max_connections, head_seconds=head_seconds, body_seconds=body_seconds)
    screen = Screen(as_json=common.json)
    async with contextlib.AsyncExitStack() as stack:
        listening = stack.enter_context(listen(host, port, option="--host and --port"))
        admin = stack.enter_context(listen(admin_host, admin_port, option="--admin-host and --admin-port"))
        setup = await stack.enter_async_context(webhook_urls.opened(common, listening))
        opened = await stack.enter_async_context(await Store.open(store))
        receiver = _receiver(setup, opened, fetch_back=fetch_back, max_body_bytes=largest)
        stop = asyncio.Event()
        with signals.handled(lambda: _stop(screen, stop), _end):
            from interviewkit.webhooks import Inbox
            from interviewkit.webhooks.serve import serve as served

            async def ready(url: str, admin_url: str) -> None:
                await webhook_urls.announce(screen, setup, url=url, admin_url=admin_url, shown=show_urls)

            await served(
                receiver, Inbox(opened), listening=listening, admin=admin, stop=stop, limits=limits, on_ready=ready,
                path=unquote(urlsplit(setup.settings.base_url).path),
            )  # fmt: skip
    screen.say("the receiver has ended")
    return DONE


def size(text: str) -> int:
    """Bytes of `32MiB`, `500kB`, `1000`. Raises `InvalidArgumentError`."""
    found = _SIZE.fullmatch(text.strip())
    count = int(found[1]) * _UNITS[(found[2] or "B").lower()] if found else 0
    if count <= 0:
        raise InvalidArgumentError("--max-body is a size above 0, such as 32MiB, 500kB or 1000000")
    return count


def _limits(*, max_connections: int, head_seconds: float, body_seconds: float) -> ConnectionLimits:
    from interviewkit.webhooks.connections import ConnectionLimits

    given = {"--max-connections": max_connections, "--head-seconds": head_seconds, "--body-seconds": body_seconds}
    wrong = next((option for option, value in given.items() if not 0 < value < math.inf), None)
    if wrong is not None:
        raise InvalidArgumentError(f"{wrong} is a number above 0")
    return ConnectionLimits(connections=max_connections, head_seconds=head_seconds, body_seconds=body_seconds)


def _receiver(setup: Setup, store: Store, *, fetch_back: bool, max_body_bytes: int) -> WebhookReceiver:
    from interviewkit.harvest.journal import StoreJournal
    from interviewkit.ledger import InviteLedger
    from interviewkit.webhooks import WebhookReceiver

    return WebhookReceiver(
        setup.hub, store, secrets=setup.settings.secrets, tokens=setup.settings.tokens,
        base_url=setup.settings.base_url, ledger=InviteLedger(StoreJournal(store)), fetch_back=fetch_back,
        max_body_bytes=max_body_bytes,
    )  # fmt: skip


def _stop(screen: Screen, stop: asyncio.Event) -> None:
    screen.say("finishing what is in flight; a second signal ends at once")
    stop.set()


def _end() -> None:
    os._exit(INTERRUPTED)  # what was answered is stored, and the next start takes up what was under way
