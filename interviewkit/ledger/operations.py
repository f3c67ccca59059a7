"""What is known of a write that must happen once: values, and what a repeat of it may do. Nothing here awaits."""

from __future__ import annotations

import enum
import hashlib
import json
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import attrs

from interviewkit.errors import InvalidArgumentError
from interviewkit.model import Invitation, Session
from interviewkit.serialize import from_json


class OperationState(enum.StrEnum):
    """How far a write has come."""

    INTENDED = "intended"
    """Written down; no byte has left."""
    SENT = "sent"
    """It may have left; no answer was seen yet."""
    DONE = "done"
    """It happened, once; the result is kept."""
    NOT_DONE = "not_done"
    """It did not happen: refused, never sent, or looked for after the vendor could no longer be at it."""
    UNKNOWN = "unknown"
    """Neither is certain."""
    ERASED = "erased"
    """It concerned a person who was erased: it is never sent again."""


@attrs.frozen(kw_only=True)
class CommitModel:
    """How long a vendor may take, in seconds: what "certainly not done" rests on. No vendor here documents these times.

    A write whose answer stayed away was certainly not done when a list that was asked for more than `commit_within` +
    `index_lag` seconds after the break does not show it. `clock_skew` is how far the vendor's clock may be off: older
    entries of its lists are never taken for the result.
    """

    commit_within: float = 30.0
    """The longest that the vendor may still be at it after the connection broke."""
    index_lag: float = 30.0
    """The longest until a write shows in its lists."""
    clock_skew: float = 300.0

    def __attrs_post_init__(self) -> None:
        for name, value in attrs.asdict(self).items():
            if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
                raise InvalidArgumentError(f"CommitModel: {name} is a number of seconds from 0 on")

    @property
    def certain_after(self) -> float:
        """Seconds after the break from which on a list tells for certain."""
        return self.commit_within + self.index_lag


@attrs.frozen(kw_only=True)
class Intent:
    """A write as it is asked for, before anybody knows whether it was asked for before."""

    account: str
    provider: str
    name: str
    """The protocol's method: `invite_candidate`, `create_session`."""
    assessment_id: str | None = None
    reference: str | None = attrs.field(default=None, repr=False)
    fields: Mapping[str, str] = attrs.field(factory=dict, repr=lambda value: str(sorted(value)), hash=False)
    """What was asked for, field by field, as hashes: a repeat with other data is told by them."""
    request: Mapping[str, Any] = attrs.field(factory=dict, repr=False, hash=False)
    """What looking for the result takes, as JSON: it must do without the caller."""
    subject: str | None = attrs.field(default=None, repr=False)
    """Operations with the same subject cannot be told apart in the vendor's lists."""
    leaves_at_once: bool = False
    """Nothing has to be read before it is sent: it counts as sent as soon as it is written down."""
    id: str = attrs.field(factory=lambda: uuid.uuid4().hex)

    @property
    def key(self) -> str:
        """What makes two intents the same: vendor, account, method, assessment and reference; without one, nothing."""
        if self.reference is None:
            return self.id
        return digest(self.provider, self.account, self.name, self.assessment_id, self.reference)


@attrs.frozen(kw_only=True)
class Operation:
    """A write as the ledger knows it. Its repr tells nothing about the candidate."""

    id: str
    key: str = attrs.field(repr=False)
    account: str
    provider: str
    name: str
    state: OperationState
    assessment_id: str | None = None
    reference: str | None = attrs.field(default=None, repr=False)
    subject: str | None = attrs.field(default=None, repr=False)
    attempts: int = 0
    """How often it was sent."""
    started_at: datetime
    broke_at: datetime | None = None
    """When the last attempt's answer stayed away."""
    settled_at: datetime | None = None
    fields: Mapping[str, str] = attrs.field(factory=dict, repr=False, hash=False)
    request: Mapping[str, Any] = attrs.field(factory=dict, repr=False, hash=False)
    baseline: Any = attrs.field(default=None, repr=False, hash=False)
    """What the vendor's list held before the first attempt, where the result is told by that."""
    result: Mapping[str, Any] | None = attrs.field(default=None, repr=False, hash=False)
    """The `Invitation` or `Session` as `interviewkit.to_json` writes it."""
    ref: str | None = attrs.field(default=None, repr=False)
    """The reference of the session that came of it."""
    error: str | None = None
    """What went wrong last."""
    fence: int = attrs.field(default=0, repr=False)
    holder: str | None = attrs.field(default=None, repr=False)
    lease_until: datetime | None = attrs.field(default=None, repr=False)

    def is_held(self, now: datetime) -> bool:
        """Whether somebody is at work on it."""
        return self.holder is not None and self.lease_until is not None and self.lease_until > now

    def read(self) -> Invitation | Session | None:
        """The result as the shared model, where there is one."""
        if self.result is None:
            return None
        if self.name == "create_session":
            return from_json(self.result, Session)
        return from_json(self.result, Invitation)

    @property
    def marker(self) -> str:
        """Text by which the result is found where the vendor has a place for it: it tells nothing to others."""
        return f"[ref {self.id[:12]}]"


