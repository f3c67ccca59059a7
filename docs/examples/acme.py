"""A provider for an invented vendor, Acme Interviews: https://api.acme.example/v1, a bearer token, pages by number."""

# [start:imports]
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Unpack

import attrs
import msgspec

import interviewkit as ik
from interviewkit.capabilities import emulated, native
from interviewkit.http.connection import Connection, Host, Settings
from interviewkit.http.credentials import StaticCredential, clean_secret
from interviewkit.http.decode import One, read_json, read_rows
from interviewkit.http.refusal import refusal
from interviewkit.http.wire import Json, Request, Response, fields, path
from interviewkit.model import moment, undecoded

# [end:imports]


# [start:shapes]
@attrs.frozen(kw_only=True)
class Interview:
    """Acme's words, with Acme's types. Only what names the row is required."""

    id: str
    title: str | None = None
    state: str | None = None
    email: str | None = attrs.field(default=None, repr=False)
    join_url: str | None = attrs.field(default=None, repr=False)
    opened_at: str | None = None
    points: float | None = None
    max_points: float | None = None
    code: str | None = attrs.field(default=None, repr=False)
    raw: dict[str, Any] = attrs.field(factory=dict, repr=False, eq=False)


class Listing(msgspec.Struct):
    """A page of rows, which stay bytes and are read one by one."""

    rows: list[msgspec.Raw]
    next: int | None = None


# [end:shapes]


# [start:calls]
def list_interviews(page: str | None = None) -> ik.Call[ik.Page[Interview]]:
    """One page of interviews."""
    query = fields({"page": page or "1"})
    request = Request("GET", path("/v1/interviews"), query=query)
    return ik.Call("acme", "list_interviews", request, read_page, repeatable=True)


def get_interview(interview_id: str) -> ik.Call[Interview]:
    """One interview."""
    request = Request("GET", path("/v1/interviews/{interview_id}", interview_id=interview_id))
    return ik.Call("acme", "get_interview", request, One(Interview), repeatable=True, subject="interview id")


def create_interview(
    title: str | None, email: str | None = None, *, extra: Mapping[str, Any] | None = None
) -> ik.Call[Interview]:
    """Create an interview; Acme mails nobody."""
    told = {name: value for name, value in (("title", title), ("email", email)) if value is not None}
    body = Json({**told, **(extra or {})})
    return ik.Call("acme", "create_interview", Request("POST", path("/v1/interviews"), body=body), One(Interview))


def read_page(response: Response) -> ik.Page[Interview]:
    """Read a list row by row, so that one bad row does not lose the page."""
    listing = read_json(response, Listing)
    items, problems = read_rows(listing.rows, Interview, at="$.rows")
    return ik.Page(items, problems, None if listing.next is None else str(listing.next))


# [end:calls]


# [start:translate]
STATUS = {"new": ik.SessionStatus.CREATED, "running": ik.SessionStatus.IN_PROGRESS, "done": ik.SessionStatus.COMPLETED}


def session(found: Interview, account: str, warnings: tuple[ik.Dropped, ...] = ()) -> ik.Session:
    """An interview in the shared model's words; a state that is not in the table is UNKNOWN."""
    if not found.id:
        raise ik.MalformedResponseError("no id at $.id", paths=("$.id",), raw=found.raw)
    return ik.Session(
        ref=ik.SessionRef(provider="acme", kind=ik.SessionKind.LIVE, id=found.id),
        provider="acme",
        account=account,
        kind=ik.SessionKind.LIVE,
        status=STATUS.get(found.state or "", ik.SessionStatus.UNKNOWN),
        vendor_status=found.state,
        title=found.title,
        candidate=None if found.email is None else ik.Candidate(email=found.email),
        created_at=moment(found.opened_at, "$.opened_at"),
        candidate_url=found.join_url,
        score=None if found.points is None else ik.Score(points=found.points, max_points=found.max_points),
        warnings=warnings,
        raw=undecoded(found),
    )


def report(found: Interview, account: str) -> ik.Report:
    """What an interview left behind: its code as one task, its points as given."""
    own = session(found, account)
    files = () if found.code is None else (ik.SourceFile(path="main", content=found.code),)
    return ik.Report(
        ref=own.ref,
        provider="acme",
        account=account,
        session=own,
        status=own.status,
        vendor_status=own.vendor_status,
        score=own.score,
        tasks=(ik.TaskResult(title=own.title, kind=ik.TaskKind.CODING, files=files),) if files else (),
        is_final=own.status is ik.SessionStatus.COMPLETED,
        fetched_at=datetime.now(UTC),
        raw=undecoded(found),
    )


# [end:translate]


# [start:provider]
NO_FIELD = "Acme has no field for it"


