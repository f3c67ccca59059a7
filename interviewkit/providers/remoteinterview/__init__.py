"""RemoteInterview (tests that candidates take alone) and CodeInterview (live pads): one company, one key, two hosts.

Vendor pages (read 2026-11): https://www.remoteinterview.io/api for tests and candidates on `api.remoteinterview.io`;
https://codeinterview.io/api for live pads on `api.codeinterview.io`. Set `pads_base_url` to the former host where an
old account's pads still live there. Neither page documents rate limits, error texts, paging or how bodies are encoded.

Quirks, as of 2026-11:

- The key travels in the query (`?key=`); it stands in no log, repr or error of this package.
- A candidate's id decodes to the candidate's e-mail: it is personal data, and needs the test's id beside it. References
  read `remoteinterview:take_home:TEST/CANDIDATE` and `remoteinterview:live:PAD`.
- Inviting a mailbox a second time makes a second link; the vendor never mails it. The link is plain http.
- `accepted` is a recruiter's verdict after completion. `accepted` and `completed` are the only words published; any
  other is `UNKNOWN`. A pad's status follows from `ended_at` (see `translate.pad_session`).
- Scores are given, never recomputed: the vendor's own sample leaves a project task out of the total.
- A write's 200 counts only with `"message": "success"` (`"msg"` when a pad is ended).

A report is final (`is_final`) once the candidate's test is completed, or the pad has ended.
"""

import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar, Unpack

import attrs

from interviewkit.capabilities import Capabilities, Feature, emulated, native, unsupported
from interviewkit.errors import InvalidArgumentError
from interviewkit.http.connection import Connection, Host, Settings, is_loopback
from interviewkit.http.credentials import StaticCredential, clean_secret
from interviewkit.http.download import KnownHosts, open_file, save
from interviewkit.http.wire import Page
from interviewkit.model import (
    AccountStatus,
    Artifact,
    Assessment,
    Candidate,
    Invitation,
    InvitationEmail,
    Ref,
    Report,
    Session,
    SessionKind,
)
from interviewkit.pager import Pager
from interviewkit.provider import BaseProvider, VendorOptions
from interviewkit.providers.remoteinterview import calls, problems, translate
from interviewkit.providers.remoteinterview.calls import (
    create_candidate,
    create_pad,
    end_pad,
    get_candidate,
    get_pad,
    get_report,
    list_candidates,
    list_pads,
    list_tests,
)
from interviewkit.providers.remoteinterview.listing import AllSessions, one_test
from interviewkit.providers.remoteinterview.shapes import (
    CandidateReport,
    CandidateScore,
    Confirmation,
    CreatedCandidate,
    CreatedPad,
    Pad,
    ReportTask,
    Submission,
    TaskCode,
    TaskTestCase,
    Test,
    TestCandidate,
)

if TYPE_CHECKING:
    from interviewkit.deliveries import Headers
    from interviewkit.ledger.looking import Look
    from interviewkit.ledger.once import Once
    from interviewkit.model import WebhookEvent
    from interviewkit.plan import HarvestPlan
    from interviewkit.providers.remoteinterview.writes import Writes

__all__ = [
    "CandidateReport",
    "CandidateScore",
    "Confirmation",
    "CreatedCandidate",
    "CreatedPad",
    "Pad",
    "RemoteInterview",
    "RemoteInterviewOptions",
    "ReportTask",
    "Submission",
    "TaskCode",
    "TaskTestCase",
    "Test",
    "TestCandidate",
    "create_candidate",
    "create_pad",
    "end_pad",
    "get_candidate",
    "get_pad",
    "get_report",
    "list_candidates",
    "list_pads",
    "list_tests",
]

T = TypeVar("T")

_FILE_HOSTS = (".remoteinterview.io", ".codeinterview.io")
_NO_FIELD = "the vendor has no field for it"
_E_MAIL_ONLY = "the vendor takes a candidate's e-mail only"

