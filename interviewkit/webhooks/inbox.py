"""The inbox: one row an event, in the harvest's store, from its arrival until nothing is left to do about it."""

from __future__ import annotations

import functools
import json
from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, case, func, or_, select, tuple_, update

from interviewkit.harvest.engine import Transaction
from interviewkit.harvest.schema import webhook as webhooks_table
from interviewkit.harvest.screening import Screen, Trace
from interviewkit.harvest.store import Store
from interviewkit.webhooks import deadletters
from interviewkit.webhooks.answers import Verdict
from interviewkit.webhooks.rows import Arrival, Claimed, EventState, InboxProblem, InboxStatus

__all__ = ["EventState", "Inbox", "InboxProblem", "InboxStatus"]

_CHUNK = 400
"""Values a statement: SQLite counts each as a variable."""
_SHOWN = 20
"""Problems that a status shows of an account."""
_TICK = timedelta(microseconds=1)
_columns = webhooks_table.c


class Inbox:
    """The table of events. Every method is one transaction and raises `StoreError`; then nothing of it was done."""

    def __init__(self, store: Store, screen: Screen | None = None) -> None:
        self._store = store
        self._screen = screen or Screen(store)

    # --- arriving ---

    async def put(self, arrivals: Sequence[Arrival]) -> list[Verdict]:
        """Store events that are new, count those that are known, and leave out erased people's; durable on return."""
        async with self._screen.writing([_trace(one) for one in arrivals]) as (connection, covered):
            known = await _known(connection, {one.dedupe_key for one in arrivals})
            now = await self._store.now(connection)
            rows: dict[tuple[str, str], dict[str, Any]] = {}
            verdicts = []
            for one, is_covered in zip(arrivals, covered, strict=True):
                key = (one.account, one.dedupe_key)
                if is_covered:
                    verdicts.append(Verdict.FORGOTTEN)
                elif key in rows:
                    rows[key]["copies"] += 1
                    verdicts.append(Verdict.DUPLICATE)
                else:
                    rows[key] = _row(one, now + len(rows) * _TICK)
                    unreadable = one.state is EventState.UNREADABLE
                    fresh = Verdict.UNREADABLE if unreadable else Verdict.STORED
                    verdicts.append(Verdict.DUPLICATE if key in known else fresh)
            if rows:
                ordered = [rows[key] for key in sorted(rows)]  # the order in which all receivers lock them
                await connection.execute(_insert(connection.dialect.name), ordered)
        return verdicts

    # --- processing ---

    async def claim(
        self, *, accounts: Collection[str], limit: int, holder: str, lease_seconds: float
    ) -> list[Claimed]:  # fmt: skip
        """Hold up to so many events that are due, each the oldest of its session, and that nobody holds."""
        async with self._store.writing() as connection:
            now = await self._store.now(connection)
            found = (await connection.execute(_due(accounts, now, limit))).all()
            for row in found:
                held = update(webhooks_table).where(_mine(row.account, row.dedupe_key))
                until = now + timedelta(seconds=lease_seconds)
                await connection.execute(held.values(fence=row.fence + 1, holder=holder, lease_until=until))
        return [_read(row, now) for row in found]

    async def has_due(self, *, accounts: Collection[str]) -> tuple[bool, float | None]:
        """Whether an event may be claimed, and the seconds until the next one is due, as far as that is known."""
        async with self._store.reading() as connection:
            now = await self._store.now(connection)
            if (await connection.execute(_due(accounts, now, 1, lock=False))).first() is not None:
                return True, 0.0
            waiting = (_columns.state == EventState.RECEIVED.value) & (_columns.due_at > now)
            query = select(func.min(_columns.due_at)).where(waiting, _columns.account.in_(accounts))
            next_due = (await connection.execute(query)).scalar()
        return False, None if next_due is None else max(0.0, (next_due - now).total_seconds())

    async def renew(self, claimed: Sequence[Claimed], *, lease_seconds: float) -> list[Claimed]:
        """Hold these for so much longer; returns those that are still ours."""
        async with self._store.writing() as connection:
            until = await self._store.now(connection) + timedelta(seconds=lease_seconds)
            return [
                one
                for one in sorted(claimed, key=lambda one: (one.account, one.dedupe_key))
                if (await connection.execute(_held(one).values(lease_until=until))).rowcount
            ]

    async def settle(self, one: Claimed, state: EventState, *, ref: str | None, error: str | None = None) -> bool:
        """Write down the end of an event; whether it was still ours. What is not needed any more is erased."""
        kept: dict[str, Any] = {} if state in {EventState.FAILED, EventState.UNREADABLE} else {
            "body": None, "headers": None, "reference": None,
        }  # fmt: skip
        if state is not EventState.FAILED:  # one that failed may be tried again, in its place
            kept["subject"] = None
        async with self._store.writing() as connection:
            now = await self._store.now(connection)
            ended = await connection.execute(
                _held(one).values(
                    state=state.value, ref=ref, done_at=now, due_at=None, error=error, holder=None,
                    lease_until=None, tries=one.tries + 1, **kept,
                )
            )  # fmt: skip
        return bool(ended.rowcount)

    async def put_off(self, one: Claimed, seconds: float, *, error: str | None, is_failure: bool = True) -> bool:
        """Give an event back, to be processed so many seconds later; whether it was still ours."""
        async with self._store.writing() as connection:
            now = await self._store.now(connection)
            given = await connection.execute(
                _held(one).values(
                    due_at=now + timedelta(seconds=seconds), tries=one.tries + is_failure, error=error, holder=None,
                    lease_until=None,
                )
            )  # fmt: skip
        return bool(given.rowcount)

    async def remove(self, one: Claimed) -> None:
        """Delete an event about a person who was erased."""
        async with self._store.writing() as connection:
            await connection.execute(webhooks_table.delete().where(_mine(one.account, one.dedupe_key)))

    # --- what is there ---

    async def waiting(self, *, accounts: Collection[str]) -> int:
        """How many events are not settled."""
        async with self._store.reading() as connection:
            mine = (_columns.state == EventState.RECEIVED.value) & _columns.account.in_(accounts)
            query = select(func.count()).select_from(webhooks_table).where(mine)
            found: int = (await connection.execute(query)).scalar_one()
        return found

    async def status(self, *, account: str | None = None) -> list[InboxStatus]:
        """Each account's events."""
        retrying = func.sum(case((_columns.tries > 0, 1), else_=0))
        query = select(
            _columns.account, _columns.provider, _columns.state, func.count().label("number"),
            func.sum(_columns.copies).label("copies"), retrying.label("tried"),
            func.min(_columns.received_at).label("oldest"), func.count(_columns.acknowledged_at).label("acknowledged"),
        ).group_by(_columns.account, _columns.provider, _columns.state)  # fmt: skip
        bad = select(*deadletters.SHOWN).where(deadletters.IS_DEAD, _columns.acknowledged_at.is_(None))
        async with self._store.reading() as connection:
            narrowed = query if account is None else query.where(_columns.account == account)
            groups = (await connection.execute(narrowed)).all()
            problems = {
                label: (
                    await connection.execute(
                        bad.where(_columns.account == label).order_by(_columns.received_at.desc()).limit(_SHOWN)
                    )
                ).all()
                for label in sorted({row.account for row in groups})
            }
        return [_status(label, [row for row in groups if row.account == label], problems[label]) for label in problems]


