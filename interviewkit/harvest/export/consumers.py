"""Who has been given what: a consumer is a name with the number of the last change that was exported for it."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import UTC, datetime

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite

from interviewkit.errors import InvalidArgumentError, StoreError
from interviewkit.harvest.engine import Transaction
from interviewkit.harvest.schema import delivery

_NAME = re.compile(r"[A-Za-z0-9._-]{1,100}")


def place(consumer: str, accounts: Collection[str]) -> str:
    """The key of a consumer's position. Each choice of accounts has its own: one never skips what another lacks.

    Raises `InvalidArgumentError` for a name of other letters than `A-Z a-z 0-9 . _ -`.
    """
    if not isinstance(consumer, str) or not _NAME.fullmatch(consumer):
        raise InvalidArgumentError(
            "this is no name of a consumer", hint="up to 100 letters A to Z, digits, '.', '_' and '-'"
        )
    return f"{consumer} ({', '.join(sorted(accounts))})" if accounts else consumer


async def position(connection: Transaction, key: str) -> int:
    """The number of the last change that was exported for a consumer; 0 before the first export."""
    found: int | None = await connection.scalar(select(delivery.c.seq).where(delivery.c.consumer == key))
    return found or 0


async def move(connection: Transaction, key: str, *, before: int, after: int) -> None:
    """Move a consumer on. From here until the transaction ends nobody else does.

    Raises `StoreError` when somebody else has moved it since `before` was read.
    """
    now = datetime.now(UTC)
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    first = insert(delivery).values(consumer=key, seq=0, delivered_at=now)
    await connection.execute(first.on_conflict_do_nothing())
    moved = await connection.execute(
        update(delivery).where(delivery.c.consumer == key, delivery.c.seq == before).values(seq=after, delivered_at=now)
    )
    if moved.rowcount != 1:
        raise StoreError(
            "another export for this consumer was faster; nothing was written", retryable=True, hint="run it again"
        )
