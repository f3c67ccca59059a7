"""The protocol on CoderPad over scripted answers: one exact request, one model, and what must never happen."""

from __future__ import annotations

import asyncio
import copy
import io
import logging
import pickle
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest

from interviewkit import (
    AccountStatus,
    Artifact,
    ArtifactKind,
    AuthenticationError,
    Candidate,
    ConfigurationError,
    Dropped,
    Feature,
    InterviewKitError,
    InvalidArgumentError,
    Invitation,
    InvitationEmail,
    InviteRequest,
    ListingUnstableError,
    MalformedResponseError,
    NotFoundError,
    Outcome,
    PermissionDeniedError,
    QuotaExceededError,
    RateLimitedError,
    Session,
    SessionKind,
    SessionRef,
    SessionStatus,
    SourceFile,
    Support,
    TransportError,
    UnsupportedError,
    VendorError,
    VendorOptions,
    VendorUnavailableError,
)
from interviewkit.providers import coderpad
from interviewkit.providers.coderpad import CoderPad, CoderPadOptions, files, get_pad, get_quota, list_pads
from interviewkit.testing.scripted import Scripted, Sent, answer

from .conftest import KEY

Make = Callable[..., tuple[CoderPad, Scripted]]
BASE = "https://app.coderpad.io"
FORM = "application/x-www-form-urlencoded"
NO_PLACE = "a pad names no candidate: people give their names themselves when they join"
REF = SessionRef(provider="coderpad", kind=SessionKind.LIVE, id="ABC1234")


def pad(**fields: Any) -> dict[str, Any]:
    return {"status": "OK", "id": "ABC1234", **fields}


def row(pad_id: str, minute: int = 0, **fields: Any) -> dict[str, Any]:
    return {"id": pad_id, "updated_at": f"2026-11-01T10:{minute:02}:00Z", **fields}


def listing(*rows: Any, next_page: str | None = None, total: int | None = None) -> Any:
    query = None if next_page is None else f"{BASE}/api/wrong?{next_page}"
    return answer({"status": "OK", "pads": list(rows), "next_page": query, "total": total})


def lines(script: Scripted) -> list[str]:
    return [f"{sent.method} {sent.url}" + (f" {sent.body.decode()}" if sent.body else "") for sent in script.sent]


# --- setting up ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("auth", "header"), [("token", f'Token token="{KEY}"'), ("bearer", f"Bearer {KEY}")]
)  # fmt: skip
async def test_the_key_goes_into_the_header_the_vendor_shows(scripted: Make, auth: str, header: str) -> None:
    provider, script = scripted(answer({"pads_used": 1}), auth=auth)
    await provider.check()
    assert script.sent[0].headers == {"Accept": "application/json", "Authorization": header}


async def test_key_and_base_url_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODERPAD_API_KEY", f' Token token="{KEY}" ')
    monkeypatch.setenv("CODERPAD_BASE_URL", "https://eu.app.coderpad.io/")
    script = Scripted([answer({"pads_used": 1})])
    await CoderPad(transport=script).check()
    assert script.sent[0].url == "https://eu.app.coderpad.io/api/quota"
    assert script.sent[0].headers["Authorization"] == f'Token token="{KEY}"'