_CAPABILITIES = Capabilities({
    Feature.CREATE_SESSION: native("a live pad; only its name can be told"),
    Feature.LIST_SESSIONS: native(
        "candidates test by test, then live pads; lists come whole, one request a test and one for the pads"
    ),
    Feature.GET_SESSION: native("a candidate comes without score: fetch the report for it"),
    Feature.FETCH_REPORT: native("a candidate's tasks, code and score; a live pad's last code and notes"),
    Feature.INVITE_CANDIDATE: native("each call makes a new link, also for a mailbox that was invited before"),
    Feature.BATCH_INVITE: emulated("one request a candidate, four at a time"),
    Feature.EMAIL_CANDIDATE: unsupported("the API never mails an invitation: send the invitation's url yourself"),
    Feature.LIST_ASSESSMENTS: native("the tests that the key's owner recruits for; archived ones are not told apart"),
    Feature.END_SESSION: native("live pads; a test's candidate can neither be cancelled nor deleted"),
    Feature.REPORT_LINK: unsupported("the API makes no link to a report: fetch it, or open it in the dashboard"),
    Feature.DOWNLOAD: native("files handed in for project tasks, from the vendor's own hosts"),
    Feature.CHECK: native("lists the tests: says whether the tests' key is good, nothing of a quota or the pads' key"),
    Feature.UPDATED_SINCE: unsupported("the API tells no time of change and filters nothing: list all, and compare"),
    Feature.REFERENCE: unsupported("the API stores no reference: keep the session's own beside yours"),
    Feature.CALLBACK: unsupported(
        "the API takes no callback with an invitation: set a webhook for the whole account, in the vendor's Settings "
        "under Outgoing Webhooks"
    ),
    Feature.WEBHOOKS: native("the account's test.report; it is unsigned and names no test: fetch the report back"),
})  # fmt: skip


@attrs.frozen(kw_only=True)
class RemoteInterviewOptions(VendorOptions):
    """RemoteInterview's own options: its endpoints document no field that the protocol lacks, so `extra` only."""


