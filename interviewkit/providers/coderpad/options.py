"""What only CoderPad has: fields of a new pad beyond the protocol's (https://coderpad.io/api, read 2026-11)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import attrs

from interviewkit.model import mask_email, mask_secret
from interviewkit.provider import VendorOptions


def _listed(emails: Iterable[str] | None) -> tuple[str, ...] | str | None:
    return emails if emails is None or isinstance(emails, str) else tuple(emails)  # a lone text is refused by the call


@attrs.frozen(kw_only=True)
class CoderPadOptions(VendorOptions):
    """CoderPad's own options for a new pad.

    `contents` is the editor's first text (not together with a question). `user_email`, the owner, and `team_id` are for
    organization owners. `take_home_time_limit` is in minutes. Those from `restrict_interviewer_access` on were seen
    live and stand in no official page. `extra` is merged last into the pad's fields.
    """

    contents: str | None = attrs.field(default=None, repr=mask_secret)
    execution_enabled: bool | None = None
    user_email: str | None = attrs.field(default=None, repr=mask_email)
    team_id: str | None = None
    restrict_interviewer_access: bool | None = None
    allowed_interviewer_emails: Iterable[str] | None = attrs.field(
        default=None, converter=_listed, repr=lambda value: f"<{len(value or ())} mailboxes>"
    )
    disable_coaching_tips: bool | None = None
    take_home: bool | None = None
    take_home_time_limit: int | None = None
    ai_assist_enabled: bool | None = None

    def fields(self) -> dict[str, Any]:
        """The options as keywords of `create_pad`."""
        return {field.name: getattr(self, field.name) for field in attrs.fields(type(self))}
