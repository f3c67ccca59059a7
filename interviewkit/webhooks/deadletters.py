"""Events that nobody could make use of: what a person does about them, once whatever was wrong is mended or known."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs
from sqlalchemy import bindparam, select, update

from interviewkit.errors import InvalidArgumentError
from interviewkit.harvest.engine import Transaction
from interviewkit.harvest.schema import webhook as webhooks_table
from interviewkit.harvest.store import Store
from interviewkit.webhooks.rows import EventState, InboxProblem

_DIGITS = 12
_columns = webhooks_table.c
SHOWN = (
    _columns.account, _columns.dedupe_key, _columns.provider, _columns.state, _columns.type, _columns.received_at,
    _columns.tries, _columns.error, _columns.acknowledged_at,
)  # fmt: skip
"""What may be told of an event: nothing of these is a candidate's but the key, which `problem` hashes."""
IS_DEAD = _columns.state.in_([EventState.FAILED.value, EventState.UNREADABLE.value])
_THIS = update(webhooks_table).where(
    _columns.account == bindparam("of_account"), _columns.dedupe_key == bindparam("of_key")
)
_NAMING = "`interviewkit webhooks status` shows those that there are"


class DeadLetters:
    """The events in a store that failed or could not be read.

    Each method is one transaction and raises `StoreError`; then nothing of it was done. Without ids it is about all
    that nobody has acknowledged yet; an id that there is not is an `InvalidArgumentError`.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    async def acknowledge(
        self, ids: Collection[str] | None = None, *, account: str | None = None
    ) -> list[InboxProblem]:  # fmt: skip
        """Take note of events, so that a status counts them apart; they stay in the store. Returns them."""

        return await self._settle(
            ids, account, lambda now: {"acknowledged_at": now}, lambda one: one.acknowledged_at is None
        )

    async def retry(
        self, ids: Collection[str] | None = None, *, account: str | None = None
    ) -> list[InboxProblem]:  # fmt: skip
        """Let events that failed be tried again, for as long as new ones are; returns them with their last error.

        Raises `InvalidArgumentError` for the id of one that could not be read.
        """

        def changes(now: datetime) -> dict[str, Any]:
            return {
                "state": EventState.RECEIVED.value, "due_at": now, "retried_at": now, "done_at": None, "tries": 0,
                "error": None, "acknowledged_at": None,
            }  # fmt: skip

        return await self._settle(ids, account, changes, _has_failed if ids is None else _may_be_retried)

    async def _settle(
        self, ids: Collection[str] | None, account: str | None, changes: Callable[[datetime], dict[str, Any]],
        is_meant: Callable[[InboxProblem], bool],
    ) -> list[InboxProblem]:  # fmt: skip
        wanted = None if ids is None else {one.strip().lower() for one in ids}
        async with self._store.writing() as connection:
            found = [(problem(row), row) for row in await _dead(connection, account, unseen_only=wanted is None)]
            named = [(one, row) for one, row in found if wanted is None or one.id in wanted]
            _check(wanted, {one.id for one, _ in named})
            meant = {one.id: row for one, row in named if is_meant(one)}
            changed = changes(await self._store.now(connection))
            await _change(connection, meant.values(), changed)
        since = changed["acknowledged_at"]
        return [
            attrs.evolve(one, acknowledged_at=since) if one.id in meant else one
            for one, _ in named if wanted is not None or one.id in meant
        ]  # fmt: skip


def problem(row: Any) -> InboxProblem:
    """An event that nobody could make use of, as it may be told; `row` has the columns `SHOWN`."""
    return InboxProblem(
        id=_number(row.account, row.dedupe_key), account=row.account, provider=row.provider,
        state=EventState(row.state), type=row.type, received_at=row.received_at, tries=row.tries,
        error=row.error or "no reason given", acknowledged_at=row.acknowledged_at,
    )  # fmt: skip


def _number(account: str, dedupe_key: str) -> str:
    """What a person names the event by. A provider's own key may hold anything, so it is not shown itself."""
    return hashlib.sha256(f"{account}\0{dedupe_key}".encode()).hexdigest()[:_DIGITS]


async def _dead(connection: Transaction, account: str | None, *, unseen_only: bool) -> Sequence[Any]:
    """The events, the oldest first, held against changes until the end of the transaction."""
    query = select(*SHOWN).where(IS_DEAD).order_by(_columns.received_at, _columns.account, _columns.dedupe_key)
    if account is not None:
        query = query.where(_columns.account == account)
    if unseen_only:
        query = query.where(_columns.acknowledged_at.is_(None))
    return (await connection.execute(query.with_for_update())).all()


async def _change(connection: Transaction, rows: Collection[Any], changed: Mapping[str, Any]) -> None:
    """Change these rows, which this transaction holds."""
    change = _THIS.values({name: bindparam(f"new_{name}") for name in changed})
    new = {f"new_{name}": value for name, value in changed.items()}
    if rows:
        await connection.execute(change, [{"of_account": row.account, "of_key": row.dedupe_key, **new} for row in rows])


def _check(wanted: Collection[str] | None, found: Collection[str]) -> None:
    missing = sorted({*(wanted or ())} - {*found})
    if missing:
        raise InvalidArgumentError(f"there is no webhook {missing[0]} that failed or could not be read", hint=_NAMING)


def _has_failed(one: InboxProblem) -> bool:
    return one.state is EventState.FAILED


def _may_be_retried(one: InboxProblem) -> bool:
    if not _has_failed(one):
        raise InvalidArgumentError(
            f"the webhook {one.id} could not be read: trying again changes nothing",
            hint=f"`interviewkit webhooks acknowledge {one.id}` takes note of it",
        )
    return True