@pytest.mark.parametrize(
    "settings",
    [
        {"api_key": None}, {"api_key": ""}, {"api_key": 'a"b'}, {"api_key": "a\r\nb"}, {"auth": "basic"},
        {"organization": "yes"}, {"ledger": object()}, {"base_url": "http://app.coderpad.io"},
        {"unsupported": "ignore"}, {"timeout": 0},
    ],
)  # fmt: skip
def test_a_wrong_set_up_is_told_at_once(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        CoderPad(**{"api_key": KEY, **settings})
    assert caught.value.provider == "coderpad"


def test_a_missing_key_says_where_to_get_one() -> None:
    with pytest.raises(ConfigurationError, match=r"https://app\.coderpad\.io/settings"):
        CoderPad()


def test_all_names_are_there_and_no_others() -> None:
    assert {name for name in coderpad.__all__ if not hasattr(coderpad, name)} == set()
    assert set(coderpad.__all__) <= set(dir(coderpad))
    with pytest.raises(AttributeError, match="no attribute 'Screen'"):
        _ = coderpad.Screen  # type: ignore[attr-defined]


def test_a_program_that_only_lists_pads_loads_no_reports_no_questions_and_no_histories() -> None:
    code = "import sys, interviewkit; interviewkit.CoderPad('k'); print(*(m for m in sys.modules if 'kit.' in m))"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert "coderpad.calls" in loaded
    assert not re.search(r"report|detail|question|organization|history", loaded)


# --- create_session --------------------------------------------------------------------------------------------------


async def test_create_session(scripted: Make, payload_bytes: Callable[[str], bytes]) -> None:
    provider, script = scripted(answer(payload_bytes("coderpad/interview_pad_create.json")))
    session = await provider.create_session(
        title="Staff Engineer", language="javascript", notes="Ask about queues", private=True,
        options=CoderPadOptions(execution_enabled=False, take_home_time_limit=60, extra={"notes": "Other", "seed": 7}),
    )  # fmt: skip
    assert lines(script) == [
        (
            "POST https://app.coderpad.io/api/pads title=Staff%20Engineer&language=javascript&notes=Other&private=true"
            "&execution_enabled=false&take_home_time_limit=60&seed=7"
        )
    ]
    assert script.sent[0].headers["Content-Type"] == FORM
    assert (session.ref, session.account, session.status, session.warnings) == (
        REF, "acme", SessionStatus.CREATED, (),
    )  # fmt: skip


async def test_create_session_from_a_question(scripted: Make) -> None:
    provider, script = scripted(answer(pad(question_ids=[42])))
    session = await provider.create_session(template_id="42")
    assert lines(script) == ["POST https://app.coderpad.io/api/pads question_id=42"]
    assert session.assessment_id == "42"


async def test_a_pad_has_no_place_for_a_candidate(scripted: Make) -> None:
    provider, script = scripted(answer(pad()))
    session = await provider.create_session(candidate=Candidate(name="Ada", email="ada@example.com"))
    assert lines(script) == ["POST https://app.coderpad.io/api/pads"]
    assert session.warnings == (Dropped(field="candidate", reason=NO_PLACE),)


async def test_a_reference_is_refused_or_dropped_with_a_warning(scripted: Make) -> None:
    provider, script = scripted()
    with pytest.raises(UnsupportedError, match="reference") as caught:
        await provider.create_session(reference="r-1")
    assert (script.sent, caught.value.outcome) == ([], Outcome.NOT_SENT)
    lenient, _ = scripted(answer(pad()), unsupported="warn")
    assert [one.field for one in (await lenient.create_session(reference="r-1")).warnings] == ["reference"]


@pytest.mark.parametrize(
    ("keywords", "text"),
    [
        ({"template_id": "1", "options": CoderPadOptions(contents="x")}, "exclude each other"),
        ({"template_id": ""}, "empty"),
        ({"options": VendorOptions()}, "CoderPadOptions"),
        ({"options": CoderPadOptions(allowed_interviewer_emails="a@example.com")}, "list of mailboxes"),
    ],
)
async def test_wrong_arguments_send_nothing(scripted: Make, keywords: dict[str, Any], text: str) -> None:
    provider, script = scripted()
    with pytest.raises(InvalidArgumentError, match=text) as caught:
        await provider.create_session(**keywords)
    assert (caught.value.provider, caught.value.operation, script.sent) == ("coderpad", "create_session", [])


async def test_over_quota_is_never_tried_again(scripted: Make) -> None:
    provider, script = scripted(answer({"status": "ERROR", "message": "Over quota"}, status=429))
    with pytest.raises(QuotaExceededError) as caught:
        await provider.create_session()
    assert (len(script.sent), caught.value.retryable, caught.value.outcome) == (1, False, Outcome.REFUSED)


async def test_a_pad_whose_fate_is_unknown_is_not_created_twice(scripted: Make) -> None:
    for failure in (answer(b"", status=503), TransportError("gone", outcome=Outcome.UNKNOWN), answer(b"<html>")):
        provider, script = scripted(failure)
        with pytest.raises(InterviewKitError) as caught:
            await provider.create_session()
        assert (len(script.sent), caught.value.outcome) == (1, Outcome.UNKNOWN)


@pytest.mark.parametrize(
    ("create", "arguments", "made", "path"),
    [
        ("create_session", (), pad(created_at="yesterday"), "$.created_at"),
        ("invite_candidate", (None, Candidate()), {"status": "OK", "id": ""}, "$.id"),
    ],
)
async def test_a_pad_that_was_made_but_cannot_be_read_was_made(
    scripted: Make, create: str, arguments: tuple[Any, ...], made: Any, path: str
) -> None:
    provider, _ = scripted(answer(made))
    with pytest.raises(MalformedResponseError) as caught:
        await getattr(provider, create)(*arguments)
    error = caught.value
    assert (error.outcome, error.operation, error.account, error.paths) == (Outcome.APPLIED, create, "acme", (path,))


async def test_a_refusal_inside_200_refuses_the_write(scripted: Make) -> None:
    provider, _ = scripted(answer({"status": "ERROR", "message": "Title is too long"}))
    with pytest.raises(VendorError) as caught:
        await provider.create_session(title="t")
    assert (caught.value.outcome, caught.value.status) == (Outcome.REFUSED, 200)
    assert caught.value.vendor_message == "Title is too long"


# --- list_sessions ---------------------------------------------------------------------------------------------------


async def test_list_sessions_sweeps_own_pads_oldest_first(scripted: Make) -> None:
    provider, script = scripted(
        listing(row("A"), row("B"), next_page="sort=updated_at,desc&page=2", total=3), listing(row("C"), total=3)
    )
    assert [session.ref.id for session in await provider.list_sessions().collect()] == ["A", "B", "C"]
    assert lines(script) == [
        "GET https://app.coderpad.io/api/pads?sort=created_at,asc",
        "GET https://app.coderpad.io/api/pads?sort=created_at,asc&page=2",
    ]


async def test_list_sessions_of_the_organization(scripted: Make) -> None:
    provider, script = scripted(listing(row("A")), organization=True)
    assert await provider.list_sessions().first() is not None
    assert lines(script) == ["GET https://app.coderpad.io/api/organization/pads?sort=created_at,asc"]


async def test_a_cursor_goes_onto_the_known_path_whatever_host_it_names(scripted: Make) -> None:
    stray = answer({"status": "OK", "pads": [row("A")], "next_page": "https://evil.example.com/x?cursor=a%2Fb"})
    provider, script = scripted(stray, listing(row("B")))
    assert len(await provider.list_sessions().collect()) == 2
    assert script.sent[1].url == "https://app.coderpad.io/api/pads?sort=created_at,asc&cursor=a%2Fb"


async def test_a_listing_can_be_resumed(scripted: Make) -> None:
    provider, script = scripted(listing(row("C")))
    await provider.list_sessions().resume("cursor=b3Bh").collect()
    assert lines(script) == ["GET https://app.coderpad.io/api/pads?sort=created_at,asc&cursor=b3Bh"]


async def test_a_repeated_cursor_is_an_error(scripted: Make) -> None:
    provider, _ = scripted(*[listing(row("A"), next_page="page=2")] * 3)
    with pytest.raises(MalformedResponseError, match="repeats a cursor"):
        await provider.list_sessions().collect()


async def test_equal_rows_are_all_delivered(scripted: Make) -> None:
    provider, _ = scripted(listing(row("A"), row("A"), next_page="page=2"), listing(row("A")))
    assert len(await provider.list_sessions().collect()) == 3


async def test_a_bad_row_does_not_lose_the_page(scripted: Make) -> None:
    provider, _ = scripted(listing(row("A"), {"title": "no id"}, row("B", created_at="soon"), row("C")))
    pager = provider.list_sessions()
    assert [session.ref.id async for session in pager] == ["A", "C"]
    assert [problem.error.paths for problem in pager.problems] == [("$.pads[1]",), ("$.pads[2].created_at",)]
    assert [problem.raw["updated_at" if place else "title"] for place, problem in enumerate(pager.problems)] == [
        "no id", "2026-11-01T10:00:00Z",
    ]  # fmt: skip


async def test_kind_is_filtered_here_and_hides_no_loss(scripted: Make) -> None:
    pages = (
        listing(row("A", type="take_home"), row("B"), next_page="page=2", total=4),
        listing(row("C", type="take-home"), row("D", type="live"), total=4),
    )
    provider, _ = scripted(*pages)
    assert [one.ref.id for one in await provider.list_sessions(kind=SessionKind.TAKE_HOME).collect()] == ["A", "C"]
    provider, _ = scripted(*pages)
    assert [one.ref.id for one in await provider.list_sessions(kind=SessionKind.LIVE).collect()] == ["B", "D"]
    shrinking, _ = scripted(listing(row("A"), next_page="page=2", total=9), listing(row("C"), total=8))
    with pytest.raises(ListingUnstableError):
        await shrinking.list_sessions(kind=SessionKind.TAKE_HOME).collect()


async def test_a_filtered_page_is_empty_and_tells_no_total(scripted: Make) -> None:
    provider, _ = scripted(listing(row("A"), next_page="page=2", total=2), listing(row("B", type="take_home"), total=2))
    pages = [page async for page in provider.list_sessions(kind=SessionKind.TAKE_HOME).pages()]
    assert [(len(page.items), page.total, page.cursor) for page in pages] == [(0, None, "page=2"), (1, None, None)]


async def test_a_filter_outlives_options_and_resume(scripted: Make) -> None:
    provider, _ = scripted(listing(row("A"), row("B", type="take_home")))
    pager = provider.list_sessions(kind=SessionKind.TAKE_HOME).options(incomplete="flag").resume("page=2")
    assert [one.ref.id for one in await pager.collect()] == ["B"]


async def test_assessment_id_is_any_question_of_the_pad(scripted: Make) -> None:
    provider, _ = scripted(listing(row("A", question_ids=[41, 42]), row("B", question_ids=[420]), row("C")))
    assert [one.ref.id for one in await provider.list_sessions(assessment_id="42").collect()] == ["A"]


async def test_updated_since_ends_after_120_seconds_of_overlap(scripted: Make) -> None:
    since = datetime(2026, 11, 1, 10, 30, tzinfo=UTC)
    provider, script = scripted(
        listing(row("A", 40), row("B", 31), next_page="page=2", total=99),
        listing(row("C", 29), row("D", 28), row("E", 27), row("F", 26), next_page="page=3", total=99),
    )
    pager = provider.list_sessions(updated_since=since)
    assert [one.ref.id for one in await pager.collect()] == ["A", "B", "C", "D"]
    assert not pager.incomplete
    assert lines(script) == [
        "GET https://app.coderpad.io/api/pads?sort=updated_at,desc",
        "GET https://app.coderpad.io/api/pads?sort=updated_at,desc&page=2",
    ]


async def test_updated_since_keeps_pads_without_a_time(scripted: Make) -> None:
    provider, _ = scripted(listing(row("A", 40), {"id": "B"}, row("C", 1)))
    since = datetime(2026, 11, 1, 11, 30, tzinfo=UTC) - timedelta(hours=1)
    assert [one.ref.id for one in await provider.list_sessions(updated_since=since).collect()] == ["A", "B"]


async def test_updated_since_notices_a_list_that_shrinks(scripted: Make) -> None:
    pages = (listing(row("A", 40), next_page="page=2", total=9), listing(row("B", 39), row("C", 1), total=8))
    since = datetime(2026, 11, 1, 10, 30, tzinfo=UTC)
    provider, _ = scripted(*pages)
    with pytest.raises(ListingUnstableError) as caught:
        await provider.list_sessions(updated_since=since).collect()
    assert caught.value.delivered == 2
    provider, _ = scripted(*pages)
    pager = provider.list_sessions(updated_since=since).options(incomplete="flag")
    assert len(await pager.collect()) == 2
    assert pager.incomplete


def test_updated_since_takes_the_oldest_time_there_is(scripted: Make) -> None:
    provider, _ = scripted()
    assert provider.list_sessions(updated_since=datetime.min.replace(tzinfo=UTC)) is not None


@pytest.mark.parametrize(
    "arguments",
    [{"updated_since": datetime(2026, 1, 1)}, {"updated_since": "2026"}, {"kind": "dead"}, {"assessment_id": ""}],  # noqa: DTZ001
)
def test_wrong_filters_are_refused_when_they_are_asked_for(scripted: Make, arguments: dict[str, Any]) -> None:
    provider, script = scripted()
    with pytest.raises(InvalidArgumentError) as caught:
        provider.list_sessions(**arguments)
    assert (caught.value.provider, caught.value.operation, script.sent) == ("coderpad", "list_sessions", [])


# --- get_session, end_session, check, list_assessments ---------------------------------------------------------------


@pytest.mark.parametrize(
    "ref",
    [
        "ABC1234", "coderpad:live:ABC1234", REF, Invitation(ref=REF, provider="coderpad", account="acme"),
        Session(ref=REF, provider="coderpad", account="a", kind=SessionKind.LIVE, status=SessionStatus.CREATED),
    ],
    ids=["id", "text", "ref", "invitation", "session"],
)  # fmt: skip
async def test_get_session_takes_whatever_names_a_pad(scripted: Make, ref: Any) -> None:
    provider, script = scripted(answer(pad(title="T", state="ended")))
    session = await provider.get_session(ref)
    assert (session.ref, session.title, session.status) == (REF, "T", SessionStatus.COMPLETED)
    assert lines(script) == ["GET https://app.coderpad.io/api/pads/ABC1234"]


@pytest.mark.parametrize(
    "ref", ["", "../x", "a/b", "codility:take_home:X", "coderpad:live:..", "coderpad:dead:x", None, 7]
)
async def test_a_wrong_reference_sends_nothing(scripted: Make, ref: Any) -> None:
    provider, script = scripted()
    for operation in (provider.get_session, provider.fetch_report, provider.end_session):
        with pytest.raises(InvalidArgumentError) as caught:
            await operation(ref)
        assert caught.value.operation == operation.__name__
    assert script.sent == []


async def test_an_id_with_odd_letters_is_quoted(scripted: Make) -> None:
    provider, script = scripted(answer(pad()))
    await provider.get_session("a?x")
    assert lines(script) == ["GET https://app.coderpad.io/api/pads/a%3Fx"]


async def test_end_session(scripted: Make) -> None:
    provider, script = scripted(answer({"status": "OK"}))
    await provider.end_session("ABC1234")
    assert lines(script) == ["PUT https://app.coderpad.io/api/pads/ABC1234 ended=true"]


async def test_check(scripted: Make, payload_bytes: Callable[[str], bytes]) -> None:
    provider, script = scripted(answer(payload_bytes("coderpad/interview_quota_limited_2023.json")))
    assert await provider.check() == AccountStatus(
        ok=True, used=33, remaining=87, limit=120, unlimited=False,
        last_reset_at=datetime(2018, 1, 25, 22, 51, 37, 84000, tzinfo=UTC),
    )  # fmt: skip
    assert lines(script) == ["GET https://app.coderpad.io/api/quota"]


@pytest.mark.parametrize(("organization", "path"), [(False, "/api/questions"), (True, "/api/organization/questions")])
async def test_list_assessments(scripted: Make, organization: bool, path: str) -> None:
    rows = [{"id": 1, "title": "Q", "pad_type": "live"}, {"title": "no id"}]
    provider, script = scripted(
        answer({"questions": rows, "next_page": f"{BASE}/api/question?page=2"}), answer({"questions": [{"id": "x"}]}),
        organization=organization,
    )  # fmt: skip
    pager = provider.list_assessments(include_archived=True)
    found = await pager.collect(on_problem="collect")
    assert [(one.id, one.title, one.kind, one.account) for one in found] == [
        ("1", "Q", SessionKind.LIVE, "acme"), ("x", None, None, "acme"),
    ]  # fmt: skip
    assert len(pager.problems) == 1
    assert lines(script) == [
        f"GET {BASE}{path}?sort=created_at,asc", f"GET {BASE}{path}?sort=created_at,asc&page=2",
    ]  # fmt: skip


# --- invitations -----------------------------------------------------------------------------------------------------


async def test_invite_candidate_creates_a_pad(scripted: Make) -> None:
    provider, script = scripted(answer(pad(url="https://coderpad.io/ABC1234")))
    ada = Candidate(
        first_name="Ada", last_name="Byron", email="ada@example.com", phone="+44 1234567", id="7",
        attributes={"source": "fair"},
    )  # fmt: skip
    invitation = await provider.invite_candidate("42", ada, options=CoderPadOptions(user_email="o@example.com"))
    assert lines(script) == [
        (
            "POST https://app.coderpad.io/api/pads title=Interview%20with%20Ada%20Byron&question_id=42"
            "&user_email=o%40example.com"
        )
    ]
    assert invitation == Invitation(
        ref=REF, provider="coderpad", account="acme", url="https://coderpad.io/ABC1234", candidate=ada,
        assessment_id="42", email_sent=False,
        warnings=tuple(
            Dropped(field=f"candidate.{name}", reason=NO_PLACE) for name in ("email", "phone", "id", "attributes")
        ),
    )  # fmt: skip
    assert invitation.raw == pad(url="https://coderpad.io/ABC1234")


async def test_a_candidate_without_name_leaves_the_title_to_the_vendor(scripted: Make) -> None:
    provider, script = scripted(answer(pad()))
    invitation = await provider.invite_candidate(None, Candidate(email="ada@example.com"))
    assert lines(script) == ["POST https://app.coderpad.io/api/pads"]
    assert invitation.assessment_id is None


INSTRUCTIONS: dict[str, Any] = {
    "email": True, "callback_url": "https://ats.example.com/hook", "report_emails": ["hr@example.com"],
    "redirect_url": "https://ats.example.com", "reference": "r-1",
}  # fmt: skip


@pytest.mark.parametrize("name", INSTRUCTIONS)
async def test_what_the_vendor_cannot_be_told_is_refused_before_any_request(scripted: Make, name: str) -> None:
    provider, script = scripted()
    with pytest.raises(UnsupportedError, match=name) as caught:
        await provider.invite_candidate(None, Candidate(), **{name: INSTRUCTIONS[name]})
    assert (script.sent, caught.value.operation) == ([], "invite_candidate")


async def test_what_the_vendor_cannot_be_told_comes_back_as_warnings(scripted: Make) -> None:
    provider, _ = scripted(answer(pad()), unsupported="warn")
    mail = InvitationEmail(subject="Hello")
    invitation = await provider.invite_candidate(None, Candidate(), **{**INSTRUCTIONS, "email": mail})
    assert {warning.field for warning in invitation.warnings} == set(INSTRUCTIONS)
    assert (invitation.reference, invitation.email_sent) == (None, False)


async def test_a_batch_makes_a_pad_each(scripted: Make) -> None:
    provider, script = scripted(answer(pad()), answer(b"", status=429), answer(pad()))
    requests = [InviteRequest(candidate=Candidate(name=name)) for name in ("A", "B", "C")]
    outcomes = [outcome async for outcome in provider.invite_candidates(None, requests)]
    assert len(script.sent) == 3
    assert sorted(type(outcome.error).__name__ for outcome in outcomes) == [
        "NoneType",
        "NoneType",
        "QuotaExceededError",
    ]


# --- reports ---------------------------------------------------------------------------------------------------------


EVENTS = {"status": "OK", "events": [{"kind": "ended", "created_at": "2026-11-01T11:00:00Z"}], "total": 1}


def vendor(answers: dict[str, Any]) -> Callable[[Sent], Any]:
    """Answers by path; a number is a status."""

    def respond(sent: Sent) -> Any:
        found = answers[sent.url.removeprefix(BASE).partition("?")[0]]
        return answer(b"", status=found) if isinstance(found, int) else answer(found)

    return respond


MODERN = {
    "/api/pads/ABC1234": pad(
        state="ended", notes="n", pad_environment_ids=[1, 2], events=f"{BASE}/api/pads/OTHER/events",
        drawing="https://storage.googleapis.com/d?sig=s",
    ),
    "/api/pad_environments/1": {"id": 1, "language": "java", "file_contents": [{"path": "A.java", "contents": "a"}]},
    "/api/pad_environments/2": {"id": 2, "language": "mysql", "file_contents": [{"path": "b.sql", "contents": "b"}]},
    "/api/pads/ABC1234/events": EVENTS,
}  # fmt: skip


async def test_fetch_report(scripted: Make) -> None:
    provider, script = scripted(respond=vendor(MODERN))
    before = datetime.now(UTC)
    report = await provider.fetch_report("ABC1234")
    assert sorted(lines(script)) == [
        f"GET {BASE}/api/pad_environments/1", f"GET {BASE}/api/pad_environments/2", f"GET {BASE}/api/pads/ABC1234",
        f"GET {BASE}/api/pads/ABC1234/events?sort=created_at,asc",
    ]  # fmt: skip
    assert [(task.id, [(file.path, file.content) for file in task.files]) for task in report.tasks] == [
        ("1", [("A.java", "a")]), ("2", [("b.sql", "b")]),
    ]  # fmt: skip
    assert (report.ref, report.account, report.notes, report.is_final, report.warnings) == (REF, "acme", "n", True, ())
    assert [event.vendor_kind for event in report.timeline] == ["ended"]
    (drawing,) = report.artifacts
    assert report.fetched_at is not None
    assert drawing.expires_at == report.fetched_at + timedelta(minutes=5)
    assert before <= report.fetched_at <= datetime.now(UTC)
    assert report.raw == {
        "pad": MODERN["/api/pads/ABC1234"],
        "environments": [MODERN["/api/pad_environments/1"], MODERN["/api/pad_environments/2"]],
        "events": EVENTS["events"],
    }


@pytest.mark.parametrize(
    ("path", "status", "field", "reason"),
    [
        ("/api/pad_environments/1", 404, "tasks", "environment 1 is not to be had (HTTP 404)"),
        ("/api/pad_environments/1", 403, "tasks", "environment 1 is not to be had (HTTP 403)"),
        ("/api/pads/ABC1234/events", 404, "timeline", "the list of events is not to be had (HTTP 404)"),
    ],
)
async def test_a_part_that_is_not_to_be_had_is_a_warning(
    scripted: Make, path: str, status: int, field: str, reason: str
) -> None:
    provider, _ = scripted(respond=vendor({**MODERN, path: status}))
    report = await provider.fetch_report("ABC1234")
    assert report.warnings == (Dropped(field=field, reason=reason),)
    assert (len(report.tasks), len(report.timeline)) == ((1, 1) if field == "tasks" else (2, 0))


@pytest.mark.parametrize(("path", "status"), [("/api/pad_environments/1", 503), ("/api/pads/ABC1234/events", 401)])
async def test_any_other_failure_of_a_part_fails_the_report(scripted: Make, path: str, status: int) -> None:
    provider, _ = scripted(respond=vendor({**MODERN, path: status}))
    with pytest.raises(VendorError) as caught:
        await provider.fetch_report("ABC1234")
    assert caught.value.status == status


async def test_environments_are_read_four_at_a_time(scripted: Make) -> None:
    running = most = 0

    class Slow(Scripted):
        async def send(self, method: str, url: str, **details: Any) -> Any:
            nonlocal running, most
            running += 1
            most = max(most, running)
            for _ in range(20):
                await asyncio.sleep(0)
            running -= 1
            return await super().send(method, url, **details)

    def respond(sent: Sent) -> Any:
        tail = sent.url.rpartition("/")[2]
        return answer(pad(pad_environment_ids=list(range(12))) if tail == "ABC1234" else {"id": int(tail)})

    provider, _ = scripted(transport=Slow(respond=respond))
    report = await provider.fetch_report("ABC1234")
    assert [task.id for task in report.tasks] == [str(number) for number in range(12)]
    assert most == 4


async def test_events_come_from_all_their_pages_and_unread_ones_are_told(scripted: Make) -> None:
    def respond(sent: Sent) -> Any:
        if "events" not in sent.url:
            return answer(pad(events="https://x.example.com/e"))
        first = {"events": [{"kind": "joined"}, {"kind": 7}], "next_page": "https://x.example.com/e?page=2", "total": 3}
        return answer({"events": [{"kind": "left"}], "total": 3} if "page=2" in sent.url else first)

    provider, script = scripted(respond=respond)
    report = await provider.fetch_report("ABC1234")
    assert [event.vendor_kind for event in report.timeline] == ["joined", "left"]
    assert report.warnings == (Dropped(field="timeline", reason="1 events could not be read"),)
    assert script.sent[-1].url == f"{BASE}/api/pads/ABC1234/events?sort=created_at,asc&page=2"


async def test_inline_events_need_no_request(scripted: Make) -> None:
    provider, script = scripted(answer(pad(events=[{"kind": "ran", "metadata": "go"}, "odd"], contents="x")))
    report = await provider.fetch_report("ABC1234")
    assert len(script.sent) == 1
    assert [(event.vendor_kind, event.detail) for event in report.timeline] == [("ran", "go"), (None, "odd")]
    assert report.raw["events"] == [{"kind": "ran", "metadata": "go"}, "odd"]
    assert report.timeline[0].raw == {"kind": "ran", "metadata": "go"}


async def test_reports_pickle_and_copy(scripted: Make) -> None:
    provider, _ = scripted(respond=vendor(MODERN))
    report = await provider.fetch_report("ABC1234")
    for twin in (pickle.loads(pickle.dumps(report)), copy.deepcopy(report)):  # noqa: S301
        assert twin == report
        assert twin.raw == report.raw


async def test_fetch_reports_keeps_failures_apart(scripted: Make) -> None:
    def respond(sent: Sent) -> Any:
        tail = sent.url.rpartition("/")[2]
        return answer(b"", status=404) if tail == "GONE" else answer({"id": tail})

    provider, _ = scripted(respond=respond)
    outcomes = [outcome async for outcome in provider.fetch_reports(["A", "GONE", "../x", "B"])]
    assert {str(outcome.ref): type(outcome.error).__name__ for outcome in outcomes if outcome.error} == {
        "coderpad:live:GONE": "NotFoundError", "coderpad:live:..%2Fx": "InvalidArgumentError",
    }  # fmt: skip
    assert sorted(outcome.report.ref.id for outcome in outcomes if outcome.report) == ["A", "B"]


# --- files -----------------------------------------------------------------------------------------------------------


def artifact(kind: ArtifactKind, url: str | None, **fields: Any) -> Artifact:
    return Artifact(ref=REF, kind=kind, url=url, **fields)


HISTORY = "https://coderpad-7.firebaseio.com/ABC1234/history.json"
EDITS = {"A0": {"a": "u", "o": ["h😀i"]}, "A1": {"a": "u", "o": [4]}}


@pytest.mark.parametrize(
    "source",
    [
        HISTORY, artifact(ArtifactKind.HISTORY, HISTORY), SourceFile(path="a", history_url=HISTORY),
        "https://coderpad-prod.europe-west1.firebasedatabase.app/ABC1234/history.json",
    ],
    ids=["url", "artifact", "file", "eu"],
)  # fmt: skip
async def test_a_history_is_fetched_without_the_key(scripted: Make, source: Any) -> None:
    provider, script = scripted(answer(EDITS))
    assert (await provider.fetch_history(source)).text == "h😀i"
    (sent,) = script.sent
    assert (sent.method, sent.headers) == ("GET", {"Accept": "*/*"})
    assert KEY not in sent.url


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example.com/history.json", "http://coderpad-7.firebaseio.com/x", "https://evilfirebaseio.com/x",
        "https://firebaseio.com.example.com/x", "https://u:p@coderpad-7.firebaseio.com/x", "http://127.0.0.1:1/x",
        "ftp://coderpad-7.firebaseio.com/x", "file:///etc/passwd", "", "x",
    ],
)  # fmt: skip
async def test_a_history_elsewhere_is_refused(scripted: Make, url: str) -> None:
    provider, script = scripted()
    with pytest.raises(InvalidArgumentError) as caught:
        await provider.fetch_history(url)
    assert (caught.value.operation, script.sent) == ("fetch_history", [])


