"""Locks that writers of PostgreSQL share until the end of a transaction; SQLite has one writer at a time anyway."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from interviewkit.harvest.store import Store

_ERASING = 7_206_115_021
"""The advisory lock between who stores people's data and who notes an erasure."""


async def beside_erasures(store: Store, connection: AsyncConnection) -> None:
    """Keep erasures from being noted meanwhile: those known now are all, and what is stored now will be found."""
    if store.dialect == "postgresql":
        await connection.execute(text("SELECT pg_advisory_xact_lock_shared(:key)"), {"key": _ERASING})


async def before_erasing(store: Store, connection: AsyncConnection) -> None:
    """Wait for whoever stores without having known of the erasure that is noted now."""
    if store.dialect == "postgresql":
        await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ERASING})
