"""CoderPad Interview: pads as sessions, questions as assessments.

Vendor pages, read 2026-11: https://coderpad.io/api, https://api.interview.coderpad.io (the vendor's collection, newer)
and https://coderpad.io/resources/docs/api-reference/pad-resource/get-pad (older). What no official page names is known
from https://github.com/adamtheturtle/coderpad-openapi and marked "seen live". CoderPad Screen is another product with
another key and is not covered.

Quirks, as of 2026-11:

- `Authorization: Token token="…"` stands in every page, `Bearer …` in the newer one beside it: `auth="bearer"`.
- 429 on creating a pad means that the plan's pads are used up; it is `QuotaExceededError` and never repeated.
- Answers to updates are `{"status": "OK"}` without the pad. Errors can come with HTTP 200 and `"status": "ERROR"`.
- `contents` of a pad is null in newer answers: the code lies in the pad's environments, one request each.
- `events` of a pad is a list of objects (2014), of texts (2015), or the URL of an endpoint (since 2023).
- `next_page` shows paths that do not exist, and a page number or a cursor: only its query is used.
- Lists are up to a minute behind, and filter nothing; signed drawing URLs live five minutes.
- A pad names no candidate: `participants` are names that people gave themselves.
- Edit histories lie at Firebase and are fetched without the key; see `history`.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, Unpack, cast

from interviewkit import model
from interviewkit.capabilities import Feature
from interviewkit.errors import ConfigurationError, InterviewKitError, NotFoundError, Outcome
from interviewkit.http.connection import Connection, Host, Settings
from interviewkit.http.credentials import StaticCredential, clean_secret
from interviewkit.http.wire import Call, Page
from interviewkit.model import (
    ArtifactKind,
    Assessment,
    Candidate,
    Invitation,
    InvitationEmail,
    Ref,
    Session,
    SessionKind,
)
from interviewkit.pager import Pager
from interviewkit.provider import BaseProvider, VendorOptions
from interviewkit.providers.coderpad import problems, translate
from interviewkit.providers.coderpad.calls import (
    check_cursor,
    create_pad,
    delete_pad,
    end_pad,
    get_pad,
    get_pad_environment,
    get_quota,
    list_organization_pads,
    list_pad_events,
    list_pads,
    update_pad,
)
from interviewkit.providers.coderpad.capabilities import (
    CAPABILITIES,
    NO_PLACE,
    NO_REFERENCE,
    NOT_TOLD,
)
from interviewkit.providers.coderpad.creating import NewPad, Pads
from interviewkit.providers.coderpad.listing import SESSION, SessionPager, Sweep, Wanted
from interviewkit.providers.coderpad.options import CoderPadOptions
from interviewkit.providers.coderpad.shapes import Ack, Event, Pad, Team

if TYPE_CHECKING:
    from interviewkit.ledger.looking import Look
    from interviewkit.plan import HarvestPlan
    from interviewkit.providers.coderpad.detail_shapes import Environment, EnvironmentFile, PadDetail, Quota
    from interviewkit.providers.coderpad.history import History, HistoryProblem, Revision
    from interviewkit.providers.coderpad.organization import (
        get_organization,
        get_organization_stats,
        get_user,
        list_organization_users,
    )
    from interviewkit.providers.coderpad.organization_shapes import (
        Organization,
        OrganizationStats,
        OrganizationUser,
        User,
        UserStats,
    )
    from interviewkit.providers.coderpad.question_shapes import (
        CandidateInstruction,
        CustomFile,
        Question,
        QuestionFile,
        QuestionTestCase,
        QuestionVariant,
    )
    from interviewkit.providers.coderpad.questions import (
        KEEP,
        create_question,
        create_question_variant,
        delete_question,
        delete_question_variant,
        get_question,
        get_question_variant,
        list_organization_questions,
        list_question_variants,
        list_questions,
        update_question,
        update_question_variant,
    )
__all__ = [
    "KEEP",
    "Ack",
    "CandidateInstruction",
    "CoderPad",
    "CoderPadOptions",
    "CustomFile",
    "Environment",
    "EnvironmentFile",
    "Event",
    "History",
    "HistoryProblem",
    "Organization",
    "OrganizationStats",
    "OrganizationUser",
    "Pad",
    "PadDetail",
    "Question",
    "QuestionFile",
    "QuestionTestCase",
    "QuestionVariant",
    "Quota",
    "Revision",
    "Team",
    "User",
    "UserStats",
    "create_pad",
    "create_question",
    "create_question_variant",
    "delete_pad",
    "delete_question",
    "delete_question_variant",
    "end_pad",
    "get_organization",
    "get_organization_stats",
    "get_pad",
    "get_pad_environment",
    "get_question",
    "get_question_variant",
    "get_quota",
    "get_user",
    "list_organization_pads",
    "list_organization_questions",
    "list_organization_users",
    "list_pad_events",
    "list_pads",
    "list_question_variants",
    "list_questions",
    "update_pad",
    "update_question",
    "update_question_variant",
]

_ON_DEMAND = ("detail_shapes", "history", "questions", "question_shapes", "organization", "organization_shapes")
"""Modules whose names are loaded when they are first used: a program that only reads pads does without them."""


def _load(name: str) -> Any:
    for module in _ON_DEMAND if name in __all__ else ():
        found = vars(importlib.import_module(f"{__name__}.{module}"))
        if name in found:
            return globals().setdefault(name, found[name])
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


if not TYPE_CHECKING:  # a type checker knows the names above, and should tell of others
    __getattr__ = _load


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


_SCHEMES = {"token": 'Token token="{}"', "bearer": "Bearer {}"}


class CoderPad(BaseProvider):
    """CoderPad Interview with one person's API key.

    `auth` is the header's scheme; `organization=True` lists the pads and questions of the whole organization. A key or
    base URL that is not given comes from `CODERPAD_API_KEY` and `CODERPAD_BASE_URL`. `marker` agrees to a short text in
    each new pad's title, which candidates see, or notes: with a ledger, a pad is found by it when the answer to its
    making stays away. Raises `ConfigurationError`.
    """

    name = "coderpad"
    capabilities = CAPABILITIES
    options_type = CoderPadOptions
    ref_kind = SessionKind.LIVE
    ref_forms = {SessionKind.LIVE: "PAD_ID"}  # noqa: RUF012 - nobody changes it
    not_told = NOT_TOLD
    commit_times = {"index_lag": 60.0}  # noqa: RUF012 - its lists are up to a minute behind

    def __init__(
        self, api_key: str | None = None, *, base_url: str | None = None, auth: Literal["token", "bearer"] = "token",
        organization: bool = False, marker: Literal["title", "notes"] | None = None, **settings: Unpack[Settings],
    ) -> None:  # fmt: skip
        if marker not in {None, "title", "notes"}:
            raise ConfigurationError("marker= is 'title', 'notes' or None", provider=self.name)
        if auth not in _SCHEMES or not isinstance(organization, bool):
            raise ConfigurationError("auth= is 'token' or 'bearer', organization= is True or False", provider=self.name)
        given = api_key if api_key is not None else os.environ.get("CODERPAD_API_KEY")
        key = clean_secret(given, what="the API key", provider=self.name, hint=problems.NO_KEY_HINT)
        url = base_url or os.environ.get("CODERPAD_BASE_URL") or "https://app.coderpad.io"
        host = Host(base_url=url, credential=StaticCredential(key, header=_SCHEMES[auth]))
        connection = Connection.open(self.name, {"api": host}, problems.refuse, settings)
        super().__init__(connection, **settings)
        self._organization = organization
        self._marker = marker

    # --- sessions ---

    async def create_session(
        self, *, title: str | None = None, language: str | None = None, candidate: Candidate | None = None,
        template_id: str | None = None, notes: str | None = None, private: bool | None = None,
        reference: str | None = None, options: VendorOptions | None = None,
    ) -> Session:  # fmt: skip
        """Create a pad; with `template_id` from that question, whose language it takes.

        Raises `QuotaExceededError` when the plan's pads are used up. Source: https://coderpad.io/api, POST /api/pads.
        """
        with self._named("create_session"):
            self.check_arguments(
                "create_session", title=title, language=language, candidate=candidate, template_id=template_id,
                notes=notes, private=private, reference=reference,
            )  # fmt: skip
            own: CoderPadOptions = self.take_options(options)
            dropped = self.drop("create_session", {"reference": (None if self.once else reference, NO_REFERENCE)})
            warnings = (*dropped, *self.note({"candidate": (candidate, NO_PLACE)}))
            fields = {
                "title": title, "language": language, "question_id": template_id, "notes": notes, "private": private,
                **own.fields(),
            }  # fmt: skip
            return await self._pads.create_session(NewPad(
                fields=fields, given=fields, candidate=candidate, reference=reference, warnings=warnings
            ))  # fmt: skip

    def list_sessions(
        self, *, kind: SessionKind | None = None, assessment_id: str | None = None,
        updated_since: datetime | None = None,
    ) -> Pager[Session]:  # fmt: skip
        """List pads, oldest first; with `updated_since` those changed last first, until 120 seconds before that time.

        `assessment_id` is a question that was put into the pad. Source: https://coderpad.io/api, GET /api/pads.
        """
        self.check_arguments("list_sessions", kind=kind, assessment_id=assessment_id, updated_since=updated_since)
        wanted = Wanted.of(kind=kind, assessment_id=assessment_id, updated_since=updated_since)
        pads = list_organization_pads if self._organization else list_pads
        sweep = Sweep(send=self.send, list_pads=pads, account=self.account, wanted=wanted)
        return SessionPager(sweep, provider=self.name, operation="list_sessions")

    async def get_session(self, ref: Ref) -> Session:
        """Read one pad, as it is now. Source: https://coderpad.io/api, GET /api/pads/:id."""
        with self._named("get_session"):
            pad = await self.send(get_pad(self.resolve(ref).id).reading(SESSION))
            return translate.session(pad, account=self.account)

    async def end_session(self, ref: Ref) -> None:
        """End the interview of a pad for good. Source: https://coderpad.io/api, PUT /api/pads/:id."""
        with self._named("end_session"):
            await self.send(end_pad(self.resolve(ref).id))

    # --- reports ---

    async def fetch_report(self, ref: Ref) -> model.Report:
        """Read the pad, its environments (four at a time) and its events.

        What is not to be had (an environment that answers 404 or 403) is a warning of the report. `is_final` is true
        for a pad that has ended or is deleted. Source: https://coderpad.io/api, GET /api/pads/:id and
        /api/pad_environments/:id.
        """
        from interviewkit.providers.coderpad import gather, reports

        fetched_at = datetime.now(UTC)
        with self._named("fetch_report"):
            pad = await self.send(get_pad(self.resolve(ref).id))
            found = await gather.parts(self.send, pad)
            return reports.report(
                pad, found.environments, found.events, account=self.account, fetched_at=fetched_at,
                warnings=found.warnings,
            )  # fmt: skip

    def harvest_plan(self) -> HarvestPlan:
        """How a harvest reads the account."""
        from interviewkit.providers.coderpad import harvest

        return harvest.plan(self, organization=self._organization)

    async def fetch_history(self, source: str | model.Artifact | model.SourceFile) -> History:
        """Fetch an edit history and replay it: a URL, a `HISTORY` artifact, or a file with a `history_url`.

        It lies at Firebase: fetched without the key, from known hosts only, 10 MiB at most. Raises
        `InvalidArgumentError` for another host, `NotFoundError`, `TransportError`, `MalformedResponseError`.
        """
        from interviewkit.providers.coderpad import files

        with self._named("fetch_history"):
            return await files.history(self._wire, source)

    async def download(self, artifact: model.Artifact, target: str | os.PathLike[str] | BinaryIO) -> int:
        """Fetch a drawing or an edit history into a file, without the key; returns its size in bytes.

        A drawing's URL that has expired is asked for anew. Raises `UnsupportedError` for other artifacts.
        """
        from interviewkit.providers.coderpad import files

        self.check_arguments("download", required=("artifact", "target"), artifact=artifact, target=target)
        with self._named("download"):
            pad_id = self.resolve(artifact.ref).id
            if artifact.kind not in files.LOADABLE:
                note = self.capabilities[Feature.DOWNLOAD].note
                self.refuse(Feature.DOWNLOAD, f"not for {artifact.kind.value}: {note}")
            url = artifact.url
            if artifact.kind is ArtifactKind.DRAWING and files.is_stale(artifact, datetime.now(UTC)):
                url = (await self.send(get_pad(pad_id))).drawing
            if url is None:
                raise NotFoundError(f"the pad has no {artifact.kind.value}")
            return await files.download(self._wire, url, target, drawing=artifact.kind is ArtifactKind.DRAWING)

    # --- candidates and assessments ---

    async def invite_candidate(
        self, assessment_id: str | None, candidate: Candidate, *, reference: str | None = None,
        email: InvitationEmail | bool = False, callback_url: str | None = None, report_emails: Sequence[str] = (),
        redirect_url: str | None = None, options: VendorOptions | None = None,
    ) -> Invitation:  # fmt: skip
        """Create a pad for a candidate, from the question `assessment_id` if one is given, and return its link.

        The pad is titled "Interview with" and the candidate's name, where there is one; nothing else of the candidate
        is sent. Raises what `create_session` raises.
        """
        with self._named("invite_candidate"):
            told: dict[str, Any] = {
                "reference": reference, "email": email, "callback_url": callback_url, "report_emails": report_emails,
                "redirect_url": redirect_url,
            }  # fmt: skip
            self.check_arguments(
                "invite_candidate", required=("candidate",), assessment_id=assessment_id, candidate=candidate, **told
            )
            own: CoderPadOptions = self.take_options(options)
            dropped = self.drop_untold("invite_candidate", told)
            return await self._pads.invite(
                candidate, assessment_id=assessment_id, options=own.fields(), told=told, reference=reference,
                dropped=dropped,
            )  # fmt: skip

    def list_assessments(self, *, include_archived: bool = False) -> Pager[Assessment]:
        """List questions, oldest first; CoderPad archives none. Source: https://coderpad.io/api, GET /api/questions."""
        from interviewkit.providers.coderpad import questions

        list_own: Callable[..., Call[Page[Question]]] = questions.list_questions
        list_page = questions.list_organization_questions if self._organization else list_own

        async def fetch(cursor: str | None) -> Page[Assessment]:
            check_cursor(cursor, "list_assessments")
            page = await self.send(list_page(sort="created_at,asc", cursor=cursor))
            return page.map(partial(translate.assessment, account=self.account))

        return Pager(fetch, provider=self.name, operation="list_assessments")

    async def check(self) -> model.AccountStatus:
        """Read the quota; a bad key is an `AuthenticationError`. Source: https://coderpad.io/api, GET /api/quota."""
        with self._named("check"):
            return translate.account_status(await self.send(get_quota()))

    def look_for(self, name: str) -> Look | None:
        """Pads by their marker, where one was agreed to."""
        return self._pads.look_for(name)

    @property
    def _pads(self) -> Pads:
        return Pads(
            send=self.send, account=self.account, once=self.once, marker=self._marker, sees_all=self._organization
        )

    @contextmanager
    def _named(self, operation: str, outcome: Outcome | None = None) -> Iterator[None]:
        """Errors from inside say where they happened and, where they come after a write, that it was done."""
        try:
            yield
        except InterviewKitError as error:
            error.outcome = outcome or error.outcome
            raise error.locate(provider=self.name, operation=operation, account=self.account) from None

    @property
    def _wire(self) -> Connection:
        return cast("Connection", self._connection)