@pytest.mark.parametrize(
    "source",
    [artifact(ArtifactKind.DRAWING, HISTORY), artifact(ArtifactKind.HISTORY, None), SourceFile(path="a"), None],
)
async def test_what_has_no_history_is_an_argument_error(scripted: Make, source: Any) -> None:
    provider, _ = scripted()
    with pytest.raises(InvalidArgumentError):
        await provider.fetch_history(source)


async def test_a_sandbox_on_loopback_may_hold_histories(scripted: Make) -> None:
    provider, script = scripted(answer(EDITS), base_url="http://127.0.0.1:8000")
    await provider.fetch_history("http://127.0.0.1:8001/ABC1234/history.json")
    assert script.sent[0].headers == {"Accept": "*/*"}


async def test_a_history_without_end_is_not_read(scripted: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "HISTORY_BYTES", 10)
    provider, _ = scripted(answer(EDITS))
    with pytest.raises(TransportError, match="larger than 10 bytes") as caught:
        await provider.fetch_history(HISTORY)
    assert not caught.value.retryable


async def test_a_history_that_is_gone_is_not_found(scripted: Make) -> None:
    provider, _ = scripted(answer(b"", status=404))
    with pytest.raises(NotFoundError):
        await provider.fetch_history(HISTORY)


async def test_a_historys_host_redirects_nowhere(scripted: Make, tmp_path: Path) -> None:
    elsewhere = answer(b"", status=302, headers={"location": "https://coderpad-8.firebaseio.com/ABC1234/history.json"})
    provider, script = scripted(elsewhere, elsewhere)
    with pytest.raises(TransportError, match="redirects"):
        await provider.fetch_history(HISTORY)
    with pytest.raises(TransportError, match="redirects"):
        await provider.download(artifact(ArtifactKind.HISTORY, HISTORY), tmp_path / "h.json")
    assert [sent.url for sent in script.sent] == [HISTORY, HISTORY]