class Standing(enum.Enum):
    """What a claim comes to."""

    NEW = "new"
    """Ours, and nothing has left yet."""
    AGAIN = "again"
    """Ours; an earlier attempt's fate is open."""
    SETTLED = "settled"
    """It happened before: here is the result."""
    BUSY = "busy"
    """Somebody else is at it, or at one that could not be told apart from it."""
    CONFLICT = "conflict"
    """The reference was used with other data."""
    ERASED = "erased"


@attrs.frozen(kw_only=True)
class Claim:
    """The answer to an intent: what it comes to, the operation as it is now, and when that was."""

    standing: Standing
    operation: Operation | None
    now: datetime
    differing: tuple[str, ...] = ()


def decide(
    intent: Intent, known: Operation | None, *, now: datetime, holder: str, lease_until: datetime,
    is_crowded: bool = False,
) -> Claim:  # fmt: skip
    """What an intent comes to, given what is known under its key; a journal keeps the operation of our own claims.

    `is_crowded`: somebody is at work on another operation with the same subject.
    """
    if known is not None and known.state is OperationState.ERASED:
        return Claim(standing=Standing.ERASED, operation=known, now=now)
    nothing_left = known is None or known.state in {OperationState.NOT_DONE, OperationState.INTENDED}
    if known is not None and not (nothing_left and not known.is_held(now)):
        differing = _differing(intent.fields, known.fields)
        if differing:
            return Claim(standing=Standing.CONFLICT, operation=known, now=now, differing=differing)
    if known is not None and known.state is OperationState.DONE:
        return Claim(standing=Standing.SETTLED, operation=known, now=now)
    if is_crowded or (known is not None and known.is_held(now)):
        return Claim(standing=Standing.BUSY, operation=known, now=now)
    if known is None or nothing_left:
        begun = _begin(intent, known, now=now, holder=holder, lease_until=lease_until)
        return Claim(standing=Standing.NEW, operation=begun, now=now)
    again = attrs.evolve(
        known, state=OperationState.UNKNOWN, fence=known.fence + 1, holder=holder, lease_until=lease_until,
        # a holder that died may have sent until its lease ended
        broke_at=known.broke_at if known.state is OperationState.UNKNOWN else known.lease_until or now,
    )  # fmt: skip
    return Claim(standing=Standing.AGAIN, operation=again, now=now)


def _begin(intent: Intent, known: Operation | None, *, now: datetime, holder: str, lease_until: datetime) -> Operation:
    return Operation(
        id=intent.id if known is None else known.id, key=intent.key, account=intent.account, provider=intent.provider,
        name=intent.name, assessment_id=intent.assessment_id, reference=intent.reference, subject=intent.subject,
        state=OperationState.SENT if intent.leaves_at_once else OperationState.INTENDED,
        attempts=(0 if known is None else known.attempts) + intent.leaves_at_once, started_at=now,
        fields=intent.fields, request=intent.request, fence=1 if known is None else known.fence + 1, holder=holder,
        lease_until=lease_until,
    )  # fmt: skip


def _differing(asked: Mapping[str, str], known: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(sorted(name for name in {*asked, *known} if asked.get(name) != known.get(name)))


def digest(*parts: Any) -> str:
    """A hash of JSON values."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def hashed(account: str, given: Mapping[str, Any]) -> dict[str, str]:
    """Fields as hashes, those left out that were not given."""
    empty: tuple[Any, ...] = (None, False, (), [], {})
    return {
        name: digest(account, name, value)[:32]
        for name, value in given.items()
        if not any(value is one or (type(value) is type(one) and value == one) for one in empty)
    }
