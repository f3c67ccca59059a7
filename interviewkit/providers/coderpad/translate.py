"""CoderPad's shapes in the shared model's words: pure functions. With `reports`, the one place that knows both."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from interviewkit import model
from interviewkit.errors import MalformedResponseError
from interviewkit.model import (
    Assessment,
    Candidate,
    Dropped,
    Invitation,
    Session,
    SessionKind,
    SessionRef,
    SessionStatus,
    closed,
    moment,
    opened,
    quick,
    undecoded,
)
from interviewkit.providers.coderpad.shapes import Event, Pad, PadFields

if TYPE_CHECKING:
    from interviewkit.providers.coderpad.detail_shapes import Quota
    from interviewkit.providers.coderpad.question_shapes import Question

PROVIDER = "coderpad"

STATES: Mapping[str, SessionStatus] = {
    "pending": SessionStatus.CREATED,
    "draft": SessionStatus.CREATED,
    "started": SessionStatus.IN_PROGRESS,
    "active": SessionStatus.IN_PROGRESS,
    "running": SessionStatus.IN_PROGRESS,
    "ended": SessionStatus.COMPLETED,
    "finished": SessionStatus.COMPLETED,
    "completed": SessionStatus.COMPLETED,
    "deleted": SessionStatus.CANCELLED,
}
"""`state` → status. `pending`, `started` and `ended` are documented, the others were seen live."""

OVER = frozenset({"ended", "auto_ended"})
BEGUN = frozenset({"started", "joined", "left", "ran", "enabled", "disabled"})

KINDS: Mapping[str, SessionKind] = {"take_home": SessionKind.TAKE_HOME, "take-home": SessionKind.TAKE_HOME}
"""`Pad.type` and `Question.pad_type` → kind; a pad of any other type is a live one."""

LANGUAGES: Mapping[str, str] = {
    "python3": "python",
    "node": "javascript",
    "nodejs": "javascript",
    "objc": "objective-c",
    "vb": "visual-basic",
}
"""CoderPad's word → the usual name; other words stay as they are. Projects (`multifile_java`) drop their prefix."""

# --- sessions --------------------------------------------------------------------------------------------------------


def session(
    pad: PadFields, *, account: str, warnings: tuple[Dropped, ...] = (), events: Iterable[Event] | None = None
) -> Session:
    """A pad as a session. `events` are those that were fetched, where the pad itself holds only their URL.

    Raises `MalformedResponseError` for a time that is none.
    """
    known = inline_events(pad) if events is None else tuple(events)
    questions = as_ids(pad.question_ids)
    people = pad.participants
    made = opened(Session)
    made.ref = reference(pad.id)
    made.provider = PROVIDER
    made.account = account
    made.kind = KINDS.get(pad.type or "", SessionKind.LIVE)
    made.status = status(pad, known)
    made.vendor_status = pad.state
    made.title = pad.title
    made.assessment_id = questions[0] if questions else None
    made.language = language(pad.language)
    made.participants = tuple([name for name in people if name is not None]) if people else ()
    made.created_at = moment(pad.created_at, "$.created_at")
    made.updated_at = moment(pad.updated_at, "$.updated_at")
    made.started_at = _started(known) if known else None
    made.ended_at = moment(pad.ended_at, "$.ended_at")
    made.candidate_url = made.interviewer_url = pad.url
    made.playback_url = pad.playback
    made.warnings = warnings
    made.raw = undecoded(pad)
    # What a pad does not have:
    made.candidate = made.reference = made.access_code = None
    made.decision = made.score = made.report_url = None
    made.tags = ()
    return closed(made, Session)


def reference(pad_id: str) -> SessionRef:
    """The reference of a pad: all pads share one space of ids, which is called `live`."""
    if not pad_id:
        raise MalformedResponseError("the answer is not what the vendor documents: empty text at $.id", paths=("$.id",))
    return quick(SessionRef)(provider=PROVIDER, kind=SessionKind.LIVE, id=pad_id)


