"""How CoderPad writes a pad down: the form of 2023, and, with quirks on, the older and newer ones for some pads.

Sources, read 2026-11: https://coderpad.io/api, https://coderpad.io/resources/docs/api-reference/pad-resource/get-pad,
and the saved answers of the vendor's Postman collection.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from interviewkit.sandbox.site import Refusal

from .pad import Pad

if TYPE_CHECKING:
    from . import CoderPad

PAGE = 50
"""Rows of a page, of whatever list."""
BOOLEANS: dict[Any, bool] = {"true": True, "false": False}
ODD_STATES = {"ended": "finished", "started": "on_hold", "pending": "draft"}
"""State words that no document names, which some pads have in place of the documented ones."""


def refuse(status: int, message: str, **headers: str) -> Refusal:
    """The vendor's error body."""
    return Refusal(status, {"status": "ERROR", "message": message}, headers=headers)


def boolean(value: Any) -> bool:
    """A boolean as forms and JSON have it."""
    if isinstance(value, bool):
        return value
    if value not in BOOLEANS:
        raise refuse(400, "Bad Request")
    return BOOLEANS[value]


def stamp(moment: datetime) -> str:
    """UTC with whole seconds, as in most answers."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def stamp_fine(moment: datetime) -> str:
    """UTC with milliseconds, as in the field table."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def stamp_local(moment: datetime, *, hours: int) -> str:
    """With milliseconds and an offset, as environments and the quota have it."""
    return moment.astimezone(timezone(timedelta(hours=hours))).isoformat(timespec="milliseconds")


def pad_json(vendor: CoderPad, pad: Pad, *, shown: bool = False, created: bool = False) -> dict[str, Any]:
    """The pad as list (default), show or create gives it."""
    fields = modern(vendor, pad)
    if not vendor.setup.quirks or created:
        return fields
    if shown:
        del fields["history"]
    for modulus, remainder, rewrite in VINTAGES:
        if pad.number % modulus == remainder and pad.number < vendor.pads.size:
            return rewrite(pad, fields)
    return fields


def modern(vendor: CoderPad, pad: Pad) -> dict[str, Any]:
    """The form of the saved answers of 2023."""
    fields: dict[str, Any] = {
        "id": pad.id,
        "title": pad.title,
        "state": pad.state,
        "owner_email": pad.owner_email,
        "language": pad.language,
        "private": pad.private,
        "execution_enabled": pad.execution_enabled,
        "contents": pad.contents,
        "participants": list(pad.participants),
        "events": f"{vendor.base_url}/api/pads/{pad.id}/events",
        "notes": pad.notes,
        "created_at": stamp(pad.created_at),
        "updated_at": stamp(pad.updated_at),
        "ended_at": stamp(pad.ended_at) if pad.ended_at else None,
        "url": f"{vendor.files.site.base_url}/{pad.id}",
        "playback": f"{vendor.files.site.base_url}/{pad.id}/playback",
        "history": f"{vendor.files.site.base_url}/{pad.id}/history.json",
        "drawing": vendor.files.drawing_url(pad) if pad.has_drawing else None,
        "type": pad.type,
        "question_ids": list(pad.question_ids),
        "pad_environment_ids": [environment.id for environment in pad.environments],
        "active_environment_id": pad.active_environment_id,
        "team": pad.team,
    }
    for name in ("restrict_interviewer_access", "allowed_interviewer_emails"):
        if (value := getattr(pad, name)) is not None:
            fields[name] = value
    return fields


def events_json(pad: Pad) -> list[dict[str, Any]]:
    """The pad's events, oldest first."""
    return sorted(pad.events, key=lambda event: str(event["created_at"]))


def _inline_contents(pad: Pad) -> str:
    return (pad.environments[0].files[0].contents or "") if pad.environments else ""


def _older(pad: Pad, fields: dict[str, Any]) -> dict[str, Any]:
    newer = ("state", "type", "question_ids", "active_environment_id", "team")
    kept = {name: value for name, value in fields.items() if name not in newer}
    return {
        **kept,
        "events": events_json(pad),
        "contents": _inline_contents(pad),
        "language": pad.environments[0].language,
    }


def _oldest(pad: Pad, fields: dict[str, Any]) -> dict[str, Any]:
    kept = _older(pad, fields)
    for name in ("owner_email", "notes", "ended_at", "drawing", "pad_environment_ids"):
        kept.pop(name, None)
    hangout = f"{fields['url']}/hangout"
    return {**kept, "events": [event["message"] for event in events_json(pad)], "locked": False, "hangout": hangout}


def _fine_times(pad: Pad, fields: dict[str, Any]) -> dict[str, Any]:
    times = {"created_at": stamp_fine(pad.created_at), "updated_at": stamp_fine(pad.updated_at)}
    return {**fields, **times, "participants": [*pad.participants, None] if pad.participants else []}


def _odd_state(pad: Pad, fields: dict[str, Any]) -> dict[str, Any]:
    return {**fields, "state": ODD_STATES.get(pad.state, pad.state)}


def _undocumented(pad: Pad, fields: dict[str, Any]) -> dict[str, Any]:
    return {
        **fields,
        "restrict_interviewer_access": False,
        "allowed_interviewer_emails": [],
        "interview_highlights": None,
        "interview_outline": None,
        "transcript": [],
        "transcript_source_unavailable": False,
        "review_reports": [],
        "team": None,
    }


VINTAGES: tuple[tuple[int, int, Callable[[Pad, dict[str, Any]], dict[str, Any]]], ...] = (
    (11, 3, _older),
    (23, 6, _oldest),
    (7, 1, _fine_times),
    (19, 8, _odd_state),
    (17, 5, _undocumented),
)