DRAWING = "https://storage.googleapis.com/pads/ABC1234.png?Signature=s"


async def test_a_drawing_is_downloaded_without_the_key(scripted: Make, tmp_path: Path) -> None:
    soon = datetime.now(UTC) + timedelta(minutes=4)
    provider, script = scripted(answer(b"PNG"), answer(b"PNG"))
    target = io.BytesIO()
    assert await provider.download(artifact(ArtifactKind.DRAWING, DRAWING, expires_at=soon), target) == 3
    assert await provider.download(artifact(ArtifactKind.HISTORY, HISTORY), tmp_path / "h.json") == 3
    assert (target.getvalue(), (tmp_path / "h.json").read_bytes()) == (b"PNG", b"PNG")
    assert [(sent.url, sent.headers) for sent in script.sent] == [
        (DRAWING, {"Accept": "*/*"}), (HISTORY, {"Accept": "*/*"}),
    ]  # fmt: skip


PAST = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(("url", "past"), [(DRAWING, PAST), (None, PAST), (None, None)])
async def test_an_expired_drawing_is_asked_for_anew(scripted: Make, url: str | None, past: datetime | None) -> None:
    fresh = "https://storage.googleapis.com/pads/ABC1234.png?Signature=fresh"
    provider, script = scripted(answer(pad(drawing=fresh)), answer(b"PNG"))
    assert await provider.download(artifact(ArtifactKind.DRAWING, url, expires_at=past), io.BytesIO()) == 3
    assert [sent.url for sent in script.sent] == [f"{BASE}/api/pads/ABC1234", fresh]
    assert "Authorization" not in script.sent[1].headers


