"""`webhooks status`: what became of the events in a store, account by account."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import attrs
from cyclopts import Parameter

from interviewkit.cli import stores
from interviewkit.cli.exits import DONE, PARTLY
from interviewkit.cli.render import Screen
from interviewkit.cli.webhook_settle import MADE_BY, check_account

if TYPE_CHECKING:
    from interviewkit.webhooks import InboxProblem, InboxStatus

_COLUMNS = (
    "account", "vendor", "deliveries", "events", "waiting", "retrying", "done", "refused", "failed", "unreadable",
    "acknowledged", "oldest waiting",
)  # fmt: skip
_PROBLEMS = ("id", "account", "state", "event", "age", "tries", "error")


async def status(
    *,
    store: stores.StoreURL = stores.DEFAULT,
    account: Annotated[str | None, Parameter(allow_leading_hyphen=True)] = None,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """What became of the webhooks in a store; ends with 3 when some failed or could not be read. No vendor is asked.

    What somebody has acknowledged is counted apart.

    Parameters
    ----------
    account
        Only this account.
    json
        JSON Lines instead of tables: one an account.
    """
    screen = Screen(as_json=json)
    async with await stores.existing(store, made_by=MADE_BY) as opened:
        from interviewkit.webhooks import Inbox

        found = await Inbox(opened).status(account=account)
    check_account(account, found)
    now = datetime.now(UTC)
    if screen.as_json:
        for one in found:
            screen.line(_line(one, now))
    else:
        _show(screen, found, now)
    return PARTLY if any(one.failed or one.unreadable for one in found) else DONE


def _line(one: InboxStatus, now: datetime) -> dict[str, Any]:
    told = attrs.asdict(one, recurse=False)
    told["oldest_waiting_seconds"] = None if one.oldest_waiting is None else _seconds(one.oldest_waiting, now)
    told["problems"] = [
        {**attrs.asdict(problem), "age_seconds": _seconds(problem.received_at, now)} for problem in one.problems
    ]
    return told


def _show(screen: Screen, found: list[InboxStatus], now: datetime) -> None:
    rows = [
        (one.account, one.provider, one.copies, one.received + one.done + one.refused + one.failed + one.unreadable
         + one.acknowledged, one.received, one.retrying, one.done, one.refused, one.failed, one.unreadable,
         one.acknowledged, _age(one.oldest_waiting, now))
        for one in found
    ]  # fmt: skip
    screen.table(_COLUMNS, rows, cut=(0,), drop=(2, 3, 5, 1, 10))
    problems = [_problem(problem, now) for one in found for problem in one.problems]
    if problems:
        screen.table(_PROBLEMS, problems, cut=(1,), drop=(5, 3))
    for one in found:
        left = one.failed + one.unreadable - len(one.problems)
        if left:
            screen.say(f"{left} more of {one.account} are not shown")
    if any(one.failed for one in found):
        screen.say("`interviewkit webhooks retry ID`, or --all, lets what failed be tried again")
    if problems:
        screen.say("`interviewkit webhooks acknowledge ID`, or --all, takes note of what nothing can be done about")
    if not found:
        screen.say("no webhook has come yet")


def _problem(problem: InboxProblem, now: datetime) -> tuple[object, ...]:
    return (
        problem.id, problem.account, problem.state.value, problem.type, _age(problem.received_at, now), problem.tries,
        problem.error,
    )  # fmt: skip


def _seconds(moment: datetime, now: datetime) -> float:
    return round(max(0.0, (now - moment).total_seconds()), 3)


def _age(moment: datetime | None, now: datetime) -> str | None:
    """How long ago something was: `5 s`, `12 min`, `3 h`, `2 d`."""
    if moment is None:
        return None
    seconds = _seconds(moment, now)
    sizes = ((86400, "d"), (3600, "h"), (60, "min"))
    size, unit = next((one for one in sizes if seconds >= 2 * one[0]), (1, "s"))
    return f"{seconds / size:.0f} {unit}"