def _trace(one: Arrival) -> Trace:
    return Trace(
        account=one.account, refs=() if one.ref is None else (one.ref,),
        text=lambda: json.dumps(one.raw, ensure_ascii=False),  # nothing in it is escaped any more
    )  # fmt: skip


# --- statements ---


def _mine(account: str, dedupe_key: str) -> Any:
    return (_columns.account == account) & (_columns.dedupe_key == dedupe_key)


def _held(one: Claimed) -> Any:
    return update(webhooks_table).where(_mine(one.account, one.dedupe_key), _columns.fence == one.fence)


def _due(accounts: Collection[str], now: datetime, limit: int, *, lock: bool = True) -> Any:
    """Events that may be claimed: due, held by nobody, and with no earlier one of their session still waiting."""
    earlier = webhooks_table.alias("earlier")
    arrived_before = tuple_(earlier.c.received_at, earlier.c.dedupe_key) < tuple_(
        _columns.received_at, _columns.dedupe_key
    )
    blocked = (
        select(earlier.c.account)
        .where(
            earlier.c.account == _columns.account, earlier.c.subject == _columns.subject,
            earlier.c.state == EventState.RECEIVED.value, arrived_before,
        )
        .exists()
    )  # fmt: skip
    free = or_(_columns.lease_until.is_(None), _columns.lease_until <= now)
    due = and_(_columns.state == EventState.RECEIVED.value, _columns.due_at <= now, _columns.account.in_(accounts))
    query = select(webhooks_table).where(due, free, ~blocked)
    query = query.order_by(_columns.due_at, _columns.received_at).limit(limit)
    return query.with_for_update(skip_locked=True, of=webhooks_table) if lock else query


