"""Codility's documented endpoints: one function each, which returns a `Call` for `provider.send`.

All are described on https://codility.com/api-documentation/ (read 2026-11). Every call may raise
`InvalidArgumentError` here, before anything is sent, and the errors of `Runner.send` when it is sent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Generic, TypeVar
from urllib.parse import parse_qsl, urlsplit

import attrs
import msgspec

from interviewkit.errors import InvalidArgumentError, MalformedResponseError
from interviewkit.http.decode import One, Rows, read_json, read_rows
from interviewkit.http.wire import Call, Json, Page, Path, Request, Response, fields, path
from interviewkit.providers.codility import problems
from interviewkit.providers.codility.shapes import (
    CreditLevel,
    EmailTemplate,
    EmbedLink,
    EventCallback,
    InviteCandidate,
    InvitedCandidate,
    Result,
    SessionDetail,
    SessionSummary,
    Test,
    UserLogin,
    Whiteboard,
)

T = TypeVar("T")

PRIVATE_TEST_LINK = "[PRIVATE_TEST_LINK]"
"""The placeholder that a mail's content must hold: without it the candidate gets no link."""

EVENTS = ("result", "similarity")
"""What the vendor calls back about."""

_PDF = "application/pdf, */*;q=0.1"
"""The PDF, or whatever else the vendor answers with an error."""


# --- readers ---------------------------------------------------------------------------------------------------------


@attrs.frozen
class _Envelope:
    results: list[msgspec.Raw]
    count: int | None = None
    next: str | None = None


@attrs.frozen
class _Invited:
    candidates: list[msgspec.Raw]


@attrs.frozen
class Listing(Generic[T]):
    """Reads a page of `count`, `next` and `results`, row by row. The page's cursor is the query of `next`."""

    shape: type[T]

    def __call__(self, response: Response) -> Page[T]:
        found = read_json(response, _Envelope)
        items, rows_unread = read_rows(found.results, self.shape, at="$.results")
        return Page(items, rows_unread, _cursor(found.next), found.count)


def _cursor(next_url: str | None) -> str | None:
    """The query of the next page's address: its host and path are never used, so they get no credentials."""
    if not next_url:
        return None
    try:
        query = urlsplit(next_url).query
    except ValueError:
        query = ""
    if not parse_qsl(query):
        raise MalformedResponseError(
            "the answer is not what the vendor documents: no page in the address at $.next", paths=("$.next",)
        )
    return query


def invited(response: Response) -> Page[InvitedCandidate]:
    """Reads the answer to an invitation, candidate by candidate: one bad row does not lose the others' links."""
    found = read_json(response, _Invited)
    items, rows_unread = read_rows(found.candidates, InvitedCandidate, at="$.candidates")
    return Page(items, rows_unread, None, len(found.candidates))


def _get(
    operation: str, route: str, read: Any, *, subject: str | None = None, ids: Mapping[str, str | int] | None = None,
    query: tuple[tuple[str, str], ...] = (), accept: str = "application/json",
) -> Call[Any]:  # fmt: skip
    request = Request("GET", _route(operation, route, ids or {}), query, accept=accept)
    return Call("codility", operation, request, read, repeatable=True, subject=subject)


def _post(
    operation: str, route: str, read: Any, body: Mapping[str, Any] | None = None, *, subject: str | None = None,
    **ids: str | int,
) -> Call[Any]:  # fmt: skip
    request = Request("POST", _route(operation, route, ids), body=None if body is None else Json(dict(body)))
    return Call("codility", operation, request, read, subject=subject)


def _route(operation: str, route: str, ids: Mapping[str, str | int]) -> Path:
    try:
        return path(route, **ids)
    except InvalidArgumentError as error:
        raise error.locate(provider="codility", operation=operation) from None


def _paged(page: int | str | None, **filters: str | None) -> tuple[tuple[str, str], ...]:
    """Query fields of a page given by its number, or by the cursor of the page before."""
    own = fields(filters)
    if page is None:
        return own
    text = str(page)
    if isinstance(page, bool) or not isinstance(page, int | str):
        raise InvalidArgumentError("page is a number from 1, or a page's cursor", provider="codility")
    if text.isascii() and text.isdigit() and int(text) > 0:
        return (*own, ("page", text))
    found = parse_qsl(text, keep_blank_values=True) if "=" in text else []
    if not found:
        raise InvalidArgumentError("page is a number from 1, or a page's cursor", provider="codility")
    return (*own, *(pair for pair in found if pair[0] not in filters))


# --- account ---------------------------------------------------------------------------------------------------------


def get_credit_level() -> Call[CreditLevel]:
    """Read how many credits are left (`GET /api/account/credit-level/`).

    Source: https://codility.com/api-documentation/, "Credits".
    """
    return _get("get_credit_level", "/api/account/credit-level/", problems.Known(CreditLevel))


def list_user_logins(page: int | str | None = None) -> Call[Page[UserLogin]]:
    """List the account's users' logins, newest first (`GET /api/account/user-logins/`).

    `page` counts from 1, or is the cursor of the page before. Source: https://codility.com/api-documentation/, "User
    logins".
    """
    return _get("list_user_logins", "/api/account/user-logins/", Listing(UserLogin), query=_paged(page))