async def test_a_drawing_that_is_no_more_is_not_found(scripted: Make) -> None:
    provider, _ = scripted(answer(pad(drawing=None)))
    with pytest.raises(NotFoundError, match="the pad has no drawing"):
        await provider.download(artifact(ArtifactKind.DRAWING, None), io.BytesIO())


@pytest.mark.parametrize("kind", sorted(set(ArtifactKind) - {ArtifactKind.DRAWING, ArtifactKind.HISTORY}))
async def test_other_artifacts_cannot_be_downloaded(scripted: Make, kind: ArtifactKind) -> None:
    provider, script = scripted()
    with pytest.raises(UnsupportedError, match="logged in"):
        await provider.download(artifact(kind, "https://coderpad.io/ABC1234/playback"), io.BytesIO())
    assert script.sent == []


@pytest.mark.parametrize(
    ("kind", "url"),
    [
        (ArtifactKind.DRAWING, "https://evil.example.com/d.png"),
        (ArtifactKind.DRAWING, HISTORY),
        (ArtifactKind.HISTORY, DRAWING),
    ],
)
async def test_an_artifact_elsewhere_is_refused(scripted: Make, kind: ArtifactKind, url: str) -> None:
    provider, script = scripted()
    with pytest.raises(InvalidArgumentError):
        await provider.download(artifact(kind, url), io.BytesIO())
    assert script.sent == []


