"""Rows and reports that are not what the vendor documents: kept as they came, beside the error."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete

from interviewkit.errors import InterviewKitError
from interviewkit.harvest import items, schema
from interviewkit.harvest.documents import text_without_links, without_links
from interviewkit.harvest.engine import Transaction
from interviewkit.harvest.erasures import Erasures

LARGEST = 1024 * 1024
"""Bytes of an unreadable answer that are kept."""


async def keep(
    connection: Transaction, account: str, stream: str, raw: Any, error: InterviewKitError, *, now: datetime,
    erasures: Erasures, ref: str | None = None,
) -> None:  # fmt: skip
    """Store what could not be read, unless the address of a person who was erased stands in it.

    The same row again, or another answer for the same report, takes its place.
    """
    content = _bytes(raw)
    if erasures.covers_text(content.decode(errors="replace")):
        return
    if ref is not None:
        await forgive(connection, account, [ref])
    what = f"{ref or ''}\n{'' if content else error}\n".encode(errors="replace") + content
    row = {
        "account": account, "stream": stream, "digest": hashlib.sha256(what).hexdigest(), "ref": ref,
        "raw": content[:LARGEST], "error": str(error), "seen_at": now,
    }  # fmt: skip
    await items.put(connection, schema.unreadable, [row])


async def forgive(connection: Transaction, account: str, refs: Sequence[str]) -> None:
    """Drop what was kept of reports that can be read now."""
    table = schema.unreadable
    for some in items.chunks(refs):
        await connection.execute(delete(table).where(table.c.account == account, table.c.ref.in_(some)))


async def forgive_rows(connection: Transaction, account: str, stream: str, *, before: datetime) -> None:
    """Drop the rows of a list that a full scan, begun at that time, did not find unreadable again."""
    table = schema.unreadable
    old = table.c.ref.is_(None) & (table.c.seen_at < before)
    await connection.execute(delete(table).where(table.c.account == account, table.c.stream == stream, old))


def _bytes(raw: Any) -> bytes:
    if raw is None:
        return b""
    if isinstance(raw, bytes | bytearray | memoryview):
        raw = bytes(raw)
        try:
            raw = json.loads(raw)
        except (ValueError, RecursionError):
            return text_without_links(raw.decode(errors="surrogateescape")).encode(errors="surrogateescape")
    try:
        return json.dumps(without_links(raw, files={}, raw=True), ensure_ascii=False, default=str).encode(
            errors="replace"
        )
    except (ValueError, RecursionError):
        return b""
