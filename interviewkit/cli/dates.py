"""Times on the command line."""

from __future__ import annotations

from datetime import UTC, datetime

from interviewkit.errors import InvalidArgumentError


def moment(text: str | None, option: str) -> datetime | None:
    """An ISO 8601 date or time: midnight for a date, UTC unless it says its offset. Raises `InvalidArgumentError`."""
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
        aware = found.replace(tzinfo=UTC) if found.tzinfo is None else found
        aware.astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidArgumentError(f"{option} is no ISO 8601 time", hint="write it like 2026-11-01T09:00Z") from None
    return aware