class RemoteInterview(BaseProvider):
    """RemoteInterview's tests and CodeInterview's live pads with one API key, or one for each.

    Keys and base URLs that are not given come from `REMOTEINTERVIEW_API_KEY`, `REMOTEINTERVIEW_PADS_API_KEY` (where the
    former is used too), `REMOTEINTERVIEW_BASE_URL` and `REMOTEINTERVIEW_PADS_BASE_URL`. `form_bodies=True` sends writes
    form-encoded, should the vendor not take JSON (undocumented). Raises `ConfigurationError`.
    """

    name = "remoteinterview"
    capabilities = _CAPABILITIES
    options_type = RemoteInterviewOptions
    ref_forms = {  # noqa: RUF012 - nobody changes it
        SessionKind.TAKE_HOME: "TEST_ID/CANDIDATE_ID", SessionKind.LIVE: "PAD_ID",
    }  # fmt: skip
    not_told = {  # noqa: RUF012
        "reference": _CAPABILITIES[Feature.REFERENCE].note,
        "email": _CAPABILITIES[Feature.EMAIL_CANDIDATE].note,
        "callback_url": _CAPABILITIES[Feature.CALLBACK].note,
        "report_emails": _NO_FIELD,
        "redirect_url": _NO_FIELD,
    }

    def __init__(
        self,
        api_key: str | None = None,
        *,
        pads_api_key: str | None = None,
        base_url: str | None = None,
        pads_base_url: str | None = None,
        form_bodies: bool = False,
        **settings: Unpack[Settings],
    ) -> None:
        if pads_api_key is None and api_key is None:  # never another account's key beside one that was given
            pads_api_key = os.environ.get("REMOTEINTERVIEW_PADS_API_KEY")
        key = api_key if api_key is not None else os.environ.get("REMOTEINTERVIEW_API_KEY")
        pads_key = key if pads_api_key is None else pads_api_key
        api_url = base_url or os.environ.get("REMOTEINTERVIEW_BASE_URL") or "https://api.remoteinterview.io"
        pads_url = pads_base_url or os.environ.get("REMOTEINTERVIEW_PADS_BASE_URL") or "https://api.codeinterview.io"
        hosts = {
            calls.API: Host(base_url=api_url, credential=_credential("api_key", key, problems.KEY_HINT)),
            calls.PADS: Host(
                base_url=pads_url, credential=_credential("pads_api_key", pads_key, problems.PADS_KEY_HINT)
            ),
        }
        connection = Connection.open(self.name, hosts, problems.refuse, settings)
        super().__init__(connection, **settings)
        self._form = form_bodies

    # --- sessions ---

    async def create_session(
        self, *, title: str | None = None, language: str | None = None, candidate: Candidate | None = None,
        template_id: str | None = None, notes: str | None = None, private: bool | None = None,
        reference: str | None = None, options: VendorOptions | None = None,
    ) -> Session:  # fmt: skip
        """Create a live pad. Raises `VendorError`; source: https://codeinterview.io/api, POST /1/pads/new."""
        self.check_arguments(
            "create_session", title=title, language=language, candidate=candidate, template_id=template_id,
            notes=notes, private=private, reference=reference,
        )  # fmt: skip
        extra = self.take_options(options, operation="create_session").extra
        dropped = self.drop("create_session", {
            "language": (language, _NO_FIELD),
            "template_id": (template_id, _NO_FIELD),
            "notes": (notes, _NO_FIELD),
            "private": (private, _NO_FIELD),
            "reference": (None if self.once else reference, self.capabilities[Feature.REFERENCE].note),
        })  # fmt: skip
        noted = self.note({"candidate": (candidate, "a pad names no candidate: put the name into the title")})
        call = create_pad(title, form=self._form, extra=extra)
        warnings = (*dropped, *noted)

        kept = None if self.once is None else reference

        async def create(_operation: object = None) -> Session:
            made = await self.send(call)
            return translate.created_session(made, title=title, account=self.account, warnings=warnings, reference=kept)

        if self.once is None:
            return await create()
        return await self._writes(self.once).create(
            create, title=title, candidate=candidate, reference=reference, extra=extra, warnings=warnings
        )

    def list_sessions(
        self,
        *,
        kind: SessionKind | None = None,
        assessment_id: str | None = None,
        updated_since: datetime | None = None,
    ) -> Pager[Session]:
        """List candidates over all tests, then live pads; `kind` and `assessment_id` (a test's id) narrow it.

        When one host fails, the other's sessions still come, and then the error that names the host. A test that is
        gone although it was listed is among the pager's `problems`. Sources: https://www.remoteinterview.io/api,
        GET /1/tests and /1/tests/:id/candidates; https://codeinterview.io/api, GET /1/pads.
        """
        self.check_arguments("list_sessions", kind=kind, assessment_id=assessment_id, updated_since=updated_since)
        if updated_since is not None:
            self.refuse(Feature.UPDATED_SINCE)
        if assessment_id is None:
            fetch = AllSessions(self.send, kind=kind, account=self.account, hosts=self._hosts())
            return Pager(fetch, provider=self.name, operation="list_sessions")
        if kind == SessionKind.LIVE:
            raise self._invalid("list_sessions", "live pads belong to no test: leave assessment_id out")
        list_candidates(assessment_id)  # an id that cannot be one is refused now, not when the list is read
        return self._whole("list_sessions", lambda: one_test(self.send, assessment_id, account=self.account))

    async def get_session(self, ref: Ref) -> Session:
        """Read one candidate of a test (without score), or one live pad. Raises `NotFoundError`."""
        known = self.resolve(ref, operation="get_session")
        if known.parent is None:
            return translate.pad_session(await self.send(get_pad(known.id)), account=self.account)
        found = await self.send(get_candidate(known.parent, known.id))
        return translate.candidate_session(found, known, account=self.account)

    async def fetch_report(self, ref: Ref) -> Report:
        """Read a candidate's report, or a live pad's last code and notes. Raises `NotFoundError`."""
        known = self.resolve(ref, operation="fetch_report")
        if known.parent is None:
            pad = await self.send(get_pad(known.id))
            return translate.pad_report(pad, account=self.account, fetched_at=datetime.now(UTC))
        found = await self.send(get_report(known.parent, known.id))
        return translate.candidate_report(found, known, account=self.account, fetched_at=datetime.now(UTC))

    def look_for(self, name: str) -> "Look | None":
        """Invitations by e-mail and pads by name, among the ids that were not there before."""
        return None if self.once is None else self._writes(self.once).look_for(name)

    def harvest_plan(self) -> "HarvestPlan":
        """How a harvest reads the account."""
        from interviewkit.providers.remoteinterview import harvest

        return harvest.plan(self, hosts=self._hosts())

    async def end_session(self, ref: Ref) -> None:
        """End a live pad: the candidate is locked out. Raises `UnsupportedError` for a candidate of a test."""
        known = self.resolve(ref, operation="end_session")
        if known.kind is not SessionKind.LIVE:
            self.refuse(Feature.END_SESSION, "a test's candidate can neither be cancelled nor deleted")
        await self.send(end_pad(known.id))

    async def download(self, artifact: Artifact, target: str | os.PathLike[str] | BinaryIO) -> int:
        """Fetch a file that was handed in, without the key, from the vendor's own hosts; returns its size in bytes."""
        self.check_arguments("download", required=("artifact", "target"), artifact=artifact, target=target)
        self.resolve(artifact.ref, operation="download")
        if artifact.url is None:
            raise self._invalid("download", "the artifact has no url")
        loopback = any(is_loopback(host.rpartition(":")[0] or host) for host in self._hosts().values())
        hosts = KnownHosts(https=_FILE_HOSTS, http=_FILE_HOSTS, loopback=loopback)
        async with open_file(self._open_connection(), artifact.url, hosts, operation="download") as pieces:
            return await save(pieces, target)

    # --- tests and candidates ---

    async def invite_candidate(
        self, assessment_id: str | None, candidate: Candidate, *, reference: str | None = None,
        email: InvitationEmail | bool = False, callback_url: str | None = None, report_emails: Sequence[str] = (),
        redirect_url: str | None = None, options: VendorOptions | None = None,
    ) -> Invitation:  # fmt: skip
        """Invite a candidate to a test: a new link each time, never mailed by the vendor.

        Raises `NotFoundError` for an unknown test. Source: https://www.remoteinterview.io/api,
        POST /1/tests/:id/candidates.
        """
        told: dict[str, Any] = {
            "reference": reference, "email": email, "callback_url": callback_url, "report_emails": report_emails,
            "redirect_url": redirect_url,
        }  # fmt: skip
        self.check_arguments(
            "invite_candidate", required=("assessment_id", "candidate"), assessment_id=assessment_id,
            candidate=candidate, **told,
        )  # fmt: skip
        extra = self.take_options(options, operation="invite_candidate").extra
        if assessment_id is None or candidate.email is None:
            raise self._invalid("invite_candidate", "a Candidate with an email is required")
        call = create_candidate(assessment_id, candidate.email, form=self._form, extra=extra)
        dropped = self.drop_untold("invite_candidate", told)
        noted = self.note({
            "candidate.name": (candidate.display_name, _E_MAIL_ONLY),
            "candidate.phone": (candidate.phone, _E_MAIL_ONLY),
            "candidate.attributes": (dict(candidate.attributes), _E_MAIL_ONLY),
        })  # fmt: skip
        warnings = (*dropped, *noted)

        kept = None if self.once is None else reference

        async def invite(_operation: object = None) -> Invitation:
            made = await self.send(call)
            return translate.invitation(
                made, assessment_id, candidate, account=self.account, warnings=warnings, reference=kept
            )

        if self.once is None:
            return await invite()
        return await self._writes(self.once).invite(
            invite, assessment_id, candidate, told=told, reference=reference, extra=extra, warnings=warnings
        )

    def list_assessments(self, *, include_archived: bool = False) -> Pager[Assessment]:
        """List all tests, whether archived or not. Source: https://www.remoteinterview.io/api, GET /1/tests."""

        async def fetch() -> Page[Assessment]:
            tests = await self.send(list_tests())
            return tests.map(lambda test: translate.assessment(test, account=self.account))

        return self._whole("list_assessments", fetch)

    async def check(self) -> AccountStatus:
        """List the tests, to see whether the tests' key is good. Raises `AuthenticationError`."""
        tests = await self.send(list_tests())
        return translate.account_status(tests.items, len(tests.problems))

    @classmethod
    def parse_event(
        cls, headers: "Headers", body: bytes, *, secrets: Sequence[bytes] = (), account: str | None = None
    ) -> "WebhookEvent":
        """Read a delivery of the vendor's webhook: see `interviewkit.webhooks.parse`, which calls this."""
        from interviewkit.providers.remoteinterview import events

        return events.parse(headers, body, secrets=secrets, account=account)

    # --- for this class ---

    def _open_connection(self) -> Connection:
        assert self._connection is not None  # noqa: S101 - the constructor gives one
        return self._connection

    def _writes(self, once: "Once") -> "Writes":
        from interviewkit.providers.remoteinterview.writes import Writes

        return Writes(self.send, once)

    def _hosts(self) -> Mapping[str, str]:
        return {name: end.host for name, end in self._open_connection().runner.endpoints.items()}

    def _invalid(self, operation: str, text: str) -> InvalidArgumentError:
        return InvalidArgumentError(text, provider=self.name, operation=operation)

    def _whole(self, operation: str, fetch: Callable[[], Awaitable[Page[T]]]) -> Pager[T]:
        """A list that comes on one page."""

        async def page(cursor: str | None) -> Page[T]:
            if cursor is not None:
                raise self._invalid(operation, "this list has one page: there is nothing to resume")
            return await fetch()

        return Pager(page, provider=self.name, operation=operation)


def _credential(what: str, key: str | None, hint: str) -> StaticCredential:
    return StaticCredential(clean_secret(key, what=what, provider="remoteinterview", hint=hint), query="key")
