"""Codility: tests for candidates, CodeLive whiteboards, and every documented endpoint.

Vendor pages: https://codility.com/api-documentation/ (the API), https://codility.com/fair-use-policy/ (volumes),
https://support.codility.com/hc/en-us/articles/360043824513-Using-Codility-s-API (tokens), https://status.codility.com/.

What to know (read 2026-11):

- Two clusters: `US` (https://app.codility.com) and `EU` (https://app-eu.codility.com). Tokens shown with `eu.` at their
  beginning belong to the second one; https://codility.com is the host of the API's own page.
- 500 requests per user and hour, shared here by all providers with the same token. A list's rows hold no result, so a
  report costs one request a session.
- No status field. No start is `INVITED`; started, with neither result nor close date, is `IN_PROGRESS` (it may be being
  evaluated); a result, or a start and a close date, is `COMPLETED`. A session that was never started and is closed, or
  can no longer be cancelled, is `UNKNOWN`: cancelled and expired cannot be told apart.
- A report is final once it has a result; the similarity check may still come, or never does.
- The vendor never mails with an invitation: `email=` is a second request, and an invitation stands when it fails.
- A candidate's `id` at the vendor is the inviter's own and comes back as `Session.reference`; one is made where none is
  given, since the answer's rows are matched by it.
- A whiteboard's answer has no id: it is read from the link, against the vendor's advice to treat links as black boxes.
- `close_date` is not on the vendor's page, but public integrations read it. Links in answers are never called with the
  token: ids and pages are taken from them. Times without offset are taken as UTC.
- Callbacks are read by `interviewkit.webhooks.parse`: unsigned as on the vendor's page, or with token and checksum.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar, Unpack

import attrs

from interviewkit.capabilities import Capabilities, Feature
from interviewkit.errors import InvalidArgumentError, MalformedResponseError, Outcome
from interviewkit.http.connection import Connection, Host, Settings
from interviewkit.http.credentials import StaticCredential, TokenCredential, TokenSource, clean_secret
from interviewkit.http.download import save, whole
from interviewkit.http.limits import RateLimit
from interviewkit.http.wire import Page
from interviewkit.model import (
    AccountStatus,
    Artifact,
    ArtifactKind,
    Assessment,
    Candidate,
    Invitation,
    InvitationEmail,
    InviteOutcome,
    InviteRequest,
    Ref,
    Report,
    Session,
    SessionKind,
    SessionRef,
    TemporaryLink,
)
from interviewkit.pager import Pager
from interviewkit.provider import BaseProvider, VendorOptions
from interviewkit.providers.codility import calls, invitations, problems, translate
from interviewkit.providers.codility.calls import (
    cancel_session,
    create_email_template,
    create_whiteboard,
    embed_report,
    embed_similarity,
    get_credit_level,
    get_default_email_template,
    get_session,
    get_session_pdf,
    get_test,
    invite,
    list_saved_email_templates,
    list_sessions,
    list_test_sessions,
    list_tests,
    list_user_logins,
    send_session_email,
)
from interviewkit.providers.codility.capabilities import CAPABILITIES
from interviewkit.providers.codility.listing import OfKind, located
from interviewkit.providers.codility.oauth import OAuthApp, OAuthToken, Token
from interviewkit.providers.codility.options import EU, US, CodilityOptions
from interviewkit.providers.codility.shapes import (
    CandidateData,
    CodeLive,
    CreditLevel,
    EmailTemplate,
    EmbedLink,
    Evaluation,
    EventCallback,
    InviteCandidate,
    InvitedCandidate,
    Result,
    SessionDetail,
    SessionSummary,
    SimilarityCheck,
    Task,
    Test,
    User,
    UserLogin,
    Whiteboard,
)

if TYPE_CHECKING:
    from interviewkit.deliveries import Headers
    from interviewkit.ledger.looking import Look
    from interviewkit.ledger.once import Once
    from interviewkit.model import WebhookEvent
    from interviewkit.plan import HarvestPlan
    from interviewkit.providers.codility.writes import Writes

__all__ = [
    "EU",
    "US",
    "CandidateData",
    "CodeLive",
    "Codility",
    "CodilityOptions",
    "CreditLevel",
    "EmailTemplate",
    "EmbedLink",
    "Evaluation",
    "EventCallback",
    "InviteCandidate",
    "InvitedCandidate",
    "OAuthApp",
    "OAuthToken",
    "Result",
    "SessionDetail",
    "SessionSummary",
    "SimilarityCheck",
    "Task",
    "Test",
    "Token",
    "User",
    "UserLogin",
    "Whiteboard",
    "cancel_session",
    "create_email_template",
    "create_whiteboard",
    "embed_report",
    "embed_similarity",
    "get_credit_level",
    "get_default_email_template",
    "get_session",
    "get_session_pdf",
    "get_test",
    "invite",
    "list_saved_email_templates",
    "list_sessions",
    "list_test_sessions",
    "list_tests",
    "list_user_logins",
    "send_session_email",
]

_BASE_URL = "https://codility.com"
_LIMIT = RateLimit(500, 3600)


class Codility(BaseProvider):
    """Codility's provider. `token` is an access token, or a `TokenSource` such as `OAuthToken`.

    Without one, `CODILITY_TOKEN` is read, and without `base_url`, `CODILITY_BASE_URL`. Raises `ConfigurationError`.
    """

    name: str = translate.PROVIDER
    capabilities: Capabilities = CAPABILITIES
    options_type: ClassVar[type[VendorOptions]] = CodilityOptions
    ref_kind: ClassVar[SessionKind | None] = SessionKind.TAKE_HOME
    ref_forms: ClassVar[Mapping[SessionKind, str]] = {SessionKind.TAKE_HOME: "SESSION_ID", SessionKind.LIVE: "CL-ID"}

    def __init__(
        self, token: str | TokenSource | None = None, *, base_url: str | None = None, **settings: Unpack[Settings]
    ) -> None:
        given: Any = os.environ.get("CODILITY_TOKEN") if token is None else token
        credential: StaticCredential | TokenCredential
        if isinstance(given, TokenSource):
            credential = TokenCredential(given)
        else:
            secret = clean_secret(
                given, what="the token", provider=self.name,
                hint=f"{problems.WHERE_TO_GET_A_TOKEN}; pass it as token= or set CODILITY_TOKEN",
            )  # fmt: skip
            credential = StaticCredential(secret, header="Bearer {}")
        url = base_url or os.environ.get("CODILITY_BASE_URL") or _BASE_URL
        host = Host(base_url=url, credential=credential, limit=_LIMIT)
        connection = Connection.open(self.name, {"api": host}, problems.refuse, settings)
        super().__init__(connection, **settings)

    # --- sessions ---

    async def create_session(
        self, *, title: str | None = None, language: str | None = None, candidate: Candidate | None = None,
        template_id: str | None = None, notes: str | None = None, private: bool | None = None,
        reference: str | None = None, options: VendorOptions | None = None,
    ) -> Session:  # fmt: skip
        """Create a CodeLive whiteboard called `title`; interviewers join with the session's `access_code`."""
        self.check_arguments(
            "create_session", title=title, language=language, candidate=candidate, template_id=template_id,
            notes=notes, private=private, reference=reference,
        )  # fmt: skip
        chosen: CodilityOptions = self.take_options(options, operation="create_session")
        why = "a whiteboard has a name only"
        asked = {
            "language": (language, why), "template_id": (template_id, why), "notes": (notes, why),
            "private": (private, why), "reference": (None if self.once else reference, why),
        }  # fmt: skip
        warnings = self.drop("create_session", asked) + self.note({"candidate": (candidate, why)})
        call = calls.create_whiteboard(title, extra=chosen.extra)

        async def create(_operation: object = None) -> Session:
            made = await self.send(call)
            with self._reading("create_session", made, outcome=Outcome.APPLIED):
                whiteboard = translate.whiteboard(made, self.account, title=title, warnings=warnings)
                return whiteboard if self.once is None else attrs.evolve(whiteboard, reference=reference)

        if self.once is None:
            return await create()
        given = {"title": title, "options": chosen.extra}
        return await self._writes(self.once).create_whiteboard(
            create, reference=reference, given=given, candidate=candidate, warnings=warnings
        )

    def list_sessions(
        self, *, kind: SessionKind | None = None, assessment_id: str | None = None,
        updated_since: datetime | None = None,
    ) -> Pager[Session]:  # fmt: skip
        """List all sessions or one test's, without results."""
        self.check_arguments("list_sessions", kind=kind, assessment_id=assessment_id, updated_since=updated_since)
        if updated_since is not None:
            self.refuse(Feature.UPDATED_SINCE)
        rows_of = calls.list_sessions if assessment_id is None else partial(calls.list_test_sessions, assessment_id)
        rows_of()  # an id that cannot be one is refused here, not at the first row

        async def fetch(cursor: str | None) -> Page[Session]:
            page = (await self.send(rows_of(cursor))).map(lambda row: translate.summary(row, self.account))
            return located(page, operation="list_sessions", account=self.account)

        if kind is None:
            return Pager(fetch, provider=self.name, operation="list_sessions")
        pager = OfKind(fetch, provider=self.name, operation="list_sessions")
        pager.kind = kind
        return pager

    async def get_session(self, ref: Ref) -> Session:
        """Read one session with its score."""
        detail, requested = await self._detail("get_session", ref)
        with self._reading("get_session", detail):
            return translate.session(detail, self.account, requested=requested)

    async def fetch_report(self, ref: Ref) -> Report:
        """Read a session's results by task, its similarity check, candidate data, and what can be downloaded."""
        detail, requested = await self._detail("fetch_report", ref)
        with self._reading("fetch_report", detail):
            return translate.report(detail, self.account, requested=requested, fetched_at=datetime.now(UTC))

    async def end_session(self, ref: Ref) -> None:
        """Cancel a session. Raises `ConflictError` when it is being evaluated or closed."""
        await self.send(calls.cancel_session(self.resolve(ref, operation="end_session").id))

    def harvest_plan(self) -> HarvestPlan:
        """How a harvest reads the account."""
        from interviewkit.providers.codility import harvest

        return harvest.plan(self)

    async def report_link(self, ref: Ref, *, kind: ArtifactKind = ArtifactKind.REPORT) -> TemporaryLink:
        """Make a link to the report, or to the similarity report, that opens without a login until it expires."""
        make = {ArtifactKind.REPORT: calls.embed_report, ArtifactKind.SIMILARITY: calls.embed_similarity}.get(kind)
        if make is None:
            self.refuse(Feature.REPORT_LINK, f"no link to {kind}; there are links to report and similarity")
        made = await self.send(make(self.resolve(ref, operation="report_link").id))
        with self._reading("report_link", made, outcome=Outcome.APPLIED):
            return translate.link(made)

    async def download(self, artifact: Artifact, target: str | os.PathLike[str] | BinaryIO) -> int:
        """Fetch the PDF report into a file; returns its size in bytes."""
        self.check_arguments("download", required=("artifact", "target"), artifact=artifact, target=target)
        if artifact.kind is not ArtifactKind.PDF:
            self.refuse(Feature.DOWNLOAD, f"{artifact.kind} is a page behind a login: open it, or use report_link()")
        known = self.resolve(artifact.ref, operation="download")
        content = await self.send(calls.get_session_pdf(known.id))
        return await save(whole(content), target)

    # --- tests and invitations ---

    def list_assessments(self, *, include_archived: bool = False) -> Pager[Assessment]:
        """List tests."""
        archived = None if include_archived else False

        async def fetch(cursor: str | None) -> Page[Assessment]:
            page = await self.send(calls.list_tests(is_archived=archived, page=cursor))
            rows = page.map(lambda row: translate.assessment(row, self.account))
            return located(rows, operation="list_assessments", account=self.account)

        return Pager(fetch, provider=self.name, operation="list_assessments")

    async def invite_candidate(
        self, assessment_id: str | None, candidate: Candidate, *, reference: str | None = None,
        email: InvitationEmail | bool = False, callback_url: str | None = None, report_emails: Sequence[str] = (),
        redirect_url: str | None = None, options: VendorOptions | None = None,
    ) -> Invitation:  # fmt: skip
        """Invite one candidate to a test, and mail them if told so; the invitation stands when the mail fails."""
        self.check_arguments("invite_candidate", required=("candidate",), candidate=candidate, reference=reference)
        plan = self._plan("invite_candidate", assessment_id, email, callback_url, report_emails, redirect_url, options)
        request = InviteRequest(candidate=candidate, reference=reference)
        if self.once is not None:
            return await self._writes(self.once).one(plan, request)
        return await invitations.one(self.send, plan, request, self.account)

    def invite_candidates(
        self, assessment_id: str | None, requests: Iterable[InviteRequest | Candidate], *,
        email: InvitationEmail | bool = False, callback_url: str | None = None, report_emails: Sequence[str] = (),
        redirect_url: str | None = None, options: VendorOptions | None = None,
    ) -> AsyncIterator[InviteOutcome]:  # fmt: skip
        """Invite many candidates, up to 100 in one request; one outcome a candidate, mails four at a time.

        What all of them share is checked before anything is sent. A reference that was used before in this batch is
        that candidate's error.
        """
        plan = self._plan("invite_candidates", assessment_id, email, callback_url, report_emails, redirect_url, options)
        rows = self.take_requests(requests)
        if self.once is not None:
            return self._writes(self.once).run(plan, rows)
        return invitations.run(self.send, plan, rows, self.account)

    def _plan(
        self, operation: str, assessment_id: str | None, email: InvitationEmail | bool, callback_url: str | None,
        report_emails: Sequence[str], redirect_url: str | None, options: VendorOptions | None,
    ) -> invitations.Plan:  # fmt: skip
        self.check_arguments(
            operation, assessment_id=assessment_id, email=email, callback_url=callback_url,
            report_emails=report_emails, redirect_url=redirect_url,
        )  # fmt: skip
        chosen: CodilityOptions = self.take_options(options, operation=operation)
        return invitations.plan(
            assessment_id, email=email, callback_url=callback_url, event_callbacks=chosen.event_callbacks,
            report_emails=report_emails, redirect_url=redirect_url, additional_data=chosen.additional_data,
            extra=chosen.extra,
        )  # fmt: skip

    @classmethod
    def parse_event(
        cls, headers: Headers, body: bytes, *, secrets: Sequence[bytes] = (), account: str | None = None
    ) -> WebhookEvent:
        """Read a delivery of the vendor's webhook: see `interviewkit.webhooks.parse`, which calls this."""
        from interviewkit.providers.codility import events

        return events.parse(headers, body, secrets=secrets, account=account)

    # --- the account ---

    async def check(self) -> AccountStatus:
        """Ask how many credits are left."""
        return translate.account_status(await self.send(calls.get_credit_level()))

    # --- within ---

    def look_for(self, name: str) -> Look | None:
        """Invitations by the candidate's id in the test's sessions."""
        return None if self.once is None else self._writes(self.once).look_for(name)

    def _writes(self, once: Once) -> Writes:
        from interviewkit.providers.codility.writes import Writes

        return Writes(self, once)

    def resolve(self, ref: Ref, *, kind: SessionKind | None = None, operation: str | None = None) -> SessionRef:
        """The reference that `ref` names; an id that begins with `CL-`, and no other, is a CodeLive session's."""
        if isinstance(ref, str) and ref and ":" not in ref:
            ref = translate.reference(ref)
        known = super().resolve(ref, kind=kind, operation=operation)
        if translate.reference(known.id).kind is not known.kind:
            raise InvalidArgumentError(
                f"this id is none of a session of the kind {known.kind}", provider=self.name, operation=operation,
                account=self.account, hint="write codility:live:ID for an id that begins with CL-, "
                "codility:take_home:ID for any other",
            )  # fmt: skip
        return known

    async def _detail(self, operation: str, ref: Ref) -> tuple[SessionDetail, str]:
        requested = self.resolve(ref, operation=operation).id
        return await self.send(calls.get_session(requested)), requested

    @contextlib.contextmanager
    def _reading(self, operation: str, answer: Any, *, outcome: Outcome | None = None) -> Iterator[None]:
        """Complete the error of an answer that cannot be translated."""
        try:
            yield
        except MalformedResponseError as error:
            error.raw = answer.raw
            error.outcome = error.outcome or outcome
            raise error.locate(provider=self.name, operation=operation, account=self.account) from None