# --- what the vendor does not have -----------------------------------------------------------------------------------


async def test_unsupported_features_raise_with_their_note_and_send_nothing(scripted: Make) -> None:
    provider, script = scripted()
    with pytest.raises(UnsupportedError, match="playback_url"):
        await provider.report_link(REF)
    assert script.sent == []


def test_every_feature_is_declared_with_what_to_know() -> None:
    lacking = {feature for feature, found in CoderPad.capabilities.items() if found.support is Support.UNSUPPORTED}
    assert lacking == {
        Feature.EMAIL_CANDIDATE, Feature.REPORT_LINK, Feature.REFERENCE, Feature.CALLBACK, Feature.WEBHOOKS,
    }  # fmt: skip
    for feature, found in CoderPad.capabilities.items():
        assert found.note, feature
        assert found.note != "the provider does not offer it"


# --- errors, privacy, partial payloads -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, AuthenticationError), (403, PermissionDeniedError), (404, NotFoundError), (429, RateLimitedError),
        (500, VendorUnavailableError),
    ],
)  # fmt: skip
async def test_errors_name_provider_operation_and_account(scripted: Make, status: int, kind: type[VendorError]) -> None:
    provider, script = scripted(*[answer({"status": "ERROR", "message": "m"}, status=status)] * 2)
    with pytest.raises(kind) as caught:
        await provider.get_session("ABC1234")
    error = caught.value
    assert (error.provider, error.operation, error.account, error.outcome) == ("coderpad", "get_pad", "acme", None)
    assert len(script.sent) == (2 if status in {429, 500} else 1)
    assert "\n" not in str(error)