# --- e-mail templates ------------------------------------------------------------------------------------------------


def list_saved_email_templates() -> Call[Page[EmailTemplate]]:
    """List the account's saved e-mail templates, all on one page (`GET /api/email-templates/saved/`).

    Source: https://codility.com/api-documentation/, "Saved email templates".
    """
    return _get("list_saved_email_templates", "/api/email-templates/saved/", Rows(EmailTemplate))


def get_default_email_template() -> Call[EmailTemplate]:
    """Read the account's default e-mail template (`GET /api/email-templates/default/`).

    Source: https://codility.com/api-documentation/, "Default email template".
    """
    return _get("get_default_email_template", "/api/email-templates/default/", problems.Known(EmailTemplate))


def create_email_template(*, name: str, subject: str, content: str, reply_to: Sequence[str]) -> Call[str]:
    """Save a new e-mail template; the answer is the word `ok` (`POST /api/email-templates/create/`).

    `content` is HTML with the placeholders `[COMPANY_NAME]`, `[FIRST_NAME]`, `[LAST_NAME]` and `[PRIVATE_TEST_LINK]`.
    Source: https://codility.com/api-documentation/, "Create new email template".
    """
    body = {"name": name, "reply_to": _mailboxes("reply_to", reply_to), "subject": subject, "content": content}
    return _post("create_email_template", "/api/email-templates/create/", One(str), body)


# --- sessions --------------------------------------------------------------------------------------------------------


def list_sessions(page: int | str | None = None) -> Call[Page[SessionSummary]]:
    """List all sessions of the account (`GET /api/sessions/`).

    `page` counts from 1, or is the cursor of the page before. Source: https://codility.com/api-documentation/, "List
    all sessions".
    """
    return _get("list_sessions", "/api/sessions/", Listing(SessionSummary), query=_paged(page))


def get_session(session_id: str) -> Call[SessionDetail]:
    """Read one session with its evaluation (`GET /api/sessions/{session_id}/`).

    Raises `NotFoundError`. Source: https://codility.com/api-documentation/, "Browse candidate session data".
    """
    return _get(
        "get_session", "/api/sessions/{session_id}/", problems.Known(SessionDetail), subject="session id",
        ids={"session_id": session_id},
    )  # fmt: skip


def send_session_email(
    session_id: str,
    *,
    subject: str | None = None,
    content: str | None = None,
    reply_to: str | None = None,
    cc: Sequence[str] = (),
) -> Call[Result]:
    """Mail the candidate their private test link, or mail it again (`POST /api/sessions/{session_id}/email/`).

    What is left out is the account's default. Raises `InvalidArgumentError` for content without
    `[PRIVATE_TEST_LINK]`. Source: https://codility.com/api-documentation/, "E-mail candidates".
    """
    check_content(content)
    body = _given(subject=subject, content=content, reply_to=reply_to, cc=_mailboxes("cc", cc) or None)
    return _post(
        "send_session_email", "/api/sessions/{session_id}/email/", problems.done, body, subject="session id",
        session_id=session_id,
    )  # fmt: skip


def cancel_session(session_id: str) -> Call[Result]:
    """Cancel a session that is neither being evaluated nor closed (`POST /api/sessions/{session_id}/cancel/`).

    Raises `ConflictError` when it is. Source: https://codility.com/api-documentation/, "Cancel sessions".
    """
    return _post(
        "cancel_session", "/api/sessions/{session_id}/cancel/", problems.done, subject="session id",
        session_id=session_id,
    )  # fmt: skip


def embed_report(session_id: str) -> Call[EmbedLink]:
    """Make a link to the report that opens without a login for a while (`POST /api/sessions/{id}/embed_report/`).

    Source: https://codility.com/api-documentation/, "Embed candidate report".
    """
    return _post(
        "embed_report", "/api/sessions/{session_id}/embed_report/", One(EmbedLink), subject="session id",
        session_id=session_id,
    )  # fmt: skip


def get_session_pdf(session_id: str) -> Call[bytes]:
    """Fetch the report as a PDF, once the candidate has completed the test (`GET /api/sessions/{session_id}/pdf/`).

    Raises `MalformedResponseError` for an answer that is no PDF. Source: https://codility.com/api-documentation/, "Get
    the PDF report for a test" (which says test id where the session's is meant).
    """
    return _get(
        "get_session_pdf", "/api/sessions/{session_id}/pdf/", problems.pdf, subject="session id", accept=_PDF,
        ids={"session_id": session_id},
    )  # fmt: skip


def embed_similarity(session_id: str) -> Call[EmbedLink]:
    """Make a link to the similarity report that opens without a login (`POST /api/sessions/{id}/embed_similarity/`).

    Source: https://codility.com/api-documentation/, "Get similarity check results" (whose text names `embed_report`;
    its example is right).
    """
    return _post(
        "embed_similarity", "/api/sessions/{session_id}/embed_similarity/", One(EmbedLink),
        subject="session id", session_id=session_id,
    )  # fmt: skip


# --- tests -----------------------------------------------------------------------------------------------------------


