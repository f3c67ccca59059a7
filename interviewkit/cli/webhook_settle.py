"""`webhooks acknowledge` and `webhooks retry`: what a person does about events that nobody could make use of."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from typing import TYPE_CHECKING, Annotated

import attrs
from cyclopts import Parameter

from interviewkit.cli import stores
from interviewkit.cli.exits import DONE
from interviewkit.cli.render import Screen
from interviewkit.errors import InvalidArgumentError

if TYPE_CHECKING:
    from interviewkit.webhooks import DeadLetters, InboxProblem, InboxStatus

    Settle = Callable[[DeadLetters, tuple[str, ...] | None, str | None], Awaitable[list[InboxProblem]]]

MADE_BY = "`interviewkit webhooks serve` makes one, and --store names it"
_COLUMNS = ("id", "account", "vendor", "state", "event", "received", "tries", "error")


async def acknowledge(
    webhook_id: Annotated[tuple[str, ...], Parameter(negative="")] = (),
    /,
    *,
    all_: Annotated[bool, Parameter(name="--all", negative="")] = False,
    store: stores.StoreURL = stores.DEFAULT,
    account: Annotated[str | None, Parameter(allow_leading_hyphen=True)] = None,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Take note of webhooks that failed or could not be read: `webhooks status` counts them apart, and they stay.

    Parameters
    ----------
    webhook_id
        The id that `webhooks status` shows; there may be several.
    all_
        All that nobody has acknowledged yet.
    account
        Only this account.
    json
        JSON Lines instead of a table.
    """

    async def settle(letters: DeadLetters, ids: tuple[str, ...] | None, account: str | None) -> list[InboxProblem]:
        return await letters.acknowledge(ids, account=account)

    screen = Screen(as_json=json)
    settled = await _settle(screen, settle, webhook_id, is_all=all_, store=store, account=account)
    screen.say(f"{settled} acknowledged" if settled else "nothing is to be acknowledged")
    return DONE


async def retry(
    webhook_id: Annotated[tuple[str, ...], Parameter(negative="")] = (),
    /,
    *,
    all_: Annotated[bool, Parameter(name="--all", negative="")] = False,
    store: stores.StoreURL = stores.DEFAULT,
    account: Annotated[str | None, Parameter(allow_leading_hyphen=True)] = None,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Let webhooks that failed be processed again, for another day; a receiver that serves the account does it.

    Parameters
    ----------
    webhook_id
        The id that `webhooks status` shows, or `webhooks acknowledge` did; there may be several.
    all_
        All that failed and that nobody has acknowledged.
    account
        Only this account.
    json
        JSON Lines instead of a table.
    """

    async def settle(letters: DeadLetters, ids: tuple[str, ...] | None, account: str | None) -> list[InboxProblem]:
        return await letters.retry(ids, account=account)

    screen = Screen(as_json=json)
    settled = await _settle(screen, settle, webhook_id, is_all=all_, store=store, account=account)
    due, them = ("1 is", "it") if settled == 1 else (f"{settled} are", "them")
    screen.say(f"{due} due again: `interviewkit webhooks serve` takes {them} up" if settled else "nothing has failed")
    return DONE


def check_account(account: str | None, found: Collection[InboxStatus]) -> None:
    """Raise `InvalidArgumentError` when nothing was found of an account that was named."""
    if account is not None and not found:
        raise InvalidArgumentError(f"the store holds no webhooks of an account {account}")


async def _settle(
    screen: Screen, settle: Settle, ids: tuple[str, ...], *, is_all: bool, store: str, account: str | None
) -> int:  # fmt: skip
    """Settle these, show them, and return how many there were."""
    if is_all and ids:
        raise InvalidArgumentError("ids and --all exclude each other")
    if not is_all and not ids:
        raise InvalidArgumentError(
            "nothing was named", hint="`interviewkit webhooks status` shows the ids; or say --all"
        )
    async with await stores.existing(store, made_by=MADE_BY) as opened:
        from interviewkit.webhooks import DeadLetters, Inbox

        check_account(account, await Inbox(opened).status(account=account) if account is not None else ())
        settled = await settle(DeadLetters(opened), None if is_all else ids, account)
    if screen.as_json:
        for one in settled:
            screen.line(attrs.asdict(one))
    elif settled:
        rows = [
            (one.id, one.account, one.provider, one.state.value, one.type, one.received_at, one.tries, one.error)
            for one in settled
        ]
        screen.table(_COLUMNS, rows, cut=(1,), drop=(6, 2, 4))
    return len(settled)
