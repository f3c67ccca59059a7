"""A provider as somebody else would write it, in a package of their own: one invented vendor, its four operations."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Unpack

import attrs
import msgspec

from interviewkit import (
    BaseProvider,
    Call,
    Candidate,
    Capabilities,
    Feature,
    InterviewKitError,
    InvalidArgumentError,
    Invitation,
    Page,
    Pager,
    Ref,
    Report,
    Score,
    Session,
    SessionKind,
    SessionRef,
    SessionStatus,
    VendorOptions,
)
from interviewkit.capabilities import emulated, native, unsupported
from interviewkit.http.connection import Connection, Host, Settings
from interviewkit.http.credentials import StaticCredential
from interviewkit.http.decode import One, read_bytes, read_rows
from interviewkit.http.refusal import refusal
from interviewkit.http.wire import Form, Request, Response, fields, path
from interviewkit.model import epoch_ms, undecoded

STATUSES = {"open": SessionStatus.CREATED, "running": SessionStatus.IN_PROGRESS, "closed": SessionStatus.COMPLETED}


@attrs.frozen(kw_only=True)
class AcmeOptions(VendorOptions):
    """Acme's own: how many minutes an interview lasts."""

    minutes: int | None = None


@attrs.frozen(kw_only=True)
class Interview:
    """An interview as Acme writes it."""

    code: str
    phase: str | None = None
    topic: str | None = None
    mark: float | None = None
    begun: int | None = None
    guest: str | None = attrs.field(default=None, repr=False)
    join: str | None = attrs.field(default=None, repr=False)
    raw: dict[str, Any] = attrs.field(factory=dict, repr=False, eq=False)


@attrs.frozen(kw_only=True)
class Listed:
    """A page of Acme's list."""

    rows: list[msgspec.Raw]
    more: str | None = None


def read_page(response: Response) -> Page[Interview]:
    """Read a page row by row."""
    listed = read_bytes(response.body, Listed)
    return Page(*read_rows(listed.rows, Interview, at="$.rows"), listed.more)


def refuse(call: Call[Any], response: Response) -> InterviewKitError:
    """Acme's refusals say nothing beyond their status."""
    return refusal(call, response, hints={401: "make a key at https://acme.example/keys"})


class Acme(BaseProvider):
    """Acme Interviews."""

    name = "acme"
    options_type = AcmeOptions
    ref_kind = SessionKind.LIVE
    capabilities = Capabilities(
        {
            Feature.CREATE_SESSION: native(),
            Feature.LIST_SESSIONS: native(),
            Feature.GET_SESSION: native(),
            Feature.FETCH_REPORT: emulated("the interview itself: Acme has no report"),
            Feature.INVITE_CANDIDATE: emulated("creates an interview and hands out its link"),
            Feature.BATCH_INVITE: emulated("one interview a candidate"),
            Feature.CALLBACK: unsupported("Acme calls nobody back: list the interviews"),
        }
    )

    def __init__(self, api_key: str, **settings: Unpack[Settings]) -> None:
        host = Host(base_url="https://acme.example/v2", credential=StaticCredential(api_key, header="Key {}"))
        super().__init__(
            Connection.open(self.name, {"api": host}, refuse, settings),
            account=settings.get("account"),
            unsupported=settings.get("unsupported", "raise"),
        )

    async def create_session(
        self, *, title: str | None = None, options: VendorOptions | None = None, **asked: Any
    ) -> Session:
        own = self.take_options(options)
        why = "an interview has a topic only"
        dropped = self.drop("create_session", {name: (value, why) for name, value in asked.items()})
        body = Form(fields({"topic": title, "minutes": own.minutes, **own.extra}))
        made = await self._ask("create_session", Request("POST", path("/interviews"), body=body))
        return attrs.evolve(self._session(made), warnings=dropped)

    def list_sessions(
        self,
        *,
        kind: SessionKind | None = None,
        assessment_id: str | None = None,
        updated_since: datetime | None = None,
    ) -> Pager[Session]:
        if updated_since is not None:
            self.refuse(Feature.UPDATED_SINCE)
        if kind is SessionKind.TAKE_HOME or assessment_id is not None:
            raise InvalidArgumentError("Acme has live interviews only, and no assessments", provider=self.name)

        async def fetch(cursor: str | None) -> Page[Session]:
            request = Request("GET", path("/interviews"), query=fields({"after": cursor}))
            page = await self.send(Call("acme", "list_sessions", request, read_page, repeatable=True))
            return page.map(self._session)

        return Pager(fetch, provider=self.name, operation="list_sessions")

    async def get_session(self, ref: Ref) -> Session:
        return self._session(await self._show("get_session", ref))

    async def fetch_report(self, ref: Ref) -> Report:
        row = await self._show("fetch_report", ref)
        found = self._session(row)
        return Report(
            ref=found.ref, provider=self.name, account=self.account, session=found, status=found.status,
            vendor_status=found.vendor_status, score=found.score, is_final=found.status is SessionStatus.COMPLETED,
            raw=undecoded(row),
        )  # fmt: skip

    async def invite_candidate(
        self, assessment_id: str | None, candidate: Candidate, *, options: VendorOptions | None = None, **asked: Any
    ) -> Invitation:
        own = self.take_options(options)
        if assessment_id is not None:
            raise InvalidArgumentError("Acme has no assessments: assessment_id is None", provider=self.name)
        why = "Acme has no field for it"
        dropped = self.drop("invite_candidate", {name: (value, why) for name, value in asked.items()})
        described = ("name", "phone", "attributes")
        noted = self.note({field: (getattr(candidate, field), "Acme knows the mailbox only") for field in described})
        body = Form(fields({"guest": candidate.email, "minutes": own.minutes, **own.extra}))
        made = await self._ask("invite_candidate", Request("POST", path("/interviews"), body=body))
        return Invitation(
            ref=self._session(made).ref, provider=self.name, account=self.account, url=made.join, email_sent=False,
            candidate=Candidate(email=made.guest), warnings=(*dropped, *noted), raw=undecoded(made),
        )  # fmt: skip

    async def _show(self, operation: str, ref: Ref) -> Interview:
        where = path("/interviews/{code}", code=self.resolve(ref).id)
        return await self._ask(operation, Request("GET", where), subject="interview code")

    async def _ask(self, operation: str, request: Request, *, subject: str | None = None) -> Interview:
        return await self.send(Call("acme", operation, request, One(Interview), request.method == "GET", subject))

    def _session(self, row: Interview) -> Session:
        return Session(
            ref=SessionRef(provider=self.name, kind=SessionKind.LIVE, id=row.code or "?"), provider=self.name,
            account=self.account, kind=SessionKind.LIVE, status=STATUSES.get(row.phase or "", SessionStatus.UNKNOWN),
            vendor_status=row.phase, title=row.topic, candidate=Candidate(email=row.guest), candidate_url=row.join,
            started_at=self._begun(row), score=None if row.mark is None else Score(points=row.mark), raw=undecoded(row),
        )  # fmt: skip

    def _begun(self, row: Interview) -> datetime | None:
        try:
            return epoch_ms(row.begun, "$.begun")
        except InterviewKitError as error:
            raise error.locate(provider=self.name, operation=None, account=self.account) from None