@functools.cache
def _insert(dialect: str) -> Any:
    if dialect == "sqlite":
        from sqlalchemy.dialects.sqlite import insert
    else:
        from sqlalchemy.dialects.postgresql import insert  # type: ignore[assignment]
    made = insert(webhooks_table)
    more = {"copies": _columns.copies + made.excluded.copies}
    return made.on_conflict_do_update(index_elements=["account", "dedupe_key"], set_=more)


async def _known(connection: Transaction, keys: Collection[str]) -> set[tuple[str, str]]:
    """Which of these are there, of whatever account."""
    found: set[tuple[str, str]] = set()
    ordered = sorted(keys)
    for start in range(0, len(ordered), _CHUNK):
        some = ordered[start : start + _CHUNK]
        query = select(_columns.account, _columns.dedupe_key).where(_columns.dedupe_key.in_(some))
        found.update((row.account, row.dedupe_key) for row in await connection.execute(query))
    return found


# --- rows ---

_STORED = (
    "account", "dedupe_key", "provider", "type", "ref", "reference", "subject", "is_verified", "headers", "body",
    "error",
)  # fmt: skip


def _row(one: Arrival, now: datetime) -> dict[str, Any]:
    waits = one.state is EventState.RECEIVED
    return {
        **{name: getattr(one, name) for name in _STORED}, "state": one.state.value, "received_at": now, "copies": 1,
        "due_at": now if waits else None, "done_at": None if waits else now, "tries": 0, "fence": 0,
    }  # fmt: skip


def _read(row: Any, now: datetime) -> Claimed:
    return Claimed(
        account=row.account, dedupe_key=row.dedupe_key, provider=row.provider, type=row.type, ref=row.ref,
        reference=row.reference, is_verified=row.is_verified, headers=row.headers, body=row.body or b"",
        received_at=row.received_at, retried_at=row.retried_at, tries=row.tries, fence=row.fence + 1, claimed_at=now,
    )  # fmt: skip


def _status(account: str, groups: Sequence[Any], problems: Sequence[Any]) -> InboxStatus:
    numbers: Counter[str] = Counter()
    for row in groups:
        numbers[row.state] += row.number - row.acknowledged
    waiting = [row for row in groups if row.state == EventState.RECEIVED.value]
    return InboxStatus(
        account=account, provider=groups[0].provider, **{state.value: numbers[state.value] for state in EventState},
        acknowledged=sum(row.acknowledged for row in groups), retrying=sum(row.tried for row in waiting),
        copies=sum(row.copies for row in groups), oldest_waiting=min((row.oldest for row in waiting), default=None),
        problems=tuple(map(deadletters.problem, problems)),
    )  # fmt: skip
