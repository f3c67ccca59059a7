"""Rows and reports that are not what the vendor documents: kept as they came, beside the error."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from interviewkit.errors import InterviewKitError
from interviewkit.harvest import items, schema
from interviewkit.harvest.documents import without_links

LARGEST = 1024 * 1024
"""Bytes of an unreadable answer that are kept."""


async def keep(
    connection: AsyncConnection, account: str, stream: str, raw: Any, error: InterviewKitError, *, now: datetime,
    ref: str | None = None,
) -> None:  # fmt: skip
    """Store what could not be read. The same thing again takes the first one's place."""
    content = _bytes(raw)
    row = {
        "account": account, "stream": stream, "digest": hashlib.sha256(content).hexdigest(), "ref": ref,
        "raw": content[:LARGEST], "error": str(error), "seen_at": now,
    }  # fmt: skip
    await items.put(connection, schema.unreadable, [row])


def _bytes(raw: Any) -> bytes:
    if raw is None:
        return b""
    if isinstance(raw, bytes | bytearray | memoryview):
        raw = bytes(raw)
        try:
            raw = json.loads(raw)
        except (ValueError, RecursionError):
            return raw if isinstance(raw, bytes) else b""
    try:
        return json.dumps(without_links(raw, files={}, raw=True), ensure_ascii=False, default=str).encode(
            errors="replace"
        )
    except (ValueError, RecursionError):
        return b""
