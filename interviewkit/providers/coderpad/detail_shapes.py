"""What CoderPad says of one pad by itself, its environments and the plan; sources and rules are those of `shapes`."""

from __future__ import annotations

from typing import Any

import attrs

from interviewkit.providers.coderpad.shapes import Id, Pad


@attrs.frozen(kw_only=True)
class PadDetail(Pad):
    """A pad read by itself, with fields that were seen live and stand in no official page: their form is open."""

    restrict_interviewer_access: Any = None
    allowed_interviewer_emails: Any = attrs.field(default=None, repr=False)
    pad_interviewer_notifications: Any = attrs.field(default=None, repr=False)
    interview_highlights: Any = attrs.field(default=None, repr=False)
    interview_outline: Any = attrs.field(default=None, repr=False)
    transcript: Any = attrs.field(default=None, repr=False)
    transcript_source_unavailable: Any = None
    review_reports: Any = attrs.field(default=None, repr=False)


@attrs.frozen(kw_only=True)
class EnvironmentFile:
    """A file of an environment; `history` appears with the first edit, `contents` is null for a binary file."""

    path: str | None = None
    contents: str | None = attrs.field(default=None, repr=False)
    history: str | None = attrs.field(default=None, repr=False)
    binary: bool | None = None


@attrs.frozen(kw_only=True)
class Environment:
    """One language's workspace of a pad. `pad_id` is a number of the vendor's database, not the pad's own id."""

    id: Id
    pad_id: Id | None = None
    question_id: Id | None = None
    example_question_id: Id | None = None
    language: str | None = None
    file_contents: tuple[EnvironmentFile, ...] | None = None
    created_at: str | None = None
    updated_at: str | None = None
    raw: dict[str, Any] = attrs.field(factory=dict, repr=False, eq=False)


@attrs.frozen(kw_only=True)
class Quota:
    """What is left of the plan. `quota_reset_at` is when it was last reset.

    The limit is `billing_cycle_pad_limit`, in older answers `monthly_pad_limit`; neither comes with an unlimited plan.
    """

    trial_expires_at: str | None = None
    pads_used: int | None = None
    pads_remaining: int | None = None
    billing_cycle_pad_limit: int | None = None
    monthly_pad_limit: int | None = None
    quota_reset_at: str | None = None
    unlimited: bool | None = None
    overages_enabled: bool | None = None
    raw: dict[str, Any] = attrs.field(factory=dict, repr=False, eq=False)