def list_tests(*, is_archived: bool | None = None, page: int | str | None = None) -> Call[Page[Test]]:
    """List the account's tests: archived ones, active ones, or (`None`) both (`GET /api/tests/`).

    `page` counts from 1, or is the cursor of the page before. Source: https://codility.com/api-documentation/, "Browse
    tests".
    """
    if is_archived is not None and not isinstance(is_archived, bool):
        raise InvalidArgumentError("is_archived is True, False or None", provider="codility")
    archived = None if is_archived is None else str(is_archived)
    return _get("list_tests", "/api/tests/", Listing(Test), query=_paged(page, is_archived=archived))


def get_test(test_id: str | int) -> Call[Test]:
    """Read one test (`GET /api/tests/{test_id}/`).

    Raises `NotFoundError`. Source: https://codility.com/api-documentation/, "Test details".
    """
    return _get("get_test", "/api/tests/{test_id}/", problems.Known(Test), subject="test id", ids={"test_id": test_id})


def invite(
    test_id: str | int,
    candidates: Sequence[InviteCandidate],
    *,
    rpt_emails: Sequence[str] | None = None,
    event_callbacks: Sequence[EventCallback] = (),
    extra: Mapping[str, Any] | None = None,
) -> Call[Page[InvitedCandidate]]:
    """Invite candidates to a test; each gets a private link, and no mail (`POST /api/tests/{test_id}/invite/`).

    `rpt_emails` get the reports (left out: as the test is set up), `event_callbacks` the results; `extra` is merged
    last into the body. Source: https://codility.com/api-documentation/, "Add candidates".
    """
    if not candidates:
        raise InvalidArgumentError("an invitation needs at least one candidate", provider="codility")
    for callback in event_callbacks:
        if callback.event not in EVENTS:
            raise InvalidArgumentError(f"event_callbacks: event is one of {', '.join(EVENTS)}", provider="codility")
        check_url("event_callbacks", callback.url)
    body = {
        "candidates": [_candidate(one) for one in candidates],
        **_given(
            rpt_emails=None if rpt_emails is None else _mailboxes("rpt_emails", rpt_emails),
            event_callbacks=[{"event": one.event, "url": one.url} for one in event_callbacks] or None,
        ),
        **(extra or {}),
    }
    return _post("invite", "/api/tests/{test_id}/invite/", invited, body, subject="test id", test_id=test_id)


def list_test_sessions(test_id: str | int, page: int | str | None = None) -> Call[Page[SessionSummary]]:
    """List one test's sessions (`GET /api/tests/{test_id}/sessions/`).

    `page` counts from 1, or is the cursor of the page before. Source: https://codility.com/api-documentation/, "List
    test sessions".
    """
    return _get(
        "list_test_sessions", "/api/tests/{test_id}/sessions/", Listing(SessionSummary), subject="test id",
        ids={"test_id": test_id}, query=_paged(page),
    )  # fmt: skip


# --- CodeLive --------------------------------------------------------------------------------------------------------


def create_whiteboard(room_name: str | None = None, *, extra: Mapping[str, Any] | None = None) -> Call[Whiteboard]:
    """Create a CodeLive whiteboard session (`POST /api/codelive/create_whiteboard/`).

    `room_name` is shown in the vendor's interface; `extra` is merged last into the body. Source:
    https://codility.com/api-documentation/, "Create Whiteboard".
    """
    body = {**_given(room_name=room_name), **(extra or {})}
    return _post("create_whiteboard", "/api/codelive/create_whiteboard/", One(Whiteboard), body)


# --- local checks ----------------------------------------------------------------------------------------------------


def check_content(content: str | None) -> None:
    """Raise `InvalidArgumentError` for a mail's content that holds no `[PRIVATE_TEST_LINK]`."""
    if content is not None and PRIVATE_TEST_LINK not in content:
        raise InvalidArgumentError(f"the mail's content must hold {PRIVATE_TEST_LINK}", provider="codility")


def check_url(name: str, value: str | None) -> None:
    """Raise `InvalidArgumentError` for what is not an absolute http address."""
    if value is not None and not (isinstance(value, str) and value.startswith(("https://", "http://"))):
        raise InvalidArgumentError(f"{name} is an address that begins with https://", provider="codility")


def _mailboxes(name: str, values: Sequence[str]) -> list[str]:
    if isinstance(values, str) or not all(isinstance(value, str) and value for value in values):
        raise InvalidArgumentError(f"{name} is a list of mailboxes", provider="codility")
    return list(values)


def check_candidate(one: InviteCandidate) -> None:
    """Raise `InvalidArgumentError` for a candidate without an id, or with a redirect that is no address."""
    if isinstance(one.id, bool) or not isinstance(one.id, str | int) or not str(one.id).strip():
        raise InvalidArgumentError("a candidate's id is a text that is not empty", provider="codility")
    check_url("redirect_url", one.redirect_url)


def _candidate(one: InviteCandidate) -> dict[str, Any]:
    check_candidate(one)
    names = ("id", "first_name", "last_name", "email", "redirect_url", "additional_data")
    return _given(**{name: getattr(one, name) for name in names})


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
