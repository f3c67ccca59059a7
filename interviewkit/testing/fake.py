"""`FakeProvider`: the whole protocol on a vendor that lives in memory, for tests of programs that use interviewkit."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar, Unpack

import attrs
import msgspec

from interviewkit.capabilities import Capabilities, Capability, Feature, native, unsupported
from interviewkit.errors import InterviewKitError, InvalidArgumentError
from interviewkit.http.connection import Connection, Host, Settings
from interviewkit.http.credentials import StaticCredential, clean_secret
from interviewkit.http.decode import One, content, read_bytes, read_rows
from interviewkit.http.download import save, whole
from interviewkit.http.refusal import refusal
from interviewkit.http.wire import Call, Fields, Json, Page, Request, Response, fields, path
from interviewkit.model import (
    AccountStatus,
    Artifact,
    ArtifactKind,
    Assessment,
    Candidate,
    Invitation,
    InvitationEmail,
    Ref,
    Report,
    Session,
    SessionKind,
    TemporaryLink,
    moment,
)
from interviewkit.pager import Pager
from interviewkit.provider import BaseProvider, VendorOptions
from interviewkit.testing import fake_shapes as shapes
from interviewkit.testing.fake_vendor import BASE_URL, FakeVendor

if TYPE_CHECKING:
    from interviewkit.ledger import Operation
    from interviewkit.ledger.looking import Look
    from interviewkit.ledger.writing import Write

T = TypeVar("T")

_ALL: dict[Feature, Capability] = {feature: native() for feature in Feature if feature is not Feature.WEBHOOKS}
_NO_WEBHOOKS = unsupported("the fake vendor sends nothing by itself")


@attrs.frozen(kw_only=True)
class FakeOptions(VendorOptions):
    """Options of the fake vendor: none but `extra`."""


@attrs.frozen
class PageOf:
    """Reads `{"<name>": [...], "next": 2, "total": 9}` row by row."""

    name: str
    shape: type[Any]

    def __call__(self, response: Response) -> Page[Any]:
        envelope = read_bytes(response.body, _ENVELOPES[self.name])
        items, problems = read_rows(getattr(envelope, self.name), self.shape, at=f"$.{self.name}")
        return Page(items, problems, None if envelope.next is None else str(envelope.next), envelope.total)


@attrs.frozen(kw_only=True)
class _Sessions:
    sessions: list[msgspec.Raw]
    next: int | None = None
    total: int | None = None


@attrs.frozen(kw_only=True)
class _Assessments:
    assessments: list[msgspec.Raw]
    next: int | None = None
    total: int | None = None


_ENVELOPES: dict[str, type[Any]] = {"sessions": _Sessions, "assessments": _Assessments}


R = TypeVar("R", bound=Session | Invitation)


class FakeProvider(BaseProvider):
    """A provider in memory: `provider.vendor` is its vendor, to be filled and played with.

    It speaks the whole protocol but webhooks, over the package's own call machinery, so that retries, errors and
    observers behave as with a real vendor. `without` takes features away: using them raises `UnsupportedError`. Takes
    the keywords of every provider; raises what they raise.
    """

    name = shapes.NAME
    options_type = FakeOptions
    ref_kind = SessionKind.LIVE

    def __init__(
        self,
        vendor: FakeVendor | None = None,
        *,
        api_key: str | None = None,
        without: Collection[Feature] = (),
        **settings: Unpack[Settings],
    ) -> None:
        self.vendor = vendor or FakeVendor()
        key = clean_secret(api_key or self.vendor.api_key, what="api_key", provider=self.name, hint="any text will do")
        credential = StaticCredential(key, header="Bearer {}")
        if settings.get("transport") is None:
            settings["transport"] = self.vendor.carrier()
        super().__init__(
            Connection.open(self.name, {"api": Host(base_url=BASE_URL, credential=credential)}, _refuse, settings),
            **settings,
        )
        left_out = {feature: unsupported("left out of this fake") for feature in without}
        self._capabilities = Capabilities({**_ALL, Feature.WEBHOOKS: _NO_WEBHOOKS, **left_out})

    @property
    def capabilities(self) -> Capabilities:  # type: ignore[override]
        """Everything but webhooks, and but what was left out."""
        return self._capabilities

    async def create_session(
        self, *, title: str | None = None, language: str | None = None, candidate: Candidate | None = None,
        template_id: str | None = None, notes: str | None = None, private: bool | None = None,
        reference: str | None = None, options: VendorOptions | None = None,
    ) -> Session:  # fmt: skip
        """Create a live session."""
        self.require(Feature.CREATE_SESSION)
        extra = self.take_options(options).extra
        dropped = self._left_out("create_session", reference=(Feature.REFERENCE, reference))
        body = {
            "title": title, "language": language, "template": template_id, "notes": notes, "private": private,
            "reference": None if Feature.REFERENCE in dropped else reference,
            "candidate": None if candidate is None else _person(candidate),
        }  # fmt: skip
        call = _call("create_session", "POST", path("/sessions"), One(shapes.SessionRow), body, extra)

        async def create(_operation: object = None) -> Session:
            row = await self.send(call)
            return attrs.evolve(shapes.session(row, self.account), warnings=tuple(dropped.values()))

        if self.once is None:
            return await create()
        intent = self.once.intent("create_session", assessment_id=None, reference=reference, given={**body, **extra})
        return await self.once.write(intent, create, self._once(Session, "create_session"))

    def list_sessions(
        self, *, kind: SessionKind | None = None, assessment_id: str | None = None,
        updated_since: datetime | None = None,
    ) -> Pager[Session]:  # fmt: skip
        """List sessions, all or those of a kind or an assessment."""
        self.require(Feature.LIST_SESSIONS)
        if updated_since is not None:
            self.require(Feature.UPDATED_SINCE)
            if updated_since.tzinfo is None:
                raise InvalidArgumentError("updated_since is a time with its time zone", provider=self.name)
        since = None if updated_since is None else updated_since.isoformat()
        query = {"kind": kind and kind.value, "assessment": assessment_id, "updated_since": since}

        async def fetch(cursor: str | None) -> Page[Session]:
            asked = fields({**query, "page": cursor or "1"})
            call = _call("list_sessions", "GET", path("/sessions"), PageOf("sessions", shapes.SessionRow), query=asked)
            return shapes.page_of(await self.send(call), shapes.session, self.account)

        return Pager(fetch, provider=self.name, operation="list_sessions")

    async def get_session(self, ref: Ref) -> Session:
        """Read one session."""
        self.require(Feature.GET_SESSION)
        where = path("/sessions/{session_id}", session_id=self.resolve(ref).id)
        row = await self.send(_call("get_session", "GET", where, One(shapes.SessionRow), subject="session id"))
        return shapes.session(row, self.account)

    async def fetch_report(self, ref: Ref) -> Report:
        """Read everything that a session left behind."""
        self.require(Feature.FETCH_REPORT)
        where = path("/sessions/{session_id}/report", session_id=self.resolve(ref).id)
        row = await self.send(_call("fetch_report", "GET", where, One(shapes.ReportRow), subject="session id"))
        return self._located("fetch_report", lambda: shapes.report(row, self.account))

    async def invite_candidate(
        self, assessment_id: str | None, candidate: Candidate, *, reference: str | None = None,
        email: InvitationEmail | bool = False, callback_url: str | None = None, report_emails: Sequence[str] = (),
        redirect_url: str | None = None, options: VendorOptions | None = None,
    ) -> Invitation:  # fmt: skip
        """Invite one candidate."""
        self.require(Feature.INVITE_CANDIDATE)
        extra = self.take_options(options).extra
        if assessment_id is None:
            raise InvalidArgumentError("assessment_id says what the candidate is invited to", provider=self.name)
        where = path("/assessments/{assessment_id}/invitations", assessment_id=assessment_id)
        dropped = self._left_out(
            "invite_candidate", reference=(Feature.REFERENCE, reference), email=(Feature.EMAIL_CANDIDATE, email),
            callback_url=(Feature.CALLBACK, callback_url),
        )  # fmt: skip
        body = {
            "candidate": _person(candidate), "redirect_url": redirect_url, "report_emails": list(report_emails) or None,
            "reference": None if Feature.REFERENCE in dropped else reference,
            "callback_url": None if Feature.CALLBACK in dropped else callback_url,
            "email": None if Feature.EMAIL_CANDIDATE in dropped else _mail(email),
        }  # fmt: skip
        call = _call("invite_candidate", "POST", where, One(shapes.SessionRow), body, extra, subject="assessment id")

        async def invite(_operation: object = None) -> Invitation:
            row = await self.send(call)
            return attrs.evolve(shapes.invitation(row, self.account), warnings=tuple(dropped.values()))

        if self.once is None:
            return await invite()
        intent = self.once.intent(
            "invite_candidate", assessment_id=assessment_id, reference=reference, candidate=candidate,
            given={**body, **extra, "candidate": None},
        )  # fmt: skip
        return await self.once.write(intent, invite, self._once(Invitation, "invite_candidate"))

    def look_for(self, name: str) -> Look | None:
        """Sessions by the caller's reference."""
        looks: dict[str, Look] = {"create_session": self._created, "invite_candidate": self._invited}
        return looks.get(name)

    def list_assessments(self, *, include_archived: bool = False) -> Pager[Assessment]:
        """List what candidates can be invited to."""
        self.require(Feature.LIST_ASSESSMENTS)

        async def fetch(cursor: str | None) -> Page[Assessment]:
            query = fields({"archived": include_archived or None, "page": cursor or "1"})
            read = PageOf("assessments", shapes.AssessmentRow)
            page = await self.send(_call("list_assessments", "GET", path("/assessments"), read, query=query))
            return shapes.page_of(page, shapes.assessment, self.account)

        return Pager(fetch, provider=self.name, operation="list_assessments")

    async def end_session(self, ref: Ref) -> None:
        """End a session, or cancel an invitation."""
        self.require(Feature.END_SESSION)
        where = path("/sessions/{session_id}/end", session_id=self.resolve(ref).id)
        await self.send(_call("end_session", "POST", where, One(shapes.SessionRow), subject="session id"))

    async def report_link(self, ref: Ref, *, kind: ArtifactKind = ArtifactKind.REPORT) -> TemporaryLink:
        """Make a link to the report that opens without a login."""
        self.require(Feature.REPORT_LINK)
        where = path("/sessions/{session_id}/link", session_id=self.resolve(ref).id)
        body = {"kind": kind.value}
        row = await self.send(_call("report_link", "POST", where, One(shapes.LinkRow), body, subject="session id"))
        return self._located(
            "report_link", lambda: TemporaryLink(url=row.url, expires_at=moment(row.expires_at, "$.expires_at"))
        )

    async def download(self, artifact: Artifact, target: str | os.PathLike[str] | BinaryIO) -> int:
        """Fetch a report's file."""
        self.require(Feature.DOWNLOAD)
        where = path("/files/{file_name}", file_name=artifact.name or "")
        return await save(whole(await self.send(_call("download", "GET", where, content, subject="file name"))), target)

    async def check(self) -> AccountStatus:
        """Ask what is left of the plan."""
        self.require(Feature.CHECK)
        return shapes.account_status(await self.send(_call("check", "GET", path("/account"), One(shapes.AccountRow))))

    def _once(self, shape: type[R], name: str) -> Write[R]:
        from interviewkit.ledger.once import by_caller
        from interviewkit.ledger.writing import Write

        return Write(shape=shape, send=by_caller, look=self.look_for(name))

    async def _created(self, operations: Sequence[Operation]) -> dict[str, Session | None]:
        """What came of operations; those without a reference cannot be told."""
        found: dict[str, Session | None] = {one.id: None for one in operations if one.reference is None}
        listed = {(row.reference, row.assessment_id): row async for row in self.list_sessions()}
        for one in operations:
            row = listed.get((one.reference, one.assessment_id))
            if row is not None and one.reference is not None:
                found[one.id] = row
        return found

    async def _invited(self, operations: Sequence[Operation]) -> dict[str, Invitation | None]:
        return {
            ident: None if session is None else Invitation(
                ref=session.ref, provider=session.provider, account=session.account, url=session.candidate_url,
                candidate=session.candidate, assessment_id=session.assessment_id, reference=session.reference,
                raw=dict(session.raw),
            )
            for ident, session in (await self._created(operations)).items()
        }  # fmt: skip

    def _left_out(self, operation: str, **asked: tuple[Feature, Any]) -> dict[Feature, Any]:
        """Instructions that belong to features this fake is without: refused, or given back as warnings."""
        absent = {name: value for name, (feature, value) in asked.items() if not self.capabilities[feature]}
        missing = {name: (value, "left out of this fake") for name, value in absent.items()}
        dropped = {one.field: one for one in self.drop(operation, missing)}
        return {feature: dropped[name] for name, (feature, _value) in asked.items() if name in dropped}

    def _located(self, operation: str, make: Callable[[], T]) -> T:
        try:
            return make()
        except InterviewKitError as error:
            raise error.locate(provider=self.name, operation=operation, account=self.account) from None


def _call(
    operation: str,
    method: str,
    where: Any,
    read: Any,
    body: dict[str, Any] | None = None,
    extra: Any = None,
    *,
    query: Fields = (),
    subject: str | None = None,
) -> Call[Any]:
    given = {name: value for name, value in (body or {}).items() if value is not None}
    sent = None if method == "GET" else Json({**given, **(extra or {})})
    return Call(shapes.NAME, operation, Request(method, where, query, sent), read, method == "GET", subject)


def _refuse(call: Call[Any], response: Response) -> InterviewKitError:
    return refusal(call, response, hints={401: "the key is the fake vendor's api_key"})


def _person(candidate: Candidate) -> dict[str, Any]:
    given = attrs.asdict(candidate)
    return {name: value for name, value in given.items() if value not in (None, {})}


def _mail(email: InvitationEmail | bool) -> dict[str, Any] | None:
    if isinstance(email, InvitationEmail):
        return {name: value for name, value in attrs.asdict(email).items() if value}
    return {} if email else None
