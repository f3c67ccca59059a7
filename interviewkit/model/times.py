"""Vendors' times as aware ones in UTC."""

from __future__ import annotations

from datetime import UTC, datetime

from interviewkit.errors import MalformedResponseError


def moment(text: str | datetime | None, path: str) -> datetime | None:
    """A vendor's ISO 8601 time, as text or already decoded, as an aware one in UTC; without offset it is taken as UTC.

    `path` is the JSON path for the `MalformedResponseError` that a text which is no time raises.
    """
    if text is None:
        return None
    try:
        found = text if isinstance(text, datetime) else datetime.fromisoformat(text)
        if found.tzinfo is UTC:
            return found
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise _no_time(path) from None


def epoch_ms(value: float | None, path: str) -> datetime | None:
    """Milliseconds since 1970 as an aware time in UTC; see `moment`."""
    if value is None:
        return None
    try:
        return datetime.fromtimestamp(value / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        raise _no_time(path) from None


def _no_time(path: str) -> MalformedResponseError:
    return MalformedResponseError(f"the answer is not what the vendor documents: no time at {path}", paths=(path,))