def status(pad: PadFields, events: Sequence[Event] = ()) -> SessionStatus:
    """Where a pad stands. The first row that fits rules:

    | the pad has | status |
    | --- | --- |
    | a `state` of the table `STATES`, whatever `ended_at` says | the table's |
    | another `state` | `UNKNOWN` |
    | `ended_at` | `COMPLETED` |
    | an event `ended` or `auto_ended` | `COMPLETED` |
    | an event `started`, `joined`, `left`, `ran`, `enabled` or `disabled` | `IN_PROGRESS` |
    | participants | `IN_PROGRESS` |
    | none of these | `CREATED` |
    """
    if pad.state is not None:
        return STATES.get(pad.state) or STATES.get(pad.state.lower(), SessionStatus.UNKNOWN)
    kinds = {event.kind for event in events}
    if pad.ended_at is not None or not OVER.isdisjoint(kinds):
        return SessionStatus.COMPLETED
    if not BEGUN.isdisjoint(kinds) or any(pad.participants or ()):
        return SessionStatus.IN_PROGRESS
    return SessionStatus.CREATED


@functools.lru_cache(maxsize=256)
def language(word: str | None) -> str | None:
    """A language's usual name, in lower case."""
    if not word:
        return None
    plain = word.lower().removeprefix("multifile_")
    return LANGUAGES.get(plain, plain)


def invitation(
    pad: Pad, *, account: str, candidate: Candidate, assessment_id: str | None, warnings: tuple[Dropped, ...]
) -> Invitation:
    """A pad that was made for a candidate, as an invitation: the vendor mails nothing."""
    return Invitation(
        ref=reference(pad.id),
        provider=PROVIDER,
        account=account,
        url=pad.url,
        candidate=candidate,
        assessment_id=assessment_id,
        email_sent=False,
        warnings=warnings,
        raw=undecoded(pad),
    )


def assessment(question: Question, *, account: str) -> Assessment:
    """A question, from which pads are made; one for `any` type of pad has no kind of its own."""
    kinds = {"live": SessionKind.LIVE, **KINDS}
    return Assessment(
        id=str(question.id),
        provider=PROVIDER,
        account=account,
        title=question.title,
        kind=kinds.get(question.pad_type or ""),
        created_at=moment(question.created_at, "$.created_at"),
        raw=undecoded(question),
    )


def account_status(quota: Quota) -> model.AccountStatus:
    """The quota. `remaining` and `limit` are `None` with an unlimited plan; with overages, pads can go beyond them."""
    limit = quota.billing_cycle_pad_limit
    return model.AccountStatus(
        ok=True,
        used=quota.pads_used,
        remaining=quota.pads_remaining,
        limit=quota.monthly_pad_limit if limit is None else limit,
        unlimited=quota.unlimited,
        last_reset_at=moment(quota.quota_reset_at, "$.quota_reset_at"),
        raw=undecoded(quota),
    )


# --- events ----------------------------------------------------------------------------------------------------------


def inline_events(pad: PadFields) -> tuple[Event, ...]:
    """The events that a pad itself holds: whole in older answers, as text in the oldest, none in newer ones."""
    if not isinstance(pad.events, tuple):
        return ()
    return tuple(_said(event) if isinstance(event, str) else event for event in pad.events if event is not None)


_RAN = r"(?P<actor>.+) (?P<kind>ran) (?P<detail>\S+) code"
_DID = r"(?P<actor>.+) (?P<kind>\w+) (?:the (?:pad|interview)|code execution)"


def _said(text: str) -> Event:
    """An event of 2015, which was its message alone: `2014-11-14T03:06:39Z: Guest 202 ran csharp code`."""
    found = re.fullmatch(r"(?P<at>\d{4}-\d\d-\d\dT\S+): (?P<rest>.*)", text, re.DOTALL)
    if found is None:
        return Event(message=text)
    at, rest = found["at"], found["rest"]
    try:
        moment(at, "$.events")
    except MalformedResponseError:
        return Event(message=text)
    parts = re.fullmatch(_RAN, rest, re.DOTALL) or re.fullmatch(_DID, rest, re.DOTALL)
    if parts is None:
        return Event(message=text, created_at=at)
    said = parts.groupdict()
    return Event(message=text, kind=said["kind"], metadata=said.get("detail"), user_name=said["actor"], created_at=at)


def _started(events: Iterable[Event]) -> datetime | None:
    times = (moment(event.created_at, "$.events") for event in events if event.kind == "started")
    return min(filter(None, times), default=None)


def as_ids(value: Any) -> tuple[str, ...]:
    """Ids as text, whether they came as a list or as a single one."""
    if not value and value != 0:
        return ()
    listed = value if isinstance(value, list | tuple) else (value,)
    return tuple([str(one) for one in listed if one is not None])
