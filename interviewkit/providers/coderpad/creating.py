"""Making pads, for sessions and for candidates: once, where the provider has a ledger."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import attrs

from interviewkit.errors import InterviewKitError, Outcome
from interviewkit.http.wire import Call
from interviewkit.model import Candidate, Dropped, Invitation, Session
from interviewkit.provider import BaseProvider
from interviewkit.providers.coderpad import translate
from interviewkit.providers.coderpad.calls import create_pad, list_organization_pads, list_pads
from interviewkit.providers.coderpad.capabilities import NO_PLACE
from interviewkit.providers.coderpad.shapes import Pad

if TYPE_CHECKING:
    from interviewkit.ledger.looking import Look
    from interviewkit.ledger.once import Once
    from interviewkit.ledger.operations import Operation
    from interviewkit.providers.coderpad.writes import Writes

R = TypeVar("R", bound=Session | Invitation)
_PRIVATE = ("email", "phone", "id", "attributes")
NO_MARKER = "no marker was agreed to; with CoderPad(marker='notes') a pad can be found again"
OTHERS_PAD = "a pad that is made for another user is not in the key's own list, only in the organization's"


@attrs.frozen(kw_only=True)
class NewPad:
    """A pad that is asked for: `fields` are those of the vendor, `given` everything that a repeat is compared with."""

    fields: Mapping[str, Any]
    given: Mapping[str, Any]
    candidate: Candidate | None
    reference: str | None
    warnings: tuple[Dropped, ...]
    assessment_id: str | None = None


@attrs.frozen(kw_only=True)
class Pads:
    """Makes the pads of one account; `sees_all`: its list holds the whole organization's."""

    send: Callable[[Call[Any]], Awaitable[Any]]
    account: str
    once: Once | None
    marker: Literal["title", "notes"] | None
    sees_all: bool

    async def create_session(self, new: NewPad) -> Session:
        """A pad as a session."""

        def read(pad: Pad) -> Session:
            made = translate.session(pad, account=self.account, warnings=new.warnings)
            return made if self.once is None else attrs.evolve(made, reference=new.reference)

        return await self._make(new, "create_session", Session, read)

    async def invite(
        self, candidate: Candidate, *, assessment_id: str | None, options: Mapping[str, Any], told: Mapping[str, Any],
        reference: str | None, dropped: tuple[Dropped, ...],
    ) -> Invitation:  # fmt: skip
        """A pad as a candidate's invitation, titled by the name: nothing else of the candidate is sent."""
        title = None if candidate.display_name is None else f"Interview with {candidate.display_name}"
        fields = {"title": title, "question_id": assessment_id, **options}
        described = {f"candidate.{name}": (getattr(candidate, name), NO_PLACE) for name in _PRIVATE}
        warnings = (*dropped, *BaseProvider.note(described))
        new = NewPad(
            fields=fields, given={**options, **told, "reference": None}, candidate=candidate, reference=reference,
            warnings=warnings, assessment_id=assessment_id,
        )  # fmt: skip

        def read(pad: Pad) -> Invitation:
            made = translate.invitation(
                pad, account=self.account, candidate=candidate, assessment_id=assessment_id, warnings=warnings
            )
            return made if self.once is None else attrs.evolve(made, reference=reference)

        return await self._make(new, "invite_candidate", Invitation, read)

    def look_for(self, name: str) -> Look | None:
        """How the pads of a method are found again."""
        if self.once is None or self.marker is None:
            return None
        writes = self._writes(self.once)
        looks: Mapping[str, Look] = {"invite_candidate": writes.invited, "create_session": writes.created}
        return looks.get(name)

    async def _make(self, new: NewPad, operation: str, shape: type[R], read: Callable[[Pad], R]) -> R:
        create_pad(**new.fields)  # what the vendor would refuse is refused before it is written down
        if self.once is None:
            return await self._send(new.fields, read)

        async def send(intended: Operation) -> R:
            return await self._send({**new.fields, **self._marked(intended, new.fields)}, read)

        from interviewkit.ledger.once import by_caller
        from interviewkit.ledger.writing import Write

        is_listed = self.sees_all or new.fields.get("user_email") is None
        intent = self.once.intent(
            operation, assessment_id=new.assessment_id, reference=new.reference, candidate=new.candidate,
            given=new.given, request={"is_marked": self.marker is not None and is_listed},
        )  # fmt: skip
        write = Write(
            shape=shape, send=by_caller, look=self.look_for(operation) if is_listed else None,
            cannot_look=NO_MARKER if self.marker is None else OTHERS_PAD,
        )  # fmt: skip
        return await self.once.write(intent, send, write, warnings=new.warnings)

    async def _send(self, fields: Mapping[str, Any], read: Callable[[Pad], R]) -> R:
        pad = await self.send(create_pad(**fields))
        try:
            return read(pad)
        except InterviewKitError as error:
            error.outcome = Outcome.APPLIED
            raise

    def _marked(self, operation: Operation, fields: Mapping[str, Any]) -> dict[str, str]:
        """The field that bears the marker, as it is sent."""
        if self.marker is None:
            return {}
        before = fields.get(self.marker)
        space = "\n\n" if self.marker == "notes" else " "
        return {self.marker: f"{before}{space}{operation.marker}" if before else operation.marker}

    def _writes(self, once: Once) -> Writes:
        from interviewkit.providers.coderpad.writes import Writes

        pads = list_organization_pads if self.sees_all else list_pads
        return Writes(send=self.send, list_pads=pads, once=once)
