"""What a provider inherits: the checks that all share, and an answer for whatever its vendor lacks."""

from __future__ import annotations

import contextlib
import copy
import os
from collections.abc import AsyncIterable, AsyncIterator, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar, NoReturn, Self, TypeVar, Unpack

from interviewkit import model
from interviewkit.capabilities import Capabilities, Feature, Support, emulated
from interviewkit.errors import (
    ConfigurationError,
    InterviewKitError,
    InvalidArgumentError,
    UnsupportedError,
)
from interviewkit.fanout import fan_out
from interviewkit.http.connection import Changes, Connection, Settings
from interviewkit.http.wire import Call
from interviewkit.model import (
    ArtifactKind,
    Assessment,
    Candidate,
    Dropped,
    Invitation,
    InvitationEmail,
    InviteOutcome,
    InviteRequest,
    Ref,
    Session,
    SessionKind,
    SessionRef,
)
from interviewkit.model.arguments import as_request, check_arguments
from interviewkit.model.references import refer
from interviewkit.pager import Pager
from interviewkit.protocol import InterviewProvider, VendorOptions

if TYPE_CHECKING:
    from interviewkit.ledger.looking import Look
    from interviewkit.ledger.once import Once

__all__ = ["BaseProvider", "InterviewProvider", "VendorOptions"]

T = TypeVar("T")


