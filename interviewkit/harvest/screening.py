"""Keeping erased people out of what is added to the store at any time, in one transaction with what is added."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence

import attrs
from sqlalchemy import select

from interviewkit.harvest import schema
from interviewkit.harvest.addresses import addresses
from interviewkit.harvest.engine import Transaction
from interviewkit.harvest.erasures import ErasureCheck, Erasures
from interviewkit.harvest.store import Store
from interviewkit.model import SessionRef

_ANY = select(schema.erasure.c.hash).limit(1)


@attrs.frozen(kw_only=True)
class Trace:
    """By what a person may be known in something that is to be added."""

    account: str
    refs: tuple[SessionRef | str, ...] = attrs.field(default=(), repr=False)
    text: Callable[[], str] = attrs.field(repr=False)
    """Gives all of it as text: asked for only where anybody was erased."""


class Screen:
    """Begins transactions that know who was erased; whoever erases waits for their end."""

    def __init__(self, store: Store, key: bytes | None = None) -> None:
        self._store = store
        self._given = key
        self._check = ErasureCheck(store, key)
        self._is_needed = False

    async def prepare(self) -> None:
        """Raise `ConfigurationError` when people were erased and the key is missing, as any transaction would."""
        await Erasures.load(self._store, self._given)

    @contextlib.asynccontextmanager
    async def writing(self, traces: Sequence[Trace]) -> AsyncIterator[tuple[Transaction, list[bool]]]:
        """A transaction that writes, and for each trace whether it is that of an erased person or session.

        Raises `StoreError`; `ConfigurationError` when people were erased and the key is missing.
        """
        while True:
            # Looking for addresses takes a millisecond a report: before the transaction, and only where it matters.
            emails = await asyncio.to_thread(_addresses, traces) if self._is_needed else None
            async with self._store.writing() as connection:
                await self._check.covers(connection, "")  # from here on nobody erases
                if (await connection.execute(_ANY)).first() is None:
                    yield connection, [False] * len(traces)
                    return
                self._is_needed = True
                if emails is not None:
                    yield connection, await self._covered(connection, traces, emails)
                    return

    async def _covered(
        self, connection: Transaction, traces: Sequence[Trace], emails: Sequence[set[str]]
    ) -> list[bool]:  # fmt: skip
        everybody: set[str] = set().union(*emails)
        refs = {ref for one in traces for ref in one.refs}
        accounts = {one.account for one in traces}
        if not any([await self._check.covers(connection, one, refs=refs, emails=everybody) for one in accounts]):
            return [False] * len(traces)
        return [
            await self._check.covers(connection, one.account, refs=one.refs, emails=found)
            for one, found in zip(traces, emails, strict=True)
        ]


def _addresses(traces: Sequence[Trace]) -> list[set[str]]:
    return [addresses(one.text()) for one in traces]
