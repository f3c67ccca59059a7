"""People, what they are invited to, their sessions and invitations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Protocol, Self, cast

import attrs

from interviewkit.errors import InterviewKitError
from interviewkit.model.masks import mask_email, mask_id, mask_phone, mask_secret, mask_url, masked
from interviewkit.model.raw import keep_raw, raw_field
from interviewkit.model.references import SessionRef
from interviewkit.model.words import Decision, SessionKind, SessionStatus


@attrs.frozen(kw_only=True)
class Candidate:
    """A person to be interviewed. `id` is the vendor's; `attributes` holds what only one vendor asks or tells."""

    email: str | None = masked(mask_email)
    name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    phone: str | None = masked(mask_phone)
    id: str | None = masked(mask_id)
    attributes: Mapping[str, Any] = attrs.field(factory=dict, repr=False, hash=False)

    @property
    def display_name(self) -> str | None:
        """The name, or first and last name together, or `None`."""
        return self.name or " ".join(part for part in (self.first_name, self.last_name) if part) or None


@attrs.frozen(kw_only=True)
class Dropped:
    """Something the caller asked for that the vendor cannot be told: `field` names it, `reason` says why."""

    field: str
    reason: str


@attrs.frozen(kw_only=True)
class Score:
    """Points as the vendor gives them; nothing is recomputed."""

    points: float
    max_points: float | None = None

    @property
    def fraction(self) -> float | None:
        """Points of the maximum, 0 to 1; `None` when the maximum is unknown or zero."""
        return self.points / self.max_points if self.max_points else None

    @property
    def percent(self) -> float | None:
        """Points of the maximum in per cent; `None` when the maximum is unknown or zero."""
        return 100 * self.points / self.max_points if self.max_points else None


@keep_raw
@attrs.frozen(kw_only=True)
class Assessment:
    """Something a candidate can be invited to: a test, or a question from which pads are made."""

    id: str
    provider: str
    account: str
    title: str | None = None
    kind: SessionKind | None = None
    created_at: datetime | None = None
    is_archived: bool | None = None
    public_url: str | None = masked(mask_url)
    raw: dict[str, Any] = raw_field()


@keep_raw
@attrs.frozen(kw_only=True)
class Session:
    """One interview: a live pad, or one candidate's test. `vendor_status` is the vendor's own word, verbatim."""

    ref: SessionRef
    provider: str
    account: str
    kind: SessionKind
    status: SessionStatus
    vendor_status: str | None = None
    decision: Decision | None = None
    title: str | None = None
    candidate: Candidate | None = None
    assessment_id: str | None = None
    reference: str | None = None
    language: str | None = None
    participants: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    created_at: datetime | None = None
    updated_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    candidate_url: str | None = masked(mask_url)
    interviewer_url: str | None = masked(mask_url)
    access_code: str | None = masked(mask_secret)
    playback_url: str | None = masked(mask_url)
    report_url: str | None = masked(mask_url)
    score: Score | None = None
    warnings: tuple[Dropped, ...] = ()
    raw: dict[str, Any] = raw_field()


@keep_raw
@attrs.frozen(kw_only=True)
class Invitation:
    """A candidate's invitation; `email_sent` says whether the vendor mailed it (`None`: not known)."""

    ref: SessionRef
    provider: str
    account: str
    url: str | None = masked(mask_url)
    candidate: Candidate | None = None
    assessment_id: str | None = None
    reference: str | None = None
    email_sent: bool | None = None
    warnings: tuple[Dropped, ...] = ()
    raw: dict[str, Any] = raw_field()


@attrs.frozen(kw_only=True)
class InviteRequest:
    """One candidate of a batch, with the caller's own reference."""

    candidate: Candidate
    reference: str | None = None


@attrs.frozen(kw_only=True)
class InviteOutcome:
    """What became of one request of a batch: an invitation, or the error that came instead."""

    request: InviteRequest
    invitation: Invitation | None = None
    error: InterviewKitError | None = None


def _as_tuple(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(values)


class _Template(Protocol):
    @property
    def subject(self) -> str | None: ...
    @property
    def content(self) -> str | None: ...
    @property
    def reply_to(self) -> Any: ...


@attrs.frozen(kw_only=True)
class InvitationEmail:
    """The mail that the vendor sends with an invitation; a field left out is the vendor's default."""

    subject: str | None = attrs.field(default=None, repr=mask_secret)
    content: str | None = attrs.field(default=None, repr=mask_secret)
    reply_to: str | None = masked(mask_email)
    cc: tuple[str, ...] = attrs.field(default=(), converter=_as_tuple, repr=lambda value: f"<{len(value)} mailboxes>")

    @classmethod
    def from_template(
        cls,
        template: _Template | Mapping[str, Any],
        *,
        placeholders: Mapping[str, str] | None = None,
        reply_to: str | None = None,
        cc: tuple[str, ...] | list[str] = (),
    ) -> Self:
        """Make a mail of a template's subject, content and reply-to.

        `template` is a vendor's template (`interviewkit.providers.codility.EmailTemplate`) or a mapping with those
        keys. `placeholders` replaces `[NAME]` in subject and content; those not named are left to the vendor.
        """
        if isinstance(template, Mapping):
            subject, content, answer_to = (template.get(key) for key in ("subject", "content", "reply_to"))
        else:
            subject, content, answer_to = template.subject, template.content, template.reply_to
        if isinstance(answer_to, list | tuple):
            answer_to = answer_to[0] if answer_to else None
        for name, value in (placeholders or {}).items():
            mark = f"[{name.strip('[]')}]"
            subject = subject and subject.replace(mark, value)
            content = content and content.replace(mark, value)
        return cls(subject=subject, content=content, reply_to=reply_to or cast("str | None", answer_to), cc=(*cc,))


Ref = SessionRef | Session | Invitation | str
"""Whatever names a session: a reference, its text, or an object that carries one."""
