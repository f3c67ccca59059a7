"""`harvest status`: what a store holds, when its accounts are due, and who has been given what."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from interviewkit.cli import stores
from interviewkit.cli.exits import DONE
from interviewkit.cli.harvest_view import until
from interviewkit.cli.render import Screen

if TYPE_CHECKING:
    from interviewkit.harvest import Store
    from interviewkit.harvest.engine import Transaction

_ACCOUNTS = (
    "account", "state", "reports", "open", "gone", "unreadable", "last run", "last state", "last failed", "next due",
    "parked",
)  # fmt: skip
_CONSUMERS = ("consumer", "seq", "behind", "at")


async def status(
    *, store: stores.StoreURL = stores.DEFAULT, json: Annotated[bool, Parameter(negative="")] = False
) -> int:
    """What a store holds: its accounts, when they are due, and how far its consumers are. No vendor is asked.

    `open` counts the sessions whose report is not there yet, or may still change.

    Parameters
    ----------
    json
        JSON Lines instead of tables: one an account, one a consumer, and one of the whole store as the last.
    """
    screen = Screen(as_json=json)
    async with await stores.existing(store) as opened:
        found, consumers, whole = await _read(opened)
    if screen.as_json:
        for row in (*found, *consumers, whole):
            screen.line(row)
        return DONE
    now = datetime.now(UTC)
    rows = [(*(_shown(row, name, now) for name in _ACCOUNTS),) for row in found]
    screen.table(_ACCOUNTS, rows, cut=(0, 10), drop=(4, 10, 3, 8, 6))
    if consumers:
        screen.table(_CONSUMERS, [tuple(row[name] for name in _CONSUMERS) for row in consumers], cut=(0,), drop=(3,))
    screen.say(
        f"{whole['store']}: {whole['seq']} changes, {whole['erased']} erasure{'s' * (whole['erased'] != 1)} remembered"
    )
    return DONE


def _shown(row: Mapping[str, Any], name: str, now: datetime) -> object:
    value = row[name.replace(" ", "_")]
    return until(value, now) if name == "next due" else value


async def _read(store: Store) -> tuple[list[dict[str, Any]], list[dict[str, Any]], dict[str, Any]]:
    from sqlalchemy import func, select

    from interviewkit.harvest import schema

    async with store.reading() as connection:
        now = await store.now(connection)
        accounts = [await _account(connection, row, now) for row in await _known(connection)]
        counter = schema.counter
        seq = await connection.scalar(select(counter.c.value).where(counter.c.name == "seq")) or 0
        delivery = schema.delivery
        given = (await connection.execute(select(delivery).order_by(delivery.c.consumer))).all()
        consumers = [
            {"consumer": one.consumer, "seq": one.seq, "behind": seq - one.seq, "at": one.delivered_at} for one in given
        ]
        erased = await connection.scalar(select(func.count()).select_from(schema.erasure)) or 0
    return accounts, consumers, {"store": store.name, "seq": seq, "erased": erased}


async def _known(connection: Transaction) -> list[Mapping[str, Any]]:
    from sqlalchemy import select

    from interviewkit.harvest import schema

    found = await connection.execute(select(schema.account).order_by(schema.account.c.account))
    return [dict(row) for row in found.mappings()]


async def _account(connection: Transaction, row: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    from sqlalchemy import func, select

    from interviewkit.harvest import schema
    from interviewkit.harvest.items import Phase

    async def count(table: Any, *conditions: Any) -> int:
        query = select(func.count()).select_from(table).where(table.c.account == row["account"], *conditions)
        return await connection.scalar(query) or 0

    report, run = schema.report, schema.run
    runs = select(run).where(run.c.account == row["account"]).order_by(run.c.ended_at.desc(), run.c.id.desc()).limit(1)
    last = (await connection.execute(runs)).one_or_none()
    return {
        "account": row["account"],
        "provider": row["provider"],
        "state": _state(row, now),
        "reports": await count(report, report.c.deleted_at.is_(None)),
        "open": await count(schema.item, schema.item.c.phase == Phase.OPEN),
        "gone": await count(report, report.c.deleted_at.is_not(None)),
        "unreadable": await count(schema.unreadable),
        "last_run": None if last is None else last.ended_at,
        "last_state": None if last is None else last.state,
        "last_failed": None if last is None else last.failed,
        "next_due": row["next_due"],
        "parked": row["parked"],
    }


def _state(row: Mapping[str, Any], now: datetime) -> str:
    if row["holder"] is not None and row["lease_until"] is not None and row["lease_until"] > now:
        return "at work"
    if row["parked"] is not None:
        return "parked"
    return "waiting" if row["next_due"] is not None and row["next_due"] > now else "due"