@attrs.frozen(kw_only=True)
class AcmeOptions(ik.VendorOptions):
    """Acme has nothing that the protocol lacks, so `extra` only. A class of its own: another vendor's are refused."""


class Acme(ik.BaseProvider):
    """Acme Interviews with one API key, else that of `ACME_API_KEY`. Raises `ConfigurationError`."""

    name = "acme"
    options_type = AcmeOptions
    ref_kind = ik.SessionKind.LIVE
    capabilities = ik.Capabilities(
        {
            ik.Feature.CREATE_SESSION: native("an interview with a title"),
            ik.Feature.LIST_SESSIONS: native("all interviews, oldest first"),
            ik.Feature.GET_SESSION: native("one interview"),
            ik.Feature.FETCH_REPORT: native("the code and the points"),
            ik.Feature.INVITE_CANDIDATE: emulated("creates an interview for the candidate and returns its link"),
            ik.Feature.BATCH_INVITE: emulated("one request a candidate, four at a time"),
        }
    )

    def __init__(
        self, api_key: str | None = None, *, base_url: str | None = None, **settings: Unpack[Settings]
    ) -> None:
        given = os.environ.get("ACME_API_KEY") if api_key is None else api_key
        key = clean_secret(given, what="api_key", provider=self.name, hint="see https://acme.example/keys")
        url = base_url or os.environ.get("ACME_BASE_URL") or "https://api.acme.example"
        host = Host(base_url=url, credential=StaticCredential(key, header="Bearer {}"))
        super().__init__(
            Connection.open(self.name, {"api": host}, refusal, settings),
            account=settings.get("account"),
            unsupported=settings.get("unsupported", "raise"),
        )

    async def create_session(
        self, *, title: str | None = None, language: str | None = None, candidate: ik.Candidate | None = None,
        template_id: str | None = None, notes: str | None = None, private: bool | None = None,
        reference: str | None = None, options: ik.VendorOptions | None = None,
    ) -> ik.Session:  # fmt: skip
        """Create an interview."""
        extra = self.take_options(options).extra
        told = {
            "language": language, "template_id": template_id, "notes": notes, "private": private,
            "reference": reference,
        }  # fmt: skip
        warnings = self.drop("create_session", {name: (value, NO_FIELD) for name, value in told.items()})
        warnings += self.note({"candidate": (candidate, "invite the candidate instead")})
        return session(await self.send(create_interview(title, extra=extra)), self.account, warnings)

    def list_sessions(
        self, *, kind: ik.SessionKind | None = None, assessment_id: str | None = None,
        updated_since: datetime | None = None,
    ) -> ik.Pager[ik.Session]:  # fmt: skip
        """List all interviews."""
        if updated_since is not None:
            self.refuse(ik.Feature.UPDATED_SINCE)
        if assessment_id is not None or kind is ik.SessionKind.TAKE_HOME:
            self.refuse(ik.Feature.LIST_SESSIONS, "Acme has live interviews only, which belong to no test")

        async def fetch(cursor: str | None) -> ik.Page[ik.Session]:
            page = await self.send(list_interviews(cursor))
            return page.map(lambda row: session(row, self.account))

        return ik.Pager(fetch, provider=self.name, operation="list_sessions")

    async def get_session(self, ref: ik.Ref) -> ik.Session:
        """Read one interview."""
        return session(await self.send(get_interview(self.resolve(ref).id)), self.account)

    async def fetch_report(self, ref: ik.Ref) -> ik.Report:
        """Read what an interview left behind."""
        return report(await self.send(get_interview(self.resolve(ref).id)), self.account)

    async def invite_candidate(
        self, assessment_id: str | None, candidate: ik.Candidate, *, reference: str | None = None,
        email: ik.InvitationEmail | bool = False, callback_url: str | None = None, report_emails: Sequence[str] = (),
        redirect_url: str | None = None, options: ik.VendorOptions | None = None,
    ) -> ik.Invitation:  # fmt: skip
        """Create an interview for a candidate and return its link."""
        extra = self.take_options(options).extra
        told = {
            "assessment_id": assessment_id, "reference": reference, "email": email, "callback_url": callback_url,
            "report_emails": tuple(report_emails), "redirect_url": redirect_url,
        }  # fmt: skip
        warnings = self.drop("invite_candidate", {name: (value, NO_FIELD) for name, value in told.items()})
        described = {"name": candidate.display_name, "phone": candidate.phone, "attributes": dict(candidate.attributes)}
        warnings += self.note({name: (value, NO_FIELD) for name, value in described.items()})
        made = session(await self.send(create_interview(None, candidate.email, extra=extra)), self.account, warnings)
        return ik.Invitation(
            ref=made.ref, provider=self.name, account=self.account, url=made.candidate_url, candidate=candidate,
            email_sent=False, warnings=warnings, raw=made.raw,
        )  # fmt: skip


# [end:provider]
