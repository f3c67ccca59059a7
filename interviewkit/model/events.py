"""What a vendor tells by itself: a webhook's event."""

from __future__ import annotations

from typing import Any

import attrs

from interviewkit.errors import InvalidArgumentError
from interviewkit.model.masks import mask_secret
from interviewkit.model.raw import raw_field
from interviewkit.model.references import SessionRef
from interviewkit.model.reports import Artifact, Report
from interviewkit.model.words import EventType


def _kind_of(value: object) -> str:
    return "None" if value is None else f"<{type(value).__name__}>"


@attrs.frozen(kw_only=True)
class WebhookEvent:
    """One event as a vendor's webhook told it: a hint that something can be fetched, not yet the truth.

    `ref` is `None` where the delivery does not name the session as a whole (RemoteInterview tells the candidate's
    `session_id`, not the test). `reference` is the caller's own word for the session, where the vendor tells it.
    `report` is the payload in the shared model, with no `fetched_at`. `is_verified`: a secret proved that the vendor
    sent it. `dedupe_key` is the same for each delivery of the same event, and another when anything in it differs.

    A receiver hands over events whose `ref` is whole, whose `report` was fetched from the vendor, and whose
    `reference` is also that of the ledger; `raw` stays what was delivered.
    """

    type: EventType
    vendor_type: str
    provider: str
    account: str | None = None
    ref: SessionRef | None = attrs.field(default=None, repr=_kind_of)
    session_id: str = attrs.field(repr=mask_secret)
    reference: str | None = attrs.field(default=None, repr=mask_secret)
    report: Report | None = attrs.field(default=None, repr=_kind_of)
    dedupe_key: str
    is_verified: bool = False
    raw: dict[str, Any] = raw_field()

    def with_ref(self, ref: SessionRef) -> WebhookEvent:
        """The same event once its session's whole reference is known, which its report and files then have too.

        Raises `InvalidArgumentError` for the reference of another session.
        """
        if (ref.provider, ref.id) != (self.provider, self.session_id):
            raise InvalidArgumentError("this reference names another session than the event", provider=self.provider)
        report = self.report and _refer(self.report, ref)
        return attrs.evolve(self, ref=ref, report=report)


def _refer(report: Report, ref: SessionRef) -> Report:
    session = attrs.evolve(report.session, ref=ref, assessment_id=report.session.assessment_id or ref.parent)
    tasks = tuple(attrs.evolve(task, artifacts=_all_of(task.artifacts, ref)) for task in report.tasks)
    return attrs.evolve(report, ref=ref, session=session, tasks=tasks, artifacts=_all_of(report.artifacts, ref))


def _all_of(artifacts: tuple[Artifact, ...], ref: SessionRef) -> tuple[Artifact, ...]:
    return tuple(attrs.evolve(one, ref=ref) for one in artifacts)