class BaseProvider:
    """Base of a provider: answers with `UnsupportedError` whatever the subclass does not implement.

    A subclass sets `name` and `capabilities` and overrides what its vendor has. `connection` carries its calls; without
    one, `send` is unsupported and the subclass talks to its vendor in its own way.
    """

    name: str = ""
    capabilities: Capabilities = Capabilities()
    options_type: ClassVar[type[VendorOptions]] = VendorOptions
    ref_kind: ClassVar[SessionKind | None] = None
    """The kind that a bare id means, where the vendor has one space of ids only."""
    ref_forms: ClassVar[Mapping[SessionKind, str]] = {}
    """What stands behind `NAME:KIND:` for each kind there is: `SESSION_ID`, or `TEST_ID/SESSION_ID` where a reference
    has a parent. Another kind, and a parent too many or too few, are refused. Left out: `ref_kind`, without a parent.
    """
    commit_times: ClassVar[Mapping[str, float]] = {}
    """What is known of how long the vendor takes, as `CommitModel` has it; left out: its defaults."""
    not_told: ClassVar[Mapping[str, str]] = {}
    """Arguments of an invitation that the vendor cannot be told, and why: refused once for a whole batch."""

    def __init__(
        self,
        connection: Connection | None = None,
        **settings: Unpack[Settings],
    ) -> None:
        self._connection = connection
        self._account = settings.get("account") or self.name
        self._unsupported = settings.get("unsupported", "raise")
        if self._unsupported not in {"raise", "warn"}:
            raise ConfigurationError("unsupported= is 'raise' or 'warn'", provider=self.name)
        self.once: Once | None = None
        """Writes once, where the provider was given a ledger."""
        if settings.get("ledger") is not None:
            if type(self).look_for is BaseProvider.look_for:
                raise ConfigurationError(
                    "this provider does not write through a ledger", provider=self.name, hint="leave ledger= out"
                )
            from interviewkit.ledger.once import start

            self.once = start(self, connection, settings)
            if isinstance(type(self).capabilities, Capabilities) and not self.capabilities[Feature.REFERENCE]:
                self.capabilities = Capabilities({**self.capabilities, Feature.REFERENCE: _IN_THE_LEDGER})

    def __repr__(self) -> str:
        return f"<{type(self).__name__} account={self._account!r}>"

    @property
    def account(self) -> str:
        """The caller's label for this set of credentials."""
        return self._account

    # --- life ---

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the provider's connections. A copy made by `with_options` leaves them open."""
        if self._connection is not None:
            await self._connection.aclose()

    def with_options(self, **changes: Unpack[Changes]) -> Self:
        """A copy over the same connections with another timeout, retry policy, size limit or observers."""
        if self._connection is None:
            raise ConfigurationError("this provider has no options to change", provider=self.name)
        other = copy.copy(self)
        other._connection = self._connection.with_options(changes)  # noqa: SLF001
        return other

    async def send(self, call: Call[T]) -> T:
        """Send one of the vendor's documented endpoints and return its typed answer."""
        if not isinstance(call, Call):
            raise InvalidArgumentError(
                f"send() takes a Call, not {type(call).__name__}", provider=self.name, operation="send",
                hint=f"make one with a function of interviewkit.providers.{self.name}",
            )  # fmt: skip
        if self._connection is None:
            raise UnsupportedError("this provider takes no calls", provider=self.name, operation=call.operation)
        return await self._connection.send(call)

    def look_for(self, name: str) -> Look | None:
        """How to find out, by reading, what became of a write by the method `name`; `None`: no list shows it.

        A provider that overrides it takes `ledger=`, and writes through `self.once` where that is set.
        """
        return None

    # --- the protocol, as far as the vendor has it ---

    async def create_session(
        self, *, title: str | None = None, language: str | None = None, candidate: Candidate | None = None,
        template_id: str | None = None, notes: str | None = None, private: bool | None = None,
        reference: str | None = None, options: VendorOptions | None = None,
    ) -> Session:  # fmt: skip
        """Create a live session."""
        self.refuse(Feature.CREATE_SESSION)

    def list_sessions(
        self, *, kind: SessionKind | None = None, assessment_id: str | None = None,
        updated_since: datetime | None = None,
    ) -> Pager[Session]:  # fmt: skip
        """List sessions, of one kind, one assessment, or changed since a time."""
        self.refuse(Feature.LIST_SESSIONS)

    async def get_session(self, ref: Ref) -> Session:
        """Read one session."""
        self.refuse(Feature.GET_SESSION)

    async def fetch_report(self, ref: Ref) -> model.Report:
        """Read everything that a session left behind."""
        self.refuse(Feature.FETCH_REPORT)

    async def invite_candidate(
        self, assessment_id: str | None, candidate: Candidate, *, reference: str | None = None,
        email: InvitationEmail | bool = False, callback_url: str | None = None, report_emails: Sequence[str] = (),
        redirect_url: str | None = None, options: VendorOptions | None = None,
    ) -> Invitation:  # fmt: skip
        """Invite one candidate."""
        self.refuse(Feature.INVITE_CANDIDATE)

    def list_assessments(self, *, include_archived: bool = False) -> Pager[Assessment]:
        """List what candidates can be invited to."""
        self.refuse(Feature.LIST_ASSESSMENTS)

    async def end_session(self, ref: Ref) -> None:
        """End a live session, or cancel an invitation."""
        self.refuse(Feature.END_SESSION)

    async def report_link(self, ref: Ref, *, kind: ArtifactKind = ArtifactKind.REPORT) -> model.TemporaryLink:
        """Make a link to the report that opens without a login for a while."""
        self.refuse(Feature.REPORT_LINK)

    async def download(self, artifact: model.Artifact, target: str | os.PathLike[str] | BinaryIO) -> int:
        """Fetch an artifact into a file; returns its size in bytes."""
        self.refuse(Feature.DOWNLOAD)

    async def check(self) -> model.AccountStatus:
        """Ask, in one cheap request, whether the credentials are good and what is left."""
        self.refuse(Feature.CHECK)

    # --- many at once ---

    async def fetch_reports(
        self, refs: Iterable[Ref] | AsyncIterable[Ref], *, concurrency: int = 8, patience: float | None = None
    ) -> AsyncIterator[model.ReportOutcome]:
        """Fetch many reports, `concurrency` at a time, each outcome as it is done.

        One report's failure is its outcome's `error` and ends nothing else. Requests wait for the rate limiter as long
        as it takes, or for `patience` seconds.
        """
        self.require(Feature.FETCH_REPORT, operation="fetch_reports")
        self.check_arguments(
            "fetch_reports", required=("refs", "concurrency"), refs=refs, concurrency=concurrency, patience=patience
        )

        async def fetch(ref: Ref) -> model.ReportOutcome:
            known: SessionRef | str = "?"
            try:
                known = self.resolve(ref)
                return model.ReportOutcome(ref=known, account=self.account, report=await self.fetch_report(known))
            except InterviewKitError as error:
                error.locate(provider=self.name, operation="fetch_report", account=self.account)
                return model.ReportOutcome(ref=known if known != "?" else str(ref), account=self.account, error=error)

        async for outcome in fan_out(fetch, refs, concurrency=concurrency, patience=patience):
            yield outcome

    async def invite_candidates(
        self, assessment_id: str | None, requests: Iterable[InviteRequest | Candidate], *,
        email: InvitationEmail | bool = False, callback_url: str | None = None, report_emails: Sequence[str] = (),
        redirect_url: str | None = None, options: VendorOptions | None = None,
    ) -> AsyncIterator[InviteOutcome]:  # fmt: skip
        """Invite many candidates, one call each, four at a time; one outcome a candidate, as it is known.

        What all of them share is checked before anything is sent.
        """
        for feature in (Feature.INVITE_CANDIDATE, Feature.BATCH_INVITE):
            self.require(feature, operation="invite_candidates")
        shared: dict[str, Any] = {
            "email": email, "callback_url": callback_url, "report_emails": report_emails, "redirect_url": redirect_url,
        }  # fmt: skip
        self.check_arguments("invite_candidates", assessment_id=assessment_id, **shared)
        self.take_options(options, operation="invite_candidates")
        self.drop_untold("invite_candidates", shared)

        async def invite(request: InviteRequest) -> InviteOutcome:
            try:
                made = await self.invite_candidate(
                    assessment_id, request.candidate, reference=request.reference, options=options, **shared
                )
                return InviteOutcome(request=request, invitation=made)
            except InterviewKitError as error:
                return InviteOutcome(request=request, error=error)

        done = fan_out(invite, self.take_requests(requests), concurrency=4, patience=None)
        async with contextlib.aclosing(done) as outcomes:
            async for outcome in outcomes:
                yield outcome

    # --- for subclasses ---

    def resolve(self, ref: Ref, *, kind: SessionKind | None = None, operation: str | None = None) -> SessionRef:
        """The reference that `ref` names.

        Raises `InvalidArgumentError` for another vendor's or another kind's, and for one that `ref_forms` has not.
        """
        if isinstance(ref, Session | Invitation):
            ref = ref.ref
        forms = self.ref_forms or ({} if self.ref_kind is None else {self.ref_kind: "SESSION_ID"})
        try:
            return refer(ref, provider=self.name, bare=self.ref_kind, forms=forms, kind=kind)
        except InvalidArgumentError as error:
            raise error.locate(provider=self.name, operation=operation, account=self.account) from None

    def check_arguments(self, operation: str, *, required: Collection[str] = (), **given: Any) -> None:
        """Raise `InvalidArgumentError` for an argument of the protocol, by its name, that has the wrong type."""
        try:
            check_arguments(given, required=required)
        except InvalidArgumentError as error:
            raise error.locate(provider=self.name, operation=operation, account=self.account) from None

    def take_requests(self, requests: Iterable[InviteRequest | Candidate]) -> Iterable[InviteRequest]:
        """A batch's rows; a list is checked whole before anything is sent, an iterator as it is read."""
        self.check_arguments("invite_candidates", required=("requests",), requests=requests)

        def take(item: InviteRequest | Candidate) -> InviteRequest:
            try:
                return as_request(item)
            except InvalidArgumentError as error:
                raise error.locate(provider=self.name, operation="invite_candidates", account=self.account) from None

        rows = map(take, requests)
        return list(rows) if isinstance(requests, Collection) else rows

    def take_options(self, options: VendorOptions | None, *, operation: str | None = None) -> Any:
        """The vendor's own options, or its defaults. Raises `InvalidArgumentError` for another vendor's."""
        if options is None:
            return self.options_type()
        if self.options_type is VendorOptions and type(options) is not VendorOptions:
            raise InvalidArgumentError(
                f"{self.name} has no options of its own, so options= is a VendorOptions, not a "
                f"{type(options).__name__}", provider=self.name, operation=operation,
            )  # fmt: skip
        if not isinstance(options, self.options_type):
            raise InvalidArgumentError(
                f"options= is a {self.options_type.__name__} here, not a {type(options).__name__}",
                provider=self.name, operation=operation,
            )  # fmt: skip
        return options

    def require(self, feature: Feature, *, operation: str | None = None) -> None:
        """Raise `UnsupportedError` with the capability's note unless the feature is supported."""
        if self.capabilities[feature].support is Support.UNSUPPORTED:
            self.refuse(feature, operation=operation)

    def refuse(self, feature: Feature, note: str | None = None, *, operation: str | None = None) -> NoReturn:
        """Raise `UnsupportedError` for a feature; nothing was sent. `operation` is the method that was called."""
        method = operation or _METHODS.get(feature, feature.value)
        raise UnsupportedError(
            f"the vendor does not support {feature.value}: {note or self.capabilities[feature].note}",
            provider=self.name, operation=method, account=self.account,
        )  # fmt: skip

    def drop(self, operation: str, asked: Mapping[str, tuple[Any, str]]) -> tuple[Dropped, ...]:
        """Deal with instructions that the vendor cannot be told: `asked` is field → (the value given, why not).

        Those that were really given (`private=False` too) raise `UnsupportedError`, or come back as warnings with
        `unsupported="warn"`.
        """
        dropped = tuple(
            Dropped(field=name, reason=why)
            for name, (value, why) in asked.items()
            if _given(value) or (name == "private" and value is False)
        )
        if dropped and self._unsupported == "raise":
            raise UnsupportedError(
                "the vendor cannot be told: " + "; ".join(f"{one.field} ({one.reason})" for one in dropped),
                provider=self.name,
                operation=operation,
                account=self.account,
                hint="leave it out, or make the provider with unsupported='warn'",
            )
        return dropped

    def drop_untold(self, operation: str, asked: Mapping[str, Any]) -> tuple[Dropped, ...]:
        """`drop` those of the arguments that `not_told` names."""
        return self.drop(operation, {
            name: (value, self.not_told[name]) for name, value in asked.items()
            if name in self.not_told and not (name == "reference" and self.once is not None)
        })  # fmt: skip

    @staticmethod
    def note(described: Mapping[str, tuple[Any, str]]) -> tuple[Dropped, ...]:
        """Warnings for descriptive fields that the vendor has no place for."""
        return tuple(Dropped(field=name, reason=why) for name, (value, why) in described.items() if _given(value))


_IN_THE_LEDGER = emulated("kept in the ledger, not at the vendor")
_METHODS: Mapping[Feature, str] = {
    Feature.UPDATED_SINCE: "list_sessions",
    Feature.BATCH_INVITE: "invite_candidates",
    Feature.EMAIL_CANDIDATE: "invite_candidate",
    Feature.REFERENCE: "invite_candidate",
    Feature.CALLBACK: "invite_candidate",
}
"""The protocol's methods by the features that are not called like theirs."""


def _given(value: Any) -> bool:
    return value is not None and value is not False and value != () and value != [] and value != {}  # noqa: PLR1714