SECRETS = (KEY, "ada@example.com", "hunter2", "Signature=s", "Byron")


async def test_no_secret_and_no_person_stands_in_reprs_errors_or_logs(
    scripted: Make, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    private = pad(
        owner_email="ada@example.com", contents="hunter2", notes="hunter2", participants=["Byron"], drawing=DRAWING,
        events=[{"kind": "ran", "user_email": "ada@example.com", "message": "Byron ran"}], created_at="soon",
    )  # fmt: skip
    refused = answer({"status": "ERROR", "message": "ada@example.com hunter2"}, status=500)
    provider, _ = scripted(refused, answer(private), answer(private), answer({"status": "ERROR", "message": "Byron"}))
    texts = [
        repr(provider),
        repr(CoderPadOptions(contents="hunter2", user_email="ada@example.com", extra={"k": "hunter2"})),
    ]
    with pytest.raises(MalformedResponseError) as caught:
        await provider.get_session("ABC1234")
    texts += [str(caught.value), repr(caught.value), repr(await provider.send(get_pad("ABC1234")))]
    with pytest.raises(VendorError) as refusal:
        await provider.check()
    texts += [str(refusal.value), repr(refusal.value), caplog.text]
    masked = {secret: [text for text in texts if secret in text] for secret in SECRETS}
    assert masked == {secret: [] for secret in SECRETS}


def _without_each_key(node: Any) -> list[Any]:
    """The payload once without, and once with a null for, every key in it, however deep."""
    if isinstance(node, list):
        return [[*node[:at], cut, *node[at + 1 :]] for at, part in enumerate(node) for cut in _without_each_key(part)]
    if not isinstance(node, dict):
        return []
    cuts: list[Any] = []
    for key, value in node.items():
        cuts.append({name: kept for name, kept in node.items() if name != key})
        cuts += [{**node, key: cut} for cut in (None, *_without_each_key(value))]
    return cuts


PARTIAL = (
    "interview_pads_list", "interview_pads_list_2015", "interview_organization_pads_2018_inline_events",
    "interview_organization_pads",
)  # fmt: skip


@pytest.mark.parametrize("name", PARTIAL)
async def test_a_missing_field_of_a_row_loses_at_most_a_row_without_its_id(
    scripted: Make, payload: Callable[[str], Any], name: str
) -> None:
    whole = payload(f"coderpad/{name}.json")
    for cut in _without_each_key(whole["pads"]):
        provider, _ = scripted(answer({"status": "OK", "pads": cut}))
        pager = provider.list_sessions()
        rows = await pager.collect(on_problem="collect")
        nameless = sum(not one.get("id") for one in cut)
        assert (len(rows), len(pager.problems)) == (len(cut) - nameless, nameless)


@pytest.mark.parametrize(
    "name",
    ["interview_pad_get", "interview_pad_get_2026_extended", "interview_pad_show_2014_inline_events",
     "interview_pad_get_2015_string_events"],
)  # fmt: skip
async def test_a_report_needs_nothing_of_its_pad_but_the_id(
    scripted: Make, payload: Callable[[str], Any], name: str
) -> None:
    whole = payload(f"coderpad/{name}.json")
    parts = {"/api/pads/X/events": EVENTS, f"/api/pads/{whole['id']}/events": EVENTS}
    for cut in _without_each_key(whole):
        ids = cut.get("pad_environment_ids") or []
        environments = {f"/api/pad_environments/{one}": {"id": one} for one in ids}
        provider, _ = scripted(respond=vendor({"/api/pads/X": cut, **parts, **environments}))
        if cut.get("id"):
            assert (await provider.fetch_report("X")).ref.id == cut["id"]
        else:
            with pytest.raises(MalformedResponseError):
                await provider.fetch_report("X")


@pytest.mark.parametrize(
    "name", ["interview_pad_environment", "interview_environment_binary_file_2026", "interview_pad_events"]
)
async def test_a_report_needs_nothing_of_its_parts_but_environment_ids(
    scripted: Make, payload: Callable[[str], Any], name: str
) -> None:
    for cut in _without_each_key(payload(f"coderpad/{name}.json")):
        is_events = name == "interview_pad_events"
        answers = {
            "/api/pads/ABC1234": pad(pad_environment_ids=[1], events="url"),
            "/api/pad_environments/1": {"id": 1} if is_events else cut,
            "/api/pads/ABC1234/events": cut if is_events else EVENTS,
        }
        provider, _ = scripted(respond=vendor(answers))
        if cut.get("events" if is_events else "id") is None:
            with pytest.raises(MalformedResponseError):
                await provider.fetch_report("ABC1234")
        else:
            assert len((await provider.fetch_report("ABC1234")).tasks) == 1


async def test_a_quota_may_lack_any_field(scripted: Make, payload: Callable[[str], Any]) -> None:
    for cut in _without_each_key(payload("coderpad/interview_quota_limited_2018.json")):
        provider, _ = scripted(answer(cut))
        assert (await provider.check()).ok


async def test_an_answer_without_any_known_field_is_no_quota(scripted: Make) -> None:
    provider, _ = scripted(answer({"status": "OK"}))
    with pytest.raises(MalformedResponseError):
        await provider.check()


async def test_calls_go_out_by_send_and_only_those_of_this_vendor(scripted: Make) -> None:
    provider, script = scripted(listing(row("A")))
    page = await provider.send(list_pads(sort="updated_at,desc"))
    assert [one.id for one in page.items] == ["A"]
    assert lines(script) == ["GET https://app.coderpad.io/api/pads?sort=updated_at,desc"]
    with pytest.raises(InvalidArgumentError):
        await provider.send(attrs.evolve(get_quota(), provider="codility"))


async def test_with_options_shares_the_connection(scripted: Make) -> None:
    provider, script = scripted(answer({"pads_used": 1}))
    assert (await provider.with_options(timeout=5).check()).used == 1
    assert script.sent[0].timeout <= 5
