"""The exclusive right to harvest an account: renewed while it is held, and lost by a process that was paused."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import socket
from datetime import datetime, timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Self

from sqlalchemy import bindparam, select, update

from interviewkit.errors import StoreError
from interviewkit.harvest.engine import Transaction
from interviewkit.harvest.schema import account as accounts
from interviewkit.harvest.schema import rate_scope

if TYPE_CHECKING:
    from interviewkit.harvest.store import Store


_HELD = (
    select(accounts.c.lease_until)
    .where(accounts.c.account == bindparam("mine"), accounts.c.fence == bindparam("my_fence"))
    .with_for_update()
)


class LeaseLostError(StoreError):
    """Somebody else harvests the account now, or the lease ran out: nothing was written."""


class Lease:
    """An account's lease. As an async context manager it renews itself, and is given back at the end."""

    def __init__(self, store: Store, account: str, *, fence: int, clean: bool) -> None:
        self.account = account
        self.fence = fence
        self.clean = clean
        """Whether the last holder gave the lease back in peace, so that all its requests are known."""
        self.leaves_clean = True
        """Whether that is so for the next one, once this one has ended in peace."""
        self._store = store
        self._renewal: asyncio.Task[None] | None = None

    @classmethod
    async def take(cls, store: Store, account: str, *, scope: str, provider: str) -> Self | None:
        """The account's lease, unless somebody holds it or that of another account with the same credentials."""
        async with store.writing() as connection:
            here = accounts.c.account == account
            concerned = here | (accounts.c.scope == scope)
            # Accounts are locked before their scope, as by whoever writes with a lease: the other way round, two
            # processes could wait for each other.
            row = {"account": account, "scope": scope, "provider": provider, "fence": 0}
            await _insert(store, connection, accounts, row)
            await connection.execute(
                select(accounts.c.account).where(concerned).order_by(accounts.c.account).with_for_update()
            )
            await _insert(store, connection, rate_scope, {"scope": scope})
            await connection.execute(select(rate_scope.c.scope).where(rate_scope.c.scope == scope).with_for_update())
            now = await store.now(connection)
            # A holder that is still named did not give its lease back cleanly, whichever of the accounts it was at.
            named = (
                await connection.execute(
                    select(accounts.c.lease_until).where(concerned & accounts.c.holder.is_not(None))
                )
            ).scalars().all()  # fmt: skip
            if any(until is not None and until > now for until in named):
                return None
            clean = not named
            holder = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
            await connection.execute(
                update(accounts).where(accounts.c.scope == scope, accounts.c.account != account).values(holder=None)
            )
            taken = await connection.execute(
                update(accounts)
                .where(here)
                .values(
                    scope=scope, provider=provider, holder=holder, fence=accounts.c.fence + 1,
                    lease_until=now + timedelta(seconds=store.lease_seconds),
                )
                .returning(accounts.c.fence)
            )  # fmt: skip
            return cls(store, account, fence=taken.scalar_one(), clean=clean)

    async def __aenter__(self) -> Self:
        self._renewal = asyncio.create_task(self._renew())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._renewal is not None:
            self._renewal.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._renewal
        with contextlib.suppress(StoreError):  # it runs out by itself
            await self.release(clean=error is None and self.leaves_clean)

    async def check(self, connection: Transaction) -> datetime:
        """Hold the lease until the end of the transaction; returns the time. Raises `LeaseLostError`."""
        now = await self._store.now(connection)
        until = await connection.scalar(_HELD, {"mine": self.account, "my_fence": self.fence})
        if until is None or until <= now:
            raise LeaseLostError(
                "the lease of the account was lost: another process goes on with it", account=self.account
            )
        return now

    async def release(self, *, clean: bool = True) -> None:
        """Give the lease back, if it is still held.

        Without `clean` the next holder is told that requests may have been sent which nobody wrote down.
        """
        given_back = {"holder": None, "lease_until": None} if clean else {"lease_until": None}
        async with self._store.writing() as connection:
            await connection.execute(
                update(accounts)
                .where(accounts.c.account == self.account, accounts.c.fence == self.fence)
                .values(**given_back)
            )

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(self._store.lease_seconds / 3)
            # A store that is away for a moment is no reason to stop: writing finds out whether the lease still holds.
            with contextlib.suppress(StoreError):
                async with self._store.writing(self) as connection:
                    now = await self._store.now(connection)
                    await connection.execute(
                        update(accounts)
                        .where(accounts.c.account == self.account, accounts.c.fence == self.fence)
                        .values(lease_until=now + timedelta(seconds=self._store.lease_seconds))
                    )


async def _insert(store: Store, connection: Transaction, table: object, values: dict[str, object]) -> None:
    """Add a row unless it is there."""
    if store.dialect == "sqlite":
        from sqlalchemy.dialects.sqlite import insert
    else:
        from sqlalchemy.dialects.postgresql import insert  # type: ignore[assignment]
    await connection.execute(insert(table).values(**values).on_conflict_do_nothing())  # type: ignore[arg-type]
